//! One record: filtered, left out, set aside, or checked as a whole and then kept.
//!
//! What it makes of a record is the definition; blocks come to the same. Knows no file format.

use super::aside::{Fault, Record, fault, time_kind};
use super::{Field, Rows};
use crate::base::{IssueKind, Place};
use crate::input::bots::{AGENT, is_bot};
use crate::input::columns::text_of;
use crate::input::decimal::{Decimal, to_minor};
use crate::input::dedupe;
use crate::input::ids::id_of;
use crate::input::time::{TimeProblem, is_time};
use crate::model::raw::{Blocked, NO_AMOUNT, NO_SEQUENCE, NO_TIME};

/// Larger amounts of one row, in minor units, are taken for mistakes: sums of any
/// order's lines then stay exact.
const LARGEST_AMOUNT: u64 = 1_000_000_000_000_000;
/// How many columns a filter may ask about without a list made for each row.
const FEW: usize = 8;

impl Rows<'_> {
    /// Takes one record: its line (or row number) from 1, its values in the order
    /// of [`columns`](crate::input::mapping::Mapping::columns), and how to get it as it stands
    /// in the file.
    pub fn push(&mut self, line: u64, fields: &[Field<'_>], raw: &dyn Fn() -> String) {
        self.push_at(line, fields, raw, &|_| 0);
    }

    /// As [`Self::push`], where the reader can tell in which column of its line
    /// (in characters from 1, 0 if unknown) a value begins.
    pub fn push_at(
        &mut self,
        line: u64,
        fields: &[Field<'_>],
        raw: &dyn Fn() -> String,
        column_of: &dyn Fn(usize) -> u64,
    ) {
        self.issues.read += 1;
        if !self.passes(fields) {
            self.issues.filtered += 1;
            return;
        }
        if self.is_forgotten(fields) {
            return self.forget(line);
        }
        if self.is_bots(fields) {
            let file = &self.file;
            let place = || Place::line(&*file.name, line);
            self.issues.leave_out_at(AGENT, file.order, place);
            return;
        }
        match self.take(fields) {
            Ok(()) => {
                self.note_lines(1, |_| line);
                self.keep_key(line, fields);
            }
            Err(fault) => self.set_aside(fault, &Record { line, fields, raw, column_of }),
        }
    }

    /// Whether the record is that of a bot, by its user agent.
    fn is_bots(&mut self, fields: &[Field<'_>]) -> bool {
        let Some(column) = self.mapping.user_agent else { return false };
        let text = text_of(&fields[column], &mut self.scratch);
        if text != self.agent.0 {
            self.agent = (text.to_owned(), is_bot(text));
        }
        self.agent.1
    }

    /// Whether the record has an id of somebody who is to be forgotten.
    fn is_forgotten(&mut self, fields: &[Field<'_>]) -> bool {
        let mapping = self.mapping;
        let Some(forget) = &mapping.common.privacy.forget else { return false };
        mapping.ids.iter().enumerate().any(|(index, &(id_type, column))| {
            let id = id_of(&fields[column], self.folds[index], &mut self.scratch);
            forget.has(id_type, id)
        })
    }

    /// Whether the record passes the source's `where`.
    fn passes(&mut self, fields: &[Field<'_>]) -> bool {
        let Some((filter, columns)) = &self.mapping.filter else { return true };
        self.filter_scratch.resize_with(columns.len(), String::new);
        let texts = columns
            .iter()
            .zip(&mut self.filter_scratch)
            .map(|(&column, scratch)| Some(text_of(&fields[column], scratch)));
        let mut few = [None; FEW];
        if columns.len() <= FEW {
            few.iter_mut().zip(texts).for_each(|(value, text)| *value = text);
            filter.matches(&few[..columns.len()])
        } else {
            filter.matches(&texts.collect::<Vec<_>>())
        }
    }

    /// Checks the whole record before anything of it is kept, then keeps it.
    fn take(&mut self, fields: &[Field<'_>]) -> Result<(), Fault> {
        let time = self.time(fields)?;
        self.check_ids(fields)?;
        let (amount, rounded) = self.amount(&|it: usize| fields[it])?;
        let number = match self.mapping.sequence {
            Some(it) => self.number(&fields[it]).map_err(|kind| fault(kind, it))?,
            None => NO_SEQUENCE,
        };
        self.times.push(time);
        self.issues.rounded += u64::from(rounded);
        if self.mapping.value.is_some() {
            self.amounts.push(amount);
        }
        if self.mapping.sequence.is_some() {
            self.numbers.push(number);
        }
        if let Some(column) = self.mapping.event_id {
            self.keep_event_id(&fields[column]);
        }
        self.keep_texts(fields);
        Ok(())
    }

    fn time(&mut self, fields: &[Field<'_>]) -> Result<i64, Fault> {
        let Some(column) = self.mapping.time else { return Ok(NO_TIME) };
        let bad = |it: TimeProblem, column: usize| fault(time_kind(it), column);
        let time = self.time_of(&fields[column]).map_err(|it| bad(it, column))?;
        let Some((sent, received)) = self.mapping.skew.filter(|_| time != NO_TIME) else {
            return Ok(time);
        };
        // How far the sender's clock was off; where it is not told, the time stands.
        let mut other = |column: usize| match self.time_of(&fields[column]) {
            Ok(NO_TIME) | Err(TimeProblem::Missing) => Ok(None),
            Ok(it) => Ok(Some(it)),
            Err(it) => Err(bad(it, column)),
        };
        let (Some(sent), Some(received)) = (other(sent)?, other(received)?) else {
            return Ok(time);
        };
        let corrected = received.checked_sub(sent).and_then(|it| time.checked_add(it));
        corrected.filter(|it| is_time(*it)).ok_or_else(|| bad(TimeProblem::Bad, column))
    }

    /// The time that a value is; links need none.
    pub(super) fn time_of(&mut self, field: &Field<'_>) -> Result<i64, TimeProblem> {
        let read = match *field {
            Field::Text(text) => self.clock.read(text),
            Field::Missing => Err(TimeProblem::Missing),
            Field::Micros(it) => Ok(it),
            Field::Local(it) => self.clock.read_local(it),
            Field::Day(it) => self.clock.read_day(it),
            Field::Integer(it) => self.clock.read_number(it),
            Field::Decimal { .. } => self.clock.read(text_of(field, &mut self.scratch)),
        };
        match read {
            Err(TimeProblem::Missing) if self.mapping.links => Ok(NO_TIME),
            other => other,
        }
    }

    /// Notes which ids are somebody's; a record needs one.
    fn check_ids(&mut self, fields: &[Field<'_>]) -> Result<(), Fault> {
        let mapping = self.mapping;
        let (mut any, mut nobodys) = (false, None);
        for (index, &(id_type, column)) in mapping.ids.iter().enumerate() {
            let text = id_of(&fields[column], self.folds[index], &mut self.scratch);
            let blocked = !text.is_empty() && mapping.nobody.is(text);
            if blocked {
                nobodys = nobodys.or(Some(column));
                count(&mut self.blocked, id_type, text);
            }
            let good = !text.is_empty() && !blocked;
            self.good_ids[index] = good;
            any |= good;
        }
        match (any, nobodys) {
            (true, _) => Ok(()),
            (_, Some(column)) => Err(fault(IssueKind::NullLikeId, column)),
            _ => Err(Fault { kind: IssueKind::MissingId, column: None }),
        }
    }

    /// The amount in minor units, and whether it was rounded.
    pub(super) fn amount<'f>(
        &mut self,
        field: &impl Fn(usize) -> Field<'f>,
    ) -> Result<(i64, bool), Fault> {
        let mapping = self.mapping;
        let Some(column) = mapping.value else { return Ok((NO_AMOUNT, false)) };
        let bad = |column: usize| fault(IssueKind::BadValue, column);
        let Some(value) = decimal(&field(column)).map_err(|()| bad(column))? else {
            return Ok((NO_AMOUNT, false));
        };
        let quantity = match mapping.quantity {
            Some(it) => decimal(&field(it)).map_err(|()| bad(it))?,
            None => None,
        };
        if let Some(column) = mapping.currency {
            let named = field(column);
            let text = text_of(&named, &mut self.scratch).trim();
            if !text.is_empty() && !text.eq_ignore_ascii_case(mapping.common.currency.code()) {
                return Err(fault(IssueKind::OtherCurrency, column));
            }
        }
        to_minor(value, quantity, mapping.common.currency.digits())
            .filter(|it| it.0.unsigned_abs() <= LARGEST_AMOUNT)
            .ok_or_else(|| bad(column))
    }

    /// The sequence number that a value is.
    pub(super) fn number(&self, field: &Field<'_>) -> Result<i64, IssueKind> {
        let number = match *field {
            Field::Missing => return Ok(NO_SEQUENCE),
            Field::Text(text) if text.trim().is_empty() => return Ok(NO_SEQUENCE),
            Field::Text(text) => text.trim().parse().ok(),
            Field::Integer(it) | Field::Micros(it) | Field::Local(it) | Field::Day(it) => Some(it),
            Field::Decimal { unscaled, scale: 0 } => i64::try_from(unscaled).ok(),
            Field::Decimal { .. } => None,
        };
        number.filter(|&it| it != NO_SEQUENCE).ok_or(IssueKind::BadSequence)
    }

    pub(super) fn keep_event_id(&mut self, field: &Field<'_>) {
        match *field {
            Field::Integer(it) => self.event_ids.push_number(it, &mut self.scratch),
            _ => self.event_ids.push(text_of(field, &mut self.scratch)),
        }
    }

    fn keep_texts(&mut self, fields: &[Field<'_>]) {
        let mapping = self.mapping;
        for (index, &(_, column)) in mapping.ids.iter().enumerate() {
            if self.good_ids[index] {
                let id = id_of(&fields[column], self.folds[index], &mut self.scratch);
                self.ids[index].push_id(id);
            } else {
                self.ids[index].skip();
            }
        }
        for (coder, plan) in self.texts.iter_mut().zip(&mapping.texts) {
            let text = match plan.column {
                Some(column) => text_of(&fields[column], &mut self.scratch),
                None => "",
            };
            coder.push_or(text, plan.constant.as_deref());
        }
    }

    /// Keeps what tells that the record is the same as another.
    fn keep_key(&mut self, line: u64, fields: &[Field<'_>]) {
        let mapping = self.mapping;
        if mapping.dedupe.is_empty() {
            return;
        }
        let texts: Vec<String> = mapping
            .dedupe
            .iter()
            .map(|&it| text_of(&fields[it], &mut self.scratch).to_owned())
            .collect();
        self.keys.hashes.push(dedupe::key(&mapping.preset, texts.iter().map(String::as_str)));
        self.keys.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
    }
}

/// The number that a field is, if it has one; `Err` if it has something else.
fn decimal(field: &Field<'_>) -> Result<Option<Decimal>, ()> {
    match *field {
        Field::Missing => Ok(None),
        Field::Text(text) if text.trim().is_empty() => Ok(None),
        Field::Text(text) => Decimal::parse(text).map(Some).ok_or(()),
        Field::Integer(it) => Ok(Some(Decimal { unscaled: it.into(), scale: 0 })),
        Field::Decimal { unscaled, scale } => Ok(Some(Decimal { unscaled, scale })),
        Field::Micros(_) | Field::Local(_) | Field::Day(_) => Err(()),
    }
}

#[cold]
pub(super) fn count(blocked: &mut Blocked, id_type: usize, text: &str) {
    *blocked.entry((id_type, text.to_owned())).or_default() += 1;
}
