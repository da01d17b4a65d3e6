//! Counted paths: a row of `path, conversions, nulls, value` stands for many journeys.
//!
//! Each row becomes its converting journeys, then its others: a customer each, whose
//! touches are an hour apart, and whose conversion follows its last touch by a second.
//! The value is spread over the row's conversions to the minor unit. Columns to map:
//! `journey.id`, `journey.time`, `journey.event`, `journey.channel`, `journey.value`,
//! and those of the file. Knows nothing of what journeys are asked.

mod header;
mod journeys;

use std::borrow::Cow;

use self::header::Slot;
use super::chunks::Chunks;
use super::parse::value;
use super::read::guess;
use super::split::{Span, Splitter, Step};
use crate::base::{Error, IssueKind, Place, Result};
use crate::input::decimal::Decimal;
use crate::input::jsonl::Outcome;
use crate::input::read::Job;
use crate::input::rows::Rows;

/// How much is looked at to find the delimiter, and read at a time.
const HEAD: usize = 64 << 10;
const CHUNK: usize = 2 << 20;
/// The most events that the rows of a file may stand for.
const MOST: u64 = 500_000_000;

/// The name of the event that ends a converting journey.
pub(in crate::input) const CONVERSION: &str = "(conversion)";

/// Reads the file of a job as counted paths.
///
/// # Errors
/// The file cannot be read, has no header or lacks a column; it stands for more events
/// than can be. Bad rows are no errors, they are counted.
pub fn read_paths(job: &Job<'_>) -> Result<Outcome> {
    let mut chunks = Chunks::new(job.open()?.text()?, HEAD)?;
    let delimiter = match job.source.delimiter {
        Some(it) => super::read::delimiter(it)?,
        None => guess(chunks.head()),
    };
    let splitter = Splitter { delimiter };
    chunks.cut_by(splitter, CHUNK);
    let mut expand: Option<Expand<'_>> = None;
    let (mut spans, mut buffer) = (Vec::new(), Vec::new());
    while let Some(chunk) = chunks.next(buffer)? {
        let bytes = chunk.bytes();
        let (mut at, mut line) = (0, chunk.line);
        while at < bytes.len() {
            let step = splitter.step(bytes, at, true, &mut spans);
            let record = Record { bytes, start: at, line, spans: &spans };
            let next = match (step, &mut expand) {
                (Step::Blank { next }, _) => next,
                (Step::Incomplete, _) => bytes.len(),
                (Step::Record { next, end }, Some(it)) => {
                    it.record(&record, end)?;
                    next
                }
                (Step::Bad { kind, end, next, .. }, Some(it)) => {
                    it.reject(&record, end, kind, String::new());
                    next
                }
                (Step::Record { next, end }, None) => {
                    expand = Some(Expand::new(job, &record, end)?);
                    next
                }
                (Step::Bad { kind, .. }, None) => {
                    let error = Error::new(format!("cannot read the header: {}", kind.label()));
                    return Err(error.at(Place::line(&*job.file.name, line)).hint(kind.hint()));
                }
            };
            line += memchr::memchr_iter(b'\n', &bytes[at..next]).count() as u64;
            at = next;
        }
        if expand.as_ref().is_some_and(|it| job.stops(&it.rows)) {
            break;
        }
        buffer = chunk.memory;
    }
    match expand {
        Some(it) => Ok(it.finish()),
        None => Err(Error::new("the file is empty")
            .at(Place::file(&*job.file.name))
            .hint("a file of values begins with a line of column names")),
    }
}

/// A record where it stands.
struct Record<'a> {
    bytes: &'a [u8],
    start: usize,
    line: u64,
    spans: &'a [Span],
}

impl<'a> Record<'a> {
    /// Its values, or why it is no text.
    fn values(&self, end: usize) -> std::result::Result<Vec<Cow<'a, str>>, IssueKind> {
        let record = std::str::from_utf8(&self.bytes[self.start..end]);
        let record = record.map_err(|_| IssueKind::BadEncoding)?;
        if record.contains('\0') {
            return Err(IssueKind::NulByte);
        }
        let text =
            |it: &Span| value(&record[it.start - self.start..it.end - self.start], it.doubled);
        Ok(self.spans.iter().map(text).collect())
    }

    fn shown(&self, end: usize) -> String {
        String::from_utf8_lossy(&self.bytes[self.start..end]).into_owned()
    }
}

/// Makes journeys of rows.
struct Expand<'j> {
    job: &'j Job<'j>,
    rows: Rows<'j>,
    outcome: Outcome,
    separator: &'j str,
    slots: Vec<Slot>,
    names: Vec<String>,
    path: usize,
    conversions: usize,
    nulls: Option<usize>,
    value: Option<usize>,
    /// How many events were made.
    made: u64,
}

