//! JSON lines: one object a line, in chunks at newlines, in parallel.
//!
//! Never sees what the values mean; [`Rows`] does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::de::IgnoredAny;

use super::gather::Part;
use super::mapping::{Mapping, unknown_column};
use super::paths::{Paths, Values};
use super::read::Job;
use super::rows::block::Column;
use super::rows::spans::Span;
use super::rows::{Field, FileId, Rows};
use super::scan::Scanner;
use crate::base::{Error, IssueKind, Issues, Place, Progress, Result};

/// How much is looked at before threads share the rest.
const HEAD: usize = 64 << 10;
/// The size of a chunk; fixed, so that batches never depend on threads.
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
    let reading = Reading { paths: Paths::new(mapping.columns()), options, progress, quick: true };
    reading.read(fill, mapping, file).map_err(|it| it.or_at(Place::file(file.name.as_ref())))
}

/// What holds for all chunks of a file.
struct Reading<'r> {
    paths: Paths,
    options: Options,
    progress: &'r dyn Progress,
    /// Whether usual lines are read in one pass; the same comes of them without.
    quick: bool,
}

/// What came of a chunk: its order in the file, its rows, and which columns occurred.
type Found = (usize, (Part, Issues), Vec<bool>);

impl Reading<'_> {
    fn read(&self, fill: Fill<'_>, mapping: &Mapping, file: &FileId) -> Result<Outcome> {
        let mut lines = Lines::new(fill);
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
            let mut probe = lead.fork();
            chunk.read(self, &mut probe, true);
            lead = probe.fork();
            parts.push(self.part(&chunk, lead.fork()));
            (size, buffer) = (CHUNK, chunk.buffer);
        }
        if !self.stops(&parts) {
            parts.extend(self.in_parallel(&mut lines, &lead)?);
        }
        let stop = self.stops(&parts);
        parts.sort_unstable_by_key(|it| it.0);
        let mut outcome = Outcome { parts: Vec::new(), seen: vec![false; mapping.columns().len()] };
        for (_, part, seen) in parts {
            outcome.parts.push(part);
            outcome.seen.iter_mut().zip(seen).for_each(|(all, it)| *all |= it);
        }
        if !stop {
            check_seen(mapping, file, &outcome, &keys.unwrap_or_default())?;
        }
        Ok(outcome)
    }

    /// Reads all other chunks on all threads, each fetching its own next one in turn.
    fn in_parallel(&self, lines: &mut Lines<'_>, lead: &Rows<'_>) -> Result<Vec<Found>> {
        let buffers: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        let lock = || buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let stop = AtomicBool::new(false);
        let mut failure = None;
        let feed = std::iter::from_fn(|| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let buffer = lock().pop().unwrap_or_default();
            lines.chunk(buffer, CHUNK).unwrap_or_else(|error| {
                failure = Some(error);
                None
            })
        });
        let parts: Vec<Found> = feed
            .par_bridge()
            .map(|chunk| {
                let part = self.part(&chunk, lead.fork());
                if self.stops(std::slice::from_ref(&part)) {
                    stop.store(true, Ordering::Relaxed);
                }
                lock().push(chunk.buffer);
                part
            })
            .collect();
        failure.map_or(Ok(parts), Err)
    }

    fn part(&self, chunk: &Chunk, mut rows: Rows<'_>) -> Found {
        rows.reserve(chunk.lines);
        let seen = chunk.read(self, &mut rows, false);
        self.progress.rows(rows.read());
        (chunk.index, rows.finish(), seen)
    }

    /// Whether these rows make further reading pointless.
    fn stops(&self, parts: &[Found]) -> bool {
        self.options.strict && parts.iter().any(|it| it.1.1.rejected() > 0)
    }
}

/// Whole lines of a file.
pub(super) struct Chunk {
    /// The order among the file's chunks.
    index: usize,
    /// The lines, and behind them what is left of the memory.
    buffer: Vec<u8>,
    length: usize,
    /// The number of the first line.
    line: u64,
    /// How many lines end in the chunk.
    lines: usize,
    /// Whether this is the beginning of one line that is longer than the limit.
    too_long: bool,
}

