//! Grouping: each customer's events together, in order of time.
//!
//! A shard is counted into place; nothing is sorted that is in order already.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use crate::base::{ChannelId, CustomerId, Error, NONE, Result, StageId, ValueId};
use crate::model::Events;
use crate::model::raw::IdTable;
use crate::store::narrow::Strip;

use super::partition::{Partition, Piece, ROW_BYTES};
use super::rows::{Layout, sequence_text};

/// The count of ties of a shard that was not looked at yet.
const UNKNOWN: u64 = u64::MAX;

/// Whole customers in shards, ready to be walked.
#[derive(Debug)]
pub struct Shards {
    partition: Partition,
    /// For each kept property, the rank of each code.
    values: Vec<Vec<u32>>,
    /// Event ids, where they are texts.
    texts: IdTable,
    ties: Vec<AtomicU64>,
}

/// Scratch space: one for each thread, reused from shard to shard.
#[derive(Debug, Default)]
pub struct Scratch {
    customers: Vec<u32>,
    /// Where each row comes among the events.
    places: Vec<u32>,
    order: Vec<u32>,
    /// What decides between equal times, for each event.
    sequence: Vec<i64>,
    events: Events,
}

impl Shards {
    /// Shards of a partition; `values` has, for each kept property, the rank of each code.
    pub fn new(partition: Partition, values: Vec<Vec<u32>>, texts: IdTable) -> Self {
        let ties = (0..partition.shards()).map(|_| AtomicU64::new(UNKNOWN)).collect();
        Self { partition, values, texts, ties }
    }

    /// How many shards there are.
    pub fn len(&self) -> usize {
        self.partition.shards()
    }

    /// Never true: there is at least one shard.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events a shard holds.
    pub fn rows(&self, shard: usize) -> u64 {
        self.partition.rows(shard)
    }

    /// The shard that holds a customer.
    pub fn shard_of(&self, customer: CustomerId) -> usize {
        customer.index() / self.partition.width.max(1) as usize
    }

    /// Bytes that did not fit into memory and went to the spill file.
    pub fn spilled(&self) -> u64 {
        self.partition.spilled()
    }

    /// The events of a shard, by customer and in order.
    ///
    /// # Errors
    /// The spill file cannot be read; a customer has more events than memory allows.
    pub fn events<'s>(&self, shard: usize, scratch: &'s mut Scratch) -> Result<&'s Events> {
        let (partition, layout) = (&self.partition, &self.partition.layout);
        self.check_size(shard)?;
        let Scratch { customers, places, order, sequence, events } = scratch;
        let pieces = partition.pieces(shard)?;
        let first = shard as u32 * partition.width;
        let own = (partition.customers - first).min(partition.width);
        let mut columns = Columns { pieces: &pieces, next: 0 };
        columns.customers(customers);
        events.offsets.clear();
        events.offsets.resize(own as usize + 1, 0);
        places.resize(customers.len(), 0);
        count_into_place(customers, &mut events.offsets, places);
        columns.next().numbers(places, &mut events.times);
        columns.next_if(layout.sequence).numbers(places, sequence);
        let (ties, sorts) =
            order_customers(&mut events.times, sequence, &self.texts, &events.offsets, order);
        if sorts {
            places.iter_mut().for_each(|it| *it = order[*it as usize]);
        }
        let ties = if layout.rising { 0 } else { ties };
        self.ties[shard].store(ties, Memory::Relaxed);
        events.first_customer = first;
        fill(events, columns, places, layout, &self.values);
        Ok(events)
    }

    /// Events that share customer, time and sequence with the one before them:
    /// only their place in the file says which is first.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub fn ties(&self) -> Result<u64> {
        use rayon::prelude::*;
        let ties = |scratch: &mut Scratch, shard: usize| {
            let known = self.ties[shard].load(Memory::Relaxed);
            if known != UNKNOWN {
                return Ok(known);
            }
            self.events(shard, scratch)?;
            Ok(self.ties[shard].load(Memory::Relaxed))
        };
        (0..self.len()).into_par_iter().map_init(Scratch::default, ties).sum::<Result<u64>>()
    }

    /// A shard must fit into half of the memory.
    fn check_size(&self, shard: usize) -> Result<()> {
        let (rows, memory) = (self.rows(shard), self.partition.memory());
        let bytes = rows.saturating_mul(ROW_BYTES);
        if bytes <= memory / 2 && rows < u64::from(NONE) {
            return Ok(());
        }
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        Err(Error::new(format!(
            "{rows} events of one customer, or of a few, need about {} MB at once",
            megabytes(bytes)
        ))
        .hint(format!(
            "allow more than twice that with --memory (now {} MB), or see `check` for an id that \
             joins too many people",
            megabytes(memory)
        )))
    }
}

