//! Stitching: which ids are the same person.
//!
//! Two ids on one row, or on one row of a link source, are evidence that they
//! belong together; union-find over that evidence gives customers. An id that
//! meets more stronger ids than its type's limit (a kiosk, a shared mailbox) links
//! nobody. Where a rule of [`identity`](super::identity) is broken in a customer so
//! made, the rows of that customer are replayed in order of time; all others cost
//! nothing. The result does not depend on the order of rows.

mod pairs;
mod turns;
mod work;

use std::ops::Range;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::identity::devices::Devices;
use super::identity::nodes::{NodeSet, Nodes};
use super::identity::visits::Turn;
use crate::base::{CustomerId, NONE, Place, Timestamp};
use crate::model::Batch;
use crate::store::RawEvents;

pub use super::identity::IdentityOptions;
pub use work::{Asked, chronicle, stitch, stitch_again};

/// How many blocked ids a report names.
const BLOCKED_SHOWN: usize = 20;

/// Why an id links nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It meets more ids of one stronger type than its limit.
    Limit,
    /// Several people use it: it would join what must stay apart.
    Shared,
    /// The exclusion file says so.
    Excluded,
}

impl Reason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Limit => "meets too many ids",
            Self::Shared => "several people use it",
            Self::Excluded => "excluded",
        }
    }
}

/// An id that links nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockedId {
    /// How many stronger ids it meets: of one type, where that is why.
    pub partners: u64,
    /// Its type.
    pub id_type: String,
    /// The id.
    pub id: String,
    /// Why it links nobody.
    pub why: Reason,
}

