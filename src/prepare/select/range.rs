//! Ranges as people write them: `3..8`, `1h..7d`, `2026-01-01..2026-01-31`.
//!
//! Both ends are part of a range, either may be missing, and a single value is a range of
//! itself where that can mean something.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Error, Result, Span, Timestamp, text};

/// One end of a range.
pub trait Bound: Copy + PartialOrd + fmt::Display {
    /// What it is, as in "cannot read WHAT".
    const WHAT: &'static str;
    /// Ranges to learn from.
    const EXAMPLES: &'static [&'static str];
    /// Whether a single value is a range.
    const SINGLE: bool = true;
    /// Whether a range may begin late and end early, around midnight.
    const WRAPS: bool = false;

    /// Reads one end.
    fn read(text: &str) -> Option<Self>;
}

/// A range with both ends included.
///
/// ```
/// use touchpath::prepare::select::{Steps, Within};
/// let range: Within<Steps> = "3..8".parse().unwrap();
/// assert_eq!((range.from, range.to), (Some(Steps(3)), Some(Steps(8))));
/// assert_eq!("3..".parse::<Within<Steps>>().unwrap().to, None);
/// assert_eq!("5".parse::<Within<Steps>>().unwrap().to_string(), "5");
/// assert!("8..3".parse::<Within<Steps>>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<T> {
    /// The least value; none: no limit.
    pub from: Option<T>,
    /// The greatest value, included; none: no limit.
    pub to: Option<T>,
}

impl<T: Bound> FromStr for Within<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: String| {
            Error::new(what).hint(format!("write {}; both ends count", T::EXAMPLES.join(", ")))
        };
        let read = |end: &str| match end.trim() {
            "" => Ok(None),
            end => T::read(end)
                .map(Some)
                .ok_or_else(|| wrong(format!("cannot read {} from \"{end}\"", T::WHAT))),
        };
        let Some((from, to)) = text.split_once("..") else {
            return match read(text)? {
                Some(it) if T::SINGLE => Ok(Self { from: Some(it), to: Some(it) }),
                Some(_) => Err(wrong(format!("\"{text}\" is no range: it has no .."))),
                None => Err(wrong("an empty range".to_owned())),
            };
        };
        let range = Self { from: read(from)?, to: read(to)? };
        match (range.from, range.to) {
            (None, None) => Err(wrong(format!("\"{text}\" is a range without ends"))),
            (Some(a), Some(b)) if a > b && !T::WRAPS => {
                Err(wrong(format!("\"{text}\" ends before it begins")))
            }
            _ => Ok(range),
        }
    }
}

impl<T: Bound> fmt::Display for Within<T> {
    /// The text that [`FromStr`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(a), Some(b)) if T::SINGLE && a == b => write!(f, "{a}"),
            (from, to) => {
                from.map_or(Ok(()), |it| write!(f, "{it}"))?;
                f.write_str("..")?;
                to.map_or(Ok(()), |it| write!(f, "{it}"))
            }
        }
    }
}

impl<T: Bound> Serialize for Within<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: Bound> Deserialize<'de> for Within<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl<T: Bound> JsonSchema for Within<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Within".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": T::EXAMPLES })
    }
}

/// A number of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steps(pub u64);

impl Bound for Steps {
    const WHAT: &'static str = "a number of steps";
    const EXAMPLES: &'static [&'static str] = &["3..8", "3..", "..8", "5"];

    fn read(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|it| it.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Bound for Span {
    const WHAT: &'static str = "a span of time";
    const EXAMPLES: &'static [&'static str] = &["1h..7d", "30m..", "..90d"];
    // Hardly ever does anything take exactly so long.
    const SINGLE: bool = false;

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A day or a time, in the journey's zone unless it says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A whole day.
    Day(Date),
    /// A time of a day.
    Local(DateTime),
    /// An instant.
    Instant(Timestamp),
}

impl PartialOrd for When {
    /// Only ends of one kind compare before a zone is known.
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Day(a), Self::Day(b)) => a.partial_cmp(b),
            (Self::Local(a), Self::Local(b)) => a.partial_cmp(b),
            (Self::Instant(a), Self::Instant(b)) => a.partial_cmp(b),
            _ => None,
        }
    }
}

impl Bound for When {
    const WHAT: &'static str = "a day or a time";
    const EXAMPLES: &'static [&'static str] =
        &["2026-01-01..2026-01-31", "2026-01-31", "2026-01-31T18:00.."];

    fn read(text: &str) -> Option<Self> {
        if !text.contains(':') {
            return text.parse().ok().map(Self::Day);
        }
        if let Ok(it) = text.parse::<jiff::Timestamp>() {
            return Some(Self::Instant(Timestamp(it.as_microsecond())));
        }
        text.parse().ok().map(Self::Local)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(it) => write!(f, "{it}"),
            Self::Local(it) => write!(f, "{it}"),
            Self::Instant(it) => write!(f, "{it}"),
        }
    }
}

impl When {
    /// The first instant of it.
    fn first(self, zone: &TimeZone) -> Option<Timestamp> {
        let start = match self {
            Self::Day(it) => it.to_zoned(zone.clone()).ok()?,
            Self::Local(it) => it.to_zoned(zone.clone()).ok()?,
            Self::Instant(it) => return Some(it),
        };
        Some(Timestamp(start.timestamp().as_microsecond()))
    }

