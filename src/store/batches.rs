//! Batches of rows, packed: what reading leaves and grouping takes.
//!
//! While files are read, an id's code is its number within its shard times
//! [`ID_SHARDS`] plus the shard; once all are read, codes are dense. [`Batches`]
//! makes them so as a batch is unpacked.

use std::borrow::Borrow;
use std::hint::select_unpredictable;

use rayon::prelude::*;

use super::keep::{Held, Keep};
use super::narrow::Strip;
use super::steps::Steps;
use crate::base::{NONE, Result};
use crate::model::Batch;
use crate::model::raw::{ID_SHARDS, IdTable, Sequence, TextColumn};

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
    file_order: u32,
    /// How many columns of ids and of texts there are, with rows or without.
    widths: (usize, usize),
    /// The columns that have rows.
    columns: Vec<Packed>,
}

/// A column of a batch, as it waits.
#[derive(Debug)]
struct Packed {
    column: Column,
    strip: Strip,
    held: Held,
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
        let strip = match column {
            Column::Sequence | Column::Lines => Strip::of_sequence(values, codes),
            _ => Strip::of_numbers(values, codes),
        };
        let bytes = match codes.is_empty() {
            true => strip.narrow_numbers(values.iter().copied()),
            false => strip.bytes(codes.iter().copied()),
        };
        self.columns.push(Packed { column, strip, held: keep.put(bytes)? });
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
        self.columns.push(Packed { column, strip, held });
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
    fn unpack_as(
        &self,
        keep: &Keep,
        wanted: Wanted,
        id: &impl Fn(usize, u32) -> u32,
        event_id: &impl Fn(u32) -> u32,
        batch: &mut Batch,
    ) -> Result<()> {
        self.clear(batch);
        let rows = self.rows;
        for Packed { column, strip, held } in &self.columns {
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
                    strip.widen_codes(bytes, rows, |it| id(at, it), &mut batch.ids[at].codes);
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

const ALL: Wanted = Wanted { texts: true, amounts: true, sequence: true };

/// Shows each batch of a run as it waits.
pub type Run<'r> = dyn FnMut(&mut dyn FnMut(&Waiting<'_>) -> Result<()>) -> Result<()> + 'r;

/// A batch as it waits: its columns are looked at as they are packed, or unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'w> {
    batches: &'w Batches,
    kept: &'w Kept,
}

