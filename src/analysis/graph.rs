//! The stage graph as a fold: every analysis of stages and moves reads it.
//!
//! Exact in every figure: counts and sums are integers, waits are kept and
//! selected from. A customer's or journey's second visit is told from the first
//! by a stamp, not by a set, so one pass suffices.

use petgraph::graph::{DiGraph, NodeIndex};
use rayon::prelude::*;

use crate::base::money::Total;
use crate::base::{Amount, StageId};
use crate::model::{Catalog, Customer, Outcome, StageGraph, StageStat, Step, TransitionStat};

mod news;
mod slots;
mod waits;

use news::News;
use slots::Slots;
use waits::Waits;

/// Step numbers from this one on share one count.
const LAST_POSITION: usize = 4095;
/// Up to this many stages, counts of stages and their pairs lie in tables.
const DENSE_STAGES: usize = 256;
/// So many step numbers are counted in a table.
const EARLY: usize = 64;

/// The fold that makes the [`StageGraph`].
#[derive(Debug, Clone, Copy)]
pub struct GraphFold {
    stages: usize,
}

/// What a run of customers adds to the graph.
#[derive(Debug, Default)]
pub struct GraphState {
    total: StageGraph,
    /// Journeys so far: each has a number of its own, from 1.
    journeys: u64,
    stages: Vec<StageCount>,
    /// Steps by step number and stage, of the first step numbers: all stages of one number lie
    /// side by side.
    early: Vec<u64>,
    slots: Slots,
    transitions: Vec<TransitionCount>,
    /// What the journey at hand came to for the first time.
    news: News,
}

#[derive(Debug, Clone, Default)]
struct StageCount {
    met: Met<()>,
    starts: u64,
    completed: u64,
    exits: u64,
    open: u64,
    conversions: u64,
    /// Steps here by step number, but for those that are counted as early: their sum is the
    /// visits.
    positions: Vec<u64>,
}

/// Moves from one stage to another: their number and their waits' sum are those
/// of the waits.
#[derive(Debug, Clone, Default)]
#[repr(C, align(64))]
struct TransitionCount {
    met: Met<Waits>,
    from: u32,
    to: u32,
}

/// Whose journeys a stage or transition met: each journey and customer once. What every one
/// touches comes first, to lie in one line of the cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Met<L> {
    /// The number of the journey that came last; 0: none.
    last: u64,
    journeys: u64,
    /// What is listed of each time.
    list: L,
    /// Of these, the journeys of customers that were met before.
    again: u64,
    open_journeys: u64,
    value: Total,
    open_value: Total,
}

impl<L> Met<L> {
    /// Takes note of a journey; gives the number of the one that came last. Nothing hangs on a
    /// branch: whether a journey comes again is hard to foresee.
    #[inline(always)]
    fn see(&mut self, number: u64) -> u64 {
        let last = std::mem::replace(&mut self.last, number);
        self.journeys += u64::from(last < number);
        last
    }

    /// Adds what a journey brings beside itself, once.
    #[inline]
    fn bring(&mut self, seen: &Seen, again: bool) {
        self.again += u64::from(again);
        self.value += seen.value;
        if seen.open {
            self.open_journeys += 1;
            self.open_value += seen.value;
        }
    }

    fn customers(&self) -> u64 {
        self.journeys - self.again
    }

    fn add(&mut self, more: &Self) {
        self.journeys += more.journeys;
        self.again += more.again;
        self.value += more.value;
        self.open_journeys += more.open_journeys;
        self.open_value += more.open_value;
    }
}

/// The journey that is counted.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Its number.
    number: u64,
    /// The number of its customer's first journey.
    first: u64,
    value: Total,
    open: bool,
}

impl Seen {
    /// Whether it adds nothing but itself: the customer's first, judged, and without value.
    fn is_plain(&self) -> bool {
        self.number == self.first && !self.open && self.value == 0
    }
}

impl GraphState {
    fn visit_journey(&mut self, seen: &Seen, steps: &[Step], outcome: Outcome) {
        self.total.journeys += 1;
        let ([first, ..], [.., last]) = (steps, steps) else { return };
        if seen.is_plain() {
            self.visit_steps::<true>(seen, steps);
        } else {
            self.visit_steps::<false>(seen, steps);
            self.bring(seen);
        }
        self.stages[first.stage.index()].starts += 1;
        let stage = &mut self.stages[last.stage.index()];
        match outcome {
            Outcome::Converted => {
                self.total.converted += 1;
                stage.completed += 1;
            }
            Outcome::Exit => {
                self.total.exits += 1;
                stage.exits += 1;
            }
            Outcome::Open => {
                self.total.open += 1;
                stage.open += 1;
            }
        }
    }

