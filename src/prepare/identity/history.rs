//! What was known when: the merge log and the as-of table.
//!
//! A customer is named by its strongest id, and by the one seen first where there are
//! several: so the known one survives a merge, else the oldest. Made by a replay of all
//! rows. Knows no file formats.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::evidence::Seen;
use super::replay::{Replayed, Scene, Why, Witness, replay};
use crate::base::NONE;
use crate::model::raw::NO_TIME;
use crate::store::RawEvents;

/// Two customers became one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// The node that names the customer from now on.
    pub survivor: u32,
    /// The node that named the other until now.
    pub merged: u32,
    /// The row that caused it.
    pub row: Seen,
    /// The two nodes on it that belonged to different customers, the stronger first.
    pub by: (u32, u32),
}

/// An id left its customer, or was left out of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// The id.
    pub node: u32,
    /// The node that named the customer which it left; the id itself if it was left out.
    pub from: u32,
    /// Why.
    pub why: Why,
    /// The row that caused it.
    pub row: Seen,
}

/// An id was left out of rows, and stays whose it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demoted {
    /// The id.
    pub node: u32,
    /// Why.
    pub why: Why,
    /// The first row that it was left out of.
    pub row: Seen,
    /// How many rows it was left out of for that reason.
    pub rows: u64,
}

/// An id belonged to a customer from one time to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// The id.
    pub node: u32,
    /// The node that named the customer then.
    pub customer: u32,
    /// Since when, in microseconds; [`NO_TIME`] for from the beginning.
    pub effective_at: i64,
    /// Until when (exclusive); none if it still does.
    pub superseded_at: Option<i64>,
}

/// What was known when.
#[derive(Debug, Default)]
pub struct History {
    /// Merges in order of time.
    pub merges: Vec<Merge>,
    /// Ids that left a customer, in order of time.
    pub left: Vec<Leave>,
    /// How many times an id was left out of a row, besides.
    pub left_out: u64,
    /// Which ids these are, in order of their first rows.
    pub demoted: Vec<Demoted>,
    /// Spans of ids, by type and text of the id, then by time.
    pub as_of: Vec<AsOf>,
}

impl History {
    /// Every id that left a customer or was left out of a row, and why.
    pub fn apart(&self) -> impl Iterator<Item = Leave> {
        let left_out =
            |it: &Demoted| Leave { node: it.node, from: it.node, why: it.why, row: it.row };
        self.demoted.iter().map(left_out).chain(self.left.iter().copied())
    }

    /// Replays all rows of a scene.
    pub(in crate::prepare) fn of(scene: &Scene<'_>, raw: &RawEvents) -> (Self, Replayed) {
        let ids = scene.scope.len();
        let mut witness = Chronicle {
            scene,
            raw,
            history: Self::default(),
            first_seen: vec![None; ids],
            sets: Sets { leaves: vec![0; ids], ..Sets::default() },
            since: vec![(NONE, NO_TIME); ids],
            demoted: IndexMap::default(),
        };
        let replayed = replay(scene, &mut witness);
        let mut history = witness.finish();
        let key = |it: &AsOf| (scene.nodes.id_type(it.node), scene.nodes.text(raw, it.node));
        history
            .as_of
            .sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.effective_at.cmp(&b.effective_at)));
        // Who leaves at the moment of joining never left.
        history.as_of.dedup_by(|later, earlier| {
            let same = later.node == earlier.node
                && later.customer == earlier.customer
                && earlier.superseded_at == Some(later.effective_at);
            if same {
                earlier.superseded_at = later.superseded_at;
            }
            same
        });
        (history, replayed)
    }
}

/// Who names each set and who is in it, by root.
#[derive(Default)]
struct Sets {
    names: Vec<u32>,
    /// Ids and how often each had left a set when it came; entries of ids that have left
    /// since are stale, and passed over.
    members: Vec<Vec<(u32, u32)>>,
    /// How often each id left a set.
    leaves: Vec<u32>,
}

impl Sets {
    fn room(&mut self, root: u32) {
        let room = (root as usize + 1).max(self.names.len());
        self.names.resize(room, NONE);
        self.members.resize_with(room, Vec::new);
    }

    /// Makes a set of one id.
    fn alone(&mut self, root: u32, id: u32) {
        self.room(root);
        self.names[root as usize] = id;
        self.members[root as usize] = vec![(id, self.leaves[id as usize])];
    }

    /// The ids of a set.
    fn ids(&self, root: u32) -> Vec<u32> {
        let here = |it: &&(u32, u32)| self.leaves[it.0 as usize] == it.1;
        self.members[root as usize].iter().filter(here).map(|it| it.0).collect()
    }
}

