//! Visits to devices that several people use: who was there, from one pause to the next.
//!
//! A pause longer than [`PAUSE`] ends a visit: whoever comes next may be somebody else.
//! Within a visit a row without a login is of whoever was known last before it, and of the
//! first who was known where nobody was before; a visit in which nobody is known is a
//! customer of its own. So nobody gets the rows of strangers who came hours later. Knows
//! rows only by device, time and who is known on them.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::evidence::Packed;
use super::exclude::Excluded;
use super::nodes::{NodeSet, Nodes};
use crate::base::{NONE, Result, Span};
use crate::model::Batch;
use crate::model::raw::NO_TIME;
use crate::store::RawEvents;

/// How long nothing may happen on a device before the next to come may be somebody else:
/// as long as web analytics lets a session pause.
pub const PAUSE: Span = Span::minutes(30);

/// A row on a shared device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// The device's node.
    pub device: u32,
    /// When, in microseconds.
    pub time: i64,
    /// The strongest id on the row that is nobody else's; [`NONE`] if there is none.
    pub known: u32,
}

/// Whose the rows of a device are from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The device's node.
    pub device: u32,
    /// Since when, in microseconds.
    pub since: i64,
    /// The known id whose rows they are; [`NONE`] for a visit of nobody known.
    pub known: u32,
    /// Whether a visit begins with it.
    pub opens: bool,
}

/// The turns of sightings, which must come in order of device and time.
///
/// With `wait`, rows that come longer before the first known one of their visit are of
/// nobody known.
///
/// ```
/// use touchpath::base::NONE;
/// use touchpath::prepare::identity::visits::{Sighting, turns};
/// let minute = 60_000_000;
/// let at = |minutes: i64, known| Sighting { device: 9, time: minutes * minute, known };
/// // Ryan logs in within a visit, Cassidy five minutes later; the next day nobody does.
/// let (ryan, cassidy) = (1, 2);
/// let seen = [at(1, NONE), at(3, ryan), at(7, NONE), at(8, cassidy), at(1507, NONE)];
/// let turns: Vec<_> = turns(&seen, None).iter().map(|it| (it.since / minute, it.known)).collect();
/// assert_eq!(turns, [(1, ryan), (8, cassidy), (1507, NONE)]);
/// ```
pub fn turns(seen: &[Sighting], wait: Option<i64>) -> Vec<Turn> {
    let same_visit = |a: &Sighting, b: &Sighting| {
        a.device == b.device && b.time.saturating_sub(a.time) <= PAUSE.0
    };
    let mut turns = Vec::new();
    for visit in seen.chunk_by(same_visit) {
        turns_of(visit, wait, &mut turns);
    }
    turns
}

fn turns_of(visit: &[Sighting], wait: Option<i64>, turns: &mut Vec<Turn>) {
    let Sighting { device, time: start, .. } = visit[0];
    let mut known = visit.iter().filter(|it| it.known != NONE);
    let Some(first) = known.next() else {
        turns.push(Turn { device, since: start, known: NONE, opens: true });
        return;
    };
    // Who logs in late does not reach back to rows that no longer wait.
    let reach = wait.map_or(start, |it| first.time.saturating_sub(it).max(start));
    if reach > start {
        turns.push(Turn { device, since: start, known: NONE, opens: false });
    }
    let mut now = first.known;
    turns.push(Turn { device, since: reach, known: now, opens: true });
    for it in known {
        if it.known != now {
            now = it.known;
            turns.push(Turn { device, since: it.time, known: now, opens: false });
        }
    }
}

/// Where sightings are looked for.
pub(in crate::prepare) struct Lookout<'a> {
    pub raw: &'a RawEvents,
    pub nodes: &'a Nodes,
    /// Ids that do not say whose a row is.
    pub special: &'a NodeSet,
    pub excluded: &'a Excluded,
    /// Only rows until this time (inclusive, microseconds) count.
    pub until: Option<i64>,
}

impl Lookout<'_> {
    /// All rows of those devices which have rows with nobody known, in order of device and
    /// time; where times tie, by the known id.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn sightings(&self, devices: &[u32]) -> Result<Vec<Sighting>> {
        let mut all = self.collect(devices, |known| known == NONE)?;
        let mut visited: Vec<u32> = all.iter().map(|it| it.device).collect();
        visited.sort_unstable();
        visited.dedup();
        if !visited.is_empty() {
            all.extend(self.collect(&visited, |known| known != NONE)?);
        }
        let text = |it: &Sighting| {
            let known = (it.known != NONE).then_some(it.known);
            known.map(|it| (self.nodes.id_type(it), self.nodes.text(self.raw, it)))
        };
        let ties = |a: &Sighting, b: &Sighting| match a.known == b.known {
            true => Ordering::Equal,
            false => text(a).cmp(&text(b)),
        };
        all.par_sort_unstable_by(|a, b| {
            (a.device, a.time).cmp(&(b.device, b.time)).then_with(|| ties(a, b))
        });
        Ok(all)
    }

    fn collect(
        &self,
        devices: &[u32],
        wanted: impl Fn(u32) -> bool + Sync,
    ) -> Result<Vec<Sighting>> {
        let packed = Packed::new(self.raw, self.nodes, devices);
        let of = |at: usize| -> Result<Vec<Sighting>> {
            let batch = self.raw.batches.ids_of(at)?;
            let mut own = Vec::new();
            for row in packed.rows_with_any(&batch) {
                self.look(&batch, row, devices, &wanted, &mut own);
            }
            Ok(own)
        };
        let count = self.raw.batches.kept().len();
        let parts: Vec<_> = (0..count).into_par_iter().map(of).collect::<Result<_>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Looks at a row: an event, or a link with a time that says who is on the device.
    fn look(
        &self,
        batch: &Batch,
        row: usize,
        devices: &[u32],
        wanted: &impl Fn(u32) -> bool,
        seen: &mut Vec<Sighting>,
    ) {
        let time = batch.times[row];
        let known = self.nodes_of(batch, row).find(|&it| !self.special.contains(it));
        let known = known.unwrap_or(NONE);
        let late = self.until.is_some_and(|it| time > it);
        let says_nothing = batch.links && (known == NONE || time == NO_TIME);
        if late || says_nothing || !wanted(known) {
            return;
        }
        let line = batch.lines.get(row).copied().unwrap_or(0);
        if known != NONE && self.excluded.has_place(batch.file_order, line) {
            return;
        }
        let on = self.nodes_of(batch, row).filter(|it| devices.binary_search(it).is_ok());
        let on = on.filter(|&it| !self.excluded.has_pair(it, known));
        seen.extend(on.map(|device| Sighting { device, time, known }));
    }

    fn nodes_of<'b>(&'b self, batch: &'b Batch, row: usize) -> impl Iterator<Item = u32> + 'b {
        batch.ids.iter().enumerate().filter_map(move |(id_type, column)| {
            let code = column.code(row);
            let node = || self.nodes.node(id_type, self.raw.batches.dense_id(id_type, code));
            (code != NONE).then(node)
        })
    }
}
