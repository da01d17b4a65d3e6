//! Waits between two stages, kept one by one: their quantiles are exact.

use crate::base::Timestamp;
use crate::model::graph::Wait;
use crate::stats::{Quantity, quantiles_of_both};

/// Waits: four bytes each where whole milliseconds allow it.
#[derive(Debug, Clone, Default)]
pub(super) struct Waits {
    millis: Vec<Millis>,
    others: Option<Box<OtherWaits>>,
}

/// Waits that are no whole milliseconds or too long, and runs of other customers.
#[derive(Debug, Clone, Default)]
struct OtherWaits {
    micros: Vec<i64>,
    runs: Vec<Vec<Millis>>,
}

/// A wait in milliseconds; as a quantity it is told in microseconds.
#[derive(Debug, Clone, Copy)]
struct Millis(u32);

impl Quantity for Millis {
    #[inline]
    fn whole(self) -> i64 {
        i64::from(self.0) * 1000
    }

    #[inline]
    fn size(self) -> f64 {
        f64::from(self.0) * 1000.0
    }
}

/// Runs shorter than this are copied when they are joined.
const SHORT_RUN: usize = 1024;
/// Runs of this length are set aside.
const LONG_RUN: usize = 1 << 14;

/// Microseconds as whole milliseconds, if they are that and fit.
///
/// 1000 is 8 times 125, an odd number: multiplying by what 125 multiplies to 1, modulo 2^64,
/// divides its multiples by it and makes others too large; and so does the rotation for 8.
#[inline]
fn whole_millis(micros: u64) -> Option<u32> {
    u32::try_from(micros.wrapping_mul(ONE_BY_125).rotate_right(3)).ok()
}

const ONE_BY_125: u64 = 0x1cac_0831_26e9_78d5;

impl Waits {
    /// Adds the wait from one time to another that is not before it.
    #[inline]
    pub(super) fn push(&mut self, from: Timestamp, to: Timestamp) {
        let Some(millis) = whole_millis(to.0.wrapping_sub(from.0) as u64) else {
            return self.push_other(to.since(from).0);
        };
        if self.millis.len() == self.millis.capacity() {
            self.make_room();
        }
        self.millis.push(Millis(millis));
    }

    #[cold]
    fn push_other(&mut self, micros: i64) {
        self.others.get_or_insert_default().micros.push(micros);
    }

    /// Sets a long run aside, so that it is never copied and leaves no room unused.
    #[cold]
    fn make_room(&mut self) {
        if self.millis.len() >= LONG_RUN {
            let full = std::mem::replace(&mut self.millis, Vec::with_capacity(LONG_RUN));
            self.others.get_or_insert_default().runs.push(full);
        }
    }

    /// Adds all waits of another list.
    pub(super) fn append(&mut self, mut other: Self) {
        if other.millis.len() < SHORT_RUN {
            self.millis.append(&mut other.millis);
        } else {
            self.others.get_or_insert_default().runs.push(other.millis);
        }
        if let Some(mut more) = other.others {
            let own = self.others.get_or_insert_default();
            own.micros.append(&mut more.micros);
            own.runs.append(&mut more.runs);
        }
    }

    /// How many waits, and what they come to.
    pub(super) fn finish(self) -> (u64, Wait) {
        let others = self.others.unwrap_or_default();
        let mut runs: Vec<&[Millis]> = vec![&self.millis];
        runs.extend(others.runs.iter().map(Vec::as_slice));
        let count = runs.iter().map(|it| it.len()).sum::<usize>() + others.micros.len();
        // A run is too short for its sum to overflow.
        let of_run = |run: &&[Millis]| run.iter().map(|it| u64::from(it.0)).sum::<u64>();
        let millis: i128 = runs.iter().map(|it| i128::from(of_run(it))).sum();
        let micros: i128 = others.micros.iter().map(|&it| i128::from(it)).sum();
        let quantiles = quantiles_of_both(&runs, &[&others.micros[..]], [0.5, 0.9]);
        let [median, p90] = quantiles.unwrap_or_default();
        (count as u64, Wait { median, p90, sum: millis * 1000 + micros })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whole_milliseconds_are_told_by_one_product(
            micros in prop_oneof![any::<u64>(), 0..9_000_000_000_000u64],
            millis in prop_oneof![any::<u32>(), Just(u32::MAX), Just(0)],
        ) {
            let whole = u64::from(millis) * 1000;
            prop_assert_eq!(whole_millis(whole), Some(millis));
            for it in [micros, whole + 1, whole.wrapping_sub(1), whole + 8, whole + 125] {
                let wanted = u32::try_from(it / 1000).ok().filter(|_| it % 1000 == 0);
                prop_assert_eq!(whole_millis(it), wanted);
            }
        }
    }
}
