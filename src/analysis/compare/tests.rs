//! Tests of `compare`: by hand, against the golden figures, and the merge law.

use std::collections::BTreeMap;

use super::*;
use crate::analysis::attribution::oracle::{close, golden};
use crate::analysis::fixture::{Fixture, fixture, fixture_with};
use crate::model::{Cell, TouchOptions};
use crate::prepare::{EndOfData, JourneyOptions};
use crate::stats::oracle::rows;

const SHOP: &str = "a1: home@0s/A cart@1m buy@2m=10.00; a2: home@0s/A; a3: home@0s/A cart@1m; \
    b1: home@0s/B cart@1m buy@2m=30.00; b2: home@0s/B cart@1m buy@2m=5.00; \
    b3: home@0s/B; mixed: home@0s/A cart@1m/B; none: home@0s cart@1m; \
    c1: home@0s/C home@1m; end: -@90d";

fn run(fixture: &Fixture, change: impl Fn(&mut ExperimentOptions)) -> Result<Report> {
    let mut options = ExperimentOptions::default();
    change(&mut options);
    fixture.run::<Compare>(options)
}

fn table<'a>(report: &'a Report, key: &str) -> &'a [Vec<Cell>] {
    &report.table(key).unwrap().rows
}

#[test]
fn any_cut_of_the_customers_gives_the_same_comparison() {
    fixture(SHOP).assert_merges::<Compare>(ExperimentOptions::default);
    fixture(SHOP).assert_merges::<Compare>(|| ExperimentOptions {
        min_events: 1,
        ..ExperimentOptions::default()
    });
}

#[test]
fn customers_count_once_and_mixed_ones_not_at_all() {
    let report = run(&fixture(SHOP), |_| {}).unwrap();
    let split: Vec<_> = table(&report, "split").iter().map(|it| it[..2].to_vec()).collect();
    let row = |name: &str, count| vec![Cell::text(name), Cell::Count(count)];
    assert_eq!(split[..3], [row("A", 3), row("B", 3), row("C", 1)]);
    assert_eq!(
        split[3..],
        [row("(several variants)", 1), row("(no variant)", 2), row("(variant not planned)", 0)]
    );
    let conversion = table(&report, "conversion");
    assert_eq!(conversion[1][..4].to_vec(), {
        let mut row = row("B", 3);
        row.extend([Cell::Count(2), Cell::Share(2.0 / 3.0)]);
        row
    });
    let revenue = table(&report, "revenue");
    assert_eq!(revenue[1][2], Cell::Money(3500));
    assert_eq!(revenue[0][3], Cell::Number(1000.0 / 3.0 / 100.0));
    assert_eq!(report.maps.len(), 1);
}

#[test]
fn ways_out_of_a_stage_are_moves_and_exits() {
    let report = run(&fixture(SHOP), |it| it.min_events = 1).unwrap();
    let find = |from: &str, to: &str| {
        let key = [Cell::text("B"), Cell::text(from), Cell::text(to)];
        table(&report, "transitions").iter().find(|it| it[..3] == key).unwrap()[3..7].to_vec()
    };
    let third = |n: f64| Cell::Share(n / 3.0);
    let cells = |a, b, x, y| vec![Cell::Count(a), Cell::Count(b), x, y];
    assert_eq!(find("home", "cart"), cells(2, 2, third(2.0), third(2.0)));
    assert_eq!(find("home", "(exit)"), cells(1, 1, third(1.0), third(1.0)));
    assert_eq!(find("cart", "buy"), cells(1, 2, Cell::Share(0.5), Cell::Share(1.0)));
    let map = &report.maps[0].1;
    let cart = map.nodes.iter().find(|it| it.name == "cart").unwrap();
    let exits = cart.exit_change.unwrap();
    assert_eq!((exits.share_a, exits.share_b, exits.significant), (0.5, 0.0, false));
    assert!(map.edges.iter().any(|it| it.change.is_some_and(|it| !it.significant)));
}

#[test]
fn a_split_off_its_plan_is_the_first_finding_and_a_no() {
    let mut text = String::new();
    for customer in 0..60 {
        let arm = if customer < 50 { "A" } else { "B" };
        text.push_str(&format!("c{customer}: home@0s/{arm};"));
    }
    let report = run(&fixture(&text), |_| {}).unwrap();
    assert!(report.negative && report.findings[0].starts_with("SAMPLE RATIO MISMATCH"));
    let planned = |it: &mut ExperimentOptions| {
        it.split = IndexMap::from([("A".to_owned(), 5.0), ("B".to_owned(), 1.0)]);
    };
    assert!(!run(&fixture(&text), planned).unwrap().negative);
}

