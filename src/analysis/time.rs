//! Time to purchase: from a customer's first event to the first conversion.
//!
//! Customers who have not bought yet were watched until the data ends and are
//! counted as such (Kaplan-Meier); leaving them out would make buying look fast.

use std::mem::take;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::numerals::{count, counted};
use crate::base::{Result, Span, Timestamp};
use crate::model::{Catalog, Cell, Chart, Column, Customer, Kind, Report, Table};
use crate::stats::survival::RestrictedMean;
use crate::stats::{KaplanMeier, Lasted, SurvivalRow, normal};

use super::cells::{no_goal_note, percent, span, span_cell};
use super::counted::{Counted, Counts};
use super::{Analysis, Evidence};

/// The most rows of a thinned curve.
const CURVE_ROWS: usize = 500;

/// Which times are shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeOptions {
    /// Times after the first event at which the share of buyers is told; those that
    /// the data is too short for are left out.
    pub horizons: Vec<Span>,
    /// Whether the curve's table has a row for every time; else it has at most 500.
    pub all: bool,
}

impl Default for TimeOptions {
    fn default() -> Self {
        let days = [1, 7, 14, 30, 60, 90].map(Span::days);
        Self { horizons: [Span::seconds(3600)].into_iter().chain(days).collect(), all: false }
    }
}

/// Time from a customer's first event to the first conversion.
#[derive(Debug, Clone)]
pub struct Time {
    options: TimeOptions,
    data_end: Timestamp,
}

/// How long buyers took, and how long the others were watched, in microseconds.
#[derive(Debug, Default)]
pub struct TimeState {
    bought: Counted,
    waiting: Counted,
    /// Both in order, once that was done.
    settled: Option<Settled>,
}

/// How long buyers took; and all durations with how many of both kinds lasted so long.
#[derive(Debug)]
struct Settled {
    bought: Counts,
    all: Vec<Lasted>,
}

impl TimeState {
    fn settled(&mut self) -> Settled {
        self.settled.take().unwrap_or_else(|| {
            let (bought, waiting) = (take(&mut self.bought), take(&mut self.waiting));
            let (bought, waiting) = rayon::join(|| bought.finish(), || waiting.finish());
            Settled { all: joined(&bought, &waiting), bought }
        })
    }
}

impl Analysis for Time {
    const NAME: &'static str = "time";
    const SECTION: &'static str = "time";
    const ABOUT: &'static str = "Time to purchase, with those who have not bought yet";
    type Options = TimeOptions;
    type State = TimeState;

    fn new(mut options: TimeOptions, catalog: &Catalog) -> Result<Self> {
        options.horizons.sort_unstable();
        options.horizons.dedup();
        Ok(Self { options, data_end: catalog.span.map_or(Timestamp(0), |it| it.1) })
    }

    fn start(&self) -> TimeState {
        TimeState::default()
    }

    fn visit(&self, state: &mut TimeState, customer: &Customer<'_>) {
        if customer.times.is_empty() {
            return;
        }
        let first = customer.first_time();
        match customer.conversions.first() {
            Some(it) => state.bought.push(it.time.since(first).0),
            None => state.waiting.push(self.data_end.since(first).0),
        }
    }

    fn merge(&self, into: &mut TimeState, from: TimeState) {
        into.bought.merge(from.bought);
        into.waiting.merge(from.waiting);
    }

    fn settle(&self, state: &mut TimeState) {
        state.settled = Some(state.settled());
    }

    fn finish(&self, mut state: TimeState, evidence: &Evidence<'_>) -> Result<Report> {
        let mut report = Report::new(Self::NAME, "Time to purchase", evidence.catalog.currency);
        let Settled { bought, all } = state.settled();
        let Some(curve) = KaplanMeier::of(all, evidence.confidence) else {
            report.notes.push("No customers: there is no time to measure.".to_owned());
            return Ok(report);
        };
        let horizon = self.horizon(&curve);
        report.findings = findings(&curve, &bought, horizon);
        report.notes.push(
            "Clock: from a customer's first event to the first conversion. Customers without one \
             are watched until the data ends (Kaplan-Meier, exponential Greenwood interval). \
             Figures among buyers alone leave those out and are too short."
                .to_owned(),
        );
        report.notes.push(
            "Customers who were there before the data begins count from their first event in the \
             data."
                .to_owned(),
        );
        report.notes.extend(no_goal_note(evidence.catalog));
        let (summary, rows) =
            rayon::join(|| summary_table(&curve, &bought, horizon), || self.curve_table(&curve));
        report.tables.extend([self.horizons_table(&curve), summary, rows]);
        Ok(report)
    }
}

