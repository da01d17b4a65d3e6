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
use crate::model::{
    Catalog, Customer, Journey, Outcome, StageGraph, StageStat, Step, TransitionStat,
};
use crate::stats::{Quantity, quantiles_of_runs};

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
    customers: u64,
    journeys: u64,
    starts: u64,
    completed: u64,
    exits: u64,
    open: u64,
    conversions: u64,
    value: Total,
    open_journeys: u64,
    open_value: Total,
    last: Stamp,
    /// Steps here by step number: their sum is the visits.
    positions: Vec<u64>,
}

/// Moves from one stage to another: their number and their waits' sum are those
/// of the waits.
#[derive(Debug, Clone, Default)]
struct TransitionCount {
    from: u32,
    to: u32,
    customers: u64,
    journeys: u64,
    value: Total,
    open_journeys: u64,
    open_value: Total,
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

/// Waits: four bytes each where whole milliseconds allow it.
#[derive(Debug, Clone, Default)]
struct Waits {
    millis: Vec<Millis>,
    others: Option<Box<OtherWaits>>,
}

/// Waits that are no whole milliseconds or too long, and runs of other customers.
#[derive(Debug, Clone, Default)]
struct OtherWaits {
    micros: Vec<i64>,
    runs: Vec<Vec<Millis>>,
}

/// A wait in milliseconds; as a quantity it is told in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Millis(u32);

impl Quantity for Millis {
    fn whole(self) -> i64 {
        i64::from(self.0) * 1000
    }
}

/// Runs shorter than this are copied when they are joined.
const SHORT_RUN: usize = 1024;
/// Runs of this length are set aside.
const LONG_RUN: usize = 1 << 14;

impl Waits {
    #[inline]
    fn push(&mut self, micros: i64) {
        match u32::try_from(micros / 1000) {
            Ok(millis) if micros % 1000 == 0 => {
                if self.millis.len() == self.millis.capacity() {
                    self.make_room();
                }
                self.millis.push(Millis(millis));
            }
            _ => self.others.get_or_insert_default().micros.push(micros),
        }
    }

    /// Sets a long run aside, so that it is never copied and leaves no room unused.
    #[cold]
    fn make_room(&mut self) {
        if self.millis.len() >= LONG_RUN {
            let full = std::mem::replace(&mut self.millis, Vec::with_capacity(LONG_RUN));
            self.others.get_or_insert_default().runs.push(full);
        }
    }

    fn append(&mut self, mut other: Self) {
        if other.millis.len() < SHORT_RUN {
            self.millis.append(&mut other.millis);
        } else {
            self.others.get_or_insert_default().runs.push(other.millis);
        }
        if let Some(mut more) = other.others {
            let own = self.others.get_or_insert_default();
            own.micros.append(&mut more.micros);
            own.runs.append(&mut more.runs);
        }
    }

    /// How many waits, and what they come to.
    fn finish(self) -> (u64, Wait) {
        let others = self.others.unwrap_or_default();
        let mut runs: Vec<&[Millis]> = vec![&self.millis];
        runs.extend(others.runs.iter().map(Vec::as_slice));
        let count = runs.iter().map(|it| it.len()).sum::<usize>() + others.micros.len();
        let millis: i128 = runs.iter().copied().flatten().map(|it| i128::from(it.0)).sum();
        let micros: i128 = others.micros.iter().map(|&it| i128::from(it)).sum();
        let quantiles = if others.micros.is_empty() {
            quantiles_of_runs(&runs, [0.5, 0.9])
        } else {
            let whole: Vec<i64> = runs.iter().copied().flatten().map(|it| it.whole()).collect();
            quantiles_of_runs(&[&whole[..], &others.micros[..]], [0.5, 0.9])
        };
        let [median, p90] = quantiles.unwrap_or_default();
        (count as u64, Wait { median, p90, sum: millis * 1000 + micros })
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
            state.stages[stage.index()].conversions += 1;
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
            add_stage(stage, &more);
            add_counts(&mut stage.positions, &more.positions);
        }
        for more in from.transitions {
            let own = into.transition(more.from, more.to);
            own.customers += more.customers;
            own.journeys += more.journeys;
            own.value += more.value;
            own.open_journeys += more.open_journeys;
            own.open_value += more.open_value;
            own.waits.append(more.waits);
        }
    }

