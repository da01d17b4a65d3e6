//! Event ids: numbers as long as all of them are, else texts.
//!
//! A number and the text that writing it gives are the same id. Knows nothing of events.

use std::fmt::Write as _;

use super::Coder;
use super::values::text_of;
use crate::input::rows::Field;
use crate::input::rows::spans::{Span, Spans, each_span};
use crate::model::raw::{NO_SEQUENCE, Sequence, TextColumn};

/// A growing column of event ids: numbers until the first that is none.
#[derive(Debug)]
pub(in crate::input) enum EventIds {
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
pub(in crate::input) fn promoted(numbers: &[i64]) -> TextColumn {
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

#[cfg(test)]
mod tests;
