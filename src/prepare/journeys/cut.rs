//! Cutting: the journey rule over one customer's events after another.
//!
//! Most events are neither a goal nor the end of a silence: they become steps in runs.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{AfterConversion, EndOfData, JourneyRule};
use crate::base::{Amount, NONE, StageId, Timestamp};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Conversion, Events, Journey, Outcome, Step, Touch};
use crate::prepare::pile::Pile;

/// Scratch space for cutting, and the results: those of each customer after those of the
/// customers before, all positions counted from the customer's own first.
#[derive(Debug, Default)]
pub struct JourneyCutter {
    /// Steps in order.
    pub steps: Pile<Step>,
    /// Conversions in order.
    pub conversions: Vec<Conversion>,
    /// Journeys in order.
    pub journeys: Vec<Journey>,
    /// For each journey the event at which it begins, counted from the customer's first: every
    /// event is of the journey that begins last before it.
    pub begins: Vec<u32>,
    /// Where the results of the customer at hand begin.
    own: Own,
    /// Where the journey at hand begins.
    start: Start,
    by_order: HashMap<u32, u32, FixedState>,
}

/// Room for so many orders is kept from customer to customer.
const MOST_KEPT: usize = 256;

/// Where a customer's results begin.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    steps: usize,
    conversions: usize,
    journeys: usize,
}

/// Where the journey that is being cut began, counted from the customer's first.
#[derive(Debug, Clone, Copy, Default)]
struct Start {
    step: u32,
    event: u32,
    conversion: u32,
    touch: u32,
}

impl JourneyRule {
    /// The first event from `from` on that is more than a further step: a goal, one without
    /// stage, or one after a silence.
    #[inline]
    fn plain_until(&self, times: &[i64], stages: &[StageId], from: usize) -> usize {
        let mut end = from;
        // What has no stage is beyond all stages.
        while end < stages.len() && self.is_goal.get(stages[end].index()) == Some(&false) {
            end += 1;
        }
        match self.gap {
            None => end,
            Some(gap) => silence(gap.0, times, from, end),
        }
    }

    fn is_silence(&self, before: i64, here: i64) -> bool {
        self.gap.is_some_and(|it| Timestamp(here).since(Timestamp(before)) > it)
    }

    /// How the journey ends that goes on when the data does.
    fn last_outcome(&self, last: Option<i64>) -> Outcome {
        let over = match (self.gap, last) {
            (Some(gap), Some(last)) => self.data_end.since(Timestamp(last)) > gap,
            _ => false,
        };
        match self.end_of_data {
            EndOfData::Open if !over => Outcome::Open,
            _ => Outcome::Exit,
        }
    }
}

/// The first event from `from` on, and before `end`, that comes after a silence; else `end`.
#[inline]
fn silence(gap: i64, times: &[i64], from: usize, end: usize) -> usize {
    let begin = from.saturating_sub(1);
    let times = &times[begin..end.max(begin)];
    for at in 1..times.len() {
        if times[at].saturating_sub(times[at - 1]) > gap {
            return begin + at;
        }
    }
    end
}

