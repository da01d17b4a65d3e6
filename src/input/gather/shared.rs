//! Dictionaries that threads fill together: texts of many batches to codes that hold everywhere.
//!
//! Ids have so many texts that their dictionary is in shards. Knows nothing of rows.

use std::mem::take;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lock;
use crate::base::{Dictionary, Error, NONE, Result};
use crate::model::raw::{ID_SHARDS, IdTable, TextColumn};

/// The most ids of a type in one shard: codes leave six bits for the shard.
const SHARD_LIMIT: u32 = (NONE / ID_SHARDS as u32) - 1;

/// A dictionary in shards that threads fill at the same time.
#[derive(Debug)]
pub(super) struct Shared {
    shards: Vec<Mutex<Dictionary>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { shards: (0..ID_SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Shared {
    /// For each batch's texts the shared code of each of its codes, and [`NONE`] behind them:
    /// see [`mapped`](crate::store::kept::mapped). Shards are filled one after another from
    /// `start` on, so that threads seldom meet.
    pub fn intern(
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

    pub fn finish(&self) -> IdTable {
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
pub(super) struct ByShard {
    codes: Vec<u32>,
    hashes: Vec<u64>,
    arena: String,
    /// The end of each text in the arena.
    ends: Vec<usize>,
    /// The end of each shard among the texts; nothing where there are none.
    shards: Vec<u32>,
}

impl ByShard {
    pub fn new(dictionary: &Dictionary) -> Self {
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

/// The shared code of each code of a column, and [`NONE`] behind them: see
/// [`mapped`](crate::store::kept::mapped).
pub(super) fn intern_texts(
    column: &TextColumn,
    shared: &Mutex<Dictionary>,
    bytes: &AtomicU64,
) -> Vec<u32> {
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
