//! JSON objects of lines, with the keys of lines before.
//!
//! Takes plain values, and leaves other lines to [`Scanner::read`], which also learns the
//! keys.

use std::hint::select_unpredictable;
use std::ops::Range;

use super::cells::{Cells, ROOM};
use super::piece::{Last, Piece, Put};
use super::shape::{Shape, Step};
use super::{Key, START, Scanner, WIDTH, blanks, first_other, number, special};
use crate::input::marks::{BLOCK, Look, Work, block_of, look};
use crate::input::rows::spans::Span;

/// How many lines are walked together: so few that what they hold stays near, and that each has a
/// bit of a word.
const TOGETHER: usize = 64;
/// Where usual keys are not expected, so many of those are tried nonetheless.
const FEW: usize = 4;
/// No line goes on there.
const NOWHERE: u32 = u32::MAX;

/// A line: its first byte and its line feed, and whether its values are among the cells.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::input) struct Line {
    pub start: u32,
    pub feed: u32,
    pub taken: bool,
}

impl Scanner<'_> {
    /// Reads the lines that begin and end in a range of the bytes, as far as there is room among
    /// the cells, which hold none before; puts the values of each line at its place there. Gives
    /// a bit for each node that occurs.
    ///
    /// Lines that are unusual or wrong are not taken; what they have among the cells means
    /// nothing.
    pub fn walk(
        &mut self,
        bytes: &[u8],
        range: Range<usize>,
        cells: &mut Cells,
        lines: &mut Vec<Line>,
    ) -> u64 {
        lines.clear();
        look(Lines { scanner: self, bytes, range, cells, lines })
    }
}

/// The work of [`Scanner::walk`].
struct Lines<'l, 'p> {
    scanner: &'l mut Scanner<'p>,
    bytes: &'l [u8],
    range: Range<usize>,
    cells: &'l mut Cells,
    lines: &'l mut Vec<Line>,
}

impl Work for Lines<'_, '_> {
    type Output = u64;

    #[inline(always)]
    fn with<L: Look>(self, look: L) -> u64 {
        let Self { scanner, bytes, range, cells, lines } = self;
        let Scanner { levels, shape, walks, .. } = scanner;
        let mut walk = Walk { look, bytes, cells };
        walk.find(range, lines);
        let Some(keys) = levels.first().filter(|_| *walks).map(|it| &*it.keys) else { return 0 };
        let (mut nodes, mut first) = (0, 0);
        for lines in lines.chunks_mut(TOGETHER) {
            let mut tried = if shape.is_likely() { lines.len() } else { lines.len().min(FEW) };
            // What is usual may change meanwhile.
            let usual = shape.nodes;
            let taken = walk.usual(shape, &mut lines[..tried], first);
            if taken > 0 {
                nodes |= usual;
                shape.hit();
            }
            for (index, line) in lines.iter_mut().enumerate().skip(taken) {
                if line.taken {
                    nodes |= usual;
                    shape.hit();
                } else {
                    let met = other_line(keys, bytes, *line, (walk.cells, first + index));
                    nodes |= met.unwrap_or(0);
                    line.taken = met.is_some();
                    if index < tried && shape.miss(keys, bytes, line.start as usize, met) {
                        // What is usual now was not yet.
                        tried = index;
                    }
                }
            }
            first += lines.len();
        }
        shape.settle(lines.len());
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

/// What is at hand while lines are walked.
struct Walk<'w, L> {
    look: L,
    bytes: &'w [u8],
    cells: &'w mut Cells,
}

/// Where each of some lines is read on, or [`NOWHERE`].
type Places = [u32; TOGETHER];

impl<L: Look> Walk<'_, L> {
    /// Adds the lines that end in a range of the bytes, which begins one, as far as there is room.
    #[inline(always)]
    fn find(&self, range: Range<usize>, lines: &mut Vec<Line>) {
        let (mut start, bytes) = (range.start as u32, &self.bytes[..range.end]);
        let (blocks, rest) = bytes.get(range.start..).unwrap_or_default().as_chunks::<BLOCK>();
        let (mut at, mut count) = (start, 0);
        lines.resize(ROOM, Line::default());
        let mut padding = [0; BLOCK];
        for block in blocks.iter().chain([block_of(rest, &mut padding)]) {
            let mut feeds = self.look.bits(block, b'\n');
            // There is seldom more than one, and which blocks have it, no processor guesses.
            let Some(line) = lines.get_mut(count) else { break };
            let feed = at + feeds.trailing_zeros();
            *line = Line { start, feed, taken: false };
            start = select_unpredictable(feeds == 0, start, feed + 1);
            count += usize::from(feeds != 0);
            feeds &= feeds.wrapping_sub(1);
            while feeds != 0 && count < ROOM {
                let feed = at + feeds.trailing_zeros();
                lines[count] = Line { start, feed, taken: false };
                (start, count) = (feed + 1, count + 1);
                feeds &= feeds - 1;
            }
            at += BLOCK as u32;
        }
        lines.truncate(count);
    }

