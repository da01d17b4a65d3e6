//! JSON objects of lines, with the keys of lines before.
//!
//! Takes plain values, and leaves other lines to [`Scanner::read`], which also learns the
//! keys.

use std::hint::select_unpredictable;
use std::ops::Range;

use super::cells::{Cells, ROOM};
use super::usual::{TOGETHER, Walk};
use super::{Key, START, Scanner, WIDTH, blanks, first_other, number, special};
use crate::input::marks::{BLOCK, Look, Work, block_of, look};
use crate::input::rows::spans::Span;

/// Where usual keys are not expected, so many of those are tried nonetheless.
const FEW: usize = 4;
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
        find(look, bytes, range, lines);
        let Some(keys) = levels.first().filter(|_| *walks).map(|it| &*it.keys) else { return 0 };
        let mut walk = Walk { look, bytes, cells };
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

/// Adds the lines that end in a range of the bytes, which begins one, as far as there is room.
#[inline(always)]
fn find(look: impl Look, bytes: &[u8], range: Range<usize>, lines: &mut Vec<Line>) {
    let mut start = range.start as u32;
    let (blocks, rest) = bytes.get(range).unwrap_or_default().as_chunks::<BLOCK>();
    let (mut at, mut count) = (start, 0);
    lines.resize(ROOM, Line::default());
    let mut padding = [0; BLOCK];
    for block in blocks.iter().chain([block_of(rest, &mut padding)]) {
        let mut feeds = look.bits(block, b'\n');
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
pub(super) fn closed(bytes: &[u8], at: usize) -> Option<usize> {
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
pub(super) fn short_integer(bytes: &[u8], from: usize) -> Option<usize> {
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
