//! Batches with codes of their own to rows with codes that hold everywhere.
//!
//! Works while files are still being read: threads hand their batches in, and
//! whoever completes a round settles it: texts go to the shared dictionaries, codes
//! are replaced, pairs of ids are noted, rows are packed away. Knows no files.

use std::mem::take;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::columns::promoted;
use crate::base::{Dictionary, Error, Issues, NONE, Result};
use crate::model::raw::{
    Batch, Blocked, Fields, ID_SHARDS, IdTable, InputFile, Keys, Sequence, TextColumn,
};
use crate::store::Keep;
use crate::store::batches::{Batches, dense};
use crate::store::kept::{Column, Kept, Order, mapped};
use crate::store::narrow::Strip;
use crate::store::raw::{Pairs, RawEvents};

/// How many rows wait before they are settled together: enough that each shard of
/// a dictionary is used often while it is in the cache.
const ROUND: usize = 1 << 20;
/// The most ids of a type in one shard: codes leave six bits for the shard.
const SHARD_LIMIT: u32 = (NONE / ID_SHARDS as u32) - 1;
/// A batch as readers hand it on: its rows, or what is left when they are gathered.
#[derive(Debug, Default)]
pub struct Part {
    batch: Batch,
    ticket: Option<u32>,
    rows: usize,
}

impl Deref for Part {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl Part {
    /// How many rows there are, gathered or not.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The keys of the rows, which stay with the part.
    pub fn take_keys(&mut self) -> Keys {
        take(&mut self.batch.keys)
    }

    /// The rows; none where they are gathered.
    pub fn into_batch(self) -> Batch {
        self.batch
    }
}

impl From<Batch> for Part {
    fn from(batch: Batch) -> Self {
        Self { rows: batch.len(), batch, ticket: None }
    }
}

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

/// Ids of two types that stand on a row together.
#[derive(Debug)]
struct Together {
    types: (usize, usize),
    codes: Mutex<Vec<(u32, u32)>>,
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

/// A dictionary in shards that threads fill at the same time.
#[derive(Debug)]
struct Shared {
    shards: Vec<Mutex<Dictionary>>,
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

    /// Notes which ids stand on a row together.
    fn note_pairs(&self, found: Vec<Vec<(u32, u32)>>) {
        for (pairs, mut found) in self.pairs.iter().zip(found) {
            if !found.is_empty() {
                self.bytes.fetch_add(found.len() as u64 * 8, Ordering::Relaxed);
                lock(&pairs.codes).append(&mut found);
            }
        }
    }

    /// All rows that were taken in, in the order of `parts`; each says whether its
    /// sequence is of event ids.
    ///
    /// # Errors
    /// More ids than can be numbered; the spill file cannot be written.
    pub fn finish(
        &self,
        fields: Fields,
        parts: Vec<(Part, bool)>,
        issues: Issues,
        inputs: Vec<InputFile>,
    ) -> Result<RawEvents> {
        let mut blocked = Blocked::new();
        let mut places: Vec<u32> = Vec::with_capacity(parts.len());
        for (mut part, event_ids) in parts {
            for (id, count) in take(&mut part.batch.blocked) {
                *blocked.entry(id).or_default() += count;
            }
            let ticket = part.ticket;
            let late = || self.take(part.batch, event_ids).ticket;
            places.extend(ticket.or_else(late));
        }
        let rest = take(&mut lock(&self.waiting).batches);
        rounds(rest).into_par_iter().with_max_len(1).for_each(|it| self.settle(it));
        if let Some(error) = take(&mut *lock(&self.trouble)) {
            return Err(error);
        }
        self.promote_event_ids()?;
        let kept = self.in_order(&places);
        let mut ids: Vec<IdTable> = self.ids.iter().map(Shared::finish).collect();
        // Nothing is interned any more, and ids are most of what stays in memory.
        ids.par_iter_mut().flat_map(|it| &mut it.shards).for_each(Dictionary::freeze);
        let sequence_texts = self.event_ids.finish();
        let pairs = self.pairs.iter().map(|it| dense_pairs(it, &ids)).collect();
        Ok(RawEvents {
            fields,
            batches: Batches::new(kept, Arc::clone(&self.keep), &ids, &sequence_texts),
            pairs,
            texts: self.texts.iter().map(|it| take(&mut *lock(it))).collect(),
            ids,
            sequence_texts,
            issues,
            blocked,
            inputs,
        })
    }

