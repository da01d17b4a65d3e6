//! Evidence: the rows on which ids stand together, with their times and places.
//!
//! Collected in a second walk over the rows that wait, and only for those who ask:
//! guards that are broken somewhere, the merge log, explanations. Knows no rule.

use std::cmp::Ordering;

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use rayon::prelude::*;

use super::exclude::{Excluded, Exclusions};
use super::nodes::{NodeSet, Nodes};
use crate::base::{NONE, Place, Result};
use crate::model::Batch;
use crate::model::raw::{NO_TIME, Sequence, TextColumn};
use crate::prepare::rows::{sequence_text, text_sequence};
use crate::store::RawEvents;

/// A row that carries ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When, in microseconds; [`NO_TIME`] for a link that holds from the beginning.
    pub time: i64,
    sequence: i64,
    /// The order of the row's file among the input files.
    pub file: u32,
    /// The line in its file; 0 where lines were not noted (see
    /// [`ReadSettings::lines`](crate::input::ReadSettings::lines)).
    pub line: i64,
    batch: u32,
    row: u32,
    first: usize,
    count: u32,
    /// Whether the row only links ids and is no event.
    pub link: bool,
}

/// Rows with ids, in order of time; where times tie, by sequence, then by their ids, then
/// by their places: the order of rows in files decides nothing but which of two rows that
/// say the same is named.
#[derive(Debug, Default)]
pub struct Evidence {
    seen: Vec<Seen>,
    ids: Vec<u32>,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Those with any id.
    All,
    /// Those with several ids.
    Several,
    /// Those with several ids of these nodes.
    Of(&'a [u32]),
}

/// Nodes of each type by their codes as they are packed.
pub(super) struct Packed(Vec<NodeSet>);

impl Packed {
    pub(super) fn new(raw: &RawEvents, nodes: &Nodes, wanted: &[u32]) -> Self {
        let codes = |&it: &u32| {
            let (id_type, code) = nodes.code(it);
            (id_type, raw.batches.packed_id(id_type, code))
        };
        let mut most = vec![0usize; raw.ids.len()];
        for (id_type, code) in wanted.iter().map(codes) {
            most[id_type] = most[id_type].max(code as usize + 1);
        }
        let mut sets: Vec<NodeSet> = most.into_iter().map(NodeSet::new).collect();
        wanted.iter().map(codes).for_each(|(id_type, code)| sets[id_type].insert(code));
        Self(sets)
    }

    /// The rows that carry any of the nodes, and it as it is packed.
    pub(super) fn rows_with_any<'a>(
        &'a self,
        batch: &'a Batch,
    ) -> impl Iterator<Item = usize> + 'a {
        let columns = || batch.ids.iter().zip(&self.0).filter(|it| !it.1.is_empty());
        (0..batch.len()).filter(move |&row| columns().any(|it| it.1.contains(it.0.code(row))))
    }

    /// The rows that may carry two of the nodes. Two ids of a row stand in two columns, so
    /// the column that most rows fill need not be looked at.
    fn rows(&self, batch: &Batch) -> Vec<usize> {
        let filled = |it: &TextColumn| it.codes.iter().filter(|it| **it != NONE).count();
        let counts: Vec<usize> = batch.ids.iter().map(filled).collect();
        let fullest = (0..counts.len()).max_by_key(|&it| counts[it]);
        let mut rows = Vec::new();
        for (id_type, column) in batch.ids.iter().enumerate() {
            let set = &self.0[id_type];
            if Some(id_type) != fullest && !set.is_empty() {
                let hit = column.codes.iter().enumerate().filter(|it| set.contains(*it.1));
                rows.extend(hit.map(|it| it.0));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

/// A batch whose rows are looked at.
struct Gathering<'a> {
    raw: &'a RawEvents,
    rows: &'a Batch,
    batch: u32,
    nodes: &'a Nodes,
    until: Option<i64>,
}

impl Gathering<'_> {
    /// Takes these rows, as far as they have so many ids.
    fn collect(&self, rows: impl Iterator<Item = usize>, least: usize) -> Evidence {
        let mut own = Evidence::default();
        let early = |it: &usize| self.until.is_none_or(|until| self.rows.times[*it] <= until);
        for row in rows.filter(early) {
            let first = own.ids.len();
            for (id_type, column) in self.rows.ids.iter().enumerate() {
                let code = column.code(row);
                if code != NONE {
                    let code = self.raw.batches.dense_id(id_type, code);
                    own.ids.push(self.nodes.node(id_type, code));
                }
            }
            match own.ids.len() - first {
                count if count >= least => own.seen.push(self.seen(row, first, count)),
                _ => own.ids.truncate(first),
            }
        }
        own
    }

    fn seen(&self, row: usize, first: usize, count: usize) -> Seen {
        let rows = self.rows;
        Seen {
            time: rows.times[row],
            sequence: match &rows.sequence {
                Sequence::None => i64::MIN,
                Sequence::Numbers(it) => it[row],
                Sequence::Texts(it) => text_sequence(it.code(row)),
            },
            file: rows.file_order,
            line: rows.lines.get(row).copied().unwrap_or(0),
            batch: self.batch,
            row: row as u32,
            first,
            count: count as u32,
            link: rows.links,
        }
    }
}

impl Evidence {
    /// The rows that are wanted, seen until a time (inclusive).
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn collect(
        raw: &RawEvents,
        nodes: &Nodes,
        until: Option<i64>,
        wanted: Wanted<'_>,
    ) -> Result<Self> {
        let packed = match wanted {
            Wanted::Of(them) => Some(Packed::new(raw, nodes, them)),
            _ => None,
        };
        let least = if matches!(wanted, Wanted::All) { 1 } else { 2 };
        let of = |batch: usize| -> Result<Self> {
            let rows = raw.batches.ids_of(batch)?;
            let gathering = Gathering { raw, rows: &rows, batch: batch as u32, nodes, until };
            Ok(match &packed {
                Some(it) => gathering.collect(it.rows(&rows).into_iter(), least),
                None => gathering.collect(0..rows.len(), least),
            })
        };
        let count = raw.batches.kept().len();
        let parts = (0..count).into_par_iter().map(of).collect::<Result<Vec<_>>>()?;
        let mut all = Self::default();
        for part in parts {
            let offset = all.ids.len();
            all.ids.extend(part.ids);
            all.seen
                .extend(part.seen.into_iter().map(|it| Seen { first: it.first + offset, ..it }));
        }
        let Self { seen, ids } = &mut all;
        seen.par_sort_unstable_by(|a, b| order(a, b, ids, nodes, raw));
        Ok(all)
    }

    /// The rows in order.
    pub fn rows(&self) -> &[Seen] {
        &self.seen
    }

    /// The nodes of a row, strongest type first.
    pub fn nodes(&self, row: &Seen) -> &[u32] {
        &self.ids[row.first..row.first + row.count as usize]
    }

    /// Leaves out the rows for which `keep` is false.
    pub fn retain(&mut self, keep: impl Fn(&Seen) -> bool) {
        self.seen.retain(|it| keep(it));
    }

    /// All distinct pairs of nodes that stand together on a row which counts, the stronger
    /// first.
    pub fn pairs(&self, counts: impl Fn(&Seen) -> bool + Sync) -> Vec<(u32, u32)> {
        let of = |it: &Seen| {
            let nodes = self.nodes(it);
            let pairs = nodes.iter().enumerate();
            pairs.flat_map(|(at, &a)| nodes[at + 1..].iter().map(move |&b| (a, b)))
        };
        let mut all: Vec<(u32, u32)> =
            self.seen.par_iter().filter(|it| counts(it)).flat_map_iter(of).collect();
        all.par_sort_unstable();
        all.dedup();
        all
    }
}

/// Two ids that stand on a row together, and the first such row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The stronger node.
    pub a: u32,
    /// The weaker node.
    pub b: u32,
    /// The first row that shows both.
    pub row: Seen,
}

