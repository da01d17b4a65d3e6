//! Maps from the command line: what they show, what they hide, and whose layout they keep.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{EVENTS, JOURNEY, run};

fn folder(events: &str) -> TempDir {
    let folder = TempDir::with_prefix("touchpath-maps-").unwrap();
    std::fs::write(folder.path().join("e.csv"), events).unwrap();
    std::fs::write(folder.path().join("journey.toml"), JOURNEY).unwrap();
    folder
}

#[track_caller]
fn svg(folder: &Path, arguments: &[&str]) -> String {
    let mut all = vec!["map", "journey.toml", "--format", "svg", "-q"];
    all.extend(arguments);
    let run = run(folder, &all);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out()
}

/// Where the name of each stage stands, in tenths of pixels.
fn spots(svg: &str) -> BTreeMap<String, (i64, i64)> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let stages = document.descendants().filter(|it| it.attribute("class") == Some("stage"));
    let spot = |stage: roxmltree::Node<'_, '_>| {
        let words =
            stage.children().find(|it| it.has_tag_name(("http://www.w3.org/2000/svg", "text")))?;
        let number =
            |name: &str| (words.attribute(name).unwrap().parse::<f64>().unwrap() * 10.0) as i64;
        Some((words.text()?.to_owned(), (number("x"), number("y"))))
    };
    stages.filter_map(spot).collect()
}

#[test]
fn each_metric_stands_on_the_map_with_its_base() {
    let folder = folder(EVENTS);
    let cases = [
        ("moves", "moves (share of visits of the first stage); width = moves"),
        ("customers", "label = distinct customers; width = customers"),
        ("journeys", "label = journeys with the move; width = journeys"),
        ("revenue", "label = value of the journeys with the move, each once; width = value"),
        ("lost", "open journeys are not counted as lost"),
        ("wait", "label = median wait before the next step (moves)"),
        ("wait-p90", "label = wait that 90 % of the moves stay within (moves)"),
        ("wait-mean", "label = mean wait before the next step (moves)"),
        ("share-out", "label = share of visits of the first stage; width = share"),
        ("share-in", "label = share of visits of the second stage; width = share"),
    ];
    for (metric, legend) in cases {
        let picture = svg(folder.path(), &["--metric", metric]);
        assert!(picture.contains(legend), "{metric}: {picture}");
    }
    let picture = svg(folder.path(), &["--metric", "customers", "--second", "share-in"]);
    assert!(picture.contains("distinct customers (share of visits of the second stage)"));
    assert!(picture.contains(">2 (100%)<"), "both carts came from home: {picture}");
    // The old name in a journey file.
    let journey = format!("{JOURNEY}\n[map]\nshows = 'wait'\n");
    std::fs::write(folder.path().join("journey.toml"), journey).unwrap();
    assert!(svg(folder.path(), &[]).contains("median wait"));
}

#[test]
fn a_second_map_keeps_the_layout_of_the_first() {
    let folder = folder(EVENTS);
    let json = run(folder.path(), &["map", "journey.toml", "-o", "a.json", "-q"]);
    assert_eq!(json.code, 0, "{}", json.err);
    let before = spots(&svg(folder.path(), &[]));
    let more = format!(
        "{EVENTS}2026-01-04T10:00:00Z,u4,help,direct,,,A\n2026-01-04T10:09:00Z,u4,home,direct,,,A\n"
    );
    std::fs::write(folder.path().join("e.csv"), more).unwrap();
    let after = spots(&svg(folder.path(), &["--layout-from", "a.json"]));
    assert_eq!(after.len(), before.len() + 1);
    let apart = |spots: &BTreeMap<String, (i64, i64)>, name: &str| {
        (spots[name].0 - spots["home"].0, spots[name].1 - spots["home"].1)
    };
    for name in before.keys() {
        let (one, other) = (apart(&before, name), apart(&after, name));
        assert!((one.0 - other.0).abs() <= 2 && (one.1 - other.1).abs() <= 67, "{name}");
    }
    let run = run(folder.path(), &["map", "journey.toml", "-o", "b.svg", "--layout-from", "e.csv"]);
    assert_eq!(
        (run.code, run.said().starts_with("error: e.csv: this is no JSON")),
        (2, true),
        "{}",
        run.err
    );
}

#[test]
fn hidden_stages_change_no_figure() {
    let folder = folder(EVENTS);
    let whole = run(folder.path(), &["map", "journey.toml", "--format", "json", "-q"]).out();
    let hidden = ["map", "journey.toml", "--format", "json", "-q", "--hide-stages", "cart"];
    // JSON says what a picture draws, and is whole.
    let figures = |text: String| text.replace("\"drawn\":true", "").replace("\"drawn\":false", "");
    assert_eq!(figures(run(folder.path(), &hidden).out()), figures(whole));
    let picture = svg(folder.path(), &["--hide-stages", "cart"]);
    assert!(picture.contains("+1 minor out (67%)"), "{picture}");
    assert!(
        picture.contains("1 of 3 stages not drawn = 29% of all visits: &quot;cart&quot;"),
        "{picture}"
    );
    let wrong = run(folder.path(), &["map", "journey.toml", "-o", "x.svg", "--only-stages", "crt"]);
    assert_eq!(wrong.said(), "error: --only-stages: the map has no stage \"crt\"");
    assert_eq!((wrong.code, wrong.hint()), (2, "did you mean \"cart\"?"));
}

#[test]
fn four_hundred_stages_are_drawn_in_part_and_say_so() {
    let mut events = String::from("timestamp,user_id,event,channel,revenue,order_id,variant\n");
    for customer in 0..900u64 {
        for step in 0..9u64 {
            let stage = (customer * 31 + step * (7 + customer % 13)) % 400;
            events.push_str(&format!(
                "2026-01-{:02}T10:{step:02}:00Z,u{customer},stage {stage:03},,,,\n",
                1 + customer % 28
            ));
        }
        if customer % 9 == 0 {
            events
                .push_str(&format!("2026-01-29T10:00:00Z,u{customer},purchase,,5,o{customer},\n"));
        }
    }
    let folder = folder(&events);
    let started = std::time::Instant::now();
    let run = run(folder.path(), &["map", "journey.toml", "-o", "map.svg"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("note: 371 of 401 stages not drawn = "), "{}", run.err);
    assert!(run.err.contains("--stages and --coverage draw more"), "{}", run.err);
    let picture = std::fs::read_to_string(folder.path().join("map.svg")).unwrap();
    assert!(picture.contains("371 of 401 stages not drawn"));
    // Unoptimized and on a busy machine; it takes far less.
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    let json = crate::cli::run(folder.path(), &["map", "journey.toml", "--format", "json", "-q"]);
    let all: Value = serde_json::from_slice(&json.out).unwrap();
    assert_eq!(all["maps"]["map"]["nodes"].as_array().map(Vec::len), Some(401));
}
