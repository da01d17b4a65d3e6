//! Batches with codes of their own to rows with codes that hold everywhere.
//!
//! Works while files are still being read: threads hand their batches in, and
//! whoever completes a round settles it: texts go to the shared dictionaries, codes
//! are replaced, pairs of ids are noted, rows are packed away. Knows no files.

mod finish;
mod pairs;
mod part;
mod shared;

use std::mem::take;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use part::Part;

use self::pairs::{Together, pairs_of};
use self::shared::{ByShard, Shared, intern_texts};
use crate::base::{Dictionary, Error, Result};
use crate::model::raw::{Batch, Fields, Sequence, TextColumn};
use crate::store::Keep;
use crate::store::kept::{Column, Kept, mapped};
use crate::store::narrow::Strip;

/// How many rows wait before they are settled together: enough that each shard of
/// a dictionary is used often while it is in the cache.
const ROUND: usize = 1 << 20;

/// Takes batches in while files are read.
#[derive(Debug)]
pub struct Gather {
    keep: Arc<Keep>,
    lines: bool,
    ids: Vec<Shared>,
    event_ids: Shared,
    texts: Vec<Mutex<Dictionary>>,
    pairs: Vec<Together>,
    waiting: Mutex<Waiting>,
    kept: Mutex<Vec<(u32, Kept)>>,
    /// Bytes of all shared dictionaries, roughly.
    bytes: AtomicU64,
    trouble: Mutex<Option<Error>>,
}

/// Batches that wait to be settled.
#[derive(Debug, Default)]
struct Waiting {
    batches: Vec<Unsettled>,
    rows: usize,
    tickets: u32,
}

/// A batch whose ids have codes of their own; all else is packed.
#[derive(Debug)]
struct Unsettled {
    ticket: u32,
    kept: Kept,
    ids: Vec<Local>,
    sequence: Local,
}

/// A column of codes of its own, and their texts.
#[derive(Debug, Default)]
struct Local {
    codes: Vec<u32>,
    texts: ByShard,
}

