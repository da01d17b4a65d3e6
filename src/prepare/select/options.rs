//! The predicates as the journey file and the command line write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::path::PathPattern;
use super::range::{Minute, Steps, When, Within};
use crate::base::Span;
use crate::base::filter::Filter;
use crate::model::Outcome;

/// How a journey ended, as options name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It reached the goal.
    Converted,
    /// It ended without conversion.
    Exit,
    /// The data ends too early to judge.
    Open,
}

impl Ended {
    /// The same as the model says it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Converted => Outcome::Converted,
            Self::Exit => Outcome::Exit,
            Self::Open => Outcome::Open,
        }
    }
}

/// Which journeys are looked at; all of them unless something is said here. A journey must
/// meet everything that is said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SelectOptions {
    /// Only journeys with a step at each of these stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// Only journeys without a step at any of these stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Only journeys whose first step is at one of these stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<String>,
    /// Only journeys whose last step is at one of these stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<String>,
    /// Only journeys that go this way: "Home >> Cart > Checkout" is from Home eventually to Cart,
    /// and from there directly to Checkout; a name with > in it stands in quotes. May be given
    /// several times: journeys that go all of these ways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<PathPattern>,
    /// Only journeys that come from the first of these two stages later to the second, and
    /// of each only the steps from the first visit of the one to the next visit of the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<String>,
    /// Only journeys of so many steps, such as "3..8", "3.." or "..8"; both ends count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Within<Steps>>,
    /// Only journeys that take so long from the first step to the last, such as "1h..7d";
    /// both ends count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasting: Option<Within<Span>>,
    /// Only journeys whose first step is then, such as "2026-01-01..2026-01-31": whole days in
    /// the journey's zone, or times; both ends count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<Within<When>>,
    /// Only journeys whose first step is at this time of day in the journey's zone, such as
    /// "18:00..22:59" or "22:00..05:59"; both minutes count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Within<Minute>>,
    /// Only journeys that ended so: converted, exit or open, or several of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outcome: Vec<Ended>,
    /// Only journeys with an event for which this holds, such as "device == 'app'"; names are
    /// properties, or stage, channel and value. Unlike --where it leaves no event out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub having: Option<Filter>,
    /// Only journeys without any event for which this holds, such as "channel == 'Email'".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacking: Option<Filter>,
    /// Instead, all other journeys: those that do not meet what is said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
}

/// Names in a filter of events that are no properties of the sources.
pub(super) const OWN_NAMES: [&str; 3] = ["stage", "channel", "value"];

impl SelectOptions {
    /// Whether nothing is said, so that all journeys are looked at.
    pub fn is_empty(&self) -> bool {
        Self { others: false, ..self.clone() } == Self::default()
    }

    /// The properties of events that the predicates ask for, each once.
    pub fn properties(&self) -> Vec<String> {
        let filters = self.having.iter().chain(&self.lacking);
        let mut names: Vec<String> = filters
            .flat_map(|it| it.names())
            .filter(|it| !OWN_NAMES.contains(&it.as_str()))
            .cloned()
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
