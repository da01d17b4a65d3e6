//! Tests of `parquet`.

use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use proptest::prelude::*;

use super::plan::PIECE;
use super::written::{Cell, file as file_of, table};
use super::*;
use crate::base::Unwatched;
use crate::input::jsonl;
use crate::input::mapping::{Common, fields};
use crate::input::nobody::Blocklist;
use crate::input::options::SourceOptions;
use crate::input::rows::Field;
use crate::input::rows::block::Column;
use crate::input::rows::listed::List;
use crate::input::rows::spans::Span;
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

fn written(columns: &[(&str, Vec<Cell>)], rows_in_group: usize) -> Bytes {
    table(columns, rows_in_group).into()
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

fn cells<T: Into<Cell> + Clone>(values: &[T]) -> Vec<Cell> {
    values.iter().cloned().map(Into::into).collect()
}

#[test]
fn every_kind_of_column_reads_as_the_same_json_lines_do() {
    let micros = [1_767_225_600_123_456_i64, 1_767_225_601_000_000, 1_767_225_602_000_000];
    let utc = ("required int64 ts (timestamp(micros, true));", cells(&micros));
    let nanos = cells(&micros.map(|it| it * 1000 + 7));
    let nanos = ("optional int64 ts (timestamp(nanos, true));", nanos);
    let local = cells(&micros.map(|it| it + 3_600_000_000));
    let local = ("optional int64 ts (timestamp(micros, false));", local);
    let old = ("optional int96 ts;", cells(&micros));
    let numbers = ("optional int64 ts;", cells(&micros));
    let times = ["2026-01-01T00:00:00.123456Z", "2026-01-01 01:00:01", "2026-01-01T00:00:02+00:00"];
    let written_times = ("optional binary ts (string);", cells(&times));
    let ids = [7i64, 8, 1 << 60];
    let whole = ("optional int64 u;", cells(&ids));
    let large = ("required int64 u (integer(64, false));", cells(&ids));
    let text_ids = ("optional binary u (utf8);", cells(&["7", "8", "1152921504606846976"]));
    let byte_ids = ("optional binary u;", text_ids.1.clone());
    let decimal = |it: i64| Cell::Bytes(it.to_be_bytes()[2..].to_vec());
    let values = [
        ("optional double v;", vec![12.5.into(), Cell::None, 0.07.into()]),
        ("optional float v;", vec![12.5.into(), Cell::None, 0.07.into()]),
        ("optional int64 v (decimal(10, 2));", vec![1250.into(), Cell::None, 7.into()]),
        ("optional int32 v (decimal(9, 2));", vec![1250.into(), Cell::None, 7.into()]),
        (
            "optional fixed_len_byte_array(6) v (decimal(10, 2));",
            vec![decimal(1250), Cell::None, decimal(7)],
        ),
        ("optional binary v (decimal(10, 2));", vec![decimal(1250), Cell::None, decimal(7)]),
        ("optional binary v (string);", cells(&[Some("12.50"), None, Some("0.07")])),
    ];
    let flags = [
        ("optional boolean ok;", cells(&[Some(true), None, Some(false)])),
        ("optional binary ok (enum);", cells(&[Some("true"), None, Some("false")])),
    ];
    let plan = |it| Cell::Group(vec![it]);
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
    for times in [&utc, &nanos, &local, &old, &numbers, &written_times] {
        for ids in [&whole, &large, &text_ids, &byte_ids] {
            for (values, flags) in values.iter().zip(flags.iter().cycle()) {
                let columns = [
                    times.clone(),
                    ("optional int64 unused;", cells(&micros)),
                    ("required binary event (string);", cells(&["a", "b", "a"])),
                    ids.clone(),
                    values.clone(),
                    (
                        "optional group ctx { optional binary plan (string); }",
                        vec![plan("pro".into()), Cell::None, plan("free".into())],
                    ),
                    flags.clone(),
                ];
                let outcome = read_bytes(&mapping, &written(&columns, 2)).unwrap();
                assert_eq!(outcome.parts.len(), 2);
                assert_eq!(rows(&outcome), expected, "{} {} {}", times.0, ids.0, values.0);
            }
        }
    }
}

const SMALL: &str = "path = 'a'\ntime = 'ts'\nids = { user = 'u' }\nvalue = 'v'";

#[test]
fn bad_values_are_set_aside_with_their_row() {
    // 2026-03-29 01:30, then 02:30, which the clocks jump over.
    let times = [
        Some(1_774_747_800_000),
        Some(1_774_751_400_000),
        None,
        Some(i64::MAX),
        Some(1_774_755_000_000),
    ];
    let users = [Some("a"), Some("a"), Some("a"), Some("a"), None];
    let values = [f64::NAN, 1.0, 1.0, 1.0, 1.0];
    let columns = [
        ("optional int64 ts (timestamp(millis, false));", cells(&times)),
        ("optional binary u (string);", cells(&users)),
        ("optional double v;", cells(&values)),
    ];
    let outcome = read_bytes(&mapping(SMALL), &written(&columns, 2)).unwrap();
    let rejects = outcome.parts.iter().flat_map(|it| it.1.rejects());
    let rejects: Vec<String> =
        rejects.map(|it| format!("{} {}", it.place.line, it.kind.key())).collect();
    let expected =
        ["1 bad_value", "2 skipped_time", "3 missing_time", "4 bad_time", "5 missing_id"];
    assert_eq!(rejects, expected);
}

#[test]
fn bytes_that_are_no_text_set_their_row_aside_and_texts_that_are_none_the_file() {
    let bytes = |it: &[u8]| Cell::Bytes(it.to_vec());
    let users = vec![bytes(b"a"), bytes(b"\xff"), bytes(b"b"), bytes(b"\xff"), Cell::None];
    let columns = |declared| {
        [
            ("required int64 ts (timestamp(millis, true));", cells(&[1i64, 2, 3, 4, 5])),
            (declared, users.clone()),
            ("optional double v;", vec![Cell::None; 5]),
        ]
    };
    let read = |declared: &'static str, listed| {
        let properties = WriterProperties::builder().set_dictionary_enabled(listed).build();
        read_bytes(&mapping(SMALL), &in_one(&columns(declared), properties))
    };
    for listed in [true, false] {
        let outcome = read("optional binary u;", listed).unwrap();
        let rejects = outcome.parts.iter().flat_map(|it| it.1.rejects());
        let rejects: Vec<String> =
            rejects.map(|it| format!("{} {}", it.place.line, it.kind.key())).collect();
        assert_eq!(rejects, ["2 bad_encoding", "4 bad_encoding", "5 missing_id"]);
        let error = read("optional binary u (string);", listed).unwrap_err().to_string();
        assert!(error.contains("not UTF-8"), "{error}");
    }
}