/// What a row says.
struct Counted<'a> {
    touches: Vec<&'a str>,
    conversions: u64,
    nulls: u64,
    /// The value of each conversion, in minor units; none where the row has none.
    values: Option<(i64, u64)>,
}

type Fault = (IssueKind, String);

impl<'j> Expand<'j> {
    fn finish(mut self) -> Outcome {
        self.job.progress.rows(self.rows.read());
        self.outcome.parts.push(self.rows.finish());
        self.outcome
    }

    #[cold]
    fn reject(&mut self, record: &Record<'_>, end: usize, kind: IssueKind, detail: String) {
        self.rows.reject(record.line, 0, kind, detail, &|| record.shown(end));
    }

    fn record(&mut self, record: &Record<'_>, end: usize) -> Result<()> {
        let values = match record.values(end) {
            Ok(it) => it,
            Err(kind) => {
                self.reject(record, end, kind, String::new());
                return Ok(());
            }
        };
        if values.len() != self.names.len() {
            let detail = format!("{} instead of {}", values.len(), self.names.len());
            self.reject(record, end, IssueKind::FieldCount, detail);
            return Ok(());
        }
        if values.iter().zip(&self.names).all(|it| it.0 == it.1) {
            self.reject(record, end, IssueKind::RepeatedHeader, String::new());
            return Ok(());
        }
        match self.counted(&values) {
            Err((kind, detail)) => self.reject(record, end, kind, detail),
            Ok(counted) => {
                self.limit(&counted, record.line)?;
                self.deliver(&counted, &values, record, end);
            }
        }
        Ok(())
    }

    /// What a row says, or why it cannot be used.
    fn counted<'a>(
        &mut self,
        values: &'a [Cow<'_, str>],
    ) -> std::result::Result<Counted<'a>, Fault> {
        let show =
            |column: usize| format!("\"{}\" (column {})", values[column], self.names[column]);
        let touches: Vec<&str> = values[self.path].split(self.separator).map(str::trim).collect();
        // `a > > b` has an empty channel too.
        let mark = self.separator.trim();
        let is_bad = |it: &&str| {
            it.is_empty() || it.starts_with(mark) || it.ends_with(mark) || *it == CONVERSION
        };
        if touches.iter().any(is_bad) {
            return Err((IssueKind::BadPath, show(self.path)));
        }
        let count = |column: usize| {
            count(&values[column]).ok_or_else(|| (IssueKind::BadCount, show(column)))
        };
        let conversions = count(self.conversions)?;
        let nulls = self.nulls.map_or(Ok(0), count)?;
        if conversions == 0 && nulls == 0 {
            let detail = "the row stands for no journey: all counts are 0".to_owned();
            return Err((IssueKind::BadCount, detail));
        }
        let mut spread = None;
        if let Some(column) = self.value.filter(|&it| !values[it].trim().is_empty()) {
            let digits = self.job.mapping.common.currency.digits();
            let minor = Decimal::parse(&values[column]).and_then(|it| it.to_minor(digits));
            let Some((minor, rounded)) = minor else {
                return Err((IssueKind::BadValue, show(column)));
            };
            if conversions == 0 && minor != 0 {
                let detail = format!("{}: a value without a conversion", show(column));
                return Err((IssueKind::BadValue, detail));
            }
            self.rows.note_rounded(rounded);
            spread = Some((minor, conversions)).filter(|_| conversions > 0);
        }
        Ok(Counted { touches, conversions, nulls, values: spread })
    }

    /// Refuses what would stand for more events than can be.
    fn limit(&mut self, counted: &Counted<'_>, line: u64) -> Result<()> {
        let journeys = counted.conversions.saturating_add(counted.nulls);
        let events = journeys.saturating_mul(counted.touches.len() as u64);
        self.made = self.made.saturating_add(events).saturating_add(counted.conversions);
        if self.made <= MOST {
            return Ok(());
        }
        Err(Error::new(format!(
            "the paths stand for more than {} million events",
            MOST / 1_000_000
        ))
        .at(Place::line(&*self.job.file.name, line))
        .hint(
            "each journey is made one by one; divide all counts by the same number, \
                   or leave rare paths out",
        ))
    }
}

/// A whole number of journeys; `3`, `3.0` and nothing, which is 0.
fn count(text: &str) -> Option<u64> {
    if text.trim().is_empty() {
        return Some(0);
    }
    let (count, rounded) = Decimal::parse(text)?.to_minor(0)?;
    u64::try_from(count).ok().filter(|_| !rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers() {
        let cases = [
            ("3", Some(3)),
            ("3.0", Some(3)),
            ("", Some(0)),
            ("3.5", None),
            ("-1", None),
            ("1,234", None),
        ];
        for (text, expected) in cases {
            assert_eq!(count(text), expected, "{text}");
        }
    }
}
