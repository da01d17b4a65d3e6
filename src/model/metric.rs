//! The figures that a map can show on its transitions, and what each is a share of.
//!
//! Names and bases only: the figures themselves are in [`MapEdge`](super::MapEdge).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure of a transition.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Moves: two steps in a row, how often.
    #[default]
    #[serde(alias = "frequency")]
    Moves,
    /// Distinct customers with such a move.
    Customers,
    /// Journeys with at least one such move.
    Journeys,
    /// Value of the journeys with such a move, each once.
    #[serde(alias = "value")]
    Revenue,
    /// An estimate of the value lost on this way: what its judged journeys would have brought
    /// had they fared like the average journey through the first stage, less what they brought.
    Lost,
    /// Median wait between the two steps.
    #[serde(alias = "wait-median")]
    Wait,
    /// 90 % quantile of the wait.
    WaitP90,
    /// Mean wait.
    WaitMean,
    /// Moves as a share of the visits of the first stage (of the antecedent).
    #[serde(alias = "share", alias = "antecedent")]
    ShareOut,
    /// Moves as a share of the visits of the second stage (of the consequent).
    #[serde(alias = "consequent")]
    ShareIn,
}

impl Metric {
    /// All of them, the usual ones first.
    pub const ALL: [Self; 10] = [
        Self::Moves,
        Self::Customers,
        Self::Journeys,
        Self::Revenue,
        Self::Lost,
        Self::Wait,
        Self::WaitP90,
        Self::WaitMean,
        Self::ShareOut,
        Self::ShareIn,
    ];

    /// Its name in options, JSON and pages.
    ///
    /// ```
    /// use touchpath::model::Metric;
    /// for metric in Metric::ALL {
    ///     assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
    /// }
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Moves => "moves",
            Self::Customers => "customers",
            Self::Journeys => "journeys",
            Self::Revenue => "revenue",
            Self::Lost => "lost",
            Self::Wait => "wait",
            Self::WaitP90 => "wait-p90",
            Self::WaitMean => "wait-mean",
            Self::ShareOut => "share-out",
            Self::ShareIn => "share-in",
        }
    }

    /// What the figure on a transition is, in words for the map itself, with its base.
    pub fn words(self) -> &'static str {
        match self {
            Self::Moves => "moves",
            Self::Customers => "distinct customers",
            Self::Journeys => "journeys with the move",
            Self::Revenue => "value of the journeys with the move, each once",
            Self::Lost => "estimate of value lost",
            Self::Wait => "median wait before the next step",
            Self::WaitP90 => "wait that 90 % of the moves stay within",
            Self::WaitMean => "mean wait before the next step",
            Self::ShareOut => "share of visits of the first stage",
            Self::ShareIn => "share of visits of the second stage",
        }
    }

    /// Whether it is a time.
    pub fn is_wait(self) -> bool {
        matches!(self, Self::Wait | Self::WaitP90 | Self::WaitMean)
    }

    /// Whether it is money.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Revenue | Self::Lost)
    }

    /// What stands in brackets after it unless something else is asked for: the share after
    /// moves, the moves after a time (a wait of two moves means little).
    pub fn usual_second(self) -> Option<Self> {
        match self {
            Self::Moves => Some(Self::ShareOut),
            it if it.is_wait() => Some(Self::Moves),
            _ => None,
        }
    }
}
