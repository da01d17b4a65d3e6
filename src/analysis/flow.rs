//! Flow by step: at which stage journeys are at their first step, their second, and so on.
//!
//! Steps only go on, so that the picture has no circles. Every journey is in every
//! count until it ends; stages beyond the most frequent of a step are joined, never lost.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::numerals::{count, counted};
use crate::base::{Error, Result, StageId};
use crate::model::{Catalog, Cell, Chart, Column, Customer, Journey, Kind, Outcome, Report, Table};

use super::cells::percent;
use super::{Analysis, Evidence};

/// What the stages beyond the most frequent of a step are called.
const OTHER: &str = "(other)";
/// More steps than this are no picture, and state without end.
const MOST_STEPS: usize = 100;

/// How much of the flow is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlowOptions {
    /// How many steps of a journey to follow, from its first; at most 100.
    pub steps: usize,
    /// How many stages to name at each step; the others are joined as (other).
    pub stages: usize,
    /// Whether steps at the same stage in a row count as one.
    pub collapse: bool,
}

impl Default for FlowOptions {
    fn default() -> Self {
        Self { steps: 6, stages: 5, collapse: false }
    }
}

/// Where journeys are, step by step.
#[derive(Debug, Clone)]
pub struct Flow {
    options: FlowOptions,
}

/// What follows a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum After {
    /// A step at a stage.
    Stage(StageId),
    /// The journey ended there, converted or not, or is open.
    End(Outcome),
    /// Steps that are not followed.
    Further,
}

/// Journeys by step (from 0), stage and what follows: exact, whatever is named later.
#[derive(Debug, Default)]
pub struct FlowState {
    counts: HashMap<(u32, StageId, After), u64, FixedState>,
}

impl Analysis for Flow {
    const NAME: &'static str = "flow";
    const SECTION: &'static str = "flow";
    const ABOUT: &'static str = "Where journeys are at each step, and where they go next";
    type Options = FlowOptions;
    type State = FlowState;

    fn new(options: FlowOptions, _: &Catalog) -> Result<Self> {
        if !(1..=MOST_STEPS).contains(&options.steps) {
            let what = format!("[flow] steps: {} is not from 1 to {MOST_STEPS}", options.steps);
            return Err(Error::new(what).hint("6 steps fill a picture"));
        }
        Ok(Self { options })
    }

    fn start(&self) -> FlowState {
        FlowState::default()
    }

    fn visit(&self, state: &mut FlowState, customer: &Customer<'_>) {
        for journey in customer.journeys {
            self.follow(state, customer, journey);
        }
    }

    fn merge(&self, into: &mut FlowState, from: FlowState) {
        for (key, journeys) in from.counts {
            *into.counts.entry(key).or_default() += journeys;
        }
    }

    fn finish(&self, state: FlowState, evidence: &Evidence<'_>) -> Result<Report> {
        let catalog = evidence.catalog;
        let ways: BTreeMap<_, _> = state.counts.into_iter().collect();
        let steps = Steps::of(&ways, self.options.steps);
        let mut report = Report::new(Self::NAME, "Flow by step", catalog.currency);
        report.findings = findings(&ways, &steps, catalog);
        report.notes.push(format!(
            "Step 1 is a journey's first step. The first {} of each journey are followed{}; \
             \"further steps\" are those beyond. At each step the {} with the most journeys are \
             named, the others joined as {OTHER}.",
            counted(self.options.steps as u64, "step"),
            if self.options.collapse { ", repeats in a row counted once" } else { "" },
            counted(self.options.stages as u64, "stage"),
        ));
        report.tables.push(self.flow_table(&ways, catalog));
        report.tables.push(steps.table());
        Ok(report)
    }
}

impl Flow {
    /// Counts the first steps of one journey, each with what follows it.
    fn follow(&self, state: &mut FlowState, customer: &Customer<'_>, journey: &Journey) {
        let mut count = |step: u32, stage, after| {
            *state.counts.entry((step, stage, after)).or_default() += 1;
        };
        let mut at: Option<StageId> = None;
        let mut number = 0;
        for step in customer.steps_of(journey) {
            let Some(before) = at else {
                at = Some(step.stage);
                continue;
            };
            if self.options.collapse && before == step.stage {
                continue;
            }
            if number as usize + 1 == self.options.steps {
                count(number, before, After::Further);
                return;
            }
            count(number, before, After::Stage(step.stage));
            number += 1;
            at = Some(step.stage);
        }
        if let Some(last) = at {
            count(number, last, After::End(journey.outcome));
        }
    }

