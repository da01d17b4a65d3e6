//! JSON objects of lines whose ends are known, with the keys of lines before.
//!
//! Takes plain values, and leaves other lines to [`Scanner::read`], which also learns the
//! keys.

use super::cells::Cells;
use super::shape::{Step, Usual};
use super::{Key, START, Scanner, WIDTH, blanks, first_other, number, special};
use crate::input::marks::{HALF, Look, Work, look};
use crate::input::rows::spans::Span;

/// So many bytes from a key on must be at hand.
const WINDOW: usize = 3 * HALF;
/// Where usual keys are not expected, one line of so many is tried nonetheless.
const NOW_AND_THEN: usize = 16;

/// What is at hand while lines are walked.
struct Walk<'w, L> {
    look: L,
    bytes: &'w [u8],
    cells: &'w mut Cells,
}

impl Scanner<'_> {
    /// Reads the lines from a byte on that end at these line feeds; none of their bytes is a
    /// backslash or a control character but for carriage returns before line feeds. Puts the
    /// values of each line at its place among the cells, which hold none before, and says of
    /// each whether it is taken. Gives a bit for each node that occurs.
    ///
    /// Lines that are unusual or wrong are not taken; what they have among the cells means
    /// nothing.
    pub fn walk(
        &mut self,
        bytes: &[u8],
        start: usize,
        feeds: &[u32],
        cells: &mut Cells,
        taken: &mut Vec<bool>,
    ) -> u64 {
        look(Lines { scanner: self, bytes, start, feeds, cells, taken })
    }
}

/// The work of [`Scanner::walk`].
struct Lines<'l, 'p> {
    scanner: &'l mut Scanner<'p>,
    bytes: &'l [u8],
    start: usize,
    feeds: &'l [u32],
    cells: &'l mut Cells,
    taken: &'l mut Vec<bool>,
}

impl Work for Lines<'_, '_> {
    type Output = u64;

    #[inline(always)]
    fn with<L: Look>(self, look: L) -> u64 {
        let Self { scanner, bytes, mut start, feeds, cells, taken } = self;
        let Scanner { levels, shape, walks, .. } = scanner;
        let Some(keys) = levels.first().filter(|_| *walks).map(|it| &*it.keys) else {
            taken.resize(feeds.len(), false);
            return 0;
        };
        let mut walk = Walk { look, bytes, cells };
        let mut nodes = 0;
        let mut record = 0;
        while let Some(&feed) = feeds.get(record) {
            let feed = feed as usize;
            let likely = shape.is_likely() || record.is_multiple_of(NOW_AND_THEN);
            if shape.is_sure()
                && let Some(&other) = feeds.get(record + 1)
            {
                let other = other as usize;
                if walk.both(&mut shape.steps, (start, feed), (feed + 1, other), record) {
                    nodes |= shape.nodes;
                    shape.hit();
                    taken.extend([true; 2]);
                    start = other + 1;
                    record += 2;
                    continue;
                }
            }
            if likely && walk.usual(&mut shape.steps, (start, feed), record) {
                nodes |= shape.nodes;
                shape.hit();
                taken.push(true);
            } else {
                let met = line(keys, bytes, (start, feed), (walk.cells, record));
                shape.miss(keys, bytes, (start, feed), met);
                nodes |= met.unwrap_or(0);
                taken.push(met.is_some());
            }
            start = feed + 1;
            record += 1;
        }
        shape.settle(feeds.len());
        nodes
    }
}

/// The key behind a brace or comma, if it came after this one before, and how many bytes there
/// are from that to its value.
#[inline(always)]
pub(super) fn follow(keys: &[Key], key: usize, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let begin = blanks(bytes, at + 1);
    let bytes = bytes.get(begin..)?;
    let head = bytes.first_chunk().map_or(0, |it| u128::from_le_bytes(*it));
    for next in keys[key].next {
        let Key { head: known, mask, tail, length, .. } = &keys[next];
        if head & mask == *known && (*length <= WIDTH || bytes[WIDTH..].starts_with(tail)) {
            return Some((next, begin - at + blanks(bytes, *length)));
        }
    }
    None
}

