//! Events of customers in order of time: nearly all are already.
//!
//! Equal times are decided by the sequence, then by the place. Knows no other column.

use std::cmp::Ordering;

use crate::model::raw::IdTable;
use crate::prepare::rows::sequence_text;

/// So many customers are looked at at once: nearly all are in order already.
const BLOCK: usize = 32;

/// Brings the times of those customers into order that are not. Gives the ties, and whether
/// there was anything to do: then `order` has for each place the one that its row comes to.
pub(super) fn order_customers(
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
