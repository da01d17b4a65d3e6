//! Columns of whole numbers while they wait inside a run: narrow, and cheap to make.
//!
//! A [`Strip`] says how a column was narrowed; its bytes are the codes alone, so that
//! a part of a column is a part of its bytes. What goes into files that outlive a run
//! is packed by `column`, which spends more on it. Knows nothing of what numbers mean.

mod widen;

use super::sparse;
use crate::model::raw::NO_AMOUNT;

/// How many values are tried before all are.
const SAMPLE: usize = 64;

/// How a column became codes of 0, 1, 2, 4 or 8 bytes, little endian.
///
/// Code 0 stands for *none* ([`NONE`](crate::base::NONE), [`NO_AMOUNT`]); any other counts steps of
/// `scale` from `base`, which code 1 stands for. A column of numbers that rise by the
/// same step is a line, and has no codes. A column of which few rows have a number is sparse
/// (see [`sparse`]), and its bytes are those rows and numbers.
///
/// ```
/// use touchpath::store::narrow::Strip;
/// let column = [700, u32::MAX, 703];
/// let strip = Strip::of_codes(&column);
/// let bytes = strip.narrow_codes(column.iter().copied());
/// assert_eq!(bytes.len(), 6); // up to 704: two bytes each
/// let mut back = Vec::new();
/// strip.widen_codes(strip.part(&bytes, 1..3), 2, |it| it, &mut back);
/// assert_eq!(back, [u32::MAX, 703]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    width: u8,
    kind: Kind,
    base: i64,
    scale: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Codes,
    Line,
    /// Rows count from the base on.
    Sparse,
}

impl Strip {
    /// How a column of codes is narrowed.
    pub fn of_codes(values: &[u32]) -> Self {
        // One more than a code, so that none is 0 and every other number is above it.
        let most = values.iter().fold(0, |most: u32, it| most.max(it.wrapping_add(1)));
        Self { width: width_of(u64::from(most)), kind: Kind::Codes, base: 0, scale: 1 }
    }

    /// How a column of times, sequences or amounts is narrowed, and its codes where four bytes
    /// hold each; else `codes` is empty.
    pub fn of_numbers(values: &[i64], codes: &mut Vec<u32>) -> Self {
        codes.clear();
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for &it in values {
            least = least.min(if it == NO_AMOUNT { i64::MAX } else { it });
            most = most.max(it);
        }
        if most == NO_AMOUNT {
            codes.resize(values.len(), 0);
            return Self { width: 0, kind: Kind::Codes, base: 0, scale: 1 };
        }
        let range = most.wrapping_sub(least) as u64;
        let plain = width_of(range + 1);
        let strip = |scale: u64| {
            let width = width_of(range / scale + 1);
            Self { width, kind: Kind::Codes, base: least, scale }
        };
        // Each constant divisor has code of its own: a division costs a multiplication.
        if plain > 1 {
            if strip(1_000_000).tries::<1_000_000>(plain, values, codes) {
                return strip(1_000_000);
            }
            if strip(1_000).tries::<1_000>(plain, values, codes) {
                return strip(1_000);
            }
        }
        codes.clear();
        if plain <= 4 {
            strip(1).code::<1>(values, codes);
        }
        strip(1)
    }

    /// Whether steps of this scale hold all values in less than `plain` bytes each; makes their
    /// codes, where four bytes hold each.
    fn tries<const SCALE: u64>(&self, plain: u8, values: &[i64], codes: &mut Vec<u32>) -> bool {
        let (sample, rest) = values.split_at(values.len().min(SAMPLE));
        codes.clear();
        let fits = self.width < plain
            && self.code::<SCALE>(sample, codes)
            && rest.chunks(SAMPLE * SAMPLE / 4).all(|it| self.code::<SCALE>(it, codes));
        if self.width > 4 {
            codes.clear();
        }
        fits
    }

    /// Adds the codes of values; whether each is a whole number of steps.
    fn code<const SCALE: u64>(&self, values: &[i64], codes: &mut Vec<u32>) -> bool {
        let mut off = 0;
        codes.extend(values.iter().map(|&it| {
            let above = it.wrapping_sub(self.base) as u64;
            let steps = above / SCALE;
            let some = it != NO_AMOUNT;
            off |= if some { above - steps * SCALE } else { 0 };
            if some { (steps as u32).wrapping_add(1) } else { 0 }
        }));
        off == 0
    }

