//! Stitching at work: from pairs to customers.
//!
//! Union-find over all pairs first, on all threads; only customers in which a rule is
//! broken are replayed. Knows rows only through the evidence that it asks for.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;

use rayon::prelude::*;

use super::pairs::pairs;
use super::turns::take_turns;
use super::{BLOCKED_SHOWN, IdentityOptions, Reason, Rivals, Stitched, name_blocked};
use crate::base::Result;
use crate::prepare::components::Components;
use crate::prepare::identity::conflicts::{Conflicts, unite};
use crate::prepare::identity::evidence::Wanted;
use crate::prepare::identity::exclude::{Excluded, Exclusions};
use crate::prepare::identity::nodes::{NodeSet, Nodes};
use crate::prepare::identity::replay::Scene;
use crate::prepare::identity::visits::{Lookout, Turn, turns};
use crate::prepare::identity::{Evidence, History, Rules, SharedDevice};
use crate::store::RawEvents;

/// What a stitching is asked for besides its options.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Links that must not count.
    pub exclusions: Option<&'a Exclusions>,
    /// Only evidence until this time (inclusive, microseconds) counts: the world as known then.
    pub until: Option<i64>,
}

/// Stitches the ids of all rows into customers; uses up the pairs that reading noted.
///
/// # Errors
/// More ids than can be numbered; an id type that no source has; the spill file cannot
/// be read.
pub fn stitch(
    raw: &mut RawEvents,
    options: &IdentityOptions,
    asked: Asked<'_>,
) -> Result<Stitched> {
    let noted = std::mem::take(&mut raw.pairs);
    let stitching = Stitching::new(raw, options, asked)?;
    let pairs = match stitching.needs_rows() {
        true => stitching.pairs_of_rows()?,
        false => pairs(noted, &stitching.nodes),
    };
    stitching.run(pairs)
}

/// Stitches the same rows again, by any options; their pairs stay.
///
/// # Errors
/// As [`stitch`].
pub fn stitch_again(
    raw: &RawEvents,
    options: &IdentityOptions,
    asked: Asked<'_>,
) -> Result<Stitched> {
    let stitching = Stitching::new(raw, options, asked)?;
    let pairs = match stitching.needs_rows() || raw.pairs.is_empty() {
        true => stitching.pairs_of_rows()?,
        false => pairs(raw.pairs.clone(), &stitching.nodes),
    };
    stitching.run(pairs)
}

/// As [`stitch_again`], with the merge log and the as-of table, and the rows that they were
/// made of: all that carry ids.
///
/// # Errors
/// As [`stitch`].
pub fn chronicle(
    raw: &RawEvents,
    options: &IdentityOptions,
    asked: Asked<'_>,
) -> Result<(Stitched, History, Evidence)> {
    let stitching = Stitching::new(raw, options, asked)?;
    let evidence = Evidence::collect(raw, &stitching.nodes, asked.until, Wanted::All)?;
    let pairs = stitching.without_excluded(evidence.pairs(|it| !stitching.excluded.has_row(it)));
    let refused = stitching.refused(&pairs);
    let scope: Vec<u32> = (0..stitching.nodes.len() as u32).collect();
    let history = {
        let is_refused = |it: u32| refused.contains_key(&it);
        let scene = stitching.scene(&evidence, &scope, &is_refused);
        History::of(&scene, raw).0
    };
    Ok((stitching.run(pairs)?, history, evidence))
}

/// One stitching at work.
struct Stitching<'a> {
    raw: &'a RawEvents,
    nodes: Nodes,
    rules: Rules,
    excluded: Excluded,
    until: Option<i64>,
}

/// How many nodes one task looks at.
const RUN: usize = 1 << 16;

/// Why ids link nobody, and how many stronger ids they meet.
type Refused = BTreeMap<u32, (u64, Reason)>;

impl<'a> Stitching<'a> {
    fn new(raw: &'a RawEvents, options: &IdentityOptions, asked: Asked<'_>) -> Result<Self> {
        let nodes = Nodes::new(raw)?;
        let excluded = match asked.exclusions {
            Some(it) => Excluded::new(it, &nodes, raw)?,
            None => Excluded::default(),
        };
        let rules = Rules::new(options, &raw.fields.id_types)?;
        Ok(Self { raw, nodes, rules, excluded, until: asked.until })
    }

    /// Whether what reading noted of pairs is not enough.
    fn needs_rows(&self) -> bool {
        self.until.is_some() || self.excluded.has_rows()
    }

    fn pairs_of_rows(&self) -> Result<Vec<(u32, u32)>> {
        let evidence = Evidence::collect(self.raw, &self.nodes, self.until, Wanted::Several)?;
        Ok(evidence.pairs(|it| !self.excluded.has_row(it)))
    }