    /// One row for each way from a step to the next or to an end, most journeys first.
    fn flow_table(&self, ways: &Ways, catalog: &Catalog) -> Table {
        let columns = vec![
            Column::new("step", Kind::Count, "the number of the step left, from 1"),
            Column::new("from", Kind::Text, "the stage at this step"),
            Column::new("to", Kind::Text, "the stage at the next step"),
            Column::new("end", Kind::Text, "how the journey ended here, if it did"),
            Column::new("journeys", Kind::Count, "journeys that went this way"),
            Column::new("share", Kind::Share, "journeys / journeys at this stage at this step"),
        ];
        let about = "Journeys by step: where they are and where they go next; shares are of the \
                     journeys at the stage at that step.";
        let mut table = Table::new("flow", "Flow by step", about, columns);
        let named = Named::of(ways, self.options.stages, catalog);
        let mut joined: BTreeMap<(u32, Place, Next), u64> = BTreeMap::new();
        let mut at: BTreeMap<(u32, Place), u64> = BTreeMap::new();
        for (&(step, stage, after), &journeys) in ways {
            let from = named.place(step, stage);
            let next = match after {
                After::Stage(to) => Next::At(named.place(step + 1, to)),
                After::End(outcome) => Next::End(outcome),
                After::Further => Next::Further,
            };
            *joined.entry((step, from, next)).or_default() += journeys;
            *at.entry((step, from)).or_default() += journeys;
        }
        let name = |place: Place| match place.0 {
            Some((_, stage)) => Cell::text(catalog.stage(stage)),
            None => Cell::text(OTHER),
        };
        for ((step, from, next), journeys) in joined {
            let all = at.get(&(step, from)).copied().unwrap_or_default();
            let (to, end) = match next {
                Next::At(place) => (name(place), Cell::Empty("moved on")),
                Next::End(outcome) => (Cell::Empty("ended"), Cell::text(word(outcome))),
                Next::Further => (Cell::Empty("not followed"), Cell::text("further steps")),
            };
            let step = Cell::Count(u64::from(step) + 1);
            let share = Cell::share(journeys, all);
            table.push(vec![step, name(from), to, end, Cell::Count(journeys), share]);
        }
        table.chart = Some(Chart::Flow {
            step: "step",
            from: "from",
            to: "to",
            end: "end",
            value: "journeys",
        });
        table.shown = 30;
        table
    }
}

type Ways = BTreeMap<(u32, StageId, After), u64>;

/// How an outcome is told.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Converted => "converted",
        Outcome::Exit => "exit",
        Outcome::Open => "open",
    }
}

/// A stage that is named at its step, by its rank there; or the others, which come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(Option<(usize, StageId)>);

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.is_none(), self.0).cmp(&(other.0.is_none(), other.0))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What follows, once stages are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    At(Place),
    End(Outcome),
    Further,
}

/// The stages that are named at each step, with their ranks.
struct Named(BTreeMap<(u32, StageId), usize>);

impl Named {
    fn of(ways: &Ways, most: usize, catalog: &Catalog) -> Self {
        let mut at: BTreeMap<u32, BTreeMap<StageId, u64>> = BTreeMap::new();
        for (&(step, stage, _), &journeys) in ways {
            *at.entry(step).or_default().entry(stage).or_default() += journeys;
        }
        let mut named = BTreeMap::new();
        for (step, stages) in at {
            // A stage of that very name is among the others, or two would be one.
            let all = stages.into_iter().filter(|it| catalog.stage(it.0) != OTHER);
            let mut ranked: Vec<(StageId, u64)> = all.collect();
            ranked.sort_by_key(|it| (Reverse(it.1), it.0));
            // To join one stage alone would hide its name and save nothing.
            if ranked.len() > most + 1 {
                ranked.truncate(most);
            }
            let ranks = ranked.into_iter().enumerate();
            named.extend(ranks.map(|(rank, (stage, _))| ((step, stage), rank)));
        }
        Self(named)
    }

    fn place(&self, step: u32, stage: StageId) -> Place {
        Place(self.0.get(&(step, stage)).map(|&rank| (rank, stage)))
    }
}

