//! Values of a column one behind the other, none missing, as a page holds them.
//!
//! Decodes plain values; knows nothing of other encodings, of rows or of what values mean.

use std::ops::Range;

use parquet::basic::Type as Physical;

use crate::input::rows::spans::Span;

/// Values of one physical type.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::input) enum Dense {
    /// Yes or no.
    Flags(Vec<bool>),
    /// Whole numbers of 32 bits.
    I32(Vec<i32>),
    /// Whole numbers of 64 bits; the 96-bit times of old writers as microseconds.
    I64(Vec<i64>),
    /// Short floats.
    F32(Vec<f32>),
    /// Long floats.
    F64(Vec<f64>),
    /// Bytes, of any length or all of one.
    Bytes(Strings),
}

/// Why values cannot be decoded.
pub(in crate::input) type Why = &'static str;

const SHORT: Why = "a page holds fewer values than it says";
const TOO_LONG: Why = "texts of too many bytes stand together";
const BEYOND: Why = "a value lies beyond its dictionary";

/// The most bytes of texts that are decoded at a time.
const MOST_BYTES: usize = 2 << 30;

/// The day of 1970-01-01 as old writers count days.
const EPOCH: i64 = 2_440_588;
const DAY: i64 = 86_400_000_000;

impl Dense {
    /// No values yet.
    pub fn new(physical: Physical) -> Self {
        match physical {
            Physical::BOOLEAN => Self::Flags(Vec::new()),
            Physical::INT32 => Self::I32(Vec::new()),
            Physical::INT64 | Physical::INT96 => Self::I64(Vec::new()),
            Physical::FLOAT => Self::F32(Vec::new()),
            Physical::DOUBLE => Self::F64(Vec::new()),
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => {
                Self::Bytes(Strings::default())
            }
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Flags(it) => it.len(),
            Self::I32(it) => it.len(),
            Self::I64(it) => it.len(),
            Self::F32(it) => it.len(),
            Self::F64(it) => it.len(),
            Self::Bytes(it) => it.spans.len(),
        }
    }

    /// Adds so many plain values and says how many bytes they take; `length` is that of
    /// each where all have one.
    pub fn plain(
        &mut self,
        bytes: &[u8],
        physical: Physical,
        length: usize,
        count: usize,
    ) -> Result<usize, Why> {
        let size = match physical {
            Physical::BYTE_ARRAY => {
                let Self::Bytes(strings) = self else { return Err(SHORT) };
                return strings.plain(bytes, count);
            }
            Physical::FIXED_LEN_BYTE_ARRAY => length,
            Physical::INT32 | Physical::FLOAT => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::BOOLEAN => return Err(SHORT),
        };
        let total = count.checked_mul(size).ok_or(SHORT)?;
        let bytes = bytes.get(..total).ok_or(SHORT)?;
        match self {
            Self::I32(it) => {
                it.extend(bytes.as_chunks().0.iter().map(|it| i32::from_le_bytes(*it)))
            }
            Self::F32(it) => {
                it.extend(bytes.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)))
            }
            Self::F64(it) => {
                it.extend(bytes.as_chunks().0.iter().map(|it| f64::from_le_bytes(*it)))
            }
            Self::I64(it) if physical == Physical::INT96 => {
                it.extend(bytes.as_chunks().0.iter().map(old_time));
            }
            Self::I64(it) => {
                it.extend(bytes.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it)))
            }
            Self::Bytes(it) if length > 0 => {
                bytes.chunks_exact(length).try_for_each(|bytes| it.push(bytes))?;
            }
            Self::Bytes(it) => (0..count).try_for_each(|_| it.push(&[]))?,
            Self::Flags(_) => return Err(SHORT),
        }
        Ok(total)
    }

    /// Adds the values at these places of a list.
    pub fn gather(&mut self, list: &Self, picks: &[u32]) -> Result<(), Why> {
        fn all<T: Copy + Default>(to: &mut Vec<T>, from: &[T], picks: &[u32]) -> Result<(), Why> {
            let mut beyond = false;
            to.extend(picks.iter().map(|&pick| {
                let value = from.get(pick as usize);
                beyond |= value.is_none();
                value.copied().unwrap_or_default()
            }));
            if beyond { Err(BEYOND) } else { Ok(()) }
        }
        match (self, list) {
            (Self::Flags(to), Self::Flags(from)) => all(to, from, picks),
            (Self::I32(to), Self::I32(from)) => all(to, from, picks),
            (Self::I64(to), Self::I64(from)) => all(to, from, picks),
            (Self::F32(to), Self::F32(from)) => all(to, from, picks),
            (Self::F64(to), Self::F64(from)) => all(to, from, picks),
            (Self::Bytes(to), Self::Bytes(from)) => picks.iter().try_for_each(|&pick| {
                let pick = pick as usize;
                if pick >= from.spans.len() {
                    return Err(BEYOND);
                }
                to.push(from.get(pick))
            }),
            _ => Err(BEYOND),
        }
    }
}

