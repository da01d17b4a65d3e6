//! Numbers that few rows have, as amounts are: each beside its row, the other rows left out.
//!
//! Knows nothing of what numbers mean.

use super::narrow::Strip;
use super::steps::Steps;
use crate::model::raw::NO_AMOUNT;

/// At most one of so many rows has a number: where more have one, each row has its place.
const FEW: usize = 16;
/// Fewer numbers than these are not worth a second thought.
const SOME: usize = 1 << 10;

/// A row and its number, as they are kept: four bytes and eight, little endian.
type Entry = [u8; 12];

fn entry(row: u32, number: i64) -> Entry {
    let (mut entry, (row, number)) = ([0; 12], (row.to_le_bytes(), number.to_le_bytes()));
    let (first, last) = entry.split_at_mut(4);
    first.copy_from_slice(&row);
    last.copy_from_slice(&number);
    entry
}

fn row_of(&[a, b, c, d, ..]: &Entry) -> u32 {
    u32::from_le_bytes([a, b, c, d])
}

/// The rows of a sparse strip that have a number, ascending, each with it.
pub(super) fn entries(bytes: &[u8]) -> impl ExactSizeIterator<Item = (u32, i64)> {
    let number = |&[_, _, _, _, ref it @ ..]: &Entry| i64::from_le_bytes(*it);
    bytes.as_chunks().0.iter().map(move |it| (row_of(it), number(it)))
}

/// The bytes of those of these rows that have a number.
pub(super) fn part(bytes: &[u8], rows: std::ops::Range<usize>) -> &[u8] {
    let entries: &[Entry] = bytes.as_chunks().0;
    let before = |row: usize| entries.partition_point(|it| (row_of(it) as usize) < row);
    entries[before(rows.start)..before(rows.end)].as_flattened()
}

/// The bytes of a column of which few rows are not [`NO_AMOUNT`]; `None` where they are not few.
///
/// ```
/// use touchpath::model::raw::NO_AMOUNT;
/// use touchpath::store::narrow::Strip;
/// use touchpath::store::sparse;
/// let mut column = [NO_AMOUNT; 40];
/// column[30] = 1_250;
/// let bytes = sparse::narrow(&column).unwrap();
/// assert_eq!(bytes.len(), 12);
/// let (strip, mut back) = (Strip::of_sparse(0), Vec::new());
/// strip.widen_numbers(&bytes, 40, &mut back);
/// assert_eq!(back, column);
/// assert_eq!(sparse::narrow(&[1, 2]), None);
/// ```
pub fn narrow(values: &[i64]) -> Option<Vec<u8>> {
    let (mut entries, most) = (Vec::new(), values.len() / FEW);
    for (row, &it) in (0u32..).zip(values) {
        if it != NO_AMOUNT {
            if entries.len() == most {
                return None;
            }
            entries.push(entry(row, it));
        }
    }
    Some(entries.into_flattened())
}

/// A column of numbers of several batches: sparse as long as few rows have one.
#[derive(Debug, Clone, Default)]
pub struct Sparse {
    entries: Vec<(u32, i64)>,
    /// How many rows there are while it is sparse.
    rows: usize,
    /// All rows, where not few have a number.
    dense: Steps,
    is_dense: bool,
}

impl Sparse {
    /// Takes all rows out, and keeps the room.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.dense.clear();
        (self.rows, self.is_dense) = (0, false);
    }

    /// Adds so many rows of a strip.
    pub fn add(&mut self, strip: &Strip, bytes: &[u8], rows: usize) {
        if !strip.is_sparse() {
            self.make_dense();
            return self.dense.add(strip, bytes, rows);
        }
        if self.is_dense {
            let mut values = Vec::with_capacity(rows);
            strip.widen_numbers(bytes, rows, &mut values);
            return self.add_dense(&values);
        }
        let begin = self.rows as u32;
        self.entries.extend(entries(bytes).map(|(row, number)| (begin + row, number)));
        self.rows += rows;
    }

    /// Adds so many rows without a number.
    pub fn add_none(&mut self, rows: usize) {
        if self.is_dense { self.dense.add_none(rows) } else { self.rows += rows }
    }

    /// Gives each row a place, if it has none.
    fn make_dense(&mut self) {
        if self.is_dense {
            return;
        }
        self.is_dense = true;
        let mut values = vec![NO_AMOUNT; self.rows];
        self.entries.drain(..).for_each(|(row, number)| values[row as usize] = number);
        self.add_dense(&values);
    }

    fn add_dense(&mut self, values: &[i64]) {
        let strip = Strip::of_numbers(values, &mut Vec::new());
        let bytes = strip.narrow_numbers(values.iter().copied());
        self.dense.add(&strip, &bytes, values.len());
    }

    /// Shows the places of numbers other than zero.
    pub fn each_nonzero(&self, mut show: impl FnMut(usize)) {
        if self.is_dense {
            return self.dense.each_nonzero(show);
        }
        let some = self.entries.iter().filter(|it| it.1 != 0);
        some.for_each(|it| show(it.0 as usize));
    }

    /// The numbers of these rows, in this order, narrowed; `place` tells where a row comes in it,
    /// and `codes` is room to work in. The rows stand in that order from then on.
    pub fn narrow(
        &mut self,
        order: &[u32],
        place: impl Fn(u32) -> u32,
        codes: &mut Vec<u32>,
    ) -> (Strip, Vec<u8>) {
        if self.entries.len() > self.rows / FEW {
            self.make_dense();
        }
        if self.is_dense {
            return self.dense.narrow(order, codes);
        }
        self.entries.iter_mut().for_each(|it| it.0 = place(it.0));
        self.entries.sort_unstable_by_key(|it| it.0);
        let entries: Vec<Entry> = self.entries.iter().map(|it| entry(it.0, it.1)).collect();
        (Strip::of_sparse(0), entries.into_flattened())
    }
}

