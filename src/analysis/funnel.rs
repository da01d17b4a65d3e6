//! The funnel: how far customers get through a chosen order of stages.
//!
//! The unit is the customer, over all of their steps, not cut at journeys. The
//! order rule `loose` is that of ClickHouse's `windowFunnel` without modes.

use std::hint::select_unpredictable;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::numerals::count;
use crate::base::{NONE, Result, Span, StageId};
use crate::model::{Catalog, Cell, Chart, Column, Customer, Kind, Report, Step, Table};

use super::cells::{percent, share_columns, share_with_interval, span_cell};
use super::counted::Counted;
use super::{Analysis, Evidence, stages};

/// What may lie between two steps of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FunnelOrder {
    /// Anything; later steps at the same time as earlier ones count.
    #[default]
    Loose,
}

/// Which funnel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FunnelOptions {
    /// The stages in order; guessed from their names (product, cart, checkout, payment,
    /// purchase) if not given.
    pub steps: Vec<String>,
    /// How long after entering at the first step a later one may be reached, such as "7d".
    pub window: Span,
    /// What may lie between two steps: loose (anything).
    pub order: FunnelOrder,
}

impl Default for FunnelOptions {
    fn default() -> Self {
        Self { steps: Vec::new(), window: Span::days(7), order: FunnelOrder::default() }
    }
}

/// How far customers get through a chosen order of stages.
#[derive(Debug, Clone)]
pub struct Funnel {
    steps: Vec<StageId>,
    guessed: bool,
    window: Span,
    /// For each stage, the first step that it is, or `NONE`.
    step_of: Vec<u32>,
    /// For each step, the next one of the same stage, or `NONE`.
    next: Vec<u32>,
    /// Whether a stage is several steps.
    repeats: bool,
    /// For each stage, the place of its only step: that from 1, or one past all.
    place_of: Vec<u32>,
}

/// No two times of a calendar lie further apart.
const LONGEST: i64 = i64::MAX / 2;

/// How many got how far, and how long it took them.
#[derive(Debug, Default)]
pub struct FunnelState {
    customers: u64,
    reached: Vec<u64>,
    times: Vec<Counted>,
    scratch: Scratch,
}

/// One customer's way through the funnel.
#[derive(Debug, Default)]
struct Scratch {
    /// Times, each with its step or place; where places are asked for, more than there are.
    matches: Vec<(i64, usize)>,
    /// For each place, when the newest chain that reached it was entered; the least number
    /// where none did.
    entered: Vec<i64>,
    /// For each step that was reached, how long after its entry that was first; and room.
    first: Vec<i64>,
}

impl Analysis for Funnel {
    const NAME: &'static str = "funnel";
    const SECTION: &'static str = "funnel";
    const ABOUT: &'static str = "How far customers get through a chosen order of stages";
    type Options = FunnelOptions;
    type State = FunnelState;

    fn new(options: FunnelOptions, catalog: &Catalog) -> Result<Self> {
        let guessed = options.steps.is_empty();
        let steps = match guessed {
            true => guess(catalog),
            false => {
                let named = options.steps.iter().map(|it| stages::named(catalog, it));
                named.collect::<Result<_>>()?
            }
        };
        let mut step_of = vec![NONE; catalog.stages.len()];
        let mut next = vec![NONE; steps.len()];
        for (step, stage) in steps.iter().enumerate().rev() {
            next[step] = std::mem::replace(&mut step_of[stage.index()], step as u32);
        }
        let repeats = next.iter().any(|&it| it != NONE);
        let never = steps.len() as u32 + 1;
        let place = |&step: &u32| if step == NONE { never } else { step + 1 };
        let place_of = step_of.iter().map(place).collect();
        Ok(Self { steps, guessed, window: options.window, step_of, next, repeats, place_of })
    }

    fn start(&self) -> FunnelState {
        let steps = self.steps.len();
        FunnelState {
            reached: vec![0; steps],
            times: vec![Counted::default(); steps],
            ..FunnelState::default()
        }
    }

    fn visit(&self, state: &mut FunnelState, customer: &Customer<'_>) {
        state.customers += 1;
        if self.steps.is_empty() {
            return;
        }
        let level = self.walk(&mut state.scratch, customer.steps);
        for step in 0..level {
            state.reached[step] += 1;
            state.times[step].push(state.scratch.first[step]);
        }
    }

