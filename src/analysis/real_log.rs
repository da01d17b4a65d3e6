//! Map and paths on a real log (BPI Challenge 2012), against pm4py's figures.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use serde_json::Value;

use super::graph::GraphFold;
use super::map::{Map, MapOptions};
use super::paths::{Paths, PathsOptions};
use super::{Analysis, Evidence};
use crate::base::{ChannelId, Dictionary, NONE, Names, StageId, Timestamp, ValueId};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Catalog, Cell, Events, Report, StageGraph, TouchOptions};
use crate::prepare::journeys::Limit;
use crate::prepare::{
    EndOfData, JourneyOptions, JourneyRule, SessionRule, TouchRule, Walker, Walking,
};

/// The log and what is known of it; `None`, with a line to stderr, when absent.
fn read() -> Option<(String, Value)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/xes-logs"));
    let (log, golden) =
        (fs_err::read(folder.join("bpic2012.csv.gz")), folder.join("expected.json"));
    let Ok(log) = log else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no real log");
        writeln!(std::io::stderr(), "skipped: no real log").ok();
        return None;
    };
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(log.as_slice()).read_to_string(&mut text).expect("log");
    let golden = serde_json::from_slice(&fs_err::read(golden).expect("golden")).expect("json");
    Some((text, golden))
}

/// Cases as customers, activities as stages; ties keep the order of the file.
fn events(text: &str) -> (Catalog, Events) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|it| it.expect("row")).collect();
    let stages = Names::new(rows.iter().map(|it| it[2].to_owned()));
    let mut cases: BTreeMap<&str, Vec<(i64, StageId)>> = BTreeMap::new();
    for row in &rows {
        let time: jiff::Timestamp = row[1].parse().expect("time");
        let stage = StageId(stages.id(&row[2]).expect("stage"));
        cases.entry(&row[0]).or_default().push((time.as_microsecond(), stage));
    }
    let mut events = Events { offsets: vec![0], ..Events::default() };
    for case in cases.values_mut() {
        case.sort_by_key(|it| it.0);
        events.times.extend(case.iter().map(|it| it.0));
        events.stages.extend(case.iter().map(|it| it.1));
        events.offsets.push(events.times.len() as u32);
    }
    let count = events.times.len();
    events.channels = vec![ChannelId::NONE; count];
    events.amounts = vec![NO_AMOUNT; count];
    events.orders = vec![NONE; count];
    events.properties = Vec::<Vec<ValueId>>::new();
    let end = events.times.iter().max().copied().expect("events");
    let catalog =
        Catalog { stages, span: Some((Timestamp(0), Timestamp(end))), ..Catalog::default() };
    (catalog, events)
}

fn walk(catalog: &Catalog, events: &Events, visit: impl FnMut(&crate::model::Customer<'_>)) {
    let options = JourneyOptions {
        gap: Limit(None),
        end_of_data: EndOfData::Exit,
        ..JourneyOptions::default()
    };
    let walking = Walking {
        sessions: SessionRule::timeout(crate::base::Span::seconds(1800)),
        touches: TouchRule(TouchOptions::Sessions),
        journeys: JourneyRule::new(&options, catalog),
        select: None,
    };
    Walker::default().walk(&walking, events, visit);
}

fn run<A: Analysis>(
    options: A::Options,
    catalog: &Catalog,
    events: &Events,
    graph: &StageGraph,
) -> Report {
    let analysis = A::new(options, catalog).expect("analysis");
    let mut state = analysis.start();
    walk(catalog, events, |it| analysis.visit(&mut state, it));
    let (orders, customer_name) = (Dictionary::default(), |_| String::new());
    let evidence = Evidence {
        catalog,
        graph,
        orders: &orders,
        customer_name: &customer_name,
        confidence: 0.95,
    };
    analysis.finish(state, &evidence).expect("report")
}

fn count(cell: &Cell) -> u64 {
    match cell {
        Cell::Count(it) => *it,
        other => panic!("no count: {other:?}"),
    }
}

fn text(cell: &Cell) -> &str {
    match cell {
        Cell::Text(it) => it,
        other => panic!("no text: {other:?}"),
    }
}

#[test]
fn map_and_paths_agree_with_pm4py() {
    let Some((log, golden)) = read() else { return };
    let golden = &golden["bpic2012_all"];
    let (catalog, events) = events(&log);
    assert_eq!(Value::from(events.len()), golden["events"]);
    let fold = GraphFold::new(&catalog);
    let mut state = fold.start();
    walk(&catalog, &events, |it| fold.visit(&mut state, it));
    let graph = fold.finish(state);
    check_map(&run::<Map>(MapOptions::default(), &catalog, &events, &graph), golden);
    check_paths(&run::<Paths>(PathsOptions::default(), &catalog, &events, &graph), golden);
}

fn check_map(report: &Report, golden: &Value) {
    let transitions = &report.table("transitions").expect("transitions").rows;
    assert_eq!(Value::from(transitions.len()), golden["distinct_transitions"]);
    let moves: u64 = transitions.iter().map(|it| count(&it[2])).sum();
    assert_eq!(Value::from(moves), golden["transitions_total"]);
    for (ours, wanted) in transitions.iter().zip(golden["top_transitions"].as_array().expect("top"))
    {
        let wanted: (&str, &str, u64) = (
            wanted[0].as_str().expect("from"),
            wanted[1].as_str().expect("to"),
            wanted[2].as_u64().expect("moves"),
        );
        assert_eq!((text(&ours[0]), text(&ours[1]), count(&ours[2])), wanted);
    }
    let stages = report.table("stages").expect("stages");
    for (key, known) in [("starts", &golden["start"]), ("exits", &golden["end"])] {
        let column = stages.column(key).expect(key);
        for row in &stages.rows {
            let wanted = known[text(&row[0])].as_u64().unwrap_or(0);
            assert_eq!(count(&row[column]), wanted, "{key} of {}", text(&row[0]));
        }
    }
}

fn check_paths(report: &Report, golden: &Value) {
    let variety = &report.table("variety").expect("variety").rows;
    assert_eq!(Value::from(count(&variety[1][1])), golden["variants"]);
    let paths = &report.table("paths").expect("paths").rows;
    for (ours, wanted) in paths.iter().zip(golden["top_variants"].as_array().expect("top")) {
        assert_eq!(Value::from(text(&ours[1])), wanted[0]);
        assert_eq!(Value::from(count(&ours[3])), wanted[1]);
    }
    let lengths = &report.table("lengths").expect("lengths").rows;
    let row = |measure: &str| {
        let wanted = [Cell::text("exit"), Cell::text(measure)];
        lengths.iter().find(|it| it[..2] == wanted).expect("exits")
    };
    let figure = |cell: &Cell| match cell {
        Cell::Number(it) => *it,
        Cell::Span(it) => it.as_seconds() / 3600.0,
        other => panic!("no figure: {other:?}"),
    };
    // The golden figures have this many decimals.
    for (measure, at, wanted, bound) in [
        ("steps", 3, &golden["mean_len"], 1e-6),
        ("steps", 4, &golden["median_len"], 0.0),
        ("duration", 3, &golden["duration_h"]["mean"], 1e-4),
        ("duration", 4, &golden["duration_h"]["median"], 1e-4),
    ] {
        let off = figure(&row(measure)[at]) - wanted.as_f64().expect("figure");
        assert!(off.abs() <= bound, "{measure}: off by {off}");
    }
}
