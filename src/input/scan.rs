//! One JSON object of a line, in one pass over its bytes and without a tree.
//!
//! Reads what exports usually hold and gives up on anything else, which then
//! [`Paths::read`] judges: what this reader takes, that one would take alike. All
//! values are checked, wanted or not. Knows nothing of rows or files.

pub(super) mod cells;
mod piece;
mod shape;
mod usual;
pub(super) mod walk;

use wide::u8x16;

use super::paths::{Paths, Values, without_exponent};
use super::rows::spans::Span;
use crate::base::Dictionary;
use cells::Cells;
use shape::Shape;

/// How deep values may be nested; deeper ones are left to the other reader.
const DEEPEST: usize = 64;
/// How many keys of an object are remembered; others are looked for each time.
const MOST_KEYS: usize = 256;
/// How many keys are remembered to come after a key.
const NEXT: usize = 4;
/// How many bytes of a key are compared at once.
const WIDTH: usize = 16;

/// Reads objects, and learns which key follows which.
pub(super) struct Scanner<'p> {
    paths: &'p Paths,
    /// What is known of the keys below each node.
    levels: Vec<Level>,
    /// The keys of usual lines, and whether there are so few nodes that each has a bit.
    shape: Shape,
    walks: bool,
}

/// The keys met in the objects at one place.
struct Level {
    names: Dictionary,
    /// The keys; before them [`START`] and [`OTHER`], which are none.
    keys: Vec<Key>,
}

/// What stands before the first key.
const START: usize = 0;
/// Any key that is not remembered.
const OTHER: usize = 1;

/// A key as it is written, with its quotes and colon.
struct Key {
    /// Its first bytes as a number, 0 where it is shorter.
    head: u128,
    /// Which bits of the head are the key's.
    mask: u128,
    /// What follows the head.
    tail: Box<[u8]>,
    length: usize,
    /// The node below, if its value is wanted.
    child: Option<usize>,
    /// The bit of that node, if there is one, and where its first value has its place.
    bit: u64,
    cell: usize,
    /// The keys that came after it last, the likelier first.
    next: [usize; NEXT],
}

impl Key {
    fn new(name: &str, child: Option<usize>, paths: &Paths) -> Self {
        let written = format!("\"{name}\":");
        let (head, tail) = written.as_bytes().split_at(written.len().min(WIDTH));
        let mut bytes = [0; WIDTH];
        bytes[..head.len()].copy_from_slice(head);
        let mask = u128::MAX >> ((WIDTH - head.len()) * 8);
        let head = u128::from_le_bytes(bytes);
        let bit = child.and_then(|it| 1u64.checked_shl(it as u32)).unwrap_or(0);
        // Behind all columns is room for values of nodes that are none.
        let slot = child.and_then(|it| paths.slot(it)).unwrap_or(paths.slots());
        let cell = Cells::place(slot);
        let (length, tail, next) = (written.len(), tail.into(), [START; NEXT]);
        Self { head, mask, tail, length, child, bit, cell, next }
    }

    /// A key that no text holds.
    fn none() -> Self {
        let (length, tail, next) = (0, [].into(), [START; NEXT]);
        Self { head: 1, mask: 0, tail, length, child: None, bit: 0, cell: 0, next }
    }
}

impl<'p> Scanner<'p> {
    pub fn new(paths: &'p Paths) -> Self {
        let level = || Level { names: Dictionary::default(), keys: vec![Key::none(), Key::none()] };
        let levels = (0..paths.nodes()).map(|_| level()).collect();
        Self { paths, levels, shape: Shape::default(), walks: paths.nodes() <= u64::BITS as usize }
    }

    /// Reads the object that begins at a byte of a text; gives the byte behind it.
    ///
    /// `None` where the object is unusual or wrong; the values then mean nothing.
    pub fn read<'a>(&mut self, text: &'a str, at: usize, values: &mut Values<'a>) -> Option<usize> {
        if text.as_bytes().get(at) != Some(&b'{') {
            return None;
        }
        values.begin();
        let Self { paths, levels, .. } = self;
        let mut scan = Scan { text, bytes: text.as_bytes(), paths, levels, values };
        let end = scan.object(0, at + 1, DEEPEST)?;
        values.commit(paths);
        Some(end)
    }
}

struct Scan<'s, 'a> {
    text: &'a str,
    bytes: &'a [u8],
    paths: &'s Paths,
    levels: &'s mut [Level],
    values: &'s mut Values<'a>,
}

