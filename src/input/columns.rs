//! Columns as they grow: texts become codes as they come in.
//!
//! Knows nothing of what a column means.

use std::fmt::Write as _;
use std::mem::take;

use jiff::tz::TimeZone;

use super::rows::Field;
use super::rows::listed::Known;
use super::rows::spans::{Span, Spans, each_span};
use crate::base::dictionary::{Lately, MIX};
use crate::base::time::DAY;
use crate::base::{Dictionary, NONE, Timestamp};
use crate::model::raw::{NO_SEQUENCE, Sequence, TextColumn};

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

/// A growing column of event ids: numbers until the first that is none.
#[derive(Debug)]
pub(super) enum EventIds {
    Numbers(Vec<i64>),
    Texts(Box<Coder>),
}

impl Default for EventIds {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl EventIds {
    /// Sets room aside for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        match self {
            Self::Numbers(it) => it.reserve(rows),
            Self::Texts(it) => it.reserve(rows),
        }
    }

    /// Adds a row; an empty text is none.
    pub fn push(&mut self, text: &str) {
        match self {
            Self::Numbers(numbers) if text.is_empty() => numbers.push(NO_SEQUENCE),
            Self::Numbers(numbers) => match canonical(text) {
                Some(it) => numbers.push(it),
                None => {
                    let mut coder = Box::new(promote(numbers));
                    coder.push(text);
                    *self = Self::Texts(coder);
                }
            },
            Self::Texts(coder) if text.is_empty() => coder.skip(),
            Self::Texts(coder) => coder.push(text),
        }
    }

    /// Adds rows with these parts of a text.
    pub fn extend_texts(&mut self, text: &str, spans: Spans<'_>, count: usize) {
        let mut done = 0;
        while done < count {
            if let Self::Numbers(numbers) = self {
                let (rest, bytes) = (count - done, text.as_bytes());
                done += each_span!(spans.behind(done), rest, each => {
                    extend_plain(numbers, bytes, rest, each)
                });
            }
            if done < count {
                let span = spans.at(done);
                self.push(&text[span.start as usize..span.end as usize]);
                done += 1;
            }
        }
    }

    /// Adds rows whose event ids are these numbers, as [`Self::push_number`] does.
    pub fn extend_numbers(&mut self, numbers: &[i64], scratch: &mut String) {
        match self {
            Self::Numbers(own) if !numbers.contains(&NO_SEQUENCE) => own.extend_from_slice(numbers),
            _ => numbers.iter().for_each(|&it| self.push_number(it, scratch)),
        }
    }

    /// Adds a row whose event id is a number; the same as its text would be.
    #[inline]
    pub fn push_number(&mut self, number: i64, scratch: &mut String) {
        match self {
            Self::Numbers(numbers) if number != NO_SEQUENCE => numbers.push(number),
            _ => self.push(text_of(&Field::Integer(number), scratch)),
        }
    }

    /// The column.
    pub fn finish(self) -> Sequence {
        match self {
            Self::Numbers(it) => Sequence::Numbers(it),
            Self::Texts(mut it) => Sequence::Texts(it.take()),
        }
    }
}

/// Numbers as the texts that they were.
fn promote(numbers: &[i64]) -> Coder {
    let mut coder = Coder::default();
    let mut text = String::new();
    for &number in numbers {
        if number == NO_SEQUENCE {
            coder.skip();
        } else {
            text.clear();
            let _ = write!(text, "{number}");
            coder.push(&text);
        }
    }
    coder
}

/// As [`promote`], for a column that is done.
pub(super) fn promoted(numbers: &[i64]) -> TextColumn {
    promote(numbers).take()
}

/// Adds the numbers that parts of a text are, up to the first that is no plain one; says
/// how many.
fn extend_plain(
    numbers: &mut Vec<i64>,
    bytes: &[u8],
    rows: usize,
    spans: impl Iterator<Item = Span>,
) -> usize {
    let begin = numbers.len();
    numbers.resize(begin + rows, NO_SEQUENCE);
    let mut count = 0;
    for (number, span) in numbers[begin..].iter_mut().zip(spans) {
        let Some(it) = plain_number(bytes, span) else { break };
        *number = it;
        count += 1;
    }
    numbers.truncate(begin + count);
    count
}

