//! The stage graph as a fold: every analysis of stages and moves reads it.
//!
//! Exact in every figure: counts and sums are integers, waits are kept and
//! selected from. A customer's or journey's second visit is told from the first
//! by a stamp, not by a set, so one pass suffices.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use petgraph::graph::{DiGraph, NodeIndex};
use rayon::prelude::*;

use crate::base::money::Total;
use crate::base::{Amount, CustomerId, NONE};
use crate::model::graph::Wait;
use crate::model::{Catalog, Customer, Journey, Outcome, StageGraph, StageStat, TransitionStat};
use crate::stats::quantile::quantile;

/// Up to this many stages, transitions are found through a square matrix.
const DENSE_STAGES: usize = 256;
/// Step numbers from this one on share one count.
const LAST_POSITION: usize = 4095;

/// The fold that makes the [`StageGraph`].
#[derive(Debug, Clone, Copy)]
pub struct GraphFold {
    stages: usize,
}

/// What a run of customers adds to the graph.
#[derive(Debug, Default)]
pub struct GraphState {
    total: StageGraph,
    stages: Vec<StageCount>,
    slots: Slots,
    transitions: Vec<TransitionCount>,
}

#[derive(Debug, Clone, Default)]
struct StageCount {
    stat: StageStat,
    last: Stamp,
    positions: Vec<u64>,
}

#[derive(Debug, Clone, Default)]
struct TransitionCount {
    from: u32,
    to: u32,
    stat: TransitionStat,
    last: Stamp,
    waits: Waits,
}

/// The last customer and journey that were counted somewhere.
#[derive(Debug, Clone, Copy)]
struct Stamp {
    customer: u32,
    journey: u32,
}

impl Default for Stamp {
    fn default() -> Self {
        Self { customer: NONE, journey: NONE }
    }
}

impl Stamp {
    /// Marks a visit; says whether customer and journey are new here.
    #[inline]
    fn mark(&mut self, customer: CustomerId, journey: u32) -> (bool, bool) {
        let new_customer = self.customer != customer.0;
        let new_journey = new_customer || self.journey != journey;
        *self = Self { customer: customer.0, journey };
        (new_customer, new_journey)
    }
}

/// Waits in microseconds: four bytes each where whole milliseconds allow it.
#[derive(Debug, Clone, Default)]
struct Waits {
    millis: Vec<u32>,
    micros: Vec<i64>,
}

impl Waits {
    #[inline]
    fn push(&mut self, micros: i64) {
        match u32::try_from(micros / 1000) {
            Ok(millis) if micros % 1000 == 0 => self.millis.push(millis),
            _ => self.micros.push(micros),
        }
    }

    fn append(&mut self, mut other: Self) {
        self.millis.append(&mut other.millis);
        self.micros.append(&mut other.micros);
    }

    fn finish(self, sum: i128) -> Wait {
        let mut all = self.micros;
        all.extend(self.millis.into_iter().map(|it| i64::from(it) * 1000));
        let median = quantile(&mut all, 0.5).unwrap_or(0.0);
        let p90 = quantile(&mut all, 0.9).unwrap_or(0.0);
        Wait { median, p90, sum }
    }
}

/// Where a pair of stages is counted: a square for few stages, a map for many.
#[derive(Debug)]
enum Slots {
    Square { stages: usize, slots: Vec<u32> },
    Map(HashMap<u64, u32, FixedState>),
}

impl Default for Slots {
    fn default() -> Self {
        Self::Map(HashMap::default())
    }
}

impl Slots {
    fn new(stages: usize) -> Self {
        if stages <= DENSE_STAGES {
            Self::Square { stages, slots: vec![NONE; stages * stages] }
        } else {
            Self::default()
        }
    }

    /// The slot of a pair, given the next free one if it is new.
    #[inline]
    fn slot(&mut self, from: u32, to: u32, next: usize) -> usize {
        let slot = match self {
            Self::Square { stages, slots } => &mut slots[from as usize * *stages + to as usize],
            Self::Map(map) => map.entry(u64::from(from) << 32 | u64::from(to)).or_insert(NONE),
        };
        if *slot == NONE {
            *slot = next as u32;
        }
        *slot as usize
    }
}

impl GraphState {
    #[inline]
    fn transition(&mut self, from: u32, to: u32) -> &mut TransitionCount {
        let slot = self.slots.slot(from, to, self.transitions.len());
        if slot == self.transitions.len() {
            self.transitions.push(TransitionCount { from, to, ..TransitionCount::default() });
        }
        &mut self.transitions[slot]
    }
}

impl GraphFold {
    /// A fold for the stages of a catalog.
    pub fn new(catalog: &Catalog) -> Self {
        Self { stages: catalog.stages.len() }
    }

    /// The graph of no customer.
    pub fn start(&self) -> GraphState {
        GraphState {
            stages: vec![StageCount::default(); self.stages],
            slots: Slots::new(self.stages),
            ..GraphState::default()
        }
    }

    /// Takes in one customer.
    pub fn visit(&self, state: &mut GraphState, customer: &Customer<'_>) {
        state.total.customers += u64::from(!customer.journeys.is_empty());
        for conversion in customer.conversions {
            let stage = customer.stage(conversion.event);
            state.stages[stage.index()].stat.conversions += 1;
            state.total.value += Total::from(conversion.value);
        }
        for (number, journey) in customer.journeys.iter().enumerate() {
            visit_journey(state, customer, journey, number as u32);
        }
    }