    /// Takes those of these lines that have the usual keys and plain values: piece by piece, so
    /// that no line waits for another one. Gives how many come before the first that is not taken.
    #[inline(always)]
    fn usual(&mut self, shape: &mut Shape, lines: &mut [Line], first: usize) -> usize {
        let Shape { steps, pieces, .. } = shape;
        let mut places = [NOWHERE; TOGETHER];
        places.iter_mut().zip(&*lines).for_each(|(place, line)| *place = line.start);
        if first == 0 && !lines.is_empty() {
            // To learn from.
            singly(steps, self.bytes, places[0], (self.cells, first));
        }
        for piece in &*pieces {
            let before = places;
            let count = lines.len();
            self.put(piece, &before[..count], first);
            let mut failed = match piece.last {
                Last::Nothing => self.nothing(piece, &before, &mut places[..count]),
                Last::Text(cell) => self.texts(piece, &before, &mut places[..count], cell + first),
                Last::Either(cell) => {
                    self.either(piece, &before, &mut places[..count], cell + first)
                }
                Last::Other(cell, wanted) => {
                    self.others(piece, &before, &mut places[..count], (cell + first, wanted))
                }
            };
            while failed != 0 {
                let index = failed.trailing_zeros() as usize;
                let steps = &mut steps[piece.steps.clone()];
                let into = (&mut *self.cells, first + index);
                places[index] = singly(steps, self.bytes, before[index], into);
                failed &= failed - 1;
            }
        }
        for (line, place) in lines.iter_mut().zip(places) {
            let closed = closed(self.bytes, place as usize) == Some(line.feed as usize);
            line.taken = closed && place > line.start;
        }
        lines.iter().position(|it| !it.taken).unwrap_or(lines.len())
    }

    /// Puts the wanted values of a piece but for the last one.
    #[inline(always)]
    fn put(&mut self, piece: &Piece, places: &[u32], first: usize) {
        for &Put { cell, from, to } in &piece.puts {
            let spans = self.cells.from(cell + first);
            for (span, at) in spans.iter_mut().zip(places) {
                *span = Span { start: at.wrapping_add(from), end: at.wrapping_add(to) };
            }
        }
    }

    /// The bits of what is special behind what is known of a piece, if it stands at a place.
    #[inline(always)]
    fn behind(&self, piece: &Piece, at: u32) -> Option<u64> {
        let block = self.bytes.get(at as usize..)?.first_chunk()?;
        // Where nothing is open and no value between keys, it does not matter.
        let special =
            if piece.sees { self.look.bits(block, b'"') | self.look.odd(block) } else { 0 };
        let wrong = self.look.other(block, &piece.head) & piece.fixed | special & piece.values;
        (wrong == 0).then_some(special >> (piece.known as u64 % u64::from(u64::BITS)))
    }

    /// Goes on behind a piece without an open value; gives a bit for each place where it is not.
    #[inline(always)]
    fn nothing(&mut self, piece: &Piece, before: &Places, places: &mut [u32]) -> u64 {
        let mut failed = 0;
        for (index, (place, &at)) in places.iter_mut().zip(before).enumerate() {
            match self.behind(piece, at) {
                Some(_) => *place = at + piece.known as u32,
                None => failed |= 1 << index,
            }
        }
        failed
    }

    /// The same where a text is open.
    #[inline(always)]
    fn texts(&mut self, piece: &Piece, before: &Places, places: &mut [u32], cell: usize) -> u64 {
        let mut failed = 0;
        for (index, (place, &at)) in places.iter_mut().zip(before).enumerate() {
            let Some(behind) = self.behind(piece, at) else {
                failed |= 1 << index;
                continue;
            };
            let start = at + piece.known as u32;
            let end = match behind {
                0 => special(self.bytes, at as usize + BLOCK) as u32,
                it => start + it.trailing_zeros(),
            };
            self.cells.put_one(cell, index, Span { start, end });
            match self.bytes.get(end as usize) {
                Some(b'"') => *place = end + 1,
                _ => failed |= 1 << index,
            }
        }
        failed
    }