/// Buyers' and others' durations as one list, ascending.
fn joined(bought: &Counts, waiting: &Counts) -> Vec<Lasted> {
    // There are fewer than 2^32 customers.
    let lasted =
        |time, events, censored| Lasted { time, events: events as u32, censored: censored as u32 };
    let mut all = Vec::with_capacity(bought.most() + waiting.most());
    let mut waiting = waiting.iter().peekable();
    for (time, events) in bought.iter() {
        while let Some((earlier, censored)) = waiting.next_if(|it| it.0 < time) {
            all.push(lasted(earlier, 0, censored));
        }
        let censored = waiting.next_if(|it| it.0 == time).map_or(0, |it| it.1);
        all.push(lasted(time, events, censored));
    }
    all.extend(waiting.map(|(time, censored)| lasted(time, 0, censored)));
    all
}

fn findings(curve: &KaplanMeier, bought: &Counts, horizon: Option<Span>) -> Vec<String> {
    let mut findings = vec![format!(
        "{} of {} bought ({}); the others were watched without a purchase.",
        count(bought.len()),
        counted(curve.watched(), "customer"),
        percent(bought.len(), curve.watched()),
    )];
    if let Some((horizon, row)) = horizon.and_then(|it| Some((it, curve.survival_at(it.0)?))) {
        findings.push(format!(
            "Within {horizon} of their first event {:.1} % buy.",
            (1.0 - row.survival) * 100.0
        ));
    }
    findings.push(match curve.median().time {
        Some(it) => format!("Half of all customers have bought after {}.", Span(it).human()),
        None => "Fewer than half of all customers buy in the time watched: the median time to \
                 purchase is not reached."
            .to_owned(),
    });
    findings
}

/// The share who have bought after a row of the curve, and its interval.
fn bought_share(row: &SurvivalRow) -> [Cell; 3] {
    let end = |it: Option<f64>| {
        Cell::or_empty(it, "undefined once all have bought", |it| Cell::Share(1.0 - it))
    };
    [
        Cell::Share(1.0 - row.survival),
        end(row.interval().map(|it| it.high)),
        end(row.interval().map(|it| it.low)),
    ]
}

fn bought_columns() -> [Column; 3] {
    [
        Column::new("bought", Kind::Share, "estimated share of all customers who have bought"),
        Column::new("bought_low", Kind::Share, "lower end of its interval"),
        Column::new("bought_high", Kind::Share, "upper end of its interval"),
    ]
}

impl Time {
    /// The longest horizon that the data covers.
    fn horizon(&self, curve: &KaplanMeier) -> Option<Span> {
        let horizons = self.options.horizons.iter().rev();
        horizons.copied().find(|it| it.0 > 0 && curve.survival_at(it.0).is_some())
    }

    fn horizons_table(&self, curve: &KaplanMeier) -> Table {
        let mut columns = vec![Column::new("within", Kind::Span, "time after the first event")];
        columns.extend(bought_columns());
        columns.push(Column::new(
            "still_watched",
            Kind::Count,
            "customers watched for longer than that and without purchase until then",
        ));
        let about = "Share of all customers who buy within a time of their first event.";
        let mut table = Table::new("horizons", "Bought within", about, columns);
        for &horizon in &self.options.horizons {
            let Some(row) = curve.survival_at(horizon.0) else {
                continue;
            };
            let mut cells = vec![Cell::Span(horizon)];
            cells.extend(bought_share(&row));
            cells.push(Cell::Count(row.at_risk - row.events - row.censored));
            table.push(cells);
        }
        table
    }