    /// The last instant of it: of a day the last microsecond.
    fn last(self, zone: &TimeZone) -> Option<Timestamp> {
        let Self::Day(day) = self else { return self.first(zone) };
        let next = Self::Day(day.tomorrow().ok()?).first(zone)?;
        Some(Timestamp(next.0 - 1))
    }
}

impl Within<When> {
    /// The first and the last instant of the range in a zone.
    ///
    /// # Errors
    /// It ends before it begins, or leaves the calendar.
    pub fn instants(&self, zone: &TimeZone) -> Result<(Timestamp, Timestamp)> {
        let never = |it: When| Error::new(format!("{it} is beyond the calendar"));
        let first = match self.from {
            Some(it) => it.first(zone).ok_or_else(|| never(it))?,
            None => Timestamp(i64::MIN),
        };
        let last = match self.to {
            Some(it) => it.last(zone).ok_or_else(|| never(it))?,
            None => Timestamp(i64::MAX),
        };
        if first > last {
            return Err(Error::new(format!("\"{self}\" ends before it begins")));
        }
        Ok((first, last))
    }
}

/// A minute of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(pub u16);

impl Bound for Minute {
    const WHAT: &'static str = "a time of day";
    const EXAMPLES: &'static [&'static str] = &["18:00..22:59", "22:00..05:59", "..11:59"];
    const SINGLE: bool = false;
    const WRAPS: bool = true;

    fn read(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |text: &str| {
            let fits = matches!(text.len(), 1 | 2) && text.bytes().all(|it| it.is_ascii_digit());
            fits.then(|| text.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = (number(hour)?, number(minute)?);
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Within<Minute> {
    /// Whether an instant lies within, on the clocks of a zone.
    pub fn has(&self, time: Timestamp, zone: &TimeZone) -> bool {
        let Ok(instant) = jiff::Timestamp::from_microsecond(time.0) else { return false };
        let clock = zone.to_datetime(instant);
        let minute = Minute(clock.hour().unsigned_abs() as u16 * 60 + clock.minute() as u16);
        let after = self.from.is_none_or(|it| minute >= it);
        let before = self.to.is_none_or(|it| minute <= it);
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => after || before,
            _ => after && before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Bound>(text: &str) -> String {
        match text.parse::<Within<T>>() {
            Ok(it) => it.to_string(),
            Err(error) => format!("! {}", error.message()),
        }
    }

    #[test]
    fn ranges_are_read_and_written() {
        let cases = [
            (read::<Steps>(" 3 .. 8 "), "3..8"),
            (read::<Steps>("..8"), "..8"),
            (read::<Steps>("4..4"), "4"),
            (read::<Steps>("..".to_owned().as_str()), "! \"..\" is a range without ends"),
            (read::<Steps>(""), "! an empty range"),
            (read::<Steps>("+3.."), "! cannot read a number of steps from \"+3\""),
            (read::<Steps>("8..3"), "! \"8..3\" ends before it begins"),
            (read::<Span>("90m..7d"), "1h30m..7d"),
            (read::<Span>("1h"), "! \"1h\" is no range: it has no .."),
            (read::<Span>("2d..1d"), "! \"2d..1d\" ends before it begins"),
            (read::<When>("2026-01-31"), "2026-01-31"),
            (read::<When>("2026-01-31T18:00.."), "2026-01-31T18:00:00.."),
            (read::<When>("..2026-01-31T18:00Z"), "..2026-01-31T18:00:00Z"),
            (read::<When>("2026-02-30"), "! cannot read a day or a time from \"2026-02-30\""),
            (
                read::<When>("2026-02-01..2026-01-01"),
                "! \"2026-02-01..2026-01-01\" ends before it begins",
            ),
            (read::<Minute>("22:00..05:59"), "22:00..05:59"),
            (read::<Minute>("..9:05"), "..09:05"),
            (read::<Minute>("24:00.."), "! cannot read a time of day from \"24:00\""),
            (read::<Minute>("18.."), "! cannot read a time of day from \"18\""),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn days_are_whole_and_of_the_zone_also_where_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").expect("zone");
        let range: Within<When> = "2026-03-29".parse().expect("range");
        let (first, last) = range.instants(&zone).expect("instants");
        assert_eq!(first.to_string(), "2026-03-28T23:00:00Z");
        assert_eq!(last.to_string(), "2026-03-29T21:59:59.999999Z");
        let mixed: Within<When> = "2026-03-30..2026-03-29T10:00Z".parse().expect("range");
        assert!(mixed.instants(&zone).is_err());
    }

    #[test]
    fn hours_wrap_around_midnight_and_hold_whole_minutes() {
        let zone = TimeZone::get("Europe/Berlin").expect("zone");
        let has = |range: &str, time: &str| {
            let time: jiff::Timestamp = time.parse().expect("time");
            let range: Within<Minute> = range.parse().expect("range");
            range.has(Timestamp(time.as_microsecond()), &zone)
        };
        assert!(has("18:00..22:59", "2026-01-01T21:59:59.9Z"));
        assert!(!has("18:00..22:59", "2026-01-01T22:00:00Z"));
        assert!(has("22:00..05:59", "2026-01-01T23:30:00Z"));
        assert!(has("22:00..05:59", "2026-01-01T04:59:00Z"));
        assert!(!has("22:00..05:59", "2026-01-01T05:00:00Z"));
        assert!(has("18:00..", "2026-07-01T16:00:00Z"));
    }
}
