//! Tests of `jsonl`.

use proptest::prelude::*;

use super::*;
use crate::base::Unwatched;
use crate::input::mapping::{Common, fields};
use crate::input::nobody::Blocklist;
use crate::input::options::SourceOptions;
use crate::input::scan::tests::document;

fn mapping(toml: &str) -> Mapping {
    let source: SourceOptions = toml::from_str(toml).unwrap();
    let common = Common {
        fields: fields(std::slice::from_ref(&source), &[]),
        zone: jiff::tz::TimeZone::UTC,
        currency: "EUR".parse().unwrap(),
        blocklist: Blocklist::default(),
        privacy: Default::default(),
        gather: None,
    };
    Mapping::new(&source, &common).unwrap()
}

const PLAIN: &str = "path = 'a'\ntime = 'ts'\nevent = 'event'\nids = { user = 'u' }\nvalue = 'v'";

/// Reads bytes in memory, keeping all rejects.
pub(in crate::input) fn read_bytes(
    mut text: &[u8],
    mapping: &Mapping,
    file: &FileId,
) -> Result<Outcome> {
    let mut fill = |buffer: &mut [u8]| {
        let (now, rest) = text.split_at(buffer.len().min(text.len()));
        buffer[..now.len()].copy_from_slice(now);
        text = rest;
        Ok(now.len())
    };
    read(&mut fill, mapping, file, Options { keep_all: true, strict: false }, &Unwatched)
}

fn read_with(mapping: &Mapping, text: &[u8]) -> Result<Outcome> {
    let file = FileId { name: "a.jsonl".into(), order: 0 };
    read_bytes(text, mapping, &file)
}

fn issues(outcome: &Outcome) -> Issues {
    let mut all = Issues::new(true);
    outcome.parts.iter().for_each(|it| all.merge(it.1.clone()));
    all
}

/// The reasons of a text's rejects, with their places.
fn rejects(text: &str) -> Vec<String> {
    let outcome = read_with(&mapping(PLAIN), text.as_bytes()).unwrap();
    let show = |it: &crate::base::Reject| {
        format!("{}:{} {}", it.place.line, it.place.column, it.kind.key())
    };
    issues(&outcome).rejects().iter().map(show).collect()
}

#[test]
fn good_lines_become_rows_and_bad_ones_are_set_aside_with_their_place() {
    let text = concat!(
        "\u{feff}{\"ts\":\"2026-01-01T00:00:00Z\",\"u\":7,\"event\":\"a\",\"v\":1.5}\r\n",
        "\n",
        "  \r\n",
        "{\"ts\":\"2026-01-01T00:00:01Z\",\"u\":\"07\",\"event\":\"b\",\"v\":null}\n",
        "{\"ts\":\"2026-01-01T00:00:02Z\",\"u\":\"x\"\n",
        "[1]\n",
        "[1\n",
        "{\"ts\":1,\"ts\":2}\n",
        "{\"é\":1,}\n",
        "{\"ts\":\"2026-01-01T00:00:03Z\",\"u\":\"a\",\"v\":\"1,5\"}\n",
        "{\"ts\":\"2026-01-01T00:00:03Z\",\"u\":\"a\u{0}\"}\n",
        "{\"ts\":\"2026-01-01T00:00:04Z\",\"u\":9007199254740993,\"v\":1e2}",
    );
    let outcome = read_with(&mapping(PLAIN), text.as_bytes()).unwrap();
    let batch = &outcome.parts[0].0;
    assert_eq!(batch.times.len(), 3);
    let users: Vec<&str> = batch.ids[0].dictionary.iter().collect();
    assert_eq!(users, ["7", "07", "9007199254740993"]);
    assert_eq!(batch.amounts, [150, crate::model::raw::NO_AMOUNT, 10_000]);
    assert_eq!(
        rejects(text),
        [
            "5:36 bad_json",
            "6:1 not_an_object",
            "7:2 bad_json",
            "8:15 bad_json",
            "9:8 bad_json",
            "10:0 bad_value",
            "11:36 nul_byte",
        ]
    );
    let all = issues(&outcome);
    assert_eq!((all.read, all.used()), (10, 3));
}

#[test]
fn bytes_that_are_no_text_are_set_aside() {
    let text = b"{\"ts\":\"2026-01-01\",\"u\":\"a\"}\n{\"u\":\"\xff\"}\n".as_slice();
    let outcome = read_with(&mapping(PLAIN), text).unwrap();
    assert_eq!(issues(&outcome).count(IssueKind::BadEncoding), 1);
    assert_eq!(issues(&outcome).rejects()[0].place.column, 7);
}

