//! Stitching: which ids are the same person.
//!
//! Two ids on one row, or on one row of a link source, are evidence that they
//! belong together; union-find over that evidence gives customers. An id that
//! meets more stronger ids than its type's limit (a kiosk, a shared tablet)
//! links nobody. The result does not depend on the order of rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use indexmap::IndexMap;
use petgraph::unionfind::UnionFind;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{CustomerId, Error, NONE, Result};
use crate::model::{Batch, RawEvents};

/// How many stronger ids an id may meet before it links nobody, unless its type says otherwise.
pub const DEFAULT_LIMIT: u64 = 10;
/// How many blocked ids a report names.
const BLOCKED_SHOWN: usize = 20;

/// How ids become customers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityOptions {
    /// Id types, strongest first; types not named follow in their usual order
    /// (user, customer, account, email, phone, loyalty, others, device, cookie).
    pub priority: Vec<String>,
    /// For an id type: how many ids of one stronger type an id may meet before it links
    /// nobody (default 10).
    pub limit: IndexMap<String, u64>,
    /// Texts that are nobody's id, besides the built-in ones such as null or anonymous.
    pub blocklist: Vec<String>,
}

/// An id that links nobody because it meets too many.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockedId {
    /// How many ids of one stronger type it meets.
    pub partners: u64,
    /// Its type.
    pub id_type: String,
    /// The id.
    pub id: String,
}

/// Who is who.
#[derive(Debug, Default)]
pub struct Stitched {
    /// The customer of each node (an id of some type): see [`Nodes`].
    customer_of: Vec<u32>,
    /// The node by which each customer is named.
    named_by: Vec<u32>,
    nodes: Nodes,
    /// Nodes that link nobody.
    refused: HashSet<u32, FixedState>,
    /// How many distinct ids there are of each type.
    pub ids: Vec<(String, u64)>,
    /// Pairs of ids that were seen together.
    pub links: u64,
    /// Ids that link nobody, most partners first; at most twenty.
    pub blocked: Vec<BlockedId>,
    /// How many ids link nobody.
    pub blocked_count: u64,
}

/// Ids of all types in one numbering: strongest type first.
#[derive(Debug, Default, Clone)]
struct Nodes {
    bases: Vec<u32>,
}

impl Nodes {
    fn new(raw: &RawEvents) -> Result<Self> {
        let mut bases = vec![0u32];
        for table in &raw.ids {
            let last = bases.last().copied().unwrap_or(0) as usize + table.len();
            let base = u32::try_from(last).ok().filter(|&it| it < NONE - 1);
            bases.push(base.ok_or_else(|| {
                Error::new("more than four billion distinct ids")
                    .hint("fold the data in shards by customer")
            })?);
        }
        Ok(Self { bases })
    }

    fn len(&self) -> usize {
        self.bases.last().map_or(0, |&it| it as usize)
    }

    fn node(&self, id_type: usize, code: u32) -> u32 {
        self.bases[id_type] + code
    }

    fn id_type(&self, node: u32) -> usize {
        self.bases.partition_point(|&it| it <= node) - 1
    }

    fn text<'a>(&self, raw: &'a RawEvents, node: u32) -> &'a str {
        let id_type = self.id_type(node);
        raw.ids[id_type].get(node - self.bases[id_type])
    }
}

impl Stitched {
    /// How many customers there are.
    pub fn customers(&self) -> usize {
        self.named_by.len()
    }

    /// The customer of a row, or `CustomerId::NONE` for a row without any id.
    #[inline]
    pub fn customer(&self, batch: &Batch, row: usize) -> CustomerId {
        let mut fallback = NONE;
        for (id_type, column) in batch.ids.iter().enumerate() {
            let code = column.code(row);
            if code == NONE {
                continue;
            }
            let node = self.nodes.node(id_type, code);
            if self.refused.is_empty() || !self.refused.contains(&node) {
                return CustomerId(self.customer_of[node as usize]);
            }
            fallback = if fallback == NONE { node } else { fallback };
        }
        match fallback {
            NONE => CustomerId::NONE,
            node => CustomerId(self.customer_of[node as usize]),
        }
    }

