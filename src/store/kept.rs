//! One batch of rows, packed column by column.
//!
//! Knows nothing of other batches, nor what codes of ids mean once all are read.

use std::iter::once;

use super::keep::{Held, Keep};
use super::narrow::Strip;
use super::sparse;
use crate::base::{NONE, Result};
use crate::model::Batch;
use crate::model::raw::{Sequence, TextColumn};

/// A batch that waits, and what is known of it without unpacking.
#[derive(Debug)]
pub struct Kept {
    /// Whether its rows only link ids.
    pub links: bool,
    /// How many rows it has.
    pub rows: usize,
    /// Whether its sequence is of event ids, not of a sequence column.
    pub event_ids: bool,
    /// What decides between equal times.
    pub order: Order,
    pub(super) file_order: u32,
    /// How many columns of ids and of texts there are, with rows or without.
    widths: (usize, usize),
    /// The columns that have rows.
    pub(super) columns: Vec<Packed>,
}

/// A column of a batch, as it waits.
#[derive(Debug)]
pub(super) struct Packed {
    pub column: Column,
    pub strip: Strip,
    pub held: Held,
    /// The codes that those of the column are places of, four bytes each; `None` where they are no
    /// places.
    list: Option<Held>,
}

impl Packed {
    /// What each code of the column, as it stands, is to be: by its place in the list, and none for
    /// 0. `None` where codes are no places.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn places(&self, keep: &Keep, of: impl Fn(u32) -> u32) -> Result<Option<Places>> {
        let Some(list) = &self.list else { return Ok(None) };
        let bytes = keep.get(list)?;
        let codes = bytes.as_chunks().0.iter().map(|it| of(u32::from_le_bytes(*it)));
        Ok(Some(Places(once(NONE).chain(codes).collect())))
    }
}

/// See [`Packed::places`].
pub(super) struct Places(Vec<u32>);

impl Places {
    /// What a code is to be.
    #[inline(always)]
    pub fn of(&self, code: u32) -> u32 {
        self.0.get(code as usize).copied().unwrap_or(NONE)
    }
}

/// Which column of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// When.
    Times,
    /// The line of the file.
    Lines,
    /// What decides between equal times.
    Sequence,
    /// Minor units.
    Amounts,
    /// Ids of the type at a position.
    Id(usize),
    /// Texts of the column at a position.
    Text(usize),
}

/// How often codes come on average where they are kept with a list of what they stand for.
const OFTEN: usize = 2;

/// What is known of a batch's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// There is none.
    None,
    /// Numbers; `rises` if each is greater than the one before.
    Numbers {
        /// The first number.
        first: i64,
        /// The last number.
        last: i64,
        /// Whether each is greater than the one before.
        rises: bool,
    },
    /// Texts.
    Texts,
}

impl Order {
    /// Of numbers that are narrowed like this.
    fn of(numbers: &[i64], strip: &Strip) -> Self {
        let (&[first, ..], &[.., last]) = (numbers, numbers) else { return Self::None };
        // A line that passes the last number goes on at the first one.
        let step = i128::from(strip.ladder().1.cast_signed());
        let length = step * (numbers.len() as i128 - 1);
        let rises = match strip.is_line() {
            true => step > 0 && i128::from(last) - i128::from(first) == length,
            false => numbers.is_sorted_by(|a, b| a < b),
        };
        Self::Numbers { first, last, rises }
    }
}

impl Kept {
    /// Packs a batch whose codes hold over all batches.
    ///
    /// # Errors
    /// The spill file cannot be written.
    pub fn new(batch: &Batch, event_ids: bool, keep: &Keep) -> Result<Self> {
        let mut kept = Self::begin(batch, event_ids, keep)?;
        let mut push = |column, codes: &[u32]| {
            kept.push(column, Strip::of_codes(codes), codes.iter().copied(), keep)
        };
        if let Sequence::Texts(it) = &batch.sequence {
            push(Column::Sequence, &it.codes)?;
        }
        for (at, it) in batch.ids.iter().enumerate() {
            push(Column::Id(at), &it.codes)?;
        }
        for (at, it) in batch.texts.iter().enumerate() {
            push(Column::Text(at), &it.codes)?;
        }
        Ok(kept)
    }

