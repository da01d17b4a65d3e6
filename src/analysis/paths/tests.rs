//! Tests of `paths`: by hand, against the golden figures, and the merge law.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::analysis::fixture::{Fixture, fixture};
use crate::base::{Span, money::Total};

fn shop() -> Fixture {
    fixture(
        "a: home~email@0s cart@1m buy@2m=10; b: home~ads@0s cart@1m buy@4m=20 home@5m; \
         c: home@0s home@1m; d: home@0s; e: home@1d cart@2d buy@9d=30; f: home@90d",
    )
}

fn rows(report: &Report, table: &str) -> Vec<Vec<Cell>> {
    report.table(table).expect(table).rows.clone()
}

#[test]
fn variants_are_counted_by_hand() {
    let report = shop().run::<Paths>(PathsOptions::default()).expect("report");
    let rows = rows(&report, "paths");
    let paths: Vec<_> = rows.iter().map(|it| (it[1].clone(), it[3].clone())).collect();
    let path = |name: &str, count| (Cell::text(name), Cell::Count(count));
    assert_eq!(paths, [path("home", 3), path("home > cart > buy", 3), path("home > home", 1)]);
    // Of three journeys at home alone, one is open: none of two converted.
    assert_eq!(rows[0][7], Cell::Share(0.0));
    assert_eq!(rows[0][4], Cell::Share(3.0 / 7.0));
    assert_eq!(rows[1][5], Cell::Share(6.0 / 7.0));
    assert_eq!(rows[1][10..], [Cell::Span(Span::seconds(240)), Cell::Money(6000)]);
}

#[test]
fn what_is_not_shown_is_summed() {
    let options = || PathsOptions { top: 1, collapse: true };
    let report = shop().run::<Paths>(options()).expect("report");
    let rows = rows(&report, "paths");
    // Repeats joined, "home" is taken by four journeys.
    assert_eq!(rows[0][1..4], [Cell::text("home"), Cell::Count(1), Cell::Count(4)]);
    assert_eq!(rows[1][1], Cell::text("(other)"));
    assert_eq!((&rows[1][3], &rows[1][11]), (&Cell::Count(3), &Cell::Money(6000)));
    shop().assert_merges::<Paths>(options);
}

#[test]
fn lengths_are_those_of_each_outcome() {
    let report = shop().run::<Paths>(PathsOptions::default()).expect("report");
    let rows = rows(&report, "lengths");
    let row = |outcome: &str, measure: &str| {
        let wanted = [Cell::text(outcome), Cell::text(measure)];
        rows.iter().find(|it| it[..2] == wanted).expect(measure)[2..].to_vec()
    };
    let three = Cell::Number(3.0);
    assert_eq!(
        row("converted", "steps"),
        [Cell::Count(3), three.clone(), three.clone(), three, Cell::Integer(3)]
    );
    // One session each for a and b, three for e.
    assert_eq!(row("converted", "sessions")[1..3], [Cell::Number(5.0 / 3.0), Cell::Number(1.0)]);
    assert_eq!(row("converted", "touches")[1], Cell::Number(2.0 / 3.0));
    assert_eq!(row("converted", "duration")[4], Cell::Span(Span::days(8)));
    assert_eq!(row("exit", "steps")[..2], [Cell::Count(3), Cell::Number(4.0 / 3.0)]);
    assert_eq!(row("open", "steps")[0], Cell::Count(1));
}

#[test]
fn without_journeys_there_is_no_path() {
    let nobody = fixture("");
    let report = nobody.run::<Paths>(PathsOptions::default()).expect("report");
    assert!(rows(&report, "paths").is_empty());
    nobody.assert_merges::<Paths>(PathsOptions::default);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn variants_equal_a_map_of_whole_paths(
        journeys in prop::collection::vec(prop::collection::vec(0usize..3, 1..5), 0..12),
        top in 0usize..4,
    ) {
        let names = ["home", "cart", "buy"];
        let lines: Vec<String> = journeys.iter().enumerate().map(|(at, stages)| {
            let steps = stages.iter().enumerate().map(|(i, &it)| format!("{}@{i}m", names[it]));
            format!("c{at}: {}", steps.collect::<Vec<_>>().join(" "))
        }).collect();
        let fixture = fixture(&lines.join("; "));
        // Each purchase ends a journey: cut the lists the same way.
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        for stages in &journeys {
            for part in stages.split_inclusive(|&it| it == 2) {
                let path: Vec<&str> = part.iter().map(|&it| names[it]).collect();
                *wanted.entry(path.join(" > ")).or_default() += 1;
            }
        }
        let options = || PathsOptions { top, collapse: false };
        let report = fixture.run::<Paths>(options()).expect("report");
        let mut seen: Total = 0;
        for row in rows(&report, "paths") {
            let (Cell::Text(path), Cell::Count(count)) = (&row[1], &row[3]) else {
                panic!("text and count");
            };
            seen += Total::from(*count);
            if path != "(other)" {
                prop_assert_eq!(wanted.get(path), Some(count));
            }
        }
        prop_assert_eq!(seen, wanted.values().map(|&it| Total::from(it)).sum::<Total>());
        fixture.assert_merges::<Paths>(options);
    }
}
