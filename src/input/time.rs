//! Times as files write them: text or number in, microseconds UTC out.
//!
//! Nothing is guessed in silence: the order of day and month never, the unit of
//! a number once a file by a stated rule, and never two units in one file.
//! Knows nothing of rows or files.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::decimal::Decimal;
pub use super::options::TimeFormat;
use crate::base::time::{DAY, SECOND};

/// A minute in microseconds.
const MINUTES: i64 = 60 * SECOND;

impl TimeFormat {
    /// The format's key in the journey file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Rfc3339 => "rfc3339",
            Self::Local => "local",
            Self::Date => "date",
            Self::EpochS => "epoch_s",
            Self::EpochMs => "epoch_ms",
            Self::EpochUs => "epoch_us",
            Self::EpochNs => "epoch_ns",
        }
    }

    /// The format in words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Auto => "any known form",
            Self::Rfc3339 => "RFC 3339",
            Self::Local => "date and time without zone",
            Self::Date => "date",
            Self::EpochS => "seconds since 1970",
            Self::EpochMs => "milliseconds since 1970",
            Self::EpochUs => "microseconds since 1970",
            Self::EpochNs => "nanoseconds since 1970",
        }
    }

    /// Whether times are numbers.
    pub fn is_epoch(self) -> bool {
        matches!(self, Self::EpochS | Self::EpochMs | Self::EpochUs | Self::EpochNs)
    }
}

/// Why a time could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeProblem {
    /// The text is empty.
    Missing,
    /// The text is no time in the format, or one outside the years 1 to 9999.
    Bad,
    /// The clocks of the zone jumped over this local time.
    Skipped,
}

/// The first instant that is read: one day before the year 1 in UTC.
const FIRST: i64 = -62_135_683_200 * SECOND;
/// The last instant that is read, which is the last that `jiff` can show:
/// 9999-12-30T22:00:00.999999Z.
const LAST: i64 = 253_402_207_200 * SECOND + 999_999;

/// Whether an instant lies in the years that are read.
pub(super) fn is_time(micros: i64) -> bool {
    (FIRST..=LAST).contains(&micros)
}

/// The bytes of a date, as a key that is quick to compare.
type DateKey = (u64, u16);
/// What no text holds.
const NO_DATE: DateKey = (u64::MAX, u16::MAX);
/// A date and a time of day up to the minute (`2026-01-31T23:59`), and the instant that
/// it is if the bytes after it say how it is meant.
type Minute = ([u8; MINUTE], i64);
/// How many bytes tell a minute.
const MINUTE: usize = 16;
const NO_MINUTE: Minute = ([u8::MAX; MINUTE], 0);

/// Reads the times of one file.
///
/// In [`TimeFormat::Auto`] the first time that can be read decides whether the
/// file holds texts or numbers, and the unit of the numbers by how many digits
/// it has before its point: 9 or 10 are seconds (the years 1973 to 2286), 12 or
/// 13 milliseconds, 15 or 16 microseconds, 18 or 19 nanoseconds. See
/// [`Self::decided`]; a later time of another kind is bad. To read a file in several chunks, let one reader see the
/// first value and [`Self::fork`] it.
///
/// A leap second (`:60`) is read as `:59`, as `jiff` does. Digits beyond the
/// microsecond are cut off. A local time that occurs twice is read as the
/// earlier one and counted.
///
/// ```
/// use touchpath::input::time::{TimeFormat, TimeProblem, TimeReader};
/// let mut reader = TimeReader::new(TimeFormat::Auto, jiff::tz::TimeZone::UTC);
/// assert_eq!(reader.read("1970-01-01T00:00:01.5Z"), Ok(1_500_000));
/// assert_eq!(reader.read("1970-01-01 01:00:00+01:00"), Ok(0));
/// assert_eq!(reader.read("31/01/2026"), Err(TimeProblem::Bad));
/// assert_eq!(reader.read("1700000000"), Err(TimeProblem::Bad)); // texts came first
/// ```
#[derive(Debug, Clone)]
pub struct TimeReader {
    format: TimeFormat,
    zone: TimeZone,
    /// What the first value was, where the format is `Auto`.
    decided: Option<TimeFormat>,
    /// Whether a text with `Z`, or a local time if there was one before, is certain to be
    /// allowed where the format is not the other.
    quick: bool,
    ambiguous: u64,
    /// The last date that was read and the microseconds to its start, as if UTC.
    day: (DateKey, i64),
    /// The last local date and the instant of its start, if no clock changes near it.
    local_day: (DateKey, Option<i64>),
    /// The last minute of a time in UTC, and of a local one of a day on which no clock changes.
    minute: Minute,
    local_minute: Minute,
}

