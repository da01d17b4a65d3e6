//! Sample ratio mismatch: did the arms get the shares of customers they should?
//!
//! The gate before any comparison of variants; knows no variant by name.

use super::tails::chi_square_sf;

/// Below this p value the split is called broken and no other figure of the
/// experiment should be read.
pub const RATIO_ALARM: f64 = 0.001;

/// How far the sizes of the arms are from the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioCheck {
    /// Expected size of each arm, given the total.
    pub expected: Vec<f64>,
    /// Pearson's chi-square.
    pub chi_square: f64,
    /// Degrees of freedom: arms minus one.
    pub df: u32,
    /// Probability of a chi-square at least this large if the plan was kept.
    pub p: f64,
    /// Whether `p` is below [`RATIO_ALARM`].
    pub alarm: bool,
}

/// Pearson's chi-square test of observed arm sizes against planned weights.
///
/// chi² = Σ (observed − expected)² / expected. Weights need not sum to one.
/// `None` with fewer than two arms, with unequal lengths, without customers, or
/// when a weight is not positive and finite.
///
/// ```
/// # use touchpath::stats::sample_ratio;
/// let it = sample_ratio(&[5210, 4790], &[1.0, 1.0]).unwrap();
/// assert_eq!(it.expected, [5000.0, 5000.0]);
/// assert!((it.chi_square - 17.64).abs() < 1e-12);
/// assert!(it.alarm);
/// assert!(!sample_ratio(&[5010, 4990], &[1.0, 1.0]).unwrap().alarm);
/// ```
pub fn sample_ratio(observed: &[u64], weights: &[f64]) -> Option<RatioCheck> {
    if observed.len() < 2 || observed.len() != weights.len() {
        return None;
    }
    let valid = weights.iter().all(|&it| it > 0.0 && it.is_finite());
    let total = observed.iter().map(|&it| u128::from(it)).sum::<u128>();
    let planned = weights.iter().sum::<f64>();
    if !valid || total == 0 || !planned.is_finite() {
        return None;
    }
    let expected: Vec<f64> = weights.iter().map(|it| total as f64 * (it / planned)).collect();
    let terms = observed.iter().zip(&expected).map(|(&n, e)| (n as f64 - e) * ((n as f64 - e) / e));
    let chi_square = terms.sum::<f64>();
    let df = u32::try_from(observed.len() - 1).ok()?;
    let p = chi_square_sf(chi_square, df)?;
    Some(RatioCheck { expected, chi_square, df, p, alarm: p < RATIO_ALARM })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle::{self, close};

    #[test]
    fn the_check_agrees_with_scipy() {
        let Some(oracle) = oracle::read("ab_srm.json") else { return };
        for case in oracle.output.as_array().unwrap() {
            let observed = case["observed"].as_array().unwrap();
            let observed: Vec<u64> = observed.iter().map(|it| it.as_u64().unwrap()).collect();
            let weights = case["expected_ratio"].as_array().unwrap();
            let weights: Vec<f64> = weights.iter().map(|it| it.as_f64().unwrap()).collect();
            let ours = sample_ratio(&observed, &weights).unwrap();
            close(ours.chi_square, &case["chi2"], 1e-12, "chi2");
            assert!((ours.p / case["p"].as_f64().unwrap() - 1.0).abs() < 1e-11);
            assert_eq!(u64::from(ours.df), case["df"].as_u64().unwrap());
            assert_eq!(ours.alarm, ours.p < 0.001);
        }
    }

    #[test]
    fn what_is_undefined_is_none() {
        assert_eq!(sample_ratio(&[5], &[1.0]), None);
        assert_eq!(sample_ratio(&[5, 5], &[1.0]), None);
        assert_eq!(sample_ratio(&[0, 0], &[1.0, 1.0]), None);
        assert_eq!(sample_ratio(&[5, 5], &[1.0, 0.0]), None);
        assert_eq!(sample_ratio(&[5, 5], &[1.0, f64::NAN]), None);
    }
}