    /// The name of a customer: its strongest id, the one seen first where there
    /// are several, as `type:id`.
    pub fn name(&self, raw_ids: &RawEvents, customer: CustomerId) -> String {
        match self.named_by.get(customer.index()) {
            Some(&node) => {
                let id_type = &raw_ids.fields.id_types[self.nodes.id_type(node)];
                format!("{id_type}:{}", self.nodes.text(raw_ids, node))
            }
            None => String::new(),
        }
    }
}

/// Stitches the ids of all rows into customers.
///
/// # Errors
/// More ids than can be numbered; a limit for an id type that no source has.
pub fn stitch(raw: &RawEvents, options: &IdentityOptions) -> Result<Stitched> {
    for id_type in options.limit.keys() {
        if raw.fields.id_type(id_type).is_none() {
            let known = raw.fields.id_types.iter().map(String::as_str);
            return Err(Error::new(format!(
                "[identity] limit: no source has ids of type \"{id_type}\""
            ))
            .suggest(crate::base::names::nearest(id_type, known)));
        }
    }
    let nodes = Nodes::new(raw)?;
    let pairs = pairs(raw, &nodes);
    let refused = refuse(raw, &nodes, &pairs, options);
    let mut sets = UnionFind::<u32>::new(nodes.len());
    for &(a, b) in &pairs {
        if !refused.contains_key(&a) && !refused.contains_key(&b) {
            sets.union(a, b);
        }
    }
    let labels = sets.into_labeling();
    let (customer_of, named_by) = number(raw, &nodes, &labels);
    let blocked_count = refused.len() as u64;
    Ok(Stitched {
        customer_of,
        named_by,
        blocked: name_blocked(raw, &nodes, &refused),
        refused: refused.into_keys().collect(),
        nodes,
        ids: raw
            .fields
            .id_types
            .iter()
            .cloned()
            .zip(raw.ids.iter().map(|it| it.len() as u64))
            .collect(),
        links: pairs.len() as u64,
        blocked_count,
    })
}

/// All distinct pairs of ids that some row carries together, the stronger first.
fn pairs(raw: &RawEvents, nodes: &Nodes) -> Vec<(u32, u32)> {
    if raw.ids.len() < 2 {
        return Vec::new();
    }
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for first in 0..raw.ids.len() - 1 {
        // The id of this type that each weaker id was last seen with. Threads may overwrite each
        // other's notes: then a pair comes twice, and the sort below takes it out.
        let last: Vec<AtomicU32> = (0..nodes.len()).map(|_| AtomicU32::new(NONE)).collect();
        let found = raw.batches.par_iter().flat_map_iter(|it| batch_pairs(it, first, nodes, &last));
        pairs.par_extend(found);
    }
    pairs.par_sort_unstable();
    pairs.dedup();
    pairs
}

/// The pairs of a batch whose stronger id is of the type `first`, most repeats left out.
fn batch_pairs(batch: &Batch, first: usize, nodes: &Nodes, last: &[AtomicU32]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    let strong = &batch.ids[first].codes;
    for (second, weak) in batch.ids.iter().enumerate().skip(first + 1) {
        for (&a, &b) in strong.iter().zip(&weak.codes) {
            if a == NONE || b == NONE {
                continue;
            }
            let pair = (nodes.node(first, a), nodes.node(second, b));
            let last = &last[pair.1 as usize];
            if last.load(Ordering::Relaxed) != pair.0 {
                last.store(pair.0, Ordering::Relaxed);
                pairs.push(pair);
            }
        }
    }
    pairs
}

