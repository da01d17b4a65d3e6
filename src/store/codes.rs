//! Codes of few kinds together: a byte each where that holds all. Knows nothing of what they
//! mean.

use super::narrow::Strip;

/// So many kinds have a code of one byte each, besides none.
const FEW: usize = 255;

/// A column of codes below a limit, or none, each kept as one more than it is, so that none is 0.
///
/// ```
/// use touchpath::base::NONE;
/// use touchpath::store::codes::Codes;
/// use touchpath::store::narrow::Strip;
/// let mut codes = Codes::default();
/// codes.begin(3);
/// let column = [7, NONE, 8];
/// let strip = Strip::of_codes(&column);
/// let bytes = strip.narrow_codes(column.iter().copied());
/// codes.add(&strip, &bytes, 3, |it| it % 6);
/// codes.add_none(1);
/// assert_eq!(codes.iter().collect::<Vec<_>>(), [1, NONE, 2, NONE]);
/// assert_eq!((codes.get(2), codes.none()), (2, 2));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Codes {
    few: Vec<u8>,
    many: Vec<u32>,
    is_many: bool,
}

impl Codes {
    /// Takes all codes out, and keeps the room, for codes below `kinds`.
    pub fn begin(&mut self, kinds: usize) {
        self.few.clear();
        self.many.clear();
        self.is_many = kinds > FEW;
    }

    /// How many codes there are.
    pub fn len(&self) -> usize {
        if self.is_many { self.many.len() } else { self.few.len() }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the codes of so many rows of a strip, each but none changed by `map`, which may be
    /// asked about smaller codes too.
    pub fn add(&mut self, strip: &Strip, bytes: &[u8], rows: usize, map: impl Fn(u32) -> u32) {
        let kept = |code: u32| if code == 0 { 0 } else { map(code - 1).wrapping_add(1) };
        if self.is_many {
            return strip.append(bytes, rows, kept, &mut self.many);
        }
        if strip.width() > 1 {
            return strip.append(bytes, rows, |it| kept(it) as u8, &mut self.few);
        }
        // No code is above the greatest byte that stands there.
        let most = bytes.iter().copied().max().unwrap_or(0);
        let mut table = [0u8; FEW + 1];
        (0..=u32::from(most)).zip(&mut table).for_each(|(code, to)| *to = kept(code) as u8);
        strip.append(bytes, rows, |it| table[it as usize & FEW], &mut self.few);
    }

    /// Adds codes, some of them none.
    pub fn extend(&mut self, codes: impl Iterator<Item = u32>) {
        let kept = codes.map(|it| it.wrapping_add(1));
        if self.is_many { self.many.extend(kept) } else { self.few.extend(kept.map(|it| it as u8)) }
    }

    /// Adds so many times none.
    pub fn add_none(&mut self, count: usize) {
        let length = self.len() + count;
        if self.is_many { self.many.resize(length, 0) } else { self.few.resize(length, 0) }
    }

    /// The code at a place, `NONE` where there is none.
    pub fn get(&self, at: usize) -> u32 {
        let kept = if self.is_many { self.many[at] } else { u32::from(self.few[at]) };
        kept.wrapping_sub(1)
    }

    /// All codes.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let few = self.few.iter().map(|&it| u32::from(it));
        few.chain(self.many.iter().copied()).map(|it| it.wrapping_sub(1))
    }

    /// How many are none.
    pub fn none(&self) -> usize {
        match self.is_many {
            true => self.many.iter().filter(|it| **it == 0).count(),
            false => self.few.iter().filter(|it| **it == 0).count(),
        }
    }

    /// The codes of these rows, in this order, narrowed.
    pub fn narrow(&self, order: &[u32]) -> (Strip, Vec<u8>) {
        if self.is_many {
            let strip = Strip::of_kept(self.many.iter().copied().max().unwrap_or(0));
            let codes = &self.many[..];
            return (strip, strip.bytes(order.iter().map(|&row| codes[row as usize])));
        }
        let (strip, codes) = (Strip::of_kept(u32::from(u8::MAX)), &self.few[..]);
        (strip, order.iter().map(|&row| codes[row as usize]).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::NONE;

    proptest! {
        #[test]
        fn codes_are_what_was_added(
            parts in prop::collection::vec(
                prop::collection::vec(prop_oneof![Just(NONE), 0..300u32, 0..70_000u32], 0..40),
                0..4),
            kinds in prop_oneof![1..5usize, Just(FEW - 1), Just(FEW), Just(FEW + 1), Just(70_000)],
            none in 0..3usize,
        ) {
            let map = |it: u32| if it.is_multiple_of(7) { NONE } else { it % kinds as u32 };
            let (mut codes, mut plain) = (Codes::default(), Vec::new());
            codes.begin(kinds);
            for (at, part) in parts.iter().enumerate() {
                let mapped = part.iter().map(|&it| if it == NONE { it } else { map(it) });
                plain.extend(mapped.clone());
                if at % 2 == 0 {
                    let strip = Strip::of_codes(part);
                    let bytes = strip.narrow_codes(part.iter().copied());
                    codes.add(&strip, &bytes, part.len(), map);
                } else {
                    codes.extend(mapped);
                }
            }
            codes.add_none(none);
            plain.extend(vec![NONE; none]);
            prop_assert_eq!(codes.len(), plain.len());
            prop_assert_eq!(codes.iter().collect::<Vec<_>>(), plain.clone());
            prop_assert!((0..plain.len()).all(|it| codes.get(it) == plain[it]));
            prop_assert_eq!(codes.none(), plain.iter().filter(|it| **it == NONE).count());
            let order: Vec<u32> = (0..plain.len() as u32).rev().collect();
            let (strip, bytes) = codes.narrow(&order);
            let mut back = Vec::new();
            strip.widen_codes(&bytes, plain.len(), |it| it, &mut back);
            back.reverse();
            prop_assert_eq!(back, plain);
        }
    }
}
