//! Texts that came lately and their codes, in front of a dictionary that only appends.
//!
//! Each text has one place, which its bytes choose and which holds all that a look needs; what
//! comes to a taken place drives out what was there. So a text may be forgotten while it still
//! comes, and then has two codes.

use super::hash::{MIX, ends, fold};
use super::{Dictionary, NONE};

/// How many texts there is room for at first, and at most: about as many as stay near a core.
const PLACES: (usize, usize) = (1 << 6, 1 << 12);
/// Longer texts are compared where they stand in the dictionary.
const SHORT: usize = 32;

/// What was asked for lately, and the code it got.
#[derive(Debug, Default)]
pub struct Lately {
    /// None before the first text comes; then a power of two of them.
    places: Vec<Place>,
    /// How many codes came since there are so many places.
    came: usize,
    /// Which texts count: those with the same number.
    turn: u32,
}

/// A text and its code.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The first 16 bytes and the last ones; of a shorter text words that hold all of it.
    words: [u128; 2],
    length: u32,
    turn: u32,
    code: u32,
}

impl Lately {
    /// The code that a text got, if it is still known.
    #[inline(always)]
    pub fn find(&self, dictionary: &Dictionary, text: &[u8]) -> Option<u32> {
        let [first, last] = words_of(text);
        let place = self.places.get(self.place_of(first, last))?;
        let other = (place.words[0] ^ first) | (place.words[1] ^ last);
        let known = other == 0 && place.length as usize == text.len() && place.turn == self.turn;
        let same = || text.len() <= SHORT || dictionary.get(place.code).as_bytes() == text;
        (known && same()).then_some(place.code)
    }

    /// The code of a text, which is added to the dictionary if it did not come lately.
    #[inline]
    pub fn code(&mut self, dictionary: &mut Dictionary, text: &str) -> u32 {
        self.find(dictionary, text.as_bytes()).unwrap_or_else(|| {
            let code = dictionary.append(text);
            self.put(text.as_bytes(), code);
            code
        })
    }

    /// Keeps the code of a text; that it has none is not kept.
    #[inline]
    pub fn put(&mut self, text: &[u8], code: u32) {
        if 2 * self.came >= self.places.len() {
            self.grow();
        }
        if let (Ok(length), true) = (u32::try_from(text.len()), code != NONE) {
            let [first, last] = words_of(text);
            let place = self.place_of(first, last);
            self.places[place] = Place { words: [first, last], length, turn: self.turn, code };
            self.came += 1;
        }
    }

    /// Makes room for more texts, and forgets those that are there.
    #[cold]
    fn grow(&mut self) {
        let (least, most) = PLACES;
        if self.places.len() < most {
            let places = (self.places.len() * 4).clamp(least, most);
            self.places = vec![Place::default(); places];
            self.forget();
        }
        self.came = 0;
    }

    /// Where a text of these words has its place. Many texts that fall together only take longer.
    #[inline(always)]
    fn place_of(&self, first: u128, last: u128) -> usize {
        let words = [first, first >> 64, last, last >> 64].map(|it| it as u64);
        let mixed = words.into_iter().fold(0, |all: u64, it| all.wrapping_mul(5).wrapping_add(it));
        (fold(mixed, MIX).wrapping_mul(MIX) >> 32) as usize & self.places.len().wrapping_sub(1)
    }

    /// Forgets all codes.
    pub fn forget(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 {
            self.places.fill(Place::default());
            self.turn = 1;
        }
    }
}

/// All of a short text but its length.
#[inline(always)]
fn words_of(text: &[u8]) -> [u128; 2] {
    match (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        (Some(&first), Some(&last)) => [first, last].map(u128::from_le_bytes),
        _ => ends(text).map(u128::from),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::IDS;
    use super::*;

    #[test]
    fn what_is_forgotten_is_not_found() {
        let (mut dictionary, mut lately) = (Dictionary::default(), Lately::default());
        assert_eq!(lately.find(&dictionary, b"a"), None);
        lately.put(b"a", dictionary.append("a"));
        lately.put(b"b", NONE);
        assert_eq!(["a", "b"].map(|it| lately.find(&dictionary, it.as_bytes())), [Some(0), None]);
        lately.forget();
        assert_eq!(lately.find(&dictionary, b"a"), None);
        lately.turn = u32::MAX - 1;
        lately.put(b"a", 0);
        lately.forget();
        lately.put(b"b", 1);
        lately.forget();
        assert_eq!((lately.turn, lately.find(&dictionary, b"b")), (1, None));
    }

    proptest! {
        /// Texts that differ in few bytes, of all lengths around those that are treated alike.
        #[test]
        fn a_text_is_found_as_itself_or_not_at_all(
            texts in prop::collection::vec((0..80_usize, 0..80_usize, "[ab]"), 1..400),
        ) {
            let (mut dictionary, mut lately) = (Dictionary::default(), Lately::default());
            for (length, at, letter) in texts {
                let mut text = "-".repeat(length);
                if at < length {
                    text.replace_range(at..=at, &letter);
                }
                let code = lately.code(&mut dictionary, &text);
                prop_assert_eq!(dictionary.get(code), text);
            }
        }

        /// Ids as they are given out in turn seldom drive each other out.
        #[test]
        fn ids_in_turn_have_places_of_their_own(first in 0..1_000_000_u64) {
            for shape in IDS {
                let (mut dictionary, mut lately) = (Dictionary::default(), Lately::default());
                let ids: Vec<String> = (first..first + 512).map(shape).collect();
                // As room grows, what came before is forgotten.
                for _ in 0..4 {
                    ids.iter().for_each(|it| lately.put(it.as_bytes(), dictionary.append(it)));
                }
                let found = |it: &&String| lately.find(&dictionary, it.as_bytes()).is_some();
                prop_assert!(ids.iter().filter(found).count() > 440);
            }
        }
    }
}