    /// The same where a text or `null` comes.
    #[inline(always)]
    fn either(&mut self, piece: &Piece, before: &Places, places: &mut [u32], cell: usize) -> u64 {
        let mut failed = 0;
        for (index, (place, &at)) in places.iter_mut().zip(before).enumerate() {
            let start = at.wrapping_add(piece.known as u32);
            let value = self.bytes.get(start as usize..).and_then(<[u8]>::first_chunk::<4>);
            let (Some(behind), Some(value)) = (self.behind(piece, at), value) else {
                failed |= 1 << index;
                continue;
            };
            // The first is the opening quote, the next one closes.
            let behind = behind & behind.wrapping_sub(1);
            let end = start + behind.trailing_zeros();
            let closes = behind != 0 && self.bytes.get(end as usize) == Some(&b'"');
            let (is_null, is_text) = (value == b"null", value[0] == b'"' && closes);
            let span = Span {
                start: select_unpredictable(is_null, 0, start + 1),
                end: select_unpredictable(is_null, 0, end),
            };
            self.cells.put_one(cell, index, span);
            *place = select_unpredictable(is_null, start + 4, end.wrapping_add(1));
            failed |= u64::from(!is_null & !is_text) << index;
        }
        failed
    }

    /// The same where anything may come.
    #[inline(always)]
    fn others(
        &mut self,
        piece: &Piece,
        before: &Places,
        places: &mut [u32],
        (cell, wanted): (usize, bool),
    ) -> u64 {
        let mut failed = 0;
        for (index, (place, &at)) in places.iter_mut().zip(before).enumerate() {
            let from = at as usize + piece.known;
            if self.behind(piece, at).is_none() {
                failed |= 1 << index;
            } else if let Some(end) = short_integer(self.bytes, from) {
                let span = Span { start: from as u32, end: end as u32 };
                self.cells.put_one(cell, index, span);
                *place = span.end;
            } else if self.bytes.get(from..).is_some_and(|it| it.starts_with(b"null")) {
                self.cells.put_one(cell, index, Span::default());
                *place = from as u32 + 4;
            } else if let Some((span, end)) = value(self.bytes, from, wanted) {
                self.cells.put_one(cell, index, span);
                *place = end as u32;
            } else {
                failed |= 1 << index;
            }
        }
        failed
    }
}

/// The place behind keys and their values, one after the other, or [`NOWHERE`]; takes note of the
/// values.
#[inline(never)]
fn singly(
    steps: &mut [Step],
    bytes: &[u8],
    place: u32,
    (cells, record): (&mut Cells, usize),
) -> u32 {
    let mut at = place as usize;
    for step in steps {
        let from = at + step.written.len();
        if bytes.get(at..from) != Some(&step.written) {
            return NOWHERE;
        }
        let Some((span, end)) = value(bytes, from, step.wanted) else { return NOWHERE };
        step.note(bytes, from, span);
        cells.put_one(step.cell, record, span);
        at = end;
    }
    at as u32
}

/// Takes a line with any keys that are known; gives the bits of their nodes. None of those may
/// come twice.
#[inline(never)]
fn other_line(
    keys: &[Key],
    bytes: &[u8],
    Line { start, feed, .. }: Line,
    (cells, record): (&mut Cells, usize),
) -> Option<u64> {
    // It was tried as a usual one.
    cells.take_out(record);
    let (mut at, mut key, mut met) = (start as usize, START, 0);
    let mut before = b'{';
    while bytes.get(at) == Some(&before) {
        let written;
        (key, written) = follow(keys, key, bytes, at)?;
        let Key { bit, cell, .. } = keys[key];
        let (span, end) = value(bytes, at + written, bit != 0)?;
        if met & bit != 0 {
            return None;
        }
        met |= bit;
        cells.put_one(cell, record, span);
        (at, before) = (end, b',');
    }
    (at > start as usize && closed(bytes, at)? == feed as usize).then_some(met)
}

/// The line feed behind the brace that closes an object at a place.
#[inline(always)]
fn closed(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at..)?.starts_with(b"}\n") {
        return Some(at + 1);
    }
    let at = blanks(bytes, at);
    match bytes.get(at..)? {
        [b'}', b'\n', ..] => Some(at + 1),
        [b'}', b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    }
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
pub(super) fn value(bytes: &[u8], from: usize, wanted: bool) -> Option<(Span, usize)> {
    let (start, end, behind) = match bytes.get(from)? {
        b'"' => {
            let end = special(bytes, from + 1);
            if bytes.get(end) != Some(&b'"') {
                return None;
            }
            (from + 1, end, end + 1)
        }
        b'-' | b'0'..=b'9' => {
            let (end, exponent) = number(bytes, from)?;
            if exponent && wanted {
                return None;
            }
            (from, end, end)
        }
        b'n' => (0, 0, word(bytes, from, b"null")?),
        b't' => (from, from + 4, word(bytes, from, b"true")?),
        b'f' => (from, from + 5, word(bytes, from, b"false")?),
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