    /// Packs the numbers of a batch; its codes follow by [`Self::push`].
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn begin(batch: &Batch, event_ids: bool, keep: &Keep) -> Result<Self> {
        let mut kept = Self {
            links: batch.links,
            rows: batch.len(),
            event_ids,
            order: Order::None,
            file_order: batch.file_order,
            widths: (batch.ids.len(), batch.texts.len()),
            columns: Vec::with_capacity(3 + batch.ids.len() + batch.texts.len()),
        };
        let codes = &mut Vec::with_capacity(batch.len());
        kept.push_numbers(Column::Times, &batch.times, codes, keep)?;
        kept.push_numbers(Column::Lines, &batch.lines, codes, keep)?;
        kept.order = match &batch.sequence {
            Sequence::None => Order::None,
            Sequence::Texts(_) => Order::Texts,
            Sequence::Numbers(it) => match kept.push_numbers(Column::Sequence, it, codes, keep)? {
                Some(strip) => Order::of(it, &strip),
                None => Order::None,
            },
        };
        kept.push_numbers(Column::Amounts, &batch.amounts, codes, keep)?;
        Ok(kept)
    }

    /// Packs a column of numbers, and says how; one without rows is left out. `codes` is room
    /// to work in.
    fn push_numbers(
        &mut self,
        column: Column,
        values: &[i64],
        codes: &mut Vec<u32>,
        keep: &Keep,
    ) -> Result<Option<Strip>> {
        if values.is_empty() {
            return Ok(None);
        }
        let few = if column == Column::Amounts { sparse::narrow(values) } else { None };
        if let Some(bytes) = few {
            let strip = Strip::of_sparse(0);
            self.columns.push(Packed { column, strip, held: keep.put(bytes)?, list: None });
            return Ok(Some(strip));
        }
        let strip = match column {
            Column::Sequence | Column::Lines => Strip::of_sequence(values, codes),
            _ => Strip::of_numbers(values, codes),
        };
        let bytes = match codes.is_empty() {
            true => strip.narrow_numbers(values.iter().copied()),
            false => strip.bytes(codes.iter().copied()),
        };
        self.columns.push(Packed { column, strip, held: keep.put(bytes)?, list: None });
        Ok(Some(strip))
    }

