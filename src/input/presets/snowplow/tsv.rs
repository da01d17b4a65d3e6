//! Enriched events as the pipeline writes them: lines of 131 values between tabs.
//!
//! No value holds a tab or a line end, and quotes mean nothing. Knows no preset's table.

use super::columns::COLUMNS;
use crate::base::{IssueKind, Result};
use crate::input::jsonl::{Chunk, Fill, LONGEST_LINE, Lines, Outcome, shown};
use crate::input::presets::drive::drive_lines;
use crate::input::presets::{Plan, Sink};
use crate::input::read::Job;

/// How much is looked at to tell a file without a header.
const HEAD: usize = 256 << 10;
/// How many records a look takes in.
const LOOK: usize = 2000;

/// What tells that these first bytes are enriched events without a header.
pub(super) fn knows(head: &[u8]) -> Option<&'static str> {
    let line = head.split(|&it| it == b'\n').next().unwrap_or_default();
    let values: Vec<&[u8]> = line.split(|&it| it == b'\t').collect();
    let is_id =
        |it: &[u8]| it.len() == 36 && it.iter().all(|it| it.is_ascii_hexdigit() || *it == b'-');
    let fits = values.len() == COLUMNS.len() && is_id(values[6]);
    fits.then_some("131 values between tabs, the seventh an event's id")
}

/// Whether the file of a job has no header.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_raw(job: &Job<'_>) -> Result<bool> {
    let mut head = Vec::new();
    job.open()?.text()?.fill(&mut head, HEAD)?;
    let line = head.split(|&it| it == b'\n').next().unwrap_or_default();
    let tabs = memchr::memchr_iter(b'\t', line).count();
    let named = line.split(|&it| it == b'\t').any(|it| it == b"event_id" || it == b"\"event_id\"");
    // A first line that is damaged must not make a header of the second.
    Ok(!named && !line.starts_with(b"{") && (tabs > 40 || knows(&head).is_some()))
}

/// Reads the file of a job as enriched events without a header.
///
/// # Errors
/// It cannot be read. Bad lines are no errors, they are counted.
pub(super) fn read(job: &Job<'_>, plan: &Plan<'_>) -> Result<Outcome> {
    let mut opened = job.open()?.text()?;
    let mut fill = |buffer: &mut [u8]| opened.fill_all(buffer);
    let mut lines = Lines::new(&mut fill);
    drive_lines(job, plan, &mut lines, each_line)
}

fn each_line(chunk: &Chunk, sink: &mut Sink<'_>) {
    if chunk.is_too_long() {
        let detail = format!("the line is longer than {} MiB", LONGEST_LINE >> 20);
        let raw = || shown(chunk.bytes());
        return sink.reject(chunk.line(), 0, IssueKind::TooLong, detail, &raw);
    }
    let mut object = String::new();
    for (line, bytes) in (chunk.line()..).zip(chunk.bytes().split(|&it| it == b'\n')) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let raw = || shown(bytes);
        match record(bytes, &mut object) {
            Ok(()) => sink.take(line, &object, &raw),
            Err((kind, detail)) => sink.reject(line, 0, kind, detail, &raw),
        }
    }
}

/// A line as a JSON object of its values that are not empty.
fn record(bytes: &[u8], object: &mut String) -> std::result::Result<(), (IssueKind, String)> {
    if bytes.len() > LONGEST_LINE {
        let detail = format!("the line is longer than {} MiB", LONGEST_LINE >> 20);
        return Err((IssueKind::TooLong, detail));
    }
    if memchr::memchr(0, bytes).is_some() {
        return Err((IssueKind::NulByte, String::new()));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err((IssueKind::BadEncoding, "the line is not UTF-8".to_owned()));
    };
    let count = memchr::memchr_iter(b'\t', bytes).count() + 1;
    if count != COLUMNS.len() {
        return Err((IssueKind::FieldCount, format!("{count} instead of {}", COLUMNS.len())));
    }
    object.clear();
    object.push('{');
    for (name, value) in COLUMNS.iter().zip(text.split('\t')).filter(|it| !it.1.is_empty()) {
        if object.len() > 1 {
            object.push(',');
        }
        object.push('"');
        object.push_str(name);
        object.push_str("\":");
        object.push_str(&serde_json::Value::from(value).to_string());
    }
    object.push('}');
    Ok(())
}

/// The first events as JSON objects.
///
/// # Errors
/// They cannot be read.
pub(super) fn look(fill: Fill<'_>) -> Result<Vec<String>> {
    let mut lines = Lines::new(fill);
    let mut records = Vec::new();
    while records.len() < LOOK
        && let Some(chunk) = lines.chunk(Vec::new(), HEAD)?
    {
        for bytes in chunk.bytes().split(|&it| it == b'\n').take(LOOK) {
            let mut object = String::new();
            if record(bytes.strip_suffix(b"\r").unwrap_or(bytes), &mut object).is_ok() {
                records.push(object);
            }
        }
    }
    Ok(records)
}