/// Cuts a file into chunks.
pub(super) struct Lines<'f> {
    fill: Fill<'f>,
    /// Bytes read and not yet given out.
    rest: Vec<u8>,
    line: u64,
    index: usize,
    ended: bool,
}

impl<'f> Lines<'f> {
    /// The file from its begin.
    pub fn new(fill: Fill<'f>) -> Self {
        Self { fill, rest: Vec::new(), line: 1, index: 0, ended: false }
    }

    /// Reads until so many bytes of the buffer are used or the file ends.
    fn fill(&mut self, buffer: &mut Vec<u8>, used: usize, size: usize) -> Result<usize> {
        if self.ended || used >= size {
            return Ok(used);
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let got = (self.fill)(&mut buffer[used..size])?;
        self.ended = used + got < size;
        Ok(used + got)
    }

    /// The next chunk of about this size, in the memory of `buffer`; `None` at the end.
    pub fn chunk(&mut self, mut buffer: Vec<u8>, size: usize) -> Result<Option<Chunk>> {
        let mut used = self.rest.len();
        if buffer.len() < used {
            buffer.resize(used, 0);
        }
        buffer[..used].copy_from_slice(&self.rest);
        self.rest.clear();
        let mut searched = 0;
        loop {
            used = self.fill(&mut buffer, used, searched + size)?;
            if self.ended {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', &buffer[searched..used]) {
                let end = searched + last + 1;
                self.rest.extend_from_slice(&buffer[end..used]);
                used = end;
                break;
            }
            if used > LONGEST_LINE {
                return self.skip_line(buffer).map(Some);
            }
            searched = used;
        }
        if used == 0 {
            return Ok(None);
        }
        if self.line == 1 && buffer[..used].starts_with(b"\xef\xbb\xbf") {
            buffer.copy_within(3..used, 0);
            used -= 3;
        }
        let lines = memchr::memchr_iter(b'\n', &buffer[..used]).count();
        let chunk = Chunk {
            index: self.index,
            buffer,
            length: used,
            line: self.line,
            lines,
            too_long: false,
        };
        self.line += lines as u64;
        self.index += 1;
        Ok(Some(chunk))
    }

    /// Passes over the rest of a line that is too long, keeping its beginning.
    fn skip_line(&mut self, mut buffer: Vec<u8>) -> Result<Chunk> {
        buffer.truncate(SHOWN);
        buffer.shrink_to_fit();
        let (index, length) = (self.index, buffer.len());
        let chunk = Chunk { index, buffer, length, line: self.line, lines: 1, too_long: true };
        self.line += 1;
        self.index += 1;
        let mut more = Vec::new();
        while !self.ended {
            let used = self.fill(&mut more, 0, CHUNK)?;
            if let Some(end) = memchr::memchr(b'\n', &more[..used]) {
                self.rest.extend_from_slice(&more[end + 1..used]);
                break;
            }
        }
        Ok(chunk)
    }
}

impl Chunk {
    /// The lines, the last of a file perhaps without its end.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// The number of the first line.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether this is only the beginning of one line, which is longer than the limit.
    pub fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// Reads all lines, or those up to the one that decides the format of times;
    /// says which columns occurred.
    fn read(&self, reading: &Reading<'_>, rows: &mut Rows<'_>, probe: bool) -> Vec<bool> {
        let bytes = self.bytes();
        let mut values = reading.paths.values();
        if self.too_long {
            too_long(self.line, bytes, rows);
            return values.seen().to_vec();
        }
        let text = std::str::from_utf8(bytes).ok().filter(|_| reading.quick && !probe);
        let mut scanner = Scanner::new(&reading.paths);
        let mut block = Block::new(text.unwrap_or_default(), values.seen().len());
        let (mut start, mut line) = (0, self.line);
        while start < bytes.len() && !(probe && rows.is_decided()) {
            let quick = text.and_then(|text| {
                let end = scanner.read(text, start, &mut values)?;
                Some((end, line_end(bytes, end).filter(|_| end - start <= LONGEST_LINE)?))
            });
            start = match quick {
                Some((end, next)) if block.take(line, start, end, &values) => {
                    if block.is_full() {
                        block.flush(rows);
                    }
                    next
                }
                Some((end, next)) => {
                    block.flush(rows);
                    deliver(line, (start, end), block.text, &values, rows);
                    next
                }
                None => {
                    block.flush(rows);
                    let end = memchr::memchr(b'\n', &bytes[start..]);
                    let end = end.map_or(bytes.len(), |it| start + it);
                    read_line(line, &bytes[start..end], &reading.paths, &mut values, rows);
                    end + 1
                }
            };
            line += 1;
        }
        block.flush(rows);
        values.seen().to_vec()
    }
}

/// The begin of the next line, if a line ends here.
#[inline]
fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [] => Some(at),
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    }
}

