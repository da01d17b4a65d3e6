//! Grouping: each customer's events together, in order of time.
//!
//! Two passes that stay in the cache: batches are split by customer range, then
//! each range is counted into place. Nothing is sorted that is in order already.

use std::cmp::Ordering;

use rayon::prelude::*;

use crate::base::{ChannelId, Dictionary, NONE, StageId, ValueId};
use crate::model::Events;

use super::rows::{Layout, Rows, sequence_text};

/// About how many rows a shard should hold: small enough for a core's cache.
const SHARD_ROWS: usize = 1 << 16;
/// More shards than this cost more than they save.
const MOST_SHARDS: usize = 1024;

/// Events by customer, and what was seen on the way.
#[derive(Debug, Default)]
pub struct Grouped {
    /// Whole customers in shards.
    pub shards: Vec<Events>,
    /// Events that share customer, time and sequence with the one before them:
    /// only their place in the file says which is first.
    pub ties: u64,
}

/// Groups rows by customer.
///
/// `values` has, for each kept property, the rank of each code.
pub fn group(
    mut batches: Vec<Rows>,
    customers: usize,
    layout: &Layout,
    values: &[Vec<u32>],
    sequence_texts: &Dictionary,
) -> Grouped {
    let count: usize = batches.iter().map(|it| it.times.len()).sum();
    let shards = (count / SHARD_ROWS).next_power_of_two().clamp(1, MOST_SHARDS);
    let width = customers.div_ceil(shards).max(1) as u32;
    let shards = customers.div_ceil(width as usize).max(1);
    let bounds: Vec<Vec<u32>> =
        batches.par_iter_mut().map(|rows| split(rows, width, shards)).collect();
    let parts: Vec<(Events, u64)> = (0..shards)
        .into_par_iter()
        .map(|shard| {
            let first = shard as u32 * width;
            let own = (customers as u32 - first).min(width);
            let mut rows = collect(&batches, &bounds, shard);
            let (offsets, ties) = order(&mut rows, first, own, sequence_texts);
            (events(rows, first, offsets, layout, values), ties)
        })
        .collect();
    let ties = if layout.rising { 0 } else { parts.iter().map(|it| it.1).sum() };
    Grouped { shards: parts.into_iter().map(|it| it.0).collect(), ties }
}

/// Orders a batch by shard, keeping file order within; returns each shard's bounds.
fn split(rows: &mut Rows, width: u32, shards: usize) -> Vec<u32> {
    let mut bounds = vec![0u32; shards + 1];
    for &customer in &rows.customers {
        bounds[(customer / width) as usize + 1] += 1;
    }
    for at in 0..shards {
        bounds[at + 1] += bounds[at];
    }
    let order = place(&bounds, rows.customers.iter().map(|it| it / width));
    rows.reorder(&order);
    bounds
}

/// The order in which rows come when each goes to its key's next place.
fn place(bounds: &[u32], keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut next = bounds.to_vec();
    let mut order = vec![0u32; bounds.last().copied().unwrap_or(0) as usize];
    for (row, key) in keys.enumerate() {
        let slot = &mut next[key as usize];
        order[*slot as usize] = row as u32;
        *slot += 1;
    }
    order
}

fn collect(batches: &[Rows], bounds: &[Vec<u32>], shard: usize) -> Rows {
    let range = |bounds: &[u32]| bounds[shard] as usize..bounds[shard + 1] as usize;
    let count = bounds.iter().map(|it| range(it).len()).sum();
    let mut rows = Rows::default();
    for (batch, bounds) in batches.iter().zip(bounds) {
        if rows.times.is_empty() {
            rows.reserve(count, batch);
        }
        rows.extend(batch, range(bounds));
    }
    rows
}

/// Brings each customer's rows together and into order; returns offsets and ties.
fn order(rows: &mut Rows, first: u32, customers: u32, texts: &Dictionary) -> (Vec<u32>, u64) {
    let mut offsets = vec![0u32; customers as usize + 1];
    for &customer in &rows.customers {
        offsets[(customer - first) as usize + 1] += 1;
    }
    for at in 0..customers as usize {
        offsets[at + 1] += offsets[at];
    }
    let mut order = place(&offsets, rows.customers.iter().map(|it| it - first));
    let mut ties = 0;
    for run in offsets.windows(2) {
        let own = &mut order[run[0] as usize..run[1] as usize];
        let compare = |&a: &u32, &b: &u32| earlier(rows, texts, a as usize, b as usize);
        if !own.is_sorted_by(|a, b| compare(a, b) != Ordering::Greater) {
            own.sort_by(compare);
        }
        ties += own.windows(2).filter(|it| compare(&it[0], &it[1]) == Ordering::Equal).count();
    }
    rows.reorder(&order);
    (offsets, ties as u64)
}

/// By time, then sequence: no sequence before numbers, numbers before texts.
#[inline]
fn earlier(rows: &Rows, texts: &Dictionary, a: usize, b: usize) -> Ordering {
    rows.times[a].cmp(&rows.times[b]).then_with(|| {
        if rows.sequence.is_empty() {
            return Ordering::Equal;
        }
        let (a, b) = (rows.sequence[a], rows.sequence[b]);
        match (sequence_text(a), sequence_text(b)) {
            (Some(a), Some(b)) => texts.get(a).cmp(texts.get(b)),
            _ => a.cmp(&b),
        }
    })
}

fn events(
    rows: Rows,
    first: u32,
    offsets: Vec<u32>,
    layout: &Layout,
    values: &[Vec<u32>],
) -> Events {
    let mut texts: Vec<Option<Vec<u32>>> = rows.texts.into_iter().map(Some).collect();
    let properties = layout
        .properties
        .iter()
        .zip(values)
        .map(|(&at, ranks)| {
            let codes = texts.get(at).and_then(Option::as_ref).map_or(&[][..], |it| it);
            codes
                .iter()
                .map(|&it| ValueId(ranks.get(it as usize).copied().unwrap_or(NONE)))
                .collect()
        })
        .collect();
    let mut take = |at: Option<usize>| {
        at.and_then(|it| texts.get_mut(it)).and_then(Option::take).unwrap_or_default()
    };
    Events {
        first_customer: first,
        offsets,
        times: rows.times,
        stages: rows.stages.into_iter().map(StageId).collect(),
        channels: rows.channels.into_iter().map(ChannelId).collect(),
        amounts: rows.amounts,
        sessions: take(layout.session),
        orders: take(layout.order),
        campaigns: take(layout.campaign),
        properties,
    }
}