#[test]
fn other_json_than_lines_is_refused_with_a_hint() {
    let cases = [
        ("[\n{\"ts\":1}\n]", "one JSON array"),
        ("[{\"ts\":1},{\"ts\":2}]", "one JSON array"),
        ("\n{\n\"ts\": 1\n}", "one JSON object over many lines"),
        ("{\"tz\":1,\"u\":1}\n", "no column \"ts\""),
        ("{\"ts\":\"2026-01-01\",\"id\":1}\n", "no column \"u\""),
    ];
    for (text, message) in cases {
        let error = read_with(&mapping(PLAIN), text.as_bytes()).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
        assert!(error.hint_text().is_some());
    }
    for empty in ["", "\n\n", "\u{feff}"] {
        assert_eq!(issues(&read_with(&mapping(PLAIN), empty.as_bytes()).unwrap()).read, 0);
    }
}

#[test]
fn nested_values_are_found_by_their_paths() {
    let mapping = mapping(
        "path = 'a'\ntime = 'meta.ts'\nevent = 'a.b'\nids = { user = 'who.0.id' }\n\
         properties = { city = 'ctx.geo.city' }",
    );
    let text =
        r#"{"meta":{"ts":"2026-01-01"},"a.b":"x","who":[{"id":"1"}],"ctx":{"geo":{"city":"Ulm"}}}"#;
    let outcome = read_with(&mapping, text.as_bytes()).unwrap();
    let batch = &outcome.parts[0].0;
    assert_eq!(batch.ids[0].dictionary.get(0), "1");
    let texts: Vec<&str> = batch.texts.iter().map(|it| it.dictionary.get(0)).collect();
    assert_eq!(texts, ["x", "Ulm"]);
}

#[test]
fn the_first_time_of_the_file_decides_the_unit_in_every_chunk() {
    let filler = "x".repeat(2000);
    let mut text = String::from("{\"ts\":\"bad\",\"u\":\"a\"}\n");
    for row in 0..6000_i64 {
        let ts = if row == 5999 { 1_700_000_000 } else { 1_700_000_000_000 + row };
        text.push_str(&format!("{{\"ts\":{ts},\"u\":\"a\",\"z\":\"{filler}\"}}\n"));
    }
    let outcome = read_with(&mapping(PLAIN), text.as_bytes()).unwrap();
    assert!(outcome.parts.len() > 2);
    let all = issues(&outcome);
    assert_eq!((all.read, all.used(), all.count(IssueKind::BadTime)), (6001, 5999, 2));
    let lines: Vec<u64> = all.rejects().iter().map(|it| it.place.line).collect();
    assert_eq!(lines, [1, 6001]);
}

#[test]
fn a_line_beyond_the_limit_is_set_aside_and_the_next_ones_are_read() {
    let mut text = b"{\"ts\":\"2026-01-01\",\"u\":\"a\"}\n{\"u\":\"".to_vec();
    text.resize(text.len() + LONGEST_LINE + 3 * CHUNK, b'x');
    text.extend(b"\"}\n{\"ts\":\"2026-01-01\",\"u\":\"b\"}\n{\"ts\":\"2026-01-01\",\"u\":1x}");
    let outcome = read_with(&mapping(PLAIN), &text).unwrap();
    let all = issues(&outcome);
    assert_eq!((all.read, all.used(), all.count(IssueKind::TooLong)), (4, 2, 1));
    let lines: Vec<u64> = all.rejects().iter().map(|it| it.place.line).collect();
    assert_eq!(lines, [2, 4]);
}

