//! Leaving out: a customer with only the journeys that are kept.
//!
//! Every event belongs to one journey: from the event that follows the end of the one
//! before, or the customer's first, to the event before the next begins. So what is kept
//! and what is left out make up the customer. Nothing is found anew: sessions, touches and
//! which of these are eligible for a conversion stay as the whole customer had them.

use std::ops::Range;

use super::rule::{Seen, Selector};
use crate::base::NONE;
use crate::base::money::Total;
use crate::model::{Conversion, Customer, Journey, Selected, Session, Step, Tally, Touch};

/// What is kept of one customer, and how much of all customers was.
#[derive(Debug, Default)]
pub struct Keeper {
    keeps: Vec<bool>,
    /// The events of kept journeys, in order; those of neighbors as one.
    events: Vec<Range<u32>>,
    journeys: Vec<Journey>,
    steps: Vec<Step>,
    conversions: Vec<Conversion>,
    touches: Vec<Touch>,
    sessions: Vec<Session>,
    session_of: Vec<u32>,
    /// For each touch or session, whether it is kept, then how many before it are.
    places: Vec<u32>,
    all: Tally,
    kept: Tally,
    without_journey: u64,
}

impl Keeper {
    /// What was kept of the customers so far, in the words of a selector.
    pub fn selected(&self, by: &Selector) -> Selected {
        Selected {
            words: by.words().to_owned(),
            part: by.part().map(str::to_owned),
            all: self.all,
            kept: self.kept,
            without_journey: self.without_journey,
        }
    }

    /// Adds what was kept of other customers.
    pub fn merge(&mut self, from: &Self) {
        self.all.add(&from.all);
        self.kept.add(&from.kept);
        self.without_journey += from.without_journey;
    }

    /// A customer with the kept journeys alone; none if none is. `begins` says for each
    /// journey at which event of the customer it begins.
    pub fn keep<'a>(
        &'a mut self,
        by: &Selector,
        whole: &Customer<'a>,
        begins: &[u32],
    ) -> Option<Customer<'a>> {
        if whole.journeys.is_empty() {
            self.without_journey += 1;
            return None;
        }
        self.choose(by, whole, begins);
        self.all.add(&tally(whole.journeys, whole.conversions));
        if self.events.is_empty() {
            return None;
        }
        if !by.trims() && self.keeps.iter().all(|it| *it) {
            self.kept.add(&tally(whole.journeys, whole.conversions));
            return Some(*whole);
        }
        self.keep_touches(whole);
        self.keep_journeys(by, whole);
        self.kept.add(&tally(&self.journeys, &self.conversions));
        self.keep_sessions(whole);
        Some(Customer {
            sessions: &self.sessions,
            session_of: &self.session_of,
            steps: &self.steps,
            touches: &self.touches,
            conversions: &self.conversions,
            journeys: &self.journeys,
            kept: Some(&self.events),
            ..*whole
        })
    }

    /// Asks for each journey whether it is kept.
    fn choose(&mut self, by: &Selector, whole: &Customer<'_>, begins: &[u32]) {
        self.keeps.clear();
        self.events.clear();
        let ends = begins.iter().skip(1).copied().chain([whole.times.len() as u32]);
        for ((journey, &begin), end) in whole.journeys.iter().zip(begins).zip(ends) {
            let keeps = by.keeps(&Seen {
                steps: whole.steps_of(journey),
                outcome: journey.outcome,
                shard: whole.shard,
                events: whole.base + begin as usize..whole.base + end as usize,
            });
            self.keeps.push(keeps);
            match self.events.last_mut() {
                _ if !keeps => {}
                Some(last) if last.end == begin => last.end = end,
                _ => self.events.push(begin..end),
            }
        }
    }

    /// Keeps the touches of kept journeys, and those eligible for one of their conversions.
    fn keep_touches(&mut self, whole: &Customer<'_>) {
        let places = &mut self.places;
        places.clear();
        places.resize(whole.touches.len() + 1, 0);
        for range in &self.events {
            let first = whole.touches.partition_point(|it| it.event < range.start);
            let end = whole.touches.partition_point(|it| it.event < range.end);
            places[first..end].fill(1);
        }
        for it in whole.conversions.iter().filter(|it| self.keeps[it.journey as usize]) {
            places[it.touches_first as usize..it.touches_end as usize].fill(1);
        }
        self.touches.clear();
        let kept = whole.touches.iter().zip(places.iter()).filter(|it| *it.1 == 1);
        self.touches.extend(kept.map(|it| *it.0));
        number(places);
    }

    /// Keeps journeys, of each the steps that are shown, and conversions.
    fn keep_journeys(&mut self, by: &Selector, whole: &Customer<'_>) {
        self.journeys.clear();
        self.steps.clear();
        self.conversions.clear();
        let mut conversions = whole.conversions.iter().peekable();
        for (number, (journey, keeps)) in (0u32..).zip(whole.journeys.iter().zip(&self.keeps)) {
            let kept = self.journeys.len() as u32;
            while let Some(it) = conversions.next_if(|it| it.journey == number) {
                if *keeps {
                    self.conversions.push(Conversion {
                        journey: kept,
                        touches_first: self.places[it.touches_first as usize],
                        touches_end: self.places[it.touches_end as usize],
                        ..*it
                    });
                }
            }
            if !keeps {
                continue;
            }
            let steps = whole.steps_of(journey);
            let first = self.steps.len() as u32;
            self.steps.extend_from_slice(&steps[by.shown(steps)]);
            self.journeys.push(Journey {
                first,
                end: self.steps.len() as u32,
                touches_first: self.places[journey.touches_first as usize],
                touches_end: self.places[journey.touches_end as usize],
                ..*journey
            });
        }
    }

    /// Keeps the sessions that hold an event of a kept journey, each whole.
    fn keep_sessions(&mut self, whole: &Customer<'_>) {
        self.sessions.clear();
        self.session_of.clear();
        let places = &mut self.places;
        places.clear();
        places.resize(whole.sessions.len() + 1, 0);
        if whole.session_of.is_empty() {
            for it in &self.events {
                let first = whole.sessions.partition_point(|own| own.end <= it.start);
                let end = whole.sessions.partition_point(|own| own.first < it.end);
                places[first..end].fill(1);
            }
        } else {
            for it in &self.events {
                let own = &whole.session_of[it.start as usize..it.end as usize];
                own.iter().filter(|it| **it != NONE).for_each(|&it| places[it as usize] = 1);
            }
        }
        let own = whole.sessions.iter().zip(places.iter()).filter(|it| *it.1 == 1);
        self.sessions.extend(own.map(|it| *it.0));
        number(places);
        self.session_of.extend(whole.session_of.iter().map(|&it| {
            let at = it as usize;
            match places.get(at).zip(places.get(at + 1)) {
                Some((own, next)) if own < next => *own,
                _ => NONE,
            }
        }));
    }
}

/// Turns marks of 0 and 1 into how many marks of 1 stand before each place.
fn number(places: &mut [u32]) {
    let mut before = 0;
    for it in places {
        before += std::mem::replace(it, before);
    }
}

fn tally(journeys: &[Journey], conversions: &[Conversion]) -> Tally {
    Tally {
        customers: 1,
        journeys: journeys.len() as u64,
        orders: conversions.len() as u64,
        value: conversions.iter().map(|it| Total::from(it.value)).sum(),
    }
}
