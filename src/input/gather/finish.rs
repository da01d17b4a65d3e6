//! All batches are in: what waits is settled, and all rows come in their order.
//!
//! Knows no files but as the order of their parts.

use std::mem::take;
use std::sync::Arc;

use rayon::prelude::*;

use super::pairs::dense_pairs;
use super::part::Part;
use super::shared::{ByShard, Shared};
use super::{Gather, Unsettled, lock};
use crate::base::{Dictionary, Issues, Result};
use crate::input::columns::promoted;
use crate::model::raw::{Blocked, Fields, IdTable, InputFile, Sequence};
use crate::store::batches::Batches;
use crate::store::kept::{Kept, Order, mapped};
use crate::store::raw::RawEvents;

impl Gather {
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
