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
    quantile_at(total, p, |rank| at_rank(counts, rank))
}

/// The `p` quantile of so many values, of which `at` tells the one at a rank from 0.
///
/// ```
/// # use touchpath::stats::quantile_at;
/// let sorted = [10, 20, 40];
/// assert_eq!(quantile_at(3, 0.75, |rank| sorted.get(rank as usize).copied()), Some(30.0));
/// ```
pub fn quantile_at(count: u64, p: f64, at: impl Fn(u64) -> Option<i64>) -> Option<f64> {
    let (rank, fraction) = position(count, p)?;
    let low = at(rank)?;
    let high = at(rank + 1).unwrap_or(low);
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
    quantiles_of_both::<T, T, N>(runs, &[], ps)
}

/// As [`quantiles_of_runs`], of runs of two kinds together.
///
/// ```
/// # use touchpath::stats::quantiles_of_both;
/// let (short, long): ([&[u32]; 1], [&[i64]; 1]) = ([&[30, 10]], [&[1 << 40]]);
/// assert_eq!(quantiles_of_both(&short, &long, [0.5]), Some([30.0]));
/// ```
pub fn quantiles_of_both<A: Quantity, B: Quantity, const N: usize>(
    some: &[&[A]],
    others: &[&[B]],
    ps: [f64; N],
) -> Option<[f64; N]> {
    let count = length(some) + length(others);
    let (mut ranks, mut fractions) = ([0; N], [0.0; N]);
    for ((rank, fraction), p) in ranks.iter_mut().zip(&mut fractions).zip(ps) {
        (*rank, *fraction) = position(count, p)?;
    }
    let values =
        if count < FEW { joined(some, others, ranks) } else { ranked(some, others, ranks) };
    let mut found = [0.0; N];
    for ((figure, (low, high)), fraction) in found.iter_mut().zip(values).zip(fractions) {
        *figure = between(low, high, fraction);
    }
    Some(found)
}

/// A whole number of which quantiles are asked.
pub trait Quantity: Copy {
    /// The number itself.
    fn whole(self) -> i64;

    /// The number as a float, or the nearest one: quicker than by way of the whole number.
    #[inline]
    fn size(self) -> f64 {
        self.whole() as f64
    }
}

impl Quantity for u32 {
    #[inline]
    fn whole(self) -> i64 {
        i64::from(self)
    }

    #[inline]
    fn size(self) -> f64 {
        f64::from(self)
    }
}

impl Quantity for i64 {
    #[inline]
    fn whole(self) -> i64 {
        self
    }
}

/// Fewer values than these are simply joined.
const FEW: u64 = 1024;
/// Size classes to each power of two, as a power of two: the first bits behind a float's leading
/// one.
const CLASS_BITS: u32 = 6;
/// The other bits of a float's fraction.
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - CLASS_BITS;
/// What comes before the class of 1.
const BEFORE_ONE: i32 = (1.0f64.to_bits() >> SHIFT) as i32 - 1;
/// The bit that says that a float is below 0.
const NEGATIVE: u32 = 1 << (u64::BITS - 1 - SHIFT);
/// How many size classes there are: to beyond 2^63.
const CLASSES: usize = 64 << CLASS_BITS;
/// So many values are looked at together.
const CHUNK: usize = 256;

/// The size class of a number: never falls where it rises; the higher, the wider. All below 1
/// are one class.
#[inline]
fn class(size: f64) -> u32 {
    // The bits of floats that are not below 0 are in the order of the floats.
    let bits = (size.to_bits() >> SHIFT) as u32;
    let class = (bits as i32 - BEFORE_ONE).max(0) as u32;
    if bits >= NEGATIVE { 0 } else { class }
}

/// The classes of some values: a loop of its own, so that it is done to several at once.
#[inline]
fn classes<T: Quantity>(chunk: &[T], into: &mut [u32; CHUNK]) {
    for (class, value) in into.iter_mut().zip(chunk) {
        *class = self::class(value.size());
    }
}

fn length<T>(runs: &[&[T]]) -> u64 {
    runs.iter().map(|it| it.len() as u64).sum()
}

/// The value at a rank and the next, or the last twice; reorders the values.
fn neighbors(values: &mut [i64], rank: usize) -> (i64, i64) {
    let (_, &mut low, above) = values.select_nth_unstable(rank);
    (low, above.iter().min().copied().unwrap_or(low))
}

/// The neighbors at ranks, from a copy.
fn joined<A: Quantity, B: Quantity, const N: usize>(
    some: &[&[A]],
    others: &[&[B]],
    ranks: [u64; N],
) -> [(i64, i64); N] {
    let some = some.iter().copied().flatten().map(|it| it.whole());
    let mut all: Vec<i64> =
        some.chain(others.iter().copied().flatten().map(|it| it.whole())).collect();
    ranks.map(|it| neighbors(&mut all, it as usize))
}

/// The classes from that of a wanted rank to that of the next.
#[derive(Debug, Clone, Copy, Default)]
struct Bracket {
    first: u32,
    last: u32,
    /// How many values come before it.
    below: u64,
}

