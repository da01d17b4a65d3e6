//! BPI Challenge 2012: a bank's log of 13,087 closed cases, and the receipt phase of a
//! permit, against pm4py's figures; as XES and as CSV.

use serde_json::Value;
use touchpath::study::Study;

use super::{at, close, figure, known, same, study_of, table};
use crate::case::{count, reports};
use crate::conservation::{assert_conserved, graph};

/// The study of the log, perhaps of some of its rows; ties keep the order of the file.
fn log(filter: &str) -> Option<(Study, Value)> {
    let (data, expected) = known("xes-logs", "bpic2012.csv.gz")?;
    let source =
        format!("time = 'timestamp'\nevent = 'activity'\nids = {{ case = 'case_id' }}\n{filter}");
    let sections = "[journey]\nconversion = []\ngap = 'none'\nend_of_data = 'exit'";
    Some((study_of(&data, &source, sections), expected))
}

/// The study of a log in XES; ids and names are those of its standard.
fn xes(file: &str, more: &str) -> Option<(Study, Value)> {
    let (data, expected) = known("xes-logs", file)?;
    let source = format!(
        "time = 'time:timestamp'\nevent = 'concept:name'\n\
         ids = {{ case = 'case:concept:name' }}\n{more}"
    );
    let sections = "[journey]\nconversion = []\ngap = 'none'\nend_of_data = 'exit'";
    Some((study_of(&data, &source, sections), expected))
}

fn check(study: &Study, known: &Value) {
    assert_conserved(&graph(study), "bpic2012");
    let overview = table(study, "overview", "overview");
    for (measure, key) in [
        ("events", "events"),
        ("steps", "events"),
        ("customers", "cases"),
        ("journeys", "cases"),
        ("journeys exited", "cases"),
        ("stages", "activities"),
        ("transitions", "distinct_transitions"),
        ("moves", "transitions_total"),
    ] {
        let ours = count(&overview, "measure", measure, "value");
        assert_eq!(Value::from(ours), known[key], "{measure}");
    }
    let stages = table(study, "map", "stages");
    same(&stages, "starts", &known["start"]);
    same(&stages, "exits", &known["end"]);
    let transitions = table(study, "map", "transitions");
    assert_eq!(Value::from(transitions.rows.len()), known["distinct_transitions"]);
    for top in known["top_transitions"].as_array().unwrap() {
        let pair = [top[0].as_str().unwrap(), top[1].as_str().unwrap()];
        close(figure(at(&transitions, &pair, "moves")), &top[2], 0.0, &pair.join(" > "));
    }
    check_paths(study, known);
}

fn check_paths(study: &Study, known: &Value) {
    let variety = table(study, "paths", "variety");
    let distinct = at(&variety, &["distinct variants"], "value");
    close(figure(distinct), &known["variants"], 0.0, "variants");
    let paths = table(study, "paths", "paths");
    let column = |key| paths.column(key).unwrap();
    for (row, top) in paths.rows.iter().zip(known["top_variants"].as_array().unwrap()) {
        assert_eq!(row[column("path")], touchpath::model::Cell::text(top[0].as_str().unwrap()));
        close(figure(&row[column("journeys")]), &top[1], 0.0, "journeys of a variant");
    }
    let lengths = table(study, "paths", "lengths");
    let of = |measure, column| figure(at(&lengths, &["exit", measure], column));
    close(of("steps", "mean"), &known["mean_len"], 1e-6, "mean length");
    close(of("steps", "median"), &known["median_len"], 0.0, "median length");
    let hours = &known["duration_h"];
    close(of("duration", "mean") / 3600.0, &hours["mean"], 1e-4, "mean duration");
    close(of("duration", "median") / 3600.0, &hours["median"], 1e-4, "median duration");
}

#[test]
fn a_log_of_closed_cases_agrees_with_pm4py() {
    let Some((study, expected)) = log("") else { return };
    assert_eq!((study.raw.issues.filtered, study.raw.issues.rejected()), (0, 0));
    check(&study, &expected["bpic2012_all"]);
}

#[test]
fn the_completed_activities_of_the_log_agree_too() {
    let Some((study, expected)) = log("where = \"lifecycle == 'COMPLETE'\"") else { return };
    assert_eq!(study.raw.issues.read, 262_200);
    check(&study, &expected["bpic2012_complete_only"]);
}

#[test]
fn the_application_states_alone_agree_too() {
    let Some((study, expected)) = log("where = \"activity ~ '^A_'\"") else { return };
    check(&study, &expected["bpic2012_A_only"]);
}

#[test]
fn xes_and_csv_of_a_log_give_the_same_outputs() {
    let more = |amount: &str, lifecycle: &str| {
        format!("variant = '{lifecycle}'\nvalue = '{amount}'\nconstants = {{ channel = 'bank' }}")
    };
    let Some((csv, _)) = log(&more("amount_req", "lifecycle")) else { return };
    let Some((xes, _)) = xes("bpic2012.xes.gz", &more("case:AMOUNT_REQ", "lifecycle:transition"))
    else {
        return;
    };
    assert_eq!(xes.raw.issues, csv.raw.issues);
    assert_eq!((xes.catalog.events, xes.catalog.customers), (262_200, 13_087));
    assert_eq!(reports(&xes), reports(&csv));
}

#[test]
fn the_receipt_log_agrees_with_pm4py() {
    let Some((study, expected)) = xes("receipt.xes.gz", "") else { return };
    assert_eq!((study.raw.issues.filtered, study.raw.issues.rejected()), (0, 0));
    check(&study, &expected["receipt"]);
}

#[test]
fn attributes_of_a_trace_tell_its_events_apart() {
    for (channel, cases) in [("Internet", 1250), ("Desk", 109), ("Post", 53), ("e-mail", 21)] {
        let filter = format!("where = \"`case:channel` == '{channel}'\"");
        let Some((study, expected)) = xes("receipt.xes.gz", &filter) else { return };
        assert_eq!(study.catalog.customers, cases);
        assert_eq!(Value::from(cases), expected["receipt_channel_cases"][channel]);
    }
}
