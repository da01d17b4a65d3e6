//! Journeys: a customer's steps, cut at conversions and at silence.
//!
//! Every step lies in exactly one journey. A journey ends converted (it reached
//! the goal), as an exit (silence longer than the gap), or open (the data ends
//! too early to judge).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Amount, NONE, Span, StageId, Timestamp};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Catalog, Conversion, Events, Journey, Outcome, Step, Touch};

/// What unfinished journeys are when the data ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndOfData {
    /// Too early to judge: never counted as an exit.
    #[default]
    Open,
    /// Over: right for logs of closed cases.
    Exit,
}

/// What happens to a journey that converts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AfterConversion {
    /// It is complete; the next step starts a new journey.
    #[default]
    New,
    /// It goes on, and counts as converted when it ends.
    Continue,
}

/// A span of time, or "none" for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit(pub Option<Span>);

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(span) => span.serialize(serializer),
            None => serializer.serialize_str("none"),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "none" {
            return Ok(Self(None));
        }
        let span = text.parse().map_err(|error: crate::base::Error| {
            serde::de::Error::custom(format!("{error}; or write \"none\""))
        })?;
        Ok(Self(Some(span)))
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": ["30d", "none"] })
    }
}

/// What a journey is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JourneyOptions {
    /// The goal: a stage name, or several. Guessed from the data if not given; [] for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<OneOrMany>,
    /// How long silence may last before a journey ends as an exit, such as "30d";
    /// "none": silence ends nothing.
    pub gap: Limit,
    /// What unfinished journeys are when the data ends: open, or exit for logs of closed cases.
    pub end_of_data: EndOfData,
    /// What follows a conversion: a new journey, or the same one continues.
    pub after_conversion: AfterConversion,
    /// How long before a conversion a touch may lie to earn credit, such as "30d"; or "none".
    pub lookback: Limit,
}

impl Default for JourneyOptions {
    fn default() -> Self {
        Self {
            conversion: None,
            gap: Limit(Some(Span::days(30))),
            end_of_data: EndOfData::default(),
            after_conversion: AfterConversion::default(),
            lookback: Limit(Some(Span::days(30))),
        }
    }
}

/// One text or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub enum OneOrMany {
    /// One text.
    One(String),
    /// A list of texts.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(it) => std::slice::from_ref(it),
            Self::Many(it) => it,
        }
    }
}

/// The journey rule ready to run.
#[derive(Debug, Clone)]
pub struct JourneyRule {
    goals: Vec<StageId>,
    gap: Option<Span>,
    lookback: Option<Span>,
    end_of_data: EndOfData,
    after_conversion: AfterConversion,
    data_end: Timestamp,
}

impl JourneyRule {
    /// The rule for the goals, gap, lookback and span of a catalog.
    pub fn new(options: &JourneyOptions, catalog: &Catalog) -> Self {
        Self {
            goals: catalog.goals.clone(),
            gap: catalog.gap,
            lookback: catalog.lookback,
            end_of_data: options.end_of_data,
            after_conversion: options.after_conversion,
            data_end: catalog.span.map_or(Timestamp(0), |it| it.1),
        }
    }

    /// The goal stages, sorted.
    pub fn goals(&self) -> &[StageId] {
        &self.goals
    }

    #[inline]
    fn is_goal(&self, stage: StageId) -> bool {
        match self.goals.as_slice() {
            &[goal] => stage == goal,
            goals => goals.binary_search(&stage).is_ok(),
        }
    }
}

/// Scratch space and result of cutting one customer.
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
    by_order: HashMap<u32, u32, FixedState>,
}

/// Room for so many orders is kept from customer to customer.
const MOST_KEPT: usize = 256;

/// Where the journey that is being cut began.
#[derive(Clone, Copy, Default)]
struct Start {
    step: u32,
    event: u32,
    conversion: u32,
}

impl JourneyCutter {
    /// Cuts the events `range` of a shard (one customer).
    pub fn cut(
        &mut self,
        rule: &JourneyRule,
        events: &Events,
        range: std::ops::Range<usize>,
        touches: &[Touch],
    ) {
        self.steps.clear();
        self.conversions.clear();
        self.journeys.clear();
        self.begins.clear();
        if self.by_order.capacity() > MOST_KEPT {
            // Clearing costs its room, not what is in it: one customer with a million orders
            // must not slow all others.
            self.by_order = HashMap::default();
        }
        self.by_order.clear();
        let mut start = Start::default();
        let base = range.start;
        let count = range.len() as u32;
        let (times, stages) = (&events.times[range.clone()], &events.stages[range]);
        let mut before = None;
        for (event, (&time, &stage)) in (0..).zip(times.iter().zip(stages)) {
            let time = Timestamp(time);
            if let (Some(gap), Some(before)) = (rule.gap, before)
                && time.since(before) > gap
            {
                start = self.end_journey(start, event, Outcome::Exit, touches);
            }
            before = Some(time);
            if !stage.is_some() {
                continue;
            }
            let goal = rule.is_goal(stage);
            if goal && self.adds_to_order(events, base + event as usize) {
                continue;
            }
            self.steps.push(Step { event, stage, time });
            if goal {
                self.convert(rule, events, base + event as usize, event, touches);
                if rule.after_conversion == AfterConversion::New {
                    start = self.end_journey(start, event + 1, Outcome::Converted, touches);
                }
            }
        }
        let over = match (rule.gap, before) {
            (Some(gap), Some(last)) => rule.data_end.since(last) > gap,
            _ => false,
        };
        let outcome = match rule.end_of_data {
            EndOfData::Open if !over => Outcome::Open,
            _ => Outcome::Exit,
        };
        self.end_journey(start, count, outcome, touches);
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
        let conversion = &mut self.conversions[known as usize];
        if let Some(amount) = amount(events, at) {
            conversion.value = conversion.value.saturating_add(amount);
            conversion.valued = true;
            let journey = conversion.journey as usize;
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
        let number = self.conversions.len() as u32;
        if order != NONE {
            self.by_order.insert(order, number);
        }
        let since = self.conversions.last().map_or(0, |it| it.event + 1);
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
            journey: self.journeys.len() as u32,
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
        let end = self.steps.len() as u32;
        let conversions = self.conversions.len() as u32;
        let next = Start { step: end, event, conversion: conversions };
        if end == start.step {
            return Start { event: start.event, ..next };
        }
        let own = &self.conversions[start.conversion as usize..];
        let value = own.iter().fold(0, |sum: Amount, it| sum.saturating_add(it.value));
        let outcome = if own.is_empty() { outcome } else { Outcome::Converted };
        let first = touches.partition_point(|it| it.event < start.event);
        let last = touches.partition_point(|it| it.event < event);
        self.begins.push(start.event);
        self.journeys.push(Journey {
            first: start.step,
            end,
            outcome,
            value,
            conversions: conversions - start.conversion,
            touches_first: first as u32,
            touches_end: last as u32,
        });
        next
    }
}

fn amount(events: &Events, at: usize) -> Option<Amount> {
    events.amounts.get(at).copied().filter(|&it| it != NO_AMOUNT)
}