impl Waiting<'_> {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.kept.rows
    }

    /// Whether its rows only link ids.
    pub fn is_links(&self) -> bool {
        self.kept.links
    }

    /// Makes `batch` this one, with dense codes: times and ids, and what is wanted besides.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn unpack(&self, wanted: Wanted, batch: &mut Batch) -> Result<()> {
        self.batches.dense(self.kept, wanted, batch)
    }

    /// What is seen of a column: how it was narrowed and its bytes; `None` if no row has any.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn column<T>(
        &self,
        column: Column,
        see: impl FnOnce(&Strip, &[u8]) -> T,
    ) -> Result<Option<T>> {
        let Some(packed) = self.kept.columns.iter().find(|it| it.column == column) else {
            return Ok(None);
        };
        Ok(Some(see(&packed.strip, &self.batches.keep.get(&packed.held)?)))
    }

    /// Adds the numbers of a column; none where it has no rows.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn numbers(&self, column: Column, out: &mut Steps) -> Result<()> {
        let rows = self.rows();
        match self.column(column, |strip, bytes| out.add(strip, bytes, rows))? {
            Some(()) => {}
            None => out.add_none(rows),
        }
        Ok(())
    }

    /// The dense codes of its event ids, if they are texts; [`NONE`] where a row has none.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn event_ids(&self) -> Result<Option<Vec<u32>>> {
        if self.kept.order != Order::Texts {
            return Ok(None);
        }
        let (mut codes, bases) = (Vec::with_capacity(self.rows()), &self.batches.event_bases);
        self.column(Column::Sequence, |strip, bytes| {
            strip.widen_codes(bytes, self.rows(), |it| dense(it, bases), &mut codes);
        })?;
        codes.resize(self.rows(), NONE);
        Ok(Some(codes))
    }

    /// Shows those of these rows that have an id of a type, with its dense code.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn ids_of(
        &self,
        id_type: usize,
        rows: &[u32],
        mut see: impl FnMut(u32, u32),
    ) -> Result<()> {
        let bases = &self.batches.bases[id_type];
        self.column(Column::Id(id_type), |strip, bytes| {
            let codes = rows.iter().map(|&it| (it, strip.code_at(bytes, it as usize)));
            codes.filter(|it| it.1 > 0).for_each(|(row, code)| see(row, dense(code - 1, bases)));
        })?;
        Ok(())
    }

    /// Gives each row that has nothing yet ([`NONE`]) what `of` has for its id of a type, by
    /// dense codes.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn look_up(&self, id_type: usize, of: &[u32], out: &mut [u32]) -> Result<()> {
        let (Some(last), Some(bases)) =
            (of.len().checked_sub(1), self.batches.bases[id_type].first_chunk())
        else {
            return Ok(());
        };
        // No branch: which rows have an id, no processor guesses. Those without look at the last.
        let found = |own: u32, code: u32| {
            let at = dense_of(code.wrapping_sub(1), bases) as usize;
            let found = select_unpredictable(code == 0, NONE, of[at.min(last)]);
            select_unpredictable(own == NONE, found, own)
        };
        self.column(Column::Id(id_type), |strip, bytes| strip.change(bytes, out, found))?;
        Ok(())
    }
}

/// All batches of a study, by source, by file, by place.
#[derive(Debug, Default)]
pub struct Batches {
    kept: Vec<Kept>,
    keep: std::sync::Arc<Keep>,
    /// For each id type the first dense code of each shard.
    bases: Vec<Vec<u32>>,
    /// The same for event ids that are texts.
    event_bases: Vec<u32>,
}

impl Batches {
    /// Batches in order; the tables tell how codes become dense.
    pub fn new(
        kept: Vec<Kept>,
        keep: std::sync::Arc<Keep>,
        ids: &[IdTable],
        event_ids: &IdTable,
    ) -> Self {
        let bases = ids.iter().map(|it| it.bases.clone()).collect();
        Self { kept, keep, bases, event_bases: event_ids.bases.clone() }
    }

    /// What is known of each batch.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Where the batches wait.
    pub fn keep(&self) -> &std::sync::Arc<Keep> {
        &self.keep
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.kept.iter().map(|it| it.rows).sum()
    }

