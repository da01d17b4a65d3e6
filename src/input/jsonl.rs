//! JSON lines: one object a line, in chunks at newlines, in parallel.
//!
//! Never sees what the values mean; [`Rows`] does.

mod chunk;
mod lines;
mod one;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::de::IgnoredAny;

use super::gather::Part;
use super::mapping::{Mapping, unknown_column};
use super::open::stir_memory;
use super::paths::Paths;
use super::read::Job;
use super::rows::{FileId, Rows};
use crate::base::{Error, IssueKind, Issues, Place, Progress, Result};
use chunk::Reader;
pub(super) use lines::{Chunk, Lines};

/// How much is looked at before threads share the rest.
const HEAD: usize = 64 << 10;
/// The size of a chunk; fixed, so that batches never depend on threads.
const READ: usize = 2 << 20;
/// The same for readers that know more of each line.
pub(super) const CHUNK: usize = 4 << 20;
/// The longest line that is read.
pub const LONGEST_LINE: usize = 16 << 20;
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

/// Fills a buffer with the next bytes of a file; says how many, fewer only at its end.
pub type Fill<'f> = &'f mut (dyn FnMut(&mut [u8]) -> Result<usize> + Send);

/// Reads the file of a job as JSON lines.
///
/// # Errors
/// As [`read`]; the file cannot be opened.
pub fn read_jsonl(job: &Job<'_>) -> Result<Outcome> {
    let mut opened = job.open()?.text()?;
    let mut fill = |buffer: &mut [u8]| opened.fill_all(buffer);
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
    let reading =
        Reading { paths, options, progress, quick: true, counted: mapping.counts_lines() };
    reading.read(fill, mapping, file).map_err(|it| it.or_at(Place::file(file.name.as_ref())))
}

/// What holds for all chunks of a file.
struct Reading<'r> {
    paths: Paths,
    options: Options,
    progress: &'r dyn Progress,
    /// Whether usual lines are read in quicker ways; the same comes of them without.
    quick: bool,
    /// Whether the lines of a chunk are counted before it is read.
    counted: bool,
}

/// What came of a chunk.
struct Found {
    /// Its order in the file.
    index: usize,
    part: (Part, Issues),
    lines: u64,
    /// Which columns occurred.
    seen: Vec<bool>,
}

impl Reading<'_> {
    fn read(&self, fill: Fill<'_>, mapping: &Mapping, file: &FileId) -> Result<Outcome> {
        let mut lines = Lines::new(fill);
        if !self.counted {
            lines = lines.uncounted();
        }
        let mut lead = Rows::new(mapping, file.clone(), self.options.keep_all);
        let (mut parts, mut keys) = (Vec::new(), None);
        let (mut size, mut buffer) = (HEAD, Vec::new());
        // Until a time is read that decides their format, chunks go one by one.
        while (keys.is_none() || !lead.is_decided())
            && let Some(chunk) = lines.chunk(buffer, size)?
        {
            if keys.is_none() && !first_line(chunk.bytes()).is_empty() {
                check_first_line(chunk.bytes(), file)?;
                keys = Some(keys_of_first_line(chunk.bytes()));
            }
            let mut probe = self.reader(lead.fork());
            probe.probe(&chunk);
            lead = probe.rows.fork();
            parts.push(self.part(&chunk, &mut self.reader(lead.fork())));
            (size, buffer) = (READ, chunk.buffer);
        }
        if !self.stops(&parts) {
            parts.extend(self.in_parallel(&mut lines, &lead)?);
        }
        let stop = self.stops(&parts);
        let outcome = self.outcome(parts, mapping);
        if !stop {
            check_seen(mapping, file, &outcome, &keys.unwrap_or_default())?;
        }
        Ok(outcome)
    }

    /// All that came of a file's chunks, in its order.
    fn outcome(&self, mut parts: Vec<Found>, mapping: &Mapping) -> Outcome {
        parts.sort_unstable_by_key(|it| it.index);
        let mut outcome = Outcome { parts: Vec::new(), seen: vec![false; mapping.columns().len()] };
        let mut before = 0;
        for Found { part: (part, mut issues), lines, seen, .. } in parts {
            if !self.counted {
                issues.move_lines(before);
                before += lines;
            }
            outcome.parts.push((part, issues));
            outcome.seen.iter_mut().zip(seen).for_each(|(all, it)| *all |= it);
        }
        outcome
    }

    /// Reads all other chunks on all threads, each fetching its own next one in turn.
    fn in_parallel(&self, lines: &mut Lines<'_>, lead: &Rows<'_>) -> Result<Vec<Found>> {
        stir_memory(8 * READ);
        let buffers: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        let lock = || buffers.lock().unwrap_or_else(PoisonError::into_inner);
        // Readers whose memory is near.
        let readers: Mutex<Vec<Reader<'_, '_>>> = Mutex::new(Vec::new());
        let idle = || readers.lock().unwrap_or_else(PoisonError::into_inner);
        let stop = AtomicBool::new(false);
        let mut failure = None;
        let feed = std::iter::from_fn(|| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let buffer = lock().pop().unwrap_or_default();
            lines.chunk(buffer, READ).unwrap_or_else(|error| {
                failure = Some(error);
                None
            })
        });
        let parts: Vec<Found> = feed
            .par_bridge()
            .map(|chunk| {
                stir_memory(2 * READ);
                let mut reader = idle().pop().unwrap_or_else(|| self.reader(lead.fork()));
                let part = self.part(&chunk, &mut reader);
                if self.stops(std::slice::from_ref(&part)) {
                    stop.store(true, Ordering::Relaxed);
                }
                lock().push(chunk.buffer);
                idle().push(reader);
                part
            })
            .collect();
        failure.map_or(Ok(parts), Err)
    }

    fn reader<'r, 'm>(&'r self, rows: Rows<'m>) -> Reader<'r, 'm> {
        Reader::new(&self.paths, rows, self.quick)
    }

    fn part(&self, chunk: &Chunk, reader: &mut Reader<'_, '_>) -> Found {
        let (lines, seen) = reader.read(chunk);
        self.progress.rows(reader.rows.read());
        Found { index: chunk.index, part: reader.rows.hand_over(), lines, seen }
    }

    /// Whether these rows make further reading pointless.
    fn stops(&self, parts: &[Found]) -> bool {
        self.options.strict && parts.iter().any(|it| it.part.1.rejected() > 0)
    }
}

/// A line as it stands in the file, cut.
pub(super) fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(SHOWN)]).into_owned()
}

fn too_long(line: u64, bytes: &[u8], rows: &mut Rows<'_>) {
    let detail = format!("the line is longer than {} MiB", LONGEST_LINE >> 20);
    rows.reject(line, 0, IssueKind::TooLong, detail, &|| shown(bytes));
}

#[cold]
pub(super) fn reject_json(line: u64, text: &str, error: &serde_json::Error, rows: &mut Rows<'_>) {
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
pub(super) fn check_first_line(bytes: &[u8], file: &FileId) -> Result<()> {
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

/// Refuses a file where no record has the time, or none any id; `keys` are for the hint.
pub(super) fn check_seen(
    mapping: &Mapping,
    file: &FileId,
    outcome: &Outcome,
    keys: &[String],
) -> Result<()> {
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
