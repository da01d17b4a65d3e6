//! Grouping: each customer's events together, in order of time.
//!
//! A shard is counted into place; nothing is sorted that is in order already.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use crate::base::{ChannelId, CustomerId, Error, NONE, Result, StageId, ValueId};
use crate::model::Events;
use crate::model::raw::IdTable;

use super::partition::{Partition, ROW_BYTES};
use super::rows::{Layout, Rows, sequence_text};

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
    rows: Rows,
    next: Vec<u32>,
    order: Vec<u32>,
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
        let Scratch { rows, next, order, events } = scratch;
        partition.read(shard, rows)?;
        let first = shard as u32 * partition.width;
        let own = (partition.customers - first).min(partition.width);
        count_into_place(rows, own as usize, &mut events.offsets, next, order);
        pick(&rows.times, order, &mut events.times, |it| it);
        let ties = sort_customers(rows, &self.texts, &events.offsets, order, &mut events.times);
        let ties = if layout.rising { 0 } else { ties };
        self.ties[shard].store(ties, Memory::Relaxed);
        events.first_customer = first;
        fill(events, rows, order, layout, &self.values);
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

/// Where each customer's rows begin, and the order in which rows come together.
fn count_into_place(
    rows: &Rows,
    customers: usize,
    offsets: &mut Vec<u32>,
    next: &mut Vec<u32>,
    order: &mut Vec<u32>,
) {
    offsets.clear();
    offsets.resize(customers + 1, 0);
    for &customer in &rows.customers {
        offsets[customer as usize + 1] += 1;
    }
    for at in 0..customers {
        offsets[at + 1] += offsets[at];
    }
    next.clear();
    next.extend_from_slice(offsets);
    order.clear();
    order.resize(rows.customers.len(), 0);
    for (row, &customer) in rows.customers.iter().enumerate() {
        let slot = &mut next[customer as usize];
        order[*slot as usize] = row as u32;
        *slot += 1;
    }
}

/// Brings the rows of those customers into order that are not, and their times; returns the ties.
fn sort_customers(
    rows: &Rows,
    texts: &IdTable,
    offsets: &[u32],
    order: &mut [u32],
    times: &mut [i64],
) -> u64 {
    let mut ties = 0;
    for run in offsets.windows(2) {
        let range = run[0] as usize..run[1] as usize;
        let own = &mut times[range.clone()];
        // Nearly all customers are in order already, and no two of their times are equal.
        if own.windows(2).all(|it| it[0] < it[1]) {
            continue;
        }
        let order = &mut order[range];
        let (sorted, found) = look(rows, texts, order);
        ties += found;
        if !sorted {
            order.sort_by(|&a, &b| earlier(rows, texts, a as usize, b as usize));
            ties += look(rows, texts, order).1 - found;
            own.iter_mut().zip(order).for_each(|(to, row)| *to = rows.times[*row as usize]);
        }
    }
    ties
}

/// Whether rows are in order, and how many tie with the one before.
fn look(rows: &Rows, texts: &IdTable, own: &[u32]) -> (bool, u64) {
    let (mut sorted, mut ties) = (true, 0);
    for pair in own.windows(2) {
        match earlier(rows, texts, pair[0] as usize, pair[1] as usize) {
            Ordering::Less => {}
            Ordering::Equal => ties += 1,
            Ordering::Greater => sorted = false,
        }
    }
    (sorted, ties)
}

/// By time, then sequence: no sequence before numbers, numbers before texts.
#[inline]
fn earlier(rows: &Rows, texts: &IdTable, a: usize, b: usize) -> Ordering {
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

/// Writes the rows in order over the events of the shard before; their times are there.
fn fill(events: &mut Events, rows: &Rows, order: &[u32], layout: &Layout, values: &[Vec<u32>]) {
    pick(&rows.stages, order, &mut events.stages, StageId);
    pick(&rows.channels, order, &mut events.channels, ChannelId);
    pick(&rows.amounts, order, &mut events.amounts, |it| it);
    let none = Vec::new();
    let text = |at: Option<usize>| at.and_then(|it| rows.texts.get(it)).unwrap_or(&none);
    pick(text(layout.session), order, &mut events.sessions, |it| it);
    pick(text(layout.name), order, &mut events.names, |it| it);
    pick(&rows.scopes, order, &mut events.session_scopes, |it| it);
    pick(text(layout.order), order, &mut events.orders, |it| it);
    pick(text(layout.campaign), order, &mut events.campaigns, |it| it);
    events.properties.resize_with(layout.properties.len(), Vec::new);
    for ((&at, ranks), own) in layout.properties.iter().zip(values).zip(&mut events.properties) {
        let rank = |it: u32| ValueId(ranks.get(it as usize).copied().unwrap_or(NONE));
        pick(text(Some(at)), order, own, rank);
    }
}

fn pick<T: Copy, U>(from: &[T], order: &[u32], into: &mut Vec<U>, make: impl Fn(T) -> U) {
    into.clear();
    if !from.is_empty() {
        into.extend(order.iter().map(|&it| make(from[it as usize])));
    }
}