/// The columns of a shard's rows, one after another, each over all pieces.
struct Columns<'p> {
    pieces: &'p [Piece<'p>],
    next: usize,
}

/// A column over all pieces: how many rows each has, how it was narrowed, and its bytes.
struct Column<'p>(Vec<(usize, Strip, &'p [u8])>);

impl<'p> Columns<'p> {
    fn next(&mut self) -> Column<'p> {
        let at = self.next;
        self.next += 1;
        let column = |it: &'p Piece<'p>| it.columns.get(at).map(|own| (it.rows, own.0, &*own.1));
        Column(self.pieces.iter().filter_map(column).collect())
    }

    /// The next column if the rows have it; else one without rows.
    fn next_if(&mut self, has: bool) -> Column<'p> {
        if has { self.next() } else { Column(Vec::new()) }
    }

    /// Reads the column of customers.
    fn customers(&mut self, into: &mut Vec<u32>) {
        into.clear();
        for (rows, strip, bytes) in self.next().0 {
            strip.widen_codes(bytes, rows, |it| it, into);
        }
    }
}

impl Column<'_> {
    /// Writes values to their places.
    fn codes<T: Copy>(&self, places: &[u32], into: &mut Vec<T>, none: T, map: impl Fn(u32) -> T) {
        let Some(mut places) = self.begin(places, into, none) else { return };
        for &(rows, strip, bytes) in &self.0 {
            let (own, rest) = places.split_at(rows);
            places = rest;
            strip.place_codes(bytes, own, &map, into);
        }
    }

    /// Writes numbers to their places.
    fn numbers(&self, places: &[u32], into: &mut Vec<i64>) {
        let Some(mut places) = self.begin(places, into, 0) else { return };
        for &(rows, strip, bytes) in &self.0 {
            let (own, rest) = places.split_at(rows);
            places = rest;
            strip.place_numbers(bytes, own, into);
        }
    }

    /// Makes a column as long as there are places, if there are rows to be placed.
    fn begin<'a, T: Copy>(
        &self,
        places: &'a [u32],
        into: &mut Vec<T>,
        any: T,
    ) -> Option<&'a [u32]> {
        into.resize(if self.0.is_empty() { 0 } else { places.len() }, any);
        (!self.0.is_empty()).then_some(places)
    }
}

/// Where the events of each customer begin, and the place of each row among all: rows of a
/// customer stay in their order. `offsets` are all 0, one more than there are customers.
fn count_into_place(customers: &[u32], offsets: &mut [u32], places: &mut [u32]) {
    // Rows of one customer follow each other: only this first pass waits for the row before.
    let places = &mut places[..customers.len()];
    for at in 0..customers.len() {
        let count = &mut offsets[customers[at] as usize + 1];
        places[at] = *count;
        *count += 1;
    }
    for at in 1..offsets.len() {
        offsets[at] += offsets[at - 1];
    }
    for at in 0..customers.len() {
        places[at] += offsets[customers[at] as usize];
    }
}

/// So many customers are looked at at once: nearly all are in order already.
const BLOCK: usize = 32;

/// Brings the times of those customers into order that are not. Gives the ties, and whether
/// there was anything to do: then `order` has for each place the one that its row comes to.
fn order_customers(
    times: &mut [i64],
    sequence: &[i64],
    texts: &IdTable,
    offsets: &[u32],
    order: &mut Vec<u32>,
) -> (u64, bool) {
    let (mut ties, mut sorts, mut first) = (0, false, 0);
    while first + 1 < offsets.len() {
        let end = (first + BLOCK).min(offsets.len() - 1);
        let block = &offsets[first..=end];
        first = end;
        if rises(times, block) {
            continue;
        }
        for run in block.windows(2) {
            let range = run[0] as usize..run[1] as usize;
            let own = Own { times: &times[range.clone()], sequence, base: range.start, texts };
            let (sorted, found) = own.look(0..own.times.len() as u32);
            ties += found;
            if sorted {
                continue;
            }
            if !std::mem::replace(&mut sorts, true) {
                order.clear();
                order.extend(0..times.len() as u32);
            }
            let mut rows: Vec<u32> = (0..range.len() as u32).collect();
            rows.sort_by(|&a, &b| own.earlier(a, b));
            ties += own.look(rows.iter().copied()).1 - found;
            let sorted: Vec<i64> = rows.iter().map(|&it| own.times[it as usize]).collect();
            for (to, &row) in range.clone().zip(&rows) {
                order[range.start + row as usize] = to as u32;
            }
            times[range].copy_from_slice(&sorted);
        }
    }
    (ties, sorts)
}

