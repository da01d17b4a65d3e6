//! A packed batch among the others, looked at as it waits: column by column, not unpacked.
//!
//! Knows nothing of customers and stages; what it looks up is given.

use std::hint::select_unpredictable;

use super::batches::{Batches, dense};
use super::kept::{Column, Kept, Order, Wanted};
use super::narrow::Strip;
use super::steps::Steps;
use crate::base::{NONE, Result};
use crate::model::Batch;
use crate::model::raw::ID_SHARDS;

/// Shows each batch of a run as it waits.
pub type Run<'r> = dyn FnMut(&mut dyn FnMut(&Waiting<'_>) -> Result<()>) -> Result<()> + 'r;

/// A batch as it waits: its columns are looked at as they are packed, or unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'w> {
    pub(super) batches: &'w Batches,
    pub(super) kept: &'w Kept,
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
    pub fn each_id(
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

/// The same where all shards are known to have a base, of whatever code.
#[inline(always)]
fn dense_of(code: u32, bases: &[u32; ID_SHARDS]) -> u32 {
    bases[code as usize % ID_SHARDS].wrapping_add(code / ID_SHARDS as u32)
}
