//! Tests of the CSV reader as a whole: text in, rows and rejects out.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::chunks::{Chunks, Source};
use super::read::read_chunks;
use super::split::{FIELD_LIMIT, RECORD_LIMIT};
use crate::base::{Currency, NONE, Result, Unwatched};
use crate::input::SourceOptions;
use crate::input::gather::Gather;
use crate::input::mapping::{Common, Mapping, fields};
use crate::input::nobody::Blocklist;
use crate::input::open::Found;
use crate::input::read::Job;
use crate::input::rows::FileId;
use crate::store::RawEvents;

/// A stream that is in memory.
pub(super) struct Memory<'a>(pub &'a [u8]);

impl Source for Memory<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let (now, later) = self.0.split_at(buffer.len().min(self.0.len()));
        buffer[..now.len()].copy_from_slice(now);
        self.0 = later;
        Ok(now.len())
    }
}

/// Reads a text in chunks of a size; columns are `id` and the properties named.
pub(super) fn rows_of(
    text: &[u8],
    id: &str,
    properties: &[&str],
    delimiter: Option<u8>,
    size: usize,
) -> Result<RawEvents> {
    let mut source = SourceOptions {
        path: "t.csv".into(),
        role: crate::input::Role::Links,
        ..SourceOptions::default()
    };
    source.ids.insert("user".into(), id.into());
    for (rank, column) in properties.iter().enumerate() {
        source.properties.insert(format!("p{rank:03}"), (*column).into());
    }
    let common = Common {
        fields: fields(std::slice::from_ref(&source), &[]),
        zone: jiff::tz::TimeZone::UTC,
        currency: Currency::UNNAMED,
        blocklist: Blocklist::default(),
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
    let chunks = Chunks::new(Memory(text), size)?;
    let parts = read_chunks(&job, chunks, delimiter, size)?.parts;
    let mut issues = crate::base::Issues::new(true);
    let mut batches = Vec::new();
    for (batch, more) in parts {
        issues.merge(more);
        batches.push((batch, false));
    }
    let gather = Gather::new(&common.fields, Arc::default());
    gather.finish(common.fields.clone(), batches, issues, Vec::new())
}

/// The values of all rows, the id last.
pub(super) fn table(raw: &RawEvents) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in &raw.batches.all().unwrap() {
        for row in 0..batch.len() {
            let mut values: Vec<String> = batch
                .texts
                .iter()
                .zip(&raw.texts)
                .map(|(column, names)| names.get(column.code(row)).to_owned())
                .collect();
            let code = batch.ids[0].code(row);
            let id = if code == NONE { "" } else { raw.ids[0].get(code) };
            values.push(id.to_owned());
            rows.push(values);
        }
    }
    rows
}

/// Rows and rejects as text.
fn dump(text: &[u8], size: usize) -> String {
    let raw = match rows_of(text, "a", &["b"], Some(b','), size) {
        Ok(raw) => raw,
        Err(error) => return format!("error {error}\n"),
    };
    let mut out = String::new();
    for row in table(&raw) {
        let _ = writeln!(out, "{:?} {:?}", row[1], row[0]);
    }
    for reject in raw.issues.rejects() {
        let (place, kind) = (&reject.place, reject.kind.key());
        let raw = reject.raw.get(..40).unwrap_or(&reject.raw);
        let _ = writeln!(out, "{}:{} {kind} {raw:?}", place.line, place.column);
    }
    let issues = &raw.issues;
    assert_eq!(issues.read, raw.len() as u64 + issues.rejected());
    out
}

/// The dump must be the same for every size of chunks.
fn check(text: &str, expected: &str) {
    let whole = dump(text.as_bytes(), 1 << 20);
    assert_eq!(whole, expected, "of {text:?}");
    for size in [1, 2, 3, 5, 7, 11, 64] {
        assert_eq!(dump(text.as_bytes(), size), expected, "of {text:?} in chunks of {size}");
    }
}

#[test]
fn well_shaped_records_are_read() {
    check("a,b\nx,1\ny,2\n", "\"x\" \"1\"\n\"y\" \"2\"\n");
    check("a,b\nx,1\ny,2", "\"x\" \"1\"\n\"y\" \"2\"\n");
    check("a,b\r\nx,1\r\ny,2\r\n", "\"x\" \"1\"\n\"y\" \"2\"\n");
    check("b,a\n,x\n", "\"x\" \"\"\n");
    check("a,c,b\nx,9,\n", "\"x\" \"\"\n");
    check("\"a\",\"b\"\n\"x\",\"1\"\n", "\"x\" \"1\"\n");
    check("a,b\n\"x\",\"1,2\"\n", "\"x\" \"1,2\"\n");
    check("a,b\n\"x\",\"1\r\n2\"\r\ny,3\r\n", "\"x\" \"1\\r\\n2\"\n\"y\" \"3\"\n");
    check("a,b\n\"x\",\"say \"\"hi\"\"\"\n", "\"x\" \"say \\\"hi\\\"\"\n");
    check("a,b\n\"x\",\"\"\"\"", "\"x\" \"\\\"\"\n");
    check("a,b\nx,\"\"\n", "\"x\" \"\"\n");
    check("\n\r\na,b\n\nx,1\n\n\ny,2\n\r\n", "\"x\" \"1\"\n\"y\" \"2\"\n");
    check("a,b\nz\u{fc}rich,\u{20ac}\n", "\"zürich\" \"€\"\n");
    check("a,b\n", "");
    check("a,b", "");
}

