//! BPI Challenge 2012: a bank's log of 13,087 closed cases, against pm4py's figures.

use serde_json::Value;
use touchpath::study::Study;

use super::{at, close, figure, known, same, study_of, table};
use crate::case::count;
use crate::conservation::{assert_conserved, graph};

/// The study of the log, perhaps of some of its rows; ties keep the order of the file.
fn log(filter: &str) -> Option<(Study, Value)> {
    let (data, expected) = known("xes-logs", "bpic2012.csv.gz")?;
    let source =
        format!("time = 'timestamp'\nevent = 'activity'\nids = {{ case = 'case_id' }}\n{filter}");
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
