//! The shape of records: where they end and where their fields are.
//!
//! Works on bytes at hand and knows neither files nor meanings. Its verdict on a
//! record never depends on how much follows, so a file may be cut anywhere
//! between records.

use memchr::{memchr, memchr3, memrchr};

use super::scan::settled;
use crate::base::IssueKind;

/// The longest field, in bytes.
pub(super) const FIELD_LIMIT: usize = 1 << 20;
/// The longest record, in bytes.
pub(super) const RECORD_LIMIT: usize = 16 << 20;

/// Where a field's value stands, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
    /// Whether quotes inside are doubled.
    pub doubled: bool,
}

/// What stands at a place where a record may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A record up to `end` without its line end; the next begins at `next`.
    Record { end: usize, next: usize },
    /// A line that is no record; parsing goes on at `next`, the line after it.
    Bad { kind: IssueKind, at: usize, end: usize, next: usize },
    /// A line with nothing in it.
    Blank { next: usize },
    /// The bytes end before the record does.
    Incomplete,
}

/// Splits records whose fields stand between delimiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splitter {
    pub delimiter: u8,
}

/// Why a record with quotes did not come to its end.
enum Trouble {
    Fault(IssueKind, usize),
    Incomplete,
}

impl Splitter {
    /// What stands at `start` (the begin of a line), whose fields go to `spans`.
    ///
    /// `last` says that no byte follows these. A record that is out of shape is
    /// bad up to the end of its first line only: a stray quote must not swallow
    /// the rows after it.
    pub fn step(&self, bytes: &[u8], start: usize, last: bool, spans: &mut Vec<Span>) -> Step {
        spans.clear();
        let line = memchr(b'\n', &bytes[start..]).map(|it| start + it);
        let quoted = memchr(b'"', &bytes[start..line.unwrap_or(bytes.len())]).is_some();
        let end = match line {
            Some(it) => it,
            None if last => bytes.len(),
            None => return Step::Incomplete,
        };
        if !quoted {
            return self.plain(bytes, start, (end, next_line(line, bytes)), spans);
        }
        match self.quoted(bytes, start, last, spans) {
            Ok((end, next)) => Step::Record { end, next },
            Err(Trouble::Fault(..)) => {
                let (kind, at) = self.verdict(&bytes[..end], start, spans);
                let (end, next) = (without_return(bytes, start, end), next_line(line, bytes));
                Step::Bad { kind, at, end, next }
            }
            Err(Trouble::Incomplete) => Step::Incomplete,
        }
    }

    /// What is wrong with the first line of a bad record, and where.
    ///
    /// It is judged as if nothing followed: a fault further down shows as a quote
    /// that is not closed here, however much of the rest is at hand.
    fn verdict(&self, line: &[u8], start: usize, spans: &mut Vec<Span>) -> (IssueKind, usize) {
        spans.clear();
        match self.quoted(line, start, true, spans) {
            Err(Trouble::Fault(_, at)) if at - start > RECORD_LIMIT => (IssueKind::TooLong, start),
            Err(Trouble::Fault(kind, at)) => (kind, at),
            _ => (IssueKind::BadQuote, start),
        }
    }

    /// A line without quotes.
    fn plain(
        &self,
        bytes: &[u8],
        start: usize,
        (end, next): (usize, usize),
        spans: &mut Vec<Span>,
    ) -> Step {
        let end = without_return(bytes, start, end);
        if end == start {
            return Step::Blank { next };
        }
        if end - start > RECORD_LIMIT {
            return Step::Bad { kind: IssueKind::TooLong, at: start, end, next };
        }
        let mut from = start;
        for at in memchr::memchr_iter(self.delimiter, &bytes[start..end]) {
            spans.push(Span { start: from, end: start + at, doubled: false });
            from = start + at + 1;
        }
        spans.push(Span { start: from, end, doubled: false });
        let long = |it: &&Span| it.end - it.start > FIELD_LIMIT;
        if end - start > FIELD_LIMIT
            && let Some(span) = spans.iter().find(long)
        {
            return Step::Bad { kind: IssueKind::TooLong, at: span.start, end, next };
        }
        Step::Record { end, next }
    }

