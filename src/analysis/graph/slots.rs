//! Pairs of stages, numbered as they come: a square for few stages, a map for many.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::DENSE_STAGES;
use crate::base::NONE;

/// Where a pair of stages is counted: a square for few stages, a map for many.
#[derive(Debug)]
pub(super) enum Slots {
    Square { stages: usize, slots: Vec<u32> },
    Map(HashMap<u64, u32, FixedState>),
}

impl Default for Slots {
    fn default() -> Self {
        Self::Map(HashMap::default())
    }
}

impl Slots {
    /// No pair, of so many stages.
    pub(super) fn new(stages: usize) -> Self {
        if stages <= DENSE_STAGES {
            Self::Square { stages, slots: vec![NONE; stages * stages] }
        } else {
            Self::default()
        }
    }

    /// The slot of a pair, given the next free one if it is new.
    #[inline(always)]
    pub(super) fn slot(&mut self, from: u32, to: u32, next: usize) -> usize {
        let slot = match self {
            Self::Square { stages, slots } => &mut slots[from as usize * *stages + to as usize],
            Self::Map(map) => of_many(map, from, to),
        };
        if *slot == NONE {
            *slot = next as u32;
        }
        *slot as usize
    }
}

#[inline(never)]
fn of_many(map: &mut HashMap<u64, u32, FixedState>, from: u32, to: u32) -> &mut u32 {
    map.entry(u64::from(from) << 32 | u64::from(to)).or_insert(NONE)
}
