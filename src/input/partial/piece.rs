//! What reading made of a file, written as a piece of a partial: its facts, then its blocks.
//!
//! Knows no other file.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::base::{Dictionary, Issues, Result};
use crate::input::columns::promoted;
use crate::input::dedupe;
use crate::input::jsonl::Outcome;
use crate::input::read::Planned;
use crate::model::raw::{Batch, Fields, InputFile, Sequence};
use crate::store::block::{blocks, gather, pack};
use crate::store::marks::Marks;
use crate::store::{Piece, Writer};

/// Writes what reading made of a file, and says what became of its rows.
pub(super) fn write_piece(
    mut piece: Piece,
    planned: &Planned<'_>,
    outcome: Outcome,
    input: InputFile,
    fields: &Fields,
    writer: &mut Writer<'_>,
) -> Result<Issues> {
    let mut issues = Issues::new(true);
    let mut batches = Vec::with_capacity(outcome.parts.len());
    let event_ids = planned.mapping.event_id.is_some();
    let mut blocked = BTreeMap::new();
    for (part, more) in outcome.parts {
        issues.merge(more);
        let mut batch = part.into_batch();
        if !planned.mapping.dedupe.is_empty() {
            batch.texts.push(dedupe::to_texts(&std::mem::take(&mut batch.keys)));
        }
        for ((id_type, id), count) in &batch.blocked {
            *blocked.entry((fields.id_types[*id_type].clone(), id.clone())).or_default() += count;
        }
        batches.push(batch);
    }
    if event_ids {
        promote_event_ids(&mut batches);
    }
    let columns = planned.mapping.columns().iter().zip(&outcome.seen);
    piece.columns = columns.filter(|it| *it.1).map(|it| it.0.clone()).collect();
    piece.bytes = input.bytes;
    piece.format = input.format;
    piece.times_as = input.times_as;
    piece.event_ids = event_ids;
    piece.id_types.clone_from(&fields.id_types);
    piece.texts.clone_from(&fields.texts);
    if !planned.mapping.dedupe.is_empty() {
        piece.texts.push(dedupe::KEPT_AS.to_owned());
    }
    piece.blocked = blocked.into_iter().map(|((kind, id), count)| (kind, id, count)).collect();
    piece.set_issues(&issues);
    // A block holds events or links, and a preset's file may hold both.
    let (links, events): (Vec<Batch>, Vec<Batch>) = batches.into_iter().partition(|it| it.links);
    let mut runs = blocks(&events);
    runs.extend(blocks(&links));
    let packed: Vec<Packed> = runs
        .into_par_iter()
        .map(|runs| Packed::new(gather(&runs), &piece.id_types, &fields.texts))
        .collect::<Result<_>>()?;
    piece.rows = packed.iter().map(|it| it.rows).sum();
    piece.blocks = packed.len() as u64;
    packed.iter().for_each(|it| piece.marks.merge(&it.marks));
    piece.ids = distinct(&packed, &piece.id_types);
    writer.piece(&piece)?;
    for it in &packed {
        writer.block(&it.bytes)?;
    }
    Ok(issues)
}

/// Event ids are numbers only if they all are: as soon as one batch holds texts, every
/// batch does.
fn promote_event_ids(batches: &mut [Batch]) {
    if !batches.iter().any(|it| matches!(it.sequence, Sequence::Texts(_))) {
        return;
    }
    batches.par_iter_mut().for_each(|batch| {
        if let Sequence::Numbers(numbers) = &batch.sequence {
            batch.sequence = Sequence::Texts(promoted(numbers));
        }
    });
}

/// A block of a piece, and what there is to say of its rows.
struct Packed {
    rows: u64,
    bytes: Vec<u8>,
    marks: Marks,
    /// The distinct ids of each type.
    ids: Vec<Dictionary>,
}

impl Packed {
    fn new(batch: Batch, id_types: &[String], texts: &[String]) -> Result<Self> {
        let mut marks = Marks::default();
        marks.add(&batch, id_types, texts);
        let (rows, bytes) = (batch.len() as u64, pack(&batch)?);
        let ids = batch.ids.into_iter().map(|it| it.dictionary).collect();
        Ok(Self { rows, bytes, marks, ids })
    }
}

/// How many distinct ids of each type blocks have.
fn distinct(blocks: &[Packed], id_types: &[String]) -> BTreeMap<String, u64> {
    let of = |at: usize| {
        if let [one] = blocks {
            return one.ids[at].len();
        }
        let mut all = Dictionary::default();
        for text in blocks.iter().flat_map(|it| it.ids[at].iter()) {
            all.intern(text);
        }
        all.len()
    };
    id_types.iter().enumerate().map(|(at, it)| (it.clone(), of(at) as u64)).collect()
}
