//! Blocks against rows one by one: the same batches and the same issues of any text.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;

use super::chunks::Chunks;
use super::read::read_chunks;
use super::tests::Memory;
use crate::base::{Issues, Result, Unwatched};
use crate::input::SourceOptions;
use crate::input::gather::Part;
use crate::input::mapping::{Common, Mapping, fields};
use crate::input::nobody::Blocklist;
use crate::input::open::Found;
use crate::input::read::Job;
use crate::input::rows::FileId;
use crate::model::raw::{Sequence, TextColumn};

const COLUMNS: [&str; 10] = [
    "event_id", "time", "cookie", "user", "email", "stage", "value", "quantity", "currency", "note",
];

const EVENTS: &str = "path = 't.csv'\ntime = 'time'\nevent = 'stage'\nevent_id = 'event_id'\n\
    ids = { cookie = 'cookie', user = 'user', email = 'email' }\n\
    value = 'value'\nquantity = 'quantity'\ncurrency = 'currency'\n\
    properties = { note = 'note' }\nconstants = { event = 'nothing', channel = 'web' }\n";
const LINKS: &str = "path = 't.csv'\nrole = 'links'\ntime = 'time'\nsequence = 'quantity'\n\
    ids = { cookie = 'cookie', user = 'user' }\n";
/// A filter that holds for every row: with one, rows are taken one by one.
const ONE_BY_ONE: &str = "where = \"stage != 'no such stage'\"\n";

fn parts(text: &[u8], source: &str, size: usize) -> Result<Vec<(Part, Issues)>> {
    let source: SourceOptions = toml::from_str(source).unwrap();
    let common = Common {
        fields: fields(std::slice::from_ref(&source), &[]),
        zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(),
        currency: "EUR".parse().unwrap(),
        blocklist: Blocklist::of(&["kiosk"]),
        privacy: Default::default(),
        gather: None,
    };
    let mapping = Mapping::new(&source, &common)?;
    let job = Job {
        found: &Found { name: "t.csv".into(), location: "t.csv".into() },
        file: FileId { name: "t.csv".into(), order: 0 },
        source: &source,
        mapping: &mapping,
        keep_all: true,
        strict: false,
        progress: &Unwatched,
    };
    Ok(read_chunks(&job, Chunks::new(Memory(text), size)?, None, size)?.parts)
}

fn column(column: &TextColumn) -> String {
    format!("{:?} {:?}", column.codes, column.dictionary.iter().collect::<Vec<_>>())
}

/// The ids of the rows; an id may have two codes.
fn ids(column: &TextColumn) -> String {
    format!("{:?}", column.codes.iter().map(|it| column.dictionary.get(*it)).collect::<Vec<_>>())
}

/// All that a reading gave, as text.
fn shown(parts: Result<Vec<(Part, Issues)>>) -> String {
    let parts = match parts {
        Ok(it) => it,
        Err(error) => return error.to_string(),
    };
    let mut out = String::new();
    for (batch, issues) in parts {
        let _ = writeln!(out, "{:?} {} {issues:?}", batch.times, batch.times_as);
        let _ = writeln!(out, "{:?} {:?}", batch.amounts, batch.blocked);
        let columns = batch.ids.iter().map(ids).chain(batch.texts.iter().map(column));
        for it in columns {
            let _ = writeln!(out, "{it}");
        }
        let _ = match &batch.sequence {
            Sequence::Texts(it) => writeln!(out, "{}", column(it)),
            other => writeln!(out, "{other:?}"),
        };
    }
    out
}

fn check(text: &[u8], size: usize) {
    for source in [EVENTS, LINKS] {
        let blocks = shown(parts(text, source, size));
        let rows = shown(parts(text, &format!("{source}{ONE_BY_ONE}"), size));
        assert_eq!(blocks, rows, "of {}", String::from_utf8_lossy(text));
    }
}

