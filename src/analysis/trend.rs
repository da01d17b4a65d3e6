//! Trends: the main figures day by day, week by week or month by month.
//!
//! Periods are those of the calendar in the journey's zone. The first and the last may
//! be cut by the data, which is said. Totals of the periods are those of the overview.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::money::Total;
use crate::base::numerals::counted;
use crate::base::{Error, Result};
use crate::model::{Catalog, Cell, Chart, Column, Customer, Kind, Report, Table};

use super::cells::{no_goal_note, share_columns, share_with_interval};
use super::{Analysis, Evidence};

mod periods;

pub use periods::TrendEvery;
use periods::{Period, periods};

/// How finely time is cut.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrendOptions {
    /// The length of a period: auto (by the time that the data covers), day, week (from
    /// Monday), month or year.
    pub every: TrendEvery,
}

/// The main figures over time.
#[derive(Debug, Clone)]
pub struct Trend {
    every: TrendEvery,
    zone: String,
    periods: Vec<Period>,
    /// The starts of all periods, in microseconds: the same, for searching.
    starts: Vec<i64>,
}

/// Counts of each period.
#[derive(Debug)]
pub struct TrendState {
    periods: Vec<Counts>,
}

/// What happened in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    customers: u64,
    sessions: u64,
    journeys: u64,
    conversions: u64,
    buyers: u64,
    valued: u64,
    revenue: Total,
}

impl Analysis for Trend {
    const NAME: &'static str = "trend";
    const SECTION: &'static str = "trend";
    const ABOUT: &'static str = "Customers, journeys, conversions and revenue over time";
    type Options = TrendOptions;
    type State = TrendState;

    fn new(options: TrendOptions, catalog: &Catalog) -> Result<Self> {
        let zone = match catalog.timezone.as_str() {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|it| {
                Error::new(format!("there is no time zone \"{name}\"")).caused_by(it)
            })?,
        };
        let every = catalog.span.map_or(options.every, |span| options.every.chosen(span));
        let periods = catalog.span.map_or(Ok(Vec::new()), |span| periods(span, every, &zone))?;
        let starts = periods.iter().map(|it| it.start).collect();
        let zone = if catalog.timezone.is_empty() { "UTC" } else { &catalog.timezone };
        Ok(Self { every, zone: zone.to_owned(), periods, starts })
    }

    fn start(&self) -> TrendState {
        TrendState { periods: vec![Counts::default(); self.periods.len()] }
    }

    fn visit(&self, state: &mut TrendState, customer: &Customer<'_>) {
        let mut seen = None;
        for time in customer.event_times() {
            // Times ascend: most lie in the period of the one before.
            if seen.is_some_and(|it: usize| self.starts.get(it + 1).is_none_or(|&next| time < next))
            {
                continue;
            }
            seen = self.period(time);
            self.count(state, time, |it| it.customers += 1);
        }
        for session in customer.sessions {
            self.count(state, session.start.0, |it| it.sessions += 1);
        }
        for journey in customer.journeys {
            if let Some(first) = customer.steps_of(journey).first() {
                self.count(state, first.time.0, |it| it.journeys += 1);
            }
        }
        let mut bought = None;
        for conversion in customer.conversions {
            let period = self.period(conversion.time.0);
            let Some(own) = period.and_then(|it| state.periods.get_mut(it)) else { continue };
            own.conversions += 1;
            // Conversions come in order of time.
            own.buyers += u64::from(bought != period);
            own.valued += u64::from(conversion.valued);
            own.revenue += Total::from(conversion.value);
            bought = period;
        }
    }

    fn merge(&self, into: &mut TrendState, from: TrendState) {
        for (own, more) in into.periods.iter_mut().zip(from.periods) {
            own.customers += more.customers;
            own.sessions += more.sessions;
            own.journeys += more.journeys;
            own.conversions += more.conversions;
            own.buyers += more.buyers;
            own.valued += more.valued;
            own.revenue += more.revenue;
        }
    }

    fn finish(&self, state: TrendState, evidence: &Evidence<'_>) -> Result<Report> {
        let mut report = Report::new(Self::NAME, "Trends", evidence.catalog.currency);
        if let (Some(first), Some(last)) = (self.periods.first(), self.periods.last()) {
            report.findings.push(format!(
                "The data runs from {} to {} ({}): {}.",
                first.from,
                last.to,
                self.zone,
                counted(self.periods.len() as u64, self.every.noun()),
            ));
        }
        report.notes.push(format!(
            "Periods are those of the calendar in {}; weeks begin on Mondays. The first and the \
             last are cut where the data begins and ends in them: \"whole\" says which are not. A \
             customer counts in each period with an event, a session and a journey in the one \
             where they begin, a conversion and its value in its own.",
            self.zone
        ));
        report.notes.extend(no_goal_note(evidence.catalog));
        report.tables.push(self.table(&state, evidence.confidence));
        Ok(report)
    }
}

impl Trend {
    fn period(&self, time: i64) -> Option<usize> {
        self.starts.partition_point(|&it| it <= time).checked_sub(1)
    }

    fn count(&self, state: &mut TrendState, time: i64, add: impl Fn(&mut Counts)) {
        if let Some(own) = self.period(time).and_then(|it| state.periods.get_mut(it)) {
            add(own);
        }
    }

