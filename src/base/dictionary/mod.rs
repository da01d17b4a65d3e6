//! Interning: distinct texts and their codes, in order of first appearance.

use super::id::NONE;
pub(crate) use hash::MIX;
pub use hash::TextHasher;
pub use lately::Lately;
use table::{Slot, Table};

mod hash;
mod lately;
mod table;

/// Distinct texts in one arena; the code of a text is its order of appearance.
///
/// Codes of a dictionary depend on row order and stay inside; what leaves the
/// program is ranked by name first (see [`Names`](super::Names)).
///
/// ```
/// use touchpath::base::Dictionary;
/// let mut dictionary = Dictionary::default();
/// assert_eq!(dictionary.intern("home"), 0);
/// assert_eq!(dictionary.intern("cart"), 1);
/// assert_eq!(dictionary.intern("home"), 0);
/// assert_eq!(dictionary.get(1), "cart");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    arena: String,
    ends: Vec<usize>,
    /// Where each text is found; nothing yet after [`Self::append`] alone.
    table: Table,
    hasher: TextHasher,
}

/// How many searches are set off at once: about as many as a core waits for.
const TOGETHER: usize = 16;

impl Dictionary {
    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The code of a text, given a new one if it is new.
    #[inline]
    pub fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(text, self.hasher.hash(text.as_bytes()))
    }

    /// As [`Self::intern`], where the hash is known already.
    #[inline]
    pub fn intern_hashed(&mut self, text: &str, hash: u64) -> u32 {
        if self.table.is_full() {
            self.make_room();
        }
        match self.table.find(hash, |it| self.is_at(it, text.as_bytes())) {
            Ok(slot) => slot.code(),
            Err(place) => self.add(text, hash, place),
        }
    }

    fn add(&mut self, text: &str, hash: u64, place: usize) -> u32 {
        let start = self.arena.len();
        let code = self.push(text);
        self.table.fill(place, Slot::new(code, hash, start, text.len()));
        code
    }

    #[inline]
    fn push(&mut self, text: &str) -> u32 {
        let code = u32::try_from(self.ends.len()).ok().filter(|&it| it < NONE).unwrap_or(NONE - 1);
        self.arena.push_str(text);
        self.ends.push(self.arena.len());
        code
    }

    /// Whether all texts so far came by [`Self::append`].
    pub fn appends(&self) -> bool {
        self.table.len() == 0
    }

    /// Adds a text without looking for it, and gives it a new code: one that comes twice has
    /// two, of which [`Self::intern`] then finds the first. Only while [`Self::appends`].
    #[inline]
    pub fn append(&mut self, text: &str) -> u32 {
        debug_assert!(self.appends(), "texts that are not found any more");
        if self.table.has_slots() {
            // An empty one would seem to hold all texts.
            self.table = Table::default();
        }
        self.push(text)
    }

    /// Sees to it that there is an empty slot for one more text, and that those appended are
    /// found.
    #[cold]
    fn make_room(&mut self) {
        if self.table.len() > 0 || self.ends.is_empty() {
            return self.table.grow(self.table.len() + 1);
        }
        let mut table = Table::default();
        table.grow(self.ends.len() + 1);
        for (code, text) in (0u32..).zip(self.iter()) {
            let hash = self.hasher.hash(text.as_bytes());
            if let Err(place) = table.find(hash, |it| self.is_at(it, text.as_bytes())) {
                let start = self.ends[code as usize] - text.len();
                table.fill(place, Slot::new(code, hash, start, text.len()));
            }
        }
        self.table = table;
    }

    /// As [`Self::intern_hashed`] for each of many texts, whose searches overlap; what stands
    /// beside a text comes back with its code.
    pub fn intern_all<'t, T: Copy + Default>(
        &mut self,
        texts: impl Iterator<Item = (&'t str, u64, T)>,
        mut then: impl FnMut(T, u32),
    ) {
        let mut texts = texts.fuse();
        let mut some = [("", 0, T::default()); TOGETHER];
        loop {
            let mut count = 0;
            for (to, it) in some.iter_mut().zip(&mut texts) {
                *to = it;
                count += 1;
            }
            let some = &some[..count];
            self.touch(some);
            for &(text, hash, beside) in some {
                then(beside, self.intern_hashed(text, hash));
            }
            if count < TOGETHER {
                return;
            }
        }
    }

    /// Brings near what the searches for these texts will look at: first where they begin in
    /// the table, then the texts that stand there. Nothing waits for anything, so that all
    /// of it is fetched at the same time.
    #[inline]
    fn touch<T>(&self, texts: &[(&str, u64, T)]) {
        let mut starts = [0; TOGETHER];
        for (start, it) in starts.iter_mut().zip(texts) {
            *start = self.table.touch(it.1);
        }
        let arena = self.arena.as_bytes();
        let byte = |it: &usize| arena.get(*it).copied().unwrap_or(0);
        std::hint::black_box(starts.iter().map(byte).fold(0, u8::wrapping_add));
    }

    /// Sets room aside for so many more texts.
    pub fn reserve(&mut self, texts: usize) {
        self.ends.reserve(texts);
    }

    /// Takes out the texts from this code on, as if they had never come. Only while
    /// [`Self::appends`].
    pub fn truncate(&mut self, texts: usize) {
        debug_assert!(self.appends(), "texts that are still found");
        self.ends.truncate(texts);
        self.arena.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Takes out all texts; the room for them stays.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.ends.clear();
        self.table.clear();
    }

    /// The hash by which this dictionary finds a text.
    #[inline(always)]
    pub fn hash(&self, text: &[u8]) -> u64 {
        self.hasher.hash(text)
    }

    /// Whether the text of a slot is this one.
    #[inline]
    fn is_at(&self, slot: &Slot, text: &[u8]) -> bool {
        let arena = self.arena.as_bytes();
        match slot.length() {
            Some(length) => {
                let start = slot.start();
                length == text.len() && equal(&arena[start..start + length], text)
            }
            None => &arena[slot.start()..self.ends[slot.code() as usize]] == text,
        }
    }

    /// Gives back the memory that only new texts need. A text's code is found by looking at
    /// all of them from then on, and no text may be interned any more.
    pub fn freeze(&mut self) {
        self.table = Table::default();
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The code of a text, if it has one.
    pub fn code(&self, text: &str) -> Option<u32> {
        if self.table.len() < self.ends.len() {
            return self.iter().position(|it| it == text).map(|it| it as u32);
        }
        let (text, hash) = (text.as_bytes(), self.hash(text.as_bytes()));
        self.table.find(hash, |it| self.is_at(it, text)).ok().map(|it| it.code())
    }

    /// The text with this code, or `""` for a code that is not one.
    #[inline]
    pub fn get(&self, code: u32) -> &str {
        if (code as usize) < self.ends.len() {
            slice(&self.arena, &self.ends, code as usize)
        } else {
            ""
        }
    }

    /// How long all texts are together, in bytes.
    pub fn text_bytes(&self) -> usize {
        self.arena.len()
    }

    /// How much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        let ends = self.ends.capacity() * size_of::<usize>();
        self.arena.capacity() + ends + self.table.memory()
    }

    /// All texts in order of their codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|it| slice(&self.arena, &self.ends, it))
    }
}

