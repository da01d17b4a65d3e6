//! Values as the texts that their files would have.
//!
//! Knows nothing of what a value means.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::base::Timestamp;
use crate::base::time::DAY;
use crate::input::rows::Field;

/// The text of a value; numbers are written into `scratch`.
#[inline]
pub(in crate::input) fn text_of<'s>(field: &Field<'s>, scratch: &'s mut String) -> &'s str {
    match *field {
        Field::Missing => "",
        Field::Text(text) => text,
        other => {
            write_number(other, scratch);
            scratch
        }
    }
}

fn write_number(field: Field<'_>, scratch: &mut String) {
    scratch.clear();
    // Writing into a String cannot fail.
    let _ = match field {
        Field::Missing => Ok(()),
        Field::Text(it) => scratch.write_str(it),
        Field::Integer(it) => write!(scratch, "{it}"),
        Field::Micros(it) => write!(scratch, "{}", Timestamp(it)),
        Field::Local(it) => write_local(it, scratch),
        Field::Day(it) => write_day(it, scratch),
        Field::Decimal { unscaled, scale } => write_decimal(unscaled, scale, scratch),
    };
}

fn write_local(micros: i64, scratch: &mut String) -> std::fmt::Result {
    match jiff::Timestamp::from_microsecond(micros) {
        Ok(it) => write!(scratch, "{}", TimeZone::UTC.to_datetime(it)),
        Err(_) => write!(scratch, "{micros}us"),
    }
}

fn write_day(days: i64, scratch: &mut String) -> std::fmt::Result {
    match days.checked_mul(DAY).map(jiff::Timestamp::from_microsecond) {
        Some(Ok(it)) => write!(scratch, "{}", TimeZone::UTC.to_datetime(it).date()),
        _ => write!(scratch, "{days}d"),
    }
}

fn write_decimal(unscaled: i128, scale: u32, scratch: &mut String) -> std::fmt::Result {
    let sign = if unscaled < 0 { "-" } else { "" };
    let size = unscaled.unsigned_abs();
    match 10u128.checked_pow(scale) {
        _ if scale == 0 => write!(scratch, "{unscaled}"),
        Some(unit) => {
            let width = scale as usize;
            write!(scratch, "{sign}{}.{:0width$}", size / unit, size % unit)
        }
        None => write!(scratch, "{unscaled}e-{scale}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_their_files_would() {
        let mut scratch = String::new();
        let mut check = |field, expected: &str| {
            assert_eq!(text_of(&field, &mut scratch), expected);
        };
        check(Field::Integer(-7), "-7");
        check(Field::Decimal { unscaled: -5, scale: 2 }, "-0.05");
        check(Field::Decimal { unscaled: 1250, scale: 2 }, "12.50");
        check(Field::Micros(0), "1970-01-01T00:00:00Z");
        check(Field::Local(1_500_000), "1970-01-01T00:00:01.5");
        check(Field::Day(-1), "1969-12-31");
    }
}
