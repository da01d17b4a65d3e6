//! Survival curves and the log-rank test against lifelines.

use std::collections::BTreeMap;

use super::*;
use crate::stats::log_rank;
use crate::stats::oracle::{self, close, read};
use proptest::prelude::*;
use serde_json::Value;

/// Counts rows of `(duration, had the event)`.
fn counted(rows: impl IntoIterator<Item = (i64, bool)>) -> Vec<CountedDuration> {
    let mut counts: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (duration, event) in rows {
        let at = counts.entry(duration).or_default();
        if event { at.0 += 1 } else { at.1 += 1 }
    }
    counts.into_iter().map(|(time, (events, censored))| (time, events, censored)).collect()
}

/// One survival file: durations in columns of a CSV, read in units of 1/scale.
struct Source {
    golden: &'static str,
    file: &'static str,
    columns: [usize; 3],
    scale: f64,
}

const PURCHASES: Source = Source {
    golden: "survival_time_to_purchase.json",
    file: "time_to_purchase_shared.csv",
    columns: [1, 2, 3],
    scale: 10.0,
};
const WALTONS: Source =
    Source { golden: "survival_waltons.json", file: "waltons.csv", columns: [0, 1, 2], scale: 1.0 };

impl Source {
    fn group(&self, name: &str) -> Vec<CountedDuration> {
        let [duration, event, group] = self.columns;
        let rows = oracle::rows(self.file);
        let own = rows.iter().filter(|row| &row[group] == name);
        counted(own.map(|row| {
            let time = row[duration].parse::<f64>().unwrap() * self.scale;
            (time.round() as i64, &row[event] == "1")
        }))
    }

    /// A time, or `None` for the golden "inf".
    fn time(&self, golden: &Value) -> Option<i64> {
        golden.as_f64().map(|it| (it * self.scale).round() as i64)
    }

    fn check(&self) {
        let Some(golden) = read(self.golden) else { return };
        let mut curves = BTreeMap::new();
        for (name, golden) in golden.output["groups"].as_object().unwrap() {
            let curve = KaplanMeier::fit(&self.group(name), 0.95).unwrap();
            self.check_curve(&curve, golden);
            curves.insert(name.clone(), curve);
        }
        self.check_tests(&curves, &golden);
    }

    fn check_curve(&self, curve: &KaplanMeier, golden: &Value) {
        assert_eq!(curve.watched(), golden["n"].as_u64().unwrap());
        assert_eq!(curve.events(), golden["events"].as_u64().unwrap());
        let table = golden["table"].as_array().unwrap();
        assert_eq!(curve.rows().len(), table.len());
        for (row, golden) in curve.rows().zip(table) {
            check_row(&row, golden);
            assert_eq!(Some(row.time), self.time(&golden["t"]));
            match row.greenwood {
                Some(sum) => close(sum, &golden["greenwood_sum"], 1e-12, "greenwood"),
                None => assert_eq!(row.survival, 0.0),
            }
        }
        let median = curve.median();
        assert_eq!(median.time, self.time(&golden["median"]));
        assert_eq!(median.low, self.time(&golden["median_ci"][0]));
        assert_eq!(median.high, self.time(&golden["median_ci"][1]));
        for (survival, time) in golden["percentiles"].as_object().unwrap() {
            let p = 1.0 - survival.parse::<f64>().unwrap();
            assert_eq!(curve.quantile(p).time, self.time(time), "{survival}");
        }
        let golden = &golden["rmst"];
        let rmst = curve.restricted_mean(self.time(&golden["t"]).unwrap()).unwrap();
        close(rmst.mean / self.scale, &golden["mean"], 1e-11, "rmst");
        let variance = rmst.variance / self.scale.powi(2);
        close(variance, &golden["greenwood_variance"], 1e-11, "variance");
    }

