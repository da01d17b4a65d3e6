//! What usual lines look like: their keys in order, and what the values of these are.
//!
//! Learns from lines, and forgets what no longer holds. Reads no line itself.

use super::piece::Piece;
use super::walk::{follow, value};
use super::{Key, START};
use crate::input::rows::spans::Span;

/// Lines with more keys are taken key by key.
const WIDEST: usize = 256;
/// After how many lines of other keys their keys become the usual ones, at first and at last.
const PATIENCE: (u32, u32) = (4, 1024);
/// How sure it can be that lines are usual, or are not.
const MOST_TRUST: i32 = 16;
/// One value of so many may be other than expected.
const SELDOM: usize = 8;
/// After how many values of one kind and length, of those that are looked at, more such are
/// expected.
const ALIKE: u32 = 16;

/// The keys of usual lines, in order.
#[derive(Default)]
pub(super) struct Shape {
    pub steps: Vec<Step>,
    /// What the steps make up.
    pub pieces: Vec<Piece>,
    /// The bits of the nodes that they are.
    pub nodes: u64,
    /// How many lines with other keys came since the last usual one, and how many may.
    misses: u32,
    patience: u32,
    /// More than 0 if more lines were usual lately than not.
    trust: i32,
}

/// A key as in [`Key`] with the brace or comma before it, and what its values usually are.
pub(super) struct Step {
    pub written: Box<[u8]>,
    pub expected: Expected,
    pub cell: usize,
    pub wanted: bool,
    /// How many lines had another value, and the kinds of these.
    others: usize,
    kinds: u8,
    /// What the value was that was looked at last, and how often it was the same before.
    last: Expected,
    alike: u32,
}

/// What is expected of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Null,
    /// A text of so many bytes.
    Text(u32),
    AnyText,
    TextOrNull,
    Anything,
}

/// Bits of kinds of values.
const NULL: u8 = 1;
const TEXT: u8 = 2;
const OTHER: u8 = 4;

impl Shape {
    /// Judges what was expected of so many lines.
    pub fn settle(&mut self, lines: usize) {
        let changed = self.steps.iter_mut().fold(false, |any, it| it.settle(lines) | any);
        if changed {
            self.pieces = Piece::all(&self.steps);
        }
    }

    /// Whether a line may well be a usual one.
    #[inline]
    pub fn is_likely(&self) -> bool {
        self.trust >= 0
    }

    /// Takes note of a usual line.
    #[inline(always)]
    pub fn hit(&mut self) {
        self.misses = 0;
        self.trust = (self.trust + 2).min(MOST_TRUST);
    }

    /// Takes note of a line with other keys: of the bits of their nodes, if it was taken. Whether
    /// these keys are the usual ones from now on.
    #[cold]
    #[inline(never)]
    pub fn miss(&mut self, keys: &[Key], bytes: &[u8], start: usize, met: Option<u64>) -> bool {
        self.misses += 1;
        self.trust = (self.trust - 1).max(-MOST_TRUST);
        let Some(nodes) = met.filter(|_| self.misses >= self.patience) else { return false };
        (self.misses, self.trust) = (0, 0);
        self.patience = (self.patience * 2).clamp(PATIENCE.0, PATIENCE.1);
        self.nodes = nodes;
        self.steps = steps_of(keys, bytes, start).unwrap_or_default();
        self.pieces = Piece::all(&self.steps);
        true
    }
}

/// The steps of a line that has plain values of known keys; none if there are too many.
fn steps_of(keys: &[Key], bytes: &[u8], start: usize) -> Option<Vec<Step>> {
    let (mut at, mut key, mut steps) = (start, START, Vec::new());
    while let Some((next, written)) = follow(keys, key, bytes, at) {
        if steps.len() == WIDEST {
            return None;
        }
        let from = at + written;
        let (span, end) = value(bytes, from, false)?;
        steps.push(Step::new(&bytes[at..from], expected(bytes, from, span), &keys[next]));
        if bytes.get(end) != Some(&b',') {
            break;
        }
        (at, key) = (end, next);
    }
    Some(steps)
}

/// What a value would be expected to be if all were like this one.
#[inline]
fn expected(bytes: &[u8], from: usize, span: Span) -> Expected {
    match bytes.get(from) {
        Some(b'"') => Expected::Text(span.end - span.start),
        Some(b'n') => Expected::Null,
        _ => Expected::Anything,
    }
}

impl Expected {
    /// The bits of the kinds of values that it allows.
    fn kinds(self) -> u8 {
        match self {
            Self::Null => NULL,
            Self::Text(_) | Self::AnyText => TEXT,
            Self::TextOrNull => NULL | TEXT,
            Self::Anything => NULL | TEXT | OTHER,
        }
    }

    /// What allows these kinds of values.
    fn of_kinds(kinds: u8) -> Self {
        match kinds {
            TEXT => Self::AnyText,
            NULL => Self::Null,
            it if it & OTHER == 0 => Self::TextOrNull,
            _ => Self::Anything,
        }
    }
}

impl Step {
    fn new(written: &[u8], expected: Expected, key: &Key) -> Self {
        Self {
            written: written.into(),
            expected,
            cell: key.cell,
            wanted: key.bit != 0,
            others: 0,
            kinds: 0,
            last: expected,
            alike: 0,
        }
    }

    /// How long the text was that was looked at last.
    pub fn width(&self) -> Option<u32> {
        match self.last {
            Expected::Text(width) => Some(width),
            _ => None,
        }
    }

    /// Takes note of a value that was looked at by itself.
    #[inline]
    pub fn note(&mut self, bytes: &[u8], from: usize, span: Span) {
        let seen = expected(bytes, from, span);
        let kinds = match seen {
            Expected::Anything => OTHER,
            it => it.kinds(),
        };
        let fits = match self.expected {
            it @ (Expected::Null | Expected::Text(_)) => it == seen,
            it => kinds & !it.kinds() == 0,
        };
        if !fits {
            self.others += 1;
            self.kinds |= kinds;
        }
        self.alike = if seen == self.last { self.alike + 1 } else { 0 };
        self.last = seen;
    }

    /// Judges what was expected by how many of so many lines were otherwise; whether something
    /// else is expected now.
    fn settle(&mut self, lines: usize) -> bool {
        let before = self.expected;
        if self.others * SELDOM > lines {
            self.expected = Expected::of_kinds(self.kinds | before.kinds());
            self.alike = 0;
        } else if self.alike >= ALIKE && !matches!(before, Expected::Null | Expected::Text(_)) {
            self.expected = self.last;
            self.alike = 0;
        }
        (self.others, self.kinds) = (0, 0);
        self.expected != before
    }
}
