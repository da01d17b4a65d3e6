//! JSON lines: one object a line, in chunks at newlines, in parallel.
//!
//! Never sees what the values mean; [`Rows`] does.

use rayon::prelude::*;
use serde::de::IgnoredAny;

use super::gather::Part;
use super::mapping::{Mapping, unknown_column};
use super::paths::{Paths, Values};
use super::read::Job;
use super::rows::{Field, FileId, Rows};
use crate::base::{Error, IssueKind, Issues, Place, Progress, Result};

/// The size of a chunk; fixed, so that batches never depend on threads.
const CHUNK: usize = 4 << 20;
/// The longest line that is read.
pub const LONGEST_LINE: usize = 16 << 20;
/// How many chunks are in memory at a time, twice.
const ROUND: usize = 8;
/// How much of a line a reject keeps, at most.
const SHOWN: usize = 4 << 10;

/// What a file held.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its rows and issues, in file order.
    pub parts: Vec<(Part, Issues)>,
    /// Which of [`Mapping::columns`] occur in it at all.
    pub seen: Vec<bool>,
}

/// Adds up to so many bytes of a file to a buffer; fewer only at its end.
pub type Fill<'f> = &'f mut (dyn FnMut(&mut Vec<u8>, usize) -> Result<usize> + Send);

/// Reads the file of a job as JSON lines.
///
/// # Errors
/// As [`read`]; the file cannot be opened.
pub fn read_jsonl(job: &Job<'_>) -> Result<Outcome> {
    let mut opened = job.open()?.text()?;
    let mut fill = |buffer: &mut Vec<u8>, bytes: usize| opened.fill(buffer, bytes);
    let options = Options { keep_all: job.keep_all, strict: job.strict };
    read(&mut fill, job.mapping, &job.file, options, job.progress)
}

/// What is kept of rejected rows, and whether the first one ends the reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether every rejected row is kept.
    pub keep_all: bool,
    /// Whether reading may end at the first rejected row.
    pub strict: bool,
}

/// Reads JSON lines.
///
/// # Errors
/// The bytes cannot be read, are one JSON array or one object over many lines, or
/// no line has the time or any id that the mapping names.
pub fn read(
    fill: Fill<'_>,
    mapping: &Mapping,
    file: &FileId,
    options: Options,
    progress: &dyn Progress,
) -> Result<Outcome> {
    let paths = Paths::new(mapping.columns());
    let mut lines = Lines { fill, carry: Vec::new(), line: 1, ended: false };
    let seen = vec![false; mapping.columns().len()];
    let mut outcome = Outcome { parts: Vec::new(), seen };
    let place = |error: Error| error.or_at(Place::file(file.name.as_ref()));
    let mut round = lines.round(1).map_err(place)?;
    let Some(first) = round.first() else { return Ok(outcome) };
    check_first_line(&first.bytes, file)?;
    let keys = keys_of_first_line(&first.bytes);
    let mut lead = Rows::new(mapping, file.clone(), options.keep_all);
    while !round.is_empty() {
        // Until a time is read that decides their format, chunks go one by one.
        for chunk in &round {
            if !lead.is_decided() {
                let mut probe = lead.fork();
                chunk.read(&paths, &mut probe, true);
                lead = probe.fork();
            }
        }
        let read_chunk = |chunk: &Chunk| {
            let mut rows = lead.fork();
            let seen = chunk.read(&paths, &mut rows, false);
            (rows.finish(), seen)
        };
        let (read, next) = rayon::join(
            || round.par_iter().map(read_chunk).collect::<Vec<_>>(),
            || lines.round(ROUND),
        );
        for (part, seen) in read {
            progress.rows(part.1.read);
            outcome.parts.push(part);
            outcome.seen.iter_mut().zip(seen).for_each(|(all, it)| *all |= it);
        }
        if options.strict && outcome.parts.iter().any(|it| it.1.rejected() > 0) {
            return Ok(outcome);
        }
        round = next.map_err(place)?;
    }
    check_seen(mapping, file, &outcome, &keys)?;
    Ok(outcome)
}

/// Whole lines of a file.
struct Chunk {
    bytes: Vec<u8>,
    /// The number of the first line.
    line: u64,
    /// Whether this is the beginning of one line that is longer than the limit.
    too_long: bool,
}

/// Cuts a file into chunks.
struct Lines<'f> {
    fill: Fill<'f>,
    carry: Vec<u8>,
    line: u64,
    ended: bool,
}

