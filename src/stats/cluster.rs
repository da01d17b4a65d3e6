//! Ratios of sums over customers, and the difference of two, when one customer
//! contributes many events.
//!
//! A transition's share (moves taken / moves out of a stage), orders per
//! session, revenue per session: the customer was randomized, not the event, so
//! the variance is between customers. Treating events as independent makes false
//! findings of up to half of all tests. Knows no stage and no metric by name.

use super::interval::{Interval, ZTest};
use super::normal;

/// Integer sums over the customers of one arm, each with a part y (moves taken,
/// orders, minor units of money) and a base n (moves out, sessions).
///
/// A fold: `add` each customer once, `merge` arms seen in pieces. Sums saturate
/// at the ends of `i128`, far beyond counted data.
///
/// ```
/// # use touchpath::stats::RatioSums;
/// let mut arm = RatioSums::default();
/// arm.add(1, 2);
/// arm.add(0, 2);
/// assert_eq!(arm.ratio(), Some(0.25));
/// // Residuals ½ and −½ around ¼ of the base; (¼ + ¼) / 4² · 2/(2 − 1).
/// assert_eq!(arm.variance(), Some(0.0625));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RatioSums {
    /// Customers added.
    pub customers: u64,
    /// Σ y.
    pub part: i128,
    /// Σ n.
    pub base: i128,
    /// Σ y².
    pub part_squared: i128,
    /// Σ y n.
    pub product: i128,
    /// Σ n².
    pub base_squared: i128,
}

impl RatioSums {
    /// Adds one customer with all of its events. A customer without base (no
    /// move out of the stage) should be added only where the metric counts it.
    pub fn add(&mut self, part: i64, base: u64) {
        let (y, n) = (i128::from(part), i128::from(base));
        self.merge(&Self {
            customers: 1,
            part: y,
            base: n,
            part_squared: y * y,
            product: y.saturating_mul(n),
            base_squared: n.saturating_mul(n),
        });
    }

    /// Adds the sums of other customers.
    pub fn merge(&mut self, other: &Self) {
        self.customers = self.customers.saturating_add(other.customers);
        self.part = self.part.saturating_add(other.part);
        self.base = self.base.saturating_add(other.base);
        self.part_squared = self.part_squared.saturating_add(other.part_squared);
        self.product = self.product.saturating_add(other.product);
        self.base_squared = self.base_squared.saturating_add(other.base_squared);
    }

    /// Σ y / Σ n; `None` when the base is 0.
    pub fn ratio(&self) -> Option<f64> {
        (self.base > 0).then(|| self.part as f64 / self.base as f64)
    }

    /// Variance of the ratio: Σ (y − R n)² / N² · K/(K − 1) over K customers.
    ///
    /// The cluster-robust variance with the small-sample factor of one arm
    /// ("CR1"), and equally the delta method for a ratio of means with K − 1.
    /// `None` when the base is 0 or with fewer than two customers.
    pub fn variance(&self) -> Option<f64> {
        if self.base <= 0 || self.customers < 2 {
            return None;
        }
        let k = self.customers as f64;
        let n = self.base as f64;
        Some(self.residual_squares() / (n * n) * (k / (k - 1.0)))
    }

    /// Σ (y − R n)², in integers until the last division where they fit.
    fn residual_squares(&self) -> f64 {
        let (n, x) = (self.base as f64, self.part as f64);
        if let Some(exact) = self.scaled_residual_squares() {
            return (exact.max(0) as f64) / (n * n);
        }
        let ratio = x / n;
        let linear = self.part_squared as f64 - 2.0 * ratio * self.product as f64;
        (linear + ratio * ratio * self.base_squared as f64).max(0.0)
    }