#[test]
fn a_bad_record_costs_its_first_line_only() {
    check("a,b\nx,1,2\ny,3\n", "\"y\" \"3\"\n2:0 field_count \"x,1,2\"\n");
    check("a,b\nx\ny,3\n", "\"y\" \"3\"\n2:0 field_count \"x\"\n");
    check("a,b\nx,1\"2\ny,3\n", "\"y\" \"3\"\n2:4 bad_quote \"x,1\\\"2\"\n");
    check("a,b\nx,\"1\"2\ny,3\n", "\"y\" \"3\"\n2:6 bad_quote \"x,\\\"1\\\"2\"\n");
    check("a,b\nx,\"1\ny,3\nz,4\n", "\"y\" \"3\"\n\"z\" \"4\"\n2:3 bad_quote \"x,\\\"1\"\n");
    check("a,b\nx,\"1\r\ny,\"3\"\r\n", "\"y\" \"3\"\n2:3 bad_quote \"x,\\\"1\"\n");
    check(
        "a,b\n\"x\n\nz\",1\na,b\ny,2,3\n",
        &["\"x\\n\\nz\" \"1\"\n", "5:0 repeated_header \"a,b\"\n6:0 field_count \"y,2,3\"\n"]
            .concat(),
    );
    check("a,b\nx,\u{0}\ny,2\n", "\"y\" \"2\"\n2:3 nul_byte \"x,\\0\"\n");
    check("a,b\nx,1\ry,2\nz,3\n", "\"z\" \"3\"\n2:0 field_count \"x,1\\ry,2\"\n");
    check("a,b\n,1\nnull,2\n", "2:0 missing_id \",1\"\n3:1 null_like_id \"null,2\"\n");
}

#[test]
fn bytes_that_are_no_text_cost_their_record() {
    let text = b"a,b\nx,1\ny,\xff2\n\"z\",\"\n3\"\n";
    let expected = "\"x\" \"1\"\n\"z\" \"\\n3\"\n3:3 bad_encoding \"y,\u{fffd}2\"\n";
    for size in [1, 4, 9, 100] {
        assert_eq!(dump(text, size), expected);
    }
}

#[test]
fn headers_that_cannot_serve_are_refused() {
    check("", "error t.csv: the file is empty\n");
    check("\n\n", "error t.csv: the file is empty\n");
    check("a,c\nx,1\n", "error t.csv:1: no column \"b\"\n");
    check("a,b,b\nx,1,2\n", "error t.csv:1: the header has \"b\" more than once\n");
    check("a,b\"\nx,1\n", "error t.csv:1: cannot read the header: a quote is out of place\n");
    let lone = dump(b"a,b\rx,1\r", 100);
    assert_eq!(lone, "error t.csv:1: lines end in carriage returns alone\n");
}

#[test]
fn what_is_too_long_costs_one_line() {
    let field = format!("a,b\nx,{}\ny,2\n", "f".repeat(FIELD_LIMIT + 1));
    let quoted = format!("a,b\nx,\"f\n{}\"\ny,2\n", "f".repeat(FIELD_LIMIT));
    let fits = format!("a,b\nx,\"{}\"\ny,2\n", "f".repeat(FIELD_LIMIT));
    let record = format!("a,b\nx,1{}\ny,2\n", ",f".repeat(RECORD_LIMIT));
    for size in [FIELD_LIMIT / 3, 64 << 20] {
        assert!(dump(field.as_bytes(), size).starts_with("\"y\" \"2\"\n2:3 too_long"));
        let quoted = dump(quoted.as_bytes(), size);
        assert!(quoted.starts_with("\"y\" \"2\"\n2:3 bad_quote"), "{quoted:.200}");
        assert!(quoted.contains("\n3:1048577 bad_quote"), "{quoted:.200}");
        assert!(dump(fits.as_bytes(), size).ends_with("\"\n\"y\" \"2\"\n"));
        let record = dump(record.as_bytes(), size);
        assert!(record.starts_with("\"y\" \"2\"\n2:1 too_long"), "{record:.200}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_chunk_size_reads_the_same(
        text in "(a,b\n)?[ab1,\"\r\n\u{fc}\u{0}]{0,60}",
        size in 1usize..40,
    ) {
        let whole = dump(text.as_bytes(), 1 << 20);
        prop_assert_eq!(dump(text.as_bytes(), size), whole);
    }

    #[test]
    fn well_formed_files_read_as_the_csv_crate_reads_them(
        rows in prop::collection::vec(
            prop::collection::vec("[ab\", \n\r;\u{20ac}]{0,8}", 3), 0..12),
        crlf in any::<bool>(),
        always in any::<bool>(),
        size in 1usize..50,
    ) {
        let mut writer = csv::WriterBuilder::new()
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(Vec::new());
        writer.write_record(["id", "one", "two", "three"]).unwrap();
        for (index, row) in rows.iter().enumerate() {
            let id = format!("id{index}");
            writer.write_record([&id, &row[0], &row[1], &row[2]]).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let expected: Vec<Vec<String>> = csv::Reader::from_reader(&text[..])
            .records()
            .map(|it| it.unwrap())
            .map(|it| vec![it[1].to_owned(), it[2].to_owned(), it[3].to_owned(), it[0].to_owned()])
            .collect();
        let raw = rows_of(&text, "id", &["one", "two", "three"], Some(b','), size).unwrap();
        prop_assert_eq!(raw.issues.rejected(), 0);
        prop_assert_eq!(table(&raw), expected);
    }
}
