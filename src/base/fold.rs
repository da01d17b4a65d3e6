//! One fold for everything: start, visit, merge.
//!
//! Threads, shards, increments and clusters are the same code because
//! `merge(fold(a), fold(b)) == fold(a ++ b)` for every fold.

use rayon::prelude::*;

/// An aggregation over items with a lawful merge.
///
/// Law: for any split of the items into runs, folding each run from `start` and
/// merging the results in order equals folding them all. State must therefore
/// hold only things whose merge is exact: integers, sets, sorted or counted
/// multisets; floats are computed in `finish`, never here.
pub trait Fold: Sync {
    /// What a run of items folds to.
    type State: Send;
    /// One item: large enough to be worth a task of its own.
    type Item: Sync;

    /// The state of no item at all, neutral to `merge`.
    fn start(&self) -> Self::State;

    /// Takes in one item.
    fn visit(&self, state: &mut Self::State, item: &Self::Item);

    /// Takes in the state of the run that follows.
    fn merge(&self, into: &mut Self::State, from: Self::State);
}

/// Folds all items on all threads of the current rayon pool.
///
/// Runs are contiguous and merged left to right, so that even a state that
/// remembers order comes out the same for any number of threads.
pub fn fold_all<F: Fold>(fold: &F, items: &[F::Item]) -> F::State {
    items
        .par_iter()
        .fold(
            || fold.start(),
            |mut state, item| {
                fold.visit(&mut state, item);
                state
            },
        )
        .reduce(
            || fold.start(),
            |mut left, right| {
                fold.merge(&mut left, right);
                left
            },
        )
}
