//! Partition: rows of all customers to shards of whole customers.
//!
//! Each run of batches is ordered by shard and packed; a shard is then a piece of
//! every run. Where memory is short the pieces lie in the spill file. Knows no
//! order of time: `group` brings a shard's rows into it.

mod cut;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rows::{Layout, Making, Rows};
use crate::base::{Progress, Result};
use crate::store::narrow::Strip;
use crate::store::{Batches, Held, Keep, waiting};
use cut::{Cutter, Made, Room};

/// About how many rows a shard should hold: small enough for a core's cache.
const SHARD_ROWS: usize = 1 << 15;
/// About what a row of a shard takes while it is looked at, in bytes.
pub const ROW_BYTES: u64 = 72;
/// How many usual shards should fit into memory at least: some hold far more than others.
const SHARDS_IN_MEMORY: u64 = 64;
/// More shards than this cost more than they save.
const MOST_SHARDS: usize = 1024;
/// How many rows a run has at least, unless there are fewer, and at most.
const RUN_ROWS: (usize, usize) = (1 << 16, 1 << 20);
/// How many rows of a run should fall into each shard: so that its pieces are no crumbs, and a
/// column of the run fits into a core's cache while it is put into order.
const PIECE_ROWS: usize = 1 << 8;

/// Rows by shard, packed.
#[derive(Debug)]
pub struct Partition {
    /// How rows are laid out.
    pub layout: Layout,
    /// How many customers each shard has (the last may have fewer).
    pub width: u32,
    /// How many customers there are.
    pub customers: u32,
    /// What was seen of the rows on the way.
    pub seen: Seen,
    keep: Arc<Keep>,
    runs: Vec<Run>,
    /// How many rows each shard has.
    rows: Vec<u64>,
}

/// What is known of all rows once they are partitioned.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The first and the last time.
    pub span: Option<(i64, i64)>,
    /// How many rows there are.
    pub events: u64,
    /// How many of them have no stage.
    pub unmapped: u64,
    /// How many customers have a row.
    pub customers: u64,
    /// Which stages have a row with an amount other than zero.
    pub valued: Vec<bool>,
}

/// The rows of a run of batches, ordered by shard, column behind column.
#[derive(Debug)]
struct Run {
    /// How each column was narrowed.
    strips: Vec<Strip>,
    /// How many rows come before each shard's end.
    ends: Vec<u32>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Each column of all shards.
    Whole(Vec<Held>),
    /// Each shard's piece on its own: its part of each column, that of a sparse one behind its
    /// length.
    Pieces(Vec<Option<Held>>),
}

/// The bytes of the length of a sparse column's part.
const LENGTH: usize = 4;

impl Partition {
    /// Makes the rows of all batches, for so many customers and stages; gives the batches
    /// up on the way.
    ///
    /// # Errors
    /// The spill file cannot be written or read; the work was cancelled.
    pub fn new(
        batches: &mut Batches,
        making: &Making<'_>,
        sizes: (usize, usize),
        progress: &dyn Progress,
    ) -> Result<Self> {
        let plan = Plan::new(batches, sizes);
        let made = batches.consume(plan.run_rows, |it| plan.make(making, it, progress))?;
        Ok(plan.join(made, making))
    }

    /// As [`Self::new`], and the batches stay.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn again(
        batches: &Batches,
        making: &Making<'_>,
        sizes: (usize, usize),
        progress: &dyn Progress,
    ) -> Result<Self> {
        let plan = Plan::new(batches, sizes);
        let made = batches.look(plan.run_rows, |it| plan.make(making, it, progress))?;
        Ok(plan.join(made, making))
    }

    /// How many shards there are.
    pub fn shards(&self) -> usize {
        self.rows.len()
    }

    /// How many rows a shard has.
    pub fn rows(&self, shard: usize) -> u64 {
        self.rows[shard]
    }

    /// How much memory the whole run may use, in bytes.
    pub fn memory(&self) -> u64 {
        self.keep.memory().bytes()
    }

    /// Bytes in the spill file.
    pub fn spilled(&self) -> u64 {
        self.keep.spilled()
    }

    /// The rows of a shard: the pieces of its runs, in the order of their places.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn pieces(&self, shard: usize) -> Result<Vec<Piece<'_>>> {
        let runs = self.runs.iter().filter(|it| !it.range(shard).is_empty());
        runs.map(|it| self.piece(it, shard)).collect()
    }

    fn piece<'p>(&'p self, run: &'p Run, shard: usize) -> Result<Piece<'p>> {
        let range = run.range(shard);
        let rows = range.len();
        let mut columns = Vec::with_capacity(run.strips.len());
        match &run.body {
            Body::Whole(held) => {
                for (strip, held) in run.strips.iter().zip(held) {
                    let bytes = part(&self.keep.get(held)?, |it| strip.part(it, range.clone()));
                    columns.push((strip.beginning(range.start), bytes));
                }
            }
            Body::Pieces(pieces) => {
                let bytes = match &pieces[shard] {
                    Some(held) => self.keep.get(held)?,
                    None => Cow::default(),
                };
                let mut begin = 0;
                for strip in &run.strips {
                    let mut length = rows * strip.width();
                    if strip.is_sparse() {
                        let rest = bytes.get(begin..).unwrap_or_default();
                        length = rest.first_chunk().map_or(0, |it| length_of(*it));
                        begin += LENGTH;
                    }
                    let end = begin + length;
                    let bytes = part(&bytes, |it| it.get(begin..end).unwrap_or_default());
                    columns.push((strip.beginning(range.start), bytes));
                    begin = end;
                }
            }
        }
        Ok(Piece { rows, columns })
    }
}

