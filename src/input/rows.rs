//! Records in, coded rows out: where every reader delivers.
//!
//! Checks each record (filter, time, ids, amount, sequence), codes its texts and
//! counts it as used, filtered or set aside. Knows no file format.

pub mod block;
mod ids;
pub mod listed;
pub mod spans;

use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::bots::{AGENT, is_bot};
use super::columns::{Coder, EventIds, text_of};
use super::decimal::{Decimal, to_minor};
use super::dedupe;
use super::gather::Part;
use super::ids::{folds_case, id_of};
use super::mapping::Mapping;
use super::options::TimeFormat;
use super::time::{TimeProblem, TimeReader, is_time};
use crate::base::{IssueKind, Issues, NONE, Place, Reject};
use crate::model::raw::{Batch, Blocked, Keys, NO_AMOUNT, NO_SEQUENCE, NO_TIME, Sequence};

/// Larger amounts of one row, in minor units, are taken for mistakes: sums of any
/// order's lines then stay exact.
const LARGEST_AMOUNT: u64 = 1_000_000_000_000_000;

/// One value of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    /// Nothing; an empty text means the same.
    Missing,
    /// Text as it stands in the file.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// `unscaled · 10^-scale`.
    Decimal {
        /// The digits as a whole number.
        unscaled: i128,
        /// How many of them stand behind the point.
        scale: u32,
    },
    /// An instant in microseconds since the epoch, UTC.
    Micros(i64),
    /// A local time: microseconds since 1970 on the clock of the journey's zone.
    Local(i64),
    /// A date: days since 1970-01-01, midnight in the journey's zone.
    Day(i64),
}

/// A file, as messages name it, and its order among all input files.
#[derive(Debug, Clone)]
pub struct FileId {
    /// The path as the user named it.
    pub name: Arc<str>,
    /// Its order among all input files.
    pub order: u32,
}

/// Takes records in file order and makes a batch of them.
pub struct Rows<'m> {
    mapping: &'m Mapping,
    file: FileId,
    issues: Issues,
    blocked: Blocked,
    clock: TimeReader,
    times: Vec<i64>,
    /// The line of each row, where they are asked for.
    lines: Option<Vec<i64>>,
    ids: Vec<Coder>,
    texts: Vec<Coder>,
    numbers: Vec<i64>,
    event_ids: EventIds,
    amounts: Vec<i64>,
    /// Which columns of ids mean the same in any case of letters.
    folds: Vec<bool>,
    /// Which ids of the record at hand are somebody's.
    good_ids: Vec<bool>,
    keys: Keys,
    /// The user agent that came last, and whether it is a bot's.
    agent: (String, bool),
    scratch: String,
    filter_scratch: Vec<String>,
    found: ids::Found,
    /// For each column of ids how many distinct ones [`MANY`] records of some part of the
    /// file had: how much room another part will need.
    distinct: Arc<[AtomicU32]>,
}

/// Why a record is set aside: the kind and the column at fault.
struct Fault {
    kind: IssueKind,
    column: Option<usize>,
}

/// The record at hand, and where it stands.
struct Record<'a> {
    line: u64,
    fields: &'a [Field<'a>],
    raw: &'a dyn Fn() -> String,
    column_of: &'a dyn Fn(usize) -> u64,
}

/// How much of a record and of a value is kept of one that is set aside, in bytes.
const RAW_KEPT: usize = 1024;
const VALUE_KEPT: usize = 100;
/// The texts that say where a visit is from.
const FROM: [&str; 2] = ["utm_source", "utm_medium"];
/// How many records their distinct ids are told of.
const MANY: usize = 1024;
/// How many of them are expected before any part of a file tells.
const DISTINCT: u32 = 256;
/// How many columns a filter may ask about without a list made for each row.
const FEW: usize = 8;

impl<'m> Rows<'m> {
    /// No rows yet; `keep_all` keeps every rejected row for `--rejects`.
    pub fn new(mapping: &'m Mapping, file: FileId, keep_all: bool) -> Self {
        let clock = TimeReader::new(mapping.time_format, mapping.common.zone.clone());
        let distinct = mapping.ids.iter().map(|_| AtomicU32::new(DISTINCT)).collect();
        Self::with_clock(mapping, file, keep_all, clock, distinct)
    }

    /// No rows yet, for another part of the same file: what the first part found
    /// out about the format of times holds here too.
    pub fn fork(&self) -> Self {
        let keep_all = self.issues.keeps_all();
        let (clock, distinct) = (self.clock.fork(), Arc::clone(&self.distinct));
        Self::with_clock(self.mapping, self.file.clone(), keep_all, clock, distinct)
    }

    /// Sets room aside for about so many records, so that columns need not move as they grow.
    pub fn reserve(&mut self, records: usize) {
        self.times.reserve(records);
        self.ids.iter_mut().chain(&mut self.texts).for_each(|it| it.reserve(records));
        for (coder, distinct) in self.ids.iter_mut().zip(&*self.distinct) {
            // A little more, as parts differ.
            let distinct = distinct.load(Ordering::Relaxed) as usize * 17 / 16;
            coder.reserve_texts(records * distinct / MANY);
        }
        if self.mapping.value.is_some() {
            self.amounts.reserve(records);
        }
        if self.mapping.sequence.is_some() {
            self.numbers.reserve(records);
        }
        if self.mapping.event_id.is_some() {
            self.event_ids.reserve(records);
        }
    }