#[test]
fn dates_are_days_of_the_zone() {
    let columns = [
        ("optional int32 ts (date);", cells(&[20_665i64])),
        ("optional binary u (string);", cells(&["a"])),
        ("optional binary v (string);", vec![Cell::None]),
    ];
    let outcome = read_bytes(&mapping(SMALL), &written(&columns, 9)).unwrap();
    assert_eq!(outcome.parts[0].0.times, [1_785_448_800_000_000]);
}

#[test]
fn the_first_number_decides_the_unit_in_every_row_group() {
    let times = [None, Some(1_700_000_000_000), Some(1_700_000_000), Some(1_700_000_000_001)];
    let columns = [
        ("optional int64 ts;", cells(&times)),
        ("optional binary u (string);", cells(&["a"; 4])),
        ("optional binary v (string);", vec![Cell::None; 4]),
    ];
    let outcome = read_bytes(&mapping(SMALL), &written(&columns, 1)).unwrap();
    let used: Vec<usize> = outcome.parts.iter().map(|it| it.0.len()).collect();
    assert_eq!(used, [0, 1, 0, 1]);
}

#[test]
fn columns_that_cannot_be_used_are_named() {
    let day = || ("optional binary ts (string);", cells(&["2026-01-01"]));
    let list = || {
        let declared = "optional group v (list) { repeated group list { optional int64 item; } }";
        (declared, vec![Cell::Group(vec![Cell::List(vec![Cell::Group(vec![1.into()])])])])
    };
    let user = || ("optional binary user (string);", cells(&["a"]));
    let error = read_bytes(&mapping(SMALL), &written(&[day(), user(), list()], 9)).unwrap_err();
    assert!(error.to_string().contains("no column \"u\""), "{error}");
    let other = "path = 'a'\ntime = 'ts'\nids = { user = 'v.list.item' }";
    let error = read_bytes(&mapping(other), &written(&[day(), user(), list()], 9)).unwrap_err();
    assert!(error.to_string().contains("is a list"), "{error} {:?}", error.hint_text());
    let unusable = [
        ("optional int64 u (time(micros, true));", Cell::from(1), "a time of day"),
        ("optional fixed_len_byte_array(3) u;", "abc".into(), "bytes of a fixed length"),
        ("optional fixed_len_byte_array(2) u (float16);", "ab".into(), "a float of 16 bits"),
        (
            "optional fixed_len_byte_array(12) u (interval);",
            "abcdefghijkl".into(),
            "a span of time",
        ),
        ("optional binary u (decimal(40, 2));", "a".into(), "more than 38 digits"),
    ];
    for (declared, cell, words) in unusable {
        let columns = [day(), (declared, vec![cell]), ("optional double v;", vec![Cell::None])];
        let error = read_bytes(&mapping(SMALL), &written(&columns, 9)).unwrap_err().to_string();
        assert!(error.contains("cannot be used") && error.contains(words), "{error}");
    }
}

