//! Sets of ids with what guards need to know of them, as they grow in order of time.
//!
//! Union-find by size; an id can leave its set. What a set carries is small (an id for
//! each guarded type, counts, times within a window), so that uniting costs next to
//! nothing however large the sets are. Knows local ids: `0..n`.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::base::NONE;

/// Disjoint sets of ids, each with its representatives and counts.
#[derive(Debug)]
pub(super) struct Profiles {
    /// The element that stands for each id; an id that leaves gets a new one.
    elements: Vec<u32>,
    parents: Vec<u32>,
    sizes: Vec<u32>,
    /// How many guarded types there are.
    guarded: usize,
    /// For each element that is a root and each guarded type an id of the set, or none.
    holders: Vec<u32>,
    /// How many types are counted.
    counted: usize,
    /// For each root and each counted type how many ids the set has.
    counts: Vec<u32>,
    /// For each root and each counted type with a window when ids came, ascending.
    times: HashMap<(u32, u32), VecDeque<i64>, FixedState>,
}

impl Profiles {
    /// So many ids, each alone.
    pub fn new(ids: usize, guarded: usize, counted: usize) -> Self {
        Self {
            elements: (0..ids as u32).collect(),
            parents: (0..ids as u32).collect(),
            sizes: vec![1; ids],
            guarded,
            holders: vec![NONE; ids * guarded],
            counted,
            counts: vec![0; ids * counted],
            times: HashMap::default(),
        }
    }

    /// The root of the set of an id.
    pub fn root(&mut self, id: u32) -> u32 {
        let mut at = self.elements[id as usize];
        loop {
            let parent = self.parents[at as usize];
            if parent == at {
                return at;
            }
            let above = self.parents[parent as usize];
            self.parents[at as usize] = above;
            at = above;
        }
    }

    /// The id of a guarded type that a set has, if any.
    pub fn holder(&self, root: u32, guard: usize) -> Option<u32> {
        let id = self.holders[root as usize * self.guarded + guard];
        (id != NONE).then_some(id)
    }

    /// Says which id of a guarded type a set has.
    pub fn set_holder(&mut self, root: u32, guard: usize, id: u32) {
        self.holders[root as usize * self.guarded + guard] = id;
    }

    /// How many ids of a counted type a set has: ever, or within a window before a time.
    pub fn count(&mut self, root: u32, slot: usize, window: Option<(i64, i64)>) -> u64 {
        let Some((time, length)) = window else {
            return self.counts[root as usize * self.counted + slot].into();
        };
        let Some(times) = self.times.get_mut(&(root, slot as u32)) else { return 0 };
        while times.front().is_some_and(|&it| it <= time.saturating_sub(length)) {
            times.pop_front();
        }
        times.len() as u64
    }

    /// Counts an id of a counted type that its set has from a time on; `windowed` says that
    /// the time matters. Times must come ascending.
    pub fn add(&mut self, root: u32, slot: usize, time: i64, windowed: bool) {
        self.counts[root as usize * self.counted + slot] += 1;
        if windowed {
            self.times.entry((root, slot as u32)).or_default().push_back(time);
        }
    }

    /// Unites two sets, given by their roots; gives the root and the one that is none now.
    pub fn unite(&mut self, a: u32, b: u32) -> (u32, u32) {
        let larger = self.sizes[a as usize] >= self.sizes[b as usize];
        let (kept, gone) = if larger { (a, b) } else { (b, a) };
        self.parents[gone as usize] = kept;
        self.sizes[kept as usize] += self.sizes[gone as usize];
        for guard in 0..self.guarded {
            let other = self.holders[gone as usize * self.guarded + guard];
            let own = &mut self.holders[kept as usize * self.guarded + guard];
            *own = if *own == NONE { other } else { *own };
        }
        for slot in 0..self.counted {
            self.counts[kept as usize * self.counted + slot] +=
                self.counts[gone as usize * self.counted + slot];
            if let Some(other) = self.times.remove(&(gone, slot as u32)) {
                let own = self.times.entry((kept, slot as u32)).or_default();
                *own = merged(std::mem::take(own), other);
            }
        }
        (kept, gone)
    }

    /// Takes an id out of its set; gives its old and its new root. `holds` tells which
    /// guarded type, `counts` which counted type it is of.
    pub fn leave(&mut self, id: u32, holds: Option<usize>, counts: Option<usize>) -> (u32, u32) {
        let old = self.root(id);
        let new = self.parents.len() as u32;
        self.parents.push(new);
        self.sizes.push(1);
        self.holders.extend((0..self.guarded).map(|_| NONE));
        self.counts.extend((0..self.counted).map(|_| 0));
        self.elements[id as usize] = new;
        if let Some(guard) = holds {
            if self.holder(old, guard) == Some(id) {
                self.set_holder(old, guard, NONE);
            }
            self.set_holder(new, guard, id);
        }
        if let Some(slot) = counts {
            let count = &mut self.counts[old as usize * self.counted + slot];
            *count = count.saturating_sub(1);
            self.counts[new as usize * self.counted + slot] = 1;
        }
        (old, new)
    }
}

/// Two ascending lists as one: what is short is put into what is long.
fn merged(a: VecDeque<i64>, b: VecDeque<i64>) -> VecDeque<i64> {
    let (mut long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    for time in short {
        let at = long.partition_point(|&it| it <= time);
        long.insert(at, time);
    }
    long
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_carry_what_their_ids_bring_and_lose_what_leaves() {
        let mut sets = Profiles::new(4, 1, 1);
        sets.set_holder(0, 0, 0);
        for (id, time) in [(1, 10), (2, 20), (3, 30)] {
            sets.add(id, 0, time, true);
        }
        let (kept, gone) = sets.unite(0, 1);
        assert!(kept == 0 && gone == 1);
        let (root, _) = sets.unite(3, kept);
        let (root, _) = sets.unite(root, 2);
        assert_eq!(sets.holder(root, 0), Some(0));
        assert_eq!(sets.count(root, 0, None), 3);
        assert_eq!(sets.count(root, 0, Some((30, 15))), 2, "10 is too long ago");
        let (old, new) = sets.leave(0, Some(0), None);
        assert!(old == root && sets.root(0) == new && sets.root(1) == root);
        assert!(sets.holder(root, 0).is_none() && sets.holder(new, 0) == Some(0));
    }
}