    /// N² Σ y² − 2 X N Σ y n + X² Σ n², unless it overflows.
    fn scaled_residual_squares(&self) -> Option<i128> {
        let first = self.base.checked_mul(self.base)?.checked_mul(self.part_squared)?;
        let cross = self.part.checked_mul(self.base)?.checked_mul(2)?.checked_mul(self.product)?;
        let last = self.part.checked_mul(self.part)?.checked_mul(self.base_squared)?;
        first.checked_add(last)?.checked_sub(cross)
    }
}

/// Treatment against control, clustered by customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioDifference {
    /// Ratio of the control.
    pub control: f64,
    /// Ratio of the treatment.
    pub treatment: f64,
    /// Treatment minus control.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Its normal test against zero; `None` when the standard error is 0.
    pub test: Option<ZTest>,
    /// Its normal interval.
    pub interval: Interval,
}

/// Compares the ratios of two arms with independent customers.
///
/// Needs some 30 customers with base in each arm to be trusted; a customer seen
/// in both arms must be left out before. `None` when either variance is
/// undefined, or unless 0 < confidence < 1.
///
/// ```
/// # use touchpath::stats::{RatioSums, cluster};
/// let (mut a, mut b) = (RatioSums::default(), RatioSums::default());
/// for (y, n) in [(1, 2), (0, 2)] { a.add(y, n) }
/// for (y, n) in [(2, 2), (1, 2)] { b.add(y, n) }
/// let it = cluster::compare(&a, &b, 0.95).unwrap();
/// assert_eq!(it.difference, 0.5);
/// assert_eq!(it.standard_error, 0.125f64.sqrt());
/// ```
pub fn compare(
    control: &RatioSums,
    treatment: &RatioSums,
    confidence: f64,
) -> Option<RatioDifference> {
    let z = normal::z_for(confidence)?;
    let (a, b) = (control.ratio()?, treatment.ratio()?);
    let standard_error = (control.variance()? + treatment.variance()?).sqrt();
    let difference = b - a;
    let half = z * standard_error;
    Some(RatioDifference {
        control: a,
        treatment: b,
        difference,
        standard_error,
        test: ZTest::of(difference, standard_error),
        interval: Interval { low: difference - half, high: difference + half },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::stats::benjamini_hochberg;
    use crate::stats::oracle::{self, close};
    use proptest::prelude::*;
    use serde_json::Value;

    type Edge = (String, String);

    /// The sums of each edge in one arm, from one row per move.
    fn edges(arm: &str) -> BTreeMap<Edge, RatioSums> {
        let mut out: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let mut taken: BTreeMap<Edge, BTreeMap<String, i64>> = BTreeMap::new();
        for row in oracle::rows("transitions_shared.csv") {
            let (customer, from) = (row[0].to_owned(), row[4].to_owned());
            if &row[1] == arm {
                *out.entry(from.clone()).or_default().entry(customer.clone()).or_default() += 1;
                let edge = (from, row[5].to_owned());
                *taken.entry(edge).or_default().entry(customer).or_default() += 1;
            }
        }
        let sums = |edge: &Edge, taken: &BTreeMap<String, i64>| {
            let mut sums = RatioSums::default();
            for (customer, &n) in &out[&edge.0] {
                sums.add(taken.get(customer).copied().unwrap_or(0), n);
            }
            sums
        };
        taken.iter().map(|(edge, taken)| (edge.clone(), sums(edge, taken))).collect()
    }

    #[test]
    fn transitions_agree_with_statsmodels() {
        let Some(oracle) = oracle::read("transition_compare.json") else { return };
        let (a, b) = (edges("A"), edges("B"));
        let rows = oracle.output.as_array().unwrap();
        let mut p_values = Vec::new();
        for row in rows {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let edge = (text("from"), text("to"));
            let ours = compare(&a[&edge], &b[&edge], 0.95).unwrap();
            assert_eq!(a[&edge].customers, row["customers_A"].as_u64().unwrap());
            assert_eq!(b[&edge].customers, row["customers_B"].as_u64().unwrap());
            close(ours.control, &row["p_A"], 1e-14, "p_A");
            close(ours.difference, &row["difference"], 1e-13, "difference");
            close(ours.standard_error, &row["cluster_se_CR1_per_arm"], 1e-13, "se");
            close(ours.test.unwrap().z, &row["cluster_z"], 1e-11, "z");
            close(ours.test.unwrap().p, &row["cluster_p"], 1e-12, "p");
            p_values.push(ours.test.unwrap().p);
        }
        let q_values = benjamini_hochberg(&p_values).unwrap();
        for (q, row) in q_values.iter().zip(rows) {
            close(*q, &row["bh_q"], 1e-12, "q");
        }
    }

    /// Per-customer sums of part over base, in cents where the part is money.
    fn ratio(arm: &str, part: usize, base: usize, buyers_only: bool) -> RatioSums {
        let mut sums = RatioSums::default();
        for row in oracle::rows("ab_customers_shared.csv") {
            let orders: u64 = row[4].parse().unwrap();
            if &row[1] == arm && !(buyers_only && orders == 0) {
                let part: f64 = row[part].parse().unwrap();
                sums.add((part * 100.0).round() as i64, row[base].parse().unwrap());
            }
        }
        sums
    }

    #[test]
    fn ratio_metrics_agree_with_the_delta_method() {
        let Some(oracle) = oracle::read("ab_revenue.json") else { return };
        let check = |key: &str, part: usize, base: usize, buyers_only: bool| {
            let (a, b) = (ratio("A", part, base, buyers_only), ratio("B", part, base, buyers_only));
            let ours = compare(&a, &b, 0.95).unwrap();
            let golden = &oracle.output[key];
            let figures = [
                (ours.control, &golden["ratio_A"]),
                (ours.treatment, &golden["ratio_B"]),
                (ours.difference, &golden["difference"]),
                (ours.standard_error, &golden["se"]),
                (ours.interval.low, &golden["ci95"][0]),
                (ours.interval.high, &golden["ci95"][1]),
            ];
            for (ours, wanted) in figures.into_iter().filter(|it| *it.1 != Value::Null) {
                close(ours / 100.0, wanted, 1e-10, key);
            }
            if golden["p"] != Value::Null {
                close(ours.test.unwrap().p, &golden["p"], 1e-10, key);
            }
        };
        check("delta_method_orders_per_session", 4, 3, false);
        check("delta_method_revenue_per_session", 5, 3, false);
        check("delta_method_aov", 5, 4, true);
    }

    #[test]
    fn what_is_undefined_is_none() {
        let mut one = RatioSums::default();
        assert_eq!(one.ratio(), None);
        one.add(1, 2);
        assert_eq!(one.variance(), None);
        assert_eq!(compare(&one, &one, 0.95), None);
        let mut same = one;
        same.add(1, 2);
        let it = compare(&same, &same, 0.95).unwrap();
        assert_eq!((it.standard_error, it.test), (0.0, None));
        assert_eq!(compare(&same, &same, 0.0), None);
    }

    #[test]
    fn sums_too_large_for_integers_fall_back_to_floats() {
        let mut arm = RatioSums::default();
        arm.add(1_000_000_000_000, 3_000_000_000_000);
        arm.add(2_000_000_000_000, 3_000_000_000_000);
        assert_eq!(arm.scaled_residual_squares(), None);
        assert!((arm.variance().unwrap() - 1.0 / 36.0).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn merging_is_adding(a in prop::collection::vec((-9i64..9, 0u64..9), 0..9), b in prop::collection::vec((-9i64..9, 0u64..9), 0..9)) {
            let fold = |it: &[(i64, u64)]| it.iter().fold(RatioSums::default(), |mut sums, it| { sums.add(it.0, it.1); sums });
            let mut merged = fold(&a);
            merged.merge(&fold(&b));
            prop_assert_eq!(merged, fold(&[a, b].concat()));
        }
    }
}
