//! One customer as every analysis sees it: events, sessions, steps, touches,
//! conversions, journeys. Views into scratch space; nothing here owns.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Amount, ChannelId, CustomerId, NONE, StageId, Timestamp, ValueId};

use super::events::Events;
use super::raw::NO_AMOUNT;

/// A customer's events without a long pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The first event, counted from the customer's first.
    pub first: u32,
    /// One past the last event.
    pub end: u32,
    /// How many events it holds: all from the first to the last, unless sessions interleave
    /// or events in between are out of session.
    pub events: u32,
    /// The time of the first event.
    pub start: Timestamp,
    /// The channel of the first event of the session that carries one.
    pub channel: ChannelId,
}

/// One visit of a journey to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The event, counted from the customer's first.
    pub event: u32,
    /// Where.
    pub stage: StageId,
    /// When.
    pub time: Timestamp,
}

/// A step or session that carries a channel, eligible for credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The event that carries it, counted from the customer's first.
    pub event: u32,
    /// When.
    pub time: Timestamp,
    /// Through which channel.
    pub channel: ChannelId,
}

/// What counts as a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TouchOptions {
    /// Each session with a channel, at its start.
    #[default]
    Sessions,
    /// Each event with a channel, except conversions.
    Events,
}

/// Reaching a goal stage: usually an order with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// The event, counted from the customer's first.
    pub event: u32,
    /// When.
    pub time: Timestamp,
    /// The order's value in minor units; 0 where the rows carry none.
    pub value: Amount,
    /// Whether any row of the order carried a value.
    pub valued: bool,
    /// The code of the order id, or [`NONE`].
    pub order: u32,
    /// The journey in which it lies, counted from the customer's first.
    pub journey: u32,
    /// Touches since the previous conversion and within the lookback:
    /// the range `touches_first..touches_end` of the customer's touches.
    pub touches_first: u32,
    /// One past the last eligible touch.
    pub touches_end: u32,
}

/// How a journey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It reached the goal.
    Converted,
    /// It ended without conversion: silence longer than the gap.
    Exit,
    /// The data ends too early to judge.
    Open,
}

/// A customer's steps from the first (or the first after a conversion) to a
/// conversion, an exit, or the end of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journey {
    /// The first step, counted from the customer's first.
    pub first: u32,
    /// One past the last step; a journey has at least one step.
    pub end: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The sum of its conversions' values in minor units.
    pub value: Amount,
    /// How many conversions it holds (more than one only where a journey goes on after one).
    pub conversions: u32,
    /// Touches within the journey: the range of the customer's touches.
    pub touches_first: u32,
    /// One past the journey's last touch.
    pub touches_end: u32,
}

impl Journey {
    /// How many steps it has.
    #[inline]
    pub fn len(&self) -> usize {
        (self.end - self.first) as usize
    }

    /// Never true: a journey has at least one step.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.end == self.first
    }
}

/// One customer: the item that every analysis visits.
///
/// Where only some journeys are looked at, sessions, steps, touches, conversions and
/// journeys are those that are kept, and [`Self::event_times`] and its like tell of their
/// events. `times` and properties are still the whole customer's, since who somebody is (the
/// variant, say) does not hang on which journeys one looks at.
#[derive(Debug, Clone, Copy)]
pub struct Customer<'a> {
    /// The customer's number over the whole study.
    pub id: CustomerId,
    /// The shard that holds the customer's events.
    pub shard: &'a Events,
    /// The position of the customer's first event in the shard.
    pub base: usize,
    /// The times of all events in microseconds, ascending, also of journeys that are not kept.
    pub times: &'a [i64],
    /// Sessions in order of their first events.
    pub sessions: &'a [Session],
    /// For each event its session, or [`NONE`] where it is out of session; empty where each
    /// session is all events from its first to its last, and every event is in one.
    pub session_of: &'a [u32],
    /// Steps in order: the events that have a stage, an order's further lines left out.
    pub steps: &'a [Step],
    /// Touches in order.
    pub touches: &'a [Touch],
    /// Conversions in order.
    pub conversions: &'a [Conversion],
    /// Journeys in order; together they hold every step once.
    pub journeys: &'a [Journey],
    /// The events that the journeys hold, in order and counted from the customer's first; none
    /// where it is all of them.
    pub kept: Option<&'a [Range<u32>]>,
}

