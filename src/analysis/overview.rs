//! Overview: how many customers, sessions, journeys, conversions, how much value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::money::Total;
use crate::base::numerals::{count, counted};
use crate::model::{Catalog, Cell, Column, Customer, Kind, Report, Table};

use super::{Analysis, Evidence};

/// The overview has no options.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OverviewOptions {}

/// How many customers, sessions, journeys, conversions, how much value.
#[derive(Debug, Clone, Copy)]
pub struct Overview;

/// Counts over a run of customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OverviewState {
    customers: u64,
    events: u64,
    steps: u64,
    sessions: u64,
    out_of_session: u64,
    touches: u64,
    conversions: u64,
    converting_customers: u64,
    value: Total,
}

impl Analysis for Overview {
    const NAME: &'static str = "overview";
    const SECTION: &'static str = "overview";
    const ABOUT: &'static str = "What the data holds: customers, sessions, journeys, conversions";
    type Options = OverviewOptions;
    type State = OverviewState;

    fn new(_: OverviewOptions, _: &Catalog) -> Result<Self> {
        Ok(Self)
    }

    fn start(&self) -> OverviewState {
        OverviewState::default()
    }

    fn visit(&self, state: &mut OverviewState, customer: &Customer<'_>) {
        state.customers += 1;
        state.events += customer.events();
        state.steps += customer.steps.len() as u64;
        state.sessions += customer.sessions.len() as u64;
        state.out_of_session += customer.out_of_session();
        state.touches += customer.touches.len() as u64;
        state.conversions += customer.conversions.len() as u64;
        state.converting_customers += u64::from(!customer.conversions.is_empty());
        state.value += customer.conversions.iter().map(|it| Total::from(it.value)).sum::<Total>();
    }

    fn merge(&self, into: &mut OverviewState, from: OverviewState) {
        into.customers += from.customers;
        into.events += from.events;
        into.steps += from.steps;
        into.sessions += from.sessions;
        into.out_of_session += from.out_of_session;
        into.touches += from.touches;
        into.conversions += from.conversions;
        into.converting_customers += from.converting_customers;
        into.value += from.value;
    }

    fn finish(&self, state: OverviewState, evidence: &Evidence<'_>) -> Result<Report> {
        let (catalog, graph) = (evidence.catalog, evidence.graph);
        let mut report = Report::new(Self::NAME, "Overview", catalog.currency);
        report.tables.push(table(&state, evidence));
        report.notes.push(rules(catalog));
        report.findings.push(format!(
            "{} made {} in {}: {} converted, {} ended without, {} are still open.",
            counted(state.customers, "customer"),
            counted(state.events, "event"),
            counted(graph.journeys, "journey"),
            count(graph.converted),
            count(graph.exits),
            count(graph.open),
        ));
        Ok(report)
    }
}

/// What the figures rest on: the goal, the gap, the lookback.
fn rules(catalog: &Catalog) -> String {
    let goals: Vec<String> =
        catalog.goals.iter().map(|&it| format!("\"{}\"", catalog.stage(it))).collect();
    let goal = match goals.as_slice() {
        [] => "No stage is a goal: nothing converts.".to_owned(),
        [goal] => format!("The goal is {goal}."),
        _ => format!("The goals are {}.", goals.join(", ")),
    };
    let gap = match catalog.gap {
        Some(gap) => format!("A journey without conversion ends after silence longer than {gap}."),
        None => "Silence ends no journey.".to_owned(),
    };
    let lookback = match catalog.lookback {
        Some(it) => format!("A touch may earn credit up to {it} before a conversion."),
        None => "A touch may earn credit any time before a conversion.".to_owned(),
    };
    format!("{goal} {gap} {lookback}")
}

fn table(state: &OverviewState, evidence: &Evidence<'_>) -> Table {
    let (catalog, graph) = (evidence.catalog, evidence.graph);
    let columns = vec![
        Column::new("measure", Kind::Text, "what is counted"),
        Column::new("value", Kind::Number, "how much"),
        Column::new("meaning", Kind::Text, "what the measure means"),
    ];
    let mut table = Table::new("overview", "Overview", "Facts of the whole data.", columns);
    let mut row = |name: &str, cell: Cell, meaning: &str| {
        table.push(vec![Cell::text(name), cell, Cell::text(meaning)]);
    };
    let count = Cell::Count;
    row("events", count(state.events), "rows of input, after stitching");
    row("customers", count(state.customers), "whoever stitching holds to be one person");
    row("sessions", count(state.sessions), "a customer's events without a long pause");
    row("steps", count(state.steps), "events at a stage; further lines of an order left out");
    row("touches", count(state.touches), "steps or sessions that carry a channel");
    row("journeys", count(graph.journeys), "steps up to a conversion, an exit or the data's end");
    row("journeys converted", count(graph.converted), "reached the goal");
    row("journeys exited", count(graph.exits), "ended without conversion");
    row("journeys open", count(graph.open), "the data ends too early to judge");
    row("conversions", count(state.conversions), "reached a goal stage; an order counts once");
    row("converting customers", count(state.converting_customers), "with a conversion");
    row("value", Cell::Money(state.value), "of all conversions");
    row("stages", count(catalog.stages.len() as u64), "named places of the journey");
    row("transitions", count(graph.graph.edge_count() as u64), "pairs of stages with a move");
    row("moves", count(graph.moves()), "two steps of a journey in a row");
    let time = |it| Cell::or_empty(it, "no events", Cell::Time);
    row("first event", time(catalog.span.map(|it| it.0)), "where the data begins");
    row("last event", time(catalog.span.map(|it| it.1)), "where the data ends");
    let covered = catalog.span.map(|it| it.1.since(it.0));
    let covered = Cell::or_empty(covered, "no events", Cell::Span);
    row("time covered", covered, "from the first event to the last");
    row("channels", count(catalog.channels.len() as u64), "names that touches carry");
    if state.out_of_session > 0 {
        let meaning = "no session key, or left out of sessions by the session rule";
        row("events out of session", count(state.out_of_session), meaning);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixture::fixture;

    #[test]
    fn the_rules_that_figures_rest_on_are_stated() {
        let report = fixture("a: home@0s buy@1m").run::<Overview>(OverviewOptions::default());
        assert_eq!(
            report.expect("report").notes,
            ["The goal is \"buy\". A journey without conversion ends after silence longer than \
              30d. A touch may earn credit up to 30d before a conversion."]
        );
    }
}
