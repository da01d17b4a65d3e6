//! The walk: one pass over a shard's customers, each shown once as a whole.

use crate::model::{Customer, Events};

use super::journeys::JourneyRule;
use super::select::{Keeper, Selector};
use super::sessions::SessionRule;
use super::touches::TouchRule;

mod found;

use found::{Found, emptied};

/// The rules by which a customer's events become sessions, touches and journeys.
#[derive(Debug, Clone)]
pub struct Walking {
    /// Where sessions are cut.
    pub sessions: SessionRule,
    /// What is a touch.
    pub touches: TouchRule,
    /// Where journeys are cut.
    pub journeys: JourneyRule,
    /// Which journeys are looked at; none: all of them.
    pub select: Option<Selector>,
}

/// Scratch space for walking: one for each thread, reused from shard to shard.
#[derive(Debug, Default)]
pub struct Walker {
    found: Found,
    keeper: Keeper,
    /// Room for customers, who are there while they are shown.
    room: Vec<Customer<'static>>,
}

/// About how many events are walked before their customers are shown: what was found of them
/// stays in the cache of a core until every fold has seen it.
const GROUP_EVENTS: usize = 1 << 12;

impl Walker {
    /// What was kept and left out of the customers walked so far.
    pub fn keeper(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    /// Shows each customer of a shard to `visit`, in order; where only some journeys are looked
    /// at, each with these alone, and those without any not at all.
    pub fn walk(&mut self, rules: &Walking, events: &Events, mut visit: impl FnMut(&Customer<'_>)) {
        self.walk_groups(rules, events, |customers| customers.iter().for_each(&mut visit));
    }

    /// As [`Self::walk`], but shows some customers at once: whoever does much with each has its
    /// own code and tables at hand for all of them.
    pub fn walk_groups(
        &mut self,
        rules: &Walking,
        events: &Events,
        mut visit: impl FnMut(&[Customer<'_>]),
    ) {
        let mut first = 0;
        while first < events.customers() {
            let limit = (events.offsets[first] as usize).saturating_add(GROUP_EVENTS);
            let more = &events.offsets[first + 2..];
            let end = first + 1 + more.partition_point(|&it| it as usize <= limit);
            let found = &mut self.found;
            found.find(rules, events, first..end);
            let customers = found.customers(events, std::mem::take(&mut self.room));
            match &rules.select {
                None => visit(&customers),
                Some(by) => {
                    for (whole, begins) in customers.iter().zip(found.begins()) {
                        let kept = self.keeper.keep(by, whole, begins);
                        kept.iter().for_each(|it| visit(std::slice::from_ref(it)));
                    }
                }
            }
            self.room = emptied(customers);
            first = end;
        }
    }
}