impl Evidence {
    /// The edges between these nodes, in order of their rows; exclusions do not count.
    pub fn edges(
        &self,
        members: &NodeSet,
        exclusions: &Exclusions,
        nodes: &Nodes,
        raw: &RawEvents,
    ) -> Vec<Edge> {
        let excluded = Excluded::new(exclusions, nodes, raw).unwrap_or_default();
        let mut first: IndexMap<(u32, u32), Seen, FixedState> = IndexMap::default();
        for row in self.seen.iter().filter(|it| !excluded.has_row(it)) {
            let nodes = self.nodes(row);
            for (at, &a) in nodes.iter().enumerate().filter(|it| members.contains(*it.1)) {
                for &b in nodes[at + 1..].iter().filter(|&&it| members.contains(it)) {
                    if !excluded.has_pair(a, b) {
                        first.entry((a, b)).or_insert(*row);
                    }
                }
            }
        }
        first.into_iter().map(|((a, b), row)| Edge { a, b, row }).collect()
    }
}

impl Seen {
    /// Where the row stands.
    pub fn place(&self, raw: &RawEvents) -> Place {
        let file = raw.inputs.get(self.file as usize).map_or("", |it| it.path.as_str());
        Place::line(file, u64::try_from(self.line).unwrap_or(0))
    }

    /// The position of the row's batch among the batches, and of the row in it.
    pub fn at(&self) -> (usize, usize) {
        (self.batch as usize, self.row as usize)
    }

    /// Whether the row names a time.
    pub fn is_dated(&self) -> bool {
        self.time != NO_TIME
    }
}

fn order(a: &Seen, b: &Seen, ids: &[u32], nodes: &Nodes, raw: &RawEvents) -> Ordering {
    let text = |it: &Seen| sequence_text(it.sequence).map(|it| raw.sequence_texts.get(it));
    let by_sequence = || match (text(a), text(b)) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => a.sequence.cmp(&b.sequence),
    };
    let by_ids = || {
        let of = |it: &Seen| ids[it.first..it.first + it.count as usize].iter();
        let key = |&it: &u32| (nodes.id_type(it), nodes.text(raw, it));
        match of(a).eq(of(b)) {
            true => Ordering::Equal,
            false => of(a).map(key).cmp(of(b).map(key)),
        }
    };
    let place = |it: &Seen| (it.file, it.batch, it.row);
    let by_place = || place(a).cmp(&place(b));
    a.time.cmp(&b.time).then_with(by_sequence).then_with(by_ids).then_with(by_place)
}
