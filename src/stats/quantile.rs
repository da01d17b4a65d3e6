//! Exact quantiles of integers: waits, durations, amounts.
//!
//! Linear interpolation between order statistics, as numpy's default, DuckDB's
//! `quantile_cont` and R's type 7 do (R. J. Hyndman and Y. Fan, The American
//! Statistician 50, 1996). No sketches here, and no idea what is measured.

/// The `p` quantile of unsorted values, 0 ≤ p ≤ 1; `None` without values or
/// with another `p`.
///
/// With h = p (n − 1), the value at rank ⌊h⌋ plus the fraction of h times the
/// way to the next. The slice is reordered (selection, O(n) on average), so that
/// nothing is copied.
///
/// ```
/// # use touchpath::stats::quantile;
/// let mut waits = [40, 10, 30, 20];
/// assert_eq!(quantile(&mut waits, 0.5), Some(25.0));
/// assert_eq!(quantile(&mut waits, 0.25), Some(17.5));
/// assert_eq!(quantile(&mut waits, 1.0), Some(40.0));
/// assert_eq!(quantile(&mut [], 0.5), None);
/// ```
pub fn quantile(values: &mut [i64], p: f64) -> Option<f64> {
    let (rank, fraction) = position(values.len() as u64, p)?;
    let rank = usize::try_from(rank).ok()?;
    let (_, &mut low, above) = values.select_nth_unstable(rank);
    let high = above.iter().min().copied().unwrap_or(low);
    Some(between(low, high, fraction))
}

/// The `p` quantile of counted values `(value, count)`, ascending by value.
///
/// The same figure as [`quantile`] of the values written out; entries with
/// count 0 are ignored. `None` without values, when the values are not strictly
/// ascending, when the counts pass 2^64, or unless 0 ≤ p ≤ 1. O(n).
///
/// ```
/// # use touchpath::stats::quantile_counted;
/// // 1, 1, 1, 5: rank 2.25 lies a quarter of the way from 1 to 5.
/// assert_eq!(quantile_counted(&[(1, 3), (5, 1)], 0.75), Some(2.0));
/// ```
pub fn quantile_counted(counts: &[(i64, u64)], p: f64) -> Option<f64> {
    if counts.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return None;
    }
    let total = counts.iter().try_fold(0u64, |sum, it| sum.checked_add(it.1))?;
    let (rank, fraction) = position(total, p)?;
    let low = at_rank(counts, rank)?;
    let high = at_rank(counts, rank + 1).unwrap_or(low);
    Some(between(low, high, fraction))
}

/// The quantiles of values that lie in several runs, none of them in order.
///
/// The same figures as [`quantile`] of all runs together, without joining them:
/// values are counted by size classes first, and only the classes that hold a
/// wanted rank are gathered. O(n) for each call; `None` without values or
/// unless each p lies from 0 to 1.
///
/// ```
/// # use touchpath::stats::{Quantity, quantiles_of_runs};
/// let runs: [&[u32]; 2] = [&[40, 10], &[30, 20]];
/// assert_eq!(quantiles_of_runs(&runs, [0.25, 0.5]), Some([17.5, 25.0]));
/// assert_eq!(quantiles_of_runs::<i64, 1>(&[], [0.5]), None);
/// ```
pub fn quantiles_of_runs<T: Quantity, const N: usize>(
    runs: &[&[T]],
    ps: [f64; N],
) -> Option<[f64; N]> {
    let count: u64 = runs.iter().map(|it| it.len() as u64).sum();
    let mut found = [0.0; N];
    let mut positions = [(0, 0.0); N];
    for (position, p) in positions.iter_mut().zip(ps) {
        *position = self::position(count, p)?;
    }
    let mut ranks: Vec<u64> = positions.iter().flat_map(|it| [it.0, it.0 + 1]).collect();
    ranks.retain(|&it| it < count);
    ranks.sort_unstable();
    ranks.dedup();
    let values = if count < FEW { joined(runs, &ranks) } else { ranked(runs, &ranks) };
    let at = |rank: u64| ranks.binary_search(&rank).ok().map(|it| values[it].whole());
    for (figure, &(rank, fraction)) in found.iter_mut().zip(&positions) {
        let low = at(rank)?;
        *figure = between(low, at(rank + 1).unwrap_or(low), fraction);
    }
    Some(found)
}

/// A whole number of which quantiles are asked.
pub trait Quantity: Copy + Ord {
    /// The number itself.
    fn whole(self) -> i64;

    /// What rises with the number, if not below 0: whatever is at hand.
    #[inline]
    fn size(self) -> u64 {
        self.whole().max(0).cast_unsigned()
    }
}

impl Quantity for u32 {
    #[inline]
    fn whole(self) -> i64 {
        i64::from(self)
    }
}

impl Quantity for i64 {
    #[inline]
    fn whole(self) -> i64 {
        self
    }
}

/// Fewer values than these are simply sorted.
const FEW: u64 = 4096;
/// Size classes to each power of two, as a power of two.
const CLASS_BITS: u32 = 6;
/// How many size classes there are.
const CLASSES: usize = (65 - CLASS_BITS as usize) << CLASS_BITS;

/// The size class of a number: rises with it; the higher, the wider.
#[inline]
fn class(value: u64) -> usize {
    let digits = u64::BITS - value.leading_zeros();
    let shift = digits.saturating_sub(CLASS_BITS + 1);
    ((shift as usize) << CLASS_BITS) + (value >> shift) as usize
}

/// The values at ascending ranks, from a sorted copy.
fn joined<T: Quantity>(runs: &[&[T]], ranks: &[u64]) -> Vec<T> {
    let mut all = runs.concat();
    all.sort_unstable();
    ranks.iter().map(|&it| all[it as usize]).collect()
}