    /// The curve; thinned by joining runs of rows into one, counts summed.
    fn curve_table(&self, curve: &KaplanMeier) -> Table {
        let mut columns = vec![
            Column::new("after", Kind::Span, "time after the first event"),
            Column::new("at_risk", Kind::Count, "watched and not yet buyers after the row before"),
            Column::new("purchases", Kind::Count, "first purchases since the row before"),
            Column::new("last_seen", Kind::Count, "customers watched no longer, without purchase"),
        ];
        columns.extend(bought_columns());
        let about = "Estimated share of all customers who have bought by a time after their first \
                     event (Kaplan-Meier).";
        let mut table = Table::new("curve", "Time to purchase", about, columns);
        let mut rows = curve.rows();
        let run = if self.options.all { 1 } else { rows.len().div_ceil(CURVE_ROWS).max(1) };
        // The opening row stays alone, so that the curve begins at time 0.
        let mut length = 1;
        while let Some(first) = rows.next() {
            let (mut last, mut events, mut censored) = (first, first.events, first.censored);
            for row in rows.by_ref().take(length - 1) {
                events += row.events;
                censored += row.censored;
                last = row;
            }
            let mut cells = vec![
                Cell::Span(Span(last.time)),
                Cell::Count(first.at_risk),
                Cell::Count(events),
                Cell::Count(censored),
            ];
            cells.extend(bought_share(&last));
            table.push(cells);
            length = run;
        }
        let band = Some(("bought_low", "bought_high"));
        table.chart = Some(Chart::Curve { x: "after", y: "bought", band });
        table.shown = 20;
        table
    }
}

fn summary_table(curve: &KaplanMeier, bought: &Counts, horizon: Option<Span>) -> Table {
    let columns = vec![
        Column::new("measure", Kind::Text, "what is measured"),
        Column::new("time", Kind::Span, "how long"),
        Column::new("low", Kind::Span, "lower end of its interval"),
        Column::new("high", Kind::Span, "upper end of its interval"),
        Column::new("base", Kind::Text, "who is counted"),
    ];
    let about = "Times from the first event; mind whom each one counts.";
    let mut table = Table::new("summary", "Times to purchase", about, columns);
    for (name, p) in [("25 % have bought", 0.25), ("median: half have bought", 0.5)] {
        let it = curve.quantile(p);
        let time = |it: Option<i64>| Cell::or_empty(it, "not reached", |it| Cell::Span(Span(it)));
        let base = format!("all {} customers", curve.watched());
        table.push(vec![
            Cell::text(name),
            time(it.time),
            time(it.low),
            time(it.high),
            Cell::text(base),
        ]);
    }
    if let Some((horizon, it)) = horizon.and_then(|it| Some((it, curve.restricted_mean(it.0)?))) {
        table.push(restricted_mean_row(curve, horizon, it));
    }
    let buyers = || Cell::text(format!("{} buyers only", bought.len()));
    let reason = Cell::Empty("among buyers only");
    for (name, p) in [("25 %", 0.25), ("median", 0.5), ("75 %", 0.75), ("90 %", 0.9)] {
        let time = span_cell(bought.quantile(p), "no buyers");
        let name = Cell::text(format!("{name} among buyers"));
        table.push(vec![name, time, reason.clone(), reason.clone(), buyers()]);
    }
    let mean = span_cell(bought.mean(), "no buyers");
    table.push(vec![Cell::text("mean among buyers"), mean, reason.clone(), reason, buyers()]);
    table
}

fn restricted_mean_row(curve: &KaplanMeier, horizon: Span, it: RestrictedMean) -> Vec<Cell> {
    let half = normal::z_for(curve.confidence()).map(|z| z * it.variance.sqrt());
    let within = |micros: f64| micros.clamp(0.0, horizon.0 as f64);
    vec![
        Cell::text(format!("mean time without purchase in the first {horizon}")),
        Cell::Span(span(it.mean)),
        span_cell(half.map(|half| within(it.mean - half)), "no interval"),
        span_cell(half.map(|half| within(it.mean + half)), "no interval"),
        Cell::text(format!("all {} customers", curve.watched())),
    ]
}

#[cfg(test)]
#[path = "time/tests.rs"]
mod tests;
