//! Three small click streams: a shop's sessions, a web server's log, a tool's demo data.

use super::{at, close, figure, known, same, study_of, table};
use crate::case::Case;
use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::study::{LoadOptions, Study};

#[test]
fn sessions_of_the_source_agree_with_its_maker() {
    let Some((data, expected)) = known("clickstream", "retentioneering_ecom_SYNTHETIC.csv.gz")
    else {
        return;
    };
    let known = &expected["ecom"];
    let source = "time = 'timestamp'\nevent = 'event'\nids = { user = 'user_id' }\n\
                  session = 'session_id'";
    let sections = "[session]\npreset = 'source'\n[journey]\nconversion = 'purchase'";
    let study = study_of(&data, source, sections);
    let overview = table(&study, "overview", "overview");
    for (measure, key) in [
        ("events", "rows"),
        ("customers", "users"),
        ("sessions", "sessions"),
        ("converting customers", "users_with_purchase"),
    ] {
        close(figure(at(&overview, &[measure], "value")), &known[key], 0.0, measure);
    }
    let stages = table(&study, "map", "stages");
    same(&stages, "visits", &known["events"]);
    close(figure(at(&overview, &["conversions"], "value")), &known["events"]["purchase"], 0.0, "");
}

/// Two rows in five stand before an earlier one of the same visitor.
#[test]
fn a_web_log_out_of_order_is_counted_whole() {
    let Some((data, expected)) = known("clickstream", "weblog_semicomplete.csv.gz") else { return };
    let known = &expected["weblog"];
    let sections = "[journey]\nconversion = []\ngap = 'none'";
    let source = |more: &str| {
        format!("time = 'timestamp'\nevent = 'status'\nids = {{ cookie = 'visitor' }}\n{more}")
    };
    let study = study_of(&data, &source(""), sections);
    let overview = table(&study, "overview", "overview");
    let of = |measure| figure(at(&overview, &[measure], "value"));
    close(of("events"), &known["rows"], 0.0, "rows");
    close(of("customers"), &known["visitors"], 0.0, "visitors");
    same(&table(&study, "map", "stages"), "visits", &known["status"]);
    // The stage by a rule on a property, and rows by a filter, give the same.
    let rule =
        format!("[[stage]]\nname = 'seen'\nproperty = 'status'\nregex = '^200$'\n{sections}");
    let study = study_of(&data, &source("properties = { status = 'status' }"), &rule);
    let seen = figure(at(&table(&study, "map", "stages"), &["seen"], "visits"));
    close(seen, &known["status"]["200"], 0.0, "status 200");
    let study = study_of(&data, &source("where = \"bot == 1\""), sections);
    close(study.raw.issues.used() as f64, &known["bot_rows"], 0.0, "rows of bots");
}

/// OTTO writes one object a session, its events in a list: a line is no event, and we say so.
#[test]
fn a_list_of_events_in_a_line_is_refused_with_advice() {
    let Some((data, expected)) = known("clickstream", "otto_sample.jsonl") else { return };
    let error = touchpath::input::sniff::sniff(&data.display().to_string()).unwrap_err();
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("\"events\" holds a list"), "{hint}");
    let source = "time = 'events.ts'\nevent = 'events.type'\nids = { session = 'session' }";
    let case = Case::new(&[("journey.toml", &super::journey(&data, source, ""))]);
    let config = Config::read(&case.path("journey.toml")).unwrap();
    let error = Study::load(config, &LoadOptions::default(), &Unwatched).err().unwrap();
    assert!(error.message().contains("no column \"events.ts\""), "{error}");
    // Written as the advice says, one event a line, it reads; but its first session is
    // called 0, which is on the list of nobody's ids.
    let plain = unfolded(&data, "");
    assert_eq!((plain.catalog.customers, plain.raw.issues.read), (19, 862));
    assert_eq!(plain.raw.blocked.iter().map(|it| it.1).sum::<u64>(), plain.raw.issues.rejected());
    let study = unfolded(&data, "s");
    let known = &expected["otto"];
    assert_eq!(serde_json::Value::from(study.catalog.customers), known["sessions"]);
    assert_eq!(serde_json::Value::from(study.catalog.events), known["events"]);
    same(&table(&study, "map", "stages"), "visits", &known["types"]);
}

/// The shop's sessions as lines of one event each, with something before each session's id.
fn unfolded(data: &std::path::Path, before: &str) -> Study {
    let mut lines = String::new();
    for session in std::fs::read_to_string(data).unwrap().lines() {
        let session: serde_json::Value = serde_json::from_str(session).unwrap();
        for event in session["events"].as_array().unwrap() {
            let mut event = event.clone();
            event["session"] = format!("{before}{}", session["session"]).into();
            lines.push_str(&format!("{event}\n"));
        }
    }
    let journey = "[[source]]\npath = 'otto.jsonl'\ntime = 'ts'\ntime_format = 'epoch_ms'\n\
                   event = 'type'\nids = { session = 'session' }\n\
                   [journey]\nconversion = 'orders'";
    Case::new(&[("otto.jsonl", &lines), ("journey.toml", journey)]).study()
}