    /// A record with quotes: its end, and the begin of the next.
    fn quoted(
        &self,
        bytes: &[u8],
        start: usize,
        last: bool,
        spans: &mut Vec<Span>,
    ) -> Result<(usize, usize), Trouble> {
        let mut at = start;
        loop {
            let after = match bytes.get(at) {
                Some(b'"') => self.quoted_field(bytes, start, at, last, spans)?,
                _ => self.plain_field(bytes, start, at, last, spans)?,
            };
            match bytes.get(after) {
                Some(&it) if it == self.delimiter => at = after + 1,
                Some(b'\n') => return within(start, after, (after, after + 1)),
                Some(b'\r') if bytes.get(after + 1) == Some(&b'\n') => {
                    return within(start, after, (after, after + 2));
                }
                Some(b'\r') if after + 1 == bytes.len() && !last => {
                    return more(bytes, start);
                }
                Some(b'\r') if after + 1 == bytes.len() => {
                    return within(start, after, (after, after + 1));
                }
                Some(_) => return Err(Trouble::Fault(IssueKind::BadQuote, after)),
                None if last => return within(start, after, (after, after)),
                None => return more(bytes, start),
            }
        }
    }

    /// The place after a field that begins with a quote at `open`.
    fn quoted_field(
        &self,
        bytes: &[u8],
        start: usize,
        open: usize,
        last: bool,
        spans: &mut Vec<Span>,
    ) -> Result<usize, Trouble> {
        let begin = open + 1;
        let (mut from, mut doubled) = (begin, false);
        loop {
            let quote = memchr(b'"', &bytes[from..]).map(|it| from + it);
            if quote.unwrap_or(bytes.len()) - begin > FIELD_LIMIT {
                return Err(Trouble::Fault(IssueKind::TooLong, open));
            }
            match quote.map(|it| (it, bytes.get(it + 1))) {
                Some((quote, Some(b'"'))) => (from, doubled) = (quote + 2, true),
                Some((_, None)) if !last => return more(bytes, start),
                Some((quote, _)) => {
                    spans.push(Span { start: begin, end: quote, doubled });
                    return Ok(quote + 1);
                }
                None if last => return Err(Trouble::Fault(IssueKind::BadQuote, open)),
                None => return more(bytes, start),
            }
        }
    }

    /// The place after a field that begins without a quote.
    fn plain_field(
        &self,
        bytes: &[u8],
        start: usize,
        begin: usize,
        last: bool,
        spans: &mut Vec<Span>,
    ) -> Result<usize, Trouble> {
        let found = memchr3(self.delimiter, b'\n', b'"', &bytes[begin..]).map(|it| begin + it);
        let stop = found.unwrap_or(bytes.len());
        if found.is_none() && !last {
            return more(bytes, start);
        }
        if bytes.get(stop) == Some(&b'"') {
            return Err(Trouble::Fault(IssueKind::BadQuote, stop));
        }
        let at_delimiter = bytes.get(stop) == Some(&self.delimiter);
        let end = if at_delimiter { stop } else { without_return(bytes, begin, stop) };
        if end - begin > FIELD_LIMIT {
            return Err(Trouble::Fault(IssueKind::TooLong, begin));
        }
        spans.push(Span { start: begin, end, doubled: false });
        Ok(end)
    }
}

/// More bytes are needed, unless the record is too long already.
fn more<T>(bytes: &[u8], start: usize) -> Result<T, Trouble> {
    if bytes.len() - start > RECORD_LIMIT {
        Err(Trouble::Fault(IssueKind::TooLong, start))
    } else {
        Err(Trouble::Incomplete)
    }
}

fn within<T>(start: usize, end: usize, record: T) -> Result<T, Trouble> {
    if end - start > RECORD_LIMIT {
        Err(Trouble::Fault(IssueKind::TooLong, start))
    } else {
        Ok(record)
    }
}

fn next_line(line: Option<usize>, bytes: &[u8]) -> usize {
    line.map_or(bytes.len(), |it| it + 1)
}

/// The end of a line without its carriage return.
fn without_return(bytes: &[u8], start: usize, end: usize) -> usize {
    if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

/// The bytes of `chunk` that hold whole records (or lines that are none),
/// counted from its begin; 0 if not even one ends in it.
///
/// After the last line with a quote that is up to the last line end; a record
/// with quotes is left to the splitter, so that cutting and parsing cannot disagree.
pub(super) fn whole(splitter: Splitter, chunk: &[u8], spans: &mut Vec<Span>) -> usize {
    let mut at = 0;
    while let Some(quote) = memchr(b'"', &chunk[at..]) {
        at += memrchr(b'\n', &chunk[at..at + quote]).map_or(0, |it| it + 1);
        let settled = settled(chunk, at, splitter.delimiter);
        if settled > at {
            at = settled;
            continue;
        }
        match splitter.step(chunk, at, false, spans) {
            Step::Incomplete => return at,
            Step::Record { next, .. } | Step::Bad { next, .. } | Step::Blank { next } => at = next,
        }
    }
    at + memrchr(b'\n', &chunk[at..]).map_or(0, |it| it + 1)
}