impl<'a> Customer<'a> {
    /// The times of the events that are looked at, ascending: those of kept journeys, or all.
    pub fn event_times(&self) -> impl Iterator<Item = i64> + use<'a> {
        let times = self.times;
        let all = self.kept.is_none().then_some(times);
        let some = self.kept.unwrap_or_default().iter();
        let some = some.map(move |it| &times[it.start as usize..it.end as usize]);
        all.into_iter().chain(some).flatten().copied()
    }

    /// How many such events there are.
    pub fn events(&self) -> u64 {
        match self.kept {
            Some(kept) => kept.iter().map(|it| u64::from(it.end - it.start)).sum(),
            None => self.times.len() as u64,
        }
    }

    /// The time of the first of them.
    pub fn first_time(&self) -> Timestamp {
        let first = self.kept.map_or(Some(0), |it| it.first().map(|it| it.start as usize));
        Timestamp(first.and_then(|it| self.times.get(it)).copied().unwrap_or_default())
    }

    /// The time of the last of them.
    pub fn last_time(&self) -> Timestamp {
        let end =
            self.kept.map_or(Some(self.times.len()), |it| it.last().map(|it| it.end as usize));
        let last = end.and_then(|it| self.times.get(it.checked_sub(1)?));
        Timestamp(last.copied().unwrap_or_default())
    }

    /// The session that holds an event, counted from the customer's first, if one does.
    pub fn session(&self, event: u32) -> Option<usize> {
        if let Some(&it) = self.session_of.get(event as usize) {
            return (it != NONE).then_some(it as usize);
        }
        let at = self.sessions.partition_point(|it| it.end <= event);
        self.sessions.get(at).filter(|it| it.first <= event).map(|_| at)
    }

    /// How many sessions have one of the events from `first` to `last`, both included.
    pub fn sessions_between(&self, first: u32, last: u32) -> usize {
        let Some(own) = self.session_of.get(first as usize..=last as usize) else {
            // Often all of them.
            let begin = match self.sessions.first() {
                Some(it) if it.end > first => 0,
                _ => self.sessions.partition_point(|it| it.end <= first),
            };
            let end = match self.sessions.last() {
                Some(it) if it.first <= last => self.sessions.len(),
                _ => self.sessions.partition_point(|it| it.first <= last),
            };
            return end.saturating_sub(begin);
        };
        let mut met: Vec<u32> = own.iter().copied().filter(|&it| it != NONE).collect();
        met.sort_unstable();
        met.dedup();
        met.len()
    }

    /// How many of the events that are looked at are out of session.
    pub fn out_of_session(&self) -> u64 {
        let out = |of: &[u32]| of.iter().filter(|&&it| it == NONE).count() as u64;
        match self.kept {
            None => out(self.session_of),
            Some(kept) => kept
                .iter()
                .filter_map(|it| self.session_of.get(it.start as usize..it.end as usize))
                .map(out)
                .sum(),
        }
    }

    /// The steps of a journey.
    pub fn steps_of(&self, journey: &Journey) -> &'a [Step] {
        &self.steps[journey.first as usize..journey.end as usize]
    }

    /// The touches within a journey.
    pub fn touches_of(&self, journey: &Journey) -> &'a [Touch] {
        &self.touches[journey.touches_first as usize..journey.touches_end as usize]
    }

    /// The touches that are eligible for a conversion's credit.
    pub fn touches_for(&self, conversion: &Conversion) -> &'a [Touch] {
        &self.touches[conversion.touches_first as usize..conversion.touches_end as usize]
    }

    /// The stage of an event, counted from the customer's first.
    pub fn stage(&self, event: u32) -> StageId {
        self.shard.stages.get(self.base + event as usize).copied().unwrap_or(StageId::NONE)
    }

    /// The channel of an event, counted from the customer's first.
    pub fn channel(&self, event: u32) -> ChannelId {
        self.shard.channels.get(self.base + event as usize).copied().unwrap_or(ChannelId::NONE)
    }

    /// The amount of an event in minor units, if it carries one.
    pub fn amount(&self, event: u32) -> Option<Amount> {
        let amount = *self.shard.amounts.get(self.base + event as usize)?;
        (amount != NO_AMOUNT).then_some(amount)
    }

    /// The order code of an event, or [`NONE`].
    pub fn order(&self, event: u32) -> u32 {
        self.shard.orders.get(self.base + event as usize).copied().unwrap_or(NONE)
    }

    /// The value of a kept property at an event.
    pub fn property(&self, property: usize, event: u32) -> ValueId {
        let column = self.shard.properties.get(property);
        let value = column.and_then(|it| it.get(self.base + event as usize));
        value.copied().unwrap_or(ValueId::NONE)
    }

    /// The values of a kept property over all events of the customer.
    pub fn property_values(&self, property: usize) -> &'a [ValueId] {
        match self.shard.properties.get(property) {
            Some(it) if !it.is_empty() => &it[self.base..self.base + self.times.len()],
            _ => &[],
        }
    }
}