/// Who is who.
#[derive(Debug, Default)]
pub struct Stitched {
    /// The customer of each node (an id of some type): see [`Nodes`].
    customer_of: Vec<u32>,
    /// The node by which each customer is named.
    named_by: Vec<u32>,
    nodes: Nodes,
    /// Nodes that do not say whose a row is while another one does; empty if there are none.
    special: NodeSet,
    devices: Devices,
    early: Early,
    visits: Visits,
    rivals: Rivals,
    /// How many distinct ids there are of each type.
    pub ids: Vec<(String, u64)>,
    /// Pairs of ids that were seen together.
    pub links: u64,
    /// Ids that link nobody, most partners first; at most twenty.
    pub blocked: Vec<BlockedId>,
    /// How many ids link nobody.
    pub blocked_count: u64,
    /// How many of them are used by several people, as their rows show.
    pub shared_count: u64,
    /// How often an id was left out of a row because a rule forbids it to link.
    pub left_out: u64,
    /// Events that carry nothing but shared devices, of those whose customers were asked for
    /// by [`Self::event_customer`].
    exposed: AtomicU64,
    /// Lines of the exclusion file that name what does not occur.
    pub unknown_exclusions: Vec<Place>,
    all_blocked: Vec<(u32, u64, Reason)>,
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

/// Devices whose customer became known too late for their first rows: until when, and
/// which customer those rows are of.
type Early = HashMap<u32, (i64, u32), FixedState>;

/// Customers who are a visit of nobody known to a shared device: when it began.
type Visits = HashMap<u32, i64, FixedState>;

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
        self.plain(batch, row).unwrap_or_else(|it| self.special_customer(batch, row, it))
    }

    /// As [`Self::customer`], of a row that is an event and comes but once: notes if it
    /// carries nothing but shared devices.
    #[inline]
    pub fn event_customer(&self, batch: &Batch, row: usize) -> CustomerId {
        self.plain(batch, row).unwrap_or_else(|it| {
            let mut nodes = self.nodes_of(batch, row);
            let exposed = self.nodes_of(batch, row).all(|it| self.special.contains(it))
                && nodes.any(|it| self.devices.is_shared(it));
            self.exposed.fetch_add(u64::from(exposed), Ordering::Relaxed);
            self.special_customer(batch, row, it)
        })
    }

    /// Where the strongest id of a row alone says whose it is: for each id type, strongest
    /// first, the customer of each id.
    pub fn owners(&self) -> Option<impl Iterator<Item = &[u32]>> {
        let own = |it: Range<u32>| &self.customer_of[it.start as usize..it.end as usize];
        let alone = !self.devices.overrides() && self.special.is_empty();
        alone.then(|| (0..self.nodes.types()).map(move |it| own(self.nodes.of_type(it))))
    }

    /// The customer of the strongest id of a row that is not special; else the strongest
    /// node, or [`NONE`] where there is none.
    #[inline]
    fn plain(&self, batch: &Batch, row: usize) -> Result<CustomerId, u32> {
        let mut fallback = NONE;
        let overrides = self.devices.overrides();
        for (id_type, column) in batch.ids.iter().enumerate() {
            let code = column.code(row);
            if code == NONE {
                continue;
            }
            let node = self.nodes.node(id_type, code);
            if !overrides && (self.special.is_empty() || !self.special.contains(node)) {
                return Ok(CustomerId(self.customer_of[node as usize]));
            }
            fallback = if fallback == NONE { node } else { fallback };
        }
        Err(fallback)
    }

    fn nodes_of<'a>(&'a self, batch: &'a Batch, row: usize) -> impl Iterator<Item = u32> + 'a {
        batch.ids.iter().enumerate().filter_map(move |(id_type, column)| {
            let code = column.code(row);
            (code != NONE).then(|| self.nodes.node(id_type, code))
        })
    }

    /// Events that carry nothing but shared devices, once all events were shown.
    pub fn exposed(&self) -> u64 {
        self.exposed.load(Ordering::Relaxed)
    }

    /// The customer of a row whose ids may all be special; `node` is the strongest.
    #[cold]
    fn special_customer(&self, batch: &Batch, row: usize, node: u32) -> CustomerId {
        if node == NONE {
            return CustomerId::NONE;
        }
        let time = batch.times[row];
        let own = self.nodes_of(batch, row).find(|&it| !self.links_nobody(it));
        if let Some(own) = own.filter(|_| !self.devices.overrides()) {
            return self.customer_at(own, time);
        }
        // Of several devices the one on which somebody is known.
        let owners = self.nodes_of(batch, row).filter_map(|it| self.devices.owner(it, time));
        match owners.min_by_key(|it| self.visits.contains_key(it)) {
            Some(owner) => CustomerId(owner),
            None => self.customer_at(own.unwrap_or(node), time),
        }
    }

    /// A new customer: a visit of nobody known to a shared device.
    fn visitor(&mut self, turn: &Turn) -> u32 {
        let own = self.named_by.len() as u32;
        self.named_by.push(turn.device);
        self.visits.insert(own, turn.since);
        own
    }

    /// The customer of a node that links somebody, at a time.
    fn customer_at(&self, node: u32, time: i64) -> CustomerId {
        match self.early.get(&node) {
            Some(&(until, customer)) if time < until => CustomerId(customer),
            _ => CustomerId(self.customer_of[node as usize]),
        }
    }

    /// The numbering of ids.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The customer of a node.
    pub fn customer_of(&self, node: u32) -> CustomerId {
        self.customer_of.get(node as usize).map_or(CustomerId::NONE, |&it| CustomerId(it))
    }

    /// The nodes of a customer, strongest type first.
    pub fn members(&self, customer: CustomerId) -> Vec<u32> {
        let own = |it: &(usize, &u32)| *it.1 == customer.0;
        self.customer_of.par_iter().enumerate().filter(own).map(|it| it.0 as u32).collect()
    }

    /// Whether an id links nobody: it says whose a row is only where nothing else does.
    pub fn links_nobody(&self, node: u32) -> bool {
        self.special.contains(node) && !self.early.contains_key(&node)
    }

    /// All ids that link nobody, most partners first.
    pub fn all_blocked(&self, raw: &RawEvents) -> Vec<BlockedId> {
        name_blocked(raw, &self.nodes, &self.all_blocked)
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
            if code != NONE {
                self.see_id(id_type, code, batch.times[row]);
            }
        }
    }

    /// Which of these rows must be seen, by their customers: see [`Self::see`]. Found without a
    /// branch, which no processor would predict.
    pub fn rows_to_see(&self, customers: &[u32]) -> Vec<u32> {
        if self.rivals.nodes.is_empty() {
            return Vec::new();
        }
        let (mut rows, mut found) = (vec![0; customers.len()], 0);
        for (row, &customer) in (0u32..).zip(customers) {
            rows[found] = row;
            found += usize::from(self.rivals.has(customer));
        }
        rows.truncate(found);
        rows
    }

    /// As [`Self::see`], of an id of one of [`Self::rows_to_see`].
    pub fn see_id(&self, id_type: usize, code: u32, time: i64) {
        if let Ok(at) = self.rivals.nodes.binary_search(&self.nodes.node(id_type, code)) {
            self.rivals.seen[at].fetch_min(time, Ordering::Relaxed);
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
    /// are several, as `type:id`; `type:id@2026-03-01T09:30:00Z` for a visit of nobody known
    /// to a device that several people use.
    pub fn name(&self, raw_ids: &RawEvents, customer: CustomerId) -> String {
        match self.named_by.get(customer.index()) {
            Some(&node) => {
                let name = self.nodes.name(raw_ids, node);
                match self.visits.get(&customer.0) {
                    Some(&since) => format!("{name}@{}", Timestamp(since)),
                    None => name,
                }
            }
            None => String::new(),
        }
    }
}

fn name_blocked(raw: &RawEvents, nodes: &Nodes, refused: &[(u32, u64, Reason)]) -> Vec<BlockedId> {
    let mut blocked: Vec<BlockedId> = refused
        .iter()
        .map(|&(node, partners, why)| BlockedId {
            partners,
            id_type: raw.fields.id_types[nodes.id_type(node)].clone(),
            id: nodes.text(raw, node).to_owned(),
            why,
        })
        .collect();
    blocked.sort_by(|a, b| b.partners.cmp(&a.partners).then_with(|| a.cmp(b)));
    blocked
}
