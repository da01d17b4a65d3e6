//! Tests of `time`: by hand, against the golden figures, and the merge law.

use super::*;
use crate::analysis::fixture::{Fixture, fixture};
use crate::stats::oracle;

/// Bought after one and three days; two watched for two and five days.
fn four() -> Fixture {
    fixture("a: home@0s buy@1d buy@2d; b: home@2d buy@5d; c: home@3d; d: home@0s home@5d")
}

fn rows(report: &Report, table: &str) -> Vec<Vec<Cell>> {
    report.table(table).expect(table).rows.clone()
}

#[test]
fn the_curve_counts_those_who_have_not_bought_yet() {
    let report = four().run::<Time>(TimeOptions::default()).expect("report");
    let curve = rows(&report, "curve");
    let bought: Vec<_> = curve.iter().map(|it| (it[0].clone(), it[4].clone())).collect();
    let row = |days, share| (Cell::Span(Span::days(days)), Cell::Share(share));
    assert_eq!(bought, [row(0, 0.0), row(1, 0.25), row(2, 0.25), row(3, 0.625), row(5, 0.625)]);
    // Horizons end with the five days of data.
    let horizons = rows(&report, "horizons");
    assert_eq!(horizons.len(), 2);
    assert_eq!(horizons[1][..2], [Cell::Span(Span::days(1)), Cell::Share(0.25)]);
    assert_eq!(horizons[1][4], Cell::Count(3));
}

#[test]
fn the_summary_says_whom_it_counts() {
    let options =
        || TimeOptions { horizons: vec![Span::days(5), Span::days(1)], ..TimeOptions::default() };
    let report = four().run::<Time>(options()).expect("report");
    let summary = rows(&report, "summary");
    assert_eq!(summary[1][1], Cell::Span(Span::days(3)));
    // Area under the curve: 1 + 0.75 · 2 + 0.375 · 2 days.
    assert_eq!(summary[2][1], Cell::Span("3d6h".parse().expect("span")));
    assert_eq!(summary[4][..2], [Cell::text("median among buyers"), Cell::Span(Span::days(2))]);
    assert_eq!(summary[4][4], Cell::text("2 buyers only"));
    four().assert_merges::<Time>(options);
}

#[test]
fn without_buyers_the_median_is_not_reached() {
    let fixture = fixture("a: home@0s; b: home@1d");
    let report = fixture.run::<Time>(TimeOptions::default()).expect("report");
    assert_eq!(rows(&report, "summary")[1][1], Cell::Empty("not reached"));
    assert!(report.notes.iter().any(|it| it.starts_with("No stage is a goal")));
    let nobody = self::fixture("").run::<Time>(TimeOptions::default()).expect("report");
    assert!(nobody.tables.is_empty());
    fixture.assert_merges::<Time>(TimeOptions::default);
}

#[test]
fn a_thinned_curve_keeps_its_counts_and_ends() {
    let line = |it: i64| {
        if it % 3 == 0 { format!("c{it}: home@0s") } else { format!("c{it}: home@0s buy@{it}m") }
    };
    let lines: Vec<String> = (0..1300).map(line).collect();
    let fixture = fixture(&lines.join("; "));
    let all = || TimeOptions { all: true, ..TimeOptions::default() };
    let full = rows(&fixture.run::<Time>(all()).expect("report"), "curve");
    let thin = rows(&fixture.run::<Time>(TimeOptions::default()).expect("report"), "curve");
    assert!(full.len() > CURVE_ROWS && thin.len() <= CURVE_ROWS);
    let sum = |rows: &[Vec<Cell>], column: usize| -> u64 {
        rows.iter().map(|it| if let Cell::Count(it) = it[column] { it } else { 0 }).sum()
    };
    assert_eq!((sum(&full, 2), sum(&full, 3)), (sum(&thin, 2), sum(&thin, 3)));
    assert_eq!(full.first(), thin.first());
    assert_eq!(full.last().map(|it| &it[4]), thin.last().map(|it| &it[4]));
    // What is at risk is what the row before left.
    for pair in thin.windows(2) {
        let count = |row: &[Cell], at: usize| sum(&[row.to_vec()], at);
        let left = count(&pair[0], 1) - count(&pair[0], 2) - count(&pair[0], 3);
        assert_eq!(left, count(&pair[1], 1));
    }
}

#[test]
fn the_curve_agrees_with_lifelines() {
    let Some(golden) = oracle::read("survival_time_to_purchase.json") else { return };
    let group = &golden.output["groups"]["A"];
    // Everyone is watched until day 400, when all buyers buy.
    let minutes = |days: &str| (days.parse::<f64>().expect("days") * 1440.0).round() as i64;
    let mut lines = Vec::new();
    for row in oracle::rows("time_to_purchase_shared.csv").iter().filter(|it| &it[3] == "A") {
        let (end, first) = (400 * 1440, 400 * 1440 - minutes(&row[1]));
        let buy = if &row[2] == "1" { format!("buy@{end}m") } else { String::new() };
        lines.push(format!("{}: home@{first}m {buy}", &row[0]));
    }
    let options = TimeOptions { all: true, ..TimeOptions::default() };
    let report = fixture(&lines.join("; ")).run::<Time>(options).expect("report");
    let curve = rows(&report, "curve");
    let table = group["table"].as_array().expect("table");
    assert_eq!(curve.len(), table.len());
    for (ours, wanted) in curve.iter().zip(table) {
        assert_eq!(ours[1], Cell::Count(wanted["at_risk"].as_u64().expect("at risk")));
        assert_eq!(ours[2], Cell::Count(wanted["observed"].as_u64().expect("observed")));
        for (cell, key) in [(4, "S"), (5, "hi"), (6, "lo")] {
            let Cell::Share(share) = ours[cell] else { panic!("no share {key}") };
            oracle::close(1.0 - share, &wanted[key], 1e-9, key);
        }
    }
}
