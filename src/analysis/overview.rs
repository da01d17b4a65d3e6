//! Overview: how many customers, sessions, journeys, conversions, how much value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::money::Total;
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
        state.events += customer.times.len() as u64;
        state.steps += customer.steps.len() as u64;
        state.sessions += customer.sessions.len() as u64;
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
        into.touches += from.touches;
        into.conversions += from.conversions;
        into.converting_customers += from.converting_customers;
        into.value += from.value;
    }

    fn finish(&self, state: OverviewState, evidence: &Evidence<'_>) -> Result<Report> {
        let (catalog, graph) = (evidence.catalog, evidence.graph);
        let mut report = Report::new(Self::NAME, "Overview", catalog.currency);
        let columns = vec![
            Column::new("measure", Kind::Text, "what is counted"),
            Column::new("value", Kind::Number, "how much"),
        ];
        let mut table = Table::new("overview", "Overview", "Facts of the whole data.", columns);
        let mut row = |name: &str, cell: Cell| table.push(vec![Cell::text(name), cell]);
        row("events", Cell::Count(state.events));
        row("customers", Cell::Count(state.customers));
        row("sessions", Cell::Count(state.sessions));
        row("steps", Cell::Count(state.steps));
        row("touches", Cell::Count(state.touches));
        row("journeys", Cell::Count(graph.journeys));
        row("journeys converted", Cell::Count(graph.converted));
        row("journeys exited", Cell::Count(graph.exits));
        row("journeys open", Cell::Count(graph.open));
        row("conversions", Cell::Count(state.conversions));
        row("converting customers", Cell::Count(state.converting_customers));
        row("value", Cell::Money(state.value));
        row("stages", Cell::Count(catalog.stages.len() as u64));
        row("transitions", Cell::Count(graph.graph.edge_count() as u64));
        row("moves", Cell::Count(graph.moves()));
        let time = |it| Cell::or_empty(it, "no events", Cell::Time);
        row("first event", time(catalog.span.map(|it| it.0)));
        row("last event", time(catalog.span.map(|it| it.1)));
        report.findings.push(format!(
            "{} customers made {} events in {} journeys: {} converted, {} ended without, {} are \
             still open.",
            state.customers, state.events, graph.journeys, graph.converted, graph.exits, graph.open,
        ));
        report.tables.push(table);
        Ok(report)
    }
}