    /// Whether the format of times is known, so that parts of the file can be
    /// read by [`Self::fork`]s at the same time.
    pub fn is_decided(&self) -> bool {
        self.mapping.time.is_none() || self.clock.decided().is_some()
    }

    fn with_clock(
        mapping: &'m Mapping,
        file: FileId,
        keep_all: bool,
        clock: TimeReader,
        distinct: Arc<[AtomicU32]>,
    ) -> Self {
        let coders = |count: usize| (0..count).map(|_| Coder::default()).collect();
        let id_type = |it: usize| mapping.common.fields.id_types[it].as_str();
        Self {
            mapping,
            file,
            issues: Issues::new(keep_all),
            blocked: Blocked::new(),
            clock,
            times: Vec::new(),
            lines: mapping.notes_lines().then(Vec::new),
            ids: coders(mapping.ids.len()),
            texts: coders(mapping.texts.len()),
            numbers: Vec::new(),
            event_ids: EventIds::default(),
            amounts: Vec::new(),
            folds: mapping.ids.iter().map(|it| folds_case(id_type(it.0))).collect(),
            good_ids: vec![false; mapping.ids.len()],
            keys: Keys::default(),
            agent: (String::new(), false),
            scratch: String::new(),
            filter_scratch: Vec::new(),
            found: ids::Found::default(),
            distinct,
        }
    }

    /// Takes one record: its line (or row number) from 1, its values in the order
    /// of [`Mapping::columns`], and how to get it as it stands in the file.
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

