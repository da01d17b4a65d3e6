//! One part of the variants: those whose hashes fall into it.

use std::collections::BTreeMap;

use hashbrown::HashTable;

use super::VariantStat;
use crate::base::Amount;
use crate::base::NONE;
use crate::base::money::Total;
use crate::model::Outcome;
use crate::stats::quantile;

/// So many journeys are gathered at least before they are taken in, and at most. Between, as
/// many as there are variants: then each line of the table is met more than once while it is in
/// the cache, and what waits is never more than what is kept.
const BATCH: (usize, usize) = (1 << 9, 1 << 14);

/// A journey that waits, its sequence beside it.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Where its sequence ends.
    pub end: usize,
    /// From the first step to the last, in microseconds.
    pub duration: i64,
    /// Value in minor units.
    pub value: Amount,
    /// Half of the hash of the sequence.
    pub half: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// Journeys that wait.
#[derive(Debug, Default)]
pub struct Seens {
    /// The journeys.
    pub list: Vec<Seen>,
    /// Their sequences, one after another.
    pub keys: Vec<u8>,
}

impl Seens {
    /// Adds a journey.
    #[inline]
    fn push(&mut self, key: &[u8], half: u32, it: &Seen) {
        self.keys.extend_from_slice(key);
        let &Seen { duration, value, outcome, .. } = it;
        self.list.push(Seen { end: self.keys.len(), duration, value, half, outcome });
    }

    /// Forgets all, and keeps the room.
    pub fn clear(&mut self) {
        self.list.clear();
        self.keys.clear();
    }
}

/// Variants of one part.
#[derive(Debug, Default)]
pub struct Part {
    /// All sequences, one after another.
    arena: Vec<u8>,
    variants: Vec<Variant>,
    table: HashTable<u32>,
    /// What outgrew its small figures.
    large: BTreeMap<u32, VariantStat>,
    /// For each journey, its variant; beside it, its duration in microseconds.
    of: Vec<u32>,
    durations: Vec<i64>,
    /// Journeys not taken in yet.
    seen: Seens,
}

/// A variant: all that is asked when a journey comes, within one line of the cache. What its
/// journeys came to is in small figures.
#[derive(Debug, Clone, Copy)]
struct Variant {
    /// Where its sequence ends in the arena.
    end: usize,
    /// Half of the hash: enough to find it again when the table grows.
    half: u32,
    journeys: u32,
    converted: u32,
    open: u32,
    value: i64,
}

impl Variant {
    /// With one journey more.
    #[inline]
    fn with(self, it: &Seen) -> Option<Self> {
        Some(Self {
            journeys: self.journeys.checked_add(1)?,
            // Neither is more than there are journeys.
            converted: self.converted + u32::from(it.outcome == Outcome::Converted),
            open: self.open + u32::from(it.outcome == Outcome::Open),
            value: self.value.checked_add(it.value)?,
            ..self
        })
    }

    fn plus(self, more: &VariantStat) -> Option<Self> {
        let add = |own: u32, more: u64| own.checked_add(u32::try_from(more).ok()?);
        Some(Self {
            journeys: add(self.journeys, more.journeys)?,
            converted: add(self.converted, more.converted)?,
            open: add(self.open, more.open)?,
            value: self.value.checked_add(i64::try_from(more.value).ok()?)?,
            ..self
        })
    }

    fn stat(self) -> VariantStat {
        VariantStat {
            journeys: u64::from(self.journeys),
            converted: u64::from(self.converted),
            open: u64::from(self.open),
            value: Total::from(self.value),
        }
    }
}

/// The hash that the table sees, of the half that is kept.
fn spread(half: u32) -> u64 {
    u64::from(half) << 32 | u64::from(half)
}

impl Part {
    /// Takes in one journey, sooner or later.
    #[inline]
    pub fn see(&mut self, key: &[u8], half: u32, it: &Seen) {
        self.seen.push(key, half, it);
        if self.seen.list.len() >= self.len().clamp(BATCH.0, BATCH.1) {
            self.absorb();
        }
    }

    /// Takes in the journeys that were gathered.
    pub fn absorb(&mut self) {
        let mut seen = std::mem::take(&mut self.seen);
        self.take_in(&seen);
        seen.clear();
        self.seen = seen;
    }

    fn take_in(&mut self, seen: &Seens) {
        self.of.reserve(seen.list.len());
        let mut start = 0;
        for it in &seen.list {
            let variant = self.intern(&seen.keys[start..it.end], it.half);
            start = it.end;
            let own = &mut self.variants[variant as usize];
            match own.with(it) {
                Some(sum) => *own = sum,
                None => self.add_large(variant, it),
            }
            self.of.push(variant);
        }
        self.durations.extend(seen.list.iter().map(|it| it.duration));
    }

    #[cold]
    fn add_large(&mut self, variant: u32, it: &Seen) {
        let stat = VariantStat {
            journeys: 1,
            converted: u64::from(it.outcome == Outcome::Converted),
            open: u64::from(it.outcome == Outcome::Open),
            value: Total::from(it.value),
        };
        self.add(variant, &stat);
    }