    /// A batch, with dense codes.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn get(&self, index: usize) -> Result<Batch> {
        let mut batch = Batch::default();
        self.dense(&self.kept[index], ALL, &mut batch)?;
        Ok(batch)
    }

    /// The order of the file of a batch among all input files.
    pub fn file_order(&self, index: usize) -> u32 {
        self.kept[index].file_order
    }

    /// Changes the rows of a batch; ids and event ids stand there with the codes that they
    /// were packed with.
    ///
    /// # Errors
    /// The spill file cannot be read or written.
    pub fn rewrite(&mut self, index: usize, change: impl FnOnce(&mut Batch)) -> Result<()> {
        let kept = &self.kept[index];
        let mut batch = kept.unpack(&self.keep)?;
        change(&mut batch);
        self.kept[index] = Kept::new(&batch, kept.event_ids, &self.keep)?;
        Ok(())
    }

    /// A batch without amounts and texts (times, ids and what orders rows), with ids as they
    /// were packed: [`Self::dense_id`] makes a code dense, [`Self::packed_id`] undoes that.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn ids_of(&self, index: usize) -> Result<Batch> {
        let (kept, mut batch) = (&self.kept[index], Batch::default());
        let event_id = |code| dense(code, &self.event_bases);
        let wanted = Wanted { texts: false, amounts: false, sequence: true };
        kept.unpack_as(&self.keep, wanted, &|_, code| code, &event_id, &mut batch)?;
        Ok(batch)
    }

    /// The dense code of an id that a row of [`Self::ids_of`] has.
    #[inline]
    pub fn dense_id(&self, id_type: usize, code: u32) -> u32 {
        dense(code, &self.bases[id_type])
    }

    /// What [`Self::dense_id`] makes this code of.
    pub fn packed_id(&self, id_type: usize, code: u32) -> u32 {
        let bases = &self.bases[id_type];
        let shard = bases.partition_point(|&it| it <= code).saturating_sub(1);
        (code - bases[shard]) * ID_SHARDS as u32 + shard as u32
    }

    /// All batches in order.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn all(&self) -> Result<Vec<Batch>> {
        (0..self.kept.len()).map(|it| self.get(it)).collect()
    }

    /// Shows each batch, in any order, on all threads.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn for_each(&self, visit: impl Fn(&Batch) + Sync) -> Result<()> {
        (0..self.kept.len()).into_par_iter().try_for_each(|it| {
            visit(&self.get(it)?);
            Ok(())
        })
    }

    /// Makes something of each run of batches of about so many rows, on all threads, and
    /// gives up each batch when the next is shown.
    ///
    /// # Errors
    /// As [`Self::get`]; what `make` fails with.
    pub fn consume<T: Send>(
        &mut self,
        rows: usize,
        make: impl Fn(&mut Run<'_>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let runs = runs(std::mem::take(&mut self.kept), rows, |it| it.rows);
        self.make(runs, make)
    }

    /// As [`Self::consume`], and the batches stay.
    ///
    /// # Errors
    /// As [`Self::consume`].
    pub fn look<T: Send>(
        &self,
        rows: usize,
        make: impl Fn(&mut Run<'_>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        self.make(runs(&self.kept, rows, |it| it.rows), make)
    }

    fn make<T: Send, K: Borrow<Kept> + Send>(
        &self,
        runs: Vec<Vec<K>>,
        make: impl Fn(&mut Run<'_>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let one = |run: Vec<K>| {
            let mut run = run.into_iter();
            make(&mut |show| {
                run.try_for_each(|it| show(&Waiting { batches: self, kept: it.borrow() }))
            })
        };
        runs.into_par_iter().with_max_len(1).map(one).collect()
    }

    fn dense(&self, kept: &Kept, wanted: Wanted, batch: &mut Batch) -> Result<()> {
        let id = |id_type: usize, code: u32| dense(code, &self.bases[id_type]);
        let event_id = |code| dense(code, &self.event_bases);
        kept.unpack_as(&self.keep, wanted, &id, &event_id, batch)
    }
}

/// Batches in runs of about so many rows.
fn runs<K>(
    kept: impl IntoIterator<Item = K>,
    rows: usize,
    of: impl Fn(&K) -> usize,
) -> Vec<Vec<K>> {
    let mut runs: Vec<Vec<K>> = Vec::new();
    let mut room = 0;
    for kept in kept {
        let own = of(&kept);
        if own > room || runs.is_empty() {
            runs.push(Vec::new());
            room = rows;
        }
        room = room.saturating_sub(own);
        if let Some(run) = runs.last_mut() {
            run.push(kept);
        }
    }
    runs
}

/// The dense code of one that says its shard.
#[inline]
pub fn dense(code: u32, bases: &[u32]) -> u32 {
    bases[code as usize % ID_SHARDS] + code / ID_SHARDS as u32
}

/// The same where all shards are known to have a base, of whatever code.
#[inline(always)]
fn dense_of(code: u32, bases: &[u32; ID_SHARDS]) -> u32 {
    bases[code as usize % ID_SHARDS].wrapping_add(code / ID_SHARDS as u32)
}