/// Values of a column: first those of most rows, then those that are rare.
fn values(column: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    match column {
        "event_id" => (
            vec!["1", "22", "12345678", "123456789", "1234567890123456"],
            vec!["007", "-5", "", "x", "0", "12345678901234567890", " 1", "1a3"],
        ),
        "time" => (
            vec![
                "2026-01-01T00:00:50.168Z",
                "2026-01-01T23:59:60Z",
                "2026-01-02 10:00:00.123456Z",
                "2026-01-01T00:00:50,1Z",
                "2026-06-02 10:00:00",
            ],
            vec![
                "",
                "2026-10-25 02:30:00",
                "2026-03-29 02:30:00",
                "2026-01-01T24:00:00Z",
                "2026-13-01T00:00:00Z",
                "2026-01-01T00:0:000Z",
                " 2026-01-03",
                "1767225600",
                "time",
            ],
        ),
        "cookie" => (
            vec!["a74636a911b55cd4f", "b74636a911b55cd4f", "a74636a911b55cd4g", "c1", "a1234567"],
            vec!["", " c1 ", "null", "GUEST", "kiosk", "ü", "00000000-0000-0000-0000-000000000000"],
        ),
        "user" | "email" => (
            vec!["", "", "u1", "A@b.example", "a@b.example"],
            vec![" ", "None", "anonymous", "İ@b.example", " A@B.EXAMPLE ", "user", "email"],
        ),
        "stage" => (
            vec![
                "home",
                "cart",
                "home2",
                "purchase",
                "a stage with a long name",
                "sixteen bytes ab",
            ],
            vec!["", " home", "\u{20ac}", "stage", "a stage with a long name, and more"],
        ),
        "value" => (vec!["", "", "", "1.50", "20"], vec!["0.005", "x", "-3", "1e5", " 1 "]),
        "quantity" => (vec!["", "1", "2"], vec!["x", "-1", "0.5", "9223372036854775807"]),
        "currency" => (vec!["", "EUR", "eur"], vec!["USD", " EUR "]),
        _ => (vec!["n", "m", ""], vec!["a\"b", "a\rb", "\u{0}", "q,q"]),
    }
}

/// A line, with its end.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let field = |column: &&str| {
        let (usual, rare) = values(column);
        prop_oneof![60 => select(usual), 1 => select(rare)]
    };
    let fields: Vec<_> = COLUMNS.iter().map(field).collect();
    let odd = prop_oneof![
        200 => Just(0),
        1 => 1..10u32,
    ];
    (fields, odd).prop_map(|(mut fields, odd)| {
        match odd {
            1 => fields.truncate(9),
            2 => fields.push("more"),
            3 => fields = COLUMNS.to_vec(),
            4 => return b"\n".to_vec(),
            5 => return b"1,2026-01-01T00:00:50.168Z,\xff,,,,,,,\n".to_vec(),
            6 => return b"1,2026-01-01T00:00:50.168Z,c\rd,,,,,,,\n".to_vec(),
            7 => return b"1,\"2026-01-01T00:00:50.168Z\",\"c\nd\",,,\"e\"\"f\",,,,\n".to_vec(),
            8 => return b"1,\"2026-01-01T00:00:50.168Z\",\"c\n".to_vec(),
            9 => return [fields.join(",").as_bytes(), b"\r\r\n"].concat(),
            _ => {}
        }
        [fields.join(",").as_bytes(), b"\n"].concat()
    })
}

/// All line feeds with a carriage return before them.
fn with_returns(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|&it| if it == b'\n' { vec![b'\r', b'\n'] } else { vec![it] }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn blocks_read_as_rows_one_by_one(
        lines in prop::collection::vec(line(), 0..120),
        returns in any::<bool>(),
        closed in any::<bool>(),
        size in 1usize..20_000,
    ) {
        let mut text = COLUMNS.join(",").into_bytes();
        text.push(b'\n');
        text.extend(lines.concat());
        if !closed {
            text.pop();
        }
        let text = if returns { with_returns(&text) } else { text };
        check(&text, size);
    }

    #[test]
    fn any_bytes_in_many_short_records_read_as_one_by_one(
        lines in prop::collection::vec("[a1 ]{0,3},[0-9]{0,2},(x|y|null|),[ \"\r,]{0,1},,,,,,(\r|)", 0..200),
        size in 1usize..3000,
    ) {
        let text = format!("{}\n{}", COLUMNS.join(","), lines.join("\n"));
        check(text.as_bytes(), size);
    }
}

#[test]
fn long_runs_of_records_cross_blocks_and_chunks() {
    let mut text = COLUMNS.join(",");
    for row in 0..5000 {
        let _ = write!(
            text,
            "\n{row},2026-01-{:02}T00:00:{:02}.{:03}Z,c{},{},,stage{},{},,,{}",
            1 + row / 400,
            row % 60,
            row % 1000,
            row * row % 977,
            if row % 3 == 0 { format!("user number {}", row % 50) } else { String::new() },
            row % 31,
            if row % 20 == 0 { "12.345" } else { "" },
            if row == 3333 { "\"quoted, once\"" } else { "" },
        );
    }
    for size in [700, 20_000, 100_000, 1 << 20] {
        check(text.as_bytes(), size);
        check(&with_returns(text.as_bytes()), size);
    }
}
