//! The stage-transition graph: what moves between stages, exactly counted.

use petgraph::graph::{DiGraph, NodeIndex};

use crate::base::money::Total;
use crate::base::{Span, StageId};

/// What happened at one stage.
///
/// Flow is conserved: `arrivals + starts == departures + exits + open`, where
/// `departures` holds moves on to another step and journeys that were completed here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageStat {
    /// Steps at this stage.
    pub visits: u64,
    /// Distinct customers with a step here.
    pub customers: u64,
    /// Journeys with a step here.
    pub journeys: u64,
    /// Journeys that began here.
    pub starts: u64,
    /// Steps here that came from another step ("in").
    pub arrivals: u64,
    /// Steps that moved on, or completed their journey ("out").
    pub departures: u64,
    /// Journeys that were completed here: ended, having converted. Part of `departures`.
    pub completed: u64,
    /// Journeys that ended here without conversion.
    pub exits: u64,
    /// Journeys that the data ends too early to judge, last seen here.
    pub open: u64,
    /// Conversions at this stage.
    pub conversions: u64,
    /// Value in minor units of the journeys that came through here, each once.
    pub value: Total,
    /// Journeys with a step here that are not judged yet, wherever they were last seen.
    pub open_journeys: u64,
    /// The part of `value` that such journeys brought.
    pub open_value: Total,
    /// The median step number of visits here (0 for a journey's first step), rounded down.
    pub position_median: u64,
}

/// The time between two steps, over all moves of one transition.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Wait {
    /// Median in microseconds, linear interpolation.
    pub median: f64,
    /// 90 % quantile in microseconds, linear interpolation.
    pub p90: f64,
    /// Sum in microseconds, exact.
    pub sum: i128,
}

/// What happened between two stages.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TransitionStat {
    /// Two steps in a row, how often.
    pub moves: u64,
    /// Distinct customers.
    pub customers: u64,
    /// Journeys with at least one such move.
    pub journeys: u64,
    /// The time between the two steps.
    pub wait: Wait,
    /// Value in minor units of the journeys with such a move, each once.
    pub value: Total,
    /// Journeys with such a move that are not judged yet.
    pub open_journeys: u64,
    /// The part of `value` that such journeys brought.
    pub open_value: Total,
}

impl TransitionStat {
    /// The mean wait.
    pub fn mean_wait(&self) -> Span {
        match i128::from(self.moves) {
            0 => Span(0),
            moves => Span(i64::try_from(self.wait.sum / moves).unwrap_or(i64::MAX)),
        }
    }
}

/// The weighted stage-transition graph of a study.
///
/// Node `i` is the stage with id `i` (also stages that no journey visits);
/// edges are added in order of (from, to).
#[derive(Debug, Clone, Default)]
pub struct StageGraph {
    /// The graph itself.
    pub graph: DiGraph<StageStat, TransitionStat>,
    /// Journeys.
    pub journeys: u64,
    /// Journeys that converted.
    pub converted: u64,
    /// Journeys that ended without conversion.
    pub exits: u64,
    /// Journeys not judged yet.
    pub open: u64,
    /// Customers with at least one journey.
    pub customers: u64,
    /// Sum of all conversions' values in minor units.
    pub value: Total,
}

impl StageGraph {
    /// What happened at a stage.
    pub fn stage(&self, id: StageId) -> StageStat {
        self.graph.node_weight(NodeIndex::new(id.index())).copied().unwrap_or_default()
    }

    /// All stages in order of their ids.
    pub fn stages(&self) -> impl Iterator<Item = (StageId, &StageStat)> {
        self.graph.node_weights().enumerate().map(|(index, it)| (StageId::at(index), it))
    }

    /// All transitions in order of (from, to).
    pub fn transitions(&self) -> impl Iterator<Item = (StageId, StageId, &TransitionStat)> {
        self.graph.edge_indices().filter_map(|edge| {
            let (from, to) = self.graph.edge_endpoints(edge)?;
            Some((StageId::at(from.index()), StageId::at(to.index()), &self.graph[edge]))
        })
    }

    /// All moves between steps.
    pub fn moves(&self) -> u64 {
        self.graph.edge_weights().map(|it| it.moves).sum()
    }
}
