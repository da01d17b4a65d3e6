//! Evidence: the rows on which ids stand together, with their times and places.
//!
//! Collected in a second walk over the rows that wait, and only for those who ask:
//! guards that are broken somewhere, the merge log, explanations. Knows no rule.

use std::cmp::Ordering;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use indexmap::IndexMap;
use rayon::prelude::*;

use super::exclude::{Excluded, Exclusions};
use super::nodes::{NodeSet, Nodes};
use crate::base::{NONE, Place, Result};
use crate::model::Batch;
use crate::model::raw::{NO_TIME, Sequence};
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
    /// Events that carry one wanted node alone, where these are counted and not kept.
    alone: HashMap<u32, u64, FixedState>,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// Those with any id.
    All,
    /// Those with several ids.
    Several,
    /// Those with several ids, one of them in a set; those with such an id alone are counted.
    Of(&'a NodeSet),
}

/// A batch whose rows are looked at.
struct Gathering<'a> {
    rows: &'a Batch,
    batch: u32,
    nodes: &'a Nodes,
    until: Option<i64>,
}

impl Gathering<'_> {
    fn collect(&self, wanted: Wanted<'_>) -> Evidence {
        let mut own = Evidence::default();
        let mut ids = Vec::new();
        let mut look = |row: usize| {
            if self.until.is_some_and(|it| self.rows.times[row] > it) {
                return;
            }
            self.nodes.of_row(self.rows, row, &mut ids);
            match (wanted, &ids[..]) {
                (_, []) | (Wanted::Several, [_]) => {}
                (Wanted::Of(_), &[only]) => {
                    *own.alone.entry(only).or_default() += u64::from(!self.rows.links);
                }
                _ => {
                    own.seen.push(self.seen(row, own.ids.len(), ids.len()));
                    own.ids.extend(&ids);
                }
            }
        };
        match wanted {
            Wanted::Of(set) => self.hits(set).into_iter().for_each(&mut look),
            _ => (0..self.rows.len()).for_each(&mut look),
        }
        own
    }

    /// The rows that carry a node of a set: column by column, since most carry none.
    fn hits(&self, set: &NodeSet) -> Vec<usize> {
        let mut hits = Vec::new();
        for (id_type, column) in self.rows.ids.iter().enumerate() {
            let known = column.codes.iter().enumerate().filter(|it| *it.1 != NONE);
            let hit = known.filter(|it| set.contains(self.nodes.node(id_type, *it.1)));
            hits.extend(hit.map(|it| it.0));
        }
        hits.sort_unstable();
        hits.dedup();
        hits
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
        let of = |batch: usize| -> Result<Self> {
            let rows = raw.batches.ids_of(batch)?;
            let gathering = Gathering { rows: &rows, batch: batch as u32, nodes, until };
            Ok(gathering.collect(wanted))
        };
        let count = raw.batches.kept().len();
        let parts = (0..count).into_par_iter().map(of).collect::<Result<Vec<_>>>()?;
        let mut all = Self::default();
        for part in parts {
            let offset = all.ids.len();
            all.ids.extend(part.ids);
            all.seen
                .extend(part.seen.into_iter().map(|it| Seen { first: it.first + offset, ..it }));
            for (node, count) in part.alone {
                *all.alone.entry(node).or_default() += count;
            }
        }
        let Self { seen, ids, .. } = &mut all;
        seen.par_sort_unstable_by(|a, b| order(a, b, ids, nodes, raw));
        Ok(all)
    }

    /// How many events carry a wanted node and nothing else, where single nodes are not
    /// kept.
    pub fn alone(&self, node: u32) -> u64 {
        self.alone.get(&node).copied().unwrap_or(0)
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
