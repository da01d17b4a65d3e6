//! Stitching: which ids are the same person.
//!
//! Two ids on one row, or on one row of a link source, are evidence that they
//! belong together; union-find over that evidence gives customers. An id that
//! meets more stronger ids than its type's limit (a kiosk, a shared tablet)
//! links nobody. The result does not depend on the order of rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use indexmap::IndexMap;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::components::Components;
use crate::base::{CustomerId, Error, NONE, Result};
use crate::model::Batch;
use crate::store::RawEvents;

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
    /// Compared as ids are: blanks around them, and the case of addresses, do not count.
    pub blocklist: Vec<String>,
    /// A file with ids of who is to be forgotten, one a line: `email:ann@example.org`, or an id
    /// of any type. Rows that carry one are set aside with the reason `forgotten`, and nothing
    /// else is kept of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forget: Option<String>,
    /// Whether reports show e-mail addresses and phone numbers that name customers; else they
    /// show a part of their hash.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub show_contacts: bool,
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
    rivals: Rivals,
    /// How many distinct ids there are of each type.
    pub ids: Vec<(String, u64)>,
    /// Pairs of ids that were seen together.
    pub links: u64,
    /// Ids that link nobody, most partners first; at most twenty.
    pub blocked: Vec<BlockedId>,
    /// How many ids link nobody.
    pub blocked_count: u64,
}

/// Ids of which several may name the same customer: the one seen first does.
#[derive(Debug, Default)]
struct Rivals {
    /// Customers with rivals, one bit each.
    customers: Vec<u64>,
    /// The rivals' nodes, ascending.
    nodes: Vec<u32>,
    /// When each was first seen, in microseconds.
    seen: Vec<AtomicI64>,
}

impl Rivals {
    #[inline]
    fn has(&self, customer: u32) -> bool {
        let word = self.customers.get(customer as usize / 64);
        word.is_some_and(|it| it >> (customer % 64) & 1 == 1)
    }
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

    /// The customer of an id as it is compared (trimmed, addresses in lower case), if it occurs.
    pub fn find(&self, raw: &RawEvents, id_type: &str, id: &str) -> Option<CustomerId> {
        let id_type = raw.fields.id_type(id_type)?;
        let node = self.nodes.node(id_type, raw.ids.get(id_type)?.code(id)?);
        self.customer_of.get(node as usize).copied().map(CustomerId)
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

    /// Notes when the ids of a row that belongs to `customer` were seen, where that decides
    /// by which of them the customer is named. Rows may come in any order.
    #[inline]
    pub fn see(&self, batch: &Batch, row: usize, customer: CustomerId) {
        if self.rivals.has(customer.0) {
            self.see_rivals(batch, row);
        }
    }

    fn see_rivals(&self, batch: &Batch, row: usize) {
        for (id_type, column) in batch.ids.iter().enumerate() {
            let code = column.code(row);
            if code == NONE {
                continue;
            }
            if let Ok(at) = self.rivals.nodes.binary_search(&self.nodes.node(id_type, code)) {
                self.rivals.seen[at].fetch_min(batch.times[row], Ordering::Relaxed);
            }
        }
    }

    /// Names customers by the rival seen first, then by the least text; once all rows were
    /// shown to [`Self::see`].
    pub fn settle_names(&mut self, raw: &RawEvents) {
        let rivals = std::mem::take(&mut self.rivals);
        let seen = |at: usize| rivals.seen[at].load(Ordering::Relaxed);
        let text = |at: usize| self.nodes.text(raw, rivals.nodes[at]);
        let better = |a: usize, b: usize| (seen(a), text(a)) < (seen(b), text(b));
        // The best rival of each customer so far, by its place among the rivals.
        let mut best: HashMap<u32, usize, FixedState> = HashMap::default();
        for (place, &node) in rivals.nodes.iter().enumerate() {
            let own = best.entry(self.customer_of[node as usize]).or_insert(place);
            if better(place, *own) {
                *own = place;
            }
        }
        for (customer, place) in best {
            self.named_by[customer as usize] = rivals.nodes[place];
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
pub fn stitch(raw: &mut RawEvents, options: &IdentityOptions) -> Result<Stitched> {
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
    let sets = Components::new(nodes.len());
    pairs.par_iter().for_each(|&(a, b)| {
        if refused.is_empty() || !(refused.contains_key(&a) || refused.contains_key(&b)) {
            sets.union(a, b);
        }
    });
    let (customer_of, named_by) = sets.number();
    let rivals = rivals(&nodes, &customer_of, &named_by);
    let blocked_count = refused.len() as u64;
    Ok(Stitched {
        customer_of,
        named_by,
        rivals,
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

/// All distinct pairs of ids that some row carries together, the stronger first. Uses
/// what reading noted up.
fn pairs(raw: &mut RawEvents, nodes: &Nodes) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = Vec::new();
    for noted in std::mem::take(&mut raw.pairs) {
        let node = |it: (u32, u32)| (nodes.node(noted.first, it.0), nodes.node(noted.second, it.1));
        all.par_extend(noted.codes.into_par_iter().map(node));
    }
    all.par_sort_unstable();
    all.dedup();
    all
}

/// The ids that meet more ids of one stronger type than their limit, and how many.
fn refuse(
    raw: &RawEvents,
    nodes: &Nodes,
    pairs: &[(u32, u32)],
    options: &IdentityOptions,
) -> BTreeMap<u32, u64> {
    let limit = |id_type: usize| {
        options.limit.get(&raw.fields.id_types[id_type]).copied().unwrap_or(DEFAULT_LIMIT)
    };
    let limits: Vec<u64> = (0..raw.fields.id_types.len()).map(limit).collect();
    let least = limits.iter().copied().min().unwrap_or(DEFAULT_LIMIT);
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

/// The nodes of which several may name the same customer: those of its strongest type.
/// A customer's first node is of that type, since nodes come strongest type first.
fn rivals(nodes: &Nodes, customer_of: &[u32], named_by: &[u32]) -> Rivals {
    let later = |(node, &customer): (usize, &u32)| {
        let (node, first) = (node as u32, named_by[customer as usize]);
        let rival = node != first && nodes.id_type(node) == nodes.id_type(first);
        rival.then_some([first, node])
    };
    let found = customer_of.par_iter().enumerate().filter_map(later);
    let mut rivals: Vec<u32> = found.flat_map_iter(|it| it).collect();
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
