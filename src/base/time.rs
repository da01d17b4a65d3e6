//! Instants and spans, in whole microseconds.
//!
//! A [`Timestamp`] is an instant: microseconds since 1970-01-01T00:00:00 UTC in
//! an `i64`, good for the years 1 to 9999 and far beyond. Finer input is cut to
//! the microsecond. Zones and calendars belong to the readers and to `jiff`.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{Error, Result};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 86_400 * SECOND;

/// An instant: microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The span from `earlier` to this instant; negative if it is later.
    #[inline]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved back by a span.
    #[inline]
    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with only the digits of the second that are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(it) => write!(f, "{it}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// A length of time in microseconds, written with a unit: `30m`, `7d`, `1h30m`.
///
/// Units: `w` weeks, `d` days of 24 hours, `h`, `m` minutes, `s`, `ms`, `us`.
/// A bare number is refused, because its unit would be a guess.
///
/// ```
/// use touchpath::base::Span;
/// assert_eq!("30m".parse::<Span>().unwrap(), Span::seconds(1800));
/// assert_eq!("1h30m".parse::<Span>().unwrap().to_string(), "1h30m");
/// assert!("30".parse::<Span>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub i64);

const UNITS: [(&str, i64); 7] = [
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", 3600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1000),
    ("us", 1),
];

impl Span {
    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// A span of minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60_000_000))
    }

    /// A span of days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self(days.saturating_mul(DAY))
    }

    /// The span in seconds.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The span as people read it, in its largest fitting unit:
    /// `24 s`, `2.7 min`, `43 min`, `3.0 h`, `2.2 d`.
    pub fn human(self) -> String {
        let seconds = self.as_seconds();
        let size = seconds.abs();
        let (value, unit) = match size {
            _ if size >= 86_400.0 => (seconds / 86_400.0, "d"),
            _ if size >= 3_600.0 => (seconds / 3_600.0, "h"),
            _ if size >= 60.0 => (seconds / 60.0, "min"),
            _ if size >= 1.0 || self.0 == 0 => (seconds, "s"),
            _ => (seconds * 1000.0, "ms"),
        };
        if value.abs() < 9.95 && unit != "s" && unit != "ms" {
            format!("{value:.1} {unit}")
        } else {
            format!("{value:.0} {unit}")
        }
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            Error::new(format!("cannot read a span of time from \"{text}\""))
                .hint("write a number and a unit, such as 30m, 7d or 1h30m")
        };
        let mut rest = text.trim();
        let mut total: i64 = 0;
        if rest.is_empty() {
            return Err(bad());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
            let count: i64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = &rest[digits..];
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit = UNITS.iter().find(|it| it.0 == &rest[..end]).ok_or_else(bad)?;
            let part = count.checked_mul(unit.1).ok_or_else(bad)?;
            total = total.checked_add(part).ok_or_else(bad)?;
            rest = rest[end..].trim_start();
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    /// The text that [`FromStr`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for (unit, size) in UNITS.iter().skip(1) {
            let count = rest / size.unsigned_abs();
            if count > 0 {
                write!(f, "{count}{unit}")?;
                rest %= size.unsigned_abs();
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        super::text::deserialize(deserializer)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]+(w|d|h|m|s|ms|us) *)+$",
            "examples": ["30m", "7d", "1h30m"]
        })
    }
}
