//! Means of two arms: Welch's t test, from integer sums.
//!
//! One value per customer, zeros included. Knows no currency: the sums are of
//! integers (minor units), and so are the units of the results.

use super::interval::Interval;
use super::tails;

/// How many values, their sum and the sum of their squares.
///
/// ```
/// # use touchpath::stats::Moments;
/// let mut it = Moments::default();
/// [1, 2, 6].iter().for_each(|&value| it.add(value));
/// assert_eq!(it.mean(), Some(3.0));
/// assert_eq!(it.variance(), Some(7.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moments {
    /// How many values were added.
    pub count: u64,
    /// Their sum.
    pub sum: i128,
    /// The sum of their squares.
    pub sum_squared: i128,
}

impl Moments {
    /// Adds one value.
    pub fn add(&mut self, value: i64) {
        let value = i128::from(value);
        self.merge(&Self { count: 1, sum: value, sum_squared: value * value });
    }

    /// Adds the values of other sums.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.sum_squared = self.sum_squared.saturating_add(other.sum_squared);
    }

    /// The mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The sample variance, (Σ x² − (Σ x)²/n) / (n − 1); `None` with fewer than
    /// two values. In integers until the last division where they fit.
    pub fn variance(&self) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let n = self.count as f64;
        let exact = || {
            let scaled = i128::from(self.count).checked_mul(self.sum_squared)?;
            scaled.checked_sub(self.sum.checked_mul(self.sum)?)
        };
        let squares = match exact() {
            Some(it) => it.max(0) as f64 / n,
            None => (self.sum_squared as f64 - self.sum as f64 * (self.sum as f64 / n)).max(0.0),
        };
        Some(squares / (n - 1.0))
    }
}

/// The difference of two means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanDifference {
    /// Mean of the control.
    pub control: f64,
    /// Mean of the treatment.
    pub treatment: f64,
    /// Treatment minus control.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Welch's t.
    pub t: f64,
    /// Degrees of freedom after Satterthwaite.
    pub df: f64,
    /// Two-sided p value.
    pub p: f64,
    /// Interval of the difference.
    pub interval: Interval,
}

/// Welch's test of two means with unequal variances.
///
/// Source: B. L. Welch, Biometrika 34 (1947). `None` with fewer than two values
/// in an arm, when neither arm varies, or unless 0 < confidence < 1.
///
/// ```
/// # use touchpath::stats::{Moments, welch};
/// let (mut a, mut b) = (Moments::default(), Moments::default());
/// [1, 2, 3].iter().for_each(|&value| a.add(value));
/// [4, 5, 6].iter().for_each(|&value| b.add(value));
/// let it = welch(&a, &b, 0.95).unwrap();
/// assert_eq!(it.difference, 3.0);
/// assert!((it.df - 4.0).abs() < 1e-14);
/// assert!((it.t - 13.5f64.sqrt()).abs() < 1e-14);
/// ```
pub fn welch(control: &Moments, treatment: &Moments, confidence: f64) -> Option<MeanDifference> {
    let (a, b) = (control.mean()?, treatment.mean()?);
    let (n_a, n_b) = (control.count as f64, treatment.count as f64);
    let (part_a, part_b) = (control.variance()? / n_a, treatment.variance()? / n_b);
    let variance = part_a + part_b;
    if variance.is_nan() || variance <= 0.0 {
        return None;
    }
    // As shares of the variance, so that squares neither overflow nor vanish.
    let (share_a, share_b) = (part_a / variance, part_b / variance);
    let df = 1.0 / (share_a * share_a / (n_a - 1.0) + share_b * share_b / (n_b - 1.0));
    let (difference, standard_error) = (b - a, variance.sqrt());
    let t = difference / standard_error;
    let half = tails::t_for(confidence, df)? * standard_error;
    Some(MeanDifference {
        control: a,
        treatment: b,
        difference,
        standard_error,
        t,
        df,
        p: tails::student_two_sided(t, df)?,
        interval: Interval { low: difference - half, high: difference + half },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle::{self, close};

    #[test]
    fn revenue_per_customer_agrees_with_scipy() {
        let Some(oracle) = oracle::read("ab_revenue.json") else { return };
        let golden = &oracle.output["welch_revenue_per_customer"];
        let (mut a, mut b) = (Moments::default(), Moments::default());
        for row in oracle::rows("ab_customers_shared.csv") {
            let cents = (row[5].parse::<f64>().unwrap() * 100.0).round() as i64;
            if &row[1] == "A" { a.add(cents) } else { b.add(cents) }
        }
        let ours = welch(&a, &b, 0.95).unwrap();
        assert_eq!(a.count, golden["n_A"].as_u64().unwrap());
        close(ours.control / 100.0, &golden["mean_A"], 1e-12, "mean_A");
        close(a.variance().unwrap() / 1e4, &golden["var_A"], 1e-12, "var_A");
        close(ours.difference / 100.0, &golden["difference"], 1e-12, "difference");
        close(ours.t, &golden["t"], 1e-11, "t");
        close(ours.df, &golden["df"], 1e-11, "df");
        close(ours.p, &golden["p"], 1e-11, "p");
        close(ours.interval.low / 100.0, &golden["ci95"][0], 1e-10, "low");
        close(ours.interval.high / 100.0, &golden["ci95"][1], 1e-10, "high");
    }

    #[test]
    fn what_is_undefined_is_none() {
        let mut one = Moments::default();
        assert_eq!(one.mean(), None);
        one.add(5);
        assert_eq!(one.variance(), None);
        let mut same = one;
        same.add(5);
        assert_eq!(same.variance(), Some(0.0));
        assert_eq!(welch(&same, &same, 0.95), None);
        assert_eq!(welch(&same, &one, 0.95), None);
    }
}
