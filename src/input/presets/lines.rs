//! JSON to records: one object a line, or one array of objects.
//!
//! Which of the two a file is, its first character says. Knows nothing of what
//! records mean.

use super::drive::{drive, drive_lines};
use super::elements::{Element, Elements};
use super::plan::Plan;
use super::sink::Sink;
use crate::base::{IssueKind, Result};
use crate::input::jsonl::{Chunk, LONGEST_LINE, Lines, Outcome, check_first_line, shown};
use crate::input::read::Job;

/// How much is looked at to tell lines from an array.
const HEAD: usize = 64 << 10;

/// Reads a file of JSON.
///
/// # Errors
/// The file cannot be read, or is one object over many lines.
pub(super) fn read(job: &Job<'_>, plan: &Plan<'_>) -> Result<Outcome> {
    let mut opened = job.open()?.text()?;
    let mut head = Vec::new();
    opened.fill(&mut head, HEAD)?;
    let is_array = head.trim_ascii_start().first() == Some(&b'[');
    if !is_array {
        check_first_line(&head, &job.file)?;
    }
    let mut at = 0;
    let mut fill = |buffer: &mut [u8]| {
        let ready = (head.len() - at).min(buffer.len());
        buffer[..ready].copy_from_slice(&head[at..at + ready]);
        at += ready;
        Ok(ready + opened.fill_all(&mut buffer[ready..])?)
    };
    if is_array {
        let mut elements = Elements::new(&mut fill);
        return drive(
            job,
            plan,
            || elements.some(),
            |some, sink| {
                some.into_iter().for_each(|it| element(&it, sink));
                Ok(())
            },
        );
    }
    let mut lines = Lines::new(&mut fill);
    drive_lines(job, plan, &mut lines, each_line)
}

fn each_line(chunk: &Chunk, sink: &mut Sink<'_>) {
    if chunk.is_too_long() {
        return too_long(chunk.line(), chunk.bytes(), sink);
    }
    for (line, bytes) in (chunk.line()..).zip(chunk.bytes().split(|&it| it == b'\n')) {
        let bytes = bytes.trim_ascii();
        if !bytes.is_empty() {
            one(line, bytes, sink);
        }
    }
}

fn element(element: &Element, sink: &mut Sink<'_>) {
    match element {
        Element::Whole { line, bytes } => one(*line, bytes, sink),
        Element::TooLong { line, bytes } => too_long(*line, bytes, sink),
        Element::Wrong { line, detail, bytes } => {
            sink.reject(*line, 0, IssueKind::BadJson, *detail, &|| shown(bytes));
        }
    }
}

fn one(line: u64, bytes: &[u8], sink: &mut Sink<'_>) {
    if bytes.len() > LONGEST_LINE {
        return too_long(line, bytes, sink);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => sink.take(line, text, &|| shown(bytes)),
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let column = match before.contains('\n') {
                true => 0,
                false => before.chars().count() as u64 + 1,
            };
            let detail = "the record is not UTF-8";
            sink.reject(line, column, IssueKind::BadEncoding, detail, &|| shown(bytes));
        }
    }
}

fn too_long(line: u64, bytes: &[u8], sink: &mut Sink<'_>) {
    let detail = format!("the record is longer than {} MiB", LONGEST_LINE >> 20);
    sink.reject(line, 0, IssueKind::TooLong, detail, &|| shown(bytes));
}