/// Whether the times of each customer rise from event to event.
fn rises(times: &[i64], offsets: &[u32]) -> bool {
    let (&[first, ..], &[.., end]) = (offsets, offsets) else { return true };
    let own = &times[first as usize..end as usize];
    let mut falls = 0;
    for at in 1..own.len() {
        falls += usize::from(own[at - 1] >= own[at]);
    }
    for run in offsets.windows(2) {
        let next = (run[1] - first) as usize;
        falls -= usize::from(run[0] < run[1] && next < own.len() && own[next - 1] >= own[next]);
    }
    falls == 0
}

/// The events of one customer, in the order of their places.
struct Own<'a> {
    times: &'a [i64],
    /// Of all events of the shard, or none.
    sequence: &'a [i64],
    /// The customer's first.
    base: usize,
    texts: &'a IdTable,
}

impl Own<'_> {
    /// Whether rows are in order, and how many tie with the one before.
    fn look(&self, mut rows: impl Iterator<Item = u32>) -> (bool, u64) {
        let (mut sorted, mut ties) = (true, 0);
        let Some(mut before) = rows.next() else { return (sorted, ties) };
        for row in rows {
            match self.earlier(before, row) {
                Ordering::Less => {}
                Ordering::Equal => ties += 1,
                Ordering::Greater => sorted = false,
            }
            before = row;
        }
        (sorted, ties)
    }

    /// By time, then sequence: no sequence before numbers, numbers before texts.
    #[inline]
    fn earlier(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        self.times[a].cmp(&self.times[b]).then_with(|| {
            let Some(sequence) = self.sequence.get(self.base..) else { return Ordering::Equal };
            let (Some(a), Some(b)) = (sequence.get(a), sequence.get(b)) else {
                return Ordering::Equal;
            };
            match (sequence_text(*a), sequence_text(*b)) {
                (Some(a), Some(b)) => self.texts.get(a).cmp(self.texts.get(b)),
                _ => a.cmp(b),
            }
        })
    }
}

/// Writes the other columns over the events of the shard before, in the order of
/// [`Layout::columns`].
fn fill(
    events: &mut Events,
    mut columns: Columns<'_>,
    places: &[u32],
    layout: &Layout,
    values: &[Vec<u32>],
) {
    columns.next_if(layout.amounts).numbers(places, &mut events.amounts);
    columns.next().codes(places, &mut events.stages, StageId::NONE, StageId);
    let channels = columns.next_if(layout.channels);
    channels.codes(places, &mut events.channels, ChannelId::NONE, ChannelId);
    let scopes = columns.next_if(!layout.scopes.is_empty());
    scopes.codes(places, &mut events.session_scopes, NONE, |it| it);
    let texts: Vec<Column<'_>> = layout.texts.iter().map(|_| columns.next()).collect();
    let none = Column(Vec::new());
    let text = |at: Option<usize>| at.and_then(|it| texts.get(it)).unwrap_or(&none);
    text(layout.session).codes(places, &mut events.sessions, NONE, |it| it);
    text(layout.name).codes(places, &mut events.names, NONE, |it| it);
    text(layout.order).codes(places, &mut events.orders, NONE, |it| it);
    text(layout.campaign).codes(places, &mut events.campaigns, NONE, |it| it);
    events.properties.resize_with(layout.properties.len(), Vec::new);
    for ((&at, ranks), own) in layout.properties.iter().zip(values).zip(&mut events.properties) {
        let rank = |it: u32| ValueId(ranks.get(it as usize).copied().unwrap_or(NONE));
        text(Some(at)).codes(places, own, ValueId::NONE, rank);
    }
}

#[cfg(test)]
mod tests;
