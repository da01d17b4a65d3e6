//! Golden figures of credit, reached through the whole `attribute` analysis; tests only.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::analysis::attribute::Attribute;
use crate::analysis::attribution::AttributionOptions;
use crate::analysis::fixture::{EPOCH, Fixture, fixture_with};
use crate::analysis::ledger::Ledger;
use crate::model::{Cell, Report, TouchOptions};
use crate::prepare::{EndOfData, JourneyOptions};
use crate::stats::oracle::rows;

/// The golden figures of a file, made from exactly the inputs that are at hand.
pub(crate) fn golden(name: &str) -> Option<Value> {
    Some(crate::stats::oracle::read(name)?.output)
}

#[track_caller]
pub(crate) fn close(ours: f64, golden: &Value, what: &str) {
    let golden = golden.as_f64().unwrap_or_else(|| panic!("{what}: no golden figure"));
    let bound = 1e-9f64.max(1e-10 * golden.abs());
    assert!((ours - golden).abs() <= bound, "{what}: {ours:e}, golden {golden:e}");
}

/// Number of a cell.
fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Number(it) | Cell::Share(it) => *it,
        Cell::Money(it) => *it as f64,
        Cell::Count(it) => *it as f64,
        other => panic!("not a number: {other:?}"),
    }
}

/// A column of the table `credit`, by (model, channel).
fn credit(report: &Report, column: &str) -> BTreeMap<(String, String), f64> {
    let table = report.table("credit").unwrap();
    let at = table.column(column).unwrap();
    let text = |cell: &Cell| match cell {
        Cell::Text(it) => it.clone(),
        other => panic!("not a text: {other:?}"),
    };
    let rows = table.rows.iter().filter(|it| !matches!(it[at], Cell::Empty(_)));
    rows.map(|it| ((text(&it[0]), text(&it[1])), number(&it[at]))).collect()
}

fn closed_log() -> JourneyOptions {
    JourneyOptions { end_of_data: EndOfData::Exit, ..JourneyOptions::default() }
}

#[test]
fn touch_models_meet_their_definitions_in_python() {
    let Some(golden) = golden("touch_models.json") else { return };
    let mut customers: BTreeMap<String, String> = BTreeMap::new();
    for row in rows("touches_shared.csv") {
        let at = row[1].parse::<i64>().unwrap() - 1_700_000_000;
        let event = match &row[3] {
            "purchase" => {
                let minor: i64 = row[4].parse().unwrap();
                format!(" buy@{at}s={}.{:02}", minor / 100, minor % 100)
            }
            touch => format!(" {touch}~{}@{at}s", &row[2]),
        };
        customers.entry(row[0].to_owned()).or_default().push_str(&event);
    }
    let text: Vec<String> = customers.iter().map(|it| format!("{}:{}", it.0, it.1)).collect();
    let fixture = fixture_with(&text.join(";"), &JourneyOptions::default(), TouchOptions::Events);
    let report = fixture.run::<Attribute>(AttributionOptions::default()).unwrap();
    assert!(!report.negative);
    let conversions = credit(&report, "conversions");
    let money = credit(&report, "value");
    let unrounded = credit(&report, "value_unrounded");
    let models = [
        ("first", "first"),
        ("last", "last"),
        ("last_non_direct", "last_non_direct"),
        ("linear", "linear"),
        ("position", "position_u_40_20_40"),
        ("time_decay", "time_decay_half_life_7d"),
    ];
    for (name, theirs) in models {
        let model = &golden["models"][theirs];
        let mut off = Vec::new();
        for (channel, wanted) in model["conversions"].as_object().unwrap() {
            let key = (name.to_owned(), channel.clone());
            close(conversions[&key], wanted, theirs);
            close(unrounded[&key], &model["value_minor_float"][channel], theirs);
            let golden = model["value_minor_ledger"][channel].as_i64().unwrap();
            let ours = money[&key] as i64;
            off.push(ours - golden);
            // The peer adds floats: in two conversions under `position` they break a tie of
            // remainders that exact fractions decide as we do.
            let ties = i64::from(name == "position");
            assert!((ours - golden).abs() <= ties, "{name} {channel}: {ours}, golden {golden}");
        }
        assert_eq!(off.iter().sum::<i64>(), 0, "{name}");
        ledger_rows(&fixture, name, &golden["first_12_ledger_rows"][theirs]);
    }
    let none = ("linear".to_owned(), "(unattributed)".to_owned());
    assert_eq!(conversions[&none], golden["unattributed_conversions"].as_f64().unwrap());
    assert_eq!(money[&none], golden["unattributed_value_minor"].as_f64().unwrap());
}

