//! One CSV file: its header first, then its chunks on all threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::chunks::{Chunk, Chunks, Source};
use super::parse::{Layout, parse, value};
use super::split::{Splitter, Step};
use crate::base::{Error, Issues, Place, Result};
use crate::input::gather::Part;
use crate::input::jsonl::Outcome;
use crate::input::open::stir_memory;
use crate::input::read::Job;
use crate::input::rows::Rows;

/// How much is looked at to find the delimiter, and read before threads share the rest.
const HEAD: usize = 64 * 1024;
/// How much one thread parses at a time.
const CHUNK: usize = 512 << 10;

/// Reads a file of values with any delimiter: the source's, or the one that its
/// first lines show.
///
/// # Errors
/// The file cannot be read, has no header or lacks a column. Bad rows are no
/// errors, they are counted.
pub fn read_csv(job: &Job<'_>) -> Result<Outcome> {
    read_by(job, None)
}

/// Reads a file of values with tabs between, unless the source says otherwise.
///
/// # Errors
/// As [`read_csv`].
pub fn read_tsv(job: &Job<'_>) -> Result<Outcome> {
    read_by(job, Some(b'\t'))
}

fn read_by(job: &Job<'_>, usual: Option<u8>) -> Result<Outcome> {
    let told = job.source.delimiter.map(delimiter).transpose()?;
    let chunks = Chunks::new(job.open()?.text()?, HEAD)?;
    read_chunks(job, chunks, told.or(usual), CHUNK)
}

/// Reads all chunks of a source of bytes.
pub(super) fn read_chunks<S: Source + Send>(
    job: &Job<'_>,
    mut chunks: Chunks<S>,
    delimiter: Option<u8>,
    size: usize,
) -> Result<Outcome> {
    let delimiter = delimiter.unwrap_or_else(|| guess(chunks.head()));
    chunks.cut_by(Splitter { delimiter }, size);
    let (mut first, mut start, mut line, layout) = header(job, &mut chunks)?;
    let mut rows = job.rows();
    loop {
        parse(&first, start, line, &layout, &mut rows);
        if rows.is_decided() || job.stops(&rows) {
            break;
        }
        match chunks.next(first.memory)? {
            Some(it) => (start, line, first) = (0, it.line, it),
            None => break,
        }
    }
    job.progress.rows(rows.read());
    let stop = job.stops(&rows);
    let seed = rows.fork();
    let mut parts = vec![rows.finish()];
    if !stop {
        parts.extend(in_parallel(job, &mut chunks, &layout, &seed)?);
    }
    let mut seen = vec![false; layout.slots];
    layout.wanted.iter().for_each(|it| seen[it.1] = true);
    Ok(Outcome { parts, seen })
}

/// Parses chunks on all threads, each thread reading its own next chunk in turn.
fn in_parallel<S: Source + Send>(
    job: &Job<'_>,
    chunks: &mut Chunks<S>,
    layout: &Layout,
    seed: &Rows<'_>,
) -> Result<Vec<(Part, Issues)>> {
    stir_memory(8 * CHUNK);
    let buffers: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
    let lock = || buffers.lock().unwrap_or_else(PoisonError::into_inner);
    // Rows that have handed over theirs, and whose memory is near.
    let rows: Mutex<Vec<Rows<'_>>> = Mutex::new(Vec::new());
    let idle = || rows.lock().unwrap_or_else(PoisonError::into_inner);
    let stop = AtomicBool::new(false);
    let mut failure = None;
    let feed = std::iter::from_fn(|| {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let buffer = lock().pop().unwrap_or_default();
        chunks.next(buffer).unwrap_or_else(|error| {
            failure = Some(error);
            None
        })
    });
    let mut parts: Vec<(usize, (Part, Issues))> = feed
        .par_bridge()
        .map(|chunk| {
            stir_memory(2 * CHUNK);
            let mut rows = idle().pop().unwrap_or_else(|| seed.fork());
            rows.reserve(chunk.lines);
            parse(&chunk, 0, chunk.line, layout, &mut rows);
            job.progress.rows(rows.read());
            if job.stops(&rows) {
                stop.store(true, Ordering::Relaxed);
            }
            lock().push(chunk.memory);
            let part = rows.hand_over();
            idle().push(rows);
            (chunk.index, part)
        })
        .collect();
    if let Some(error) = failure {
        return Err(error);
    }
    parts.sort_unstable_by_key(|it| it.0);
    Ok(parts.into_iter().map(|it| it.1).collect())
}

