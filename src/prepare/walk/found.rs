//! What was found of some customers: lists that lie one customer behind the other.

use std::ops::Range;

use crate::base::CustomerId;
use crate::model::{Customer, Events, Session, Touch};
use crate::prepare::journeys::JourneyCutter;
use crate::prepare::pile::Pile;
use crate::prepare::sessions::{SessionEnd, Sessions};

use super::Walking;

/// A list without what was in it, and with its room.
#[expect(clippy::unnecessary_filter_map, reason = "a filter would keep the lifetime, too")]
pub(super) fn emptied<'b>(list: Vec<Customer<'_>>) -> Vec<Customer<'b>> {
    list.into_iter().filter_map(|_| None).collect()
}

/// Sessions, touches, steps, conversions and journeys of customers in a row.
#[derive(Debug, Default)]
pub(super) struct Found {
    sessions: Pile<Session>,
    session_of: Vec<u32>,
    touches: Pile<Touch>,
    cutter: JourneyCutter,
    /// The sessions of one customer, where more than time cuts them.
    own: Sessions,
    /// Scratch space, where nothing else does.
    session_ends: Vec<SessionEnd>,
    /// Where what was found of each customer ends.
    ends: Vec<End>,
}

/// Where what belongs to a customer ends in each list.
#[derive(Debug, Clone, Copy)]
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

/// Where nothing ends.
const NOTHING: End =
    End { index: 0, sessions: 0, session_of: 0, touches: 0, steps: 0, conversions: 0, journeys: 0 };

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
            let (sessions, touches) = (self.sessions.count(), self.touches.count());
            if by_time {
                let ends = &mut self.session_ends;
                rules.sessions.cut_by_time(events, range.clone(), ends, &mut self.sessions);
            } else {
                rules.sessions.cut(events, range.clone(), &mut self.own);
                self.sessions.extend(&self.own.list);
                self.session_of.extend_from_slice(&self.own.of);
            }
            let (own, goals) = (self.sessions.from(sessions), rules.journeys.goals());
            rules.touches.find(events, range.clone(), own, goals, &mut self.touches);
            self.cutter.cut(&rules.journeys, events, range, self.touches.from(touches));
            self.ends.push(End {
                index,
                sessions: self.sessions.count(),
                session_of: self.session_of.len(),
                touches: self.touches.count(),
                steps: self.cutter.steps.count(),
                conversions: self.cutter.conversions.len(),
                journeys: self.cutter.journeys.len(),
            });
        }
    }

    /// The customers that were looked at, each as a whole; `room` is used again.
    pub(super) fn customers<'a>(
        &'a self,
        events: &'a Events,
        room: Vec<Customer<'static>>,
    ) -> Vec<Customer<'a>> {
        let nobody = Customer {
            id: CustomerId(0),
            shard: events,
            base: 0,
            times: &[],
            sessions: &[],
            session_of: &[],
            steps: &[],
            touches: &[],
            conversions: &[],
            journeys: &[],
            kept: None,
        };
        // Large as they are, they are written in place.
        let mut customers = emptied(room);
        customers.resize(self.ends.len(), nobody);
        let mut from = &NOTHING;
        for (it, end) in customers.iter_mut().zip(&self.ends) {
            let range = events.range(end.index);
            it.id = CustomerId::at(events.first_customer as usize + end.index);
            it.base = range.start;
            it.times = &events.times[range];
            it.sessions = self.sessions.get(from.sessions..end.sessions);
            it.session_of = &self.session_of[from.session_of..end.session_of];
            it.steps = self.cutter.steps.get(from.steps..end.steps);
            it.touches = self.touches.get(from.touches..end.touches);
            it.conversions = &self.cutter.conversions[from.conversions..end.conversions];
            it.journeys = &self.cutter.journeys[from.journeys..end.journeys];
            from = end;
        }
        customers
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
