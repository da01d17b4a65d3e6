//! What 64 bytes look like, one bit each: line feeds, delimiters, quotes and what is odd.
//!
//! Looked at in one of three ways, of which the processor at hand chooses: 16 bytes at a
//! time, which all can, 32, or all 64. Knows no record, and no format's rules but those of
//! quotes in values with delimiters.

use wide::u8x16;

/// How many bytes are looked at together.
pub(super) const BLOCK: usize = 64;
/// The last of the control characters that come before all others.
const LAST_CONTROL: u8 = 0x1f;

/// A way to look at a block of bytes.
pub(super) trait Look: Copy {
    /// Which bytes of a block are a certain one.
    fn bits(self, block: &[u8; BLOCK], byte: u8) -> u64;

    /// Which bytes of a block are backslashes or control characters of ASCII, but for the
    /// last one.
    fn odd(self, block: &[u8; BLOCK]) -> u64;

    /// Which bytes of a block are others than those of another block.
    fn other(self, block: &[u8; BLOCK], known: &[u8; BLOCK]) -> u64;

    /// The marks of a block that has no quotes, carriage returns or NUL.
    #[inline(always)]
    fn plain(self, block: &[u8; BLOCK], delimiter: u8) -> Option<Plain> {
        let Marks { lines, ends, returns, nuls, quotes } = self.marks(block, delimiter);
        (returns | nuls | quotes == 0).then_some(Plain { ends, lines })
    }

    /// All marks of a block.
    #[inline(always)]
    fn marks(self, block: &[u8; BLOCK], delimiter: u8) -> Marks {
        let lines = self.bits(block, b'\n');
        Marks {
            lines,
            ends: self.bits(block, delimiter) | lines,
            returns: self.bits(block, b'\r'),
            nuls: self.bits(block, 0),
            quotes: self.bits(block, b'"'),
        }
    }

    /// Writes the places of marks of a block that begins at `at` to the begin of some room.
    #[inline(always)]
    fn note(self, mut marks: u64, at: u32, room: &mut [u32; BLOCK]) {
        let total = marks.count_ones() as usize;
        let (usual, more) = room.split_at_mut(USUAL);
        for place in usual {
            *place = at + marks.trailing_zeros();
            marks &= marks.wrapping_sub(1);
        }
        if marks != 0 {
            for place in &mut more[..total - USUAL] {
                *place = at + marks.trailing_zeros();
                marks &= marks.wrapping_sub(1);
            }
        }
    }
}

/// How many marks of a block are written out without a look at how many there are.
const USUAL: usize = 12;

/// What a look at bytes is for: the same whichever way it is done.
pub(super) trait Work {
    /// What comes of it.
    type Output;

    /// Does it.
    fn with<L: Look>(self, look: L) -> Self::Output;
}

/// Which of 64 bytes end fields, and which of those end lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain {
    pub ends: u64,
    pub lines: u64,
}

/// 16 bytes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Narrow;

impl Look for Narrow {
    #[inline(always)]
    fn bits(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        let (parts, byte) = (block.as_chunks::<16>().0, u8x16::splat(byte));
        parts.iter().rev().fold(0, |bits, part| {
            bits << 16 | u64::from(u8x16::new(*part).simd_eq(byte).to_bitmask())
        })
    }

    #[inline(always)]
    fn odd(self, block: &[u8; BLOCK]) -> u64 {
        let [last, backslash] = [LAST_CONTROL, b'\\'].map(u8x16::splat);
        block.as_chunks::<16>().0.iter().rev().fold(0, |bits, part| {
            let part = u8x16::new(*part);
            let odd = part.min(last).simd_eq(part) | part.simd_eq(backslash);
            bits << 16 | u64::from(odd.to_bitmask())
        })
    }

    #[inline(always)]
    fn other(self, block: &[u8; BLOCK], known: &[u8; BLOCK]) -> u64 {
        let parts = block.as_chunks::<16>().0.iter().zip(known.as_chunks::<16>().0);
        !parts.rev().fold(0, |bits, (part, known)| {
            bits << 16 | u64::from(u8x16::new(*part).simd_eq(u8x16::new(*known)).to_bitmask())
        })
    }

