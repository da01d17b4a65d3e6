//! A packed batch among the others, looked at as it waits: column by column, not unpacked.
//!
//! Knows nothing of customers and stages; what it looks up is given.

use std::hint::select_unpredictable;

use super::batches::{Batches, dense};
use super::kept::{Column, Kept, Order, Packed, Wanted};
use super::narrow::Strip;
use super::sparse::Sparse;
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
        let Some(packed) = self.packed(column) else { return Ok(None) };
        Ok(Some(see(&packed.strip, &self.batches.keep.get(&packed.held)?)))
    }

    fn packed(&self, column: Column) -> Option<&Packed> {
        self.kept.columns.iter().find(|it| it.column == column)
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

    /// Adds the amounts; none where no row has any.
    ///
    /// # Errors
    /// As [`Self::unpack`].
    pub fn amounts(&self, out: &mut Sparse) -> Result<()> {
        let rows = self.rows();
        match self.column(Column::Amounts, |strip, bytes| out.add(strip, bytes, rows))? {
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
        let (bases, keep) = (&self.batches.bases[id_type], &self.batches.keep);
        let Some(packed) = self.packed(Column::Id(id_type)) else { return Ok(()) };
        let (bytes, places) = (keep.get(&packed.held)?, packed.places(keep, |it| it)?);
        for &row in rows {
            let code = packed.strip.code_at(&bytes, row as usize);
            let code = places.as_ref().map_or(code.wrapping_sub(1), |it| it.of(code));
            if code != NONE {
                see(row, dense(code, bases));
            }
        }
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
        let Some(packed) = self.packed(Column::Id(id_type)) else { return Ok(()) };
        let keep = &self.batches.keep;
        let of_code = |code: u32| of[(dense_of(code, bases) as usize).min(last)];
        // No branch: which rows have an id, no processor guesses. Those without look at the last.
        let or = |own: u32, found: u32| select_unpredictable(own == NONE, found, own);
        let bytes = &keep.get(&packed.held)?;
        match packed.places(keep, of_code)? {
            Some(it) => packed.strip.change(bytes, out, |own, code| or(own, it.of(code))),
            None => packed.strip.change(bytes, out, |own, code| {
                let found = of_code(code.wrapping_sub(1));
                or(own, select_unpredictable(code == 0, NONE, found))
            }),
        }
        Ok(())
    }
}

/// The same where all shards are known to have a base, of whatever code.
#[inline(always)]
fn dense_of(code: u32, bases: &[u32; ID_SHARDS]) -> u32 {
    bases[code as usize % ID_SHARDS].wrapping_add(code / ID_SHARDS as u32)
}