    fn merge(&self, into: &mut FunnelState, from: FunnelState) {
        into.customers += from.customers;
        for (own, more) in into.reached.iter_mut().zip(from.reached) {
            *own += more;
        }
        for (own, more) in into.times.iter_mut().zip(from.times) {
            own.merge(more);
        }
    }

    fn finish(&self, state: FunnelState, evidence: &Evidence<'_>) -> Result<Report> {
        let catalog = evidence.catalog;
        let mut report = Report::new(Self::NAME, "Funnel", catalog.currency);
        if self.steps.is_empty() {
            report.notes.push(
                "No funnel: no steps are given, and the stages' names suggest none. Name the \
                 stages in order with the option steps."
                    .to_owned(),
            );
            return Ok(report);
        }
        report.findings = findings(&self.steps, &state, catalog);
        if self.guessed {
            report.notes.push(
                "The steps are a guess from the stages' names; the option steps sets them."
                    .to_owned(),
            );
        }
        report.notes.push(format!(
            "A customer reaches a step by visiting all steps up to it in order, the last within \
             {} of the first (exactly that long counts), whatever lies between. Equal times count \
             in order of the steps. Each customer counts once, over all journeys; a customer who \
             visits the first step again may start over.",
            self.window
        ));
        report.tables.push(self.table(state, evidence));
        Ok(report)
    }
}

impl Funnel {
    /// How many steps of the funnel a customer reaches.
    ///
    /// The default of ClickHouse's `windowFunnel`: matches are taken in order of
    /// (time, step). A first step opens an entry in place of an older one; a
    /// later step is reached if the step before it was, and its entry lies no
    /// longer ago than the window (inclusive); it takes that entry over. A step
    /// whose stage is named twice can reach both. The answer is the furthest
    /// step reached. O(matches), plus a sort where times tie.
    fn walk(&self, scratch: &mut Scratch, steps: &[Step]) -> usize {
        let as_they_come = if self.repeats { None } else { self.walk_as_they_come(scratch, steps) };
        as_they_come.unwrap_or_else(|| self.walk_in_order(scratch, steps))
    }

    /// Nobody has reached any step.
    fn clear(&self, scratch: &mut Scratch) {
        let places = self.steps.len() + 1;
        if scratch.first.len() < places {
            scratch.entered.resize(places, 0);
            scratch.first.resize(places, 0);
        }
        scratch.entered.fill(i64::MIN);
    }

    /// Where each stage is one step at most: takes the matches as they come, and without branches,
    /// since which come is hard to foresee. None if two have the same time.
    fn walk_as_they_come(&self, scratch: &mut Scratch, steps: &[Step]) -> Option<usize> {
        self.clear(scratch);
        let count = self.match_places(scratch, steps);
        let (entered, first) = (scratch.entered.as_mut_slice(), scratch.first.as_mut_slice());
        let window = self.window.0.min(LONGEST);
        let (mut reached, mut before, mut ties) = (0, i64::MIN, false);
        for &(time, place) in &scratch.matches[..count] {
            ties |= time == before;
            before = time;
            // Before the first step there is always an entry.
            entered[0] = time;
            let entry = entered[place - 1];
            let after = time.saturating_sub(entry);
            let reaches = after <= window;
            entered[place] = select_unpredictable(reaches, entry, entered[place]);
            first[reached] = after;
            reached += usize::from(reaches & (place == reached + 1));
        }
        (!ties).then_some(reached)
    }

    /// Finds the customer's steps that are steps of the funnel, each with its place, and says
    /// how many there are.
    #[inline(always)]
    fn match_places(&self, scratch: &mut Scratch, steps: &[Step]) -> usize {
        if scratch.matches.len() < steps.len() {
            scratch.matches.resize(steps.len(), (0, 0));
        }
        let matches = &mut scratch.matches[..steps.len()];
        let (place_of, last) = (&self.place_of[..], self.steps.len() as u32);
        let mut count = 0;
        for step in steps {
            let place = place_of[step.stage.index()];
            matches[count] = (step.time.0, place as usize);
            count += usize::from(place <= last);
        }
        count
    }

