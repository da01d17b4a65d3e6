//! Days, weeks, months and years of a zone. Knows no figure.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::time::DAY;
use crate::base::{Error, Result, Timestamp};

/// More periods than this nobody reads, and each takes room in every thread.
const MOST: usize = 20_000;

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrendEvery {
    /// Chosen by the time that the data covers: days up to six weeks, weeks up to 14
    /// months, months up to ten years, else years.
    #[default]
    Auto,
    /// A day of the calendar.
    Day,
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}

impl TrendEvery {
    /// What is counted: `day`, `week`.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Auto => "period",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The length itself, or the one that fits the time covered.
    pub(super) fn chosen(self, span: (Timestamp, Timestamp)) -> Self {
        match (self, span.1.since(span.0).0 / DAY) {
            (Self::Auto, days) if days <= 42 => Self::Day,
            (Self::Auto, days) if days <= 430 => Self::Week,
            (Self::Auto, days) if days <= 3660 => Self::Month,
            (Self::Auto, _) => Self::Year,
            _ => self,
        }
    }

    /// The first day of the period that a day lies in.
    fn first_day(self, day: Date) -> Date {
        let back = match self {
            Self::Auto | Self::Day => 0,
            Self::Week => i64::from(day.weekday().to_monday_zero_offset()),
            Self::Month => i64::from(day.day()) - 1,
            Self::Year => i64::from(day.day_of_year()) - 1,
        };
        day.saturating_sub(back.days())
    }

    fn length(self) -> Span {
        match self {
            Self::Auto | Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        }
    }
}

/// One period, and the part of it that the data covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    /// Its first instant, in microseconds.
    pub start: i64,
    /// Its first day, or that of the data.
    pub from: String,
    /// Its last day, or that of the data.
    pub to: String,
    /// Whether the data covers all its days: the first day of all data counts as covered.
    pub whole: bool,
}

/// All periods from the first event to the last.
///
/// # Errors
/// A time beyond the calendar; more periods than anybody reads.
pub(super) fn periods(
    span: (Timestamp, Timestamp),
    every: TrendEvery,
    zone: &TimeZone,
) -> Result<Vec<Period>> {
    let day = |it: Timestamp| {
        let time = jiff::Timestamp::from_microsecond(it.0).map_err(beyond)?;
        Ok::<Date, Error>(time.to_zoned(zone.clone()).date())
    };
    let (first, last) = (day(span.0)?, day(span.1)?);
    let mut periods = Vec::new();
    let mut begin = every.first_day(first);
    while begin <= last {
        if periods.len() == MOST {
            return Err(Error::new(format!("more than {MOST} periods from {first} to {last}"))
                .hint("choose longer ones: every = \"month\" in [trend]"));
        }
        let next = begin.saturating_add(every.length());
        let end = next.yesterday().unwrap_or(next);
        let start = zone.to_zoned(begin.to_datetime(jiff::civil::Time::midnight()));
        periods.push(Period {
            start: start.map_err(beyond)?.timestamp().as_microsecond(),
            from: begin.max(first).to_string(),
            to: end.min(last).to_string(),
            whole: begin >= first && end <= last,
        });
        if next <= begin {
            break;
        }
        begin = next;
    }
    Ok(periods)
}

fn beyond(error: jiff::Error) -> Error {
    Error::new("a time lies beyond the calendar").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: &str, last: &str) -> (Timestamp, Timestamp) {
        let time = |it: &str| Timestamp(it.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        (time(first), time(last))
    }

    #[test]
    fn months_are_cut_by_the_data_and_know_it() {
        let span = span("2024-01-31T12:00:00Z", "2024-03-31T23:59:59Z");
        let found = periods(span, TrendEvery::Month, &TimeZone::UTC).unwrap();
        let shown: Vec<_> =
            found.iter().map(|it| (it.from.as_str(), it.to.as_str(), it.whole)).collect();
        assert_eq!(
            shown,
            [
                ("2024-01-31", "2024-01-31", false),
                ("2024-02-01", "2024-02-29", true),
                ("2024-03-01", "2024-03-31", true),
            ]
        );
    }

    #[test]
    fn a_day_of_23_hours_is_a_day() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let span = span("2025-03-29T23:00:00Z", "2025-03-31T10:00:00Z");
        let found = periods(span, TrendEvery::Day, &zone).unwrap();
        let hours: Vec<i64> =
            found.windows(2).map(|it| (it[1].start - it[0].start) / 3_600_000_000).collect();
        assert_eq!(hours, [23]);
    }

    #[test]
    fn too_many_periods_are_an_error_and_auto_never_makes_them() {
        let ages = span("0001-01-01T00:00:00Z", "9999-12-30T00:00:00Z");
        assert!(periods(ages, TrendEvery::Day, &TimeZone::UTC).is_err());
        let every = TrendEvery::Auto.chosen(ages);
        assert_eq!(periods(ages, every, &TimeZone::UTC).unwrap().len(), 9_999);
        assert_eq!(
            TrendEvery::Auto.chosen(span("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")),
            TrendEvery::Day
        );
    }
}
