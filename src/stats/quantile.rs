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

    proptest! {
        #[test]
        fn counted_and_written_out_agree(mut values in prop::collection::vec(-20i64..20, 1..60), p in 0.0..=1.0f64) {
            let selected = quantile(&mut values, p);
            values.sort_unstable();
            let counts: Vec<(i64, u64)> = values.chunk_by(|a, b| a == b).map(|it| (it[0], it.len() as u64)).collect();
            prop_assert_eq!(selected, quantile_counted(&counts, p));
        }
    }
}
