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

/// Scratch space for cutting, and the results: those of each customer after those of the
/// customers before, all positions counted from the customer's own first.
#[derive(Debug, Default)]
pub struct JourneyCutter {
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Conversions in order.
    pub conversions: Vec<Conversion>,
    /// Journeys in order.
    pub journeys: Vec<Journey>,
    /// For each journey the event at which it begins, counted from the customer's first: every
    /// event is of the journey that begins last before it.
    pub begins: Vec<u32>,
    /// Where the results of the customer at hand begin.
    own: Own,
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

/// Where the journey that is being cut began.
#[derive(Clone, Copy, Default)]
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
        let longest = self.gap.map_or(i64::MAX, |it| it.0);
        let mut before = times.get(from.saturating_sub(1)).copied().unwrap_or_default();
        let mut rest = times[from..].iter().zip(&stages[from..]);
        let special = rest.position(|(&time, stage)| {
            let pause = time.saturating_sub(before);
            before = time;
            // What has no stage is beyond all stages.
            pause > longest || self.is_goal.get(stage.index()).is_none_or(|it| *it)
        });
        special.map_or(times.len(), |it| from + it)
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
        let mut start = Start::default();
        let mut from = 0;
        loop {
            let at = rule.plain_until(times, stages, from);
            let plain = times[from..at].iter().zip(&stages[from..at]);
            let step = |(event, (&time, &stage))| Step { event, stage, time: Timestamp(time) };
            self.steps.extend((from as u32..).zip(plain).map(step));
            if at >= times.len() {
                break;
            }
            let event = at as u32;
            if at > 0 && rule.is_silence(times[at - 1], times[at]) {
                start = self.end_journey(start, event, Outcome::Exit, touches);
            }
            if stages[at].is_some() && self.step(rule, events, range.start, event, touches) {
                start = self.end_journey(start, event + 1, Outcome::Converted, touches);
            }
            from = at + 1;
        }
        let outcome = rule.last_outcome(times.last().copied());
        self.end_journey(start, times.len() as u32, outcome, touches);
    }

    fn begin(&mut self) {
        self.own = Own {
            steps: self.steps.len(),
            conversions: self.conversions.len(),
            journeys: self.journeys.len(),
        };
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
    fn end_journey(
        &mut self,
        start: Start,
        event: u32,
        outcome: Outcome,
        touches: &[Touch],
    ) -> Start {
        let end = (self.steps.len() - self.own.steps) as u32;
        if end == start.step {
            return start;
        }
        let own = &self.conversions[self.own.conversions + start.conversion as usize..];
        let value = own.iter().fold(0, |sum: Amount, it| sum.saturating_add(it.value));
        let rest = &touches[start.touch as usize..];
        let touch = start.touch + rest.partition_point(|it| it.event < event) as u32;
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
        Start { step: end, event, conversion: start.conversion + own.len() as u32, touch }
    }
}

fn amount(events: &Events, at: usize) -> Option<Amount> {
    events.amounts.get(at).copied().filter(|&it| it != NO_AMOUNT)
}