    /// Takes in the graph of the customers that follow.
    pub fn merge(&self, into: &mut GraphState, from: GraphState) {
        into.total.journeys += from.total.journeys;
        into.total.converted += from.total.converted;
        into.total.exits += from.total.exits;
        into.total.open += from.total.open;
        into.total.customers += from.total.customers;
        into.total.value += from.total.value;
        for (stage, more) in into.stages.iter_mut().zip(from.stages) {
            add_stage(&mut stage.stat, &more.stat);
            add_counts(&mut stage.positions, &more.positions);
        }
        for more in from.transitions {
            let own = into.transition(more.from, more.to);
            own.stat.moves += more.stat.moves;
            own.stat.customers += more.stat.customers;
            own.stat.journeys += more.stat.journeys;
            own.stat.value += more.stat.value;
            own.stat.wait.sum += more.stat.wait.sum;
            own.waits.append(more.waits);
        }
    }

    /// The graph itself.
    pub fn finish(&self, state: GraphState) -> StageGraph {
        let mut graph = DiGraph::with_capacity(state.stages.len(), state.transitions.len());
        for mut stage in state.stages {
            stage.stat.position_median = median_position(&stage.positions);
            graph.add_node(stage.stat);
        }
        let mut transitions = state.transitions;
        transitions.sort_unstable_by_key(|it| (it.from, it.to));
        let finish = |it: TransitionCount| {
            let wait = it.waits.finish(it.stat.wait.sum);
            (it.from as usize, it.to as usize, TransitionStat { wait, ..it.stat })
        };
        let transitions: Vec<_> = transitions.into_par_iter().map(finish).collect();
        for (from, to, stat) in transitions {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), stat);
        }
        StageGraph { graph, ..state.total }
    }
}

fn visit_journey(state: &mut GraphState, customer: &Customer<'_>, journey: &Journey, number: u32) {
    let steps = customer.steps_of(journey);
    let value = Total::from(journey.value);
    state.total.journeys += 1;
    let mut before: Option<crate::model::Step> = None;
    for (position, step) in steps.iter().enumerate() {
        let stage = &mut state.stages[step.stage.index()];
        let (new_customer, new_journey) = stage.last.mark(customer.id, number);
        stage.stat.visits += 1;
        stage.stat.customers += u64::from(new_customer);
        if new_journey {
            stage.stat.journeys += 1;
            stage.stat.value += value;
        }
        count_position(&mut stage.positions, position);
        match before {
            None => stage.stat.starts += 1,
            Some(before) => {
                stage.stat.arrivals += 1;
                state.stages[before.stage.index()].stat.departures += 1;
                visit_move(state, customer, number, before, *step, value);
            }
        }
        before = Some(*step);
    }
    let Some(last) = before else { return };
    let stage = &mut state.stages[last.stage.index()].stat;
    match journey.outcome {
        Outcome::Converted => {
            state.total.converted += 1;
            stage.completed += 1;
            stage.departures += 1;
        }
        Outcome::Exit => {
            state.total.exits += 1;
            stage.exits += 1;
        }
        Outcome::Open => {
            state.total.open += 1;
            stage.open += 1;
        }
    }
}

#[inline]
fn visit_move(
    state: &mut GraphState,
    customer: &Customer<'_>,
    journey: u32,
    from: crate::model::Step,
    to: crate::model::Step,
    value: Total,
) {
    let wait = to.time.since(from.time).0;
    let transition = state.transition(from.stage.0, to.stage.0);
    let (new_customer, new_journey) = transition.last.mark(customer.id, journey);
    transition.stat.moves += 1;
    transition.stat.customers += u64::from(new_customer);
    if new_journey {
        transition.stat.journeys += 1;
        transition.stat.value += value;
    }
    transition.stat.wait.sum += i128::from(wait);
    transition.waits.push(wait);
}

fn add_stage(into: &mut StageStat, from: &StageStat) {
    into.visits += from.visits;
    into.customers += from.customers;
    into.journeys += from.journeys;
    into.starts += from.starts;
    into.arrivals += from.arrivals;
    into.departures += from.departures;
    into.completed += from.completed;
    into.exits += from.exits;
    into.open += from.open;
    into.conversions += from.conversions;
    into.value += from.value;
}

fn count_position(positions: &mut Vec<u64>, position: usize) {
    let position = position.min(LAST_POSITION);
    if positions.len() <= position {
        positions.resize(position + 1, 0);
    }
    positions[position] += 1;
}

fn add_counts(into: &mut Vec<u64>, from: &[u64]) {
    if into.len() < from.len() {
        into.resize(from.len(), 0);
    }
    for (own, more) in into.iter_mut().zip(from) {
        *own += more;
    }
}

fn median_position(positions: &[u64]) -> u64 {
    let half = positions.iter().sum::<u64>().div_ceil(2);
    let mut seen = 0;
    for (position, count) in positions.iter().enumerate() {
        seen += count;
        if seen >= half {
            return position as u64;
        }
    }
    0
}

/// A sum of amounts that cannot overflow.
pub fn total(amounts: impl IntoIterator<Item = Amount>) -> Total {
    amounts.into_iter().map(Total::from).sum()
}
