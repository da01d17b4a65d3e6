//! Duplicates: of rows with one key, one is used.
//!
//! The key is the values of the columns in a source's `dedupe`; a row without a value in
//! the first of them has none. Rows are told apart over all files of a source, and over
//! all sources of one preset. Which one is used depends on neither files nor threads: the
//! one with the least time, then the least sequence, then the least content. The others
//! tell nothing, not even who is who.
//!
//! Costs 20 bytes a row while files are read, and nothing where no source has a key.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::gather::Part;
use super::options::SourceOptions;
use crate::base::dictionary::TextHasher;
use crate::base::{NONE, Place, Progress, Result};
use crate::model::Batch;
use crate::model::raw::{Keys, NO_SEQUENCE, Sequence, TextColumn};
use crate::store::RawEvents;

/// Why a duplicate is left out.
pub const REASON: &str = "duplicate: another row has its key";

/// The text property in which a partial keeps the keys of its rows.
pub(super) const KEPT_AS: &str = "@dedupe";

/// About how many keys are sorted at a time.
const TOGETHER: usize = 8 << 20;
/// A row without a key.
const NO_KEY: u128 = 0;

/// The key of a row: a hash of its values, which come in the order of the columns.
///
/// 128 bits of SHA-256, so that nobody can make two keys that are taken for one.
pub(super) fn key<'v>(preset: &'v str, mut values: impl Iterator<Item = &'v str>) -> u128 {
    let Some(first) = values.next().map(str::trim).filter(|it| !it.is_empty()) else {
        return NO_KEY;
    };
    let mut hasher = Sha256::new();
    for value in [preset, first].into_iter().chain(values.map(str::trim)) {
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value.as_bytes());
    }
    let digest = hasher.finalize();
    let hash = digest.first_chunk().map_or(NO_KEY, |it| u128::from_le_bytes(*it));
    // One key in 2^128 is none.
    hash.max(1)
}

/// Which rows can be duplicates of each other: those of one preset, or of one source.
pub(super) fn scope(source: &SourceOptions, rank: usize) -> u32 {
    match source.preset.is_empty() {
        true => u32::try_from(rank + 1).unwrap_or(u32::MAX),
        false => 0,
    }
}

/// The keys of a batch as a text property, for a partial.
pub(super) fn to_texts(keys: &Keys) -> TextColumn {
    let mut column = TextColumn::default();
    for (hash, line) in keys.hashes.iter().zip(&keys.lines) {
        column.codes.push(match *hash {
            NO_KEY => NONE,
            hash => column.dictionary.intern(&format!("{hash:032x}{line:x}")),
        });
    }
    column
}

/// The keys that a partial keeps; a text that is none makes no key.
pub(super) fn of_texts(column: &TextColumn, rows: usize) -> Keys {
    let of = |row: usize| {
        let code = column.code(row);
        if code == NONE {
            return (NO_KEY, 0);
        }
        let text = column.dictionary.get(code);
        let hash = text.get(..32).and_then(|it| u128::from_str_radix(it, 16).ok());
        let line = text.get(32..).and_then(|it| u32::from_str_radix(it, 16).ok());
        (hash.unwrap_or(NO_KEY), line.unwrap_or(0))
    };
    let (hashes, lines) = (0..rows).map(of).unzip();
    Keys { hashes, lines }
}

/// Keys of all batches, by the position of the batch among those that have rows.
#[derive(Debug, Default)]
pub(super) struct Found {
    batches: usize,
    keys: Vec<(usize, u32, Keys)>,
}

impl Found {
    /// Takes the keys of the next part, in the order in which parts are gathered.
    pub fn take(&mut self, part: &mut Part, scope: u32) {
        let keys = part.take_keys();
        if part.rows() == 0 {
            return;
        }
        if keys.hashes.len() == part.rows() {
            self.keys.push((self.batches, scope, keys));
        }
        self.batches += 1;
    }