impl TimeReader {
    /// A reader of times in a format; `zone` is that of times without an offset.
    pub fn new(format: TimeFormat, zone: TimeZone) -> Self {
        Self {
            format,
            zone,
            decided: (format != TimeFormat::Auto).then_some(format),
            quick: matches!(format, TimeFormat::Rfc3339 | TimeFormat::Local),
            ambiguous: 0,
            day: (NO_DATE, 0),
            local_day: (NO_DATE, None),
            minute: NO_MINUTE,
            local_minute: NO_MINUTE,
        }
    }

    /// The same reader for another part of the same file: what is decided stays,
    /// what is counted begins anew.
    pub fn fork(&self) -> Self {
        Self { ambiguous: 0, ..self.clone() }
    }

    /// The format of the file: as it was told, or that of the first time that was read.
    pub fn decided(&self) -> Option<TimeFormat> {
        self.decided
    }

    /// How many local times occur twice in the zone and were read as the earlier.
    pub fn ambiguous(&self) -> u64 {
        self.ambiguous
    }

    /// The instant that a text means, in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// Says why there is none; [`Self::hint`] says what to do.
    #[inline]
    pub fn read(&mut self, text: &str) -> Result<i64, TimeProblem> {
        self.read_bytes(text.as_bytes())
    }

    /// As [`Self::read`], of the bytes of a text.
    #[inline]
    pub(super) fn read_bytes(&mut self, text: &[u8]) -> Result<i64, TimeProblem> {
        if self.quick
            && let Some(micros) = self.read_quick(text)
        {
            return Ok(micros);
        }
        self.read_any(text.trim_ascii())
    }

    /// Sets the count of [`Self::ambiguous`] times back.
    pub(super) fn count_from(&mut self, ambiguous: u64) {
        self.ambiguous = ambiguous;
    }

