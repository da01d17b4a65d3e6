//! Batches with codes of their own to rows with codes that hold everywhere.
//!
//! Codes follow the order of first appearance over batches in their order, so
//! they never depend on threads. Knows no files.

use std::mem::take;

use rayon::prelude::*;

use super::columns::promoted;
use crate::base::{Dictionary, Issues, NONE};
use crate::model::raw::{
    Batch, Blocked, Fields, ID_SHARDS, IdTable, InputFile, RawEvents, Sequence, TextColumn,
};

/// Joins batches (in the order of sources, files and places) into one set of
/// rows; each says whether its sequence is of event ids.
pub(super) fn unify(
    fields: Fields,
    batches: Vec<(Batch, bool)>,
    issues: Issues,
    inputs: Vec<InputFile>,
) -> RawEvents {
    let mut blocked = Blocked::new();
    let mut batches = with_rows(batches, &mut blocked);
    promote_event_ids(&mut batches);
    let mut batches: Vec<Batch> = batches.into_iter().map(|it| it.0).collect();
    let columns = |batches: &mut [Batch], id_type: usize| {
        batches.iter_mut().map(|it| take(&mut it.ids[id_type])).collect()
    };
    let ids: Vec<_> =
        (0..fields.id_types.len()).map(|it| unify_ids(columns(&mut batches, it))).collect();
    let ids = put_back(&mut batches, ids, |batch, id_type, column| batch.ids[id_type] = column);
    let columns = |batches: &mut [Batch], text: usize| -> Vec<TextColumn> {
        batches.iter_mut().map(|it| take(&mut it.texts[text])).collect()
    };
    let texts: Vec<_> = (0..fields.texts.len()).map(|it| columns(&mut batches, it)).collect();
    let texts: Vec<_> = texts.into_par_iter().map(unify_texts).collect();
    let texts = put_back(&mut batches, texts, |batch, text, column| batch.texts[text] = column);
    let sequence_texts = unify_event_ids(&mut batches);
    RawEvents { fields, batches, ids, texts, sequence_texts, issues, blocked, inputs }
}

/// The batches that have rows; what was blocked in any goes to `blocked`.
fn with_rows(mut batches: Vec<(Batch, bool)>, blocked: &mut Blocked) -> Vec<(Batch, bool)> {
    for (batch, _) in &mut batches {
        for (id, count) in take(&mut batch.blocked) {
            *blocked.entry(id).or_default() += count;
        }
    }
    batches.retain(|it| !it.0.is_empty());
    batches
}

/// Gives each batch its unified columns back and keeps the dictionaries.
fn put_back<D>(
    batches: &mut [Batch],
    unified: Vec<(D, Vec<TextColumn>)>,
    set: impl Fn(&mut Batch, usize, TextColumn),
) -> Vec<D> {
    let mut dictionaries = Vec::with_capacity(unified.len());
    for (index, (dictionary, columns)) in unified.into_iter().enumerate() {
        dictionaries.push(dictionary);
        for (batch, column) in batches.iter_mut().zip(columns) {
            set(batch, index, column);
        }
    }
    dictionaries
}

/// One column over all batches: batch by batch, so that codes follow first appearance.
fn unify_texts(mut columns: Vec<TextColumn>) -> (Dictionary, Vec<TextColumn>) {
    let mut global = Dictionary::default();
    let maps: Vec<Vec<u32>> = columns
        .iter_mut()
        .map(|column| {
            let local = take(&mut column.dictionary);
            let code =
                |(code, text): (usize, &str)| global.intern_hashed(text, local.hash(code as u32));
            local.iter().enumerate().map(code).collect()
        })
        .collect();
    columns.par_iter_mut().zip(&maps).for_each(|(column, map)| remap(&mut column.codes, map));
    (global, columns)
}

