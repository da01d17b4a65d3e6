//! Path variants: exact sequences of stages, counted.
//!
//! A sequence belongs by its hash to one of a few parts. A part gathers journeys
//! and takes them into its table in batches, so that the table stays in the
//! cache, and parts merge and finish side by side. A sequence is found by its
//! hash and then compared stage by stage, never held by its hash alone.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use crate::base::money::Total;
use crate::model::{Customer, Journey, Step};

mod part;

use part::{Part, Seen, Seens};

/// The shares of journeys whose cover is asked for, in percent.
const COVER: [u64; 3] = [50, 80, 95];
/// How many parts there are, as a power of two.
const PART_BITS: u32 = 6;

/// So many journeys are gathered before they are given to their parts.
const LAST: usize = 64;

/// Sequences of stages, each once, with what their journeys came to.
#[derive(Debug)]
pub struct Variants {
    parts: Vec<Part>,
    coder: Coder,
    hasher: FixedState,
    scratch: Vec<Step>,
    /// Journeys that came last. Their sequences are hashed and copied some time after they were
    /// written, byte by byte: a load of eight bytes would wait for the stores of each.
    last: Seens,
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

/// How a sequence of stages is written as bytes: so many for each stage, the
/// highest first, so that sequences compare as their bytes do.
#[derive(Debug, Clone, Copy)]
enum Coder {
    One,
    Two,
    Four,
}

impl Coder {
    fn new(stages: usize) -> Self {
        match stages {
            0..=0x100 => Self::One,
            0x101..=0x1_0000 => Self::Two,
            _ => Self::Four,
        }
    }

    fn encode(self, steps: &[Step], out: &mut Vec<u8>) {
        let stages = steps.iter().map(|it| it.stage.0);
        match self {
            Self::One => out.extend(stages.map(|it| it as u8)),
            Self::Two => out.extend(stages.flat_map(|it| (it as u16).to_be_bytes())),
            Self::Four => out.extend(stages.flat_map(u32::to_be_bytes)),
        }
    }

    fn decode(self, key: &[u8]) -> Vec<u32> {
        let width = match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        };
        let number = |it: &[u8]| it.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte));
        key.chunks(width).map(number).collect()
    }
}

impl Variants {
    /// No variant, over so many stages.
    pub fn new(stages: usize) -> Self {
        Self {
            parts: (0..1 << PART_BITS).map(|_| Part::default()).collect(),
            coder: Coder::new(stages),
            hasher: FixedState::default(),
            scratch: Vec::new(),
            last: Seens::default(),
        }
    }

    /// Takes in one journey.
    pub fn visit(&mut self, customer: &Customer<'_>, journey: &Journey, collapse: bool) {
        let steps = customer.steps_of(journey);
        if collapse {
            self.scratch.clear();
            self.scratch.extend_from_slice(steps);
            self.scratch.dedup_by_key(|it| it.stage);
            self.coder.encode(&self.scratch, &mut self.last.keys);
        } else {
            self.coder.encode(steps, &mut self.last.keys);
        }
        let duration = match (steps.first(), steps.last()) {
            (Some(first), Some(last)) => last.time.since(first.time).0,
            _ => 0,
        };
        let end = self.last.keys.len();
        let outcome = journey.outcome;
        self.last.list.push(Seen { end, duration, half: 0, outcome, value: journey.value });
        if self.last.list.len() >= LAST {
            self.deal();
        }
    }

    /// Gives the journeys that came last to their parts.
    fn deal(&mut self) {
        let mut start = 0;
        for it in &self.last.list {
            let key = &self.last.keys[start..it.end];
            start = it.end;
            let mut hasher = self.hasher.build_hasher();
            hasher.write(key);
            let hash = hasher.finish();
            // The table uses the low half; the part, some of the others.
            let part = (hash >> 48) as usize & ((1 << PART_BITS) - 1);
            self.parts[part].see(key, hash as u32, it);
        }
        self.last.clear();
    }

    /// Takes in the variants of other journeys.
    pub fn merge(&mut self, mut from: Self) {
        self.deal();
        from.deal();
        self.parts.par_iter_mut().zip(from.parts).for_each(|(own, more)| own.merge(more));
    }

