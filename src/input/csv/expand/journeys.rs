//! The journeys that a row of counted paths stands for, event by event.
//!
//! Does not ask whether the row can be used.

use std::borrow::Cow;

use super::header::Slot;
use super::{CONVERSION, Counted, Expand, Record};
use crate::base::time::SECOND;
use crate::input::rows::Field;

/// How many events make a batch.
const PART_ROWS: u64 = 1 << 16;
/// When journeys begin: any time does, since none is known. 2000-01-01 in UTC.
const BEGIN: i64 = 946_684_800 * SECOND;
/// How far touches are apart: farther than sessions are.
const HOUR: i64 = 3600 * SECOND;

impl Expand<'_> {
    pub(super) fn deliver(
        &mut self,
        counted: &Counted<'_>,
        values: &[Cow<'_, str>],
        at: &Record<'_>,
        end: usize,
    ) {
        let file = std::sync::Arc::clone(&self.job.file.name);
        let digits = self.job.mapping.common.currency.digits();
        for journey in 0..counted.conversions + counted.nulls {
            let id = format!("{file}:{}:{}", at.line, journey + 1);
            let made = Made { id: &id, values, digits };
            let mut time = BEGIN;
            for touch in &counted.touches {
                self.push(&made, time, touch, Some(touch), None, (at, end));
                time += HOUR;
            }
            if journey < counted.conversions {
                let minor = counted.values.map(|it| share(it, journey));
                self.push(&made, time - HOUR + SECOND, CONVERSION, None, minor, (at, end));
            }
            if self.rows.read() >= PART_ROWS {
                self.job.progress.rows(self.rows.read());
                let next = self.rows.fork();
                self.outcome.parts.push(std::mem::replace(&mut self.rows, next).finish());
            }
        }
    }

    fn push(
        &mut self,
        made: &Made<'_>,
        time: i64,
        event: &str,
        channel: Option<&str>,
        minor: Option<i64>,
        (record, end): (&Record<'_>, usize),
    ) {
        let field = |slot: &Slot| match *slot {
            Slot::Id => Field::Text(made.id),
            Slot::Time => Field::Micros(time),
            Slot::Event => Field::Text(event),
            Slot::Channel => channel.map_or(Field::Missing, Field::Text),
            Slot::Value => minor.map_or(Field::Missing, |it| Field::Decimal {
                unscaled: it.into(),
                scale: made.digits,
            }),
            Slot::Own(column) => Field::Text(&made.values[column]),
            Slot::Absent => Field::Missing,
        };
        let fields: Vec<Field<'_>> = self.slots.iter().map(field).collect();
        self.rows.push(record.line, &fields, &|| record.shown(end));
    }
}

/// What all events of a journey have in common.
struct Made<'a> {
    id: &'a str,
    values: &'a [Cow<'a, str>],
    digits: u32,
}

/// The part of a value that falls to one of so many conversions: all alike, but for the
/// units that are left over, one each to the first.
///
/// ```text
/// share((1001, 3), 0) == 334, share((1001, 3), 1) == 334, share((1001, 3), 2) == 333
/// ```
fn share((total, count): (i64, u64), index: u64) -> i64 {
    // The same as `apportion` over equal weights, which a test holds it to.
    let (total, count, index) = (i128::from(total), i128::from(count), i128::from(index));
    let (each, left) = (total / count, total % count);
    let part = each + left.signum() * i128::from(index < left.abs());
    i64::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::apportion;

    #[test]
    fn values_are_spread_as_largest_remainders_are() {
        for total in [0, 1, 7, 1001, -1001, 99_999] {
            for conversions in [1u64, 2, 3, 7, 10] {
                let ours: Vec<i64> =
                    (0..conversions).map(|it| share((total, conversions), it)).collect();
                assert_eq!(ours.iter().sum::<i64>(), total);
                assert_eq!(ours, apportion(total, &vec![1; conversions as usize]));
            }
        }
    }
}