/// The values at ascending ranks, by size classes.
fn ranked<T: Quantity>(runs: &[&[T]], ranks: &[u64]) -> Vec<T> {
    let mut counts = vec![0u64; CLASSES];
    for run in runs {
        for value in *run {
            counts[class(value.size())] += 1;
        }
    }
    // For each class with a wanted rank: where its values are gathered.
    let mut wanted: Vec<(usize, u64)> = Vec::new();
    let (mut below, mut rest) = (0, ranks);
    for (class, &count) in counts.iter().enumerate() {
        let own = rest.partition_point(|&it| it < below + count);
        if own > 0 {
            wanted.push((class, below));
            rest = &rest[own..];
        }
        below += count;
    }
    let mut gathered: Vec<Vec<T>> =
        wanted.iter().map(|it| Vec::with_capacity(counts[it.0] as usize)).collect();
    let mut place_of = vec![u8::MAX; CLASSES];
    for (place, it) in wanted.iter().enumerate() {
        place_of[it.0] = place as u8;
    }
    for run in runs {
        for value in *run {
            if let Some(it) = gathered.get_mut(usize::from(place_of[class(value.size())])) {
                it.push(*value);
            }
        }
    }
    let mut values = Vec::with_capacity(ranks.len());
    for &rank in ranks {
        let place = wanted.partition_point(|it| it.1 <= rank) - 1;
        let (_, value, _) = gathered[place].select_nth_unstable((rank - wanted[place].1) as usize);
        values.push(*value);
    }
    values
}

/// The whole and the fractional part of p (n − 1).
fn position(n: u64, p: f64) -> Option<(u64, f64)> {
    let last = n.checked_sub(1)?;
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let h = p * last as f64;
    let rank = (h.floor() as u64).min(last);
    Some((rank, if rank == last { 0.0 } else { h - h.floor() }))
}

/// The value at a rank from 0.
fn at_rank(counts: &[(i64, u64)], rank: u64) -> Option<i64> {
    let mut left = rank;
    for &(value, count) in counts {
        if left < count {
            return Some(value);
        }
        left -= count;
    }
    None
}

fn between(low: i64, high: i64, fraction: f64) -> f64 {
    let gap = i128::from(high) - i128::from(low);
    low as f64 + fraction * gap as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_checked_by_hand() {
        // (sorted values, p, quantile); figures of numpy.quantile's definition.
        let cases: &[(&[i64], f64, f64)] = &[
            (&[7], 0.3, 7.0),
            (&[1, 2], 0.5, 1.5),
            (&[1, 2, 3, 4, 5], 0.5, 3.0),
            (&[1, 2, 3, 4, 5], 0.9, 4.6),
            (&[-5, 0, 0, 5], 0.0, -5.0),
            (&[0, 0, 10, 10], 0.5, 5.0),
            (&[i64::MIN, i64::MAX], 0.5, 0.0),
        ];
        for &(values, p, wanted) in cases {
            let mut reversed: Vec<i64> = values.iter().rev().copied().collect();
            let ours = quantile(&mut reversed, p).unwrap();
            assert!((ours - wanted).abs() < 1e-14, "{values:?} {p}: {ours}");
        }
    }

    #[test]
    fn what_is_undefined_is_none() {
        for p in [-0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(&mut [1, 2], p), None);
            assert_eq!(quantile_counted(&[(1, 2)], p), None);
        }
        assert_eq!(quantile_counted(&[], 0.5), None);
        assert_eq!(quantile_counted(&[(1, 0)], 0.5), None);
        assert_eq!(quantile_counted(&[(2, 1), (1, 1)], 0.5), None);
        assert_eq!(quantile_counted(&[(1, u64::MAX), (2, 1)], 0.5), None);
    }

    #[test]
    fn size_classes_rise_with_the_number() {
        let edges = (0..63).flat_map(|it| [(1i64 << it) - 1, 1 << it, (1 << it) + 1]);
        let mut numbers: Vec<i64> = edges.chain([i64::MIN, -1, 0, i64::MAX]).collect();
        numbers.sort_unstable();
        let classes: Vec<usize> = numbers.iter().map(|it| class(it.size())).collect();
        assert!(classes.is_sorted() && classes.iter().all(|&it| it < CLASSES), "{classes:?}");
        assert_eq!([0, 127, 128, 129, 130].map(class), [0, 127, 128, 128, 129]);
    }

    proptest! {
        #[test]
        fn runs_and_their_union_agree(
            values in prop::collection::vec(prop_oneof![-9i64..9, 0i64..5000, any::<i64>()], 1..600),
            cut in 0.0..=1.0f64,
            p in 0.0..=1.0f64,
        ) {
            let mut all = values.clone();
            let runs = values.split_at((values.len() as f64 * cut) as usize);
            let runs = [runs.0, runs.1];
            let wanted = [quantile(&mut all, p).unwrap(), quantile(&mut all, 0.9).unwrap()];
            prop_assert_eq!(quantiles_of_runs(&runs, [p, 0.9]), Some(wanted));
            let rank = position(values.len() as u64, p).unwrap().0;
            prop_assert_eq!(ranked(&runs, &[rank]), joined(&runs, &[rank]));
        }

        #[test]
        fn counted_and_written_out_agree(mut values in prop::collection::vec(-20i64..20, 1..60), p in 0.0..=1.0f64) {
            let selected = quantile(&mut values, p);
            values.sort_unstable();
            let counts: Vec<(i64, u64)> = values.chunk_by(|a, b| a == b).map(|it| (it[0], it.len() as u64)).collect();
            prop_assert_eq!(selected, quantile_counted(&counts, p));
        }
    }
}