    /// Counts all variants and shows the `top` most frequent (0: all).
    pub fn finish(mut self, top: usize) -> Finished {
        self.deal();
        self.parts.par_iter_mut().for_each(Part::absorb);
        let distinct: usize = self.parts.iter().map(Part::len).sum();
        let top = if top == 0 { distinct } else { top.min(distinct) };
        let sums: Vec<(VariantStat, Counts)> = self.parts.par_iter().map(Counts::of).collect();
        let mut total = VariantStat::default();
        let mut counts = Counts::default();
        for (stat, more) in &sums {
            total.add(stat);
            counts.add(more);
        }
        Finished {
            journeys: total.journeys,
            distinct: distinct as u64,
            single: counts.0.get(&1).copied().unwrap_or(0),
            cover: counts.cover(total.journeys),
            total,
            top: self.top(top, counts.least(top as u64)),
        }
    }

    /// The most frequent variants: the first of each part, then the first of these; each has at
    /// least so many journeys.
    fn top(&self, top: usize, least: u64) -> Vec<TopVariant> {
        let mut first: Vec<(usize, u32)> = self
            .parts
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, part)| part.first(top, least).into_iter().map(move |it| (at, it)))
            .collect();
        let before = |a: &(usize, u32), b: &(usize, u32)| -> Ordering {
            let (left, right) = (&self.parts[a.0], &self.parts[b.0]);
            let journeys = right.stat(b.1).journeys.cmp(&left.stat(a.1).journeys);
            journeys.then_with(|| left.key(a.1).cmp(right.key(b.1)))
        };
        first.par_sort_unstable_by(before);
        first.truncate(top);
        let mut places = vec![Vec::new(); self.parts.len()];
        for (place, &(part, variant)) in first.iter().enumerate() {
            places[part].push((variant, place));
        }
        let medians: Vec<(usize, Option<f64>)> = self
            .parts
            .par_iter()
            .zip(&places)
            .flat_map_iter(|(part, wanted)| part.duration_medians(wanted))
            .collect();
        let mut median_of = vec![None; first.len()];
        medians.into_iter().for_each(|(place, median)| median_of[place] = median);
        let shown = first.iter().zip(median_of);
        let shown = shown.map(|(&(part, variant), duration_median)| TopVariant {
            key: self.coder.decode(self.parts[part].key(variant)),
            stat: self.parts[part].stat(variant),
            duration_median,
        });
        shown.collect()
    }
}

/// How many variants have how many journeys.
#[derive(Debug, Default)]
struct Counts(BTreeMap<u64, u64>);

impl Counts {
    /// Those of a part, and what its journeys came to.
    fn of(part: &Part) -> (VariantStat, Self) {
        // Most variants have few journeys: those are counted in place.
        let mut few = [0u64; 256];
        let (mut total, mut counts) = (VariantStat::default(), BTreeMap::new());
        for variant in 0..part.len() as u32 {
            let stat = part.stat(variant);
            total.add(&stat);
            match few.get_mut(stat.journeys as usize) {
                Some(it) => *it += 1,
                None => *counts.entry(stat.journeys).or_default() += 1,
            }
        }
        let few = few.into_iter().enumerate().filter(|it| it.1 > 0);
        counts.extend(few.map(|(journeys, variants)| (journeys as u64, variants)));
        (total, Self(counts))
    }

    fn add(&mut self, more: &Self) {
        for (&journeys, variants) in &more.0 {
            *self.0.entry(journeys).or_default() += variants;
        }
    }

    /// How many journeys each of the `top` most frequent variants has at least.
    fn least(&self, top: u64) -> u64 {
        let mut variants = 0;
        let most = self.0.iter().rev().find(|it| {
            variants += it.1;
            variants >= top
        });
        most.map_or(0, |it| *it.0)
    }

    /// How many of the most frequent variants cover each share of [`COVER`].
    fn cover(&self, journeys: u64) -> [u64; 3] {
        COVER.map(|percent| {
            // In hundredths of journeys, so that percents are whole.
            let wanted = u128::from(journeys) * u128::from(percent);
            let (mut covered, mut variants) = (0u128, 0u64);
            for (&each, &count) in self.0.iter().rev() {
                let each = u128::from(each) * 100;
                if covered >= wanted || each == 0 {
                    break;
                }
                let needed = (wanted - covered).div_ceil(each).min(u128::from(count));
                covered += each * needed;
                variants += needed as u64;
            }
            variants
        })
    }
}
