//! Journeys: a customer's steps, cut at conversions and at silence.
//!
//! Every step lies in exactly one journey. A journey ends converted (it reached
//! the goal), as an exit (silence longer than the gap), or open (the data ends
//! too early to judge). `cut` runs the rule.

mod cut;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Span, StageId, Timestamp};
use crate::model::Catalog;

pub use cut::JourneyCutter;

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
    /// For each stage, whether it is a goal.
    is_goal: Vec<bool>,
    gap: Option<Span>,
    lookback: Option<Span>,
    end_of_data: EndOfData,
    after_conversion: AfterConversion,
    data_end: Timestamp,
}

impl JourneyRule {
    /// The rule for the goals, gap, lookback and span of a catalog.
    pub fn new(options: &JourneyOptions, catalog: &Catalog) -> Self {
        let mut is_goal = vec![false; catalog.stages.len()];
        for goal in &catalog.goals {
            if let Some(it) = is_goal.get_mut(goal.index()) {
                *it = true;
            }
        }
        Self {
            goals: catalog.goals.clone(),
            is_goal,
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
}
