//! Interning: distinct texts and their codes, in order of first appearance.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::id::NONE;

/// The hasher of every dictionary: fixed, so that shards agree between runs.
#[derive(Debug, Clone, Default)]
pub struct TextHasher(FixedState);

impl TextHasher {
    /// The 64-bit hash of a text; the same in every run.
    #[inline]
    pub fn hash(&self, text: &[u8]) -> u64 {
        self.0.hash_one(text)
    }
}

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
    hashes: Vec<u64>,
    table: HashTable<Slot>,
    hasher: TextHasher,
}

/// A code, and enough of its text's hash to pass over other texts unseen.
#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    code: u32,
}

/// The part of a hash that chooses no place in the table.
#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

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
        let (arena, ends) = (self.arena.as_bytes(), &self.ends[..]);
        let same = |it: &Slot| {
            it.tag == tag(hash) && equal(bytes_of(arena, ends, it.code), text.as_bytes())
        };
        if let Some(it) = self.table.find(hash, same) {
            return it.code;
        }
        let code = u32::try_from(self.ends.len()).unwrap_or(NONE);
        self.arena.push_str(text);
        self.ends.push(self.arena.len());
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.table
            .insert_unique(hash, Slot { tag: tag(hash), code }, |it| hashes[it.code as usize]);
        code
    }

    /// Sets room aside for so many more texts.
    pub fn reserve(&mut self, texts: usize) {
        self.ends.reserve(texts);
        self.hashes.reserve(texts);
        let hashes = &self.hashes;
        self.table.reserve(texts, |it| hashes[it.code as usize]);
    }

    /// The hash by which this dictionary finds a text.
    #[inline]
    pub fn hash_of(&self, text: &[u8]) -> u64 {
        self.hasher.hash(text)
    }

    /// The code of the text of these bytes, whose hash is known, if it has one.
    #[inline]
    pub fn find_hashed(&self, text: &[u8], hash: u64) -> Option<u32> {
        let (arena, ends) = (self.arena.as_bytes(), &self.ends[..]);
        let same = |it: &Slot| it.tag == tag(hash) && equal(bytes_of(arena, ends, it.code), text);
        self.table.find(hash, same).map(|it| it.code)
    }

    /// Gives back the memory that only new texts need. A text's code is found by looking at
    /// all of them from then on, and no text may be interned any more.
    pub fn freeze(&mut self) {
        self.table = HashTable::new();
        self.hashes = Vec::new();
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The code of a text, if it has one.
    pub fn code(&self, text: &str) -> Option<u32> {
        if self.hashes.len() < self.ends.len() {
            return self.iter().position(|it| it == text).map(|it| it as u32);
        }
        let hash = self.hasher.hash(text.as_bytes());
        let same = |it: &Slot| it.tag == tag(hash) && self.get(it.code) == text;
        self.table.find(hash, same).map(|it| it.code)
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

    /// The hash of the text with this code.
    #[inline]
    pub fn hash(&self, code: u32) -> u64 {
        self.hashes[code as usize]
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

/// The bytes of the text with this code.
#[inline]
fn bytes_of<'a>(arena: &'a [u8], ends: &[usize], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    &arena[start..ends[code]]
}

/// Whether two texts are the same; for lengths that ids have, without a call.
#[inline]
fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
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
