//! Seeded chance in whole numbers, the same on every platform.
//!
//! Never uses floating point, the operating system's randomness, or a stream
//! shared between two customers.

use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// One customer's stream of chance.
pub(super) struct Dice(Pcg32);

impl Dice {
    /// The stream of this number under this seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self(Pcg32::seed_from_u64(mix(seed ^ mix(stream))))
    }

    /// A whole number below `bound`; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A whole number from `low` up to, but not including, `high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = (high - low).max(1).unsigned_abs();
        let wide = u128::from(self.0.next_u64()) * u128::from(width);
        low + (wide >> 64) as i64
    }

    /// True this many times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// The place of one of these weights, picked by weight.
    pub(super) fn pick(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    /// One of these, each as likely as the others. The slice must not be empty.
    pub(super) fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// A value of the distribution whose evenly spaced quantiles these are.
    pub(super) fn spread(&mut self, quantiles: &[i64]) -> i64 {
        let place = self.below(quantiles.len().saturating_sub(1) as u32) as usize;
        self.between(quantiles[place], quantiles[place + 1])
    }

    /// A waiting time around this median: mostly near it, now and then 15 times as long.
    pub(super) fn wait(&mut self, median: i64) -> i64 {
        const PERCENT: [i64; 17] =
            [6, 14, 25, 36, 48, 60, 73, 86, 100, 118, 140, 170, 210, 280, 420, 700, 1500];
        (self.spread(&PERCENT) * median / 100).max(1)
    }
}

/// Scrambles a number without losing any: different numbers stay different.
///
/// The finishing step of SplitMix64 (Steele, Lea and Flood 2014), a bijection.
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            [dice.below(1_000_000), dice.below(1_000_000)]
        };
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
    }

    #[test]
    fn draws_keep_their_bounds_and_weights() {
        let mut dice = Dice::new(1, 1);
        let mut hits = [0u32; 3];
        for _ in 0..10_000 {
            assert!((-5..5).contains(&dice.between(-5, 5)));
            assert!((6..1500).contains(&dice.wait(100)));
            hits[dice.pick([1, 0, 3].into_iter())] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!((2300..2700).contains(&hits[0]), "{hits:?}");
        assert_eq!(dice.below(0), 0);
    }
}