    #[inline(always)]
    fn plain(self, block: &[u8; BLOCK], delimiter: u8) -> Option<Plain> {
        let [delimiter, line, quote, carriage, nul] =
            [delimiter, b'\n', b'"', b'\r', 0].map(u8x16::splat);
        let (mut plain, mut odd) = (Plain { ends: 0, lines: 0 }, nul);
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let part = u8x16::new(*part);
            let bits = |it: u8x16| u64::from(it.to_bitmask()) << (16 * index);
            odd |= part.simd_eq(quote) | part.simd_eq(carriage) | part.simd_eq(nul);
            let lines = part.simd_eq(line);
            plain.lines |= bits(lines);
            plain.ends |= bits(part.simd_eq(delimiter) | lines);
        }
        (odd.to_bitmask() == 0).then_some(plain)
    }
}

/// 32 bytes at a time, and bits counted and found in one instruction, where a processor can.
///
/// There are no closures here: one that is not inlined does without what the processor can.
#[cfg(target_arch = "x86_64")]
mod by_32 {
    use std::arch::x86_64::__m256i;

    use pulp::cast;
    use pulp::x86::V3;

    use super::{BLOCK, LAST_CONTROL, Look, Plain};

    /// The two halves of a block.
    #[inline(always)]
    fn halves(block: &[u8; BLOCK]) -> [__m256i; 2] {
        let (halves, _) = block.as_chunks::<32>();
        [cast(halves[0]), cast(halves[1])]
    }

    #[inline(always)]
    fn equal(simd: V3, [low, high]: [__m256i; 2], byte: u8) -> [__m256i; 2] {
        let byte = simd.avx._mm256_set1_epi8(byte as i8);
        [simd.avx2._mm256_cmpeq_epi8(low, byte), simd.avx2._mm256_cmpeq_epi8(high, byte)]
    }

    /// Which bytes of a half are backslashes or control characters.
    #[inline(always)]
    fn odd(simd: V3, half: __m256i) -> u32 {
        let last = simd.avx._mm256_set1_epi8(LAST_CONTROL as i8);
        let backslash = simd.avx._mm256_set1_epi8(b'\\' as i8);
        let control = simd.avx2._mm256_cmpeq_epi8(simd.avx2._mm256_min_epu8(half, last), half);
        let backslash = simd.avx2._mm256_cmpeq_epi8(half, backslash);
        simd.avx2._mm256_movemask_epi8(simd.avx2._mm256_or_si256(control, backslash)) as u32
    }

    impl Look for V3 {
        #[inline(always)]
        fn bits(self, block: &[u8; BLOCK], byte: u8) -> u64 {
            let [low, high] = equal(self, halves(block), byte);
            let low = self.avx2._mm256_movemask_epi8(low) as u32;
            let high = self.avx2._mm256_movemask_epi8(high) as u32;
            u64::from(low) | u64::from(high) << 32
        }

        #[inline(always)]
        fn odd(self, block: &[u8; BLOCK]) -> u64 {
            let [low, high] = halves(block);
            let (low, high) = (odd(self, low), odd(self, high));
            u64::from(low) | u64::from(high) << 32
        }

        #[inline(always)]
        fn other(self, block: &[u8; BLOCK], known: &[u8; BLOCK]) -> u64 {
            let ([low, high], [known_low, known_high]) = (halves(block), halves(known));
            let low = self.avx2._mm256_cmpeq_epi8(low, known_low);
            let high = self.avx2._mm256_cmpeq_epi8(high, known_high);
            let low = self.avx2._mm256_movemask_epi8(low) as u32;
            let high = self.avx2._mm256_movemask_epi8(high) as u32;
            !(u64::from(low) | u64::from(high) << 32)
        }

        #[inline(always)]
        fn plain(self, block: &[u8; BLOCK], delimiter: u8) -> Option<Plain> {
            let halves = halves(block);
            let mut odd = self.avx._mm256_setzero_si256();
            for byte in [b'"', b'\r', 0] {
                let [low, high] = equal(self, halves, byte);
                odd = self.avx2._mm256_or_si256(odd, self.avx2._mm256_or_si256(low, high));
            }
            let lines = self.bits(block, b'\n');
            let ends = self.bits(block, delimiter) | lines;
            (self.avx2._mm256_movemask_epi8(odd) == 0).then_some(Plain { ends, lines })
        }
    }
}

