//! Small numbers as pages store them: runs of one number and runs of packed bits, in turn.
//!
//! Levels and positions in a dictionary are such numbers. Knows nothing of what they mean.

use bytes::Bytes;

/// The most bits that a number has.
const WIDEST: u8 = 32;

/// Numbers that are taken one after another.
#[derive(Debug)]
pub(super) struct Hybrid {
    bytes: Bytes,
    /// Where the next run begins.
    at: usize,
    width: u8,
    run: Run,
}

/// What is left of a run.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// One number, so many times.
    Same(u32, usize),
    /// Numbers of `width` bits from this bit of all bytes on, so many.
    Packed(usize, usize),
}

/// The bits of each byte, the lowest first.
const FLAGS: [[bool; 8]; 256] = {
    let mut flags = [[false; 8]; 256];
    let mut at = 0;
    while at < 256 * 8 {
        flags[at / 8][at % 8] = (at / 8) >> (at % 8) & 1 == 1;
        at += 1;
    }
    flags
};

/// There are fewer numbers than were asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooFew;

impl Hybrid {
    /// Numbers of so many bits; `None` for more bits than numbers have.
    pub fn new(bytes: Bytes, width: u8) -> Option<Self> {
        // Without bits every number is zero, and some writers write no runs at all then.
        let run = Run::Same(0, if width == 0 { usize::MAX } else { 0 });
        (width <= WIDEST).then_some(Self { bytes, at: 0, width, run })
    }

    /// Adds so many numbers.
    pub fn read(&mut self, count: usize, out: &mut Vec<u32>) -> Result<(), TooFew> {
        self.each(count, |bytes, width, run| match run {
            Run::Same(number, times) => out.resize(out.len() + times, number),
            Run::Packed(bit, times) => unpack(bytes, bit, width, times, out),
        })
    }

    /// Adds for each of so many numbers whether it is this one; says how often it is.
    pub fn is(&mut self, number: u32, count: usize, out: &mut Vec<bool>) -> Result<usize, TooFew> {
        let (mut hits, mut scratch) = (0, Vec::new());
        self.each(count, |bytes, width, run| match run {
            Run::Same(it, times) => {
                out.resize(out.len() + times, it == number);
                hits += if it == number { times } else { 0 };
            }
            Run::Packed(bit, times) if width == 1 && bit % 8 == 0 && number == 1 => {
                let begin = out.len();
                let bytes = &bytes[bit / 8..(bit + times).div_ceil(8)];
                out.resize(begin + bytes.len() * 8, false);
                let (eights, _) = out[begin..].as_chunks_mut();
                for (eight, &byte) in eights.iter_mut().zip(bytes) {
                    *eight = FLAGS[usize::from(byte)];
                }
                out.truncate(begin + times);
                hits += out[begin..].iter().filter(|&&it| it).count();
            }
            Run::Packed(bit, times) => {
                scratch.clear();
                unpack(bytes, bit, width, times, &mut scratch);
                out.extend(scratch.iter().map(|&it| it == number));
                hits += scratch.iter().filter(|&&it| it == number).count();
            }
        })?;
        Ok(hits)
    }

    /// Passes so many numbers over.
    pub fn skip(&mut self, count: usize) -> Result<(), TooFew> {
        self.each(count, |_, _, _| {})
    }

    /// Hands so many numbers on, run by run.
    fn each(
        &mut self,
        mut count: usize,
        mut take: impl FnMut(&[u8], u8, Run),
    ) -> Result<(), TooFew> {
        while count > 0 {
            let (now, rest) = match self.run {
                Run::Same(_, 0) | Run::Packed(_, 0) => {
                    self.run = self.next_run().ok_or(TooFew)?;
                    continue;
                }
                Run::Same(number, times) => {
                    let some = times.min(count);
                    (Run::Same(number, some), Run::Same(number, times - some))
                }
                Run::Packed(bit, times) => {
                    let some = times.min(count);
                    let behind = bit + some * usize::from(self.width);
                    (Run::Packed(bit, some), Run::Packed(behind, times - some))
                }
            };
            count -= match now {
                Run::Same(_, some) | Run::Packed(_, some) => some,
            };
            self.run = rest;
            take(&self.bytes, self.width, now);
        }
        Ok(())
    }