/// One id type over all batches. The shards are independent of each other: each
/// takes its ids of all batches in order, so codes inside a shard follow first
/// appearance too.
fn unify_ids(mut columns: Vec<TextColumn>) -> (IdTable, Vec<TextColumn>) {
    if columns.iter().all(|it| it.dictionary.is_empty()) {
        return (IdTable::default(), columns);
    }
    let sorted: Vec<ByShard> = columns.par_iter().map(|it| ByShard::new(&it.dictionary)).collect();
    let (table, codes) = id_table(&columns, &sorted);
    // Where each batch's part of each shard's codes begins.
    let mut begin = vec![0usize; ID_SHARDS];
    let begins: Vec<Vec<usize>> = sorted
        .iter()
        .map(|it| {
            let here = begin.clone();
            (0..ID_SHARDS).for_each(|shard| begin[shard] += it.shard(shard).len());
            here
        })
        .collect();
    columns.par_iter_mut().zip(&sorted).zip(&begins).for_each(|((column, sorted), begins)| {
        let mut map = vec![NONE; column.dictionary.len()];
        for shard in 0..ID_SHARDS {
            let globals = &codes[shard][begins[shard]..];
            for (&local, &global) in sorted.shard(shard).iter().zip(globals) {
                map[local as usize] = table.bases[shard] + global;
            }
        }
        column.dictionary = Dictionary::default();
        remap(&mut column.codes, &map);
    });
    (table, columns)
}

/// The table of all ids, and for each shard the codes inside it of its ids of all
/// columns in order.
fn id_table(columns: &[TextColumn], sorted: &[ByShard]) -> (IdTable, Vec<Vec<u32>>) {
    let shards: Vec<(Dictionary, Vec<u32>)> = (0..ID_SHARDS)
        .into_par_iter()
        .map(|shard| {
            let mut global = Dictionary::default();
            let mut codes = Vec::new();
            for (column, sorted) in columns.iter().zip(sorted) {
                let local = &column.dictionary;
                let intern = |&it: &u32| global.intern_hashed(local.get(it), local.hash(it));
                codes.extend(sorted.shard(shard).iter().map(intern));
            }
            (global, codes)
        })
        .collect();
    let mut table = IdTable { shards: Vec::with_capacity(ID_SHARDS), bases: vec![0] };
    let mut codes = Vec::with_capacity(ID_SHARDS);
    let mut base = 0u32;
    for (dictionary, shard_codes) in shards {
        base = base.saturating_add(u32::try_from(dictionary.len()).unwrap_or(NONE));
        table.bases.push(base);
        table.shards.push(dictionary);
        codes.push(shard_codes);
    }
    (table, codes)
}

/// The codes of a dictionary, by the shard of their text, in order inside each.
struct ByShard {
    codes: Vec<u32>,
    ends: Vec<usize>,
}

impl ByShard {
    fn new(dictionary: &Dictionary) -> Self {
        let count = u32::try_from(dictionary.len()).unwrap_or(NONE);
        let mut ends = vec![0usize; ID_SHARDS];
        for code in 0..count {
            ends[IdTable::shard(dictionary.hash(code))] += 1;
        }
        let mut next = Vec::with_capacity(ID_SHARDS);
        let mut total = 0;
        for end in &mut ends {
            next.push(total);
            total += *end;
            *end = total;
        }
        let mut codes = vec![0; total];
        for code in 0..count {
            let place = &mut next[IdTable::shard(dictionary.hash(code))];
            codes[*place] = code;
            *place += 1;
        }
        Self { codes, ends }
    }

    fn shard(&self, shard: usize) -> &[u32] {
        let start = if shard == 0 { 0 } else { self.ends[shard - 1] };
        &self.codes[start..self.ends[shard]]
    }
}

fn remap(codes: &mut [u32], map: &[u32]) {
    for code in codes {
        if *code != NONE {
            *code = map[*code as usize];
        }
    }
}

/// Event ids are numbers only if they all are: as soon as one batch holds texts,
/// every batch does. Numbers of a `sequence` column stay numbers.
pub(super) fn promote_event_ids(batches: &mut [(Batch, bool)]) {
    let is_text = |it: &(Batch, bool)| it.1 && matches!(it.0.sequence, Sequence::Texts(_));
    if !batches.iter().any(is_text) {
        return;
    }
    batches.par_iter_mut().filter(|it| it.1).for_each(|(batch, _)| {
        if let Sequence::Numbers(numbers) = &batch.sequence {
            batch.sequence = Sequence::Texts(promoted(numbers));
        }
    });
}

/// Unifies the event ids that are texts.
fn unify_event_ids(batches: &mut [Batch]) -> Dictionary {
    let columns: Vec<TextColumn> = batches
        .iter_mut()
        .map(|it| match &mut it.sequence {
            Sequence::Texts(column) => take(column),
            _ => TextColumn::default(),
        })
        .collect();
    let (dictionary, columns) = unify_texts(columns);
    for (batch, column) in batches.iter_mut().zip(columns) {
        if let Sequence::Texts(it) = &mut batch.sequence {
            *it = column;
        }
    }
    dictionary
}