proptest! {
    #[test]
    fn quick_reading_changes_nothing(
        documents in prop::collection::vec(document(), 1..30),
        ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r\n", " \n", "\n\n", ""]), 30),
        damage in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mapping = mapping(
            "path = 'a'\ntime = 'ts'\nevent = 'a.b'\nids = { user = 'u', cookie = 'who.0.id' }\n\
             value = 'v'\nproperties = { p = 'a', q = 'é' }",
        );
        let mut text = String::from("{\"ts\":\"2026-01-01\",\"u\":\"a\"}\n").into_bytes();
        for (document, end) in documents.iter().zip(ends) {
            let document = document.replacen("\"ts\":1", "\"ts\":\"2026-01-02\"", 1);
            text.extend(document.bytes().chain(end.bytes()));
        }
        if let Some(at) = damage {
            let at = at.index(text.len());
            text[at] = 0xff;
        }
        prop_assert_eq!(all_of(&text, &mapping, true, true), all_of(&text, &mapping, false, true));
    }

    #[test]
    fn any_byte_of_a_usual_file_may_be_wrong(
        keys in Just(["ts", "event", "u", "v", "z"]).prop_shuffle(),
        values in prop::collection::vec((0..9_usize, 0..9_usize, 0..9_usize), 1..80),
        written in prop::sample::select(vec![[":", ",", "\n"], [": ", ", ", "\n"], [":", ",", "\r\n"]]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..2), 0..5),
    ) {
        const NAMES: [&str; 9] = ["a", "b", "cart", "été", "a\\n", "x, y", "", "null", "true"];
        const OTHERS: [&str; 9] =
            ["null", "1", "true", "1.5", "\"2\"", "\"long long long long long long long\"", "{\"a\":[1]}", "1e2", "-1"];
        let mapping = mapping(PLAIN);
        let mut text = String::from("{\"ts\":\"2026-01-01\",\"u\":\"a\",\"event\":\"a\"}\n");
        for (row, (name, other, usual)) in values.iter().enumerate() {
            let pairs = keys.map(|key| {
                let value = match key {
                    "ts" => format!("\"2026-01-02T00:00:{:02}Z\"", row % 60),
                    "event" => format!("\"{}\"", NAMES[*name]),
                    "u" => format!("\"u{}\"", row % 7),
                    "v" if *usual > 1 => "null".to_owned(),
                    _ => OTHERS[if *usual > 1 { *other / 4 } else { *other }].to_owned(),
                };
                format!("\"{key}\"{}{value}", written[0])
            });
            text.push_str(&format!("{{{}}}{}", pairs.join(written[1]), written[2]));
        }
        let mut text = text.into_bytes();
        for (at, byte, how) in damage {
            const LIKELY: &[u8] = b"\"\\,:{}[] \n\r\x00nte0";
            let at = 60 + at.index(text.len() - 50);
            let byte = if how == 0 { byte } else { LIKELY[usize::from(byte) % LIKELY.len()] };
            text.get_mut(at).into_iter().for_each(|it| *it = byte);
        }
        let whole = all_of(&text, &mapping, true, true);
        prop_assert_eq!(&whole, &all_of(&text, &mapping, false, true));
        // What is set aside is told alike where lines are counted later.
        let places = |counted| rejects_of(&text, &mapping, counted);
        prop_assert_eq!(places(true), places(false));
    }
}

/// What a reading gives.
fn outcome_of(text: &[u8], mapping: &Mapping, quick: bool, counted: bool) -> Result<Outcome> {
    let mut rest = text;
    let mut fill = |buffer: &mut [u8]| {
        let (now, later) = rest.split_at(buffer.len().min(rest.len()));
        buffer[..now.len()].copy_from_slice(now);
        rest = later;
        Ok(now.len())
    };
    let options = Options { keep_all: true, strict: false };
    let paths = Paths::new(mapping.columns());
    let reading = Reading { paths, options, progress: &Unwatched, quick, counted };
    let file = FileId { name: "a.jsonl".into(), order: 0 };
    reading.read(&mut fill, mapping, &file)
}

/// The same as a text; an id that has two codes is the same id.
fn all_of(text: &[u8], mapping: &Mapping, quick: bool, counted: bool) -> String {
    let outcome = match outcome_of(text, mapping, quick, counted) {
        Ok(it) => it,
        Err(error) => return format!("{error:?}"),
    };
    let mut all = format!("{:?}", outcome.seen);
    for (batch, issues) in &outcome.parts {
        let codes = batch.ids.iter().map(|it| it.codes.iter().map(|code| it.dictionary.get(*code)));
        let ids: Vec<Vec<&str>> = codes.map(Iterator::collect).collect();
        let rest = (&batch.times, batch.times_as, &batch.lines, &batch.amounts, &batch.blocked);
        all += &format!("{ids:?} {rest:?} {:?} {:?} {issues:?}", batch.texts, batch.sequence);
    }
    all
}

fn rejects_of(text: &[u8], mapping: &Mapping, counted: bool) -> Option<Issues> {
    outcome_of(text, mapping, true, counted).ok().map(|it| issues(&it))
}

#[test]
fn lines_are_told_alike_whenever_they_are_counted() {
    let mut text = String::new();
    for row in 0..40_000 {
        let end = if row % 7001 == 6000 { "" } else { "}" };
        text.push_str(&format!(
            "{{\"ts\":\"2026-01-01\",\"u\":\"u{row}\",\"z\":\"{row:0200}\"{end}\n"
        ));
    }
    let told = |counted| rejects_of(text.as_bytes(), &mapping(PLAIN), counted).unwrap();
    let lines: Vec<u64> = told(false).rejects().iter().map(|it| it.place.line).collect();
    assert_eq!(lines, [6001, 13002, 20003, 27004, 34005]);
    assert_eq!(told(true), told(false));
}