    fn table(&self, state: &TrendState, confidence: f64) -> Table {
        let count = |key, about| Column::new(key, Kind::Count, about);
        let mut columns = vec![
            Column::new("from", Kind::Text, "the first day of the period that the data covers"),
            Column::new("to", Kind::Text, "the last day of the period that the data covers"),
            Column::new("whole", Kind::Flag, "whether the data covers the whole period"),
            count("customers", "customers with an event in the period"),
            count("sessions", "sessions that began in it"),
            count("journeys", "journeys that began in it"),
            count("conversions", "conversions in it"),
            count("buyers", "customers with a conversion in it"),
        ];
        columns.extend(share_columns("conversion_rate", "buyers / customers of the period"));
        columns.push(Column::new("revenue", Kind::Money, "value of the conversions"));
        columns.push(Column::new(
            "average_order_value",
            Kind::Money,
            "revenue / conversions with a value",
        ));
        let about = "The main figures of each period; rates are of the customers seen in it.";
        let title = format!("By {}", self.every.noun());
        let mut table = Table::new("trend", &title, about, columns);
        let any_value = state.periods.iter().any(|it| it.valued > 0);
        for (period, it) in self.periods.iter().zip(&state.periods) {
            let mut row = vec![
                Cell::text(period.from.as_str()),
                Cell::text(period.to.as_str()),
                Cell::Flag(period.whole),
                Cell::Count(it.customers),
                Cell::Count(it.sessions),
                Cell::Count(it.journeys),
                Cell::Count(it.conversions),
                Cell::Count(it.buyers),
            ];
            row.extend(share_with_interval(it.buyers, it.customers, confidence));
            row.push(if any_value { Cell::Money(it.revenue) } else { Cell::Empty("no values") });
            row.push(match it.valued {
                0 => Cell::Empty("no orders with a value"),
                orders => Cell::Money(average(it.revenue, orders)),
            });
            table.push(row);
        }
        let values = &[
            "customers",
            "journeys",
            "conversions",
            "conversion_rate",
            "revenue",
            "average_order_value",
        ];
        table.chart = Some(Chart::Lines { label: "from", values, whole: "whole" });
        table.shown = 30;
        table
    }
}

/// A quotient of money rounded to the nearest unit, halves away from zero.
fn average(total: Total, by: u64) -> Total {
    let by = Total::from(by);
    (total + total.signum() * (by / 2)) / by
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixture::{Fixture, fixture};

    /// The fixture begins on a Thursday: days 0 to 3 are cut off the first week.
    fn shop() -> Fixture {
        fixture(
            "a: home@0s cart@1d buy@5d=10 buy@6d=20; b: home@2d -@4d; c: home@59d buy@60d=30; \
             d: home@60d",
        )
    }

    fn column(report: &Report, key: &str) -> Vec<Cell> {
        let table = &report.tables[0];
        let at = table.column(key).expect(key);
        table.rows.iter().map(|it| it[at].clone()).collect()
    }

    #[test]
    fn weeks_are_counted_by_hand() {
        let report = shop().run::<Trend>(TrendOptions::default()).expect("report");
        let from = column(&report, "from");
        assert_eq!(from[..3], ["2026-01-01", "2026-01-05", "2026-01-12"].map(Cell::text));
        assert_eq!(column(&report, "to")[0], Cell::text("2026-01-04"));
        assert_eq!(from.len(), 10);
        let count = |key| column(&report, key)[..2].to_vec();
        assert_eq!(count("whole"), [Cell::Flag(false), Cell::Flag(true)]);
        // Both customers are seen in both weeks.
        assert_eq!(count("customers"), [2, 2].map(Cell::Count));
        assert_eq!(count("sessions"), [3, 3].map(Cell::Count));
        assert_eq!(count("journeys"), [2, 1].map(Cell::Count));
        assert_eq!(count("conversions"), [0, 2].map(Cell::Count));
        assert_eq!(count("buyers"), [0, 1].map(Cell::Count));
        assert_eq!(count("conversion_rate"), [Cell::Share(0.0), Cell::Share(0.5)]);
        assert_eq!(count("revenue"), [0, 3000].map(Cell::Money));
        assert_eq!(column(&report, "average_order_value")[1], Cell::Money(1500));
        assert_eq!(
            report.findings,
            ["The data runs from 2026-01-01 to 2026-03-02 (UTC): 10 weeks."]
        );
    }

    #[test]
    fn days_follow_the_zone() {
        let mut fixture = fixture("a: home@0s buy@23h=1; b: home@1d");
        fixture.catalog.timezone = "Asia/Tokyo".to_owned();
        let report = fixture.run::<Trend>(TrendOptions::default()).expect("report");
        // 23:00 in London is 08:00 the next day in Tokyo.
        assert_eq!(column(&report, "from"), ["2026-01-01", "2026-01-02"].map(Cell::text));
        assert_eq!(column(&report, "conversions"), [0, 1].map(Cell::Count));
    }

    #[test]
    fn runs_merge() {
        for every in [TrendEvery::Auto, TrendEvery::Day, TrendEvery::Month, TrendEvery::Year] {
            shop().assert_merges::<Trend>(|| TrendOptions { every });
            fixture("").assert_merges::<Trend>(|| TrendOptions { every });
        }
    }
}
