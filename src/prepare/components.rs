//! Connected components: union-find that threads fill at the same time.
//!
//! Of two roots the greater hangs under the lesser, so that a set's root is its
//! least member, whoever came first. Knows no ids.
//!
//! Source of the method: path halving (van Leeuwen and van der Weide, 1977), and
//! linking by compare-and-swap (Anderson and Woll, 1991).

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

/// How many members one task looks at.
const RUN: usize = 1 << 16;

/// Members `0..n` in disjoint sets, at first each in one of its own.
///
/// ```
/// use touchpath::prepare::components::Components;
/// let sets = Components::new(5);
/// sets.union(4, 1);
/// sets.union(3, 4);
/// assert_eq!(sets.find(3), 1); // the least member
/// let (number, first) = sets.number();
/// assert_eq!(number, [0, 1, 2, 1, 1]);
/// assert_eq!(first, [0, 1, 2]);
/// ```
#[derive(Debug)]
pub struct Components {
    parents: Vec<AtomicU32>,
}

impl Components {
    /// So many members.
    pub fn new(members: usize) -> Self {
        Self { parents: (0..members as u32).into_par_iter().map(AtomicU32::new).collect() }
    }

    /// The least member of the set that holds `member`, once no thread unites any more.
    #[inline]
    pub fn find(&self, member: u32) -> u32 {
        let mut at = member;
        loop {
            let parent = self.parents[at as usize].load(Ordering::Relaxed);
            if parent == at {
                return at;
            }
            let above = self.parents[parent as usize].load(Ordering::Relaxed);
            if above != parent {
                // Parents only ever grow nearer to the root: losing this race is no harm.
                let own = &self.parents[at as usize];
                let _ =
                    own.compare_exchange_weak(parent, above, Ordering::Relaxed, Ordering::Relaxed);
            }
            at = above;
        }
    }

    /// Makes a set of its own of a member. Right only if the same is done to all members
    /// of its set, and no thread unites meanwhile.
    pub fn reset(&self, member: u32) {
        self.parents[member as usize].store(member, Ordering::Relaxed);
    }

    /// Makes one set of the sets that hold `a` and `b`.
    pub fn union(&self, a: u32, b: u32) {
        let (mut a, mut b) = (a, b);
        loop {
            (a, b) = (self.find(a), self.find(b));
            if a == b {
                return;
            }
            let (low, high) = (a.min(b), a.max(b));
            let root = &self.parents[high as usize];
            if root.compare_exchange(high, low, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }

    /// Numbers the sets in order of their least members: the number of each
    /// member's set, and the least member of each set.
    pub fn number(&self) -> (Vec<u32>, Vec<u32>) {
        let is_root =
            |&(member, parent): &(u32, &AtomicU32)| parent.load(Ordering::Relaxed) == member;
        let runs = (0..).step_by(RUN).zip(self.parents.chunks(RUN));
        let runs: Vec<(u32, &[AtomicU32])> = runs.collect();
        let counts = runs.par_iter().map(|it| (it.0..).zip(it.1).filter(is_root).count());
        let counts: Vec<usize> = counts.collect();
        let mut roots = vec![0; counts.iter().sum()];
        let numbers = (0..self.parents.len()).into_par_iter().map(|_| AtomicU32::new(0));
        let numbers: Vec<AtomicU32> = numbers.collect();
        let (mut rest, mut number, mut tasks) = (&mut roots[..], 0, Vec::with_capacity(runs.len()));
        for (&run, &count) in runs.iter().zip(&counts) {
            let (own, others) = rest.split_at_mut(count);
            tasks.push((run, number, own));
            (rest, number) = (others, number + count as u32);
        }
        tasks.into_par_iter().for_each(|((first, parents), number, own)| {
            let found = (first..).zip(parents).filter(is_root);
            for ((root, own), number) in found.zip(own).zip(number..) {
                *own = root.0;
                numbers[root.0 as usize].store(number, Ordering::Relaxed);
            }
        });
        let members = (0..self.parents.len() as u32).into_par_iter().with_min_len(RUN);
        members.for_each(|member| {
            let root = self.find(member);
            if root != member {
                let number = numbers[root as usize].load(Ordering::Relaxed);
                numbers[member as usize].store(number, Ordering::Relaxed);
            }
        });
        (numbers.into_iter().map(AtomicU32::into_inner).collect(), roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_on_any_thread_gives_the_same_sets() {
        let pairs: Vec<(u32, u32)> =
            (0..50_000u32).map(|it| (it * 7919 % 100_000, it * 4729 % 100_000)).collect();
        let number = |pairs: &[(u32, u32)], parallel: bool| {
            let sets = Components::new(100_000);
            match parallel {
                true => pairs.par_iter().with_max_len(64).for_each(|it| sets.union(it.0, it.1)),
                false => pairs.iter().for_each(|it| sets.union(it.0, it.1)),
            }
            sets.number()
        };
        let backwards: Vec<(u32, u32)> = pairs.iter().rev().map(|it| (it.1, it.0)).collect();
        let expected = number(&pairs, false);
        assert!(expected.1.len() < 60_000);
        for _ in 0..5 {
            assert!(number(&pairs, true) == expected);
            assert!(number(&backwards, true) == expected);
        }
    }
}