/// One row group with these columns, written so.
fn in_one(columns: &[(&str, Vec<Cell>)], properties: WriterProperties) -> Bytes {
    let fields: Vec<&str> = columns.iter().map(|it| it.0).collect();
    let row = |row: usize| columns.iter().map(|it| it.1[row].clone()).collect();
    let rows: Vec<Vec<Cell>> = (0..columns[0].1.len()).map(row).collect();
    file_of(&fields.join("\n"), &[&rows], properties).into()
}

fn small_file(count: usize) -> Vec<(&'static str, Vec<Cell>)> {
    let users: Vec<Cell> =
        (0..count).map(|it| Cell::Bytes(format!("user {}", it % 7).into())).collect();
    vec![
        ("required int64 ts (timestamp(micros, true));", vec![1.into(); count]),
        ("optional binary u (string);", users),
        ("optional binary v (string);", vec!["1.5".into(); count]),
    ]
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let mapping = mapping(SMALL);
    let delta = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BYTE_ARRAY)
        .set_column_encoding("ts".into(), Encoding::DELTA_BINARY_PACKED)
        .set_compression(Compression::SNAPPY)
        .build();
    for bytes in [written(&small_file(50), 20), in_one(&small_file(50), delta)] {
        assert_eq!(rows(&read_bytes(&mapping, &bytes).unwrap()).len(), 50);
        for length in (0..bytes.len()).step_by(7) {
            assert!(read_bytes(&mapping, &bytes.slice(..length)).is_err(), "{length}");
        }
        for position in 0..bytes.len() {
            for change in [1 << (position % 8), 0xff] {
                let mut flipped = bytes.to_vec();
                flipped[position] ^= change;
                // Rows or an error, but it ends; a panic in the decoder is turned into one.
                let _ = read_bytes(&mapping, &flipped.into());
            }
        }
    }
}

#[test]
fn a_row_group_with_other_rows_than_its_footer_says_is_an_error() {
    let bytes = written(&small_file(50), 50);
    // The footer's count of rows stands as a zigzag varint behind the field's head: 100.
    let places = bytes.len() - 12 - 200..bytes.len() - 8;
    let mut errors = Vec::new();
    for place in places.filter(|&it| bytes[it] == 100) {
        for promised in [98, 102] {
            let mut other = bytes.to_vec();
            other[place] = promised;
            if let Err(error) = read_bytes(&mapping(SMALL), &other.into()) {
                errors.push(error.to_string());
            }
        }
    }
    let said = |words: &str| errors.iter().any(|it| it.contains(words));
    assert!(said("row group 0 holds more rows, its footer says 49"), "{errors:?}");
    assert!(said("row group 0 holds 50 rows, its footer says 51"), "{errors:?}");
}