impl<'a> Scan<'_, 'a> {
    /// The inside of an object at a node, from behind its brace to behind the other.
    fn object(&mut self, node: usize, at: usize, depth: usize) -> Option<usize> {
        let mut at = blanks(self.bytes, at);
        if byte(self.bytes, at) == b'}' {
            return Some(at + 1);
        }
        let mut key = START;
        loop {
            let child;
            (key, child, at) = self.key(node, key, at)?;
            at = blanks(self.bytes, at);
            at = match (plain(self.bytes, at), child) {
                (Some((_, end)), None) => end,
                (Some((span, end)), Some(child)) => {
                    let (slot, _) = self.values.meet(self.paths, child)?;
                    if let Some((slot, whole)) = slot {
                        self.values.place(slot, whole, span);
                    }
                    end
                }
                (None, Some(child)) => self.wanted(child, at, depth)?,
                (None, None) => skip(self.bytes, at, depth)?,
            };
            // What comes next is usually the next key, without a blank.
            if self.bytes.get(at..at + 2) == Some(b",\"") {
                at += 1;
                continue;
            }
            at = blanks(self.bytes, at);
            match byte(self.bytes, at) {
                b',' => at = blanks(self.bytes, at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The key at a place, by what came after `last` before; with its node and
    /// the place behind its colon.
    #[inline]
    fn key(
        &mut self,
        node: usize,
        last: usize,
        at: usize,
    ) -> Option<(usize, Option<usize>, usize)> {
        let level = &self.levels[node];
        let head = self.bytes[at..].first_chunk().map_or(0, |it| u128::from_le_bytes(*it));
        for index in level.keys[last].next {
            let key = &level.keys[index];
            if head & key.mask == key.head
                && (key.tail.is_empty() || self.bytes[at + WIDTH..].starts_with(&key.tail))
            {
                return Some((index, key.child, at + key.length));
            }
        }
        self.unexpected(node, last, at)
    }

    #[cold]
    fn unexpected(
        &mut self,
        node: usize,
        last: usize,
        at: usize,
    ) -> Option<(usize, Option<usize>, usize)> {
        let colon = colon(self.bytes, at)?;
        let name = self.text[at + 1..colon].trim_end_matches(' ').strip_suffix('"')?;
        let level = &mut self.levels[node];
        let (index, child) = match level.names.code(name) {
            Some(code) => {
                let index = code as usize + OTHER + 1;
                (index, level.keys[index].child)
            }
            None => {
                let child = self.paths.by_key(node, name);
                if level.names.len() < MOST_KEYS {
                    level.names.intern(name);
                    level.keys.push(Key::new(name, child, self.paths));
                    (level.keys.len() - 1, child)
                } else {
                    (OTHER, child)
                }
            }
        };
        let next = &mut level.keys[last].next;
        if index != OTHER && next[0] != index {
            next.rotate_right(1);
            next[0] = index;
        }
        Some((index, child, colon + 1))
    }

    /// The value of a node, kept; the place behind it.
    fn wanted(&mut self, node: usize, at: usize, depth: usize) -> Option<usize> {
        let (slot, inside) = self.values.meet(self.paths, node)?;
        let mut written = None;
        let (span, end) = match plain(self.bytes, at) {
            Some(it) => it,
            None => {
                let end = match byte(self.bytes, at) {
                    b'{' if inside => self.object(node, at + 1, depth.checked_sub(1)?)?,
                    b'[' if inside => self.array(node, at + 1, depth.checked_sub(1)?)?,
                    _ => skip(self.bytes, at, depth)?,
                };
                let text = &self.text[at..end];
                match byte(self.bytes, at) {
                    b'"' => written = Some(serde_json::from_str(text).ok()?),
                    b'-' | b'0'..=b'9' => written = Some(without_exponent(text)),
                    _ => {}
                }
                (span(at, end), end)
            }
        };
        match (slot, written) {
            (Some((slot, whole)), None) => self.values.place(slot, whole, span),
            (Some((slot, whole)), written) => self.values.put(slot, whole, written),
            (None, _) => {}
        }
        Some(end)
    }

    /// As [`Self::object`], of an array.
    fn array(&mut self, node: usize, at: usize, depth: usize) -> Option<usize> {
        let mut at = blanks(self.bytes, at);
        if byte(self.bytes, at) == b']' {
            return Some(at + 1);
        }
        for index in 0.. {
            at = match self.paths.by_index(node, index) {
                Some(it) => self.wanted(it, at, depth)?,
                None => skip(self.bytes, at, depth)?,
            };
            at = blanks(self.bytes, at);
            match byte(self.bytes, at) {
                b',' => at = blanks(self.bytes, at + 1),
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
        None
    }
}

/// The byte at a place, 0 behind the end.
#[inline]
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The first place from here that holds no blank.
#[inline]
fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while byte(bytes, at) == b' ' {
        at += 1;
    }
    at
}

/// A text from one byte to before another. No chunk is longer than its places count.
#[inline]
fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32 }
}

/// A value at a place that is what it says, without escapes or exponents: where its text is (none
/// of `null`), and the place behind it. `None` for any other value, which may be wrong.
#[inline(always)]
fn plain(bytes: &[u8], at: usize) -> Option<(Span, usize)> {
    match byte(bytes, at) {
        b'"' => {
            let end = special(bytes, at + 1);
            (byte(bytes, end) == b'"').then_some((span(at + 1, end), end + 1))
        }
        b'n' => bytes[at..].starts_with(b"null").then_some((Span::default(), at + 4)),
        b'-' | b'0'..=b'9' => {
            let (end, exponent) = number(bytes, at)?;
            (!exponent).then_some((span(at, end), end))
        }
        _ => None,
    }
}

/// Checks the value at a place and gives the place behind it.
fn skip(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    let word = |word: &[u8]| bytes[at..].starts_with(word).then_some(at + word.len());
    match byte(bytes, at) {
        b'"' => string(bytes, at + 1).map(|it| it.0),
        b'-' | b'0'..=b'9' => number(bytes, at).map(|it| it.0),
        b'n' => word(b"null"),
        b't' => word(b"true"),
        b'f' => word(b"false"),
        open @ (b'{' | b'[') => skip_inside(bytes, at + 1, open == b'{', depth.checked_sub(1)?),
        _ => None,
    }
}

/// The same from behind the bracket of an object or array.
fn skip_inside(bytes: &[u8], at: usize, object: bool, depth: usize) -> Option<usize> {
    let close = if object { b'}' } else { b']' };
    let mut at = blanks(bytes, at);
    if byte(bytes, at) == close {
        return Some(at + 1);
    }
    loop {
        if object {
            at = blanks(bytes, colon(bytes, at)? + 1);
        }
        at = blanks(bytes, skip(bytes, at, depth)?);
        match byte(bytes, at) {
            b',' => at = blanks(bytes, at + 1),
            it if it == close => return Some(at + 1),
            _ => return None,
        }
    }
}

/// The colon behind the key at a place.
fn colon(bytes: &[u8], at: usize) -> Option<usize> {
    if byte(bytes, at) != b'"' {
        return None;
    }
    // The escapes of a key must also spell characters, which the other reader checks.
    let (end, _) = string(bytes, at + 1).filter(|it| !it.1)?;
    let colon = blanks(bytes, end);
    (byte(bytes, colon) == b':').then_some(colon)
}

/// The place behind a number, and whether it has an exponent.
#[inline(always)]
fn number(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let digits = |at: usize| digits(bytes, at);
    let some_digits = |at: usize| Some(digits(at)).filter(|&end| end > at);
    let first = if bytes[at] == b'-' { at + 1 } else { at };
    let mut end = some_digits(first)?;
    if bytes[first] == b'0' && end > first + 1 {
        return None;
    }
    if byte(bytes, end) == b'.' {
        end = some_digits(end + 1)?;
    }
    let exponent = matches!(byte(bytes, end), b'e' | b'E');
    if exponent {
        let sign = usize::from(matches!(byte(bytes, end + 1), b'+' | b'-'));
        end = some_digits(end + 1 + sign)?;
    }
    Some((end, exponent))
}

/// How many of eight bytes, the lowest first, come before the first that is no digit.
#[inline(always)]
fn first_other(word: u64) -> u32 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // Digits become 0 to 9; all else has a bit of the upper half, or gets one.
    let word = word ^ (ONES * u64::from(b'0'));
    let others = (word | ((word & (ONES * 0x7f)) + ONES * 0x76)) & (ONES << 7);
    others.trailing_zeros() / 8
}

/// The first place from here that holds no digit.
#[inline]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let digits = first_other(u64::from_le_bytes(*word));
        if digits < 8 {
            return at + digits as usize;
        }
        at += 8;
    }
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    at
}

