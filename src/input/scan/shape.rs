//! What usual lines look like: their keys in order, and what the values of these are.
//!
//! Learns from lines, and forgets what no longer holds. Reads no line itself.

use super::walk::{follow, value};
use super::{Key, START};
use crate::input::marks::HALF;

/// Lines with more keys are taken key by key.
const WIDEST: usize = 256;
/// After how many lines of other keys their keys become the usual ones, at first and at last.
const PATIENCE: (u32, u32) = (4, 1024);
/// How sure it can be that lines are usual, or are not.
const MOST_TRUST: i32 = 16;
/// How often lines are read until texts are expected again to be of one length.
const AGAIN: u32 = 64;

/// The keys of usual lines, in order.
#[derive(Default)]
pub(super) struct Shape {
    pub steps: Vec<Step>,
    /// The bits of the nodes that they are.
    pub nodes: u64,
    /// How many lines with other keys came since the last usual one, and how many may.
    misses: u32,
    patience: u32,
    /// More than 0 if more lines were usual lately than not.
    trust: i32,
    /// How often some lines were read.
    rounds: u32,
}

/// A key as in [`Key`] with the brace or comma before it, and what its values usually are.
pub(super) struct Step {
    /// The key and how its value begins, as far as there is room.
    pub head: [u8; HALF],
    pub mask: [u8; HALF],
    /// The same key whole.
    pub written: Box<[u8]>,
    pub usual: Usual,
    /// How long a text usually is; none is so long if lengths change often.
    pub width: u32,
    /// From the begin of one key to that of the next, if the value is as usual.
    pub leap: usize,
    pub cell: usize,
    pub wanted: bool,
    /// How many lines had another value, and another length of texts.
    pub others: usize,
    pub widths: usize,
}

/// What a value usually is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usual {
    Text,
    Null,
    Other,
}

/// No text is so long.
const NO_WIDTH: u32 = u32::MAX;

impl Shape {
    /// Judges what was expected of so many lines.
    pub fn settle(&mut self, lines: usize) {
        self.rounds += 1;
        let again = self.rounds.is_multiple_of(AGAIN);
        self.steps.iter_mut().for_each(|it| it.settle(lines, again));
    }

    /// Whether a line may well be a usual one.
    #[inline]
    pub fn is_likely(&self) -> bool {
        self.trust >= 0
    }

    /// Whether it most probably is.
    #[inline]
    pub fn is_sure(&self) -> bool {
        self.trust > MOST_TRUST / 2
    }

    /// Takes note of a usual line.
    #[inline(always)]
    pub fn hit(&mut self) {
        self.misses = 0;
        self.trust = (self.trust + 2).min(MOST_TRUST);
    }

    /// Takes note of a line with other keys: of the bits of their nodes, if it was taken.
    #[cold]
    #[inline(never)]
    pub fn miss(
        &mut self,
        keys: &[Key],
        bytes: &[u8],
        (start, feed): (usize, usize),
        met: Option<u64>,
    ) {
        self.misses += 1;
        self.trust = (self.trust - 1).max(-MOST_TRUST);
        let Some(nodes) = met.filter(|_| self.misses >= self.patience) else { return };
        (self.misses, self.trust) = (0, 0);
        self.patience = (self.patience * 2).clamp(PATIENCE.0, PATIENCE.1);
        self.nodes = nodes;
        self.steps.clear();
        let (mut at, mut key) = (start, START);
        while let Some((next, written)) = follow(keys, key, bytes, at) {
            if self.steps.len() == WIDEST {
                return self.steps.clear();
            }
            let from = at + written;
            let Some((_, end)) = value(bytes, from, feed, false) else { return };
            self.steps.push(Step::new(&bytes[at..from], &bytes[from..end], &keys[next]));
            if bytes.get(end) != Some(&b',') {
                return;
            }
            (at, key) = (end, next);
        }
    }
}

impl Step {
    /// A key, behind a brace or comma, and its first value.
    fn new(written: &[u8], value: &[u8], key: &Key) -> Self {
        let mut step = Self {
            head: [0; HALF],
            mask: [0; HALF],
            written: written.into(),
            usual: Usual::Other,
            width: NO_WIDTH,
            leap: 0,
            cell: key.cell,
            wanted: key.bit != 0,
            others: 0,
            widths: 0,
        };
        step.expect(value);
        step
    }

    /// Expects values such as this one.
    fn expect(&mut self, value: &[u8]) {
        let begin = match value {
            b"null" => value,
            [b'"', ..] => b"\"",
            _ => b"",
        };
        let known = [&self.written, begin].concat();
        self.usual = match value {
            _ if known.len() >= HALF => Usual::Other,
            b"null" => Usual::Null,
            [b'"', ..] => Usual::Text,
            _ => Usual::Other,
        };
        (self.head, self.mask) = ([0; HALF], [0; HALF]);
        for ((head, mask), byte) in self.head.iter_mut().zip(&mut self.mask).zip(known) {
            (*head, *mask) = (byte, u8::MAX);
        }
        // Without its quotes; where no quote is found, that is no length of a text.
        self.width = (value.len() as u32).wrapping_sub(2);
        if self.width >= HALF as u32 {
            self.width = NO_WIDTH;
        }
        self.leap = self.written.len() + value.len();
    }

    /// Takes note of a text of another length.
    #[inline(always)]
    pub fn other_width(&mut self, width: u32) {
        if self.width != NO_WIDTH {
            self.width = width;
            self.leap = self.written.len() + width as usize + 2;
        }
    }

    /// Judges what was expected by how many of so many lines were otherwise.
    fn settle(&mut self, lines: usize, again: bool) {
        if self.widths * 16 > lines {
            self.width = NO_WIDTH;
        }
        if again && self.width == NO_WIDTH {
            self.width = 0;
        }
        if self.others * 2 > lines {
            let usual: &[u8] = if self.usual == Usual::Null { b"\"\"" } else { b"null" };
            self.expect(usual);
        }
        (self.others, self.widths) = (0, 0);
    }
}
