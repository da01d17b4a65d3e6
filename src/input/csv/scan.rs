//! Many plain records at once: where their fields end.
//!
//! Looks at 64 bytes together and stops at whatever is not plain (doubled quotes, quotes
//! out of place or around line ends, NUL, a carriage return alone, a record of another
//! width); that is left to `split`.

use wide::u8x16;

use super::split::FIELD_LIMIT;

/// How many records are looked for together.
pub(super) const RECORDS: usize = 256;
/// How many bytes are compared together.
const BLOCK: usize = 64;
/// How many bits of a block are written out without a look at how many there are.
const USUAL: usize = 12;
/// Wider records are left to the row-wise path.
const WIDEST: usize = 512;

/// What plain records look like in one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub delimiter: u8,
    /// How many fields a record has.
    pub width: usize,
    /// Whether lines end in a carriage return and a line feed.
    pub returns: bool,
}

/// Finds plain records, and keeps the memory that it needs.
pub(super) struct Scanner {
    shape: Shape,
    ends: Vec<u32>,
    quoted: bool,
}

/// Which of 64 bytes are of interest, one bit each.
struct Marks {
    lines: u64,
    /// Delimiters and line feeds: where fields end.
    ends: u64,
    returns: u64,
    nuls: u64,
    quotes: u64,
}

/// What a block must know of the bytes before it: 1 or 0 each, but for `inside`.
#[derive(Clone, Copy)]
struct Before {
    /// All bits, if the block begins inside of quotes.
    inside: u64,
    returned: u64,
    /// Whether a field ended in the last byte; so it is at the begin of a record.
    ended: u64,
    closed: u64,
}

impl Before {
    const RECORD: Self = Self { inside: 0, returned: 0, ended: 1, closed: 0 };
}

impl Marks {
    /// The bits after carriage returns.
    #[inline]
    fn after_returns(&self, before: &mut Before) -> u64 {
        let after = (self.returns << 1) | before.returned;
        before.returned = self.returns >> 63;
        after
    }

    /// Takes out delimiters that stand in quotes; gives the bits of quotes that are not
    /// plain: not around a whole field, or around line ends.
    #[inline]
    fn settle_quotes(&mut self, before: &mut Before) -> u64 {
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
    #[inline]
    fn of(bytes: &[u8], at: usize, delimiter: u8) -> Self {
        let rest = &bytes[at..];
        let mut padded = [if delimiter == b' ' { b'_' } else { b' ' }; BLOCK];
        let block: &[u8; BLOCK] = match rest.first_chunk() {
            Some(it) => it,
            None => {
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            }
        };
        let [delimiter, line, quote, carriage, nul] =
            [delimiter, b'\n', b'"', b'\r', 0].map(u8x16::splat);
        let mut marks = Self { lines: 0, ends: 0, returns: 0, nuls: 0, quotes: 0 };
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let part = u8x16::new(*part);
            let bits = |it: u8x16| u64::from(it.to_bitmask()) << (16 * index);
            let lines = part.simd_eq(line);
            marks.lines |= bits(lines);
            marks.ends |= bits(part.simd_eq(delimiter) | lines);
            marks.quotes |= bits(part.simd_eq(quote));
            marks.returns |= bits(part.simd_eq(carriage));
            marks.nuls |= bits(part.simd_eq(nul));
        }
        marks
    }
}