/// The time of an old writer in microseconds: nanoseconds of a day, and the day.
fn old_time(bytes: &[u8; 12]) -> i64 {
    let (nanos, day) = bytes.split_at(8);
    let nanos = nanos.first_chunk().map_or(0, |it| i64::from_le_bytes(*it));
    let day = day.first_chunk().map_or(0, |it| i32::from_le_bytes(*it));
    (i64::from(day) - EPOCH).saturating_mul(DAY).saturating_add(nanos.div_euclid(1000))
}

/// Strings of bytes in one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::input) struct Strings {
    /// All bytes; between strings others may stand.
    pub bytes: Vec<u8>,
    /// Where each string stands.
    pub spans: Vec<Span>,
}

impl Strings {
    /// The bytes of a string.
    pub fn get(&self, index: usize) -> &[u8] {
        self.spans[index].of(&self.bytes)
    }

    /// All strings.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.spans.iter().map(|it| it.of(&self.bytes))
    }

    /// Adds a string.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Why> {
        let start = self.room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        self.spans.push(Span { start, end: self.bytes.len() as u32 });
        Ok(())
    }

    /// Adds some strings of others, between which nothing else stands.
    pub fn extend(&mut self, from: &Self, range: Range<usize>) -> Result<(), Why> {
        let spans = from.spans.get(range).ok_or(BEYOND)?;
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Ok(()) };
        let whole = Span { start: first.start, end: last.end }.of(&from.bytes);
        let begin = self.room(whole.len())?;
        let moved = |it: u32| it - first.start + begin;
        self.bytes.extend_from_slice(whole);
        self.spans
            .extend(spans.iter().map(|it| Span { start: moved(it.start), end: moved(it.end) }));
        Ok(())
    }

    /// Where the next bytes would stand, if there is room for so many.
    fn room(&self, bytes: usize) -> Result<u32, Why> {
        if bytes > MOST_BYTES - self.bytes.len() {
            return Err(TOO_LONG);
        }
        Ok(self.bytes.len() as u32)
    }

    /// Adds so many strings that stand behind their lengths; all in one, lengths and all.
    fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize, Why> {
        let begin = self.room(0)?;
        self.spans.reserve(count.min(bytes.len() / 4));
        let mut rest = bytes;
        for _ in 0..count {
            let (length, behind) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
            let length = u32::from_le_bytes(*length) as usize;
            rest = behind.get(length..).ok_or(SHORT)?;
            let start = begin as usize + bytes.len() - behind.len();
            // Checked below before anybody looks: less than all that may be taken.
            self.spans.push(Span { start: start as u32, end: (start + length) as u32 });
        }
        let used = bytes.len() - rest.len();
        self.room(used)?;
        self.bytes.extend_from_slice(&bytes[..used]);
        Ok(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_taken_one_behind_the_other() {
        let mut numbers = Dense::new(Physical::INT32);
        let bytes = [1, 0, 0, 0, 255, 255, 255, 255, 9];
        assert_eq!(numbers.plain(&bytes, Physical::INT32, 0, 2), Ok(8));
        assert_eq!(numbers, Dense::I32(vec![1, -1]));
        assert_eq!(numbers.plain(&bytes, Physical::INT32, 0, 3), Err(SHORT));
        let mut texts = Dense::new(Physical::BYTE_ARRAY);
        let bytes = b"\x02\0\0\0ab\0\0\0\0\x09\0\0\0c";
        assert_eq!(texts.plain(bytes, Physical::BYTE_ARRAY, 0, 2), Ok(10));
        assert_eq!(texts.plain(&bytes[10..], Physical::BYTE_ARRAY, 0, 1), Err(SHORT));
        let Dense::Bytes(strings) = &texts else { panic!("no bytes") };
        assert_eq!((strings.get(0), strings.get(1)), (&b"ab"[..], &b""[..]));
        assert_eq!(texts.plain(b"xyz", Physical::FIXED_LEN_BYTE_ARRAY, 3, 1), Ok(3));
        let list = texts.clone();
        assert_eq!(texts.gather(&list, &[2, 1, 2]), Ok(()));
        assert_eq!((texts.len(), texts.gather(&list, &[3])), (6, Err(BEYOND)));
        let Dense::Bytes(strings) = &texts else { panic!("no bytes") };
        let mut some = Strings::default();
        assert_eq!(some.extend(strings, 3..3), Ok(()));
        assert_eq!((some.extend(strings, 3..6), some.extend(strings, 5..7)), (Ok(()), Err(BEYOND)));
        assert!(some.iter().eq([&b"xyz"[..], b"", b"xyz"]));
    }

    #[test]
    fn times_of_old_writers_are_microseconds() {
        let mut bytes = 1_500_i64.to_le_bytes().to_vec();
        bytes.extend(2_440_589_u32.to_le_bytes());
        let mut times = Dense::new(Physical::INT96);
        assert_eq!(times.plain(&bytes, Physical::INT96, 0, 1), Ok(12));
        assert_eq!(times, Dense::I64(vec![DAY + 1]));
    }
}