#[test]
fn a_large_row_group_is_read_in_pieces_with_the_same_rows() {
    let count = 2 * PIECE as i64 + 3;
    let users = (0..count).map(|it| (it % 7 != 0).then(|| format!("user {it}")));
    let events = (0..count).map(|it| (it % 5 != 0).then(|| format!("event {}", it % 3)));
    let text = |it: Option<String>| it.map_or(Cell::None, |it| Cell::Bytes(it.into()));
    // Ids are too many for a list, events are few; both are missing now and then.
    let columns = [
        ("required int64 ts (timestamp(micros, true));", (0..count).map(Cell::Whole).collect()),
        ("optional binary u (string);", users.map(text).collect::<Vec<_>>()),
        ("optional binary event (string);", events.map(text).collect()),
    ];
    let mapping = mapping("path = 'a'\ntime = 'ts'\nevent = 'event'\nids = { user = 'u' }");
    let pieces = read_bytes(&mapping, &written(&columns, count as usize)).unwrap();
    let groups = read_bytes(&mapping, &written(&columns, 50_000)).unwrap();
    // Two pieces; six groups.
    assert_eq!((pieces.parts.len(), groups.parts.len()), (PIECES_OF_LARGE, 6));
    assert!(rows(&pieces) == rows(&groups));
    let rejects = |outcome: &Outcome| {
        let mut all = Issues::new(true);
        outcome.parts.iter().for_each(|it| all.merge(it.1.clone()));
        all.rejects().to_vec()
    };
    assert_eq!(rejects(&pieces).len() as i64, (count + 6) / 7);
    assert!(rejects(&pieces) == rejects(&groups));
}

/// How many parts come of two pieces of that many rows.
const PIECES_OF_LARGE: usize = 6;

