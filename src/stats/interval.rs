//! Intervals of one share and of the difference of two shares.
//!
//! The unit of a trial is the caller's, and must be what was randomized or at
//! least independent (a customer, not an event): for shares whose trials are
//! many per customer use [`super::cluster`].

use super::normal;

/// A two-sided interval, ends included; `low <= high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies within, ends included.
    ///
    /// ```
    /// # use touchpath::stats::Interval;
    /// assert!(Interval { low: 0.1, high: 0.2 }.contains(0.2));
    /// ```
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A count of successes and its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    /// How many trials succeeded.
    pub successes: u64,
    /// How many trials there were.
    pub trials: u64,
}

impl Proportion {
    /// The share; `None` without trials or with more successes than trials.
    ///
    /// ```
    /// # use touchpath::stats::Proportion;
    /// assert_eq!(Proportion { successes: 1, trials: 4 }.share(), Some(0.25));
    /// assert_eq!(Proportion { successes: 0, trials: 0 }.share(), None);
    /// ```
    pub fn share(self) -> Option<f64> {
        let valid = self.trials > 0 && self.successes <= self.trials;
        valid.then(|| self.successes as f64 / self.trials as f64)
    }
}

/// Wilson's score interval of a share, without continuity correction.
///
/// Source: E. B. Wilson, Journal of the American Statistical Association 22
/// (1927): the p with |share − p| ≤ z √(p(1 − p)/n). Stays within 0 and 1; the
/// lower end is exactly 0 without successes, the upper exactly 1 without
/// failures. `None` without trials, with more successes than trials, or unless
/// 0 < confidence < 1.
///
/// ```
/// # use touchpath::stats::wilson;
/// let it = wilson(9, 100, 0.95).unwrap();
/// assert!((it.low - 0.048072540002565).abs() < 1e-14);
/// assert!((it.high - 0.162262128527163).abs() < 1e-14);
/// assert_eq!(wilson(0, 50, 0.95).unwrap().low, 0.0);
/// assert_eq!(wilson(0, 0, 0.95), None);
/// ```
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Option<Interval> {
    let z = normal::z_for(confidence)?;
    let share = Proportion { successes, trials }.share()?;
    let n = trials as f64;
    let shrink = 1.0 + z * z / n;
    let center = (share + z * z / (2.0 * n)) / shrink;
    let variance = share * (1.0 - share) / n + z * z / (4.0 * n * n);
    let half = z * variance.sqrt() / shrink;
    Some(Interval {
        low: if successes == 0 { 0.0 } else { (center - half).clamp(0.0, share) },
        high: if successes == trials { 1.0 } else { (center + half).clamp(share, 1.0) },
    })
}

/// The difference of two shares with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProportionDifference {
    /// Share of the control.
    pub control: f64,
    /// Wilson interval of the control's share.
    pub control_interval: Interval,
    /// Share of the treatment.
    pub treatment: f64,
    /// Wilson interval of the treatment's share.
    pub treatment_interval: Interval,
    /// Treatment minus control, in share points (0.01 is one percentage point).
    pub difference: f64,
    /// Interval of the difference.
    pub interval: Interval,
}

/// Newcombe's hybrid score interval of treatment minus control, without
/// continuity correction.
///
/// Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10: the
/// Wilson limits of the two shares, joined by the square root of the sum of
/// squares. Defined with empty cells too. `None` when either share has none or
/// unless 0 < confidence < 1.
///
/// ```
/// # use touchpath::stats::{Proportion, newcombe};
/// let control = Proportion { successes: 5, trials: 100 };
/// let treatment = Proportion { successes: 9, trials: 100 };
/// let it = newcombe(control, treatment, 0.95).unwrap();
/// assert!((it.difference - 0.04).abs() < 1e-15);
/// assert!((it.interval.low + 0.034639348551543).abs() < 1e-14);
/// assert!((it.interval.high - 0.117663230781019).abs() < 1e-14);
/// ```
pub fn newcombe(
    control: Proportion,
    treatment: Proportion,
    confidence: f64,
) -> Option<ProportionDifference> {
    let a = wilson(control.successes, control.trials, confidence)?;
    let b = wilson(treatment.successes, treatment.trials, confidence)?;
    let (share_a, share_b) = (control.share()?, treatment.share()?);
    let difference = share_b - share_a;
    Some(ProportionDifference {
        control: share_a,
        control_interval: a,
        treatment: share_b,
        treatment_interval: b,
        difference,
        interval: Interval {
            low: difference - joined(share_b - b.low, a.high - share_a),
            high: difference + joined(b.high - share_b, share_a - a.low),
        },
    })
}

