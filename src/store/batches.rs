//! Batches of rows, packed: what reading leaves and grouping takes.
//!
//! While files are read, an id's code is its number within its shard times
//! [`ID_SHARDS`] plus the shard; once all are read, codes are dense. [`Batches`]
//! makes them so as a batch is unpacked.

use rayon::prelude::*;

use super::column::{decode_i64, decode_u32, encode_i64, encode_u32, skip};
use super::keep::{Held, Keep};
use crate::base::{Error, NONE, Result};
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
    held: Held,
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
    fn of(sequence: &Sequence) -> Self {
        match sequence {
            Sequence::None => Self::None,
            Sequence::Numbers(it) => match it[..] {
                [first, .., last] => {
                    Self::Numbers { first, last, rises: it.windows(2).all(|it| it[0] < it[1]) }
                }
                [only] => Self::Numbers { first: only, last: only, rises: true },
                [] => Self::None,
            },
            Sequence::Texts(_) => Self::Texts,
        }
    }
}

impl Kept {
    /// Packs a batch whose codes hold over all batches.
    ///
    /// # Errors
    /// The spill file cannot be written.
    pub fn new(batch: &Batch, event_ids: bool, keep: &Keep) -> Result<Self> {
        let mut bytes = Vec::new();
        pack(batch, &mut bytes);
        Ok(Self {
            links: batch.links,
            rows: batch.len(),
            event_ids,
            order: Order::of(&batch.sequence),
            held: keep.put(&bytes)?,
        })
    }

    /// The batch with the codes that it was packed with.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn unpack(&self, keep: &Keep) -> Result<Batch> {
        unpack(&mut &*keep.get(&self.held)?, true)
    }

    /// As [`Self::unpack`], without amounts and the texts of properties.
    fn unpack_ids(&self, keep: &Keep) -> Result<Batch> {
        unpack(&mut &*keep.get(&self.held)?, false)
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
        self.dense(&self.kept[index])
    }

    /// A batch without amounts and texts (times, ids and what orders rows), with ids as they
    /// were packed: [`Self::dense_id`] makes a code dense, [`Self::packed_id`] undoes that.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn ids_of(&self, index: usize) -> Result<Batch> {
        let mut batch = self.kept[index].unpack_ids(&self.keep)?;
        if let Sequence::Texts(column) = &mut batch.sequence {
            densify(&mut column.codes, &self.event_bases);
        }
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
    /// gives up each batch when it is taken.
    ///
    /// # Errors
    /// As [`Self::get`]; what `make` fails with.
    pub fn consume<T: Send>(
        &mut self,
        rows: usize,
        make: impl Fn(&mut dyn Iterator<Item = Result<Batch>>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let mut runs: Vec<Vec<Kept>> = Vec::new();
        let mut room = 0;
        for kept in std::mem::take(&mut self.kept) {
            if kept.rows > room || runs.is_empty() {
                runs.push(Vec::new());
                room = rows;
            }
            room = room.saturating_sub(kept.rows);
            if let Some(run) = runs.last_mut() {
                run.push(kept);
            }
        }
        let whole: &Self = self;
        let make = |run: Vec<Kept>| make(&mut run.into_iter().map(|it| whole.dense(&it)));
        runs.into_par_iter().with_max_len(1).map(make).collect()
    }

    fn dense(&self, kept: &Kept) -> Result<Batch> {
        Ok(self.densified(kept.unpack(&self.keep)?))
    }

    fn densified(&self, mut batch: Batch) -> Batch {
        for (column, bases) in batch.ids.iter_mut().zip(&self.bases) {
            densify(&mut column.codes, bases);
        }
        if let Sequence::Texts(column) = &mut batch.sequence {
            densify(&mut column.codes, &self.event_bases);
        }
        batch
    }
}

/// The dense code of one that says its shard.
#[inline]
pub fn dense(code: u32, bases: &[u32]) -> u32 {
    bases[code as usize % ID_SHARDS] + code / ID_SHARDS as u32
}

fn densify(codes: &mut [u32], bases: &[u32]) {
    for code in codes {
        if *code != NONE {
            *code = dense(*code, bases);
        }
    }
}

fn pack(batch: &Batch, out: &mut Vec<u8>) {
    out.reserve(batch.len() * 24);
    let kind = match &batch.sequence {
        Sequence::None => 0,
        Sequence::Numbers(_) => 1,
        Sequence::Texts(_) => 2,
    };
    let head = [u32::from(batch.links), batch.file_order, kind];
    encode_u32(&head, out);
    encode_u32(&[batch.ids.len() as u32, batch.texts.len() as u32], out);
    encode_i64(&batch.times, out);
    encode_i64(&batch.lines, out);
    match &batch.sequence {
        Sequence::None => {}
        Sequence::Numbers(it) => encode_i64(it, out),
        Sequence::Texts(it) => encode_u32(&it.codes, out),
    }
    encode_i64(&batch.amounts, out);
    for column in batch.ids.iter().chain(&batch.texts) {
        encode_u32(&column.codes, out);
    }
}

fn unpack(bytes: &mut &[u8], all: bool) -> Result<Batch> {
    let damaged = || Error::new("the spill file is damaged");
    let (mut head, mut counts) = (Vec::new(), Vec::new());
    decode_u32(bytes, &mut head)?;
    decode_u32(bytes, &mut counts)?;
    let (&[links, file_order, kind], &[ids, texts]) = (&head[..], &counts[..]) else {
        return Err(damaged());
    };
    let mut batch = Batch { links: links != 0, file_order, ..Batch::default() };
    decode_i64(bytes, &mut batch.times)?;
    decode_i64(bytes, &mut batch.lines)?;
    batch.sequence = match kind {
        0 => Sequence::None,
        1 => {
            let mut numbers = Vec::new();
            decode_i64(bytes, &mut numbers)?;
            Sequence::Numbers(numbers)
        }
        _ => Sequence::Texts(text_column(bytes)?),
    };
    match all {
        true => decode_i64(bytes, &mut batch.amounts)?,
        false => skip(bytes)?,
    }
    batch.ids = (0..ids).map(|_| text_column(bytes)).collect::<Result<_>>()?;
    let texts = if all { texts } else { 0 };
    batch.texts = (0..texts).map(|_| text_column(bytes)).collect::<Result<_>>()?;
    Ok(batch)
}

fn text_column(bytes: &mut &[u8]) -> Result<TextColumn> {
    let mut column = TextColumn::default();
    decode_u32(bytes, &mut column.codes)?;
    Ok(column)
}
