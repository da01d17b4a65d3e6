//! The sample's calendar: 90 days of 2025 in Berlin, in milliseconds.
//!
//! Knows one change of clocks by heart (2025-03-30), so that the sample's bytes
//! depend on no database of time zones. Never asks what time it is now.

/// Milliseconds in a minute.
pub(super) const MINUTE: i64 = 60_000;
/// Milliseconds in an hour.
pub(super) const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day of 24 hours.
pub(super) const DAY: i64 = 24 * HOUR;

/// How many days the sample covers.
pub(super) const DAYS: i64 = 90;
/// 2025-03-01 00:00:00 in Berlin.
pub(super) const START: i64 = 1_740_783_600_000;
/// The midnight in Berlin after the last day; no row is later.
pub(super) const END: i64 = START + DAYS * DAY - HOUR;
/// When Berlin's clocks jump from 02:00 to 03:00.
const SUMMER: i64 = 1_743_296_400_000;

/// Midnight in Berlin at the start of a day of the sample, counted from 0.
pub(super) fn midnight(day: i64) -> i64 {
    let plain = START + day * DAY;
    if plain > SUMMER { plain - HOUR } else { plain }
}

/// The day of the sample, from 0, on which an instant falls in Berlin.
pub(super) fn day_of(instant: i64) -> i64 {
    (instant + offset(instant) - START - HOUR).div_euclid(DAY)
}

/// An instant in UTC as RFC 3339 with milliseconds.
pub(super) fn utc(instant: i64) -> String {
    let (date, rest) = split(instant);
    let (hour, minute, second) = (rest / HOUR, rest / MINUTE % 60, rest / 1000 % 60);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1000)
}

/// An instant as a clock in Berlin shows it, to the second.
pub(super) fn local(instant: i64) -> String {
    let (date, rest) = split(instant + offset(instant));
    let (hour, minute, second) = (rest / HOUR, rest / MINUTE % 60, rest / 1000 % 60);
    format!("{date} {hour:02}:{minute:02}:{second:02}")
}

/// The date of a day of the sample, counted from 0.
pub(super) fn date(day: i64) -> String {
    split(START + HOUR + day * DAY).0
}

/// How far Berlin is ahead of UTC; right for the days of the sample.
fn offset(instant: i64) -> i64 {
    if instant < SUMMER { HOUR } else { 2 * HOUR }
}

/// The date, and the milliseconds since its midnight.
///
/// Counts in years that begin in March, so that a leap day is a year's last:
/// 1 March 2000 is day 11,017 of the Unix epoch. Right for 2000 to 2099.
fn split(instant: i64) -> (String, i64) {
    let days = instant.div_euclid(DAY) - 11_017;
    let year = (4 * days + 3) / 1461;
    let day_of_year = days - year * 1461 / 4;
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (format!("{:04}-{month:02}-{day:02}", 2000 + year), instant.rem_euclid(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_agrees_with_the_zone_database() {
        let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        for step in 0..2170 {
            let instant = START + step * HOUR + step * 997;
            if instant >= END {
                break;
            }
            let there = jiff::Timestamp::from_millisecond(instant).unwrap();
            assert_eq!(utc(instant), there.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
            let zoned = there.to_zoned(berlin.clone());
            assert_eq!(local(instant), zoned.strftime("%Y-%m-%d %H:%M:%S").to_string());
            assert_eq!(date(day_of(instant)), zoned.date().to_string());
        }
    }

    #[test]
    fn each_day_begins_at_midnight() {
        for day in 0..=DAYS {
            assert_eq!(local(midnight(day)), format!("{} 00:00:00", date(day)));
        }
        assert_eq!(midnight(DAYS), END);
        assert_eq!(utc(START - 366 * DAY), "2024-02-28T23:00:00.000Z");
    }
}