    /// The graph itself.
    pub fn finish(&self, state: GraphState) -> StageGraph {
        let mut transitions = state.transitions;
        transitions.par_sort_unstable_by_key(|it| (it.from, it.to));
        let transitions: Vec<_> = transitions.into_par_iter().map(transition).collect();
        let mut moved_on = vec![0u64; state.stages.len()];
        for (from, _, stat) in &transitions {
            moved_on[*from] += stat.moves;
        }
        let mut graph = DiGraph::with_capacity(state.stages.len(), transitions.len());
        for (stage, moves) in state.stages.into_iter().zip(moved_on) {
            graph.add_node(stage_stat(&stage, moves));
        }
        for (from, to, stat) in transitions {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), stat);
        }
        StageGraph { graph, ..state.total }
    }
}

fn transition(it: TransitionCount) -> (usize, usize, TransitionStat) {
    let (moves, wait) = it.waits.finish();
    let stat = TransitionStat {
        moves,
        customers: it.customers,
        journeys: it.journeys,
        wait,
        value: it.value,
        open_journeys: it.open_journeys,
        open_value: it.open_value,
    };
    (it.from as usize, it.to as usize, stat)
}

fn stage_stat(it: &StageCount, moved_on: u64) -> StageStat {
    let visits = it.positions.iter().sum::<u64>();
    StageStat {
        visits,
        customers: it.customers,
        journeys: it.journeys,
        starts: it.starts,
        arrivals: visits - it.starts,
        departures: moved_on + it.completed,
        completed: it.completed,
        exits: it.exits,
        open: it.open,
        conversions: it.conversions,
        value: it.value,
        open_journeys: it.open_journeys,
        open_value: it.open_value,
        position_median: median_position(&it.positions),
    }
}

fn visit_journey(state: &mut GraphState, customer: &Customer<'_>, journey: &Journey, number: u32) {
    let seen = Seen {
        customer: customer.id,
        journey: number,
        value: Total::from(journey.value),
        open: journey.outcome == Outcome::Open,
    };
    state.total.journeys += 1;
    let mut before: Option<Step> = None;
    for (position, step) in customer.steps_of(journey).iter().enumerate() {
        let stage = &mut state.stages[step.stage.index()];
        let (new_customer, new_journey) = stage.last.mark(customer.id, number);
        stage.customers += u64::from(new_customer);
        if new_journey {
            stage.journeys += 1;
            stage.value += seen.value;
            if seen.open {
                stage.open_journeys += 1;
                stage.open_value += seen.value;
            }
        }
        count_position(&mut stage.positions, position);
        if let Some(before) = before {
            visit_move(state, &seen, before, *step);
        } else {
            stage.starts += 1;
        }
        before = Some(*step);
    }
    let Some(last) = before else { return };
    let stage = &mut state.stages[last.stage.index()];
    match journey.outcome {
        Outcome::Converted => {
            state.total.converted += 1;
            stage.completed += 1;
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

/// The journey that is counted.
struct Seen {
    customer: CustomerId,
    journey: u32,
    value: Total,
    open: bool,
}

#[inline]
fn visit_move(state: &mut GraphState, seen: &Seen, from: Step, to: Step) {
    let transition = state.transition(from.stage.0, to.stage.0);
    let (new_customer, new_journey) = transition.last.mark(seen.customer, seen.journey);
    transition.customers += u64::from(new_customer);
    if new_journey {
        transition.journeys += 1;
        transition.value += seen.value;
        if seen.open {
            transition.open_journeys += 1;
            transition.open_value += seen.value;
        }
    }
    transition.waits.push(to.time.since(from.time).0);
}

fn add_stage(into: &mut StageCount, from: &StageCount) {
    into.customers += from.customers;
    into.journeys += from.journeys;
    into.starts += from.starts;
    into.completed += from.completed;
    into.exits += from.exits;
    into.open += from.open;
    into.conversions += from.conversions;
    into.value += from.value;
    into.open_journeys += from.open_journeys;
    into.open_value += from.open_value;
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