    /// What was kept, in the order of these tickets.
    fn in_order(&self, tickets: &[u32]) -> Vec<Kept> {
        let mut places = vec![usize::MAX; tickets.len()];
        for (place, &ticket) in tickets.iter().enumerate() {
            if let Some(it) = places.get_mut(ticket as usize) {
                *it = place;
            }
        }
        let mut kept = take(&mut *lock(&self.kept));
        kept.sort_unstable_by_key(|it| places.get(it.0 as usize).copied());
        kept.into_iter().map(|it| it.1).collect()
    }

    /// Event ids are numbers only if they all are: as soon as one batch holds texts,
    /// every batch does. Numbers of a `sequence` column stay numbers.
    fn promote_event_ids(&self) -> Result<()> {
        let mut kept = lock(&self.kept);
        if !kept.iter().any(|it| it.1.event_ids && it.1.order == Order::Texts) {
            return Ok(());
        }
        let numbers =
            |it: &&mut (u32, Kept)| it.1.event_ids && matches!(it.1.order, Order::Numbers { .. });
        for (_, kept) in kept.iter_mut().filter(numbers) {
            let mut batch = kept.unpack(&self.keep)?;
            if let Sequence::Numbers(numbers) = &batch.sequence {
                let mut column = promoted(numbers);
                let columns = [ByShard::new(&column.dictionary)];
                let maps = self.event_ids.intern(&columns, 0, &self.bytes)?;
                column.codes = mapped(&column.codes, &maps[0]).collect();
                batch.sequence = Sequence::Texts(column);
            }
            *kept = Kept::new(&batch, true, &self.keep)?;
        }
        Ok(())
    }
}

/// What is left, in as many rounds as there are threads.
fn rounds(mut rest: Vec<Unsettled>) -> Vec<Vec<Unsettled>> {
    let each = rest.len().div_ceil(rayon::current_num_threads()).max(1);
    let mut rounds = Vec::new();
    while !rest.is_empty() {
        rounds.push(rest.split_off(rest.len().saturating_sub(each)));
    }
    rounds
}

fn dense_pairs(together: &Together, ids: &[IdTable]) -> Pairs {
    let ((first, second), mut codes) = (together.types, take(&mut *lock(&together.codes)));
    let bases = (&ids[first].bases, &ids[second].bases);
    codes.par_iter_mut().for_each(|it| *it = (dense(it.0, bases.0), dense(it.1, bases.1)));
    Pairs { first, second, codes }
}

impl Default for Shared {
    fn default() -> Self {
        Self { shards: (0..ID_SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Shared {
    /// For each batch's texts the shared code of each of its codes, and [`NONE`] behind them:
    /// see [`mapped`]. Shards are filled one
    /// after another from `start` on, so that threads seldom meet.
    fn intern(
        &self,
        columns: &[ByShard],
        start: usize,
        bytes: &AtomicU64,
    ) -> Result<Vec<Vec<u32>>> {
        let mut maps: Vec<Vec<u32>> = columns.iter().map(|it| vec![NONE; it.len() + 1]).collect();
        if columns.iter().all(|it| it.len() == 0) {
            return Ok(maps);
        }
        let mut grown = 0;
        for shard in (0..ID_SHARDS).map(|it| (it + start * ID_SHARDS / 2) % ID_SHARDS) {
            let mut shared = lock(&self.shards[shard]);
            let before = shared.memory();
            let texts = columns.iter().enumerate().flat_map(|(at, column)| {
                column.texts(shard).map(move |(text, hash, local)| (text, hash, (at, local)))
            });
            shared.intern_all(texts, |(at, local), code| {
                maps[at][local as usize] = code * ID_SHARDS as u32 + shard as u32;
            });
            grown += (shared.memory() - before) as u64;
            if shared.len() as u64 > u64::from(SHARD_LIMIT) {
                return Err(Error::new("more than four billion distinct ids")
                    .hint("fold the data in shards by customer"));
            }
        }
        bytes.fetch_add(grown, Ordering::Relaxed);
        Ok(maps)
    }

    fn finish(&self) -> IdTable {
        let shards: Vec<Dictionary> = self.shards.iter().map(|it| take(&mut *lock(it))).collect();
        if shards.iter().all(Dictionary::is_empty) {
            return IdTable::default();
        }
        let mut bases = vec![0u32];
        let mut base = 0u32;
        for shard in &shards {
            base = base.saturating_add(u32::try_from(shard.len()).unwrap_or(NONE));
            bases.push(base);
        }
        IdTable { shards, bases }
    }
}

/// The texts of a dictionary, by shard, one behind the other.
#[derive(Debug, Default)]
struct ByShard {
    codes: Vec<u32>,
    hashes: Vec<u64>,
    arena: String,
    /// The end of each text in the arena.
    ends: Vec<usize>,
    /// The end of each shard among the texts; nothing where there are none.
    shards: Vec<u32>,
}

impl ByShard {
    fn new(dictionary: &Dictionary) -> Self {
        if dictionary.is_empty() {
            return Self::default();
        }
        let count = u32::try_from(dictionary.len()).unwrap_or(NONE);
        let hashes: Vec<u64> = dictionary.iter().map(|it| dictionary.hash(it.as_bytes())).collect();
        let shard = |code: u32| IdTable::shard(hashes[code as usize]);
        let mut shards = vec![0u32; ID_SHARDS];
        for code in 0..count {
            shards[shard(code)] += 1;
        }
        let mut next = [0u32; ID_SHARDS];
        let mut total = 0;
        for (end, next) in shards.iter_mut().zip(&mut next) {
            *next = total;
            total += *end;
            *end = total;
        }
        let mut codes = vec![0; total as usize];
        for code in 0..count {
            let place = &mut next[shard(code)];
            codes[*place as usize] = code;
            *place += 1;
        }
        let mut arena = String::with_capacity(dictionary.text_bytes());
        let end = |&code: &u32| {
            arena.push_str(dictionary.get(code));
            arena.len()
        };
        let ends = codes.iter().map(end).collect();
        let hashes = codes.iter().map(|&it| hashes[it as usize]).collect();
        Self { codes, hashes, arena, ends, shards }
    }

    fn len(&self) -> usize {
        self.codes.len()
    }

    fn range(&self, shard: usize) -> std::ops::Range<usize> {
        let end = |shard: usize| self.shards.get(shard).map_or(0, |&it| it as usize);
        (if shard == 0 { 0 } else { end(shard - 1) })..end(shard)
    }

    /// The texts of a shard, their hashes and codes.
    fn texts(&self, shard: usize) -> impl Iterator<Item = (&str, u64, u32)> {
        self.range(shard).map(|at| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            (&self.arena[start..self.ends[at]], self.hashes[at], self.codes[at])
        })
    }
}

/// The pairs of two columns of local codes, as shared codes. A pair is left out
/// where the weaker id was last seen with the same stronger one.
fn pairs_of(
    (strong, weak): (&[u32], &[u32]),
    (strong_map, weak_map): (&[u32], &[u32]),
    out: &mut Vec<(u32, u32)>,
) {
    let mut last = vec![NONE; weak_map.len()];
    for (&a, &b) in strong.iter().zip(weak) {
        if a == NONE || b == NONE || last[b as usize] == a {
            continue;
        }
        last[b as usize] = a;
        out.push((strong_map[a as usize], weak_map[b as usize]));
    }
}

/// The shared code of each code of a column, and [`NONE`] behind them: see [`mapped`].
fn intern_texts(column: &TextColumn, shared: &Mutex<Dictionary>, bytes: &AtomicU64) -> Vec<u32> {
    let mut map = Vec::with_capacity(column.dictionary.len() + 1);
    if !column.dictionary.is_empty() {
        let mut shared = lock(shared);
        let before = shared.memory();
        map.extend(column.dictionary.iter().map(|it| shared.intern(it)));
        bytes.fetch_add((shared.memory() - before) as u64, Ordering::Relaxed);
    }
    map.push(NONE);
    map
}