    /// Counts the steps of a journey; unless it is plain, notes which stages and transitions it
    /// came to for the first time.
    fn visit_steps<const PLAIN: bool>(&mut self, seen: &Seen, steps: &[Step]) {
        let (stages, early) = (&mut self.stages[..], &mut self.early[..]);
        let (slots, list, news) = (&mut self.slots, &mut self.transitions, &mut self.news);
        let mut transitions = &mut list[..];
        let Some((first, rest)) = steps.split_first() else { return };
        news.make_room(if PLAIN { 0 } else { steps.len() });
        let mut before = *first;
        let last = count_step(stages, early, 0, 0, first.stage, seen.number);
        if !PLAIN {
            news.stages.note(first.stage.0, last, seen);
        }
        let mut row = 0;
        for (position, step) in (1..).zip(rest) {
            row += stages.len();
            let last = count_step(stages, early, row, position, step.stage, seen.number);
            if !PLAIN {
                news.stages.note(step.stage.0, last, seen);
            }
            let mut slot = slots.slot(before.stage.0, step.stage.0, transitions.len());
            if slot == transitions.len() {
                slot = add_transition(list, before.stage.0, step.stage.0);
                transitions = &mut list[..];
            }
            let transition = &mut transitions[slot].met;
            let last = transition.see(seen.number);
            if !PLAIN {
                news.transitions.note(slot as u32, last, seen);
            }
            transition.list.push(before.time, step.time);
            before = *step;
        }
    }

    /// Adds what the journey at hand brings to the stages and transitions that are noted.
    fn bring(&mut self, seen: &Seen) {
        for (stage, again) in self.news.stages.take() {
            self.stages[stage].met.bring(seen, again);
        }
        for (slot, again) in self.news.transitions.take() {
            self.transitions[slot].met.bring(seen, again);
        }
    }

    /// Counts early positions with the others.
    fn close(&mut self) {
        let early = std::mem::take(&mut self.early);
        for (position, row) in early.chunks(self.stages.len().max(1)).enumerate() {
            for (stage, &count) in self.stages.iter_mut().zip(row) {
                count_positions(&mut stage.positions, position, count);
            }
        }
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
            early: vec![0; if self.stages <= DENSE_STAGES { EARLY * self.stages } else { 0 }],
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
        let first = state.journeys + 1;
        for (number, journey) in (first..).zip(customer.journeys) {
            let open = journey.outcome == Outcome::Open;
            let seen = Seen { number, first, value: Total::from(journey.value), open };
            state.visit_journey(&seen, customer.steps_of(journey), journey.outcome);
        }
        state.journeys += customer.journeys.len() as u64;
    }

    /// Takes in the graph of the customers that follow.
    pub fn merge(&self, into: &mut GraphState, mut from: GraphState) {
        from.close();
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
            let mut slot = into.slots.slot(more.from, more.to, into.transitions.len());
            if slot == into.transitions.len() {
                slot = add_transition(&mut into.transitions, more.from, more.to);
            }
            let own = &mut into.transitions[slot];
            own.met.add(&more.met);
            own.met.list.append(more.met.list);
        }
    }

    /// The graph itself.
    pub fn finish(&self, mut state: GraphState) -> StageGraph {
        state.close();
        let mut transitions = state.transitions;
        transitions.par_sort_unstable_by_key(|it| (it.from, it.to));
        // Few have most of the moves: none is to wait behind others.
        let transitions = transitions.into_par_iter().with_max_len(1).map(transition);
        let transitions: Vec<_> = transitions.collect();
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

/// Counts a step, whose number's row of early positions begins at `row`; gives the number of the
/// journey that came to its stage last.
#[inline(always)]
fn count_step(
    stages: &mut [StageCount],
    early: &mut [u64],
    row: usize,
    position: usize,
    stage: StageId,
    journey: u64,
) -> u64 {
    let at = stage.index();
    let stage = &mut stages[at];
    match early.get_mut(row + at) {
        Some(it) => *it += 1,
        None => count_position(&mut stage.positions, position),
    }
    stage.met.see(journey)
}

/// Adds a transition that no journey took; gives its slot.
#[cold]
#[inline(never)]
fn add_transition(list: &mut Vec<TransitionCount>, from: u32, to: u32) -> usize {
    list.push(TransitionCount { from, to, ..TransitionCount::default() });
    list.len() - 1
}

fn transition(mut it: TransitionCount) -> (usize, usize, TransitionStat) {
    let (moves, wait) = std::mem::take(&mut it.met.list).finish();
    let stat = TransitionStat {
        moves,
        customers: it.met.customers(),
        journeys: it.met.journeys,
        wait,
        value: it.met.value,
        open_journeys: it.met.open_journeys,
        open_value: it.met.open_value,
    };
    (it.from as usize, it.to as usize, stat)
}

fn stage_stat(it: &StageCount, moved_on: u64) -> StageStat {
    let visits = it.positions.iter().sum::<u64>();
    StageStat {
        visits,
        customers: it.met.customers(),
        journeys: it.met.journeys,
        starts: it.starts,
        arrivals: visits - it.starts,
        departures: moved_on + it.completed,
        completed: it.completed,
        exits: it.exits,
        open: it.open,
        conversions: it.conversions,
        value: it.met.value,
        open_journeys: it.met.open_journeys,
        open_value: it.met.open_value,
        position_median: median_position(&it.positions),
    }
}

fn add_stage(into: &mut StageCount, from: &StageCount) {
    into.met.add(&from.met);
    into.starts += from.starts;
    into.completed += from.completed;
    into.exits += from.exits;
    into.open += from.open;
    into.conversions += from.conversions;
}

#[inline(never)]
fn count_position(positions: &mut Vec<u64>, position: usize) {
    count_positions(positions, position.min(LAST_POSITION), 1);
}

fn count_positions(positions: &mut Vec<u64>, position: usize, count: u64) {
    if count > 0 && positions.len() <= position {
        positions.resize(position + 1, 0);
    }
    if let Some(it) = positions.get_mut(position) {
        *it += count;
    }
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