    fn next_run(&mut self) -> Option<Run> {
        let header = self.header()?;
        let left = self.bytes.len() - self.at;
        let width = usize::from(self.width);
        let length = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let size = width.div_ceil(8);
            let bytes = self.bytes.get(self.at..self.at + size)?;
            let number = bytes.iter().rev().fold(0, |number, &it| number << 8 | u32::from(it));
            self.at += size;
            return Some(Run::Same(number, length));
        }
        // A last run may be cut behind the last number that is needed.
        let bits = length.checked_mul(8 * width)?.min(left * 8);
        let bit = self.at * 8;
        self.at += bits.div_ceil(8);
        Some(Run::Packed(bit, bits / width))
    }

    /// The head of a run: seven bits a byte, the lowest first.
    fn header(&mut self) -> Option<u64> {
        let mut header = 0;
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            header |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(header);
            }
        }
        None
    }
}

/// Adds so many numbers of `width` bits that begin at a bit.
pub(super) fn unpack(bytes: &[u8], bit: usize, width: u8, count: usize, out: &mut Vec<u32>) {
    let begin = out.len();
    out.resize(begin + count, 0);
    let (wide, out) = (usize::from(width), &mut out[begin..]);
    // One by one to where a byte begins, as eight numbers later one does again.
    let single = (0..8).find(|it| (bit + it * wide).is_multiple_of(8)).unwrap_or(count).min(count);
    let (first, rest) = out.split_at_mut(single);
    one_by_one(bytes, bit, wide, first);
    let at = (bit + single * wide) / 8;
    let (eights, _) = rest.as_chunks_mut();
    let done = quickly(bytes.get(at..).unwrap_or_default(), width, eights);
    one_by_one(bytes, (at + done * wide) * 8, wide, &mut rest[done * 8..]);
}

/// Unpacks eights of numbers for as long as there are enough bytes; says how many.
fn quickly(bytes: &[u8], width: u8, eights: &mut [[u32; 8]]) -> usize {
    macro_rules! of_width {
        ($($width:literal)*) => {
            match width {
                $($width => unpack_eights::<$width>(bytes, eights),)*
                _ => 0,
            }
        };
    }
    of_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24)
}

/// The bytes that are looked at for eight numbers.
const LOOKED_AT: usize = 32;

/// As [`quickly`], of at most 24 bits each: the shifts are known to the compiler.
fn unpack_eights<const WIDTH: usize>(bytes: &[u8], eights: &mut [[u32; 8]]) -> usize {
    let mask = (1u32 << WIDTH) - 1;
    let mut done = 0;
    for eight in eights {
        let part = bytes.get(done * WIDTH..).and_then(<[u8]>::first_chunk::<LOOKED_AT>);
        let Some(part) = part else { break };
        for (it, number) in eight.iter_mut().enumerate() {
            let bit = it * WIDTH;
            *number = (word_of(part, bit / 8) >> (bit % 8)) as u32 & mask;
        }
        done += 1;
    }
    done
}

/// The eight bytes from one on.
#[inline]
fn word_of(bytes: &[u8; LOOKED_AT], at: usize) -> u64 {
    bytes[at..].first_chunk::<8>().map_or(0, |it| u64::from_le_bytes(*it))
}

