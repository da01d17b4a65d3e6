//! What the codes of a narrowed column stand for, row by row or put to places.

use super::Strip;
use crate::base::NONE;
use crate::model::raw::NO_AMOUNT;
use crate::store::sparse;

impl Strip {
    /// Adds so many values from their codes, each but none changed by `map`.
    pub fn widen_codes(
        &self,
        bytes: &[u8],
        rows: usize,
        map: impl Fn(u32) -> u32,
        out: &mut Vec<u32>,
    ) {
        self.append(bytes, rows, |code| if code == 0 { NONE } else { map(code - 1) }, out);
    }

    /// Adds what `map` makes of each of so many codes as they stand: 0 is none.
    #[inline]
    pub fn append<T>(&self, bytes: &[u8], rows: usize, map: impl Fn(u32) -> T, out: &mut Vec<T>) {
        match self.width {
            0 => out.extend((0..rows).map(|_| map(0))),
            1 => out.extend(bytes.iter().map(|&it| map(u32::from(it)))),
            2 => out.extend(
                bytes.as_chunks().0.iter().map(|it| map(u32::from(u16::from_le_bytes(*it)))),
            ),
            _ => out.extend(bytes.as_chunks().0.iter().map(|it| map(u32::from_le_bytes(*it)))),
        }
    }

    /// Makes of each value and its code, as it stands, another value.
    #[inline]
    pub fn change<T: Copy>(&self, bytes: &[u8], values: &mut [T], map: impl Fn(T, u32) -> T) {
        match self.width {
            0 => values.iter_mut().for_each(|it| *it = map(*it, 0)),
            1 => change(bytes, values, |it, [code]: [u8; 1]| map(it, u32::from(code))),
            2 => change(bytes, values, |it, code| map(it, u32::from(u16::from_le_bytes(code)))),
            _ => change(bytes, values, |it, code| map(it, u32::from_le_bytes(code))),
        }
    }

    /// The code of a row as it stands, of one, two or four bytes each.
    pub fn code_at(&self, bytes: &[u8], row: usize) -> u32 {
        let mut code = [0; 4];
        let own = self.part(bytes, row..row + 1);
        code.iter_mut().zip(own).for_each(|(to, it)| *to = *it);
        u32::from_le_bytes(code)
    }

    /// The greatest code, of one, two or four bytes each.
    pub fn greatest(&self, bytes: &[u8]) -> u32 {
        // Compared as differences in sign, which every processor does in packs.
        let signed = |it: u32| (it ^ 1 << 31) as i32;
        let words = bytes.as_chunks().0.iter().map(|it| signed(u32::from_le_bytes(*it)));
        match self.width {
            0 => 0,
            1 => u32::from(bytes.iter().copied().max().unwrap_or(0)),
            2 => u32::from(
                bytes.as_chunks().0.iter().map(|it| u16::from_le_bytes(*it)).fold(0, u16::max),
            ),
            _ => words.fold(i32::MIN, i32::max) as u32 ^ 1 << 31,
        }
    }

    /// Writes values from their codes to these places, each changed by `map`, also none.
    #[inline]
    pub fn place_codes<T>(
        &self,
        bytes: &[u8],
        places: &[u32],
        map: impl Fn(u32) -> T,
        out: &mut [T],
    ) {
        // One less than the code of none is none.
        let value = |code: u32| map(code.wrapping_sub(1));
        match self.width {
            0 => places.iter().for_each(|&it| out[it as usize] = map(NONE)),
            1 => place(bytes, places, out, |[it]: [u8; 1]| value(u32::from(it))),
            2 => place(bytes, places, out, |it| value(u32::from(u16::from_le_bytes(it)))),
            _ => place(bytes, places, out, |it| value(u32::from_le_bytes(it))),
        }
    }

