//! Samples cut and changed at random: no panic, and every row is counted.

use proptest::prelude::*;
use serde_json::{Value, json};
use touchpath::base::{Result, Unwatched};
use touchpath::config::Config;
use touchpath::input::{ReadSettings, read};
use touchpath::store::RawEvents;

use super::{SAMPLES, folder};
use crate::case::Case;

/// Reads a file of these bytes by a preset.
fn read_bytes(preset: &str, name: &str, bytes: &[u8]) -> Result<RawEvents> {
    let case = Case::new(&[]);
    std::fs::write(case.path(name), bytes).unwrap();
    let text = format!("[[source]]\npath = '{name}'\npreset = '{preset}'\n");
    let config = Config::parse(&text, "journey.toml").unwrap();
    let settings = ReadSettings {
        folder: case.path(""),
        currency: "EUR".parse().unwrap(),
        ..ReadSettings::default()
    };
    read(&config.sections.source, &settings, &Unwatched)
}

/// All files of all samples, and Parquet made of some.
fn files() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut files = Vec::new();
    for sample in SAMPLES {
        for export in sample.exports {
            let (_, case) = sample.export(export);
            let folder = case.as_ref().map_or_else(|| folder(sample.preset), |it| it.path(""));
            for name in export.files {
                files.push((sample.preset, *name, std::fs::read(folder.join(name)).unwrap()));
            }
        }
    }
    files
}

/// What is done to the bytes of a file, at places given in thousandths of it.
#[derive(Debug, Clone)]
enum Change {
    Cut(usize),
    Drop(usize, usize),
    Twice(usize, usize),
    Byte(usize, u8),
    Insert(usize, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0usize..1000;
    let texts = vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        "\n",
        "null",
        "\\ud800",
        "-",
        "1e999",
        "\u{0}",
        "é",
        "99999999999999999999",
        ":",
        "{\"a\":",
        "true",
        "\u{feff}",
    ];
    prop_oneof![
        place().prop_map(Change::Cut),
        (place(), 1usize..40).prop_map(|(at, many)| Change::Drop(at, many)),
        (place(), 1usize..80).prop_map(|(at, many)| Change::Twice(at, many)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place(), prop::sample::select(texts)).prop_map(|(at, text)| Change::Insert(at, text)),
    ]
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for it in changes {
        let place = |at: usize| at * bytes.len() / 1000;
        let range = |at: usize, many: usize| place(at)..(place(at) + many).min(bytes.len());
        match *it {
            Change::Cut(at) => bytes.truncate(place(at)),
            Change::Drop(at, many) => drop(bytes.drain(range(at, many))),
            Change::Twice(at, many) => {
                let range = range(at, many);
                let copy = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, copy);
            }
            Change::Byte(at, byte) if !bytes.is_empty() => {
                let at = place(at);
                bytes[at] = byte;
            }
            Change::Byte(..) => {}
            Change::Insert(at, text) => {
                let at = place(at);
                bytes.splice(at..at, text.bytes());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn changed_samples_panic_nowhere_and_lose_no_row(
        changes in prop::collection::vec(change(), 1..4),
    ) {
        for (preset, name, bytes) in files() {
            let bytes = changed(&bytes, &changes);
            // A damaged file may be an error; rows of one that is none are all counted.
            let Ok(raw) = read_bytes(preset, name, &bytes) else { continue };
            let issues = &raw.issues;
            prop_assert_eq!(issues.read, issues.used() + issues.filtered + issues.rejected());
            prop_assert_eq!(issues.used(), raw.len() as u64, "{} {}", preset, name);
            prop_assert!(issues.left_out().values().sum::<u64>() <= issues.filtered);
            if name.ends_with(".jsonl") {
                let lines = bytes.split(|&it| it == b'\n').filter(|it| !it.trim_ascii().is_empty());
                let array = bytes.trim_ascii_start().starts_with(b"[");
                prop_assert!(array || issues.read >= lines.count() as u64, "{} {}", preset, name);
            }
        }
    }
}

/// All pointers into a value.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    let mut inner = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        let at = format!("{at}/{key}");
        out.push(at.clone());
        pointers(value, &at, out);
    };
    match value {
        Value::Object(it) => it.iter().for_each(|(key, value)| inner(key, value)),
        Value::Array(it) => {
            it.iter().enumerate().for_each(|(at, value)| inner(&at.to_string(), value));
        }
        _ => {}
    }
}