/// As [`unpack`], of any bytes and widths.
fn one_by_one(bytes: &[u8], bit: usize, wide: usize, out: &mut [u32]) {
    let mask = (1u64 << wide) - 1;
    for (index, number) in out.iter_mut().enumerate() {
        let at = bit + index * wide;
        let rest = bytes.get(at / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<8>() {
            Some(it) => u64::from_le_bytes(*it),
            None => rest.iter().rev().fold(0, |word, &it| word << 8 | u64::from(it)),
        };
        *number = (word >> (at % 8) & mask) as u32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes runs as the format says.
    fn written(runs: &[(bool, Vec<u32>)], width: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        let head = |mut number: usize, bytes: &mut Vec<u8>| {
            while number >= 0x80 {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        };
        for (packed, numbers) in runs {
            if *packed {
                head((numbers.len() / 8) << 1 | 1, &mut bytes);
                let mut bits = vec![false; numbers.len() * usize::from(width)];
                for (index, &number) in numbers.iter().enumerate() {
                    for bit in 0..usize::from(width) {
                        bits[index * usize::from(width) + bit] = number >> bit & 1 == 1;
                    }
                }
                let byte =
                    |it: &[bool]| it.iter().rev().fold(0, |byte, &it| byte << 1 | u8::from(it));
                bytes.extend(bits.chunks(8).map(byte));
            } else {
                head(numbers.len() << 1, &mut bytes);
                let size = usize::from(width).div_ceil(8);
                bytes.extend(&numbers[0].to_le_bytes()[..size]);
            }
        }
        bytes
    }

    fn runs() -> impl Strategy<Value = (u8, Vec<(bool, Vec<u32>)>)> {
        (1u8..=32).prop_flat_map(|width| {
            let most = (1u64 << width) - 1;
            let number = (0..=most).prop_map(|it| it as u32);
            let packed = (1usize..5).prop_flat_map({
                let number = number.clone();
                move |groups| prop::collection::vec(number.clone(), groups * 8)
            });
            let same = (number, 1usize..300).prop_map(|(number, times)| vec![number; times]);
            let run =
                prop_oneof![packed.prop_map(|it| (true, it)), same.prop_map(|it| (false, it))];
            (Just(width), prop::collection::vec(run, 1..6))
        })
    }

    proptest! {
        #[test]
        fn runs_come_back_in_any_portions(
            (width, runs) in runs(),
            portions in prop::collection::vec(0usize..200, 1..20),
        ) {
            let bytes = Bytes::from(written(&runs, width));
            let all: Vec<u32> = runs.iter().flat_map(|it| it.1.iter().copied()).collect();
            let mut hybrid = Hybrid::new(bytes, width).unwrap();
            let mut at = 0;
            for (turn, &portion) in portions.iter().enumerate() {
                let some = portion.min(all.len() - at);
                let expected = &all[at..at + some];
                at += some;
                match turn % 3 {
                    0 => {
                        let mut out = Vec::new();
                        hybrid.read(some, &mut out).unwrap();
                        prop_assert_eq!(&out[..], expected);
                    }
                    1 => {
                        let (mut out, one) = (Vec::new(), expected.first().copied().unwrap_or(0));
                        let hits = hybrid.is(one, some, &mut out).unwrap();
                        let flags: Vec<bool> = expected.iter().map(|&it| it == one).collect();
                        prop_assert_eq!(hits, flags.iter().filter(|&&it| it).count());
                        prop_assert_eq!(out, flags);
                    }
                    _ => hybrid.skip(some).unwrap(),
                }
            }
            let rest = all.len() - at;
            prop_assert_eq!(hybrid.skip(rest + 1), Err(TooFew));
        }

        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..60), width in 0u8..=40) {
            if let Some(mut hybrid) = Hybrid::new(bytes.into(), width) {
                let mut out = Vec::new();
                while hybrid.read(7, &mut out).is_ok() && out.len() < 5000 {}
                let most = (1u64 << width) - 1;
                // Runs of one number are not masked: whoever uses numbers looks at them.
                prop_assert!(width % 8 != 0 || out.iter().all(|&it| u64::from(it) <= most));
            }
        }
    }

    #[test]
    fn without_bits_every_number_is_zero() {
        let mut out = Vec::new();
        assert_eq!(Hybrid::new(Bytes::new(), 0).unwrap().read(3, &mut out), Ok(()));
        assert_eq!(out, [0; 3]);
        assert!(Hybrid::new(Bytes::new(), 33).is_none());
    }
}