/// The number that one to sixteen digits are, if [`canonical`] says the same.
#[inline(always)]
fn plain_number(bytes: &[u8], span: Span) -> Option<i64> {
    let (end, length) = (span.end as usize, span.end - span.start);
    let last = *bytes[..end].last_chunk::<8>()?;
    match length {
        1..=8 => digits_of(last, length),
        9..=16 => {
            let first = *bytes[..end - 8].last_chunk::<8>()?;
            let low = digits_of_all(u64::from_le_bytes(last) ^ ZEROS)?;
            Some(digits_of(first, length - 8)? * 100_000_000 + low)
        }
        _ => None,
    }
}

const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);

/// The number of the last `length` (1 to 8) bytes, unless it begins with a zero too many.
#[inline(always)]
fn digits_of(bytes: [u8; 8], length: u32) -> Option<i64> {
    let shift = 8 * (8 - length);
    let digits = (u64::from_le_bytes(bytes) ^ ZEROS) >> shift;
    if digits & 0xff == 0 && length > 1 {
        return None;
    }
    digits_of_all(digits << shift)
}

/// The number of eight digits, the first in the lowest byte; `None` if one is above 9.
#[inline(always)]
fn digits_of_all(digits: u64) -> Option<i64> {
    const ABOVE_9: u64 = u64::from_ne_bytes([0x76; 8]);
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const PAIR: u64 = 0x0000_00ff_0000_00ff;
    if (digits.wrapping_add(ABOVE_9) | digits) & HIGH_BITS != 0 {
        return None;
    }
    // Neighbors join: to twos, then to fours of twos and to the whole.
    let twos = digits * 10 + (digits >> 8);
    let high = (twos & PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let low = (twos >> 16 & PAIR).wrapping_mul(1 + (10_000 << 32));
    Some((high.wrapping_add(low) >> 32) as i64)
}

/// So many digits fit in 64 bits whatever they are.
const SHORT_NUMBER: usize = 18;

/// The number that a text is, if writing the number gives the text again.
fn canonical(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let plain = match digits {
        [b'0'] => bytes.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !plain {
        return None;
    }
    if bytes.len() > SHORT_NUMBER {
        return text.parse().ok().filter(|&it| it != NO_SEQUENCE);
    }
    let size = digits.iter().fold(0i64, |size, it| size * 10 + i64::from(it - b'0'));
    Some(if digits.len() < bytes.len() { -size } else { size })
}

/// The text of a value; numbers are written into `scratch`.
#[inline]
pub(super) fn text_of<'s>(field: &Field<'s>, scratch: &'s mut String) -> &'s str {
    match *field {
        Field::Missing => "",
        Field::Text(text) => text,
        other => {
            write_number(other, scratch);
            scratch
        }
    }
}

fn write_number(field: Field<'_>, scratch: &mut String) {
    scratch.clear();
    // Writing into a String cannot fail.
    let _ = match field {
        Field::Missing => Ok(()),
        Field::Text(it) => scratch.write_str(it),
        Field::Integer(it) => write!(scratch, "{it}"),
        Field::Micros(it) => write!(scratch, "{}", Timestamp(it)),
        Field::Local(it) => write_local(it, scratch),
        Field::Day(it) => write_day(it, scratch),
        Field::Decimal { unscaled, scale } => write_decimal(unscaled, scale, scratch),
    };
}

fn write_local(micros: i64, scratch: &mut String) -> std::fmt::Result {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(it) => write!(scratch, "{}", TimeZone::UTC.to_datetime(it)),
        Err(_) => write!(scratch, "{micros}us"),
    }
}

fn write_day(days: i64, scratch: &mut String) -> std::fmt::Result {
    match days.checked_mul(DAY).map(jiff::Timestamp::from_microsecond) {
        Some(Ok(it)) => write!(scratch, "{}", TimeZone::UTC.to_datetime(it).date()),
        _ => write!(scratch, "{days}d"),
    }
}

fn write_decimal(unscaled: i128, scale: u32, scratch: &mut String) -> std::fmt::Result {
    let sign = if unscaled < 0 { "-" } else { "" };
    let size = unscaled.unsigned_abs();
    match 10u128.checked_pow(scale) {
        _ if scale == 0 => write!(scratch, "{unscaled}"),
        Some(unit) => {
            let width = scale as usize;
            write!(scratch, "{sign}{}.{:0width$}", size / unit, size % unit)
        }
        None => write!(scratch, "{unscaled}e-{scale}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn event_ids_stay_numbers_until_one_is_none() {
        let mut ids = EventIds::Numbers(Vec::new());
        for it in ["7", "", "-3"] {
            ids.push(it);
        }
        ids.push("007");
        ids.push("");
        let Sequence::Texts(column) = ids.finish() else { panic!("not texts") };
        assert_eq!(column.codes, [0, NONE, 1, 2, NONE]);
        assert_eq!(column.dictionary.iter().collect::<Vec<_>>(), ["7", "-3", "007"]);
    }

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

    #[test]
    fn a_number_is_the_same_event_id_as_its_text() {
        let mut scratch = String::new();
        for it in [0, 7, -7, 999_999_999_999_999_999, i64::MAX, i64::MIN + 1, i64::MIN] {
            let (mut numbers, mut texts) =
                (EventIds::Numbers(Vec::new()), EventIds::Numbers(Vec::new()));
            numbers.push_number(it, &mut scratch);
            texts.push(&it.to_string());
            assert_eq!(format!("{numbers:?}"), format!("{texts:?}"));
        }
    }

    proptest! {
        #[test]
        fn numbers_in_a_row_are_what_their_texts_are(
            first in prop_oneof![0..200u64, 9_990..10_010u64, any::<u64>()],
            steps in prop::collection::vec(prop_oneof![9 => Just(1u64), 1 => 0..12u64], 0..60),
            odd in prop::option::of((0..60usize, "[0-9x]{0,17}")),
        ) {
            let mut at = first >> 4;
            let mut texts: Vec<String> = steps.iter().map(|it| {
                at += it;
                at.to_string()
            }).collect();
            if let Some((place, text)) = odd && let Some(to) = texts.get_mut(place) {
                *to = text;
            }
            let mut ids = EventIds::default();
            let (mut text, mut spans) = (String::from(","), Vec::new());
            for it in &texts {
                let start = text.len() as u32;
                text.push_str(it);
                spans.push(Span { start, end: text.len() as u32 });
                text.push(',');
            }
            ids.extend_texts(&text, Spans::Each(&spans), spans.len());
            let mut plain = EventIds::default();
            texts.iter().for_each(|it| plain.push(it));
            match (ids.finish(), plain.finish()) {
                (Sequence::Numbers(it), Sequence::Numbers(plain)) => prop_assert_eq!(it, plain),
                (Sequence::Texts(it), Sequence::Texts(plain)) => {
                    prop_assert_eq!(it.codes, plain.codes);
                    prop_assert!(it.dictionary.iter().eq(plain.dictionary.iter()));
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn only_plain_numbers_are_canonical() {
        for it in ["0", "5", "-5", "9223372036854775807", "-9223372036854775807"] {
            assert_eq!(canonical(it).map(|it| it.to_string()).as_deref(), Some(it));
        }
        let texts =
            ["", "-", "-0", "00", "05", "+5", "5.", " 5", "9223372036854775808", "1a", "e1"];
        for it in texts {
            assert_eq!(canonical(it), None, "{it}");
        }
    }

    #[test]
    fn numbers_are_written_as_their_files_would() {
        let mut scratch = String::new();
        let mut check = |field, expected: &str| {
            assert_eq!(text_of(&field, &mut scratch), expected);
        };
        check(Field::Integer(-7), "-7");
        check(Field::Decimal { unscaled: -5, scale: 2 }, "-0.05");
        check(Field::Decimal { unscaled: 1250, scale: 2 }, "12.50");
        check(Field::Micros(0), "1970-01-01T00:00:00Z");
        check(Field::Local(1_500_000), "1970-01-01T00:00:01.5");
        check(Field::Day(-1), "1969-12-31");
    }
}