    /// The same for numbers that may lie on a line: event ids one after another.
    pub fn of_sequence(values: &[i64], codes: &mut Vec<u32>) -> Self {
        if let [first, second, ..] = *values {
            let step = second.wrapping_sub(first);
            let none = values.first() == Some(&NO_AMOUNT) || values.last() == Some(&NO_AMOUNT);
            if !none && values.windows(2).all(|it| it[1].wrapping_sub(it[0]) == step) {
                codes.clear();
                return Self { width: 0, kind: Kind::Line, base: first, scale: step as u64 };
            }
        }
        Self::of_numbers(values, codes)
    }

    /// How numbers are narrowed that were counted already: code 1 is `base`, each further one a
    /// step of `scale` more.
    pub fn of_ladder(base: i64, scale: u64, most: u32) -> Self {
        Self { width: width_of(u64::from(most)), kind: Kind::Codes, base, scale }
    }

    /// What code 1 stands for, and how much each further code is more.
    pub fn ladder(&self) -> (i64, u64) {
        (self.base, self.scale)
    }

    /// How many bytes a value takes.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// Whether it has no codes because its numbers rise by the same step: a part of it says nothing.
    pub fn is_line(&self) -> bool {
        self.kind == Kind::Line
    }

    /// How numbers of few rows are narrowed, of which the first row is this one.
    pub fn of_sparse(first: usize) -> Self {
        Self { width: 0, kind: Kind::Sparse, base: first as i64, scale: 1 }
    }

    /// Whether its bytes are the few rows that have a number.
    pub fn is_sparse(&self) -> bool {
        self.kind == Kind::Sparse
    }

    /// The strip of [`Self::part`] from this row on.
    #[must_use]
    pub fn beginning(self, row: usize) -> Self {
        if self.is_sparse() { Self::of_sparse(row) } else { self }
    }

    /// The bytes of these rows.
    pub fn part<'b>(&self, bytes: &'b [u8], rows: std::ops::Range<usize>) -> &'b [u8] {
        if self.is_sparse() {
            return sparse::part(bytes, rows);
        }
        let width = self.width();
        bytes.get(rows.start * width..rows.end * width).unwrap_or_default()
    }

    /// The bytes of the codes of values that [`Self::of_codes`] saw.
    pub fn narrow_codes(&self, values: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
        self.bytes(values.map(|it| it.wrapping_add(1)))
    }

    /// The bytes of codes as they are.
    pub fn bytes(&self, codes: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
        match self.width {
            0 => Vec::new(),
            1 => codes.map(|it| it as u8).collect(),
            2 => flat(codes.map(|it| (it as u16).to_le_bytes())),
            _ => flat(codes.map(u32::to_le_bytes)),
        }
    }

    /// The bytes of the codes of values that [`Self::of_numbers`] saw.
    pub fn narrow_numbers(&self, values: impl ExactSizeIterator<Item = i64>) -> Vec<u8> {
        if self.width == 0 {
            return Vec::new();
        }
        let above = |it: i64| it.wrapping_sub(self.base) as u64;
        let some = |it: i64, code: u64| if it == NO_AMOUNT { 0 } else { code.wrapping_add(1) };
        match self.scale {
            1_000_000 => self.wide_bytes(values.map(|it| some(it, above(it) / 1_000_000))),
            1_000 => self.wide_bytes(values.map(|it| some(it, above(it) / 1_000))),
            1 => self.wide_bytes(values.map(|it| some(it, above(it)))),
            scale => self.wide_bytes(values.map(|it| some(it, above(it) / scale))),
        }
    }

    fn wide_bytes(&self, codes: impl ExactSizeIterator<Item = u64>) -> Vec<u8> {
        match self.width {
            1 => codes.map(|it| it as u8).collect(),
            2 => flat(codes.map(|it| (it as u16).to_le_bytes())),
            4 => flat(codes.map(|it| (it as u32).to_le_bytes())),
            _ => flat(codes.map(u64::to_le_bytes)),
        }
    }

    /// How codes up to this are narrowed that are kept as one more than they are.
    pub fn of_kept(most: u32) -> Self {
        Self::of_ladder(0, 1, most)
    }
}