impl JourneyCutter {
    /// Forgets all customers, and keeps the room.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.conversions.clear();
        self.journeys.clear();
        self.begins.clear();
    }

    /// Cuts the events `range` of a shard (one customer); adds to what was found before.
    pub fn cut(
        &mut self,
        rule: &JourneyRule,
        events: &Events,
        range: Range<usize>,
        touches: &[Touch],
    ) {
        self.begin();
        let (times, stages) = (&events.times[range.clone()], &events.stages[range.clone()]);
        let mut from = 0;
        loop {
            let at = rule.plain_until(times, stages, from);
            self.plain_steps(times, stages, from..at);
            if at >= times.len() {
                break;
            }
            let event = at as u32;
            if at > 0 && rule.is_silence(times[at - 1], times[at]) {
                self.end_journey(event, Outcome::Exit, touches);
            }
            if stages[at].is_some() && self.step(rule, events, range.start, event, touches) {
                self.end_journey(event + 1, Outcome::Converted, touches);
            }
            from = at + 1;
        }
        let outcome = rule.last_outcome(times.last().copied());
        self.end_journey(times.len() as u32, outcome, touches);
    }

    /// Adds events as steps.
    #[inline]
    fn plain_steps(&mut self, times: &[i64], stages: &[StageId], range: Range<usize>) {
        let (event, count) = (range.start as u32, range.len());
        let (times, stages) = (&times[range.clone()], &stages[range]);
        let any = Step { event: 0, stage: StageId::NONE, time: Timestamp(0) };
        let room = self.steps.room(count, any);
        for at in 0..count {
            room[at] =
                Step { event: event + at as u32, stage: stages[at], time: Timestamp(times[at]) };
        }
        self.steps.add(count);
    }

    fn begin(&mut self) {
        self.own = Own {
            steps: self.steps.count(),
            conversions: self.conversions.len(),
            journeys: self.journeys.len(),
        };
        self.start = Start::default();
        if self.by_order.capacity() > MOST_KEPT {
            // Clearing costs its room, not what is in it: one customer with a million orders
            // must not slow all others.
            self.by_order = HashMap::default();
        } else if !self.by_order.is_empty() {
            self.by_order.clear();
        }
    }

    /// Takes in an event with a stage; says whether it ends its journey.
    fn step(
        &mut self,
        rule: &JourneyRule,
        events: &Events,
        base: usize,
        event: u32,
        touches: &[Touch],
    ) -> bool {
        let at = base + event as usize;
        let stage = events.stages[at];
        let goal = rule.is_goal.get(stage.index()).is_some_and(|it| *it);
        if goal && self.adds_to_order(events, at) {
            return false;
        }
        self.steps.push(Step { event, stage, time: Timestamp(events.times[at]) });
        if goal {
            self.convert(rule, events, at, event, touches);
        }
        goal && rule.after_conversion == AfterConversion::New
    }

    /// Whether the row, at a goal, is a further line of an order that is known already; if
    /// so, its amount is added to that order.
    fn adds_to_order(&mut self, events: &Events, at: usize) -> bool {
        let order = events.orders.get(at).copied().unwrap_or(NONE);
        if order == NONE {
            return false;
        }
        let Some(&known) = self.by_order.get(&order) else {
            return false;
        };
        let conversion = &mut self.conversions[self.own.conversions + known as usize];
        if let Some(amount) = amount(events, at) {
            conversion.value = conversion.value.saturating_add(amount);
            conversion.valued = true;
            let journey = self.own.journeys + conversion.journey as usize;
            if let Some(journey) = self.journeys.get_mut(journey) {
                journey.value = journey.value.saturating_add(amount);
            }
        }
        true
    }

    fn convert(
        &mut self,
        rule: &JourneyRule,
        events: &Events,
        at: usize,
        event: u32,
        touches: &[Touch],
    ) {
        let time = Timestamp(events.times[at]);
        let order = events.orders.get(at).copied().unwrap_or(NONE);
        let own = &self.conversions[self.own.conversions..];
        if order != NONE {
            self.by_order.insert(order, own.len() as u32);
        }
        let since = own.last().map_or(0, |it| it.event + 1);
        let earliest = rule.lookback.map_or(Timestamp(i64::MIN), |it| time.minus(it));
        let end = touches.partition_point(|it| it.event <= event);
        let first = touches.partition_point(|it| it.event < since || it.time < earliest).min(end);
        let amount = amount(events, at);
        self.conversions.push(Conversion {
            event,
            time,
            value: amount.unwrap_or(0),
            valued: amount.is_some(),
            order,
            journey: (self.journeys.len() - self.own.journeys) as u32,
            touches_first: first as u32,
            touches_end: end as u32,
        });
    }

    /// Ends the journey before `event`, if it has a step, and starts the next there.
    fn end_journey(&mut self, event: u32, outcome: Outcome, touches: &[Touch]) {
        let start = &mut self.start;
        let end = (self.steps.count() - self.own.steps) as u32;
        if end == start.step {
            return;
        }
        let own = &self.conversions[self.own.conversions + start.conversion as usize..];
        let value = own.iter().fold(0, |sum: Amount, it| sum.saturating_add(it.value));
        let touch = match touches {
            [.., last] if last.event >= event => {
                let rest = &touches[start.touch as usize..];
                start.touch + rest.partition_point(|it| it.event < event) as u32
            }
            _ => touches.len() as u32,
        };
        self.begins.push(start.event);
        self.journeys.push(Journey {
            first: start.step,
            end,
            outcome: if own.is_empty() { outcome } else { Outcome::Converted },
            value,
            conversions: own.len() as u32,
            touches_first: start.touch,
            touches_end: touch,
        });
        start.step = end;
        start.event = event;
        start.conversion += own.len() as u32;
        start.touch = touch;
    }
}

fn amount(events: &Events, at: usize) -> Option<Amount> {
    events.amounts.get(at).copied().filter(|&it| it != NO_AMOUNT)
}