/// The ids that meet more ids of one stronger type than their limit, and how many.
fn refuse(
    raw: &RawEvents,
    nodes: &Nodes,
    pairs: &[(u32, u32)],
    options: &IdentityOptions,
) -> BTreeMap<u32, u64> {
    let mut by_weak: Vec<(u32, usize)> =
        pairs.iter().map(|&(strong, weak)| (weak, nodes.id_type(strong))).collect();
    by_weak.par_sort_unstable();
    let mut refused = BTreeMap::new();
    for run in by_weak.chunk_by(|a, b| a == b) {
        let weak = run[0].0;
        let id_type = &raw.fields.id_types[nodes.id_type(weak)];
        let limit = options.limit.get(id_type).copied().unwrap_or(DEFAULT_LIMIT);
        let partners = run.len() as u64;
        if partners > limit {
            let most = refused.entry(weak).or_insert(partners);
            *most = partners.max(*most);
        }
    }
    refused
}

fn name_blocked(raw: &RawEvents, nodes: &Nodes, refused: &BTreeMap<u32, u64>) -> Vec<BlockedId> {
    let mut blocked: Vec<BlockedId> = refused
        .iter()
        .map(|(&node, &partners)| BlockedId {
            partners,
            id_type: raw.fields.id_types[nodes.id_type(node)].clone(),
            id: nodes.text(raw, node).to_owned(),
        })
        .collect();
    blocked.sort_by(|a, b| b.partners.cmp(&a.partners).then_with(|| a.cmp(b)));
    blocked.truncate(BLOCKED_SHOWN);
    blocked
}

/// Numbers the sets, and finds the node that names each: the strongest type,
/// then the earliest seen, then the least text.
fn number(raw: &RawEvents, nodes: &Nodes, labels: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut customer_of = vec![NONE; labels.len()];
    let mut numbers = vec![NONE; labels.len()];
    let mut named_by: Vec<u32> = Vec::new();
    // Nodes that may name a customer which another one may name as well.
    let mut rivals: Vec<u32> = Vec::new();
    for (node, &label) in labels.iter().enumerate() {
        let number = &mut numbers[label as usize];
        if *number == NONE {
            *number = named_by.len() as u32;
            named_by.push(node as u32);
        } else {
            // Nodes come strongest type first: one of another type never names better.
            let first = named_by[*number as usize];
            if nodes.id_type(node as u32) == nodes.id_type(first) {
                rivals.extend([first, node as u32]);
            }
        }
        customer_of[node] = *number;
    }
    rivals.sort_unstable();
    rivals.dedup();
    let seen = first_seen(raw, nodes, &rivals);
    let better = |a: usize, b: usize| {
        (seen[a], nodes.text(raw, rivals[a])) < (seen[b], nodes.text(raw, rivals[b]))
    };
    // The best rival of each customer so far, by its place among the rivals.
    let mut best: HashMap<u32, usize, FixedState> = HashMap::default();
    for (place, &node) in rivals.iter().enumerate() {
        let customer = customer_of[node as usize];
        let own = best.entry(customer).or_insert(place);
        if better(place, *own) {
            *own = place;
        }
        named_by[customer as usize] = rivals[*own];
    }
    (customer_of, named_by)
}

/// When each of these nodes (ascending) was first seen, in microseconds; the same in every
/// order of rows.
fn first_seen(raw: &RawEvents, nodes: &Nodes, wanted: &[u32]) -> Vec<i64> {
    let seen: Vec<AtomicI64> = wanted.iter().map(|_| AtomicI64::new(i64::MAX)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut places = vec![NONE; nodes.len()];
    wanted.iter().enumerate().for_each(|(place, &it)| places[it as usize] = place as u32);
    raw.batches.par_iter().for_each(|batch| {
        for (id_type, column) in batch.ids.iter().enumerate() {
            for (&code, &time) in column.codes.iter().zip(&batch.times) {
                if code == NONE {
                    continue;
                }
                let place = places[nodes.node(id_type, code) as usize];
                if place != NONE {
                    seen[place as usize].fetch_min(time, Ordering::Relaxed);
                }
            }
        }
    });
    seen.into_iter().map(AtomicI64::into_inner).collect()
}