    /// Writes numbers from their codes to these places, where [`NO_AMOUNT`] stands already for
    /// rows that a sparse column leaves out.
    pub fn place_numbers(&self, bytes: &[u8], places: &[u32], out: &mut [i64]) {
        let first = self.base.wrapping_sub(self.scale.cast_signed());
        let value = |code: u64| match code {
            0 => NO_AMOUNT,
            it => first.wrapping_add(it.wrapping_mul(self.scale).cast_signed()),
        };
        if self.is_line() {
            let codes = 1..;
            return places.iter().zip(codes).for_each(|(&it, code)| out[it as usize] = value(code));
        }
        if self.is_sparse() {
            return self.few(bytes).for_each(|(row, it)| {
                if let Some(place) = places.get(row) {
                    out[*place as usize] = it;
                }
            });
        }
        match self.width {
            0 => places.iter().for_each(|&it| out[it as usize] = NO_AMOUNT),
            1 => place(bytes, places, out, |[it]: [u8; 1]| value(u64::from(it))),
            2 => place(bytes, places, out, |it| value(u64::from(u16::from_le_bytes(it)))),
            4 => place(bytes, places, out, |it| value(u64::from(u32::from_le_bytes(it)))),
            _ => place(bytes, places, out, |it| value(u64::from_le_bytes(it))),
        }
    }

    /// Adds so many values from their codes.
    pub fn widen_numbers(&self, bytes: &[u8], rows: usize, out: &mut Vec<i64>) {
        if self.is_line() {
            let at =
                |row: usize| self.base.wrapping_add((self.scale as i64).wrapping_mul(row as i64));
            return out.extend((0..rows).map(at));
        }
        if self.is_sparse() {
            let begin = out.len();
            out.resize(begin + rows, NO_AMOUNT);
            let own = &mut out[begin..];
            return self.few(bytes).for_each(|(row, it)| {
                if let Some(to) = own.get_mut(row) {
                    *to = it;
                }
            });
        }
        match self.width {
            0 => out.resize(out.len() + rows, NO_AMOUNT),
            1 => self.take(bytes.iter().map(|&it| u64::from(it)), out),
            2 => self
                .take(bytes.as_chunks().0.iter().map(|it| u64::from(u16::from_le_bytes(*it))), out),
            4 => self
                .take(bytes.as_chunks().0.iter().map(|it| u64::from(u32::from_le_bytes(*it))), out),
            _ => self.take(bytes.as_chunks().0.iter().map(|it| u64::from_le_bytes(*it)), out),
        }
    }

    fn take(&self, codes: impl ExactSizeIterator<Item = u64>, out: &mut Vec<i64>) {
        let first = self.base.wrapping_sub(self.scale as i64);
        out.extend(codes.map(|it| match it {
            0 => NO_AMOUNT,
            it => first.wrapping_add(it.wrapping_mul(self.scale) as i64),
        }));
    }

    /// The rows of a sparse column that have a number, counted from its first, and the numbers.
    fn few(&self, bytes: &[u8]) -> impl Iterator<Item = (usize, i64)> {
        sparse::entries(bytes).map(|(row, it)| ((i64::from(row) - self.base) as usize, it))
    }
}

/// Makes of each value and its code of so many bytes another value.
#[inline(always)]
fn change<T: Copy, const W: usize>(bytes: &[u8], values: &mut [T], map: impl Fn(T, [u8; W]) -> T) {
    let codes = bytes.as_chunks::<W>().0;
    values.iter_mut().zip(codes).for_each(|(it, code)| *it = map(*it, *code));
}

/// Writes what codes of so many bytes stand for to these places.
#[inline(always)]
fn place<T, const W: usize>(
    bytes: &[u8],
    places: &[u32],
    out: &mut [T],
    value: impl Fn([u8; W]) -> T,
) {
    let codes = bytes.as_chunks::<W>().0;
    let count = codes.len().min(places.len());
    let (codes, places) = (&codes[..count], &places[..count]);
    for at in 0..count {
        out[places[at] as usize] = value(codes[at]);
    }
}