/// How pages may be written.
fn properties() -> impl Strategy<Value = WriterProperties> {
    let encodings =
        [Encoding::PLAIN, Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY];
    let compressions = [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4_RAW];
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    let choice = (0..3usize, 0..3usize, 0..2usize, any::<bool>());
    (choice, 1usize..40, 8usize..200).prop_map(
        move |((encoding, compression, version, listed), rows, list)| {
            WriterProperties::builder()
                .set_dictionary_enabled(listed)
                .set_column_dictionary_enabled("n".into(), listed)
                .set_dictionary_page_size_limit(list)
                .set_encoding(Encoding::PLAIN)
                .set_column_encoding("t".into(), encodings[encoding])
                .set_column_encoding("r".into(), encodings[encoding])
                .set_compression(compressions[compression])
                .set_writer_version(versions[version])
                .set_statistics_enabled(EnabledStatistics::None)
                .set_data_page_row_count_limit(rows)
                .set_write_batch_size(rows)
                .build()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Pages of every form, read in any portions and from any row on, are what the decoders
    /// of the crate make of them.
    #[test]
    fn columns_read_as_the_crate_reads_them(
        properties in properties(),
        texts in prop::collection::vec(prop::option::weighted(0.7, "[a-cé]{0,3}"), 1..400),
        skip in 0u64..300,
        portions in prop::collection::vec(1usize..150, 1..8),
    ) {
        let text = |it: &Option<String>| it.clone().map_or(Cell::None, |it| Cell::Bytes(it.into()));
        let all: Vec<Cell> = texts.iter().map(text).collect();
        let full = texts.iter().map(|it| Cell::Bytes(it.clone().unwrap_or_default().into()));
        let numbers = texts.iter().map(|it| match it {
            Some(it) => Cell::Whole(it.len() as i64 - 1),
            None => Cell::None,
        });
        let inner = texts.iter().enumerate().map(|(row, it)| match row % 5 {
            0 => Cell::None,
            _ => Cell::Group(vec![text(it)]),
        });
        let inner: Vec<Cell> = inner.collect();
        let columns = [
            ("optional binary t (string);", all.clone()),
            ("required binary r (string);", full.collect()),
            ("optional int64 n;", numbers.collect()),
            ("optional group g { optional binary t (string); }", inner.clone()),
        ];
        let bytes = in_one(&columns, properties);
        let metadata = metadata_of(&bytes).unwrap();
        let input = Arc::new(bytes);
        let schema = metadata.file_metadata().schema_descr();
        let expected = |leaf: usize, row: usize| match (leaf, &columns[leaf].1[row]) {
            (_, Cell::Bytes(it)) => String::from_utf8(it.clone()).unwrap(),
            (_, Cell::Whole(it)) => it.to_string(),
            (_, Cell::Group(it)) => match &it[0] {
                Cell::Bytes(it) => String::from_utf8(it.clone()).unwrap(),
                _ => "-".to_owned(),
            },
            _ => "-".to_owned(),
        };
        for (leaf, written) in [(0, false), (1, false), (2, false), (2, true), (3, false)] {
            let pages = pages_of(&input, &metadata, 0, leaf).unwrap();
            let mut chunk = chunk::Chunk::new(schema.column(leaf), pages, written);
            chunk.skip(skip).unwrap();
            let mut row = texts.len().min(skip as usize);
            for &portion in portions.iter().cycle() {
                let (cells, read) = chunk.read(portion).unwrap();
                prop_assert_eq!(read, portion.min(texts.len() - row));
                let mut fields = Vec::new();
                let column = cells.column(read, &mut fields);
                let mut scratch = String::new();
                for at in 0..read {
                    let expected = expected(leaf, row + at);
                    let field = cells.field(at);
                    let text = crate::input::columns::text_of(&field, &mut scratch).to_owned();
                    prop_assert_eq!(cells.is_missing(at), expected == "-");
                    let expected = if expected == "-" { "" } else { &expected[..] };
                    prop_assert_eq!(&text, expected);
                    // In a block, an empty text means that there is none.
                    let field = column.field(at);
                    prop_assert_eq!(crate::input::columns::text_of(&field, &mut scratch), expected);
                }
                row += read;
                if read < portion {
                    break;
                }
            }
            prop_assert!(!chunk.has_more().unwrap());
        }
    }
}

proptest! {
    /// Rows that pick from a list become the same columns, codes and all, as rows with texts
    /// taken one by one, wherever blocks end and lists change.
    #[test]
    fn picked_rows_are_the_rows_that_their_texts_make(
        lists in prop::collection::vec(
            (prop::collection::vec("|[ab]|null| a|A@x\u{e9}|[a-c]{2}", 1..9), prop::collection::vec(0u32..12, 1..60)),
            1..4,
        ),
    ) {
        let mapping = mapping(
            "path = 'a'\ntime = 'ts'\nids = { user = 'u', email = 'm' }\nevent = 'e'\n\
             event_id = 'i'\nproperties = { plan = 'p' }\nconstants = { plan = 'none' }",
        );
        let file = FileId { name: "a".into(), order: 0 };
        let fresh = || Rows::new(&mapping, file.clone(), true);
        let (mut picked, mut single) = (fresh(), fresh());
        for (texts, picks) in &lists {
            let (mut text, mut spans) = (String::new(), Vec::new());
            for it in texts.iter().collect::<BTreeSet<_>>() {
                let start = text.len() as u32;
                text.push_str(it);
                spans.push(Span { start, end: text.len() as u32 });
            }
            let list = Arc::new(List::new(text, spans, Vec::new()));
            let at = |row: usize, shift: usize| picks[(row + shift) % picks.len()];
            let shifted: Vec<Vec<u32>> = (0..mapping.columns().len())
                .map(|shift| (0..picks.len()).map(|row| at(row, shift)).collect())
                .collect();
            let times = vec![1_767_225_600_000_000; picks.len()];
            let is_time = |it: usize| mapping.time == Some(it);
            let columns = |from: usize| -> Vec<Column<'_>> {
                let column = |it: usize| match is_time(it) {
                    true => Column::Micros(&times[from..]),
                    false => Column::Listed(&list, &shifted[it][from..]),
                };
                (0..shifted.len()).map(column).collect()
            };
            let mut row = 0;
            while row < picks.len() {
                row += picked.push_block(&columns(row), picks.len() - row);
                if row < picks.len() {
                    let fields: Vec<Field<'_>> = columns(row).iter().map(|it| it.field(0)).collect();
                    picked.push(row as u64, &fields, &String::new);
                    row += 1;
                }
            }
            for row in 0..picks.len() {
                let fields: Vec<Field<'_>> = columns(row).iter().map(|it| it.field(0)).collect();
                single.push(row as u64, &fields, &String::new);
            }
        }
        let shown = |rows: Rows<'_>| {
            let (part, issues) = rows.finish();
            let column = |it: &TextColumn| {
                format!("{:?} {:?}", it.codes, it.dictionary.iter().collect::<Vec<_>>())
            };
            // An id may have two codes.
            let id = |it: &TextColumn| {
                format!("{:?}", it.codes.iter().map(|&code| it.dictionary.get(code)).collect::<Vec<_>>())
            };
            let columns = part.ids.iter().map(id).chain(part.texts.iter().map(column));
            let columns: Vec<String> = columns.collect();
            format!("{columns:?} {:?} {:?} {:?}", part.sequence, part.blocked, issues.rejects())
        };
        prop_assert_eq!(shown(picked), shown(single));
    }
}