/// The first chunk, where in it and on which line the first row begins, and the layout.
fn header<S: Source>(job: &Job<'_>, chunks: &mut Chunks<S>) -> Result<(Chunk, usize, u64, Layout)> {
    let name = &*job.file.name;
    let splitter = chunks.splitter();
    let mut spans = Vec::new();
    let mut buffer = Vec::new();
    while let Some(chunk) = chunks.next(buffer)? {
        let (mut at, mut line) = (0, chunk.line);
        while at < chunk.end {
            match splitter.step(chunk.bytes(), at, true, &mut spans) {
                Step::Blank { next } => (at, line) = (next, line + 1),
                Step::Record { end, next } => {
                    let header = &chunk.bytes()[at..end];
                    refuse_returns(header, name)?;
                    let lines = memchr::memchr_iter(b'\n', &chunk.bytes()[at..next]).count() as u64;
                    let layout = layout(job, splitter, header, at, &spans)?;
                    return Ok((chunk, next, line + lines, layout));
                }
                Step::Bad { kind, end, .. } => {
                    refuse_returns(&chunk.bytes()[at..end], name)?;
                    let error = Error::new(format!("cannot read the header: {}", kind.label()));
                    return Err(error.at(Place::line(name, line)).hint(kind.hint()));
                }
                Step::Incomplete => break,
            }
        }
        buffer = chunk.memory;
    }
    Err(Error::new("the file is empty")
        .at(Place::file(name))
        .hint("a file of values begins with a line of column names"))
}

fn layout(
    job: &Job<'_>,
    splitter: Splitter,
    header: &[u8],
    start: usize,
    spans: &[super::split::Span],
) -> Result<Layout> {
    let bad = |_| {
        Error::new("the header is not UTF-8")
            .at(Place::line(&*job.file.name, 1))
            .hint("save the file as UTF-8")
    };
    let text = std::str::from_utf8(header).map_err(bad)?;
    let names: Vec<_> =
        spans.iter().map(|it| value(&text[it.start - start..it.end - start], it.doubled)).collect();
    let known: Vec<&str> = names.iter().map(|it| &**it).collect();
    let places = job.mapping.resolve(&job.file.name, &known)?;
    let mut wanted: Vec<(usize, usize)> =
        places.iter().enumerate().filter_map(|(slot, &position)| Some((position?, slot))).collect();
    wanted.sort_unstable();
    Ok(Layout {
        splitter,
        width: spans.len(),
        names: job.mapping.columns().to_vec(),
        wanted,
        slots: places.len(),
    })
}

/// A delimiter that a user gave.
pub(super) fn delimiter(wanted: char) -> Result<u8> {
    match u8::try_from(wanted) {
        Ok(it) if it.is_ascii() && !matches!(it, b'"' | b'\n' | b'\r' | 0) => Ok(it),
        _ => Err(Error::new(format!("{wanted:?} cannot be a delimiter"))
            .hint("use one ASCII character, such as ; or |")),
    }
}

/// Refuses a header with carriage returns alone as line ends.
pub(super) fn refuse_returns(header: &[u8], name: &str) -> Result<()> {
    if memchr::memchr(b'\r', header).is_none() {
        return Ok(());
    }
    Err(Error::new("lines end in carriage returns alone")
        .at(Place::line(name, 1))
        .hint("convert the line ends, for example with tr '\\r' '\\n'"))
}

/// The delimiter that the first line shows: the most frequent candidate outside
/// of quotes; a comma if there is none.
pub(super) fn guess(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts.iter_mut().filter(|it| it.0 == byte).for_each(|it| it.1 += 1),
            _ => {}
        }
    }
    let best = counts.iter().max_by_key(|it| it.1).filter(|it| it.1 > 0);
    let first = |most: &(u8, i32)| counts.iter().find(|it| it.1 == most.1).map(|it| it.0);
    best.and_then(first).unwrap_or(b',')
}