    /// An instant that is a number of this file's unit, as binary formats hold it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_number(&mut self, number: i64) -> Result<i64, TimeProblem> {
        let format = match self.format {
            TimeFormat::Auto => match unit_of(
                number.unsigned_abs().checked_ilog10().map_or(1, |it| it as usize + 1),
            ) {
                Some(unit) => unit,
                None => return Err(TimeProblem::Bad),
            },
            format if format.is_epoch() => format,
            _ => return self.read(&number.to_string()),
        };
        let micros = from_epoch(Decimal { unscaled: i128::from(number), scale: 0 }, format);
        self.decide(format, micros.ok_or(TimeProblem::Bad)?)
    }

    /// A local time of the zone, given as microseconds since 1970 on its own clock.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_local(&mut self, micros: i64) -> Result<i64, TimeProblem> {
        if !(FIRST..=LAST + DAY).contains(&micros) {
            return Err(TimeProblem::Bad);
        }
        let day = micros.div_euclid(DAY) * DAY;
        self.localize(NO_DATE, day, micros - day)
    }

    /// The start of a day of the zone, given as days since 1970-01-01.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_day(&mut self, days: i64) -> Result<i64, TimeProblem> {
        let day = days.checked_mul(DAY).filter(|it| (FIRST..=LAST + DAY).contains(it));
        self.start_of_day(day.ok_or(TimeProblem::Bad)?)
    }

    /// What a user can do about a time that cannot be read.
    pub fn hint(&self, text: &str) -> &'static str {
        let text = text.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let parts = text.split(['/', '.', '-', ' ']).take(3);
        let day_first = parts.clone().count() == 3
            && parts
                .clone()
                .all(|it| (1..=4).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_digit()))
            && text.as_bytes().get(4) != Some(&b'-');
        if day_first {
            "the order of day and month would be a guess; export times as YYYY-MM-DD HH:MM:SS"
        } else if digits == text.len() && self.decided.is_some_and(|it| !it.is_epoch()) {
            "other times of this file are no numbers; two forms in one file are never mixed"
        } else if digits == text.len() && digits == 8 {
            "for days such as 20260131 set time_format = \"date\""
        } else if digits == text.len() && self.decided.is_some() {
            "the first time of this file has another unit; two units in one file are never mixed"
        } else if digits == text.len() {
            "name the unit: time_format = \"epoch_s\", \"epoch_ms\", \"epoch_us\" or \"epoch_ns\""
        } else {
            "write times as 2026-01-31T23:59:59Z, or name the format with time_format in the source"
        }
    }

    /// Adds the instants that parts of a text mean, `rows` of them or up to the first that is
    /// none. `missing` stands for an empty part, if one is allowed.
    pub(super) fn extend<'t>(
        &mut self,
        times: &mut Vec<i64>,
        rows: usize,
        parts: impl Iterator<Item = &'t [u8]>,
        missing: Option<i64>,
    ) {
        let begin = times.len();
        times.resize(begin + rows, 0);
        let mut count = 0;
        for (time, part) in times[begin..].iter_mut().zip(parts) {
            if let Some(it) = self.read_in_minute(part) {
                *time = it;
                count += 1;
                continue;
            }
            *time = match (self.read_bytes(part), missing) {
                (Ok(it), _) => it,
                (Err(TimeProblem::Missing), Some(it)) => it,
                (Err(_), _) => break,
            };
            count += 1;
        }
        times.truncate(begin + count);
    }

    /// `YYYY-MM-DDTHH:MM:SS.fffZ` in the minute of the time before: what most rows of a file in
    /// order have.
    #[inline(always)]
    fn read_in_minute(&self, bytes: &[u8]) -> Option<i64> {
        let text: &[u8; MINUTE + 8] = bytes.try_into().ok()?;
        let (minute, rest) = text.split_first_chunk::<MINUTE>()?;
        if self.minute.0 != *minute {
            return None;
        }
        let within = milliseconds_of(*rest.first_chunk()?)?;
        Some(self.minute.1 + within).filter(|&it| it <= LAST)
    }

    /// `YYYY-MM-DDTHH:MM:SS[.fff]Z` at fixed positions, or `YYYY-MM-DDTHH:MM:SS[.fff]` in the
    /// minute of the local time before.
    #[inline]
    fn read_quick(&mut self, bytes: &[u8]) -> Option<i64> {
        let (minute, rest) = bytes.split_first_chunk::<MINUTE>()?;
        let (&last, seconds) = rest.split_last()?;
        if last != b'Z' {
            if self.local_minute.0 != *minute {
                return None;
            }
            return in_range(self.local_minute.1 + seconds_of(rest)?).ok();
        }
        if self.format == TimeFormat::Local {
            return None;
        }
        let within = match rest.first_chunk() {
            Some(it) if rest.len() == it.len() => {
                milliseconds_of(*it).or_else(|| seconds_of(seconds))
            }
            _ => seconds_of(seconds),
        }?;
        if self.minute.0 != *minute {
            self.minute = (*minute, self.minute_start(minute)?);
        }
        Some(self.minute.1 + within).filter(|&it| it <= LAST)
    }

    /// The start of a minute, as if in UTC.
    #[inline]
    fn minute_start(&mut self, minute: &[u8; MINUTE]) -> Option<i64> {
        let (date, clock) = minute.split_first_chunk::<10>()?;
        let [b'T' | b' ', a, b, c, d, e] = *clock else { return None };
        let key = key_of(date);
        if self.day.0 != key {
            self.day = (key, day_start(date)?);
        }
        Some(self.day.1 + clock_of(&[a, b, c, d, e, b':', b'0', b'0'])?)
    }

    fn read_any(&mut self, bytes: &[u8]) -> Result<i64, TimeProblem> {
        if bytes.is_empty() {
            return Err(TimeProblem::Missing);
        }
        if bytes.len() >= 10 && bytes[4] == b'-' && bytes[0] != b'-' {
            return self.read_text(bytes);
        }
        if self.format == TimeFormat::Date {
            return self.read_compact_date(bytes);
        }
        let digits = whole_digits(bytes).ok_or(TimeProblem::Bad)?;
        let format = match self.format {
            TimeFormat::Auto => unit_of(digits).ok_or(TimeProblem::Bad)?,
            format if format.is_epoch() => format,
            _ => return Err(TimeProblem::Bad),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| TimeProblem::Bad)?;
        let number = Decimal::parse(text).ok_or(TimeProblem::Bad)?;
        self.decide(format, from_epoch(number, format).ok_or(TimeProblem::Bad)?)
    }

    /// Lets the first value of a file decide, and refuses later ones of another kind.
    fn decide(&mut self, format: TimeFormat, micros: i64) -> Result<i64, TimeProblem> {
        if !(FIRST..=LAST).contains(&micros) {
            return Err(TimeProblem::Bad);
        }
        match self.decided {
            Some(it) if it == format => Ok(micros),
            // Texts with an offset, without one, and dates may stand in one file.
            Some(it) if self.format == TimeFormat::Auto && !it.is_epoch() && !format.is_epoch() => {
                Ok(micros)
            }
            Some(_) => Err(TimeProblem::Bad),
            None => {
                self.decided = Some(format);
                self.quick = !format.is_epoch();
                Ok(micros)
            }
        }
    }

    /// A date, or a date and a time of day with an offset or without.
    fn read_text(&mut self, bytes: &[u8]) -> Result<i64, TimeProblem> {
        let (date, rest) = bytes.split_first_chunk::<10>().ok_or(TimeProblem::Bad)?;
        let day = day_start(date).ok_or(TimeProblem::Bad)?;
        let Some((separator, rest)) = rest.split_first() else {
            self.decide(TimeFormat::Date, day.clamp(FIRST, LAST))?;
            return self.start_of_day(day);
        };
        if !matches!(separator, b'T' | b't' | b' ') {
            return Err(TimeProblem::Bad);
        }
        let (clock, zone) = split_clock(rest).ok_or(TimeProblem::Bad)?;
        if zone.is_empty() {
            self.decide(TimeFormat::Local, day.clamp(FIRST, LAST))?;
            let time = self.localize(key_of(date), day, clock)?;
            // The next time may be in the same minute.
            if let (Some(minute), Some(_), b':') =
                (bytes.first_chunk(), self.local_day.1, bytes.get(MINUTE).unwrap_or(&b' '))
                && bytes.len() > MINUTE
            {
                self.local_minute = (*minute, time - clock % MINUTES);
            }
            return Ok(time);
        }
        let offset = offset_of(zone).ok_or(TimeProblem::Bad)?;
        self.decide(TimeFormat::Rfc3339, day + clock - offset)
    }

    /// `YYYYMMDD`.
    fn read_compact_date(&mut self, bytes: &[u8]) -> Result<i64, TimeProblem> {
        let [a, b, c, d, e, f, g, h] = *bytes else { return Err(TimeProblem::Bad) };
        let date = [a, b, c, d, b'-', e, f, b'-', g, h];
        let day = day_start(&date).ok_or(TimeProblem::Bad)?;
        self.start_of_day(day)
    }

    /// The instant of a time of day in the zone.
    fn localize(&mut self, key: DateKey, day: i64, clock: i64) -> Result<i64, TimeProblem> {
        if key == NO_DATE || self.local_day.0 != key {
            self.local_day = (key, self.even_day(day));
        }
        if let Some(start) = self.local_day.1 {
            return in_range(start + clock);
        }
        let local = day + clock;
        match self.offsets(local)? {
            AmbiguousOffset::Unambiguous { offset } => in_range(local - micros_of(offset)),
            AmbiguousOffset::Gap { .. } => Err(TimeProblem::Skipped),
            AmbiguousOffset::Fold { before, .. } => {
                self.ambiguous += 1;
                in_range(local - micros_of(before))
            }
        }
    }

    /// The instant of a day's start, if its offset holds all through the day.
    fn even_day(&self, day: i64) -> Option<i64> {
        let AmbiguousOffset::Unambiguous { offset } = self.offsets(day).ok()? else { return None };
        let start = day - micros_of(offset);
        let instant = jiff::Timestamp::from_microsecond(start).ok()?;
        // A change up to three hours after midnight may repeat hours of this day.
        let end = jiff::Timestamp::from_microsecond(start + DAY + 3 * 3600 * SECOND).ok()?;
        let change = self.zone.following(instant).next();
        change.is_none_or(|it| it.timestamp() > end).then_some(start)
    }

    /// The first instant of a day in the zone (after a jump at midnight, that of the jump).
    fn start_of_day(&self, day: i64) -> Result<i64, TimeProblem> {
        let offset = match self.offsets(day)? {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        in_range(day - micros_of(offset))
    }

    /// The offsets that the zone has at a local time.
    fn offsets(&self, local: i64) -> Result<AmbiguousOffset, TimeProblem> {
        let whole = local.div_euclid(SECOND);
        let instant = jiff::Timestamp::from_second(whole).map_err(|_| TimeProblem::Bad)?;
        let civil: DateTime = jiff::tz::Offset::UTC.to_datetime(instant);
        Ok(self.zone.to_ambiguous_timestamp(civil).offset())
    }
}