/// The rows that a run has of a shard; customers count from the shard's first.
#[derive(Debug)]
pub struct Piece<'p> {
    /// How many rows there are.
    pub rows: usize,
    /// The columns in the order of [`Layout::columns`]: how each was narrowed, and its bytes.
    pub columns: Vec<(Strip, Cow<'p, [u8]>)>,
}

fn length_of(bytes: [u8; LENGTH]) -> usize {
    u32::from_le_bytes(bytes) as usize
}

/// A part of bytes, copied if they are nobody's else.
fn part<'p>(bytes: &Cow<'p, [u8]>, part: impl Fn(&[u8]) -> &[u8]) -> Cow<'p, [u8]> {
    match bytes {
        Cow::Borrowed(it) => Cow::Borrowed(part(it)),
        Cow::Owned(it) => Cow::Owned(part(it).to_vec()),
    }
}

impl Run {
    /// Where a shard's rows are among all.
    fn range(&self, shard: usize) -> Range<usize> {
        let start = if shard == 0 { 0 } else { self.ends[shard - 1] };
        start as usize..self.ends[shard] as usize
    }
}

impl Seen {
    fn merge(&mut self, other: Self) {
        self.span = match (self.span, other.span) {
            (Some(own), Some(other)) => Some((own.0.min(other.0), own.1.max(other.1))),
            (own, other) => own.or(other),
        };
        self.events += other.events;
        self.unmapped += other.unmapped;
        self.valued.iter_mut().zip(&other.valued).for_each(|(own, &it)| *own |= it);
    }

    fn of(rows: &Rows, stages: usize) -> Self {
        let mut valued = vec![false; stages];
        rows.amounts.each_nonzero(|row| {
            if let Some(it) = valued.get_mut(rows.stages.get(row) as usize) {
                *it = true;
            }
        });
        Self {
            span: rows.times.span(),
            events: rows.times.len() as u64,
            unmapped: rows.stages.none() as u64,
            customers: 0,
            valued,
        }
    }
}

/// How rows are to be cut into shards.
struct Plan {
    customers: usize,
    stages: usize,
    width: u32,
    shards: usize,
    run_rows: usize,
    keep: Arc<Keep>,
    /// Customers with a row, one bit each.
    met: Vec<AtomicU64>,
    /// Room that threads work in, reused from run to run.
    rooms: Mutex<Vec<Room>>,
}

impl Plan {
    fn new(batches: &Batches, (customers, stages): (usize, usize)) -> Self {
        let count: usize = batches.kept().iter().filter(|it| !it.links).map(|it| it.rows).sum();
        let fits = batches.keep().memory().bytes() / (ROW_BYTES * SHARDS_IN_MEMORY);
        let shard_rows = SHARD_ROWS.min(usize::try_from(fits).unwrap_or(SHARD_ROWS)).max(1);
        let shards = (count / shard_rows).next_power_of_two().clamp(1, MOST_SHARDS);
        // A power of two, so that a customer's shard is a shift away.
        let width = customers.div_ceil(shards).next_power_of_two() as u32;
        let shards = customers.div_ceil(width as usize).max(1);
        let run_rows = (shards * PIECE_ROWS).clamp(RUN_ROWS.0, RUN_ROWS.1);
        let keep = Arc::clone(batches.keep());
        let met = (0..customers.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let rooms = Mutex::default();
        Self { customers, stages, width, shards, run_rows, keep, met, rooms }
    }

    fn make(
        &self,
        making: &Making<'_>,
        batches: &mut waiting::Run<'_>,
        progress: &dyn Progress,
    ) -> Result<Made> {
        progress.check()?;
        let Self { stages, width, shards, ref keep, ref met, .. } = *self;
        let mut room = self.rooms().pop().unwrap_or_default();
        let made = Cutter { making, keep, width, shards, stages, met }.run(batches, &mut room)?;
        self.rooms().push(room);
        progress.advance(made.seen.events);
        Ok(made)
    }

    fn rooms(&self) -> MutexGuard<'_, Vec<Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(self, made: Vec<Made>, making: &Making<'_>) -> Partition {
        let mut seen = Seen { valued: vec![false; self.stages], ..Seen::default() };
        let (mut runs, mut rows) = (Vec::with_capacity(made.len()), vec![0u64; self.shards]);
        for it in made {
            seen.merge(it.seen);
            rows.iter_mut().zip(&it.rows).for_each(|(all, &own)| *all += u64::from(own));
            runs.push(it.run);
        }
        let ones = |it: &AtomicU64| u64::from(it.load(Ordering::Relaxed).count_ones());
        seen.customers = self.met.iter().map(ones).sum();
        let (customers, keep) = (self.customers as u32, self.keep);
        let layout = making.layout.clone();
        Partition { layout, width: self.width, customers, seen, keep, runs, rows }
    }
}
