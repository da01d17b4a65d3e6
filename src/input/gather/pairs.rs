//! Pairs of ids that stand on a row together, noted while files are read.
//!
//! Who is whose, it leaves to those who stitch.

use std::mem::take;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::{Gather, lock};
use crate::base::NONE;
use crate::model::raw::IdTable;
use crate::store::batches::dense;
use crate::store::raw::Pairs;

/// Ids of two types that stand on a row together.
#[derive(Debug)]
pub(super) struct Together {
    pub types: (usize, usize),
    pub codes: Mutex<Vec<(u32, u32)>>,
}

impl Gather {
    /// Notes which ids stand on a row together.
    pub(super) fn note_pairs(&self, found: Vec<Vec<(u32, u32)>>) {
        for (pairs, mut found) in self.pairs.iter().zip(found) {
            if !found.is_empty() {
                self.bytes.fetch_add(found.len() as u64 * 8, Ordering::Relaxed);
                lock(&pairs.codes).append(&mut found);
            }
        }
    }
}

/// The pairs of two columns of local codes, as shared codes. A pair is left out
/// where the weaker id was last seen with the same stronger one.
pub(super) fn pairs_of(
    (strong, weak): (&[u32], &[u32]),
    (strong_map, weak_map): (&[u32], &[u32]),
    out: &mut Vec<(u32, u32)>,
) {
    let mut last = vec![NONE; weak_map.len()];
    for (&a, &b) in strong.iter().zip(weak) {
        if a == NONE || b == NONE || last[b as usize] == a {
            continue;
        }
        last[b as usize] = a;
        out.push((strong_map[a as usize], weak_map[b as usize]));
    }
}

pub(super) fn dense_pairs(together: &Together, ids: &[IdTable]) -> Pairs {
    let ((first, second), mut codes) = (together.types, take(&mut *lock(&together.codes)));
    let bases = (&ids[first].bases, &ids[second].bases);
    codes.par_iter_mut().for_each(|it| *it = (dense(it.0, bases.0), dense(it.1, bases.1)));
    Pairs { first, second, codes }
}