impl<L: Look> Walk<'_, L> {
    /// Whether a line has these keys and plain values.
    #[inline(always)]
    fn usual(&mut self, steps: &mut [Step], line: (usize, usize), record: usize) -> bool {
        let (mut at, feed) = line;
        for step in &mut *steps {
            let Some((span, end)) = self.step(step, at, feed) else { return false };
            at = end;
            self.place(step, record, span);
        }
        !steps.is_empty() && closes(self.bytes, at, feed)
    }

    /// The same of two lines that follow each other: each waits for its own bytes only, so the
    /// processor has more to do meanwhile.
    #[inline(always)]
    fn both(
        &mut self,
        steps: &mut [Step],
        first: (usize, usize),
        second: (usize, usize),
        record: usize,
    ) -> bool {
        let (mut at, mut other) = (first.0, second.0);
        for step in &mut *steps {
            let Some((span, end)) = self.step(step, at, first.1) else { return false };
            at = end;
            self.place(step, record, span);
            let Some((span, end)) = self.step(step, other, second.1) else { return false };
            other = end;
            self.place(step, record + 1, span);
        }
        let close = closes(self.bytes, at, first.1) && closes(self.bytes, other, second.1);
        close && !steps.is_empty()
    }

    /// Puts a record's value.
    #[inline(always)]
    fn place(&mut self, step: &Step, record: usize, span: Span) {
        if step.wanted
            && let Some(place) = self.cells.spans.get_mut(step.cell + record)
        {
            *place = span;
        }
    }

    /// The value of a key that stands at a place, and the place behind it.
    ///
    /// Where a value ends as usual, that place waits for no byte: the processor guesses that
    /// it is so, and goes on.
    #[inline(always)]
    fn step(&self, step: &mut Step, at: usize, feed: usize) -> Option<(Span, usize)> {
        let window: &[u8; WINDOW] = self.bytes.get(at..)?.first_chunk()?;
        if !self.look.same(window.first_chunk()?, &step.head, &step.mask) {
            if !window.starts_with(step.written.get(..HALF).unwrap_or(&step.written)) {
                return None;
            }
            step.others += 1;
        } else if step.usual == Usual::Null {
            return Some((Span::default(), at + step.leap));
        } else if step.usual == Usual::Text {
            // The key and a quote take less than half.
            let from = step.written.len() % HALF + 1;
            let width = self.look.quotes(window[from..].first_chunk()?).trailing_zeros();
            let (start, behind) = ((at + from) as u32, at + step.leap);
            if width == step.width {
                return Some((Span { start, end: behind as u32 - 1 }, behind));
            }
            step.widths += 1;
            if width == HALF as u32 {
                let end = self.quote(at + from + HALF)?;
                return Some((Span { start, end: end as u32 }, end + 1));
            }
            step.other_width(width);
            let end = start + width;
            return Some((Span { start, end }, end as usize + 1));
        }
        let from = at + step.written.len();
        if step.written.len() > HALF && !self.bytes[at..].starts_with(&step.written) {
            return None;
        }
        if let Some(end) = short_integer(self.bytes, from) {
            return Some((Span { start: from as u32, end: end as u32 }, end));
        }
        value(self.bytes, from, feed, step.wanted)
    }

    /// The first quote from a place on.
    #[inline(always)]
    fn quote(&self, mut at: usize) -> Option<usize> {
        loop {
            let quotes = self.look.quotes(self.bytes.get(at..)?.first_chunk()?);
            if quotes != 0 {
                return Some(at + quotes.trailing_zeros() as usize);
            }
            at += HALF;
        }
    }
}

/// As [`Walk::usual`] for a line with any keys that are known; gives the bits of their nodes.
/// None of those may come twice.
#[inline(never)]
fn line(
    keys: &[Key],
    bytes: &[u8],
    (start, feed): (usize, usize),
    (cells, record): (&mut Cells, usize),
) -> Option<u64> {
    let (mut at, mut key, mut met) = (start, START, 0);
    let mut before = b'{';
    while bytes.get(at) == Some(&before) {
        let written;
        (key, written) = follow(keys, key, bytes, at)?;
        let Key { bit, cell, .. } = keys[key];
        let (span, end) = value(bytes, at + written, feed, bit != 0)?;
        if met & bit != 0 {
            return None;
        }
        met |= bit;
        *cells.spans.get_mut(cell + record)? = span;
        (at, before) = (end, b',');
    }
    (at > start && closes(bytes, at, feed)).then_some(met)
}

/// Whether an object is closed at a place and the line ends behind it.
#[inline(always)]
fn closes(bytes: &[u8], at: usize, feed: usize) -> bool {
    matches!(bytes.get(blanks(bytes, at)..feed), Some(b"}" | b"}\r"))
}

/// The place behind a whole number of less than eight digits, if a comma is there.
#[inline(always)]
fn short_integer(bytes: &[u8], from: usize) -> Option<usize> {
    let word = *bytes.get(from..)?.first_chunk::<8>()?;
    let digits = first_other(u64::from_le_bytes(word)) as usize;
    let good = digits > 0 && digits < 8 && word[digits] == b',' && (word[0] != b'0' || digits == 1);
    good.then_some(from + digits)
}

/// Where the text of a plain value is, none of `null`, and the place behind the value; numbers
/// with an exponent are left to the other way if they are wanted.
#[inline(never)]
pub(super) fn value(bytes: &[u8], from: usize, feed: usize, wanted: bool) -> Option<(Span, usize)> {
    let line = bytes.get(..feed)?;
    let (start, end, behind) = match line.get(from)? {
        b'"' => {
            let end = special(line, from + 1);
            if end == feed {
                return None;
            }
            (from + 1, end, end + 1)
        }
        b'-' | b'0'..=b'9' => {
            let (end, exponent) = number(line, from)?;
            if exponent && wanted {
                return None;
            }
            (from, end, end)
        }
        b'n' => (0, 0, word(line, from, b"null")?),
        b't' => (from, from + 4, word(line, from, b"true")?),
        b'f' => (from, from + 5, word(line, from, b"false")?),
        _ => return None,
    };
    Some((Span { start: start as u32, end: end as u32 }, behind))
}

/// The place behind a word, if it stands here.
#[inline]
fn word(line: &[u8], from: usize, word: &[u8]) -> Option<usize> {
    line[from..].starts_with(word).then_some(from + word.len())
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
