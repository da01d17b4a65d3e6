//! Path variants: exact sequences of stages in one arena, counted.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::base::NONE;
use crate::base::money::Total;
use crate::model::{Customer, Journey, Outcome};
use crate::stats::quantile;

/// The shares of journeys whose cover is asked for, in percent.
const COVER: [u64; 3] = [50, 80, 95];

/// Sequences of stages, each once, with what their journeys came to.
///
/// A sequence is found by its hash and then compared stage by stage.
#[derive(Debug, Default)]
pub struct Variants {
    /// All sequences, one after another.
    arena: Vec<u32>,
    /// Where each sequence ends in the arena.
    ends: Vec<usize>,
    hashes: Vec<u64>,
    table: HashTable<u32>,
    stats: Vec<VariantStat>,
    /// For each journey, its variant; beside it, its duration in microseconds.
    of: Vec<u32>,
    durations: Vec<i64>,
    hasher: FixedState,
    scratch: Vec<u32>,
}

/// What the journeys of one variant came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VariantStat {
    /// Journeys.
    pub journeys: u64,
    /// Journeys that converted.
    pub converted: u64,
    /// Journeys that the data ends too early to judge.
    pub open: u64,
    /// Value in minor units.
    pub value: Total,
}

impl VariantStat {
    fn add(&mut self, more: &Self) {
        self.journeys += more.journeys;
        self.converted += more.converted;
        self.open += more.open;
        self.value += more.value;
    }

    /// Takes a part away.
    pub fn subtract(&mut self, part: &Self) {
        self.journeys -= part.journeys;
        self.converted -= part.converted;
        self.open -= part.open;
        self.value -= part.value;
    }
}

/// One of the most frequent variants.
#[derive(Debug, Clone, PartialEq)]
pub struct TopVariant {
    /// The stages in order.
    pub key: Vec<u32>,
    /// What its journeys came to.
    pub stat: VariantStat,
    /// The median duration in microseconds.
    pub duration_median: Option<f64>,
}

/// All variants, counted; the most frequent in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// All journeys.
    pub journeys: u64,
    /// Distinct variants.
    pub distinct: u64,
    /// Variants of a single journey.
    pub single: u64,
    /// How many variants cover 50, 80 and 95 % of the journeys.
    pub cover: [u64; 3],
    /// What all journeys came to.
    pub total: VariantStat,
    /// The most frequent variants: by journeys, then by stages.
    pub top: Vec<TopVariant>,
}

impl Variants {
    /// Takes in one journey.
    pub fn visit(&mut self, customer: &Customer<'_>, journey: &Journey, collapse: bool) {
        let steps = customer.steps_of(journey);
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        key.extend(steps.iter().map(|it| it.stage.0));
        if collapse {
            key.dedup();
        }
        let variant = self.intern(&key, self.hasher.hash_one(key.as_slice()));
        self.scratch = key;
        let duration = match (steps.first(), steps.last()) {
            (Some(first), Some(last)) => last.time.since(first.time).0,
            _ => 0,
        };
        self.stats[variant as usize].add(&VariantStat {
            journeys: 1,
            converted: u64::from(journey.outcome == Outcome::Converted),
            open: u64::from(journey.outcome == Outcome::Open),
            value: Total::from(journey.value),
        });
        self.of.push(variant);
        self.durations.push(duration);
    }

    /// Takes in the variants of other journeys.
    pub fn merge(&mut self, from: Self) {
        let mut codes = Vec::with_capacity(from.ends.len());
        for (variant, stat) in from.stats.iter().enumerate() {
            let own = self.intern(from.key(variant), from.hashes[variant]);
            self.stats[own as usize].add(stat);
            codes.push(own);
        }
        self.of.extend(from.of.iter().map(|&it| codes[it as usize]));
        self.durations.extend(from.durations);
    }

    /// Counts all variants and shows the `top` most frequent (0: all).
    pub fn finish(self, top: usize) -> Finished {
        let distinct = self.stats.len();
        let mut order: Vec<u32> = (0..distinct as u32).collect();
        let before = |&a: &u32, &b: &u32| {
            let journeys = |it: u32| self.stats[it as usize].journeys;
            let keys = || self.key(a as usize).cmp(self.key(b as usize));
            journeys(b).cmp(&journeys(a)).then_with(keys)
        };
        let top = if top == 0 { distinct } else { top.min(distinct) };
        if top < distinct {
            order.select_nth_unstable_by(top, before);
            order.truncate(top);
        }
        order.sort_unstable_by(before);
        let mut total = VariantStat::default();
        self.stats.iter().for_each(|it| total.add(it));
        let medians = self.duration_medians(&order);
        let top = order.iter().zip(medians).map(|(&variant, duration_median)| TopVariant {
            key: self.key(variant as usize).to_vec(),
            stat: self.stats[variant as usize],
            duration_median,
        });
        Finished {
            journeys: total.journeys,
            distinct: distinct as u64,
            single: self.stats.iter().filter(|it| it.journeys == 1).count() as u64,
            cover: self.cover(total.journeys),
            total,
            top: top.collect(),
        }
    }

    fn key(&self, variant: usize) -> &[u32] {
        &self.arena[range(&self.ends, variant)]
    }

    /// The code of a sequence, given a new one if it is new.
    fn intern(&mut self, key: &[u32], hash: u64) -> u32 {
        let (arena, ends, hashes) = (&self.arena, &self.ends, &self.hashes);
        let same = |&code: &u32| {
            hashes[code as usize] == hash && &arena[range(ends, code as usize)] == key
        };
        if let Some(&code) = self.table.find(hash, same) {
            return code;
        }
        let code = self.ends.len() as u32;
        self.arena.extend_from_slice(key);
        self.ends.push(self.arena.len());
        self.hashes.push(hash);
        self.stats.push(VariantStat::default());
        let hashes = &self.hashes;
        self.table.insert_unique(hash, code, |&it| hashes[it as usize]);
        code
    }

    /// The median duration of each of some variants.
    fn duration_medians(&self, variants: &[u32]) -> Vec<Option<f64>> {
        let mut places = vec![NONE; self.stats.len()];
        for (place, &variant) in variants.iter().enumerate() {
            places[variant as usize] = place as u32;
        }
        let mut durations: Vec<Vec<i64>> = vec![Vec::new(); variants.len()];
        for (&variant, &duration) in self.of.iter().zip(&self.durations) {
            let place = places[variant as usize];
            if place != NONE {
                durations[place as usize].push(duration);
            }
        }
        durations.iter_mut().map(|it| quantile(it, 0.5)).collect()
    }

    /// How many of the most frequent variants cover each share of [`COVER`].
    fn cover(&self, journeys: u64) -> [u64; 3] {
        let mut counts: Vec<u64> = self.stats.iter().map(|it| it.journeys).collect();
        counts.sort_unstable_by_key(|&it| std::cmp::Reverse(it));
        COVER.map(|percent| {
            let (mut covered, mut variants) = (0u128, 0);
            for count in &counts {
                if covered * 100 >= u128::from(journeys) * u128::from(percent) {
                    break;
                }
                covered += u128::from(*count);
                variants += 1;
            }
            variants
        })
    }
}

fn range(ends: &[usize], index: usize) -> Range<usize> {
    let start = if index == 0 { 0 } else { ends[index - 1] };
    start..ends[index]
}