    /// Takes the duplicates out of the rows, and counts them as left out.
    ///
    /// # Errors
    /// The spill file cannot be read or written.
    pub fn drop_duplicates(self, raw: &mut RawEvents, progress: &dyn Progress) -> Result<()> {
        if self.keys.is_empty() {
            return Ok(());
        }
        progress.check()?;
        let members = self.members();
        let losers = losers(raw, &members, progress)?;
        let mut start = 0;
        let mut places = Vec::with_capacity(losers.len().min(1 << 20));
        while start < losers.len() {
            progress.check()?;
            let batch = losers[start].0;
            let end = start + losers[start..].partition_point(|it| it.0 == batch);
            let rows: Vec<u32> = losers[start..end].iter().map(|it| it.1).collect();
            let file = raw.batches.file_order(batch);
            let at = self.keys.partition_point(|it| it.0 < batch);
            let line = |row: &u32| {
                let keys = self.keys.get(at).map(|it| &it.2);
                keys.and_then(|it| it.lines.get(*row as usize)).copied().unwrap_or(0)
            };
            places.extend(rows.iter().map(|it| (file, line(it))));
            raw.batches.rewrite(batch, |it| remove(it, &rows))?;
            start = end;
        }
        places.sort_unstable();
        for (file, line) in places {
            let name = raw.inputs.get(file as usize).map_or("", |it| it.path.as_str());
            raw.issues.leave_out_at(REASON, file, || Place::line(name, line.into()));
        }
        Ok(())
    }

    /// All rows that share their key with another: batch, row, and the number of the key.
    fn members(&self) -> Vec<Member> {
        let count: usize = self.keys.iter().map(|it| it.2.hashes.len()).sum();
        let shards = (count / TOGETHER + 1).min(256);
        let found: Vec<Vec<Vec<(usize, u32)>>> = (0..shards)
            .into_par_iter()
            .with_max_len(1)
            .map(|shard| {
                let (shard, shards) = (shard as u128, shards as u128);
                let mut all: Vec<(u128, u32, usize, u32)> = Vec::new();
                for (batch, scope, keys) in &self.keys {
                    let own = (0u32..).zip(&keys.hashes);
                    let own = own.filter(|it| *it.1 != NO_KEY && *it.1 % shards == shard);
                    all.extend(own.map(|(row, &hash)| (hash, *scope, *batch, row)));
                }
                all.sort_unstable();
                let groups = all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
                let groups = groups.filter(|it| it.len() > 1);
                groups.map(|it| it.iter().map(|it| (it.2, it.3)).collect()).collect()
            })
            .collect();
        let groups = found.into_iter().flatten();
        let mut members: Vec<Member> = (0u32..)
            .zip(groups)
            .flat_map(|(group, it)| it.into_iter().map(move |it| (it.0, it.1, group)))
            .collect();
        members.sort_unstable();
        members
    }
}

/// A row that shares its key: its batch, its place there, and the number of the key.
type Member = (usize, u32, u32);

/// What decides which of several rows is used: the least.
///
/// Time; sequence as a number and as text; a hash of all else; file and row.
type Rank = (i64, i64, String, u64, usize, u32);

/// All members but the first of each key, by batch and row.
fn losers(
    raw: &RawEvents,
    members: &[Member],
    progress: &dyn Progress,
) -> Result<Vec<(usize, u32)>> {
    let groups = members.iter().map(|it| it.2 as usize + 1).max().unwrap_or(0);
    let mut best: Vec<Option<Rank>> = vec![None; groups];
    let mut losers = Vec::with_capacity(members.len() - groups.min(members.len()));
    for of_batch in members.chunk_by(|a, b| a.0 == b.0) {
        progress.check()?;
        let batch = raw.batches.get(of_batch[0].0)?;
        for &(at, row, group) in of_batch {
            let rank = rank(raw, &batch, row, at);
            let best = &mut best[group as usize];
            let worse = match best {
                Some(it) if *it <= rank => Some((at, row)),
                _ => best.replace(rank).map(|it| (it.4, it.5)),
            };
            losers.extend(worse);
        }
    }
    losers.sort_unstable();
    Ok(losers)
}