    /// Packs a column of codes that hold over all batches; one without rows is left out.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn push(
        &mut self,
        column: Column,
        strip: Strip,
        codes: impl ExactSizeIterator<Item = u32>,
        keep: &Keep,
    ) -> Result<()> {
        if codes.len() == 0 {
            return Ok(());
        }
        let held = keep.put(strip.narrow_codes(codes))?;
        self.columns.push(Packed { column, strip, held, list: None });
        Ok(())
    }

    /// Packs a column of codes of its own by what they stand for over all batches: `map` has that
    /// of each, and none behind. Where they come often, both are kept.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn push_mapped(
        &mut self,
        column: Column,
        codes: &[u32],
        map: &[u32],
        keep: &Keep,
    ) -> Result<()> {
        let own = map.len().saturating_sub(1);
        if own == 0 || own > codes.len() / OFTEN {
            return self.push(column, Strip::of_codes(map), mapped(codes, map), keep);
        }
        let list: Vec<[u8; 4]> = map[..own].iter().map(|it| it.to_le_bytes()).collect();
        self.push(column, Strip::of_kept(own as u32), codes.iter().copied(), keep)?;
        if let Some(packed) = self.columns.last_mut() {
            packed.list = Some(keep.put(list.into_flattened())?);
        }
        Ok(())
    }

    /// The batch with the codes that it was packed with.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn unpack(&self, keep: &Keep) -> Result<Batch> {
        let mut batch = Batch::default();
        self.unpack_as(keep, ALL, &|_, code| code, &|code| code, &mut batch)?;
        Ok(batch)
    }

    /// Makes `batch` this one, with the codes of ids (of the type at a position) and of event
    /// ids changed.
    pub(super) fn unpack_as(
        &self,
        keep: &Keep,
        wanted: Wanted,
        id: &impl Fn(usize, u32) -> u32,
        event_id: &impl Fn(u32) -> u32,
        batch: &mut Batch,
    ) -> Result<()> {
        self.clear(batch);
        let rows = self.rows;
        for packed in &self.columns {
            let Packed { column, strip, held, .. } = packed;
            if !wanted.has(*column) {
                continue;
            }
            let bytes = &*keep.get(held)?;
            match *column {
                Column::Times => strip.widen_numbers(bytes, rows, &mut batch.times),
                Column::Lines => strip.widen_numbers(bytes, rows, &mut batch.lines),
                Column::Amounts => strip.widen_numbers(bytes, rows, &mut batch.amounts),
                Column::Sequence if self.order == Order::Texts => {
                    let mut column = TextColumn::default();
                    strip.widen_codes(bytes, rows, event_id, &mut column.codes);
                    batch.sequence = Sequence::Texts(column);
                }
                Column::Sequence => {
                    let mut numbers = Vec::new();
                    strip.widen_numbers(bytes, rows, &mut numbers);
                    batch.sequence = Sequence::Numbers(numbers);
                }
                Column::Id(at) => {
                    let out = &mut batch.ids[at].codes;
                    match packed.places(keep, |it| id(at, it))? {
                        Some(it) => strip.append(bytes, rows, |code| it.of(code), out),
                        None => strip.widen_codes(bytes, rows, |it| id(at, it), out),
                    }
                }
                Column::Text(at) => {
                    strip.widen_codes(bytes, rows, |it| it, &mut batch.texts[at].codes);
                }
            }
        }
        Ok(())
    }

    /// Takes all rows out of a batch, which keeps its room.
    fn clear(&self, batch: &mut Batch) {
        (batch.links, batch.file_order) = (self.links, self.file_order);
        batch.times.clear();
        batch.lines.clear();
        batch.amounts.clear();
        batch.sequence = Sequence::None;
        batch.ids.resize_with(self.widths.0, TextColumn::default);
        batch.texts.resize_with(self.widths.1, TextColumn::default);
        batch.ids.iter_mut().chain(&mut batch.texts).for_each(|it| it.codes.clear());
    }
}

/// Codes by a map whose last entry is for [`NONE`]. There is no branch to guess.
pub fn mapped(codes: &[u32], map: &[u32]) -> impl ExactSizeIterator<Item = u32> {
    let none = map.len().saturating_sub(1);
    codes.iter().map(move |&it| map[(it as usize).min(none)])
}

/// Which columns of a batch are unpacked, besides times and ids.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Texts.
    pub texts: bool,
    /// Amounts.
    pub amounts: bool,
    /// Sequences and lines.
    pub sequence: bool,
}

impl Wanted {
    fn has(self, column: Column) -> bool {
        match column {
            Column::Times | Column::Id(_) => true,
            Column::Text(_) => self.texts,
            Column::Amounts => self.amounts,
            Column::Sequence | Column::Lines => self.sequence,
        }
    }
}

pub(super) const ALL: Wanted = Wanted { texts: true, amounts: true, sequence: true };

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whether they wait as places or as they are, codes come back as what they stand for.
        #[test]
        fn codes_come_back_as_what_they_stand_for(
            map in prop::collection::vec(0..NONE, 0..400),
            rows in prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), 1..400),
        ) {
            let code = |it: &Option<prop::sample::Index>| match it {
                Some(it) if !map.is_empty() => it.index(map.len()) as u32,
                _ => NONE,
            };
            let codes: Vec<u32> = rows.iter().map(code).collect();
            let wanted: Vec<u32> =
                codes.iter().map(|it| map.get(*it as usize).copied().unwrap_or(NONE)).collect();
            let (keep, mut batch) = (Keep::default(), Batch::default());
            batch.times.resize(codes.len(), 0);
            batch.ids.push(TextColumn::default());
            let mut kept = Kept::begin(&batch, false, &keep)?;
            let map: Vec<u32> = map.into_iter().chain([NONE]).collect();
            kept.push_mapped(Column::Id(0), &codes, &map, &keep)?;
            let often = map.len() > 1 && (map.len() - 1) * OFTEN <= codes.len();
            prop_assert_eq!(kept.columns.last().is_some_and(|it| it.list.is_some()), often);
            prop_assert_eq!(&kept.unpack(&keep)?.ids[0].codes, &wanted);
        }
    }
}