/// All 64 bytes at a time, and places written 16 at a time, where a processor can.
#[cfg(target_arch = "x86_64")]
mod by_64 {
    use std::arch::x86_64::__m512i;

    use pulp::cast;
    use pulp::x86::V4;

    use super::{BLOCK, LAST_CONTROL, Look};

    /// How many places are written together.
    const LANES: usize = 16;
    const LANE: [u32; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    impl Look for V4 {
        #[inline(always)]
        fn bits(self, block: &[u8; BLOCK], byte: u8) -> u64 {
            let byte = self.avx512f._mm512_set1_epi8(byte as i8);
            self.avx512bw._mm512_cmpeq_epi8_mask(cast(*block), byte)
        }

        #[inline(always)]
        fn odd(self, block: &[u8; BLOCK]) -> u64 {
            let last = self.avx512f._mm512_set1_epi8(LAST_CONTROL as i8);
            let controls = self.avx512bw._mm512_cmple_epu8_mask(cast(*block), last);
            controls | self.bits(block, b'\\')
        }

        #[inline(always)]
        fn other(self, block: &[u8; BLOCK], known: &[u8; BLOCK]) -> u64 {
            self.avx512bw._mm512_cmpneq_epu8_mask(cast(*block), cast(*known))
        }

        #[inline(always)]
        fn note(self, marks: u64, at: u32, room: &mut [u32; BLOCK]) {
            let simd = self.avx512f;
            let all: __m512i = cast(LANE);
            let (mut places, mut count) =
                (simd._mm512_add_epi32(all, simd._mm512_set1_epi32(at as i32)), 0);
            for part in 0..BLOCK / LANES {
                let bits = (marks >> (LANES * part)) as u16;
                if let Some(to) = room[count..].first_chunk_mut::<LANES>() {
                    *to = cast(simd._mm512_maskz_compress_epi32(bits, places));
                }
                count += bits.count_ones() as usize;
                places = simd._mm512_add_epi32(places, simd._mm512_set1_epi32(LANES as i32));
            }
        }
    }
}

/// Work to be done in a way that a processor may have or not.
#[cfg(target_arch = "x86_64")]
struct With<L, W> {
    look: L,
    work: W,
}

#[cfg(target_arch = "x86_64")]
impl<L: Look, W: Work> pulp::NullaryFnOnce for With<L, W> {
    type Output = W::Output;

    #[inline(always)]
    fn call(self) -> W::Output {
        self.work.with(self.look)
    }
}

/// Does work in the quickest way that the processor has.
#[inline]
pub(super) fn look<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        if let Some(look) = V4::try_new() {
            return look.vectorize(With { look, work });
        }
        if let Some(look) = V3::try_new() {
            return look.vectorize(With { look, work });
        }
    }
    work.with(Narrow)
}

/// Which of 64 bytes are of interest, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub lines: u64,
    /// Delimiters and line feeds: where fields end.
    pub ends: u64,
    pub returns: u64,
    pub nuls: u64,
    pub quotes: u64,
}

/// What a block must know of the bytes before it: 1 or 0 each, but for `inside`.
#[derive(Clone, Copy)]
pub(super) struct Before {
    /// All bits, if the block begins inside of quotes.
    pub inside: u64,
    pub returned: u64,
    /// Whether a field ended in the last byte; so it is at the begin of a record.
    pub ended: u64,
    pub closed: u64,
}

impl Before {
    /// The begin of a record.
    pub const RECORD: Self = Self { inside: 0, returned: 0, ended: 1, closed: 0 };
}

impl Marks {
    /// The bits after carriage returns.
    #[inline(always)]
    pub fn after_returns(&self, before: &mut Before) -> u64 {
        let after = (self.returns << 1) | before.returned;
        before.returned = self.returns >> 63;
        after
    }

    /// Takes out delimiters that stand in quotes; gives the bits of quotes that are not
    /// plain: not around a whole field, or around line ends.
    #[inline(always)]
    pub fn settle_quotes(&mut self, before: &mut Before) -> u64 {
        let mut odd = 0;
        if self.quotes | before.inside | before.closed != 0 {
            // A bit is set from an opening quote up to the byte before the closing one.
            let inside = parities(self.quotes) ^ before.inside;
            let (opening, closing) = (self.quotes & inside, self.quotes & !inside);
            self.ends &= !inside;
            odd = inside & (self.lines | self.returns)
                | opening & !((self.ends << 1) | before.ended)
                | ((closing << 1) | before.closed) & !(self.ends | self.returns);
            before.inside = 0u64.wrapping_sub(inside >> 63);
            before.closed = closing >> 63;
        }
        before.ended = self.ends >> 63;
        odd
    }