fn micros_of(offset: jiff::tz::Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

fn in_range(micros: i64) -> Result<i64, TimeProblem> {
    if (FIRST..=LAST).contains(&micros) { Ok(micros) } else { Err(TimeProblem::Bad) }
}

#[inline]
fn key_of(date: &[u8; 10]) -> DateKey {
    let [a, b, c, d, e, f, g, h, i, j] = *date;
    (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u16::from_le_bytes([i, j]))
}

#[inline]
fn two(high: u8, low: u8) -> Option<i64> {
    let (high, low) = (high.wrapping_sub(b'0'), low.wrapping_sub(b'0'));
    (high <= 9 && low <= 9).then_some(i64::from(high) * 10 + i64::from(low))
}

/// The start of a day `YYYY-MM-DD` of the years 1 to 9999, as if in UTC.
fn day_start(date: &[u8; 10]) -> Option<i64> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = *date else { return None };
    let year = two(a, b)? * 100 + two(c, d)?;
    let (month, day) = (two(e, f)?, two(g, h)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=length).contains(&day) {
        return None;
    }
    // Count in years that begin in March, so that the leap day is the last one.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some((days - 719_468) * DAY)
}

/// `00:00:00`, which leaves the digits of a time of day if it is taken off bit by bit.
const CLOCK: u64 = u64::from_le_bytes(*b"00:00:00");
/// Added to the digits of a time of day, it sets a high bit where one is above 9, or
/// where there is no colon.
const CLOCK_LIMITS: u64 = u64::from_le_bytes([0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// `HH:MM:SS` in microseconds.
#[inline]
fn clock_of(clock: &[u8; 8]) -> Option<i64> {
    let digits = u64::from_le_bytes(*clock) ^ CLOCK;
    if (digits.wrapping_add(CLOCK_LIMITS) | digits) & HIGH_BITS != 0 {
        return None;
    }
    // The byte of each first digit becomes the number of two digits.
    let twos = digits * 10 + (digits >> 8);
    let number = |at: u32| (twos >> (8 * at) & 0xff) as i64;
    let (hour, minute, second) = (number(0), number(3), number(6));
    let valid = hour <= 23 && minute <= 59 && second <= 60;
    valid.then_some((hour * 3600 + minute * 60 + second.min(59)) * SECOND)
}

/// `:SS[.fff]` in microseconds.
#[inline]
fn seconds_of(text: &[u8]) -> Option<i64> {
    let (&[b':', a, b], fraction) = text.split_first_chunk()? else { return None };
    let seconds = two(a, b).filter(|&it| it <= 60)?;
    Some(seconds.min(59) * SECOND + fraction_of(fraction)?)
}

/// `:00.000Z`, and as with [`CLOCK_LIMITS`] what shows whether the digits are any.
const MILLISECONDS: u64 = u64::from_le_bytes(*b":00.000Z");
const MILLISECOND_LIMITS: u64 =
    u64::from_le_bytes([0x7f, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x76, 0x7f]);

/// `:SS.fffZ` in microseconds, as most programs write it.
#[inline]
fn milliseconds_of(text: [u8; 8]) -> Option<i64> {
    let digits = u64::from_le_bytes(text) ^ MILLISECONDS;
    if (digits.wrapping_add(MILLISECOND_LIMITS) | digits) & HIGH_BITS != 0 {
        return None;
    }
    let twos = digits * 10 + (digits >> 8);
    let (seconds, most, least) = (twos >> 8 & 0xff, twos >> 32 & 0xff, digits >> 48 & 0xff);
    let valid = seconds <= 60;
    valid.then_some(seconds.min(59) as i64 * SECOND + (most * 10 + least) as i64 * 1000)
}

/// Nothing, or a point and one to nine digits, in microseconds.
#[inline]
fn fraction_of(text: &[u8]) -> Option<i64> {
    let Some((point, digits)) = text.split_first() else { return Some(0) };
    if !matches!(point, b'.' | b',') || digits.is_empty() || digits.len() > 9 {
        return None;
    }
    if let [a, b, c] = *digits {
        // Milliseconds, as most programs write them.
        let (a, b, c) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'), c.wrapping_sub(b'0'));
        let micros = i64::from(a) * 100_000 + i64::from(b) * 10_000 + i64::from(c) * 1000;
        return (a <= 9 && b <= 9 && c <= 9).then_some(micros);
    }
    let (mut micros, mut unit) = (0, 100_000);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        micros += i64::from(digit) * unit;
        unit /= 10;
    }
    Some(micros)
}

/// `HH:MM[:SS[.fff]]` in microseconds, and what follows it.
fn split_clock(text: &[u8]) -> Option<(i64, &[u8])> {
    if text.get(5) != Some(&b':') {
        let [a, b, c, d, e] = *text.first_chunk::<5>()?;
        return Some((clock_of(&[a, b, c, d, e, b':', b'0', b'0'])?, &text[5..]));
    }
    let (clock, rest) = text.split_first_chunk::<8>()?;
    let is_fraction = matches!(rest.first(), Some(b'.' | b','));
    let digits = rest.iter().skip(1).take_while(|it| it.is_ascii_digit()).count();
    let (fraction, rest) = rest.split_at(if is_fraction { 1 + digits } else { 0 });
    Some((clock_of(clock)? + fraction_of(fraction)?, rest))
}

/// `Z`, `UTC`, `+HH`, `+HHMM` or `+HH:MM`, after a blank or not, in microseconds east of UTC.
fn offset_of(zone: &[u8]) -> Option<i64> {
    let zone = zone.strip_prefix(b" ").unwrap_or(zone);
    let (hours, minutes) = match *zone {
        [b'Z' | b'z'] | [b'U', b'T', b'C'] => return Some(0),
        [b'+' | b'-', a, b] => (two(a, b)?, 0),
        [b'+' | b'-', a, b, c, d] | [b'+' | b'-', a, b, b':', c, d] => (two(a, b)?, two(c, d)?),
        _ => return None,
    };
    let size = (hours * 3600 + minutes * 60) * SECOND;
    (hours <= 23 && minutes <= 59).then_some(if zone[0] == b'-' { -size } else { size })
}

/// How many digits a number has before its point; `None` if it is no plain number.
fn whole_digits(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = digits.iter().take_while(|it| it.is_ascii_digit()).count();
    let rest = &digits[whole..];
    let fraction = match rest.split_first() {
        None => true,
        Some((b'.', it)) => !it.is_empty() && it.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    (whole > 0 && fraction).then_some(whole)
}

/// The unit of a number with so many digits, by the rule of [`TimeFormat::Auto`].
fn unit_of(digits: usize) -> Option<TimeFormat> {
    match digits {
        9 | 10 => Some(TimeFormat::EpochS),
        12 | 13 => Some(TimeFormat::EpochMs),
        15 | 16 => Some(TimeFormat::EpochUs),
        18 | 19 => Some(TimeFormat::EpochNs),
        _ => None,
    }
}

/// A number of a unit in microseconds, cut downwards.
fn from_epoch(number: Decimal, unit: TimeFormat) -> Option<i64> {
    let (times, over) = match unit {
        TimeFormat::EpochS => (SECOND, 1),
        TimeFormat::EpochMs => (1000, 1),
        TimeFormat::EpochUs => (1, 1),
        _ => (1, 1000),
    };
    if number.scale == 0 {
        let whole = i64::try_from(number.unscaled).ok()?;
        return Some(whole.checked_mul(times)?.div_euclid(over));
    }
    let over = 10i128.checked_pow(number.scale)?.checked_mul(i128::from(over))?;
    let micros = number.unscaled.checked_mul(i128::from(times))?.div_euclid(over);
    i64::try_from(micros).ok()
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