    fn check_tests(&self, curves: &BTreeMap<String, KaplanMeier>, golden: &oracle::Oracle) {
        let names = golden.params["tests_use_groups"].as_array().unwrap();
        let names: Vec<&str> = names.iter().map(|it| it.as_str().unwrap()).collect();
        let (a, b) = (self.group(names[0]), self.group(names[1]));
        let tests = &golden.output["tests"];
        let two = log_rank(&[&a, &b]).unwrap();
        close(two.chi_square, &tests["logrank"]["statistic"], 1e-11, "log-rank");
        let wanted = tests["logrank"]["p_value"].as_f64().unwrap();
        assert!((two.p / wanted - 1.0).abs() < 1e-10);

        let all: Vec<Vec<CountedDuration>> = curves.keys().map(|it| self.group(it)).collect();
        let all: Vec<&[CountedDuration]> = all.iter().map(Vec::as_slice).collect();
        let every = log_rank(&all).unwrap();
        let golden = &tests["multivariate_logrank_all_groups"];
        close(every.chi_square, &golden["statistic"], 1e-11, "log-rank of all");
        assert!((every.p / golden["p_value"].as_f64().unwrap() - 1.0).abs() < 1e-10);
        assert_eq!(u64::from(every.df), golden["df"].as_u64().unwrap());

        let golden = &tests["rmst_difference_first_minus_second"];
        let horizon = if self.scale == 1.0 { 60 } else { 300 };
        let (a, b) = (&curves[names[0]], &curves[names[1]]);
        let ours = a.restricted_mean_difference(b, horizon).unwrap();
        close(ours.difference / self.scale, &golden["difference"], 1e-11, "difference");
        close(ours.standard_error / self.scale, &golden["se"], 1e-11, "se");
        close(ours.test.unwrap().z, &golden["z"], 1e-11, "z");
        close(ours.test.unwrap().p, &golden["p_value"], 1e-11, "p");
        close(ours.interval.low / self.scale, &golden["ci95"][0], 1e-11, "low");
        close(ours.interval.high / self.scale, &golden["ci95"][1], 1e-11, "high");
    }
}

fn check_row(row: &SurvivalRow, golden: &Value) {
    let count = |key: &str| golden[key].as_u64().unwrap();
    assert_eq!(row.at_risk, count("at_risk"));
    assert_eq!(row.events, count("observed"));
    assert_eq!(row.censored, count("censored"));
    close(row.survival, &golden["S"], 1e-12, "survival");
    match row.interval() {
        Some(it) => {
            close(it.low, &golden["lo"], 1e-11, "low");
            close(it.high, &golden["hi"], 1e-11, "high");
        }
        // lifelines prints [0, 0]; we say that it is undefined.
        None => assert_eq!(golden["S"].as_f64(), Some(0.0)),
    }
}

#[test]
fn time_to_purchase_agrees_with_lifelines() {
    PURCHASES.check();
}

#[test]
fn waltons_agree_with_lifelines() {
    WALTONS.check();
}

#[test]
fn edge_cases_agree_with_lifelines() {
    let Some(golden) = read("survival_edge_cases.json") else { return };
    for (name, case) in golden.output.as_object().unwrap() {
        let (times, events) = (case["T"].as_array().unwrap(), case["E"].as_array().unwrap());
        let rows = times.iter().zip(events).map(|(t, e)| (t.as_i64().unwrap(), e == 1));
        let curve = KaplanMeier::fit(&counted(rows), 0.95).unwrap();
        let table = case["table"].as_array().unwrap();
        assert_eq!(curve.rows().len(), table.len(), "{name}");
        curve.rows().zip(table).for_each(|(row, golden)| check_row(&row, golden));
        assert_eq!(curve.median().time, case["median"].as_f64().map(|it| it as i64), "{name}");
    }
}

#[test]
fn what_is_undefined_is_none() {
    for counts in
        [&[][..], &[(1, 0, 0)], &[(-1, 1, 0)], &[(2, 1, 0), (1, 1, 0)], &[(1, 1, 0), (1, 1, 0)]]
    {
        assert_eq!(KaplanMeier::fit(counts, 0.95), None, "{counts:?}");
    }
    assert_eq!(KaplanMeier::fit(&[(1, u64::MAX, 1)], 0.95), None);
    assert_eq!(KaplanMeier::fit(&[(1, 1, 0)], 1.0), None);

    let open = KaplanMeier::fit(&[(2, 1, 0), (5, 0, 1)], 0.95).unwrap();
    assert_eq!(open.survival_at(-1), None);
    assert_eq!(open.survival_at(0).unwrap().survival, 1.0);
    assert_eq!(open.survival_at(4).unwrap().survival, 0.5);
    assert_eq!(open.survival_at(6), None);
    assert_eq!(open.restricted_mean(6), None);
    assert_eq!(open.restricted_mean(0), None);
    assert_eq!(open.quantile(0.0).time, None);
    assert_eq!(open.quantile(f64::NAN).time, None);

    // Survival at 0 stays there, so times beyond the last are known.
    let ended = KaplanMeier::fit(&[(2, 3, 0)], 0.95).unwrap();
    assert_eq!(ended.survival_at(9).unwrap().survival, 0.0);
    assert_eq!(ended.restricted_mean(9), Some(RestrictedMean { mean: 2.0, variance: 0.0 }));
    assert_eq!(ended.median(), SurvivalTime { time: Some(2), low: Some(2), high: None });
    assert_eq!(ended.restricted_mean_difference(&ended, 9).unwrap().test, None);
}

