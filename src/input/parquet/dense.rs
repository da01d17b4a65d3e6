//! Values of a column one behind the other, none missing, as a page holds them.
//!
//! Decodes plain values; knows nothing of other encodings, of rows or of what values mean.

use parquet::basic::Type as Physical;

use crate::input::rows::block::Span;

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
            Self::Bytes(it) => it.ends.len(),
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
        fn all<T: Copy>(to: &mut Vec<T>, from: &[T], picks: &[u32]) -> Result<(), Why> {
            to.reserve(picks.len());
            for &pick in picks {
                to.push(*from.get(pick as usize).ok_or(BEYOND)?);
            }
            Ok(())
        }
        match (self, list) {
            (Self::Flags(to), Self::Flags(from)) => all(to, from, picks),
            (Self::I32(to), Self::I32(from)) => all(to, from, picks),
            (Self::I64(to), Self::I64(from)) => all(to, from, picks),
            (Self::F32(to), Self::F32(from)) => all(to, from, picks),
            (Self::F64(to), Self::F64(from)) => all(to, from, picks),
            (Self::Bytes(to), Self::Bytes(from)) => picks.iter().try_for_each(|&pick| {
                let pick = pick as usize;
                if pick >= from.ends.len() {
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
    /// All bytes.
    pub bytes: Vec<u8>,
    /// Behind which byte each string ends.
    pub ends: Vec<u32>,
}

impl Strings {
    /// Where a string stands.
    pub fn span(&self, index: usize) -> Span {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Span { start, end: self.ends[index] }
    }

    /// The bytes of a string.
    pub fn get(&self, index: usize) -> &[u8] {
        self.span(index).of(&self.bytes)
    }

    /// Adds a string.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Why> {
        if bytes.len() > MOST_BYTES - self.bytes.len() {
            return Err(TOO_LONG);
        }
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len() as u32);
        Ok(())
    }

    /// Adds so many strings that stand behind their lengths.
    fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize, Why> {
        let mut rest = bytes;
        self.ends.reserve(count.min(bytes.len() / 4));
        for _ in 0..count {
            let (length, behind) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
            let length = u32::from_le_bytes(*length) as usize;
            let (string, behind) = behind.split_at_checked(length).ok_or(SHORT)?;
            self.push(string)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
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