/// What became of the journeys that reached each step.
struct Steps(Vec<Reached>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Reached {
    journeys: u64,
    converted: u64,
    exits: u64,
    open: u64,
}

impl Steps {
    fn of(ways: &Ways, steps: usize) -> Self {
        let last = ways.keys().map(|it| it.0 as usize + 1).max().unwrap_or_default();
        let mut all = vec![Reached::default(); last.min(steps)];
        for (&(step, _, after), &journeys) in ways {
            let Some(own) = all.get_mut(step as usize) else { continue };
            own.journeys += journeys;
            match after {
                After::End(Outcome::Converted) => own.converted += journeys,
                After::End(Outcome::Exit) => own.exits += journeys,
                After::End(Outcome::Open) => own.open += journeys,
                After::Stage(_) | After::Further => {}
            }
        }
        Self(all)
    }

    fn table(&self) -> Table {
        let count = |key, about| Column::new(key, Kind::Count, about);
        let columns = vec![
            count("step", "the number of the step, from 1"),
            count("journeys", "journeys with such a step"),
            Column::new("share", Kind::Share, "journeys with such a step / all journeys"),
            count("converted", "journeys that ended at this step, having converted"),
            count("exits", "journeys that ended at this step without conversion"),
            count("open", "journeys last seen at this step, too early to judge"),
            count("moved_on", "journeys with a further step"),
        ];
        let about = "How many journeys have a first step, a second, and so on, and how those that \
                     end at a step end: journeys = converted + exits + open + moved on.";
        let mut table = Table::new("steps", "Steps", about, columns);
        let all = self.0.first().map_or(0, |it| it.journeys);
        for (index, it) in self.0.iter().enumerate() {
            table.push(vec![
                Cell::Count(index as u64 + 1),
                Cell::Count(it.journeys),
                Cell::share(it.journeys, all),
                Cell::Count(it.converted),
                Cell::Count(it.exits),
                Cell::Count(it.open),
                Cell::Count(it.journeys - it.converted - it.exits - it.open),
            ]);
        }
        table
    }
}

fn findings(ways: &Ways, steps: &Steps, catalog: &Catalog) -> Vec<String> {
    let Some(first) = steps.0.first() else {
        return vec!["No journey has a step.".to_owned()];
    };
    let mut starts: BTreeMap<StageId, u64> = BTreeMap::new();
    for (&(_, stage, _), &journeys) in ways.range(..(1, StageId(0), After::Stage(StageId(0)))) {
        *starts.entry(stage).or_default() += journeys;
    }
    let most = starts.into_iter().min_by_key(|it| (Reverse(it.1), it.0));
    let begin = most.map_or_else(String::new, |(stage, journeys)| {
        format!(
            "Of {} most begin at \"{}\": {} ({}). ",
            counted(first.journeys, "journey"),
            catalog.stage(stage),
            count(journeys),
            percent(journeys, first.journeys),
        )
    });
    vec![format!(
        "{begin}{} ({}) end without conversion at their first step.",
        count(first.exits),
        percent(first.exits, first.journeys),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixture::{Fixture, fixture};

    /// Two buyers, an exit after two steps, an exit after one, an open journey.
    fn shop() -> Fixture {
        fixture(
            "a: home@0s cart@1m buy@2m=10; b: home@0s home@1m cart@2m buy@3m=20; \
             c: home@0s cart@1m; d: cart@0s; e: home@89d cart@90d",
        )
    }

    fn rows(report: &Report) -> Vec<String> {
        let text = |it: &Cell| match it {
            Cell::Text(it) => it.clone(),
            Cell::Count(it) => it.to_string(),
            Cell::Share(it) => format!("{it:.2}"),
            _ => "-".to_owned(),
        };
        let row = |row: &Vec<Cell>| row.iter().map(text).collect::<Vec<_>>().join(" ");
        report.tables[0].rows.iter().map(row).collect()
    }

    #[test]
    fn journeys_are_followed_by_hand() {
        let report = shop().run::<Flow>(FlowOptions::default()).expect("report");
        assert_eq!(
            rows(&report),
            [
                "1 home cart - 3 0.75",
                "1 home home - 1 0.25",
                "1 cart - exit 1 1.00",
                "2 cart buy - 1 0.33",
                "2 cart - exit 1 0.33",
                "2 cart - open 1 0.33",
                "2 home cart - 1 1.00",
                "3 buy - converted 1 1.00",
                "3 cart buy - 1 1.00",
                "4 buy - converted 1 1.00",
            ]
        );
        assert_eq!(
            report.findings,
            [
                "Of 5 journeys most begin at \"home\": 4 (80.0 %). 1 (20.0 %) end without conversion \
              at their first step."
            ]
        );
    }

    #[test]
    fn further_steps_and_rare_stages_are_joined_and_nothing_is_lost() {
        let options = FlowOptions { steps: 2, stages: 0, collapse: true };
        let report = shop().run::<Flow>(options).expect("report");
        // Two stages at step 1 are more than none and one: both are joined.
        assert_eq!(
            rows(&report),
            [
                "1 (other) cart - 4 0.80",
                "1 (other) - exit 1 0.20",
                "2 cart - exit 1 0.25",
                "2 cart - open 1 0.25",
                "2 cart - further steps 2 0.50",
            ]
        );
    }

    #[test]
    fn as_many_leave_a_stage_as_reached_it() {
        for (steps, stages) in [(6, 6), (3, 1), (1, 0), (100, 9)] {
            let options = FlowOptions { steps, stages, collapse: false };
            let report = shop().run::<Flow>(options).expect("report");
            let (mut arrived, mut left) = (BTreeMap::new(), BTreeMap::new());
            let mut ended = 0;
            for row in &report.tables[0].rows {
                let [Cell::Count(step), Cell::Text(from), to, _, Cell::Count(journeys), _] =
                    row.as_slice()
                else {
                    panic!("{row:?}")
                };
                *left.entry((*step, from.clone())).or_insert(0) += journeys;
                match to {
                    Cell::Text(to) => {
                        *arrived.entry((step + 1, to.clone())).or_insert(0) += journeys
                    }
                    _ => ended += journeys,
                }
            }
            assert_eq!(ended, 5);
            left.retain(|it, _| it.0 > 1);
            assert_eq!(arrived, left, "{steps} {stages}");
        }
    }

    #[test]
    fn runs_merge_and_odd_options_are_refused() {
        shop().assert_merges::<Flow>(FlowOptions::default);
        fixture("").assert_merges::<Flow>(FlowOptions::default);
        let none = FlowOptions { steps: 0, ..FlowOptions::default() };
        assert!(Flow::new(none, &shop().catalog).is_err());
    }
}