#[test]
fn log_rank_without_information_is_none() {
    assert_eq!(log_rank(&[&[(1, 1, 0)]]), None);
    assert_eq!(log_rank(&[&[(1, 1, 0)], &[]]), None);
    assert_eq!(log_rank(&[&[(1, 0, 4)], &[(2, 0, 5)]]), None);
    assert_eq!(log_rank(&[&[(2, 1, 0), (1, 1, 0)], &[(2, 1, 5)]]), None);
    // The third group is gone before any event, in any place.
    let (a, b, gone) = ([(5, 2, 3)], [(6, 3, 1), (7, 1, 1)], [(1, 0, 9)]);
    assert!(log_rank(&[&a, &b]).is_some());
    assert_eq!(log_rank(&[&a, &b, &gone]), None);
    assert_eq!(log_rank(&[&gone, &a, &b]), None);
    // Everybody at risk has the event: nothing to compare.
    assert_eq!(log_rank(&[&[(1, 4, 0)], &[(1, 5, 0)]]), None);
    // The first group is gone before the second one's event.
    assert_eq!(log_rank(&[&[(1, 0, 4)], &[(2, 1, 5)]]), None);
}

proptest! {
    #[test]
    fn without_censoring_survival_is_the_share_left(times in prop::collection::vec(0i64..30, 1..60)) {
        let curve = KaplanMeier::fit(&counted(times.iter().map(|&t| (t, true))), 0.9).unwrap();
        for row in curve.rows() {
            let left = times.iter().filter(|&&t| t > row.time).count();
            prop_assert_eq!(row.survival, left as f64 / times.len() as f64);
        }
        let mean = times.iter().sum::<i64>() as f64 / times.len() as f64;
        let last = curve.last_time().max(1);
        prop_assert!((curve.restricted_mean(last).unwrap().mean - mean).abs() < 1e-12);
    }

    #[test]
    fn curves_only_fall_and_lie_in_their_intervals(rows in prop::collection::vec((0i64..30, any::<bool>()), 1..60)) {
        let curve = KaplanMeier::fit(&counted(rows.clone()), 0.9).unwrap();
        let mut before = 1.0;
        for row in curve.rows() {
            prop_assert!(row.survival <= before);
            before = row.survival;
            if let Some(it) = row.interval() {
                prop_assert!(it.low <= row.survival && row.survival <= it.high);
            }
        }
        prop_assert_eq!(curve.watched(), rows.len() as u64);
    }

    #[test]
    fn limits_cross_a_threshold_where_their_rows_do(
        rows in prop::collection::vec((0i64..200, any::<bool>()), 1..300),
        p in 0.001..1.0f64,
        confidence in 0.1..0.999f64,
    ) {
        let curve = KaplanMeier::fit(&counted(rows), confidence).unwrap();
        let threshold = 1.0 - p + ROUNDING;
        let first = |reaches: &dyn Fn(Option<Interval>) -> bool| {
            curve.rows().find(|it| it.events > 0 && reaches(it.interval())).map(|it| it.time)
        };
        let found = curve.quantile(p);
        prop_assert_eq!(found.low, first(&|it| it.map_or(0.0, |it| it.low) <= threshold));
        prop_assert_eq!(found.high, first(&|it| it.is_some_and(|it| it.high <= threshold)));
    }

    #[test]
    fn log_rank_does_not_depend_on_the_order_of_groups(
        rows in prop::collection::vec((0i64..12, any::<bool>(), 0usize..3), 3..80)
    ) {
        let group = |g: usize| counted(rows.iter().filter(|it| it.2 == g).map(|it| (it.0, it.1)));
        let (a, b, c) = (group(0), group(1), group(2));
        let (one, two) = (log_rank(&[&a, &b, &c]), log_rank(&[&c, &a, &b]));
        prop_assert_eq!(one.is_some(), two.is_some());
        let (Some(one), Some(two)) = (one, two) else { return Ok(()) };
        prop_assert!((one.chi_square - two.chi_square).abs() < 1e-9 * (1.0 + one.chi_square));
        prop_assert!((one.expected.iter().sum::<f64>() - one.observed.iter().sum::<u64>() as f64).abs() < 1e-9);
    }
}