#[test]
fn a_value_of_any_wrong_type_at_any_place_loses_no_row() {
    let wrong = [
        json!(null),
        json!(""),
        json!("text"),
        json!(-1),
        json!(1e300),
        json!(true),
        json!([]),
        json!({}),
        json!([1]),
        json!([{ "key": "ga_session_id", "value": [] }]),
        json!({ "a": 1 }),
        json!("{\"a\":1}"),
        json!("[1"),
    ];
    for (preset, name, bytes) in files().into_iter().filter(|it| it.1.ends_with(".jsonl")) {
        let text = String::from_utf8(bytes).unwrap();
        let mut variants = String::new();
        let mut count = 0u64;
        for line in text.lines() {
            let Ok(value @ Value::Object(_)) = serde_json::from_str(line) else { continue };
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            for pointer in all {
                for it in &wrong {
                    let mut changed = value.clone();
                    *changed.pointer_mut(&pointer).unwrap() = it.clone();
                    variants.push_str(&format!("{changed}\n"));
                    count += 1;
                }
            }
        }
        let raw = read_bytes(preset, name, variants.as_bytes()).unwrap();
        let issues = &raw.issues;
        assert!(count > 500 && issues.read >= count, "{preset}: {count} {}", issues.read);
        assert_eq!(issues.read, issues.used() + issues.filtered + issues.rejected(), "{preset}");
        assert_eq!(issues.used(), raw.len() as u64, "{preset}");
        // Objects and lists are nobody's id.
        for table in &raw.ids {
            let ids = (0..table.len()).map(|it| table.get(it as u32));
            let odd: Vec<&str> = ids.filter(|it| it.starts_with(['{', '['])).collect();
            assert!(odd.iter().all(|it| matches!(*it, "{\"a\":1}" | "[1")), "{preset}: {odd:?}");
        }
    }
}

#[test]
fn rejects_name_file_and_line() {
    let text = std::fs::read_to_string(folder("ga4").join("events.jsonl")).unwrap();
    let raw = read_bytes("ga4", "events.jsonl", text.as_bytes()).unwrap();
    let places: Vec<String> = raw.issues.rejects().iter().map(|it| it.place.to_string()).collect();
    assert_eq!(places[0], "events.jsonl:4");
    let json = raw.issues.rejects().iter().find(|it| it.kind.key() == "bad_json").unwrap();
    let column = text.lines().nth(14).unwrap().len();
    assert_eq!(json.place.to_string(), format!("events.jsonl:15:{column}"));
    let details: Vec<&str> = raw.issues.rejects().iter().map(|it| &*it.detail).collect();
    assert!(details.contains(&"event_params is no object"), "{details:?}");
    assert!(details.contains(&"there is no event"), "{details:?}");
}

#[test]
fn any_number_of_threads_reads_the_same_of_a_large_file() {
    let sample = std::fs::read_to_string(folder("segment").join("calls.jsonl")).unwrap();
    let large = sample.repeat(1500);
    let read = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let raw = pool.install(|| read_bytes("segment", "calls.jsonl", large.as_bytes())).unwrap();
        let times: Vec<i64> =
            raw.batches.all().unwrap().iter().flat_map(|it| it.times.clone()).collect();
        (times, raw.issues.rejects().to_vec(), raw.issues.read)
    };
    assert!(large.len() > 5 << 20);
    assert!(read(1) == read(3));
}