impl Bracket {
    #[inline]
    fn holds(&self, class: u32) -> bool {
        (class >= self.first) & (class <= self.last)
    }
}

/// The neighbors at ranks, by size classes.
fn ranked<A: Quantity, B: Quantity, const N: usize>(
    some: &[&[A]],
    others: &[&[B]],
    ranks: [u64; N],
) -> [(i64, i64); N] {
    let mut counts = vec![0; CLASSES];
    count(some, &mut counts);
    count(others, &mut counts);
    let sums: Vec<u64> = counts.chunks(1 << CLASS_BITS).map(|it| it.iter().sum()).collect();
    let brackets = ranks.map(|rank| {
        let (first, below) = locate(&counts, &sums, rank);
        Bracket { first, last: locate(&counts, &sums, rank + 1).0, below }
    });
    let mut kept = Vec::new();
    gather(some, &brackets, &mut kept);
    gather(others, &brackets, &mut kept);
    let mut found = [(0, 0); N];
    for ((found, rank), own) in found.iter_mut().zip(ranks).zip(&brackets) {
        // Of other brackets.
        let before = kept.iter().filter(|it| class(it.size()) < own.first).count();
        *found = neighbors(&mut kept, (rank - own.below) as usize + before);
    }
    found
}

fn count<T: Quantity>(runs: &[&[T]], counts: &mut [u64]) {
    let (counts, mut room) = (&mut counts[..CLASSES], [0; CHUNK]);
    for chunk in runs.iter().flat_map(|it| it.chunks(CHUNK)) {
        classes(chunk, &mut room);
        for &class in &room[..chunk.len()] {
            counts[class as usize % CLASSES] += 1;
        }
    }
}

/// The class that holds a rank, and how many values come before the class; `sums` are those of
/// the counts of each power of two.
fn locate(counts: &[u64], sums: &[u64], rank: u64) -> (u32, u64) {
    let mut below = 0;
    let mut ends = |count: &&u64| {
        let ends = below + **count <= rank;
        below += if ends { **count } else { 0 };
        ends
    };
    let start = sums.iter().take_while(&mut ends).count() << CLASS_BITS;
    let own = counts.get(start..).unwrap_or_default();
    let class = start + own.iter().take_while(&mut ends).count();
    (class as u32, below)
}

/// Adds the values within brackets. Nothing hangs on a branch: each place is written, and the
/// next comes over it unless its value is kept.
fn gather<T: Quantity, const N: usize>(
    runs: &[&[T]],
    brackets: &[Bracket; N],
    kept: &mut Vec<i64>,
) {
    let (mut own, mut keep, mut places) = ([0; CHUNK], [0; CHUNK], [0u8; CHUNK]);
    for chunk in runs.iter().flat_map(|it| it.chunks(CHUNK)) {
        classes(chunk, &mut own);
        for (keep, &class) in keep.iter_mut().zip(&own) {
            *keep = u32::from(brackets.iter().fold(false, |keep, it| keep | it.holds(class)));
        }
        let mut some = 0;
        for (place, &keep) in keep[..chunk.len()].iter().enumerate() {
            places[some % CHUNK] = place as u8;
            some += keep as usize;
        }
        kept.extend(places[..some].iter().map(|&it| chunk[usize::from(it)].whole()));
    }
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
        let classes: Vec<u32> = numbers.iter().map(|it| class(it.size())).collect();
        assert!(
            classes.is_sorted() && classes.iter().all(|&it| it < CLASSES as u32),
            "{classes:?}"
        );
        let few = [i64::MIN, -1, 0, 1, 127, 128, 129, 130].map(|it| class(it.size()));
        assert_eq!(few, [0, 0, 0, 1, 448, 449, 449, 450]);
    }

    proptest! {
        #[test]
        fn runs_and_their_union_agree(
            values in prop::collection::vec(prop_oneof![-9i64..9, 0i64..5000, any::<i64>()], 1..600),
            few in prop::collection::vec(any::<u32>(), 0..20),
            cut in 0.0..=1.0f64,
            p in 0.0..=1.0f64,
        ) {
            let runs = values.split_at((values.len() as f64 * cut) as usize);
            let (runs, few) = ([runs.0, runs.1], [&few[..]]);
            let mut all = values.clone();
            let wanted = [quantile(&mut all, p).unwrap(), quantile(&mut all, 0.9).unwrap()];
            prop_assert_eq!(quantiles_of_runs(&runs, [p, 0.9]), Some(wanted));
            all.extend(few[0].iter().map(|it| it.whole()));
            let wanted = [quantile(&mut all, p).unwrap(), quantile(&mut all, 0.9).unwrap()];
            prop_assert_eq!(quantiles_of_both(&few, &runs, [p, 0.9]), Some(wanted));
            let last = all.len() as u64 - 1;
            let ranks = [position(all.len() as u64, p).unwrap().0, last, last / 2];
            prop_assert_eq!(ranked(&runs, &few, ranks), joined(&runs, &few, ranks));
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