#[inline]
fn slice<'a>(arena: &'a str, ends: &[usize], index: usize) -> &'a str {
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &arena[start..ends[index]]
}

/// Whether two texts of the same length are the same; for lengths that ids have, without a call.
#[inline]
fn equal(left: &[u8], right: &[u8]) -> bool {
    match left.len() {
        16..=32 => {
            left.first_chunk::<16>() == right.first_chunk::<16>()
                && left.last_chunk::<16>() == right.last_chunk::<16>()
        }
        8..=15 => {
            left.first_chunk::<8>() == right.first_chunk::<8>()
                && left.last_chunk::<8>() == right.last_chunk::<8>()
        }
        _ => left == right,
    }
}

/// Ids as programs give them out.
#[cfg(test)]
const IDS: [fn(u64) -> String; 5] = [
    |it| it.to_string(),
    |it| format!("c{it:08}"),
    |it| format!("user-{it:012}"),
    |it| format!("{it:017}@shop.example"),
    |it| format!("00000000-0000-4000-8000-{it:012x}"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(texts: &[String]) -> (Dictionary, Vec<u32>) {
        let mut dictionary = Dictionary::default();
        let codes = texts.iter().map(|it| dictionary.intern(it)).collect();
        (dictionary, codes)
    }

    #[test]
    fn appended_texts_are_found_once_others_are_interned() {
        let mut dictionary = Dictionary::default();
        dictionary.reserve(3);
        for (code, text) in ["a", "b", "a", "c"].into_iter().enumerate() {
            assert!(dictionary.appends());
            assert_eq!(dictionary.append(text) as usize, code);
        }
        assert_eq!(dictionary.code("c"), Some(3));
        let codes = ["b", "a", "d", "c", "d"].map(|it| dictionary.intern(it));
        assert_eq!((codes, dictionary.appends()), ([1, 0, 4, 3, 4], false));
        let more: Vec<u32> = (0..100).map(|it| dictionary.intern(&it.to_string())).collect();
        assert!(more.into_iter().eq(5..105));
        assert_eq!(["a", "c", "99"].map(|it| dictionary.intern(it)), [0, 3, 104]);
    }

    proptest! {
        #[test]
        fn what_is_taken_out_never_came(
            first in prop::collection::vec("[a-c]{0,4}", 0..60),
            then in prop::collection::vec("[a-d]{0,4}", 0..60),
            kept in 0.0..=1.0f64,
        ) {
            let mut dictionary = Dictionary::default();
            for text in &first {
                dictionary.append(text);
            }
            let kept = (dictionary.len() as f64 * kept) as usize;
            dictionary.truncate(kept);
            prop_assert!(dictionary.iter().eq(&first[..kept]));
            let codes: Vec<u32> = then.iter().map(|it| dictionary.intern(it)).collect();
            let mut plain = Dictionary::default();
            for text in &first[..kept] {
                plain.append(text);
            }
            let expected: Vec<u32> = then.iter().map(|it| plain.intern(it)).collect();
            prop_assert_eq!(codes, expected);
            prop_assert!(dictionary.iter().eq(plain.iter()));
            dictionary.clear();
            let codes: Vec<u32> = then.iter().map(|it| dictionary.intern(it)).collect();
            prop_assert_eq!(codes, of(&then).1);
        }
    }
}