impl Local {
    /// Takes the codes out of a column.
    fn of(column: &mut TextColumn) -> Self {
        Self { codes: take(&mut column.codes), texts: ByShard::new(&column.dictionary) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gather {
    /// Nothing yet, for these columns.
    pub fn new(fields: &Fields, keep: Arc<Keep>) -> Self {
        let types = fields.id_types.len();
        let pairs = (0..types).flat_map(|it| (it + 1..types).map(move |other| (it, other)));
        let pairs = pairs.map(|types| Together { types, codes: Mutex::default() });
        Self {
            keep,
            lines: false,
            ids: (0..types).map(|_| Shared::default()).collect(),
            event_ids: Shared::default(),
            texts: fields.texts.iter().map(|_| Mutex::default()).collect(),
            pairs: pairs.collect(),
            waiting: Mutex::default(),
            kept: Mutex::default(),
            bytes: AtomicU64::new(0),
            trouble: Mutex::default(),
        }
    }

    /// The same, where rows keep the lines on which they stand if `lines` says so.
    #[must_use]
    pub fn with_lines(mut self, lines: bool) -> Self {
        self.lines = lines;
        self
    }

    /// Whether rows keep the lines on which they stand.
    pub fn notes_lines(&self) -> bool {
        self.lines
    }

    /// Takes a batch in; `event_ids` says that its sequence is of event ids.
    pub fn take(&self, mut batch: Batch, event_ids: bool) -> Part {
        self.take_from(&mut batch, event_ids)
    }

    /// As [`Self::take`], and leaves the room that the batch took: what it holds then is no
    /// matter.
    pub fn take_from(&self, batch: &mut Batch, event_ids: bool) -> Part {
        if !self.lines {
            batch.lines.clear();
        }
        let (blocked, keys) = (take(&mut batch.blocked), take(&mut batch.keys));
        let (rows, times_as) = (batch.len(), batch.times_as);
        let left = Batch { blocked, keys, times_as, ..Batch::default() };
        // Most of it is packed now, while it is near.
        let unsettled = match batch.is_empty() {
            true => Ok(None),
            false => self.pack(batch, event_ids).map(Some),
        };
        let unsettled = unsettled.unwrap_or_else(|error| {
            lock(&self.trouble).get_or_insert(error);
            None
        });
        let (ticket, round) = {
            let mut waiting = lock(&self.waiting);
            let ticket = waiting.tickets;
            waiting.tickets += 1;
            if let Some(unsettled) = unsettled {
                waiting.rows += rows;
                waiting.batches.push(Unsettled { ticket, ..unsettled });
            }
            let full = waiting.rows >= ROUND;
            waiting.rows = if full { 0 } else { waiting.rows };
            (ticket, if full { take(&mut waiting.batches) } else { Vec::new() })
        };
        self.settle(round);
        Part { batch: left, ticket: Some(ticket), rows }
    }

    /// Packs a batch but for its ids.
    fn pack(&self, batch: &mut Batch, event_ids: bool) -> Result<Unsettled> {
        let keep = &*self.keep;
        let mut kept = Kept::begin(batch, event_ids, keep)?;
        for (text, column) in batch.texts.iter().enumerate() {
            let map = intern_texts(column, &self.texts[text], &self.bytes);
            kept.push(
                Column::Text(text),
                Strip::of_codes(&map),
                mapped(&column.codes, &map),
                keep,
            )?;
        }
        let sequence = match &mut batch.sequence {
            Sequence::Texts(it) => Local::of(it),
            _ => Local::default(),
        };
        let ids = batch.ids.iter_mut().map(Local::of).collect();
        Ok(Unsettled { ticket: 0, kept, ids, sequence })
    }

    /// Settles batches; trouble is kept for [`Self::finish`].
    fn settle(&self, round: Vec<Unsettled>) {
        if round.is_empty() {
            return;
        }
        if let Err(error) = self.try_settle(round) {
            lock(&self.trouble).get_or_insert(error);
        }
    }

    fn try_settle(&self, mut round: Vec<Unsettled>) -> Result<()> {
        let start = round.first().map_or(0, |it| it.ticket as usize);
        let mut maps: Vec<Vec<Vec<u32>>> = Vec::with_capacity(self.ids.len());
        for (id_type, shared) in self.ids.iter().enumerate() {
            let columns: Vec<_> =
                round.iter_mut().map(|it| take(&mut it.ids[id_type].texts)).collect();
            maps.push(shared.intern(&columns, start, &self.bytes)?);
        }
        let columns: Vec<_> = round.iter_mut().map(|it| take(&mut it.sequence.texts)).collect();
        let sequences = self.event_ids.intern(&columns, start, &self.bytes)?;
        let mut pairs: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.pairs.len()];
        for (at, (it, sequence)) in round.iter_mut().zip(&sequences).enumerate() {
            let maps: Vec<&[u32]> = maps.iter().map(|it| &it[at][..]).collect();
            for (pairs, found) in self.pairs.iter().zip(&mut pairs) {
                let (first, second) = pairs.types;
                let codes = (&it.ids[first].codes[..], &it.ids[second].codes[..]);
                pairs_of(codes, (maps[first], maps[second]), found);
            }
            let codes = mapped(&it.sequence.codes, sequence);
            it.kept.push(Column::Sequence, Strip::of_codes(sequence), codes, &self.keep)?;
            for (id_type, (column, map)) in it.ids.iter().zip(maps).enumerate() {
                it.kept.push_mapped(Column::Id(id_type), &column.codes, map, &self.keep)?;
            }
            it.ids = Vec::new();
        }
        self.note_pairs(pairs);
        self.keep.set_other(self.bytes.load(Ordering::Relaxed));
        lock(&self.kept).extend(round.into_iter().map(|it| (it.ticket, it.kept)));
        Ok(())
    }
}