/// The place behind a string's closing quote, from behind its opening one, and
/// whether there are escapes in it.
#[inline]
fn string(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let end = special(bytes, at);
    match byte(bytes, end) {
        b'"' => Some((end + 1, false)),
        b'\\' => escaped(bytes, end).map(|it| (it, true)),
        _ => None,
    }
}

/// The same from the first escape on.
#[cold]
fn escaped(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match byte(bytes, at) {
            b'"' => return Some(at + 1),
            b'\\' => {}
            _ => return None,
        }
        at = match byte(bytes, at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at + 2,
            b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at + 6,
            _ => return None,
        };
        at = special(bytes, at);
    }
}

/// The first place from here with a quote, a backslash or a control character; the
/// end if there is none.
#[inline]
fn special(bytes: &[u8], mut at: usize) -> usize {
    let [quote, backslash, last_control] = [b'"', b'\\', 0x1f].map(u8x16::splat);
    while let Some(part) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let part = u8x16::new(*part);
        let control = part.min(last_control).simd_eq(part);
        let hits = (part.simd_eq(quote) | part.simd_eq(backslash) | control).to_bitmask();
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 16;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest.iter().position(|&it| matches!(it, b'"' | b'\\' | 0..0x20));
    found.map_or(bytes.len(), |it| at + it)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
pub(super) mod tests;
