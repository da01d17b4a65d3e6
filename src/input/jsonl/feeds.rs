//! Many lines at once: where they end.
//!
//! Looks at 64 bytes together and stops at whatever no usual line has: a backslash, or a
//! control character other than its line end. Knows nothing of JSON but that.

use crate::input::marks::{BLOCK, Look, Work, below, block_of, look};
use crate::input::scan::cells::ROOM;

/// How many lines are looked for together, but for those of the last block.
pub(super) const LINES: usize = ROOM - BLOCK;

/// Finds the ends of lines, and keeps the memory that it needs.
pub(super) struct Feeds {
    places: Vec<u32>,
}

impl Feeds {
    pub fn new() -> Self {
        Self { places: vec![0; ROOM + BLOCK] }
    }

    /// The line feeds of whole usual lines from a byte on, which begins one; at most [`ROOM`].
    #[inline]
    pub fn find(&mut self, bytes: &[u8], start: usize) -> &[u32] {
        let count = look(Find { places: &mut self.places, bytes, start });
        &self.places[..count]
    }
}

/// The work of [`Feeds::find`]: says how many there are.
struct Find<'f, 'b> {
    places: &'f mut [u32],
    bytes: &'b [u8],
    start: usize,
}

impl Work for Find<'_, '_> {
    type Output = usize;

    #[inline(always)]
    fn with<L: Look>(self, look: L) -> usize {
        let Self { places, bytes, start } = self;
        let (blocks, rest) = bytes.get(start..).unwrap_or_default().as_chunks();
        let mut found = Found { places, at: start, count: 0, returned: 0 };
        for block in blocks {
            if found.count >= LINES || !found.note(look, block) {
                return found.count;
            }
        }
        if found.count < LINES {
            found.note(look, block_of(rest, &mut [b' '; BLOCK]));
        }
        found.count
    }
}

/// What was found so far.
struct Found<'f> {
    places: &'f mut [u32],
    /// Where the next block begins.
    at: usize,
    count: usize,
    /// 1 if the block before ends in a carriage return.
    returned: u64,
}

impl Found<'_> {
    /// Notes the line feeds of a block up to what no usual line has; whether there is none of
    /// that.
    #[inline(always)]
    fn note(&mut self, look: impl Look, block: &[u8; BLOCK]) -> bool {
        let (feeds, odd) = (look.bits(block, b'\n'), look.odd(block));
        let usual = match odd ^ feeds | self.returned {
            0 => u64::MAX,
            mut odd => {
                // Carriage returns may stand before line feeds.
                let returns = look.bits(block, b'\r');
                odd = odd & !feeds & !returns | (returns << 1 | self.returned) & !feeds;
                self.returned = returns >> 63;
                below(odd)
            }
        };
        let mut marks = feeds & usual;
        // There is seldom more than one.
        if let Some(place) = self.places.get_mut(self.count) {
            *place = self.at as u32 + marks.trailing_zeros();
        }
        let next = self.count + marks.count_ones() as usize;
        marks &= marks.wrapping_sub(1);
        if marks != 0 {
            for place in &mut self.places[self.count + 1..next] {
                *place = self.at as u32 + marks.trailing_zeros();
                marks &= marks.wrapping_sub(1);
            }
        }
        (self.count, self.at) = (next, self.at + BLOCK);
        usual == u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_are_found_up_to_what_is_odd(
            bytes in prop::collection::vec(
                prop_oneof![
                    20 => Just(b'a'),
                    3 => Just(b'\n'),
                    1 => prop::sample::select(&b"\"\x7f\xff "[..]),
                ],
                0..900,
            ),
            returns in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
            odd in prop::option::of((any::<prop::sample::Index>(), 0..0x21_u8)),
            start in any::<prop::sample::Index>(),
        ) {
            let mut bytes = bytes;
            for at in returns {
                let at = at.index(bytes.len().max(1));
                if bytes.get(at) == Some(&b'\n') {
                    bytes.insert(at, b'\r');
                }
            }
            if let Some((at, byte)) = odd.filter(|_| !bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = if byte == 0x20 { b'\\' } else { byte };
            }
            let start = start.index(bytes.len() + 1);
            let is_odd = |&at: &usize| match bytes[at] {
                b'\n' => false,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                it => it < 0x20 || it == b'\\',
            };
            let end = (start..bytes.len()).find(is_odd).unwrap_or(bytes.len());
            let feeds = (start..end).filter(|&it| bytes[it] == b'\n').map(|it| it as u32);
            let feeds: Vec<u32> = feeds.collect();
            let mut finder = Feeds::new();
            let found = finder.find(&bytes, start);
            prop_assert_eq!(found, &feeds[..found.len()]);
            prop_assert!(found.len() == feeds.len() || found.len() >= LINES);
        }
    }
}
