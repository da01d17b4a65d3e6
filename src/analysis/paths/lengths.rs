//! Path lengths: steps, touches, sessions and duration of journeys, by outcome.

use crate::analysis::cells::span;
use crate::analysis::counted::{Counted, Figures};
use crate::base::Span;
use crate::model::{Cell, Column, Customer, Kind, Outcome, Table};

const OUTCOMES: [&str; 3] = ["converted", "exit", "open"];

/// The lengths of journeys, for each outcome.
#[derive(Debug, Default)]
pub struct Lengths {
    outcomes: [Measures; 3],
}

/// Exact counts of each measure.
#[derive(Debug, Default)]
struct Measures {
    steps: Counted,
    touches: Counted,
    sessions: Counted,
    durations: Counted,
}

impl Lengths {
    /// Takes in the journeys of one customer.
    pub fn visit(&mut self, customer: &Customer<'_>) {
        for journey in customer.journeys {
            let steps = customer.steps_of(journey);
            let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
                continue;
            };
            let measures = &mut self.outcomes[place(journey.outcome)];
            measures.steps.push(steps.len() as i64);
            measures.touches.push(customer.touches_of(journey).len() as i64);
            // Sessions with an event from the first step to the last.
            measures.sessions.push(customer.sessions_between(first.event, last.event) as i64);
            measures.durations.push(last.time.since(first.time).0);
        }
    }

    /// Takes in the lengths of other journeys.
    pub fn merge(&mut self, from: Self) {
        for (own, more) in self.outcomes.iter_mut().zip(from.outcomes) {
            own.steps.merge(more.steps);
            own.touches.merge(more.touches);
            own.sessions.merge(more.sessions);
            own.durations.merge(more.durations);
        }
    }

    /// Mean, median, 90 % quantile and maximum of each measure by outcome.
    pub fn table(self) -> Table {
        let figure = |key, about| Column::new(key, Kind::Number, about);
        let columns = vec![
            Column::new("outcome", Kind::Text, "how the journeys ended"),
            Column::new("measure", Kind::Text, "what is measured"),
            Column::new("journeys", Kind::Count, "journeys measured"),
            figure("mean", "arithmetic mean"),
            figure("median", "median, linear interpolation"),
            figure("p90", "90 % quantile, linear interpolation"),
            figure("max", "the longest"),
        ];
        let about = "How long journeys are, by how they ended; figures are over journeys.";
        let mut table = Table::new("lengths", "Path lengths", about, columns);
        for (outcome, measures) in OUTCOMES.into_iter().zip(self.outcomes) {
            let count = |it: f64| Cell::Number(it);
            let time = |it: f64| Cell::Span(span(it));
            push(&mut table, outcome, "steps", measures.steps.figures(), count);
            push(&mut table, outcome, "touches", measures.touches.figures(), count);
            push(&mut table, outcome, "sessions", measures.sessions.figures(), count);
            push(&mut table, outcome, "duration", measures.durations.figures(), time);
        }
        table
    }
}

fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Converted => 0,
        Outcome::Exit => 1,
        Outcome::Open => 2,
    }
}

fn push(
    table: &mut Table,
    outcome: &str,
    name: &str,
    figures: Figures,
    cell: impl Fn(f64) -> Cell,
) {
    let figure = |it: Option<f64>| Cell::or_empty(it, "no journeys", &cell);
    // The longest is whole: shown as a count, or as a time where it is one.
    let longest = |it: i64| match cell(0.0) {
        Cell::Span(_) => Cell::Span(Span(it)),
        _ => Cell::Integer(it),
    };
    table.push(vec![
        Cell::text(outcome),
        Cell::text(name),
        Cell::Count(figures.count),
        figure(figures.mean),
        figure(figures.median),
        figure(figures.p90),
        Cell::or_empty(figures.max, "no journeys", longest),
    ]);
}
