//! Stretches of usual lines, each of which fits into one look at 64 bytes: keys in order, and values
//! of one length between them.
//!
//! Made of [`Step`]s; reads no line itself.

use std::ops::Range;

use super::shape::{Expected, Step};
use crate::input::marks::BLOCK;

/// How much room a text of any length should have where it is not the first of its piece, if no
/// length is known.
const OPEN: usize = 16;

/// The value of that name.
const NULL: &[u8] = b"null";

/// Some keys and what stands between them, up to a value that may have any length.
pub(super) struct Piece {
    /// The bytes that are always the same, each at its place, and which these are.
    pub head: [u8; BLOCK],
    pub fixed: u64,
    /// The bytes of values before the last one: any but quotes and what is odd.
    pub values: u64,
    /// How many bytes come before the last value.
    pub known: usize,
    /// The wanted values before the last one.
    pub puts: Vec<Put>,
    pub last: Last,
    /// Whether it matters where quotes and what is odd are.
    pub sees: bool,
    /// Which steps it stands for.
    pub steps: Range<usize>,
}

/// Where a wanted value stands, counted from the begin of its piece.
pub(super) struct Put {
    pub cell: usize,
    pub from: u32,
    pub to: u32,
}

/// The value that a piece ends with, and where its place is among the cells.
#[derive(Clone, Copy)]
pub(super) enum Last {
    /// None: the piece ends behind a value of known length.
    Nothing,
    /// A text whose quote is before the end of what is known.
    Text(usize),
    /// A text or `null`.
    Either(usize),
    /// Anything, which is wanted or not.
    Other(usize, bool),
}

impl Piece {
    /// The pieces that some steps make up.
    pub fn all(steps: &[Step]) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut piece = Self::new(0);
        for (index, step) in steps.iter().enumerate() {
            if !piece.is_empty() && !piece.has_room(step) {
                let next = Self::new(index);
                pieces.push(std::mem::replace(&mut piece, next));
            }
            piece.add(step);
            if !matches!(piece.last, Last::Nothing) {
                let next = Self::new(index + 1);
                pieces.push(std::mem::replace(&mut piece, next));
            }
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        pieces
    }

    fn new(step: usize) -> Self {
        Self {
            head: [0; BLOCK],
            fixed: 0,
            values: 0,
            known: 0,
            puts: Vec::new(),
            last: Last::Nothing,
            sees: false,
            steps: step..step,
        }
    }

    fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether a step fits behind what is there, and as much of its value as is looked at.
    fn has_room(&self, step: &Step) -> bool {
        let value = match step.expected {
            Expected::Null | Expected::Anything => 0,
            Expected::Text(width) => width as usize + 2,
            Expected::AnyText | Expected::TextOrNull => {
                step.width().map_or(OPEN, |it| it as usize + 2)
            }
        };
        self.known + step.written.len() + value.max(NULL.len()) <= BLOCK
    }

    /// Adds a step that has room, or to an empty piece any.
    fn add(&mut self, step: &Step) {
        self.steps.end += 1;
        let Step { written, cell, wanted, .. } = step;
        if self.known + written.len() + NULL.len() > BLOCK {
            // No text holds bytes of value zero: the step is taken by itself.
            self.fixed = u64::MAX;
            return;
        }
        let whole = self.has_room(step);
        self.fix(written);
        self.last = match step.expected {
            Expected::Null => {
                self.fix(NULL);
                Last::Nothing
            }
            Expected::Text(width) if whole => {
                self.text(step, width as usize);
                Last::Nothing
            }
            Expected::Text(_) | Expected::AnyText => {
                self.fix(b"\"");
                Last::Text(*cell)
            }
            Expected::TextOrNull => Last::Either(*cell),
            Expected::Anything => Last::Other(*cell, *wanted),
        };
        self.sees = self.values != 0 || matches!(self.last, Last::Text(_) | Last::Either(_));
    }

    /// Adds bytes that are always the same.
    fn fix(&mut self, bytes: &[u8]) {
        let end = self.known + bytes.len();
        self.head[self.known..end].copy_from_slice(bytes);
        self.fixed |= bits(self.known..end);
        self.known = end;
    }

    /// Adds a text of known length in its quotes.
    fn text(&mut self, step: &Step, width: usize) {
        self.fix(b"\"");
        let (from, to) = (self.known, self.known + width);
        self.values |= bits(from..to);
        if step.wanted {
            self.puts.push(Put { cell: step.cell, from: from as u32, to: to as u32 });
        }
        self.known = to;
        self.fix(b"\"");
    }
}

/// The bits of these places.
fn bits(places: Range<usize>) -> u64 {
    places.fold(0, |bits, place| bits | 1 << place)
}
