//! Tests of `parquet`.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray,
    StringArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::base::Unwatched;
use crate::input::jsonl;
use crate::input::mapping::{Common, fields};
use crate::input::nobody::Blocklist;
use crate::input::options::SourceOptions;
use crate::model::Batch;
use crate::model::raw::TextColumn;

fn mapping(toml: &str) -> Mapping {
    let source: SourceOptions = toml::from_str(toml).unwrap();
    let common = Common {
        fields: fields(std::slice::from_ref(&source), &[]),
        zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        currency: "EUR".parse().unwrap(),
        blocklist: Blocklist::default(),
        privacy: Default::default(),
        gather: None,
    };
    Mapping::new(&source, &common).unwrap()
}

const PLAIN: &str = "path = 'a'\ntime = 'ts'\nevent = 'event'\nids = { user = 'u' }\nvalue = 'v'\n\
                     properties = { plan = 'ctx.plan', ok = 'ok' }";

fn written(columns: Vec<(&str, ArrayRef)>, rows_in_group: usize) -> Bytes {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(rows_in_group)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes.into()
}

fn read_bytes(mapping: &Mapping, bytes: &Bytes) -> Result<Outcome> {
    let file = FileId { name: "a.parquet".into(), order: 0 };
    read(&Source::Bytes(bytes.clone()), mapping, &file, true, &Unwatched)
}

/// The rows of all parts, as their texts.
fn rows(outcome: &Outcome) -> Vec<String> {
    let text = |column: &TextColumn, row: usize| column.dictionary.get(column.code(row)).to_owned();
    let show = |batch: &Batch, row: usize| {
        let columns = batch.ids.iter().chain(&batch.texts);
        let texts: Vec<String> = columns.map(|it| text(it, row)).collect();
        format!("{} {} {:?}", batch.times[row], texts.join(" "), batch.amounts.get(row))
    };
    let parts = outcome.parts.iter();
    parts.flat_map(|(batch, _)| (0..batch.len()).map(move |row| show(batch, row))).collect()
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn nested() -> ArrayRef {
    let plan = texts(&[Some("pro"), None, Some("free")]);
    let inner = StructArray::try_from(vec![("plan", plan)]).unwrap();
    Arc::new(inner)
}

#[test]
fn every_kind_of_column_reads_as_the_same_json_lines_do() {
    let micros = [1_767_225_600_123_456_i64, 1_767_225_601_000_000, 1_767_225_602_000_000];
    let utc: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(micros.to_vec()).with_timezone_utc());
    let nanos = micros.iter().map(|it| it * 1000 + 7).collect::<Vec<_>>();
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("+02:00"));
    let local = micros.iter().map(|it| it + 3_600_000_000).collect::<Vec<_>>();
    let local: ArrayRef = Arc::new(TimestampMicrosecondArray::from(local));
    let numbers: ArrayRef = Arc::new(Int64Array::from(micros.to_vec()));
    let written_times = texts(&[
        Some("2026-01-01T00:00:00.123456Z"),
        Some("2026-01-01 01:00:01"),
        Some("2026-01-01T00:00:02+00:00"),
    ]);
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), Some(8), Some(1 << 60)]));
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![7, 8, 1 << 60]));
    let id_texts = texts(&[Some("7"), Some("8"), Some("1152921504606846976")]);
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(12.5), None, Some(0.07)]));
    let decimals = Decimal128Array::from(vec![Some(1250), None, Some(7)]);
    let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(10, 2).unwrap());
    let value_texts = texts(&[Some("12.50"), None, Some("0.07")]);
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
    let flag_texts = texts(&[Some("true"), None, Some("false")]);
    let lines = concat!(
        r#"{"ts":"2026-01-01T00:00:00.123456Z","event":"a","u":7,"v":12.50,"ctx":{"plan":"pro"},"ok":true}"#,
        "\n",
        r#"{"ts":"2026-01-01T00:00:01Z","event":"b","u":"8","ctx":null}"#,
        "\n",
        r#"{"ts":"2026-01-01T00:00:02Z","event":"a","u":1152921504606846976,"v":7e-2,"ctx":{"plan":"free"},"ok":false}"#,
    );
    let mapping = mapping(PLAIN);
    let file = FileId { name: "a.jsonl".into(), order: 0 };
    let expected = rows(&jsonl::tests::read_bytes(lines.as_bytes(), &mapping, &file).unwrap());
    assert_eq!(expected.len(), 3);
    for times in [&utc, &nanos, &local, &numbers, &written_times] {
        for ids in [&whole, &large, &id_texts] {
            for (values, flags) in
                [(&floats, &flags), (&decimals, &flag_texts), (&value_texts, &flags)]
            {
                let bytes = written(
                    vec![
                        ("ts", times.clone()),
                        ("unused", ids.clone()),
                        ("event", texts(&[Some("a"), Some("b"), Some("a")])),
                        ("u", ids.clone()),
                        ("v", values.clone()),
                        ("ctx", nested()),
                        ("ok", flags.clone()),
                    ],
                    2,
                );
                let outcome = read_bytes(&mapping, &bytes).unwrap();
                assert_eq!(outcome.parts.len(), 2);
                assert_eq!(rows(&outcome), expected);
            }
        }
    }
}

const SMALL: &str = "path = 'a'\ntime = 'ts'\nids = { user = 'u' }\nvalue = 'v'";

