//! The walk: one pass over a shard's customers, each shown once as a whole.

use crate::base::CustomerId;
use crate::model::{Customer, Events, Touch};

use super::journeys::{JourneyCutter, JourneyRule};
use super::select::{Keeper, Selector};
use super::sessions::{SessionRule, Sessions};
use super::touches::TouchRule;

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

/// Scratch space for walking: one for each thread, reused from customer to customer.
#[derive(Debug, Default)]
pub struct Walker {
    sessions: Sessions,
    touches: Vec<Touch>,
    cutter: JourneyCutter,
    keeper: Keeper,
}

impl Walker {
    /// What was kept and left out of the customers walked so far.
    pub fn keeper(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    /// Shows each customer of a shard to `visit`, in order; where only some journeys are looked
    /// at, each with these alone, and those without any not at all.
    pub fn walk(&mut self, rules: &Walking, events: &Events, mut visit: impl FnMut(&Customer<'_>)) {
        for index in 0..events.customers() {
            let range = events.range(index);
            if range.is_empty() {
                continue;
            }
            rules.sessions.cut(events, range.clone(), &mut self.sessions);
            let goals = rules.journeys.goals();
            rules.touches.find(
                events,
                range.clone(),
                &self.sessions.list,
                goals,
                &mut self.touches,
            );
            self.cutter.cut(&rules.journeys, events, range.clone(), &self.touches);
            let whole = Customer {
                id: CustomerId::at(events.first_customer as usize + index),
                shard: events,
                base: range.start,
                times: &events.times[range],
                sessions: &self.sessions.list,
                session_of: &self.sessions.of,
                steps: &self.cutter.steps,
                touches: &self.touches,
                conversions: &self.cutter.conversions,
                journeys: &self.cutter.journeys,
                kept: None,
            };
            match &rules.select {
                None => visit(&whole),
                Some(by) => {
                    let kept = self.keeper.keep(by, &whole, &self.cutter.begins);
                    kept.iter().for_each(&mut visit);
                }
            }
        }
    }
}