    fn walk_in_order(&self, scratch: &mut Scratch, steps: &[Step]) -> usize {
        scratch.matches.clear();
        for step in steps {
            let mut matched = self.step_of[step.stage.index()];
            while matched != NONE {
                scratch.matches.push((step.time.0, matched as usize));
                matched = self.next[matched as usize];
            }
        }
        if !scratch.matches.is_sorted() {
            scratch.matches.sort_unstable();
        }
        self.clear(scratch);
        let window = self.window.0.min(LONGEST);
        let mut reached = 0;
        for &(time, step) in &scratch.matches {
            scratch.entered[0] = time;
            let entry = scratch.entered[step];
            if time.saturating_sub(entry) > window {
                continue;
            }
            scratch.entered[step + 1] = entry;
            if reached == step {
                scratch.first[reached] = time - entry;
                reached += 1;
            }
            if step + 1 == self.steps.len() {
                break;
            }
        }
        reached
    }

    fn table(&self, state: FunnelState, evidence: &Evidence<'_>) -> Table {
        let mut columns = vec![
            Column::new("step", Kind::Count, "the step's number"),
            Column::new("stage", Kind::Text, "the stage"),
            Column::new("customers", Kind::Count, "customers who reached at least this step"),
            Column::new("lost", Kind::Count, "customers of the step before who did not"),
        ];
        columns.extend(share_columns("from_previous", "customers / those of the step before"));
        columns.extend(share_columns("from_first", "customers / those of the first step"));
        columns.push(Column::new(
            "time_median",
            Kind::Span,
            "median time from entering to reaching this step first, of those who reach it",
        ));
        let about = "Customers who reached at least each step.";
        let mut table = Table::new("funnel", "Funnel", about, columns);
        let first = state.reached.first().copied().unwrap_or(0);
        let mut before = None;
        for (step, times) in state.times.into_iter().enumerate() {
            let reached = state.reached[step];
            let mut row = vec![
                Cell::Count(step as u64 + 1),
                Cell::text(evidence.catalog.stage(self.steps[step])),
                Cell::Count(reached),
            ];
            match before {
                Some(before) => {
                    row.push(Cell::Count(before - reached));
                    row.extend(share_with_interval(reached, before, evidence.confidence));
                    row.extend(share_with_interval(reached, first, evidence.confidence));
                }
                None => row.extend([const { Cell::Empty("first step") }; 7]),
            }
            row.push(span_cell(times.figures().median, "nobody reached it"));
            table.push(row);
            before = Some(reached);
        }
        table.chart = Some(Chart::Funnel { label: "stage", value: "customers" });
        table
    }
}

/// The steps that stage names suggest; none unless there are at least two.
fn guess(catalog: &Catalog) -> Vec<StageId> {
    let words = [stages::PRODUCT, stages::CART, stages::CHECKOUT, stages::PAYMENT];
    let mut steps: Vec<StageId> = Vec::new();
    let goal = match catalog.goals.as_slice() {
        &[goal] => Some(goal),
        _ => stages::guessed(catalog, stages::PURCHASE),
    };
    for stage in words.into_iter().filter_map(|it| stages::guessed(catalog, it)) {
        if Some(stage) != goal && !steps.contains(&stage) {
            steps.push(stage);
        }
    }
    steps.extend(goal);
    if steps.len() < 2 { Vec::new() } else { steps }
}

fn findings(steps: &[StageId], state: &FunnelState, catalog: &Catalog) -> Vec<String> {
    let (Some(&first), Some(&last)) = (state.reached.first(), state.reached.last()) else {
        return Vec::new();
    };
    let mut findings = vec![format!(
        "Of {} customers, {} entered at \"{}\" and {} of these ({}) came through to \"{}\".",
        count(state.customers),
        count(first),
        catalog.stage(steps[0]),
        count(last),
        percent(last, first),
        catalog.stage(steps[steps.len() - 1]),
    )];
    let losses = state.reached.windows(2).enumerate().map(|(at, it)| (it[0] - it[1], at, it[0]));
    let most = losses.max_by_key(|it| (it.0, std::cmp::Reverse(it.1)));
    if let Some((lost, at, base)) = most.filter(|it| it.0 > 0) {
        findings.push(format!(
            "Most are lost between \"{}\" and \"{}\": {} of {} customers ({}).",
            catalog.stage(steps[at]),
            catalog.stage(steps[at + 1]),
            count(lost),
            count(base),
            percent(lost, base),
        ));
    }
    findings
}

#[cfg(test)]
#[path = "funnel/tests.rs"]
mod tests;
