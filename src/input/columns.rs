//! Columns as they grow: texts become codes as they come in.
//!
//! Knows nothing of what a column means.

mod event_ids;
mod values;

use std::mem::take;

pub(super) use event_ids::{EventIds, promoted};
pub(super) use values::text_of;

use super::rows::listed::Known;
use super::rows::spans::Span;
use crate::base::dictionary::{Lately, MIX};
use crate::base::{Dictionary, NONE};
use crate::model::raw::TextColumn;

/// Up to so many texts, a text met before is looked for without hashing it.
const FEW: usize = 64;
/// How many of few texts are remembered, by what [`Coder::slot`] sees of them.
const SLOTS: usize = 64;

/// A growing column of codes.
#[derive(Debug)]
pub(super) struct Coder {
    pub(super) codes: Vec<u32>,
    pub(super) dictionary: Dictionary,
    last: u32,
    /// The code that came last for each slot, while texts are few.
    recent: [u32; SLOTS],
    /// Short texts of blocks and their codes, each at a place that its bytes choose.
    memo: Vec<Short>,
    /// Ids that came lately; a column of ids has no others.
    pub(super) lately: Lately,
    /// The codes of the texts of a list that rows pick from.
    pub(super) known: Known,
}

/// A text of at most [`SHORT`] bytes, with zeros behind it, its length and its code.
#[derive(Debug, Clone, Copy, Default)]
struct Short {
    bytes: u128,
    length: u32,
    code: u32,
}

/// How long a text in the memo can be.
const SHORT: u32 = 16;
/// How many texts the memo holds; a power of two.
const MEMO: usize = 256;
/// With more distinct texts than this the memo is of no use.
const MANY: usize = 4096;

impl Default for Coder {
    fn default() -> Self {
        let dictionary = Dictionary::default();
        let (codes, memo) = (Vec::new(), Vec::new());
        let (lately, known) = (Lately::default(), Known::default());
        Self { codes, dictionary, last: NONE, recent: [NONE; SLOTS], memo, lately, known }
    }
}

impl Coder {
    /// Adds a row with a text; a text of few, or the same as before, costs one comparison.
    #[inline]
    pub fn push(&mut self, text: &str) {
        let few = self.dictionary.len() <= FEW;
        let slot = Self::slot(text);
        let guess = if few { self.recent[slot] } else { self.last };
        self.last = match self.is(guess, text) {
            true => guess,
            false => self.dictionary.intern(text),
        };
        self.recent[slot] = self.last;
        self.codes.push(self.last);
    }

    #[inline]
    fn is(&self, code: u32, text: &str) -> bool {
        (code as usize) < self.dictionary.len() && self.dictionary.get(code) == text
    }

    /// What a glance at a text tells: its length, its second and its last byte.
    #[inline]
    fn slot(text: &str) -> usize {
        let bytes = text.as_bytes();
        let byte = |at: usize| bytes.get(at).map_or(0, |&it| usize::from(it));
        (bytes.len() * 7 + byte(1) * 5 + byte(bytes.len().wrapping_sub(1))) % SLOTS
    }

    /// Adds a row without a text.
    #[inline]
    pub fn skip(&mut self) {
        self.codes.push(NONE);
    }

    /// Adds a row with a text, with another if it is empty, or without any.
    #[inline]
    pub fn push_or(&mut self, text: &str, constant: Option<&str>) {
        match (text, constant) {
            ("", Some(constant)) => self.push(constant),
            ("", None) => self.skip(),
            (text, _) => self.push(text),
        }
    }

    /// Sets room aside for so many distinct texts.
    pub fn reserve_texts(&mut self, texts: usize) {
        self.dictionary.reserve(texts);
    }

    /// How many distinct texts there are.
    pub fn texts(&self) -> usize {
        self.dictionary.len()
    }

    /// Adds so many rows without a text, which may get one; says where they begin.
    pub fn skip_all(&mut self, rows: usize) -> usize {
        let begin = self.codes.len();
        self.codes.resize(begin + rows, NONE);
        begin
    }

    /// The code of a text, which may be new; adds no row.
    #[inline]
    pub fn code(&mut self, text: &str) -> u32 {
        self.dictionary.intern(text)
    }

    /// The code of an id; adds no row. One that came long ago may get another.
    #[inline]
    pub fn id(&mut self, id: &str) -> u32 {
        self.lately.code(&mut self.dictionary, id)
    }

    /// Adds a row with an id.
    #[inline]
    pub fn push_id(&mut self, id: &str) {
        let code = self.id(id);
        self.codes.push(code);
    }