impl Extend<i64> for Sparse {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, numbers: I) {
        let mut numbers = numbers.into_iter();
        if !self.is_dense {
            for number in &mut numbers {
                if number != NO_AMOUNT {
                    self.entries.push((self.rows as u32, number));
                }
                self.rows += 1;
                if self.entries.len() > SOME.max(self.rows / FEW) {
                    self.make_dense();
                    break;
                }
            }
        }
        if self.is_dense {
            self.dense.extend(numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A column by a strip of its own, as batches keep theirs.
    fn add(all: &mut Sparse, values: &[i64]) {
        match narrow(values) {
            Some(bytes) => all.add(&Strip::of_sparse(0), &bytes, values.len()),
            None => {
                let strip = Strip::of_numbers(values, &mut Vec::new());
                all.add(&strip, &strip.narrow_numbers(values.iter().copied()), values.len());
            }
        }
    }

    /// What a narrowed column says, looked at piece by piece, each row put in the place before
    /// which it stands in a column turned round.
    fn pieces(strip: Strip, bytes: &[u8], rows: usize, each: usize) -> Vec<i64> {
        let mut all = Vec::new();
        for begin in (0..rows).step_by(each) {
            let end = rows.min(begin + each);
            let (strip, bytes) = (strip.beginning(begin), strip.part(bytes, begin..end));
            let mut placed = vec![NO_AMOUNT; end - begin];
            let places: Vec<u32> = (0..(end - begin) as u32).rev().collect();
            strip.place_numbers(bytes, &places, &mut placed);
            placed.reverse();
            if strip.is_sparse() {
                let mut wide = Vec::new();
                strip.widen_numbers(bytes, end - begin, &mut wide);
                assert_eq!(wide, placed);
            }
            all.extend(placed);
        }
        all
    }

    proptest! {
        #[test]
        fn numbers_come_back_whether_few_or_many(
            parts in prop::collection::vec(
                (1..90usize, prop::collection::vec((0..90usize, -5..5i64), 0..4), any::<bool>()),
                0..6),
            each in 1..70usize,
            extended in any::<bool>(),
            none in 0..40usize,
        ) {
            let (mut all, mut plain) = (Sparse::default(), Vec::new());
            for (rows, some, many) in parts {
                let mut values = vec![if many { 7 } else { NO_AMOUNT }; rows];
                some.into_iter().for_each(|(row, number)| values[row % rows] = number);
                if extended { all.extend(values.iter().copied()) } else { add(&mut all, &values) }
                plain.extend(values);
            }
            all.add_none(none);
            plain.extend(vec![NO_AMOUNT; none]);
            let mut nonzero = Vec::new();
            all.each_nonzero(|at| nonzero.push(plain[at]));
            let some = plain.iter().copied().filter(|it| *it != NO_AMOUNT && *it != 0);
            prop_assert_eq!(nonzero, some.collect::<Vec<_>>());
            let count = plain.len() as u32;
            let order: Vec<u32> = (0..count).rev().collect();
            let (strip, bytes) = all.narrow(&order, |row| count - 1 - row, &mut Vec::new());
            let mut back = pieces(strip, &bytes, plain.len(), each);
            back.reverse();
            prop_assert_eq!(back, plain);
        }

        /// More than [`SOME`] numbers by one and one.
        #[test]
        fn many_numbers_by_and_by(rows in 1..40_000usize, step in 1..40usize, shift in 0..9_000usize) {
            let number = |row: usize| match row.checked_sub(shift) {
                Some(it) if it.is_multiple_of(step) => it as i64,
                _ => NO_AMOUNT,
            };
            let (mut all, plain) = (Sparse::default(), (0..rows).map(number).collect::<Vec<_>>());
            plain.chunks(777).for_each(|it| all.extend(it.iter().copied()));
            let order: Vec<u32> = (0..rows as u32).collect();
            let (strip, bytes) = all.narrow(&order, |row| row, &mut Vec::new());
            prop_assert_eq!(pieces(strip, &bytes, rows, rows).len(), rows);
            let mut back = Vec::new();
            strip.widen_numbers(&bytes, rows, &mut back);
            prop_assert!(back == plain);
        }
    }
}