/// The bytes that codes up to `most` need.
fn width_of(most: u64) -> u8 {
    match most {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

/// Written once: room that is set to zero first would be written twice.
fn flat<const W: usize>(parts: impl Iterator<Item = [u8; W]>) -> Vec<u8> {
    parts.collect::<Vec<_>>().into_flattened()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::NONE;

    /// The last place first.
    fn turned(count: usize) -> Vec<u32> {
        (0..count as u32).rev().collect()
    }

    fn codes_back(values: &[u32]) -> Vec<u32> {
        let (strip, mut back) = (Strip::of_codes(values), vec![7]);
        let bytes = strip.narrow_codes(values.iter().copied());
        assert_eq!(bytes.len(), values.len() * strip.width());
        strip.widen_codes(&bytes, values.len(), |it| it, &mut back);
        let mut placed = vec![9; values.len()];
        strip.place_codes(&bytes, &turned(values.len()), |it| it, &mut placed);
        placed.reverse();
        let back = back.split_off(1);
        assert_eq!(placed, back);
        back
    }

    fn numbers_back(values: &[i64], of: fn(&[i64], &mut Vec<u32>) -> Strip) -> Vec<i64> {
        let (mut codes, mut back) = (vec![9], vec![7]);
        let strip = of(values, &mut codes);
        let bytes = strip.narrow_numbers(values.iter().copied());
        if strip.is_line() || strip.width() == 8 {
            assert!(codes.is_empty());
        } else {
            assert_eq!(strip.bytes(codes.iter().copied()), bytes);
        }
        assert_eq!(bytes.len(), values.len() * strip.width());
        strip.widen_numbers(&bytes, values.len(), &mut back);
        let mut placed = vec![9; values.len()];
        strip.place_numbers(&bytes, &turned(values.len()), &mut placed);
        placed.reverse();
        let back = back.split_off(1);
        assert_eq!(placed, back);
        back
    }

    #[test]
    fn widths_are_the_least_that_hold_all_values() {
        let widths = |it: &[i64]| Strip::of_numbers(it, &mut Vec::new()).width();
        assert_eq!(widths(&[]), 0);
        assert_eq!(widths(&[NO_AMOUNT; 3]), 0);
        assert_eq!(widths(&[5, 259]), 1);
        assert_eq!(widths(&[5, 260]), 2);
        assert_eq!(widths(&[0, 3_600_000_000]), 2, "an hour in seconds");
        assert_eq!(widths(&[0, 3_600_001_000]), 4, "an hour in milliseconds");
        assert_eq!(widths(&[i64::MIN + 1, i64::MAX]), 8);
        assert_eq!(Strip::of_codes(&[254]).width(), 1);
        assert_eq!(Strip::of_codes(&[255, NONE]).width(), 2);
        let ids: Vec<i64> = (0..1000).map(|it| 40 + it * 3).collect();
        let sequence = |it: &[i64]| Strip::of_sequence(it, &mut Vec::new());
        assert!(sequence(&ids).is_line());
        assert!(!sequence(&[NO_AMOUNT, NO_AMOUNT]).is_line());
    }

    proptest! {
        #[test]
        fn codes_come_back(values in prop::collection::vec(
            prop_oneof![Just(NONE), 0..300u32, 0..70_000u32, any::<u32>()], 0..40))
        {
            prop_assert_eq!(codes_back(&values), values);
        }

        #[test]
        fn numbers_come_back(
            values in prop::collection::vec(
                prop_oneof![Just(NO_AMOUNT), -50..50i64, any::<i64>()], 0..40),
            scale in prop_oneof![Just(1i64), Just(1_000), Just(1_000_000)],
        ) {
            let values: Vec<i64> = values.iter().map(|&it| match it {
                NO_AMOUNT => it,
                it => it.wrapping_mul(scale),
            }).collect();
            prop_assert_eq!(&numbers_back(&values, Strip::of_numbers), &values);
            prop_assert_eq!(&numbers_back(&values, Strip::of_sequence), &values);
        }
    }
}