#[test]
fn the_control_is_the_one_named_or_the_usual_one() {
    let names = |text: &str, change: fn(&mut ExperimentOptions)| {
        let report = run(&fixture(text), change)?;
        Ok::<_, Error>(
            table(&report, "conversion").iter().map(|it| it[0].clone()).collect::<Vec<_>>(),
        )
    };
    let texts = |names: &[&str]| names.iter().map(|it| Cell::text(*it)).collect::<Vec<_>>();
    let three = "x: h@0s/beta; y: h@0s/Control; z: h@0s/alpha";
    assert_eq!(names(three, |_| {}).unwrap(), texts(&["Control", "alpha", "beta"]));
    let beta = |it: &mut ExperimentOptions| it.control = Some("beta".to_owned());
    assert_eq!(names(three, beta).unwrap(), texts(&["beta", "Control", "alpha"]));
    assert_eq!(names("x: h@0s/y; y: h@0s/x", |_| {}).unwrap(), texts(&["x", "y"]));
}

#[test]
fn questions_that_the_data_cannot_answer_are_errors_with_a_hint() {
    let two = "x: h@0s/A; y: h@0s/B";
    let hint = |text: &str, change: fn(&mut ExperimentOptions)| {
        run(&fixture(text), change).err().and_then(|it| it.hint_text().map(str::to_owned)).unwrap()
    };
    assert!(hint(two, |it| it.property = "varaint".to_owned()).contains("variant"));
    assert!(hint("x: h@0s/A", |_| {}).contains("[experiment]"));
    assert!(hint("x: h@0s", |_| {}).contains("[experiment]"));
    assert!(run(&fixture(two), |it| it.control = Some("C".to_owned())).is_err());
    let share = |it: &mut ExperimentOptions| {
        it.split.insert("A".to_owned(), -1.0);
    };
    assert!(hint(two, share).contains("positive"));
    let many: String = (0..21).map(|it| format!("c{it}: h@0s/v{it};")).collect();
    assert!(run(&fixture(&many), |_| {}).unwrap_err().hint_text().unwrap().contains("split"));
}

/// Sessions as journeys, a hundred days apart; the goal is called `buy`.
fn sessions() -> Fixture {
    let mut customers: BTreeMap<String, (String, String)> = BTreeMap::new();
    for row in rows("transitions_shared.csv") {
        let customer = customers.entry(row[0].to_owned()).or_default();
        let day = row[2].parse::<i64>().unwrap() * 100;
        let step: i64 = row[3].parse().unwrap();
        let variant = &row[1];
        if step == 0 {
            customer.0.push_str(&format!(" {}@{day}d/{variant}", &row[4]));
        }
        let to = row[5].replace("purchase", "buy");
        if to != "exit" {
            let minute = step + 1;
            customer.0.push_str(&format!(" {to}@{day}d{minute}m/{variant}"));
        }
    }
    let text: Vec<String> = customers.iter().map(|it| format!("{}:{}", it.0, it.1.0)).collect();
    let options = JourneyOptions { end_of_data: EndOfData::Exit, ..JourneyOptions::default() };
    fixture_with(&text.join(";"), &options, TouchOptions::Sessions)
}

#[test]
fn transitions_meet_the_clustered_errors_of_statsmodels() {
    let Some(golden) = golden("transition_compare.json") else { return };
    let report = run(&sessions(), |_| {}).unwrap();
    let ours = report.table("transitions").unwrap();
    let tested = ours.rows.iter().filter(|it| !matches!(it[13], Cell::Empty(_))).count();
    assert_eq!(tested, golden.as_array().unwrap().len());
    for wanted in golden.as_array().unwrap() {
        let name = |key: &str| {
            let name = wanted[key].as_str().unwrap();
            Cell::text(name.replace("purchase", "buy").replace("exit", "(exit)"))
        };
        let key = [name("from"), name("to")];
        let row = ours.rows.iter().find(|it| it[1..3] == key).unwrap();
        let columns = [
            ("moves_a", "x_A"),
            ("moves_b", "x_B"),
            ("share_a", "p_A"),
            ("share_b", "p_B"),
            ("difference", "difference"),
            ("se", "cluster_se_CR1_per_arm"),
            ("z", "cluster_z"),
            ("p", "cluster_p"),
            ("q", "bh_q"),
            ("customers_a", "customers_A"),
            ("customers_b", "customers_B"),
        ];
        for (column, theirs) in columns {
            let figure = match row[ours.column(column).unwrap()] {
                Cell::Count(it) => it as f64,
                Cell::Share(it) | Cell::Number(it) => it,
                ref other => panic!("{column}: {other:?}"),
            };
            close(figure, &wanted[theirs], column);
        }
    }
}
