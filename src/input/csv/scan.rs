//! Many plain records at once: where their fields end.
//!
//! Looks at 64 bytes together and stops at whatever is not plain (doubled quotes, quotes
//! out of place or around line ends, NUL, a carriage return alone, a record of another
//! width); that is left to `split`.

use super::split::FIELD_LIMIT;
use crate::input::marks::{BLOCK, Before, Look, Marks, Work, below, look};
use crate::input::rows::spans::Between;

/// How many records are looked for together.
pub(super) const RECORDS: usize = 256;
/// Wider records are left to the row-wise path.
const WIDEST: usize = 512;

/// What plain records look like in one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub delimiter: u8,
    /// How many fields a record has.
    pub width: usize,
    /// Whether lines end in a carriage return and a line feed.
    pub returns: bool,
}

/// Finds plain records, and keeps the memory that it needs.
pub(super) struct Scanner {
    shape: Shape,
    /// [`Between::BEGIN`], and where fields end.
    ends: Vec<u32>,
    quoted: bool,
}

/// How many lines end in bytes, and whether there is a quote.
pub(super) fn survey(bytes: &[u8]) -> (usize, bool) {
    look(Survey { bytes })
}

struct Survey<'b> {
    bytes: &'b [u8],
}

impl Work for Survey<'_> {
    type Output = (usize, bool);

    #[inline(always)]
    fn with<L: Look>(self, look: L) -> (usize, bool) {
        let (blocks, rest) = self.bytes.as_chunks::<BLOCK>();
        let (mut lines, mut quotes) = (0, 0);
        let mut see = |marks: Marks| {
            lines += marks.lines.count_ones() as usize;
            quotes |= marks.quotes;
        };
        blocks.iter().for_each(|it| see(look.marks(it, b',')));
        see(Marks::of(look, rest, 0, b','));
        (lines, quotes != 0)
    }
}

/// Where the last record ends that is whole and whose quotes, if any, are as plain as
/// [`Scanner`] has them; `start`, the begin of a record, if there is none.
pub(super) fn settled(bytes: &[u8], start: usize, delimiter: u8) -> usize {
    look(Settled { bytes, start, delimiter })
}

struct Settled<'b> {
    bytes: &'b [u8],
    start: usize,
    delimiter: u8,
}

impl Work for Settled<'_> {
    type Output = usize;

    #[inline(always)]
    fn with<L: Look>(self, look: L) -> usize {
        let Self { bytes, start, delimiter } = self;
        settled_by(look, bytes, start, delimiter)
    }
}

#[inline(always)]
fn settled_by(look: impl Look, bytes: &[u8], start: usize, delimiter: u8) -> usize {
    let (mut end, mut at, mut before) = (start, start, Before::RECORD);
    while at < bytes.len() {
        let mut marks = Marks::of(look, bytes, at, delimiter);
        // Lines may end either way here.
        let lone = marks.after_returns(&mut before) & !marks.lines;
        let odd = lone | marks.settle_quotes(&mut before);
        let lines = marks.lines & marks.ends & below(odd);
        if lines != 0 {
            end = at + BLOCK - lines.leading_zeros() as usize;
        }
        if odd != 0 {
            break;
        }
        at += BLOCK;
    }
    end
}

impl Scanner {
    pub fn new(shape: Shape) -> Self {
        // A blank line of one field is no record, so such files have no plain ones.
        let room = match shape.width {
            2..=WIDEST => shape.width * RECORDS + 2 * BLOCK,
            _ => 0,
        };
        let mut ends = vec![0; 1 + room];
        ends[0] = Between::BEGIN;
        Self { shape, ends, quoted: false }
    }

    /// Where the fields of the records found last end, behind [`Between::BEGIN`]: as many as
    /// a record has for each, a line's last one at its line feed.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Whether there may be quotes around fields of those records.
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Finds plain records that follow each other from the begin of `bytes` on, at most
    /// [`RECORDS`]; says how many.
    pub fn scan(&mut self, bytes: &[u8]) -> usize {
        look(Scan { scanner: self, bytes })
    }

    #[inline(always)]
    fn scan_by(&mut self, look: impl Look, bytes: &[u8]) -> usize {
        let Shape { delimiter, width, returns } = self.shape;
        let wanted = width * RECORDS;
        let limit = bytes.len().min(FIELD_LIMIT - BLOCK);
        let (mut count, mut lines, mut at, mut before) = (0, 0, 0, Before::RECORD);
        self.quoted = false;
        while count < wanted && at < limit && self.ends.len() > 1 {
            let whole = bytes[at..].first_chunk();
            let plain = match whole.filter(|_| !returns && before.inside | before.closed == 0) {
                Some(it) => look.plain(it, delimiter),
                None => None,
            };
            if let Some(plain) = plain {
                before.ended = plain.ends >> 63;
                lines += plain.lines.count_ones() as usize;
                count = self.note(look, plain.ends, count, at);
                at += BLOCK;
                continue;
            }
            let mut marks = Marks::of(look, bytes, at, delimiter);
            self.quoted |= marks.quotes != 0;
            let lone = match returns {
                true => marks.after_returns(&mut before) ^ marks.lines,
                false => marks.returns,
            };
            let odd = lone | marks.nuls | marks.settle_quotes(&mut before);
            let ends = marks.ends & below(odd);
            lines += (marks.lines & ends).count_ones() as usize;
            count = self.note(look, ends, count, at);
            if odd != 0 {
                break;
            }
            at += BLOCK;
        }
        self.even(bytes, count, lines)
    }

    /// Adds the places of a block's marks; says how many there are now.
    #[inline(always)]
    fn note(&mut self, look: impl Look, marks: u64, count: usize, at: usize) -> usize {
        let Some(room) = self.ends[1 + count..].first_chunk_mut() else { return count };
        look.note(marks, at as u32, room);
        count + marks.count_ones() as usize
    }

    /// How many of the first records, of `count` fields and `lines` line feeds, have the
    /// file's width. Where every record's last field ends at a line feed and there are no
    /// further ones, all do.
    fn even(&self, bytes: &[u8], count: usize, lines: usize) -> usize {
        let width = self.shape.width;
        let records = (count / width).min(RECORDS);
        let (found, rest) = self.ends[1..=count].split_at(records * width);
        let is_line = |end: &u32| bytes[*end as usize] == b'\n';
        let lines = lines - rest.iter().filter(|it| is_line(it)).count();
        if lines == records && found.chunks_exact(width).all(|it| is_line(&it[width - 1])) {
            return records;
        }
        let even = |it: &&[u32]| it.iter().position(is_line) == Some(width - 1);
        found.chunks_exact(width).take_while(even).count()
    }
}

/// The work of [`Scanner::scan`].
struct Scan<'s, 'b> {
    scanner: &'s mut Scanner,
    bytes: &'b [u8],
}

impl Work for Scan<'_, '_> {
    type Output = usize;

    #[inline(always)]
    fn with<L: Look>(self, look: L) -> usize {
        self.scanner.scan_by(look, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_survey_sees_every_line_and_quote(
            bytes in prop::collection::vec(prop::sample::select(&b"ab,\n\r "[..]), 0..300),
            quote in prop::option::of(0..300usize),
        ) {
            let mut bytes = bytes;
            if let Some(it) = quote.and_then(|it| bytes.get_mut(it)) {
                *it = b'"';
            }
            let lines = bytes.iter().filter(|it| **it == b'\n').count();
            prop_assert_eq!(survey(&bytes), (lines, bytes.contains(&b'"')));
        }
    }
}