/// The ledger's rows of single conversions, those without weight left out.
fn ledger_rows(fixture: &Fixture, model: &str, golden: &Value) {
    let options =
        AttributionOptions { ledger_model: model.to_owned(), ..AttributionOptions::default() };
    let report = fixture.run::<Ledger>(options).unwrap();
    assert!(!report.negative);
    let ours = &report.table("ledger").unwrap().rows;
    for wanted in golden.as_array().map_or(&[][..], Vec::as_slice) {
        let at = wanted["conversion_ts"].as_i64().unwrap() - 1_700_000_000;
        let time = Cell::Time(crate::base::Timestamp(EPOCH + at * 1_000_000));
        let customer = Cell::text(wanted["customer"].as_str().unwrap());
        let own: Vec<_> = ours.iter().filter(|it| it[0] == time && it[2] == customer).collect();
        let weights = wanted["weights"].as_object().unwrap();
        let earned = weights.iter().filter(|it| it.1.as_f64() > Some(0.0));
        for ((channel, weight), row) in earned.clone().zip(&own) {
            assert_eq!(row[4], Cell::text(channel));
            close(number(&row[5]), weight, model);
            close(number(&row[7]), &wanted["credits_minor"][channel], model);
        }
        assert_eq!(earned.count(), own.len());
    }
}

/// Paths as customers, their touches a second apart.
fn paths(name: &str) -> Fixture {
    let mut text = String::new();
    for row in rows(name) {
        let touches: String = row[0]
            .split(" > ")
            .enumerate()
            .map(|(second, channel)| format!(" visit~{channel}@{second}s"))
            .collect();
        let conversions: usize = row[1].parse().unwrap();
        let nulls: usize = row[2].parse().unwrap();
        let value: i64 = row[3].parse().unwrap();
        for part in crate::base::money::apportion(value, &vec![1; conversions]) {
            let amount = format!("{}.{:02}", part / 100, part % 100);
            text.push_str(&format!("x:{touches} buy@1000s={amount};"));
        }
        (0..nulls).for_each(|_| text.push_str(&format!("x:{touches};")));
    }
    fixture_with(&text, &closed_log(), TouchOptions::Events)
}

fn heuristics_and_markov(set: &str) {
    let Some(heuristics) = golden(&format!("heuristics_{set}.json")) else { return };
    let Some(markov) = golden(&format!("markov_exact_{set}.json")) else { return };
    let fixture = paths(&format!("paths_{set}.csv"));
    let report = fixture.run::<Attribute>(AttributionOptions::default()).unwrap();
    assert!(!report.negative);
    let conversions = credit(&report, "conversions");
    let unrounded = credit(&report, "value_unrounded");
    let effects = credit(&report, "removal_effect");
    for (channel, wanted) in heuristics["channels"].as_object().unwrap() {
        for name in ["first", "last", "linear"] {
            let key = (name.to_owned(), channel.clone());
            close(conversions[&key], &wanted[format!("{name}_touch_conversions")], channel);
            let value = wanted[format!("{name}_touch_value")].as_f64().unwrap();
            assert!((unrounded[&key] - value).abs() < 1e-7, "{name} {channel}");
        }
    }
    let first = &markov["1"];
    for (channel, wanted) in first["removal_effect_conversions"].as_object().unwrap() {
        let key = ("markov".to_owned(), channel.clone());
        close(effects[&key], wanted, channel);
        close(conversions[&key], &first["attributed_conversions"][channel], channel);
        let value = first["attributed_value_minor"][channel].as_f64().unwrap();
        assert!((unrounded[&key] / value - 1.0).abs() < 1e-9, "{channel}");
    }
}

#[test]
fn heuristics_and_markov_meet_channel_attribution_and_exact_algebra_a() {
    heuristics_and_markov("a");
}

#[test]
fn heuristics_and_markov_meet_channel_attribution_and_exact_algebra_b() {
    heuristics_and_markov("b");
}

#[test]
fn without_null_paths_markov_says_so() {
    let Some(markov) = golden("markov_exact_b.json") else { return };
    let fixture = paths("paths_b.csv");
    let converting: Vec<_> =
        fixture.shards.iter().filter(|it| it.amounts.last() != Some(&i64::MIN)).cloned().collect();
    let analysis = <Attribute as crate::analysis::Analysis>::new(
        AttributionOptions::default(),
        &fixture.catalog,
    )
    .unwrap();
    let state = fixture.fold(&analysis, &converting);
    let report = fixture.finish(&analysis, state).unwrap();
    assert!(report.notes.iter().any(|it| it.contains("P(conversion) = 1")));
    let conversions = credit(&report, "conversions");
    let golden = markov["1"]["without_null_paths"]["attributed_conversions"].as_object().unwrap();
    for (channel, wanted) in golden {
        close(conversions[&("markov".to_owned(), channel.clone())], wanted, channel);
    }
}