    /// Notes the lines of the records that [`Self::push_block`] has just taken, by their
    /// positions among them; [`Self::push_at`] does so itself.
    #[inline]
    pub fn note_lines(&mut self, taken: usize, line: impl Fn(usize) -> u64) {
        if let Some(lines) = &mut self.lines {
            lines.extend((0..taken).map(|it| i64::try_from(line(it)).unwrap_or(0)));
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

    /// Counts a record that the reader could not take apart.
    pub fn reject(
        &mut self,
        line: u64,
        column: u64,
        kind: IssueKind,
        detail: impl Into<String>,
        raw: &dyn Fn() -> String,
    ) {
        self.issues.read += 1;
        let (file, privacy) = (&self.file, &self.mapping.common.privacy);
        self.issues.reject(kind, || {
            let (detail, raw) = privacy.kept(detail.into(), raw());
            Reject {
                file_order: file.order,
                place: Place::at(&*file.name, line, column),
                kind,
                detail,
                raw: cut(raw, RAW_KEPT),
            }
        });
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

    /// Counts a record of which nothing is kept but its place.
    fn forget(&mut self, line: u64) {
        let file = &self.file;
        self.issues.reject(IssueKind::Forgotten, || Reject {
            file_order: file.order,
            place: Place::line(&*file.name, line),
            kind: IssueKind::Forgotten,
            detail: String::new(),
            raw: String::new(),
        });
    }

    /// Counts an amount that the reader itself had to round.
    pub fn note_rounded(&mut self, rounded: bool) {
        self.issues.rounded += u64::from(rounded);
    }

    /// Counts a record that is knowingly no row, for this reason.
    pub fn leave_out(&mut self, reason: &'static str) {
        self.issues.read += 1;
        self.issues.leave_out(reason);
    }

    /// How many records came so far.
    pub fn read(&self) -> u64 {
        self.issues.read
    }

    /// Whether a record was set aside so far with which something is wrong.
    pub fn has_rejects(&self) -> bool {
        self.issues.faults() > 0
    }

    /// The rows that were used, and what became of the others.
    pub fn finish(mut self) -> (Part, Issues) {
        self.hand_over()
    }

    /// As [`Self::finish`]; what comes then belongs to another part of the same file, and
    /// uses the memory of this one.
    pub fn hand_over(&mut self) -> (Part, Issues) {
        let mapping = self.mapping;
        let fresh = Issues::new(self.issues.keeps_all());
        let mut issues = std::mem::replace(&mut self.issues, fresh);
        issues.ambiguous += self.clock.ambiguous();
        self.clock.count_from(0);
        let mut batch = self.batch();
        mapping.common.privacy.hash_batch(&mut batch, &mapping.common.fields);
        let part = match &mapping.common.gather {
            Some(it) => {
                let part = it.take_from(&mut batch, mapping.event_id.is_some());
                self.reuse(batch);
                part
            }
            None => {
                self.reuse(Batch::default());
                batch.into()
            }
        };
        (part, issues)
    }

    /// All rows; none are left.
    fn batch(&mut self) -> Batch {
        let mapping = self.mapping;
        // A reader that notes the lines of some blocks alone has told nothing.
        let lines = self.lines.take().filter(|it| it.len() == self.times.len()).unwrap_or_default();
        let mut batch = Batch {
            links: mapping.links,
            lines,
            times_as: self.clock.decided().map_or("", TimeFormat::words),
            file_order: self.file.order,
            times: take(&mut self.times),
            sequence: match (mapping.sequence, mapping.event_id) {
                (Some(_), _) => Sequence::Numbers(take(&mut self.numbers)),
                (None, Some(_)) => take(&mut self.event_ids).finish(),
                (None, None) => Sequence::None,
            },
            amounts: take(&mut self.amounts),
            keys: take(&mut self.keys),
            blocked: take(&mut self.blocked),
            ..Batch::default()
        };
        batch.ids.resize_with(mapping.common.fields.id_types.len(), Default::default);
        for (coder, distinct) in self.ids.iter().zip(&*self.distinct) {
            let texts = (coder.texts() * MANY).div_ceil(batch.times.len().max(1));
            distinct.store(u32::try_from(texts).unwrap_or(DISTINCT), Ordering::Relaxed);
        }
        for (coder, &(id_type, _)) in self.ids.iter_mut().zip(&mapping.ids) {
            batch.ids[id_type] = coder.take();
        }
        batch.texts.resize_with(mapping.common.fields.texts.len(), Default::default);
        for (coder, plan) in self.texts.iter_mut().zip(&mapping.texts) {
            let column = &mut batch.texts[plan.field];
            *column = coder.take();
            // A source that says where visits are from says so of every row, also where a
            // part of a file happens to hold none that came from anywhere.
            let name = mapping.common.fields.texts[plan.field].as_str();
            if plan.column.is_some() && FROM.contains(&name) && column.codes.is_empty() {
                column.codes = vec![NONE; batch.times.len()];
            }
        }
        batch
    }

    /// Takes the memory of a batch of [`Self::batch`] back, for other rows.
    fn reuse(&mut self, mut batch: Batch) {
        let mapping = self.mapping;
        let room = |mut it: Vec<i64>| {
            it.clear();
            it
        };
        self.lines = mapping.notes_lines().then(|| room(batch.lines));
        self.times = room(batch.times);
        self.amounts = room(batch.amounts);
        if let Sequence::Numbers(it) = batch.sequence {
            match mapping.sequence {
                Some(_) => self.numbers = room(it),
                None => self.event_ids = EventIds::Numbers(room(it)),
            }
        }
        for (coder, &(id_type, _)) in self.ids.iter_mut().zip(&mapping.ids) {
            coder.reuse(batch.ids.get_mut(id_type).map(take).unwrap_or_default());
        }
        for (coder, plan) in self.texts.iter_mut().zip(&mapping.texts) {
            coder.reuse(batch.texts.get_mut(plan.field).map(take).unwrap_or_default());
        }
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

    fn keep_event_id(&mut self, field: &Field<'_>) {
        match *field {
            Field::Integer(it) => self.event_ids.push_number(it, &mut self.scratch),
            _ => self.event_ids.push(text_of(field, &mut self.scratch)),
        }
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
    fn time_of(&mut self, field: &Field<'_>) -> Result<i64, TimeProblem> {
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
    fn amount<'f>(&mut self, field: &impl Fn(usize) -> Field<'f>) -> Result<(i64, bool), Fault> {
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
    fn number(&self, field: &Field<'_>) -> Result<i64, IssueKind> {
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

    #[cold]
    fn set_aside(&mut self, fault: Fault, record: &Record<'_>) {
        let (file, names) = (&self.file, self.mapping.columns());
        let privacy = &self.mapping.common.privacy;
        let column = fault.column.map_or(0, |it| (record.column_of)(it));
        let detail = |column: usize| {
            let mut scratch = String::new();
            let value = text_of(&record.fields[column], &mut scratch).to_owned();
            match value.is_empty() || privacy.hash.is_some() {
                true => format!("column {}", names[column]),
                false => format!("\"{}\" (column {})", cut(value, VALUE_KEPT), names[column]),
            }
        };
        self.issues.reject(fault.kind, || Reject {
            file_order: file.order,
            place: Place::at(&*file.name, record.line, column),
            kind: fault.kind,
            detail: fault.column.map(detail).unwrap_or_default(),
            raw: cut(privacy.kept(String::new(), (record.raw)()).1, RAW_KEPT),
        });
    }
}

#[cold]
fn fault(kind: IssueKind, column: usize) -> Fault {
    Fault { kind, column: Some(column) }
}

fn time_kind(problem: TimeProblem) -> IssueKind {
    match problem {
        TimeProblem::Missing => IssueKind::MissingTime,
        TimeProblem::Bad => IssueKind::BadTime,
        TimeProblem::Skipped => IssueKind::SkippedTime,
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
fn count(blocked: &mut Blocked, id_type: usize, text: &str) {
    *blocked.entry((id_type, text.to_owned())).or_default() += 1;
}

/// A text cut at a character, at most so many bytes long.
fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|&it| text.is_char_boundary(it));
        text.truncate(end.unwrap_or(0));
    }
    text
}