#[test]
fn bad_values_are_set_aside_with_their_row() {
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![
        Some(1_774_747_800_000), // 2026-03-29 01:30, then 02:30, which the clocks jump over
        Some(1_774_751_400_000),
        None,
        Some(i64::MAX),
        Some(1_774_755_000_000),
    ]));
    let users = texts(&[Some("a"), Some("a"), Some("a"), Some("a"), None]);
    let values: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, 1.0, 1.0, 1.0, 1.0]));
    let bytes = written(vec![("ts", times), ("u", users), ("v", values)], 2);
    let outcome = read_bytes(&mapping(SMALL), &bytes).unwrap();
    let rejects = outcome.parts.iter().flat_map(|it| it.1.rejects());
    let rejects: Vec<String> =
        rejects.map(|it| format!("{} {}", it.place.line, it.kind.key())).collect();
    let expected =
        ["1 bad_value", "2 skipped_time", "3 missing_time", "4 bad_time", "5 missing_id"];
    assert_eq!(rejects, expected);
}

#[test]
fn dates_are_days_of_the_zone() {
    let times: ArrayRef = Arc::new(Date32Array::from(vec![20_665]));
    let bytes = written(vec![("ts", times), ("u", texts(&[Some("a")])), ("v", texts(&[None]))], 9);
    let outcome = read_bytes(&mapping(SMALL), &bytes).unwrap();
    assert_eq!(outcome.parts[0].0.times, [1_785_448_800_000_000]);
}

#[test]
fn the_first_number_decides_the_unit_in_every_row_group() {
    let times: ArrayRef = Arc::new(Int64Array::from(vec![
        None,
        Some(1_700_000_000_000),
        Some(1_700_000_000),
        Some(1_700_000_000_001),
    ]));
    let users = texts(&[Some("a"); 4]);
    let bytes = written(vec![("ts", times), ("u", users), ("v", texts(&[None; 4]))], 1);
    let outcome = read_bytes(&mapping(SMALL), &bytes).unwrap();
    let used: Vec<usize> = outcome.parts.iter().map(|it| it.0.len()).collect();
    assert_eq!(used, [0, 1, 0, 1]);
}

#[test]
fn columns_that_cannot_be_used_are_named() {
    let list =
        ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>([Some([Some(1)])]);
    let list: ArrayRef = Arc::new(list);
    let day = texts(&[Some("2026-01-01")]);
    let bytes = written(vec![("ts", day), ("user", texts(&[Some("a")])), ("v", list)], 9);
    let error = read_bytes(&mapping(SMALL), &bytes).unwrap_err();
    assert!(error.to_string().contains("no column \"u\""), "{error}");
    let list = "path = 'a'\ntime = 'ts'\nids = { user = 'v.list.item' }";
    let error = read_bytes(&mapping(list), &bytes).unwrap_err();
    assert!(error.to_string().contains("is a list"), "{error} {:?}", error.hint_text());
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1; 50]));
    let users: Vec<String> = (0..50).map(|it| format!("user {}", it % 7)).collect();
    let users: ArrayRef = Arc::new(StringArray::from(users));
    let bytes = written(vec![("ts", times), ("u", users), ("v", texts(&[Some("1.5"); 50]))], 20);
    let mapping = mapping(SMALL);
    assert_eq!(rows(&read_bytes(&mapping, &bytes).unwrap()).len(), 50);
    for length in (0..bytes.len()).step_by(7) {
        assert!(read_bytes(&mapping, &bytes.slice(..length)).is_err(), "{length}");
    }
    for position in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[position] ^= 1 << (position % 8);
        // Rows or an error, but it ends; a panic in the decoder is turned into an error.
        let _ = read_bytes(&mapping, &flipped.into());
    }
}

#[test]
fn a_large_row_group_is_read_in_pieces_with_the_same_rows() {
    let count = 2 * PIECE as i64 + 3;
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(0..count));
    // Ids are too many for a list, events are few; both are missing now and then.
    let users = (0..count).map(|it| (it % 7 != 0).then(|| format!("user {it}")));
    let events = (0..count).map(|it| (it % 5 != 0).then(|| format!("event {}", it % 3)));
    let users: ArrayRef = Arc::new(users.collect::<StringArray>());
    let events: ArrayRef = Arc::new(events.collect::<StringArray>());
    let columns = || vec![("ts", times.clone()), ("u", users.clone()), ("event", events.clone())];
    let mapping = mapping("path = 'a'\ntime = 'ts'\nevent = 'event'\nids = { user = 'u' }");
    let pieces = read_bytes(&mapping, &written(columns(), count as usize)).unwrap();
    let groups = read_bytes(&mapping, &written(columns(), 50_000)).unwrap();
    // Two pieces of two full batches and a rest each; six groups.
    assert_eq!((pieces.parts.len(), groups.parts.len()), (6, 6));
    assert!(rows(&pieces) == rows(&groups));
    let rejects = |outcome: &Outcome| {
        let mut all = Issues::new(true);
        outcome.parts.iter().for_each(|it| all.merge(it.1.clone()));
        all.rejects().to_vec()
    };
    assert_eq!(rejects(&pieces).len() as i64, (count + 6) / 7);
    assert!(rejects(&pieces) == rejects(&groups));
}