    fn without_excluded(&self, mut pairs: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
        pairs.retain(|it| !self.excluded.has_pair(it.0, it.1));
        pairs
    }

    fn refused(&self, pairs: &[(u32, u32)]) -> Refused {
        let over = refuse(&self.nodes, pairs, &self.rules.limits);
        let mut refused: Refused =
            over.into_iter().map(|(node, met)| (node, (met, Reason::Limit))).collect();
        for &node in self.excluded.ids() {
            refused.insert(node, (0, Reason::Excluded));
        }
        refused
    }

    fn scene<'s>(
        &'s self,
        evidence: &'s Evidence,
        scope: &'s [u32],
        refused: &'s dyn Fn(u32) -> bool,
    ) -> Scene<'s> {
        let Self { nodes, rules, excluded, .. } = self;
        Scene { nodes, rules, evidence, scope, refused, excluded }
    }

    fn run(self, pairs: Vec<(u32, u32)>) -> Result<Stitched> {
        let pairs = self.without_excluded(pairs);
        let refused = self.refused(&pairs);
        let links = |a: u32, b: u32| {
            refused.is_empty() || !(refused.contains_key(&a) || refused.contains_key(&b))
        };
        let sets = Components::new(self.nodes.len());
        let broken = unite(&self.nodes, &self.rules, &sets, &pairs, &links);
        let mut conflicts = Conflicts::new(&self.rules);
        if !broken.is_empty() {
            let scope = conflicts.scope(&self.nodes, &sets, &broken);
            let wanted = Wanted::Of(&scope);
            let evidence = Evidence::collect(self.raw, &self.nodes, self.until, wanted)?;
            let is_refused = |it: u32| refused.contains_key(&it);
            conflicts.settle(&self.scene(&evidence, &scope, &is_refused), &sets);
        }
        let (customer_of, named_by) = sets.number();
        let mut stitched = Stitched {
            rivals: rivals(&self.nodes, &customer_of, &named_by),
            customer_of,
            named_by,
            left_out: conflicts.left_out,
            links: pairs.len() as u64,
            ids: self.counts(),
            unknown_exclusions: self.excluded.unknown.clone(),
            ..Stitched::default()
        };
        self.block(&mut stitched, refused, &conflicts.shared, &pairs);
        conflicts.devices.renumber(|node| stitched.customer_of[node as usize]);
        stitched.devices = conflicts.devices;
        let turns = self.turns(&stitched)?;
        if let Some(wait) = self.rules.replay {
            self.wait(&mut stitched, wait)?;
        }
        take_turns(&mut stitched, &turns, self.rules.replay.is_some());
        stitched.nodes = self.nodes;
        Ok(stitched)
    }

    /// Notes which ids link nobody, and why.
    fn block(
        &self,
        stitched: &mut Stitched,
        refused: Refused,
        shared: &[u32],
        pairs: &[(u32, u32)],
    ) {
        if refused.is_empty() && shared.is_empty() {
            return;
        }
        let mut special = NodeSet::new(self.nodes.len());
        refused.keys().chain(shared).for_each(|&it| special.insert(it));
        let mut met: BTreeMap<u32, u64> = shared.iter().map(|&it| (it, 0)).collect();
        for pair in pairs.iter().filter(|it| special.contains(it.1)) {
            if let Some(count) = met.get_mut(&pair.1) {
                *count += 1;
            }
        }
        let all = refused.into_iter().map(|(node, (partners, why))| (node, partners, why));
        let all = all.chain(met.into_iter().map(|(node, met)| (node, met, Reason::Shared)));
        stitched.special = special;
        stitched.all_blocked = all.collect();
        stitched.blocked_count = stitched.all_blocked.len() as u64;
        stitched.shared_count = shared.len() as u64;
        stitched.blocked = name_blocked(self.raw, &self.nodes, &stitched.all_blocked);
        stitched.blocked.truncate(BLOCKED_SHOWN);
    }

    /// Who is on the devices that several people use, where that is told by visit.
    fn turns(&self, stitched: &Stitched) -> Result<Vec<Turn>> {
        if self.rules.shared != SharedDevice::Visit {
            return Ok(Vec::new());
        }
        let is_device = |it: u32| !self.rules.is_personal(self.nodes.id_type(it));
        let blocked = stitched.all_blocked.iter().filter(|it| it.2 != Reason::Excluded);
        let mut devices: Vec<u32> = blocked.map(|it| it.0).filter(|&it| is_device(it)).collect();
        devices.sort_unstable();
        if devices.is_empty() {
            return Ok(Vec::new());
        }
        let lookout = Lookout {
            raw: self.raw,
            nodes: &self.nodes,
            special: &stitched.special,
            excluded: &self.excluded,
            until: self.until,
        };
        Ok(turns(&lookout.sightings(&devices)?, self.rules.replay))
    }

    /// Gives rows of devices that came too long before anybody was known on these to
    /// customers of their own.
    fn wait(&self, stitched: &mut Stitched, wait: i64) -> Result<()> {
        let evidence = Evidence::collect(self.raw, &self.nodes, self.until, Wanted::All)?;
        let scope: Vec<u32> = (0..self.nodes.len() as u32).collect();
        let is_refused = |it: u32| stitched.special.contains(it);
        let history = History::of(&self.scene(&evidence, &scope, &is_refused), self.raw).0;
        stitched.devices.wait_at_most(wait);
        let is_known = |it: u32| self.rules.is_personal(self.nodes.id_type(it));
        if stitched.special.is_empty() {
            stitched.special = NodeSet::new(self.nodes.len());
        }
        for spans in history.as_of.chunk_by(|a, b| a.node == b.node) {
            let (node, first) = (spans[0].node, spans[0].effective_at);
            let known = spans.iter().find(|it| is_known(it.customer));
            let until = known.map(|it| it.effective_at.saturating_sub(wait));
            if let Some(until) = until.filter(|it| first < *it && !is_known(node)) {
                let own = stitched.named_by.len() as u32;
                stitched.named_by.push(node);
                stitched.early.insert(node, (until, own));
                stitched.special.insert(node);
            }
        }
        Ok(())
    }

    fn counts(&self) -> Vec<(String, u64)> {
        let types = self.raw.fields.id_types.iter().cloned();
        types.zip(self.raw.ids.iter().map(|it| it.len() as u64)).collect()
    }
}

