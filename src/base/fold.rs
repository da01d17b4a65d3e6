//! One fold for everything: start, visit, merge.
//!
//! Threads, shards, increments and clusters are the same code because
//! `merge(fold(a), fold(b)) == fold(a ++ b)` for every fold.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// An aggregation over items with a lawful merge.
///
/// Law: for any split of the items into groups, folding each group from `start` and
/// merging the results in any order comes to the same as folding them all. State
/// must therefore hold only things whose merge is exact and whose order does not
/// matter: integers, sets, counted multisets, lists that are sorted in the end;
/// floats are computed then, never here.
pub trait Fold: Sync {
    /// What a run of items folds to.
    type State: Send;
    /// One item: large enough to be worth a task of its own.
    type Item: Sync;

    /// The state of no item at all, neutral to `merge`.
    fn start(&self) -> Self::State;

    /// Takes in one item.
    fn visit(&self, state: &mut Self::State, item: &Self::Item);

    /// Takes in the state of other items.
    fn merge(&self, into: &mut Self::State, from: Self::State);
}

/// Folds all items on all threads of the current rayon pool.
///
/// Each thread has one state, however many items there are, and takes the next
/// item whenever it is free. Which items meet in which state is therefore chance:
/// a lawful state does not care.
pub fn fold_all<F: Fold>(fold: &F, items: &[F::Item]) -> F::State {
    let next = AtomicUsize::new(0);
    let run = |_| {
        let mut state = fold.start();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            fold.visit(&mut state, item);
        }
        state
    };
    let threads = rayon::current_num_threads().min(items.len());
    let states = (0..threads).into_par_iter().with_max_len(1).map(run);
    let merged = states.reduce_with(|mut left, right| {
        fold.merge(&mut left, right);
        left
    });
    merged.unwrap_or_else(|| fold.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum;

    impl Fold for Sum {
        type State = (u64, u64);
        type Item = u64;

        fn start(&self) -> (u64, u64) {
            (0, 0)
        }

        fn visit(&self, state: &mut (u64, u64), item: &u64) {
            *state = (state.0 + 1, state.1 + item);
        }

        fn merge(&self, into: &mut (u64, u64), from: (u64, u64)) {
            *into = (into.0 + from.0, into.1 + from.1);
        }
    }

    #[test]
    fn every_item_is_folded_once() {
        let items: Vec<u64> = (0..1000).collect();
        for count in [0, 1, 2, 1000] {
            let wanted = (count as u64, items[..count].iter().sum());
            assert_eq!(fold_all(&Sum, &items[..count]), wanted);
        }
    }
}