    /// Takes in the variants of the same part of other journeys: the fewer come to the more.
    pub fn merge(&mut self, mut from: Self) {
        if self.len() < from.len() {
            std::mem::swap(self, &mut from);
        }
        self.make_room(&from);
        let mut codes = Vec::with_capacity(from.len());
        for variant in 0..from.len() as u32 {
            let own = self.intern(from.key(variant), from.variants[variant as usize].half);
            self.add(own, &from.stat(variant));
            codes.push(own);
        }
        self.of.extend(from.of.iter().map(|&it| codes[it as usize]));
        self.durations.extend(from.durations);
        self.take_in(&from.seen);
    }

    /// Makes room for all that another part has, so that nothing is moved more than once.
    fn make_room(&mut self, from: &Self) {
        let more = from.seen.list.len();
        self.arena.reserve(from.arena.len() + from.seen.keys.len());
        self.variants.reserve(from.len() + more);
        let variants = &self.variants;
        self.table.reserve(from.len() + more, |&it| spread(variants[it as usize].half));
        self.of.reserve(from.of.len() + more);
        self.durations.reserve(from.of.len() + more);
    }

    /// How many variants there are.
    pub fn len(&self) -> usize {
        self.variants.len()
    }

    /// The sequence of a variant, as bytes.
    pub fn key(&self, variant: u32) -> &[u8] {
        key(&self.arena, &self.variants, variant)
    }

    /// What the journeys of a variant came to.
    pub fn stat(&self, variant: u32) -> VariantStat {
        let mut stat = self.variants[variant as usize].stat();
        if !self.large.is_empty()
            && let Some(more) = self.large.get(&variant)
        {
            stat.add(more);
        }
        stat
    }

    /// The `top` most frequent variants, in any order; each has at least so many journeys.
    pub fn first(&self, top: usize, least: u64) -> Vec<u32> {
        let codes = 0..self.len() as u32;
        let mut order: Vec<u32> = codes.filter(|&it| self.stat(it).journeys >= least).collect();
        if top > 0 && top < order.len() {
            let journeys = |it: u32| self.stat(it).journeys;
            order.select_nth_unstable_by(top - 1, |&a, &b| {
                let keys = || self.key(a).cmp(self.key(b));
                journeys(b).cmp(&journeys(a)).then_with(keys)
            });
            order.truncate(top);
        }
        order
    }

    /// The median duration of some variants, each with the place that is wanted for it.
    pub fn duration_medians(&self, wanted: &[(u32, usize)]) -> Vec<(usize, Option<f64>)> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut lists = vec![NONE; self.len()];
        for (list, &(variant, _)) in wanted.iter().enumerate() {
            lists[variant as usize] = list as u32;
        }
        let mut durations: Vec<Vec<i64>> = vec![Vec::new(); wanted.len()];
        for (&variant, &duration) in self.of.iter().zip(&self.durations) {
            let list = lists[variant as usize];
            if list != NONE {
                durations[list as usize].push(duration);
            }
        }
        let median =
            |(&(_, place), list): (&(u32, usize), &mut Vec<i64>)| (place, quantile(list, 0.5));
        wanted.iter().zip(&mut durations).map(median).collect()
    }

    #[inline]
    fn add(&mut self, variant: u32, more: &VariantStat) {
        let own = &mut self.variants[variant as usize];
        if let Some(sum) = own.plus(more) {
            *own = sum;
        } else {
            self.large.entry(variant).or_default().add(more);
        }
    }

    /// The code of a sequence, given a new one if it is new. Written out once, so that the search
    /// is part of it.
    #[inline(never)]
    fn intern(&mut self, wanted: &[u8], half: u32) -> u32 {
        let (arena, variants) = (&self.arena, &self.variants);
        let same = |&code: &u32| {
            variants[code as usize].half == half && key(arena, variants, code) == wanted
        };
        if let Some(&code) = self.table.find(spread(half), same) {
            return code;
        }
        let code = self.variants.len() as u32;
        self.arena.extend_from_slice(wanted);
        let end = self.arena.len();
        self.variants.push(Variant { end, half, journeys: 0, converted: 0, open: 0, value: 0 });
        let variants = &self.variants;
        self.table.insert_unique(spread(half), code, |&it| spread(variants[it as usize].half));
        code
    }
}

#[inline]
fn key<'a>(arena: &'a [u8], variants: &[Variant], variant: u32) -> &'a [u8] {
    let at = variant as usize;
    let start = if at == 0 { 0 } else { variants[at - 1].end };
    &arena[start..variants[at].end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_outgrow_their_place_stay_exact() {
        let mut part = Part::default();
        let variant = part.intern(b"ab", 7);
        let stat = VariantStat {
            journeys: u64::from(u32::MAX),
            converted: 1,
            open: 2,
            value: Total::from(i64::MAX),
        };
        (0..3).for_each(|_| part.add(variant, &stat));
        let sum = part.stat(variant);
        assert_eq!(sum.journeys, 3 * u64::from(u32::MAX));
        assert_eq!((sum.converted, sum.open), (3, 6));
        assert_eq!(sum.value, 3 * Total::from(i64::MAX));
    }

    #[test]
    fn sequences_of_equal_hash_are_told_apart() {
        let mut part = Part::default();
        assert_ne!(part.intern(b"ab", 7), part.intern(b"ba", 7));
        assert_eq!(part.intern(b"ba", 7), 1);
        assert_eq!((part.key(0), part.key(1)), (&b"ab"[..], &b"ba"[..]));
    }
}