fn rank(raw: &RawEvents, batch: &Batch, row: u32, at: usize) -> Rank {
    let index = row as usize;
    let (number, text) = match &batch.sequence {
        Sequence::None => (NO_SEQUENCE, String::new()),
        Sequence::Numbers(it) => (it.get(index).copied().unwrap_or(NO_SEQUENCE), String::new()),
        Sequence::Texts(it) => (NO_SEQUENCE, raw.sequence_texts.get(it.code(index)).to_owned()),
    };
    let mut content = String::new();
    for (column, texts) in batch.ids.iter().zip(&raw.ids) {
        content.push_str(texts.get(column.code(index)));
        content.push('\0');
    }
    for (column, texts) in batch.texts.iter().zip(&raw.texts) {
        if column.code(index) != NONE {
            content.push_str(texts.get(column.code(index)));
        }
        content.push('\0');
    }
    if let Some(amount) = batch.amounts.get(index) {
        content.push_str(&amount.to_string());
    }
    let content = TextHasher::default().hash(content.as_bytes());
    let time = batch.times.get(index).copied().unwrap_or_default();
    (time, number, text, content, at, row)
}

/// Notes anew which ids stand on a row together, once rows were taken out: those tell
/// nothing.
///
/// # Errors
/// The spill file cannot be read.
pub(super) fn note_pairs(raw: &mut RawEvents) -> Result<()> {
    let types: Vec<(usize, usize)> = raw.pairs.iter().map(|it| (it.first, it.second)).collect();
    let of = |batch: usize| -> Result<Vec<Vec<(u32, u32)>>> {
        let batch = raw.batches.ids_of(batch)?;
        let of = |&(first, second): &(usize, usize)| {
            let codes = |row: usize| (batch.ids[first].code(row), batch.ids[second].code(row));
            let both = |it: &(u32, u32)| it.0 != NONE && it.1 != NONE;
            let dense = |(a, b)| (raw.batches.dense_id(first, a), raw.batches.dense_id(second, b));
            let rows = (0..batch.len()).map(codes).filter(both);
            let mut pairs: Vec<(u32, u32)> = rows.map(dense).collect();
            pairs.sort_unstable();
            pairs.dedup();
            pairs
        };
        Ok(types.iter().map(of).collect())
    };
    let all = (0..raw.batches.kept().len()).into_par_iter().map(of).collect::<Result<Vec<_>>>()?;
    raw.pairs.iter_mut().for_each(|it| it.codes = Vec::new());
    for batch in all {
        raw.pairs.iter_mut().zip(batch).for_each(|(pairs, own)| pairs.codes.extend(own));
    }
    Ok(())
}

/// Takes rows, given in order, out of a batch.
pub(super) fn remove(batch: &mut Batch, rows: &[u32]) {
    // All fields are named, so that a new one cannot be forgotten here.
    let Batch {
        links: _,
        file_order: _,
        times_as: _,
        times,
        sequence,
        ids,
        texts,
        amounts,
        blocked: _,
        keys: _,
        lines,
    } = batch;
    without(times, rows);
    without(lines, rows);
    without(amounts, rows);
    match sequence {
        Sequence::None => {}
        Sequence::Numbers(it) => without(it, rows),
        Sequence::Texts(it) => without(&mut it.codes, rows),
    }
    ids.iter_mut().chain(texts).for_each(|it| without(&mut it.codes, rows));
}

/// Takes the values at these places out; a column without values has none to take.
fn without<T>(values: &mut Vec<T>, rows: &[u32]) {
    let (mut index, mut next) = (0u32, rows.iter().peekable());
    values.retain(|_| {
        let gone = next.next_if(|it| **it == index).is_some();
        index += 1;
        !gone
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_values_and_their_places_apart() {
        let of = |values: &[&str]| key("p", values.iter().copied());
        assert_eq!(of(&["a", "b"]), of(&[" a ", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab", ""]));
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
        assert_ne!(of(&["a"]), key("", ["a"].into_iter()));
        assert_eq!((of(&[" ", "b"]), of(&[])), (NO_KEY, NO_KEY));
    }

    #[test]
    fn keys_are_the_same_after_a_partial() {
        let keys = Keys { hashes: vec![7, NO_KEY, u128::MAX], lines: vec![1, 2, u32::MAX] };
        let back = of_texts(&to_texts(&keys), 3);
        assert_eq!(back.hashes, keys.hashes);
        assert_eq!(back.lines, [1, 0, u32::MAX]);
    }

    #[test]
    fn rows_are_taken_out_of_all_columns() {
        let mut values = vec![1, 2, 3, 4, 5];
        without(&mut values, &[0, 3]);
        assert_eq!(values, [2, 3, 5]);
        let mut none: Vec<u32> = Vec::new();
        without(&mut none, &[0, 3]);
        assert!(none.is_empty());
    }
}
