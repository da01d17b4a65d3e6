//! Batches of rows, packed: what reading leaves and grouping takes.
//!
//! While files are read, an id's code is its number within its shard times
//! [`ID_SHARDS`] plus the shard; once all are read, codes are dense. [`Batches`]
//! makes them so as a batch is unpacked.

use std::borrow::Borrow;

use rayon::prelude::*;

use super::keep::Keep;
use super::kept::{ALL, Kept, Wanted};
use super::waiting::{Run, Waiting};
use crate::base::Result;
use crate::model::Batch;
use crate::model::raw::{ID_SHARDS, IdTable};

/// All batches of a study, by source, by file, by place.
#[derive(Debug, Default)]
pub struct Batches {
    kept: Vec<Kept>,
    pub(super) keep: std::sync::Arc<Keep>,
    /// For each id type the first dense code of each shard.
    pub(super) bases: Vec<Vec<u32>>,
    /// The same for event ids that are texts.
    pub(super) event_bases: Vec<u32>,
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

    pub(super) fn dense(&self, kept: &Kept, wanted: Wanted, batch: &mut Batch) -> Result<()> {
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
