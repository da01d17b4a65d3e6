//! Records of values whole, for readers that need all of them and not only a few.
//!
//! The shape of records is checked as everywhere; what they mean is asked elsewhere.

use std::borrow::Cow;

use memchr::memchr;

use super::chunks::{Chunk, Chunks};
use super::parse::{column_at, shown, value};
use super::read::{delimiter, guess, refuse_returns};
use super::split::{Splitter, Step};
use crate::base::{Error, IssueKind, Place, Result};
use crate::input::open::Opened;
use crate::input::read::Job;

/// How much is looked at to find the delimiter.
const HEAD: usize = 64 * 1024;
/// How much is handed on at a time.
const CHUNK: usize = 2 << 20;

/// A file of records below a header.
pub(in crate::input) struct Records<'a> {
    chunks: Chunks<Opened<'a>>,
    names: Vec<String>,
    /// The rest of the chunk that the header stands in.
    first: Option<Part>,
}

/// Records that stand together.
pub(in crate::input) struct Part {
    chunk: Chunk,
    start: usize,
    line: u64,
    splitter: Splitter,
}

/// A record, or what is none.
pub(in crate::input) enum Shaped<'r> {
    /// As many values as the header has names.
    Record { values: &'r [Cow<'r, str>], raw: &'r str },
    /// Anything else, and what is wrong with it.
    Bad { kind: IssueKind, column: u64, detail: String, raw: &'r dyn Fn() -> String },
}

impl<'a> Records<'a> {
    /// Opens a job's file and reads its header; `usual` is the delimiter where the source
    /// names none, the first line shows it where that is none either.
    ///
    /// # Errors
    /// The file cannot be read, or has no header.
    pub fn open(job: &Job<'a>, usual: Option<u8>) -> Result<Self> {
        let told = job.source.delimiter.map(delimiter).transpose()?;
        let mut chunks = Chunks::new(job.open()?.text()?, HEAD)?;
        let delimiter = told.or(usual).unwrap_or_else(|| guess(chunks.head()));
        let splitter = Splitter { delimiter };
        chunks.cut_by(splitter, CHUNK);
        let name = &*job.file.name;
        let mut spans = Vec::new();
        while let Some(chunk) = chunks.next(Vec::new())? {
            let (mut at, mut line) = (0, chunk.line);
            while at < chunk.end {
                match splitter.step(chunk.bytes(), at, true, &mut spans) {
                    Step::Blank { next } => (at, line) = (next, line + 1),
                    Step::Record { end, next } => {
                        refuse_returns(&chunk.bytes()[at..end], name)?;
                        let bytes = chunk.bytes();
                        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| {
                            Error::new("the header is not UTF-8")
                                .at(Place::line(name, 1))
                                .hint("save the file as UTF-8")
                        })?;
                        let names = spans
                            .iter()
                            .map(|it| value(&text[it.start..it.end], it.doubled).into_owned());
                        let names = names.collect();
                        line += memchr::memchr_iter(b'\n', &bytes[at..next]).count() as u64;
                        let first = Some(Part { chunk, start: next, line, splitter });
                        return Ok(Self { chunks, names, first });
                    }
                    Step::Bad { kind, .. } => {
                        let error = Error::new(format!("cannot read the header: {}", kind.label()));
                        return Err(error.at(Place::line(name, line)).hint(kind.hint()));
                    }
                    Step::Incomplete => break,
                }
            }
        }
        Err(Error::new("the file is empty")
            .at(Place::file(name))
            .hint("a file of values begins with a line of column names"))
    }

    /// The header.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The next records; none at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next(&mut self) -> Result<Option<Part>> {
        if let Some(it) = self.first.take() {
            return Ok(Some(it));
        }
        let chunk = self.chunks.next(Vec::new())?;
        let splitter = self.chunks.splitter();
        Ok(chunk.map(|chunk| Part { start: 0, line: chunk.line, chunk, splitter }))
    }
}

impl Part {
    /// Shows each record, with the number of the line on which it begins.
    pub fn each(&self, width: usize, mut see: impl FnMut(u64, Shaped<'_>)) {
        let bytes = self.chunk.bytes();
        let (mut at, mut line, mut spans) = (self.start, self.line, Vec::new());
        while at < bytes.len() {
            let next = match self.splitter.step(bytes, at, true, &mut spans) {
                Step::Blank { next } => next,
                Step::Incomplete => bytes.len(),
                Step::Bad { kind, at: wrong, end, next } => {
                    let raw = || shown(&bytes[at..end]);
                    let column = column_at(bytes, at, wrong);
                    see(line, Shaped::Bad { kind, column, detail: String::new(), raw: &raw });
                    next
                }
                Step::Record { end, next } => {
                    let record = &bytes[at..end];
                    let raw = || shown(record);
                    match whole(record) {
                        Err((kind, wrong)) => {
                            let column = column_at(record, 0, wrong);
                            let detail = String::new();
                            see(line, Shaped::Bad { kind, column, detail, raw: &raw });
                        }
                        Ok(_) if spans.len() != width => {
                            let detail = format!("{} instead of {width}", spans.len());
                            let kind = IssueKind::FieldCount;
                            see(line, Shaped::Bad { kind, column: 0, detail, raw: &raw });
                        }
                        Ok(text) => {
                            let values: Vec<Cow<'_, str>> = spans
                                .iter()
                                .map(|it| value(&text[it.start - at..it.end - at], it.doubled))
                                .collect();
                            see(line, Shaped::Record { values: &values, raw: text });
                        }
                    }
                    next
                }
            };
            line += memchr::memchr_iter(b'\n', &bytes[at..next]).count() as u64;
            at = next;
        }
    }
}

/// A record as text, or what no text has and where.
fn whole(record: &[u8]) -> std::result::Result<&str, (IssueKind, usize)> {
    if let Some(at) = memchr(0, record) {
        return Err((IssueKind::NulByte, at));
    }
    std::str::from_utf8(record).map_err(|it| (IssueKind::BadEncoding, it.valid_up_to()))
}
