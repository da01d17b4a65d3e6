//! Grouping: each customer's events together, in order of time.
//!
//! A shard is counted into place; nothing is sorted that is in order already.

mod order;

use std::sync::atomic::{AtomicU64, Ordering as Memory};

use crate::base::{ChannelId, CustomerId, Error, NONE, Result, StageId, ValueId};
use crate::model::Events;
use crate::model::raw::{IdTable, NO_AMOUNT};
use crate::store::narrow::Strip;

use super::partition::{Partition, Piece, ROW_BYTES};
use super::rows::Layout;
use order::order_customers;

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
        if self.partition.layout.rising {
            // No two rows tie.
            return (0..self.len()).try_for_each(|it| self.check_size(it)).map(|()| 0);
        }
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
        if self.0.iter().any(|it| it.1.is_sparse()) {
            // All that is not written then is none.
            into.clear();
        }
        let Some(mut places) = self.begin(places, into, NO_AMOUNT) else { return };
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
