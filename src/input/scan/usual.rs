//! Usual lines, many at once: piece by piece, so that no line waits for another one.
//!
//! Takes lines whose values are plain and whose keys are the usual ones, in their order.

use std::hint::select_unpredictable;

use super::cells::Cells;
use super::piece::{Last, Piece, Put};
use super::shape::{Shape, Step};
use super::special;
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