/// How many records a block has at most.
const RECORDS: usize = 1024;
/// Fewer records than this are not worth a block.
const FEW: usize = 16;

/// Records whose values all stand in the chunk as they are, to be handed on together.
struct Block<'a> {
    text: &'a str,
    /// The line of each record, where it begins and where it ends.
    records: Vec<(u64, usize, usize)>,
    /// For each column where its values stand.
    columns: Vec<Vec<Span>>,
    /// After how many records taken one by one blocks are tried again.
    wait: usize,
}

impl<'a> Block<'a> {
    fn new(text: &'a str, columns: usize) -> Self {
        let columns = vec![Vec::with_capacity(RECORDS); columns];
        Self { text, records: Vec::with_capacity(RECORDS), columns, wait: FEW }
    }

    fn is_full(&self) -> bool {
        self.records.len() == RECORDS
    }

    /// Takes a record, unless a value was written anew.
    #[inline]
    fn take(&mut self, line: u64, start: usize, end: usize, values: &Values<'a>) -> bool {
        let Some(spans) = values.spans() else { return false };
        self.columns.iter_mut().zip(spans).for_each(|(column, span)| column.push(*span));
        self.records.push((line, start, end));
        true
    }

    /// Hands all records on, in blocks as long as nothing is wrong with them.
    fn flush(&mut self, rows: &mut Rows<'_>) {
        let count = self.records.len();
        let (mut next, mut single) = (0, 0);
        while next < count {
            if single == 0 && count - next >= FEW && rows.takes_blocks() {
                let rest = self.columns.iter().map(|it| (&it[next..]).into());
                let columns: Vec<_> = rest.map(|it| Column::Texts(self.text, it)).collect();
                let taken = rows.push_block(&columns, count - next);
                rows.note_lines(taken, |it| self.records[next + it].0);
                next += taken;
                self.wait = if taken < FEW { (self.wait * 2).min(RECORDS) } else { FEW };
                single = if taken < FEW { self.wait } else { 1 };
            } else {
                self.push(next, rows);
                next += 1;
                single = single.saturating_sub(1);
            }
        }
        self.records.clear();
        self.columns.iter_mut().for_each(Vec::clear);
    }

    /// Hands one record on.
    fn push(&self, record: usize, rows: &mut Rows<'_>) {
        let (line, start, end) = self.records[record];
        let field = |it: &Vec<Span>| match it[record] {
            it if it.is_empty() => Field::Missing,
            it => Field::Text(&self.text[it.start as usize..it.end as usize]),
        };
        let fields: Vec<Field<'_>> = self.columns.iter().map(field).collect();
        rows.push(line, &fields, &|| shown(&self.text.as_bytes()[start..end]));
    }
}

/// Hands on what was read of the line at these bytes of a text.
fn deliver(
    line: u64,
    (start, end): (usize, usize),
    text: &str,
    values: &Values<'_>,
    rows: &mut Rows<'_>,
) {
    let field = |it: Option<_>| it.map_or(Field::Missing, Field::Text);
    let fields: Vec<Field<'_>> = values.texts(text).map(field).collect();
    rows.push(line, &fields, &|| shown(&text.as_bytes()[start..end]));
}

fn too_long(line: u64, bytes: &[u8], rows: &mut Rows<'_>) {
    let detail = format!("the line is longer than {} MiB", LONGEST_LINE >> 20);
    rows.reject(line, 0, IssueKind::TooLong, detail, &|| shown(bytes));
}

/// A line as it stands in the file, cut.
pub(super) fn shown(line: &[u8]) -> String {
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
        Ok(()) => deliver(line, (0, text.len()), text, values, rows),
        Err(error) => reject_json(line, text, &error, rows),
    }
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
