//! Tests of `kpi`: by hand, against the golden figures, and the merge law.

use std::collections::BTreeMap;

use super::*;
use crate::analysis::fixture::{Fixture, fixture};
use crate::base::Span;
use crate::model::Cell;
use crate::stats::oracle;

/// The cells of a KPI: value, low, high, numerator, denominator.
fn row(report: &Report, name: &str) -> Vec<Cell> {
    let rows = &report.tables[0].rows;
    rows.iter().find(|it| it[0] == Cell::text(name)).expect(name)[1..6].to_vec()
}

fn shop() -> Fixture {
    fixture(
        "a: home@0s cart@1m checkout@2m buy@3m=10#1 home@2d buy@3d=20#2; \
         b: cart@0s; c: cart@0s checkout@5m home@6m; d: home@1h home@5h; e: buy@0s#3",
    )
}

#[test]
fn figures_are_quotients_of_counts_by_hand() {
    let report = shop().run::<Kpi>(KpiOptions::default()).expect("report");
    // Sessions: a has 3 (2 convert), b 1, c 1, d 2, e 1.
    let session = row(&report, "conversion rate per session");
    assert_eq!(session[3..], [Cell::Count(3), Cell::Count(8)]);
    assert_eq!(session[0], Cell::Share(3.0 / 8.0));
    assert_eq!(row(&report, "conversion rate per customer")[0], Cell::Share(2.0 / 5.0));
    // Order 3 carries no value.
    assert_eq!(row(&report, "average order value")[0], Cell::Money(1500));
    assert!(
        report.notes.iter().any(|it| it.starts_with("Left out of the order value: 1 of 3 orders"))
    );
    assert_eq!(row(&report, "revenue per customer")[0], Cell::Money(600));
    assert_eq!(row(&report, "orders per active customer")[0], Cell::Number(1.5));
    assert_eq!(row(&report, "repeat purchase rate")[0], Cell::Share(0.5));
    assert_eq!(row(&report, "customer return rate")[0], Cell::Share(2.0 / 5.0));
    assert_eq!(row(&report, "cart abandonment rate")[0], Cell::Share(2.0 / 3.0));
    assert_eq!(row(&report, "checkout completion rate")[0], Cell::Share(0.5));
    assert_eq!(row(&report, "single-event session rate")[0], Cell::Share(6.0 / 8.0));
    let median = &row(&report, "purchase journey duration, median")[0];
    assert_eq!(median, &Cell::Span(Span::seconds(90)));
    shop().assert_merges::<Kpi>(KpiOptions::default);
}

#[test]
fn what_has_no_base_says_why() {
    let blog = fixture("a: home@0s; b: home@1d");
    let report = blog.run::<Kpi>(KpiOptions::default()).expect("report");
    assert_eq!(row(&report, "cart abandonment rate")[0], Cell::Empty("no cart stage"));
    assert_eq!(row(&report, "average order value")[0], Cell::Empty("no orders with a value"));
    let spread = Cell::Empty("no spread between customers");
    assert_eq!(row(&report, "conversion rate per session")[1], spread);
    blog.assert_merges::<Kpi>(KpiOptions::default);
    fixture("").assert_merges::<Kpi>(KpiOptions::default);
    let options = KpiOptions { cart: Some("hom".into()), ..KpiOptions::default() };
    assert!(blog.run::<Kpi>(options).is_err());
}

/// The sessions of the golden files as events: page views in one second, then
/// cart and checkout, then the order at its own time.
fn golden_shop() -> Fixture {
    let sessions = oracle::rows("kpi_sessions_shared.csv");
    let orders = oracle::rows("kpi_orders_shared.csv");
    let seconds = |it: &str| it.parse::<i64>().expect("seconds") - 1_704_067_200;
    let mut customers: BTreeMap<String, String> = BTreeMap::new();
    for row in &sessions {
        let at = seconds(&row[2]);
        let events = customers.entry(row[1].to_owned()).or_default();
        let views: usize = row[4].parse().expect("page views");
        events.push_str(&format!("page~{}@{at}s ", &row[3]));
        events.push_str(&format!("page@{at}s ").repeat(views - 1));
        for (flag, stage, later) in [(6, "cart", 1), (7, "checkout", 2)] {
            if &row[flag] == "1" {
                events.push_str(&format!("{stage}@{}s ", at + later));
            }
        }
    }
    for row in &orders {
        let events = customers.entry(row[1].to_owned()).or_default();
        let value = row[4].parse::<f64>().expect("minor units") / 100.0;
        events.push_str(&format!("buy@{}s={value:.2}#{} ", seconds(&row[3]), &row[0]));
    }
    let lines: Vec<String> = customers.iter().map(|(name, it)| format!("{name}: {it}")).collect();
    fixture(&lines.join("; "))
}

#[test]
fn figures_agree_with_the_golden_ones() {
    let Some(golden) = oracle::read("kpi.json") else { return };
    let report = golden_shop().run::<Kpi>(KpiOptions::default()).expect("report");
    let figure = |cell: &Cell| match cell {
        Cell::Share(it) | Cell::Number(it) => *it,
        Cell::Count(it) => *it as f64,
        Cell::Money(it) => *it as f64,
        Cell::Span(it) => it.as_seconds(),
        other => panic!("no figure: {other:?}"),
    };
    for (name, key) in [
        ("conversion rate per session", "conversion_rate_session"),
        ("conversion rate per customer", "conversion_rate_visitor"),
        ("orders", "orders"),
        ("revenue", "gross_revenue_minor"),
        ("repeat purchase rate", "repeat_purchase_rate"),
        ("orders per active customer", "orders_per_active_customer"),
        ("customer return rate", "customer_return_rate"),
        ("cart abandonment rate", "cart_abandonment_rate"),
        ("checkout completion rate", "checkout_completion_rate"),
        ("single-event session rate", "bounce_rate_single_pageview"),
        ("purchase journey duration, median", "purchase_journey_duration_median_seconds"),
        // Shown to the microsecond.
        ("purchase journey duration, mean", "purchase_journey_duration_mean_seconds"),
    ] {
        oracle::close(figure(&row(&report, name)[0]), &golden.output[key], 1e-12, name);
    }
    // Money is shown in whole minor units; its quotient is the golden one.
    for (name, key) in [
        ("average order value", "aov_gross_minor"),
        ("revenue per customer", "revenue_per_visitor_minor"),
    ] {
        let row = row(&report, name);
        oracle::close(figure(&row[3]) / figure(&row[4]), &golden.output[key], 1e-12, name);
        assert!((figure(&row[0]) - golden.output[key].as_f64().expect(key)).abs() <= 0.5);
    }
    assert_eq!(row(&report, "customer return rate")[4], Cell::Count(700));
    assert_eq!(row(&report, "orders per active customer")[4], Cell::Count(93));
}