    /// Takes back the rows from `end` on, of those from `begin` on, before which there were
    /// `texts` texts; and the texts that came with them, as codes follow first appearance.
    pub fn cut(&mut self, begin: usize, end: usize, texts: usize) {
        self.codes.truncate(end);
        let codes = self.codes.get(begin..).unwrap_or_default().iter().filter(|it| **it != NONE);
        let most = codes.max().map_or(0, |it| *it as usize + 1);
        self.dictionary.truncate(most.max(texts));
        self.lately.forget();
    }

    /// Adds rows with these parts of a text, as [`Self::push_or`] does.
    #[inline]
    pub fn extend_texts(
        &mut self,
        text: &str,
        count: usize,
        spans: impl Iterator<Item = Span>,
        constant: Option<&str>,
    ) {
        self.memo.resize(MEMO, Short::default());
        let begin = self.skip_all(count);
        let (codes, memo) = (&mut self.codes[begin..], &mut self.memo[..]);
        let Some(memo) = memo.first_chunk_mut() else { return };
        for (code, span) in codes.iter_mut().zip(spans) {
            if !span.is_empty() {
                *code = code_of(&mut self.dictionary, memo, text, span);
            } else if let Some(constant) = constant {
                *code = self.dictionary.intern(constant);
            }
        }
    }

    /// Sets room aside for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.codes.reserve(rows);
    }

    /// The column; without codes if no row has a text.
    pub fn take(&mut self) -> TextColumn {
        if self.dictionary.is_empty() {
            self.codes.clear();
            return TextColumn::default();
        }
        TextColumn { codes: take(&mut self.codes), dictionary: take(&mut self.dictionary) }
    }

    /// Forgets all texts and rows, and takes the room of a column for others.
    pub fn reuse(&mut self, mut room: TextColumn) {
        if room.codes.capacity() > self.codes.capacity() {
            self.codes = room.codes;
        }
        self.codes.clear();
        room.dictionary.clear();
        self.dictionary = room.dictionary;
        (self.last, self.recent) = (NONE, [NONE; SLOTS]);
        self.known.forget();
        self.lately.forget();
        self.memo.clear();
    }
}

/// The code of a part of a text.
#[inline(always)]
fn code_of(dictionary: &mut Dictionary, memo: &mut [Short; MEMO], text: &str, span: Span) -> u32 {
    let length = span.end - span.start;
    let from = text.as_bytes().get(span.start as usize..).and_then(<[u8]>::first_chunk);
    if let (Some(&kept), Some(&bytes)) = (KEPT.get(length as usize), from) {
        let bytes = u128::from_le_bytes(bytes) & kept;
        let known = &memo[memo_place(bytes)];
        if known.bytes == bytes && known.length == length {
            return known.code;
        }
    }
    code_of_other(dictionary, memo, text, span)
}

/// As [`code_of`] where the memo does not tell.
#[inline(never)]
fn code_of_other(
    dictionary: &mut Dictionary,
    memo: &mut [Short; MEMO],
    text: &str,
    Span { start, end }: Span,
) -> u32 {
    let (code, text) = (dictionary.intern(&text[start as usize..end as usize]), text.as_bytes());
    let (length, from) = (end - start, text.get(start as usize..).and_then(<[u8]>::first_chunk));
    if let (Some(&kept), Some(&bytes)) = (KEPT.get(length as usize), from)
        && dictionary.len() <= MANY
    {
        let bytes = u128::from_le_bytes(bytes) & kept;
        memo[memo_place(bytes)] = Short { bytes, length, code };
    }
    code
}

/// Where the memo has a text of these bytes.
#[inline(always)]
fn memo_place(bytes: u128) -> usize {
    let mixed = (bytes as u64 ^ (bytes >> 64) as u64).wrapping_mul(MIX);
    (mixed >> 32) as usize % MEMO
}

/// For each length up to [`SHORT`] the bits that bytes so many have.
const KEPT: [u128; SHORT as usize + 1] = {
    let mut kept = [u128::MAX; SHORT as usize + 1];
    let mut length = 0;
    while length < SHORT {
        kept[length as usize] = (1 << (8 * length)) - 1;
        length += 1;
    }
    kept
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance_whatever_is_remembered() {
        let texts: Vec<String> = (0..300).map(|it| format!("t{}", it * it % 97)).collect();
        let (mut coder, mut expected) = (Coder::default(), Dictionary::default());
        let codes: Vec<u32> = ["", "a", ""]
            .into_iter()
            .chain(texts.iter().map(String::as_str))
            .map(|it| {
                coder.push(it);
                expected.intern(it)
            })
            .collect();
        let column = coder.take();
        assert_eq!(column.codes, codes);
        assert!(column.dictionary.iter().eq(expected.iter()));
    }
}
