//! A journey map as renderers see it: nodes and edges with figures, no layout.

use crate::base::money::Total;
use crate::base::{Currency, Span};

use super::Metric;

/// What a map shows by color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapKind {
    /// How many (or how much) goes where.
    #[default]
    Frequency,
    /// How long they wait: the map's metric is a time.
    Wait,
    /// Variant B against variant A.
    Difference,
}

/// A stage on a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MapNode {
    /// The stage's name, hostile as all data.
    pub name: String,
    /// Steps at the stage.
    pub visits: u64,
    /// Distinct customers.
    pub customers: u64,
    /// Journeys with a step here.
    pub journeys: u64,
    /// Journeys that began here.
    pub starts: u64,
    /// Journeys that ended here without conversion.
    pub exits: u64,
    /// Journeys not judged yet, last seen here.
    pub open: u64,
    /// Journeys completed here by converting.
    pub completed: u64,
    /// Moves from this stage to itself.
    pub repeats: u64,
    /// Whether the stage is a goal.
    pub goal: bool,
    /// The median step number of visits (orders the ranks).
    pub position: f64,
    /// Difference maps: what changed in the share of visits that end here.
    pub exit_change: Option<MapChange>,
    /// Value in minor units of the journeys that came through.
    pub value: Total,
    /// An estimate of the value lost by the exits here, in minor units; 0 at goals.
    pub lost: Total,
}

/// A transition on a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MapEdge {
    /// The position of the first stage in [`JourneyMap::nodes`].
    pub from: usize,
    /// The position of the second stage.
    pub to: usize,
    /// Moves.
    pub moves: u64,
    /// Distinct customers.
    pub customers: u64,
    /// Journeys with at least one such move.
    pub journeys: u64,
    /// Moves over all visits of the first stage.
    pub share: f64,
    /// Moves over all visits of the second stage.
    pub share_in: f64,
    /// Median wait.
    pub wait_median: Span,
    /// 90 % quantile of the wait.
    pub wait_p90: Span,
    /// Mean wait.
    pub wait_mean: Span,
    /// Value in minor units of the journeys with this move.
    pub value: Total,
    /// An estimate of the value lost on this way, in minor units; never below 0.
    pub lost: Total,
    /// Difference maps: what changed.
    pub change: Option<MapChange>,
}

/// How a transition, or the exit from a stage, differs between two variants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapChange {
    /// The share of all ways out of the first stage in the control.
    pub share_a: f64,
    /// The same in the treatment.
    pub share_b: f64,
    /// Whether the difference stands after adjusting for the number of transitions tested.
    pub significant: bool,
}

/// A map to draw: all stages and transitions, before any is hidden.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JourneyMap {
    /// What it is a map of.
    pub title: String,
    /// Facts under the title: counts, bases of shares.
    pub subtitle: Vec<String>,
    /// What color shows.
    pub kind: MapKind,
    /// The figure on transitions, which their widths and colors follow.
    pub metric: Metric,
    /// The figure in brackets after it.
    pub second: Option<Metric>,
    /// Stages with at least one visit, in order of their ids.
    pub nodes: Vec<MapNode>,
    /// Transitions, self-moves left out, in order of (from, to).
    pub edges: Vec<MapEdge>,
    /// Journeys in all.
    pub journeys: u64,
    /// Customers in all.
    pub customers: u64,
    /// Journeys that converted.
    pub converted: u64,
    /// Journeys that ended without conversion.
    pub exits: u64,
    /// Journeys not judged yet.
    pub open: u64,
    /// Sum of all conversions' values in minor units.
    pub value: Total,
    /// The currency of all values.
    pub currency: Currency,
}

impl JourneyMap {
    /// The same map with another figure on its transitions; `second` stands in brackets,
    /// by default the usual one, and not at all if it is the first one again.
    #[must_use]
    pub fn showing(mut self, metric: Metric, second: Option<Metric>) -> Self {
        if self.kind != MapKind::Difference {
            self.kind = if metric.is_wait() { MapKind::Wait } else { MapKind::Frequency };
        }
        self.metric = metric;
        self.second = second.or(metric.usual_second()).filter(|it| *it != metric);
        self
    }
}
