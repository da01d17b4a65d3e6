//! What was found of some customers: lists that lie one customer behind the other.

use std::ops::Range;

use crate::base::CustomerId;
use crate::model::{Customer, Events, Session, Touch};
use crate::prepare::journeys::JourneyCutter;
use crate::prepare::sessions::Sessions;

use super::Walking;

/// Sessions, touches, steps, conversions and journeys of customers in a row.
#[derive(Debug, Default)]
pub(super) struct Found {
    sessions: Vec<Session>,
    session_of: Vec<u32>,
    touches: Vec<Touch>,
    cutter: JourneyCutter,
    /// The sessions of one customer, where more than time cuts them; else scratch space.
    own: Sessions,
    /// Where what was found of each customer ends.
    ends: Vec<End>,
}

/// Where what belongs to a customer ends in each list.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    /// Which customer of the shard.
    index: usize,
    sessions: usize,
    session_of: usize,
    touches: usize,
    steps: usize,
    conversions: usize,
    journeys: usize,
}

impl Found {
    /// Looks at customers of a shard instead of those before; leaves out who has no event.
    pub(super) fn find(&mut self, rules: &Walking, events: &Events, customers: Range<usize>) {
        self.sessions.clear();
        self.session_of.clear();
        self.touches.clear();
        self.cutter.clear();
        self.ends.clear();
        let by_time = rules.sessions.is_by_time(events);
        for index in customers {
            let range = events.range(index);
            if range.is_empty() {
                continue;
            }
            let (sessions, touches) = (self.sessions.len(), self.touches.len());
            if by_time {
                let begins = &mut self.own.begins;
                rules.sessions.cut_by_time(events, range.clone(), begins, &mut self.sessions);
            } else {
                rules.sessions.cut(events, range.clone(), &mut self.own);
                self.sessions.extend_from_slice(&self.own.list);
                self.session_of.extend_from_slice(&self.own.of);
            }
            let (own, goals) = (&self.sessions[sessions..], rules.journeys.goals());
            rules.touches.find(events, range.clone(), own, goals, &mut self.touches);
            self.cutter.cut(&rules.journeys, events, range, &self.touches[touches..]);
            self.ends.push(End {
                index,
                sessions: self.sessions.len(),
                session_of: self.session_of.len(),
                touches: self.touches.len(),
                steps: self.cutter.steps.len(),
                conversions: self.cutter.conversions.len(),
                journeys: self.cutter.journeys.len(),
            });
        }
    }

    /// The customers that were looked at, each as a whole.
    pub(super) fn customers<'a>(
        &'a self,
        events: &'a Events,
    ) -> impl ExactSizeIterator<Item = Customer<'a>> {
        let mut from = End::default();
        self.ends.iter().map(move |end| {
            let from = std::mem::replace(&mut from, *end);
            let range = events.range(end.index);
            Customer {
                id: CustomerId::at(events.first_customer as usize + end.index),
                shard: events,
                base: range.start,
                times: &events.times[range],
                sessions: &self.sessions[from.sessions..end.sessions],
                session_of: &self.session_of[from.session_of..end.session_of],
                steps: &self.cutter.steps[from.steps..end.steps],
                touches: &self.touches[from.touches..end.touches],
                conversions: &self.cutter.conversions[from.conversions..end.conversions],
                journeys: &self.cutter.journeys[from.journeys..end.journeys],
                kept: None,
            }
        })
    }

    /// For each customer, at which event each of its journeys begins.
    pub(super) fn begins(&self) -> impl Iterator<Item = &[u32]> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let from = std::mem::replace(&mut from, end.journeys);
            &self.cutter.begins[from..end.journeys]
        })
    }
}