    /// The marks of the block at a place; beyond the end there are none.
    #[inline(always)]
    pub fn of(look: impl Look, bytes: &[u8], at: usize, delimiter: u8) -> Self {
        let mut padding = [if delimiter == b' ' { b'_' } else { b' ' }; BLOCK];
        look.marks(block_of(&bytes[at..], &mut padding), delimiter)
    }
}

/// The first block of bytes; of fewer, with what follows in the padding.
#[inline(always)]
pub(super) fn block_of<'b>(bytes: &'b [u8], padding: &'b mut [u8; BLOCK]) -> &'b [u8; BLOCK] {
    match bytes.first_chunk() {
        Some(it) => it,
        None => {
            padding[..bytes.len()].copy_from_slice(bytes);
            padding
        }
    }
}

/// For each bit whether the number of ones up to it is odd.
#[inline(always)]
pub(super) fn parities(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// The bits below the lowest one.
#[inline(always)]
pub(super) fn below(bits: u64) -> u64 {
    if bits == 0 { u64::MAX } else { (bits & bits.wrapping_neg()) - 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy)]
    struct Both<'b>(&'b [u8; BLOCK], &'b [u8; BLOCK]);

    type Seen = (Option<Plain>, Marks, Vec<u32>, u64, u64);

    impl Work for Both<'_> {
        type Output = Seen;

        fn with<L: Look>(self, look: L) -> Seen {
            let (marks, mut room) = (look.marks(self.0, b','), [0; BLOCK]);
            look.note(marks.ends, 7, &mut room);
            let places = room[..marks.ends.count_ones() as usize].to_vec();
            let other = look.other(self.0, self.1);
            (look.plain(self.0, b','), marks, places, look.odd(self.0), other)
        }
    }

    /// What the way of the middle gives, where the processor has a better one.
    fn by_32(work: Both<'_>) -> Seen {
        #[cfg(target_arch = "x86_64")]
        if let Some(look) = pulp::x86::V3::try_new() {
            return look.vectorize(With { look, work });
        }
        work.with(Narrow)
    }

    proptest! {
        #[test]
        fn every_way_sees_each_byte(
            usual in prop::collection::vec(prop::sample::select(&b",\nab,"[..]), BLOCK),
            rare in prop::collection::vec((0..BLOCK, any::<u8>()), 0..3),
            odd in prop::collection::vec((0..BLOCK, prop::sample::select(&b"\"\r\0"[..])), 0..2),
            others in prop::collection::vec((0..BLOCK, any::<u8>()), 0..3),
        ) {
            let mut block = [b' '; BLOCK];
            block.copy_from_slice(&usual);
            rare.iter().chain(&odd).for_each(|&(at, byte)| block[at] = byte);
            let of = |byte: u8| {
                (0..BLOCK).filter(|&at| block[at] == byte).fold(0u64, |bits, at| bits | 1 << at)
            };
            let marks = Marks {
                lines: of(b'\n'),
                ends: of(b',') | of(b'\n'),
                returns: of(b'\r'),
                nuls: of(0),
                quotes: of(b'"'),
            };
            let is_plain = marks.returns | marks.nuls | marks.quotes == 0;
            let plain = is_plain.then_some(Plain { ends: marks.ends, lines: marks.lines });
            let places = (0..BLOCK as u32).filter(|it| marks.ends >> it & 1 == 1).map(|it| 7 + it);
            let mut known = block;
            others.iter().for_each(|&(at, byte)| known[at] = byte);
            let other = (0..BLOCK).filter(|&at| block[at] != known[at]);
            let other = other.fold(0u64, |bits, at| bits | 1 << at);
            let both = Both(&block, &known);
            let odd = (0..0x20).fold(of(b'\\'), |odd, byte| odd | of(byte));
            let all = (plain, marks, places.collect::<Vec<_>>(), odd, other);
            prop_assert_eq!(&both.with(Narrow), &all);
            prop_assert_eq!(&by_32(both), &all);
            prop_assert_eq!(&look(both), &all);
        }
    }
}