/// The square root of the sum of squares; not `hypot`, whose bits depend on the
/// platform.
fn joined(a: f64, b: f64) -> f64 {
    (a * a + b * b).sqrt()
}

/// A z statistic and its two-sided p value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZTest {
    /// The statistic, positive when the treatment is larger.
    pub z: f64,
    /// Two-sided p value.
    pub p: f64,
}

impl ZTest {
    /// The test of an estimate against zero; `None` unless the standard error
    /// is positive and both are finite.
    pub(crate) fn of(estimate: f64, standard_error: f64) -> Option<Self> {
        let z = estimate / standard_error;
        let valid = standard_error > 0.0 && z.is_finite();
        valid.then(|| Self { z, p: normal::two_sided(z) })
    }
}

/// The z test of two shares with the pooled variance, treatment minus control.
///
/// z = d / √(p̄(1 − p̄)(1/n₁ + 1/n₂)) with p̄ the share of both arms together; z²
/// is the chi-square of the fourfold table without Yates' correction. `None`
/// when all trials, or none, succeeded.
///
/// ```
/// # use touchpath::stats::{Proportion, pooled_z};
/// let control = Proportion { successes: 120, trials: 2400 };
/// let treatment = Proportion { successes: 156, trials: 2380 };
/// let it = pooled_z(control, treatment).unwrap();
/// assert!((it.z - 2.303982004955332).abs() < 1e-12);
/// assert!((it.p - 0.021223653756260).abs() < 1e-13);
/// ```
pub fn pooled_z(control: Proportion, treatment: Proportion) -> Option<ZTest> {
    let difference = treatment.share()? - control.share()?;
    let (n_a, n_b) = (control.trials as f64, treatment.trials as f64);
    let pooled = (control.successes as f64 + treatment.successes as f64) / (n_a + n_b);
    let variance = pooled * (1.0 - pooled) * (1.0 / n_a + 1.0 / n_b);
    ZTest::of(difference, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle::{self, close};
    use proptest::prelude::*;

    fn arm(pair: &serde_json::Value) -> Proportion {
        Proportion { successes: pair[0].as_u64().unwrap(), trials: pair[1].as_u64().unwrap() }
    }

    fn check_interval(ours: Interval, expected: &serde_json::Value, what: &str) {
        close(ours.low, &expected[0], 1e-12, what);
        close(ours.high, &expected[1], 1e-12, what);
    }

    #[test]
    fn shares_agree_with_statsmodels() {
        let Some(oracle) = oracle::read("ab_proportions.json") else { return };
        for case in oracle.output.as_array().unwrap() {
            let (control, treatment) = (arm(&case["control"]), arm(&case["treatment"]));
            let ours = newcombe(control, treatment, 0.95).unwrap();
            close(ours.difference, &case["difference"], 1e-15, "difference");
            check_interval(ours.control_interval, &case["wilson_control"], "control");
            check_interval(ours.treatment_interval, &case["wilson_treatment"], "treatment");
            check_interval(ours.interval, &case["ci_diff_newcomb"], "newcombe");
            match pooled_z(control, treatment) {
                Some(test) => {
                    close(test.z, &case["z_pooled"], 1e-11, "z");
                    close(test.p, &case["p_pooled"], 1e-12, "p");
                }
                None => assert!(case["z_pooled"].is_null()),
            }
        }
    }

    #[test]
    fn what_is_undefined_is_none() {
        let none = Proportion { successes: 0, trials: 0 };
        let all = Proportion { successes: 5, trials: 5 };
        let wrong = Proportion { successes: 6, trials: 5 };
        assert_eq!(newcombe(none, all, 0.95), None);
        assert_eq!(newcombe(all, wrong, 0.95), None);
        assert_eq!(newcombe(all, all, 1.0), None);
        assert_eq!(pooled_z(all, all), None);
        assert_eq!(pooled_z(all, none), None);
    }

    proptest! {
        #[test]
        fn the_share_lies_in_its_interval(n in 1u64..1_000_000, part in 0.0..=1.0f64, c in 0.01..0.9999f64) {
            let x = ((n as f64) * part) as u64;
            let it = wilson(x, n, c).unwrap();
            let mirrored = wilson(n - x, n, c).unwrap();
            prop_assert!(0.0 <= it.low && it.high <= 1.0);
            prop_assert!(it.contains(x as f64 / n as f64));
            prop_assert!((it.low - (1.0 - mirrored.high)).abs() < 1e-12);
        }
    }
}
