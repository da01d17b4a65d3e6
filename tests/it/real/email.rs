//! Hillstrom's e-mail test: three arms of 64,000 customers.

use std::fmt::Write as _;

use super::{at, close, figure, known, table};
use crate::case::{Case, report};

/// The table as events: a row is a customer (rows alike are different people), who is
/// assigned, may visit an hour later and may buy an hour after that.
fn events(file: std::fs::File) -> String {
    let mut events = String::from("customer,at,event,variant,value\n");
    let rows = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file)).into_records();
    // From 1: the id 0 is on the list of nobody's ids.
    for (number, row) in (1..).zip(rows.map(Result::unwrap)) {
        let _ = writeln!(events, "{number},2008-03-20T08:00:00Z,assigned,{},", &row[8]);
        if &row[9] == "1" {
            let _ = writeln!(events, "{number},2008-03-20T09:00:00Z,visit,{},", &row[8]);
        }
        if &row[10] == "1" {
            let spend = &row[11];
            let _ = writeln!(events, "{number},2008-03-20T10:00:00Z,purchase,{},{spend}", &row[8]);
        }
    }
    events
}

const JOURNEY: &str = "currency = 'USD'\n[[source]]\npath = 'events.csv'\ntime = 'at'\n\
    event = 'event'\nids = { customer = 'customer' }\nvariant = 'variant'\nvalue = 'value'\n\
    [journey]\nconversion = 'purchase'\ngap = 'none'\nend_of_data = 'exit'\n\
    [experiment]\ncontrol = 'No E-Mail'\n";

#[test]
fn arms_visits_conversions_and_spend_are_those_of_the_table() {
    let Some((data, expected)) = known("abtest-hillstrom", "hillstrom.csv.gz") else { return };
    let log = events(std::fs::File::open(data).unwrap());
    let study = Case::new(&[("events.csv", &log), ("journey.toml", JOURNEY)]).study();
    assert_eq!(serde_json::Value::from(study.catalog.customers), expected["rows"]);
    let compared = report(&study, "compare");
    assert!(!compared.negative, "{:?}", compared.findings);
    let part = |key| compared.table(key).unwrap();
    for (arm, known) in expected["arms"].as_object().unwrap() {
        let of = |table, column| figure(at(part(table), &[arm], column));
        close(of("split", "customers"), &known["n"], 0.0, arm);
        close(of("conversion", "customers"), &known["n"], 0.0, arm);
        close(of("conversion", "converted"), &known["conversions"], 0.0, arm);
        close(of("conversion", "share"), &known["conversion_rate"], 5e-7, arm);
        close(of("revenue", "value") / 100.0, &known["spend"], 1e-9, arm);
        assert!(of("split", "p") > 0.5);
    }
    // Both mails against none: the first columns name the variant, the stage left, the next one.
    let edges = table(&study, "compare", "transitions");
    for arm in ["Mens E-Mail", "Womens E-Mail"] {
        let of = |column: &str| figure(at(&edges, &[arm, "assigned", "visit"], column));
        for (side, name) in [("a", "No E-Mail"), ("b", arm)] {
            let known = &expected["arms"][name];
            close(of(&format!("moves_{side}")), &known["visits"], 0.0, name);
            close(of(&format!("share_{side}")), &known["visit_rate"], 5e-7, name);
        }
    }
}