/// The ids that meet more ids of one stronger type than their limit, and how many.
fn refuse(nodes: &Nodes, pairs: &[(u32, u32)], limits: &[u64]) -> BTreeMap<u32, u64> {
    let least = limits.iter().copied().min().unwrap_or(u64::MAX);
    if least == u64::MAX {
        return BTreeMap::new();
    }
    // Few ids meet more than the least limit in all; only those are looked at closely.
    let mut met = vec![0u8; nodes.len()];
    for &(_, weak) in pairs {
        let met = &mut met[weak as usize];
        *met = met.saturating_add(1);
    }
    let many = |&&(_, weak): &&(u32, u32)| {
        let met = met[weak as usize];
        met == u8::MAX || u64::from(met) > least
    };
    let mut by_weak: Vec<(u32, usize)> =
        pairs.par_iter().filter(many).map(|it| (it.1, nodes.id_type(it.0))).collect();
    by_weak.par_sort_unstable();
    let mut refused = BTreeMap::new();
    for run in by_weak.chunk_by(|a, b| a == b) {
        let (weak, partners) = (run[0].0, run.len() as u64);
        if partners > limits[nodes.id_type(weak)] {
            let most = refused.entry(weak).or_insert(partners);
            *most = partners.max(*most);
        }
    }
    refused
}

/// The nodes of which several may name the same customer: those of its strongest type.
/// A customer's first node is of that type, since nodes come strongest type first.
fn rivals(nodes: &Nodes, customer_of: &[u32], named_by: &[u32]) -> Rivals {
    let mut rivals: Vec<u32> = Vec::new();
    for id_type in 0..nodes.types() {
        let own = nodes.of_type(id_type);
        // Customers are in the order of their first nodes: those of a type follow each other.
        let before = |node: u32| named_by.partition_point(|&it| it < node) as u32;
        let named = before(own.start)..before(own.end);
        let starts = (own.start..own.end).into_par_iter().step_by(RUN);
        let found = starts.map(|start| {
            let mut found = Vec::new();
            for node in start..own.end.min(start.saturating_add(RUN as u32)) {
                let customer = customer_of[node as usize];
                if named.contains(&customer) && named_by[customer as usize] != node {
                    found.extend([named_by[customer as usize], node]);
                }
            }
            found
        });
        rivals.extend(found.collect::<Vec<Vec<u32>>>().concat());
    }
    rivals.par_sort_unstable();
    rivals.dedup();
    let mut customers = Vec::new();
    if !rivals.is_empty() {
        customers = vec![0u64; named_by.len().div_ceil(64)];
    }
    for &node in &rivals {
        let customer = customer_of[node as usize];
        customers[customer as usize / 64] |= 1 << (customer % 64);
    }
    let seen = rivals.iter().map(|_| AtomicI64::new(i64::MAX)).collect();
    Rivals { customers, nodes: rivals, seen }
}
