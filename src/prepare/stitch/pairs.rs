//! Pairs of ids that were seen together: each once.
//!
//! Nearly every id meets one stronger id alone. That one is written beside it; only the pairs
//! that differ from it need sorting. Knows no rows and no rules.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::base::NONE;
use crate::prepare::identity::nodes::Nodes;
use crate::store::raw::Pairs;

/// In the place of a pair that is somewhere else.
const GONE: (u32, u32) = (NONE, NONE);

/// All distinct pairs of ids that reading noted, as nodes, the stronger first; in any order.
pub(super) fn pairs(noted: Vec<Pairs>, nodes: &Nodes) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = Vec::new();
    for Pairs { first, second, mut codes } in noted {
        make_distinct(&mut codes, nodes.of_type(second).len());
        let node = |it: (u32, u32)| (nodes.node(first, it.0), nodes.node(second, it.1));
        let found = codes.into_iter().map(node);
        if all.is_empty() { all = found.collect() } else { all.extend(found) }
    }
    all
}

/// Leaves each pair once; the second of a pair is less than `bound`.
fn make_distinct(pairs: &mut Vec<(u32, u32)>, bound: usize) {
    let none = (0..bound).into_par_iter().map(|_| AtomicU32::new(NONE));
    let partners: Vec<AtomicU32> = none.collect();
    let mut others: Vec<(u32, u32)> =
        pairs.par_iter_mut().filter_map(|it| settle(it, &partners)).collect();
    pairs.retain(|it| *it != GONE);
    others.par_sort_unstable();
    others.dedup();
    pairs.extend(others);
}

/// Lets a pair be where it is if it is the first of its second; gives it if it differs from that.
fn settle(pair: &mut (u32, u32), partners: &[AtomicU32]) -> Option<(u32, u32)> {
    let partner = &partners[pair.1 as usize];
    let mut known = partner.load(Ordering::Relaxed);
    if known == NONE {
        let order = Ordering::Relaxed;
        match partner.compare_exchange(NONE, pair.0, order, order) {
            Ok(_) => return None,
            Err(other) => known = other,
        }
    }
    let own = std::mem::replace(pair, GONE);
    (known != own.0).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_pair_stays_once(pairs in prop::collection::vec((0u32..9, 0u32..40), 0..300)) {
            let mut found = pairs.clone();
            make_distinct(&mut found, 40);
            found.sort_unstable();
            let mut wanted = pairs;
            wanted.sort_unstable();
            wanted.dedup();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn threads_leave_each_pair_once() {
        let many = || (0..200_000u32).map(|it| (it * 7919 % 13, it * 4729 % 9_000));
        let mut found: Vec<(u32, u32)> = many().collect();
        make_distinct(&mut found, 9_000);
        found.sort_unstable();
        let mut wanted: Vec<(u32, u32)> = many().collect();
        wanted.sort_unstable();
        wanted.dedup();
        assert!(found == wanted);
    }
}