/// For each bit whether the number of ones up to it is odd.
#[inline]
fn parities(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// The bits below the lowest one.
#[inline]
fn below(bits: u64) -> u64 {
    if bits == 0 { u64::MAX } else { (bits & bits.wrapping_neg()) - 1 }
}

/// Where the last record ends that is whole and whose quotes, if any, are as plain as
/// [`Scanner`] has them; `start`, the begin of a record, if there is none.
pub(super) fn settled(bytes: &[u8], start: usize, delimiter: u8) -> usize {
    let (mut end, mut at, mut before) = (start, start, Before::RECORD);
    while at < bytes.len() {
        let mut marks = Marks::of(bytes, at, delimiter);
        // Lines may end either way here.
        let lone = marks.after_returns(&mut before) & !marks.lines;
        let odd = lone | marks.settle_quotes(&mut before);
        let lines = marks.lines & marks.ends & below(odd);
        if lines != 0 {
            end = at + BLOCK - lines.leading_zeros() as usize;
        }
        if odd != 0 {
            break;
        }
        at += BLOCK;
    }
    end
}

impl Scanner {
    pub fn new(shape: Shape) -> Self {
        // A blank line of one field is no record, so such files have no plain ones.
        let room = match shape.width {
            2..=WIDEST => shape.width * RECORDS + 2 * BLOCK,
            _ => 0,
        };
        Self { shape, ends: vec![0; room], quoted: false }
    }

    /// Where the fields of the records found last end: as many as a record has for
    /// each, a line's last one at its line feed.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Whether there may be quotes around fields of those records.
    pub fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Finds plain records that follow each other from the begin of `bytes` on, at most
    /// [`RECORDS`]; says how many.
    pub fn scan(&mut self, bytes: &[u8]) -> usize {
        let width = self.shape.width;
        let wanted = width * RECORDS;
        let limit = bytes.len().min(FIELD_LIMIT - BLOCK);
        let (mut count, mut at, mut before) = (0, 0, Before::RECORD);
        self.quoted = false;
        while count < wanted && at < limit && !self.ends.is_empty() {
            if let Some(ends) = self.plain_ends(bytes, at, &mut before) {
                count = self.note(ends, count, at as u32);
                at += BLOCK;
                continue;
            }
            let mut marks = Marks::of(bytes, at, self.shape.delimiter);
            self.quoted |= marks.quotes != 0;
            let lone = match self.shape.returns {
                true => marks.after_returns(&mut before) ^ marks.lines,
                false => marks.returns,
            };
            let odd = lone | marks.nuls | marks.settle_quotes(&mut before);
            count = self.note(marks.ends & below(odd), count, at as u32);
            if odd != 0 {
                break;
            }
            at += BLOCK;
        }
        self.even(bytes, (count / width).min(RECORDS))
    }

    /// The ends of fields in a block that has nothing but them to look for.
    #[inline]
    fn plain_ends(&self, bytes: &[u8], at: usize, before: &mut Before) -> Option<u64> {
        let block: &[u8; BLOCK] = bytes[at..].first_chunk()?;
        if self.shape.returns || before.inside | before.closed != 0 {
            return None;
        }
        let [delimiter, line, quote, carriage, nul] =
            [self.shape.delimiter, b'\n', b'"', b'\r', 0].map(u8x16::splat);
        let (mut ends, mut odd) = (0, nul);
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let part = u8x16::new(*part);
            odd |= part.simd_eq(quote) | part.simd_eq(carriage) | part.simd_eq(nul);
            let marks = part.simd_eq(delimiter) | part.simd_eq(line);
            ends |= u64::from(marks.to_bitmask()) << (16 * index);
        }
        if odd.to_bitmask() != 0 {
            return None;
        }
        before.ended = ends >> 63;
        Some(ends)
    }

    /// Adds the places of a block's marks; says how many there are now.
    #[inline]
    fn note(&mut self, mut marks: u64, count: usize, at: u32) -> usize {
        let total = marks.count_ones() as usize;
        let Some(room) = self.ends[count..].first_chunk_mut::<BLOCK>() else { return count };
        let (usual, more) = room.split_at_mut(USUAL);
        for end in usual {
            *end = at + marks.trailing_zeros();
            marks &= marks.wrapping_sub(1);
        }
        if marks != 0 {
            for end in &mut more[..total - USUAL] {
                *end = at + marks.trailing_zeros();
                marks &= marks.wrapping_sub(1);
            }
        }
        count + total
    }

    /// How many of the first records have the file's width. Where every record's last
    /// field ends at a line feed and there are no further ones, all do.
    fn even(&self, bytes: &[u8], records: usize) -> usize {
        let width = self.shape.width;
        let found = &self.ends[..records * width];
        let Some(&last) = found.last() else { return 0 };
        let is_line = |end: &u32| bytes[*end as usize] == b'\n';
        let lines = memchr::memchr_iter(b'\n', &bytes[..=last as usize]).count();
        if lines == records && found.chunks_exact(width).all(|it| is_line(&it[width - 1])) {
            return records;
        }
        let even = |it: &&[u32]| it.iter().position(is_line) == Some(width - 1);
        found.chunks_exact(width).take_while(even).count()
    }
}
