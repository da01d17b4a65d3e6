//! Usual lines, many at once: piece by piece, so that no line waits for another one.
//!
//! Takes lines whose values are plain and whose keys are the usual ones, in their order.

use std::hint::select_unpredictable;

use super::cells::Cells;
use super::piece::{Last, Piece, Put};
use super::shape::{Shape, Step};
use super::walk::{Line, closed, short_integer, value};
use crate::input::marks::{BLOCK, Look};
use crate::input::rows::spans::Span;

/// How many lines are walked together: so few that what they hold stays near, and that each has a
/// bit of a word.
pub(super) const TOGETHER: usize = 64;
/// No line goes on there.
const NOWHERE: u32 = u32::MAX;

/// What is at hand while lines are walked.
pub(super) struct Walk<'w, L> {
    pub look: L,
    pub bytes: &'w [u8],
    pub cells: &'w mut Cells,
}

/// Where each of some lines is read on, or [`NOWHERE`].
type Places = [u32; TOGETHER];

impl<L: Look> Walk<'_, L> {
    /// Takes those of these lines that have the usual keys and plain values: piece by piece, so
    /// that no line waits for another one. Gives how many come before the first that is not taken.
    #[inline(always)]
    pub fn usual(&mut self, shape: &mut Shape, lines: &mut [Line], first: usize) -> usize {
        let Shape { steps, pieces, .. } = shape;
        let mut places = [NOWHERE; TOGETHER];
        places.iter_mut().zip(&*lines).for_each(|(place, line)| *place = line.start);
        if first == 0 && !lines.is_empty() {
            // To learn from.
            singly(steps, self.bytes, places[0], (self.cells, first));
        }
        for piece in &*pieces {
            let before = places;
            self.put(piece, &before[..lines.len()], first);
            // Each kind has a loop of its own, which does not ask for it again.
            let into = (&before, &mut places, lines.len(), first);
            let mut failed = match piece.last {
                Last::Nothing => self.go_on(piece, Last::Nothing, into),
                Last::Text(cell) => self.go_on(piece, Last::Text(cell), into),
                Last::Either(cell) => self.go_on(piece, Last::Either(cell), into),
                Last::Other(cell, wanted) => self.go_on(piece, Last::Other(cell, wanted), into),
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

    /// Goes on behind a piece, of as many lines; gives a bit for each that is otherwise.
    #[inline(always)]
    fn go_on(
        &mut self,
        piece: &Piece,
        last: Last,
        (before, places, count, first): (&Places, &mut Places, usize, usize),
    ) -> u64 {
        let mut failed = 0;
        for (index, (place, &at)) in places[..count].iter_mut().zip(before).enumerate() {
            match self.behind(piece, last, at, first + index) {
                Some(it) => *place = it,
                None => failed |= 1 << index,
            }
        }
        failed
    }

    /// The place behind a piece and its last value, which is put, if it stands at a place and is
    /// as expected.
    #[inline(always)]
    fn behind(&mut self, piece: &Piece, last: Last, at: u32, record: usize) -> Option<u32> {
        let special = self.special(piece, at)?;
        let start = at + piece.known as u32;
        match last {
            Last::Nothing => Some(start),
            Last::Text(cell) => {
                let end = match special {
                    0 => super::special(self.bytes, at as usize + BLOCK) as u32,
                    it => start + it.trailing_zeros(),
                };
                self.cells.put_one(cell, record, Span { start, end });
                (self.bytes.get(end as usize) == Some(&b'"')).then_some(end + 1)
            }
            Last::Either(cell) => {
                let value: &[u8; 4] = self.bytes.get(start as usize..)?.first_chunk()?;
                // The first is the opening quote, the next one closes.
                let special = special & special.wrapping_sub(1);
                let end = start + special.trailing_zeros();
                let closes = special != 0 && self.bytes.get(end as usize) == Some(&b'"');
                let (is_null, is_text) = (value == b"null", value[0] == b'"' && closes);
                let span = Span {
                    start: select_unpredictable(is_null, 0, start + 1),
                    end: select_unpredictable(is_null, 0, end),
                };
                self.cells.put_one(cell, record, span);
                (is_null | is_text).then_some(select_unpredictable(is_null, start + 4, end + 1))
            }
            Last::Other(cell, wanted) => {
                let from = start as usize;
                if let Some(end) = short_integer(self.bytes, from) {
                    self.cells.put_one(cell, record, Span { start, end: end as u32 });
                    return Some(end as u32);
                }
                if self.bytes.get(from..)?.starts_with(b"null") {
                    self.cells.put_one(cell, record, Span::default());
                    return Some(start + 4);
                }
                let (span, end) = value(self.bytes, from, wanted)?;
                self.cells.put_one(cell, record, span);
                Some(end as u32)
            }
        }
    }

    /// The bits of what is special behind what is known of a piece, if it stands at a place.
    #[inline(always)]
    fn special(&self, piece: &Piece, at: u32) -> Option<u64> {
        let block = self.bytes.get(at as usize..)?.first_chunk()?;
        // Where nothing is open and no value between keys, it does not matter.
        let special =
            if piece.sees { self.look.bits(block, b'"') | self.look.odd(block) } else { 0 };
        let wrong = self.look.other(block, &piece.head) & piece.fixed | special & piece.values;
        (wrong == 0).then_some(special >> (piece.known as u64 % u64::from(u64::BITS)))
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