impl Lines<'_> {
    fn round(&mut self, chunks: usize) -> Result<Vec<Chunk>> {
        let mut round = Vec::with_capacity(chunks);
        while round.len() < chunks {
            match self.chunk()? {
                Some(it) => round.push(it),
                None => break,
            }
        }
        Ok(round)
    }

    /// Reads until the buffer holds so many bytes or the file ends.
    fn fill(&mut self, buffer: &mut Vec<u8>, size: usize) -> Result<()> {
        let missing = size.saturating_sub(buffer.len());
        if missing > 0 && !self.ended {
            let got = (self.fill)(buffer, missing)?;
            self.ended = got < missing;
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<Option<Chunk>> {
        let mut bytes = std::mem::take(&mut self.carry);
        let mut searched = 0;
        loop {
            let size = if searched == 0 { CHUNK } else { searched + CHUNK };
            self.fill(&mut bytes, size)?;
            if self.ended {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', &bytes[searched..]) {
                self.carry = bytes.split_off(searched + last + 1);
                break;
            }
            if bytes.len() > LONGEST_LINE {
                return self.skip_line(bytes).map(Some);
            }
            searched = bytes.len();
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        if self.line == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        let line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Ok(Some(Chunk { bytes, line, too_long: false }))
    }

    /// Passes over the rest of a line that is too long, keeping its beginning.
    fn skip_line(&mut self, mut bytes: Vec<u8>) -> Result<Chunk> {
        bytes.truncate(SHOWN);
        bytes.shrink_to_fit();
        let chunk = Chunk { bytes, line: self.line, too_long: true };
        self.line += 1;
        while !self.ended {
            let mut more = Vec::new();
            self.fill(&mut more, CHUNK)?;
            if let Some(end) = memchr::memchr(b'\n', &more) {
                self.carry = more.split_off(end + 1);
                break;
            }
        }
        Ok(chunk)
    }
}

impl Chunk {
    /// Reads all lines, or those up to the one that decides the format of times;
    /// says which columns occurred.
    fn read(&self, paths: &Paths, rows: &mut Rows<'_>, probe: bool) -> Vec<bool> {
        let mut values = paths.values();
        if self.too_long {
            too_long(self.line, &self.bytes, rows);
            return values.seen().to_vec();
        }
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', &self.bytes).chain([self.bytes.len()]);
        for (line, end) in (self.line..).zip(ends) {
            read_line(line, &self.bytes[start..end], paths, &mut values, rows);
            start = end + 1;
            if start > self.bytes.len() || (probe && rows.is_decided()) {
                break;
            }
        }
        values.seen().to_vec()
    }
}

fn too_long(line: u64, bytes: &[u8], rows: &mut Rows<'_>) {
    let detail = format!("the line is longer than {} MiB", LONGEST_LINE >> 20);
    rows.reject(line, 0, IssueKind::TooLong, detail, &|| shown(bytes));
}

/// A line as it stands in the file, cut.
fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(SHOWN)]).into_owned()
}

/// Reads one line; blank ones are no records.
fn read_line<'a>(
    line: u64,
    bytes: &'a [u8],
    paths: &Paths,
    values: &mut Values<'a>,
    rows: &mut Rows<'_>,
) {
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return;
    }
    if bytes.len() > LONGEST_LINE {
        return too_long(line, bytes, rows);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(it) => it,
        Err(error) => {
            let column = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).chars().count();
            let detail = "the line is not UTF-8";
            return rows
                .reject(line, column as u64 + 1, IssueKind::BadEncoding, detail, &|| shown(bytes));
        }
    };
    match paths.read(text, values) {
        Ok(()) => {
            let columns = values.seen().len();
            let field = |column| values.get(column).map_or(Field::Missing, Field::Text);
            let fields: Vec<Field<'_>> = (0..columns).map(field).collect();
            rows.push(line, &fields, &|| shown(bytes));
        }
        Err(error) => reject_json(line, text, &error, rows),
    }
}

#[cold]
fn reject_json(line: u64, text: &str, error: &serde_json::Error, rows: &mut Rows<'_>) {
    let raw = || shown(text.as_bytes());
    if let Some(nul) = text.find('\0') {
        let column = text[..nul].chars().count() as u64 + 1;
        return rows.reject(line, column, IssueKind::NulByte, "a NUL byte", &raw);
    }
    let syntax = serde_json::from_str::<IgnoredAny>(text).err();
    if !text.starts_with('{') && syntax.is_none() {
        return rows.reject(line, 1, IssueKind::NotAnObject, "the line is no object", &raw);
    }
    let error = syntax.as_ref().unwrap_or(error);
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    let bytes = error.column().min(text.len());
    let column = String::from_utf8_lossy(&text.as_bytes()[..bytes]).chars().count().max(1);
    rows.reject(line, column as u64, IssueKind::BadJson, message, &raw);
}

/// The first line that is not blank.
fn first_line(bytes: &[u8]) -> &[u8] {
    let line = bytes.split(|&it| it == b'\n').map(<[u8]>::trim_ascii);
    line.into_iter().find(|it| !it.is_empty()).unwrap_or_default()
}

/// Refuses what is JSON but not JSON lines.
fn check_first_line(bytes: &[u8], file: &FileId) -> Result<()> {
    let line = first_line(bytes);
    let wrong = |message: &str| {
        Err(Error::new(message)
            .at(Place::line(file.name.as_ref(), 1))
            .hint("write one object a line, for example with: jq -c '.[]' events.json"))
    };
    if line == b"{" {
        return wrong("the file is one JSON object over many lines, not JSON lines");
    }
    let objects = line.strip_prefix(b"[").is_some_and(|it| it.trim_ascii().starts_with(b"{"));
    let alone = serde_json::from_slice::<IgnoredAny>(line).is_ok();
    if line.starts_with(b"[") && (objects || !alone) {
        return wrong("the file is one JSON array, not JSON lines");
    }
    Ok(())
}

/// The keys of the first object, for hints.
fn keys_of_first_line(bytes: &[u8]) -> Vec<String> {
    match serde_json::from_slice(first_line(bytes)) {
        Ok(serde_json::Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Refuses a file where no line has the time, or no line any id.
fn check_seen(mapping: &Mapping, file: &FileId, outcome: &Outcome, keys: &[String]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let absent = |column: usize| !outcome.seen[column];
    let time = mapping.time.filter(|&it| absent(it));
    let ids = mapping.ids.iter().all(|it| absent(it.1));
    let id = mapping.ids.first().map(|it| it.1).filter(|_| ids);
    match time.or(id) {
        Some(column) => {
            let known: Vec<&str> = keys.iter().map(String::as_str).collect();
            Err(unknown_column(&file.name, &mapping.columns()[column], &known))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "jsonl_tests.rs"]
pub(super) mod tests;