struct Chronicle<'a> {
    scene: &'a Scene<'a>,
    raw: &'a RawEvents,
    history: History,
    first_seen: Vec<Option<i64>>,
    sets: Sets,
    /// Who names each id's customer now, and since when.
    since: Vec<(u32, i64)>,
    /// By id and reason: the first row, and how many.
    demoted: IndexMap<(u32, Why), (Seen, u64), FixedState>,
}

impl Chronicle<'_> {
    fn node(&self, id: u32) -> u32 {
        self.scene.scope[id as usize]
    }

    /// Strongest first, then oldest, then by text.
    fn is_better(&self, a: u32, b: u32) -> bool {
        let nodes = self.scene.nodes;
        let key = |id: u32| {
            let node = self.node(id);
            (nodes.id_type(node), self.first_seen[id as usize], nodes.text(self.raw, node))
        };
        key(a) < key(b)
    }

    /// An id's customer has another name from a time on.
    fn rename(&mut self, id: u32, name: u32, time: i64) {
        let (before, since) = std::mem::replace(&mut self.since[id as usize], (name, time));
        if before == name {
            self.since[id as usize].1 = since;
        } else if before != NONE && since < time {
            let span = self.span(id, before, since, Some(time));
            self.history.as_of.push(span);
        }
    }

    fn span(&self, id: u32, name: u32, since: i64, until: Option<i64>) -> AsOf {
        AsOf {
            node: self.node(id),
            customer: self.node(name),
            effective_at: since,
            superseded_at: until,
        }
    }

    fn finish(mut self) -> History {
        for id in 0..self.since.len() as u32 {
            let (name, since) = self.since[id as usize];
            if name != NONE {
                let span = self.span(id, name, since, None);
                self.history.as_of.push(span);
            }
        }
        let demoted = |((id, why), (row, rows)): ((u32, Why), (Seen, u64))| Demoted {
            node: self.scene.scope[id as usize],
            why,
            row,
            rows,
        };
        self.history.demoted = std::mem::take(&mut self.demoted).into_iter().map(demoted).collect();
        self.history
    }

    fn log_merge(&mut self, names: (u32, u32), row: &Seen, by: (u32, u32)) {
        let (survivor, merged) = names;
        // An id that comes with this row had no customer before.
        if self.first_seen[merged as usize].is_some_and(|it| it < row.time) {
            let merge = Merge {
                survivor: self.node(survivor),
                merged: self.node(merged),
                row: *row,
                by: (self.node(by.0), self.node(by.1)),
            };
            self.history.merges.push(merge);
        }
    }
}

impl Witness for Chronicle<'_> {
    fn row(&mut self, row: &Seen, ids: &[u32]) {
        for &id in ids {
            if self.first_seen[id as usize].is_none() {
                self.first_seen[id as usize] = Some(row.time);
                self.sets.alone(id, id);
                self.since[id as usize] = (id, row.time);
            }
        }
    }

    fn joined(&mut self, kept: u32, gone: u32, row: &Seen, by: (u32, u32)) {
        let (a, b) = (self.sets.names[kept as usize], self.sets.names[gone as usize]);
        let (survivor, merged, renamed) =
            if self.is_better(b, a) { (b, a, kept) } else { (a, b, gone) };
        self.log_merge((survivor, merged), row, by);
        for id in self.sets.ids(renamed) {
            self.rename(id, survivor, row.time);
        }
        let mut members = std::mem::take(&mut self.sets.members[gone as usize]);
        let own = &mut self.sets.members[kept as usize];
        if members.len() > own.len() {
            std::mem::swap(&mut members, own);
        }
        own.append(&mut members);
        self.sets.names[kept as usize] = survivor;
    }

    fn left(&mut self, id: u32, (old, new): (u32, u32), row: &Seen, why: Why) {
        let from = self.sets.names[old as usize];
        self.sets.leaves[id as usize] += 1;
        self.sets.alone(new, id);
        if from == id {
            self.rename_rest(old, row.time);
        }
        self.rename(id, id, row.time);
        let leave = Leave { node: self.node(id), from: self.node(from), why, row: *row };
        self.history.left.push(leave);
    }

    fn left_out(&mut self, id: u32, row: &Seen, why: Why) {
        self.history.left_out += 1;
        self.demoted.entry((id, why)).or_insert((*row, 0)).1 += 1;
    }
}

impl Chronicle<'_> {
    /// Names a set anew after the id that named it has left.
    fn rename_rest(&mut self, root: u32, time: i64) {
        let members = self.sets.ids(root);
        let Some(&first) = members.first() else { return };
        let best = members.iter().fold(first, |a, &b| if self.is_better(b, a) { b } else { a });
        self.sets.names[root as usize] = best;
        for id in members {
            self.rename(id, best, time);
        }
    }
}
