//! Cutting a run of batches into shards: its rows put into order by shard, column by column.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Body, LENGTH, Run, Seen};
use crate::base::Result;
use crate::model::Batch;
use crate::prepare::rows::{Column, Making, Rows};
use crate::store::narrow::Strip;
use crate::store::{Keep, waiting};

/// Where a run is made.
#[derive(Debug, Default)]
pub(super) struct Room {
    batch: Batch,
    rows: Rows,
    order: Order,
    codes: Vec<u32>,
}

/// Cuts runs into shards.
pub(super) struct Cutter<'a> {
    pub making: &'a Making<'a>,
    pub keep: &'a Keep,
    /// How many customers a shard has: a power of two.
    pub width: u32,
    pub shards: usize,
    pub stages: usize,
    /// Customers with a row, one bit each.
    pub met: &'a [AtomicU64],
}

/// A run, and what is known of it.
pub(super) struct Made {
    pub run: Run,
    /// How many rows each shard has.
    pub rows: Vec<u32>,
    pub seen: Seen,
}

/// Rows by shard, those of a shard in their order.
#[derive(Debug, Default)]
struct Order {
    rows: Vec<u32>,
    /// The shard of each row.
    shards: Vec<u16>,
    /// How many rows come before each shard's end.
    ends: Vec<u32>,
}

impl Order {
    /// Where a row comes: the rows of its shard are in ascending order.
    fn place(&self, row: u32) -> u32 {
        let shard = usize::from(self.shards[row as usize]);
        let begin = if shard == 0 { 0 } else { self.ends[shard - 1] };
        let own = &self.rows[begin as usize..self.ends[shard] as usize];
        begin + own.partition_point(|it| *it < row) as u32
    }

    /// A column with its rows in this order; `codes` is room to work in.
    fn narrow(&self, column: Column<'_>, codes: &mut Vec<u32>) -> (Strip, Vec<u8>) {
        let order = &self.rows[..];
        match column {
            Column::Codes(it) => {
                let (strip, values) = (Strip::of_codes(it), &it[..]);
                (strip, strip.narrow_codes(order.iter().map(move |&row| values[row as usize])))
            }
            Column::Few(it) => it.narrow(order),
            Column::Numbers(it) => it.narrow(order, codes),
            Column::Sparse(it) => it.narrow(order, |row| self.place(row), codes),
        }
    }
}

impl Cutter<'_> {
    pub fn run(&self, batches: &mut waiting::Run<'_>, room: &mut Room) -> Result<Made> {
        let Room { batch, rows, order, codes } = room;
        self.making.begin(rows);
        batches(&mut |it| self.making.add(it, batch, rows))?;
        let seen = Seen::of(rows, self.stages);
        let counts = self.order(&mut rows.customers, order);
        let columns = self.making.layout.columns(rows);
        let (strips, columns) = columns.map(|it| order.narrow(it, codes)).unzip();
        let mut run = Run { strips, ends: order.ends.clone(), body: Body::Pieces(Vec::new()) };
        run.body = self.put(columns, &run)?;
        Ok(Made { run, rows: counts, seen })
    }

    fn put(&self, columns: Vec<Vec<u8>>, run: &Run) -> Result<Body> {
        if !self.keep.is_full(columns.iter().map(Vec::len).sum()) {
            let held = columns.into_iter().map(|it| self.keep.put(it));
            return held.collect::<Result<_>>().map(Body::Whole);
        }
        let mut piece = Vec::new();
        let pieces = (0..self.shards).map(|shard| {
            piece.clear();
            let rows = run.range(shard);
            for (strip, column) in run.strips.iter().zip(&columns) {
                let part = strip.part(column, rows.clone());
                if strip.is_sparse() {
                    let length: [u8; LENGTH] = (part.len() as u32).to_le_bytes();
                    piece.extend_from_slice(&length);
                }
                piece.extend_from_slice(part);
            }
            if rows.is_empty() { Ok(None) } else { self.keep.spill(&piece).map(Some) }
        });
        pieces.collect::<Result<_>>().map(Body::Pieces)
    }

    /// Finds the order of rows by shard; gives how many rows each shard has.
    /// Customers, whom it notes, are counted from the first of their shards then.
    fn order(&self, customers: &mut [u32], order: &mut Order) -> Vec<u32> {
        let (shift, mask, met) = (self.width.trailing_zeros(), self.width - 1, self.met);
        let Order { rows, shards, ends } = order;
        let mut counts = vec![0u32; self.shards];
        shards.clear();
        shards.extend(customers.iter_mut().map(|it| {
            let (word, bit) = (&met[*it as usize / 64], 1 << (*it % 64));
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
            }
            let shard = *it >> shift;
            counts[shard as usize] += 1;
            *it &= mask;
            shard as u16
        }));
        // Where each shard begins; as its rows take their places, where it ends.
        ends.clear();
        let mut total = 0;
        for &count in &counts {
            ends.push(total);
            total += count;
        }
        rows.resize(customers.len(), 0);
        let (next, rows) = (&mut ends[..], &mut rows[..]);
        for (row, &shard) in shards.iter().enumerate() {
            let slot = &mut next[shard as usize];
            rows[*slot as usize] = row as u32;
            *slot += 1;
        }
        counts
    }
}
