//! Blocks of records, column by column: the quick way to the same rows.
//!
//! [`Rows::push_at`] is the definition: a block takes records up to the first that
//! it would set aside, and leaves that one to it. Knows no file format.

use std::sync::Arc;

use super::listed::{List, picks_of};
use super::spans::{Spans, each_span};
use super::{Field, Rows};
use crate::input::columns::text_of;
use crate::model::raw::{NO_AMOUNT, NO_TIME};

/// The values of one column in all records of a block, as they are at hand.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// No record has a value.
    Missing,
    /// Texts, as places in a larger one; an empty one means that there is none.
    Texts(&'a str, Spans<'a>),
    /// Texts of a list, by their places in it.
    Listed(&'a Arc<List>, &'a [u32]),
    /// Whole numbers.
    Integers(&'a [i64]),
    /// Instants in microseconds since the epoch, UTC.
    Micros(&'a [i64]),
    /// Local times: microseconds since 1970 on the clock of the journey's zone.
    Locals(&'a [i64]),
    /// Values of any kind.
    Fields(&'a [Field<'a>]),
}

impl<'a> Column<'a> {
    /// The value of a record.
    #[inline]
    pub fn field(&self, row: usize) -> Field<'a> {
        match *self {
            Self::Missing => Field::Missing,
            Self::Texts(text, spans) => {
                let span = spans.at(row);
                Field::Text(&text[span.start as usize..span.end as usize])
            }
            Self::Listed(list, picks) => Field::Text(list.get(picks[row])),
            Self::Locals(it) => Field::Local(it[row]),
            Self::Integers(it) => Field::Integer(it[row]),
            Self::Micros(it) => Field::Micros(it[row]),
            Self::Fields(it) => it[row],
        }
    }
}

impl Rows<'_> {
    /// Whether blocks are taken at all: not of a source with a filter, nor before the
    /// format of times is known.
    pub fn takes_blocks(&self) -> bool {
        !self.mapping.is_row_by_row() && self.is_decided()
    }

    /// As [`Self::takes_blocks`], where times may come as instants, which have no format.
    pub fn takes_blocks_of(&self, columns: &[Column<'_>]) -> bool {
        let typed = |it: usize| matches!(columns[it], Column::Micros(_) | Column::Locals(_));
        self.takes_blocks()
            || (!self.mapping.is_row_by_row() && self.mapping.time.is_some_and(typed))
    }

    /// Takes the first of `count` records, given by columns in the order of
    /// [`Mapping::columns`](crate::input::mapping::Mapping::columns), and says how many.
    ///
    /// The record after those taken must go through [`Self::push_at`], which alone
    /// sets records aside; what follows it may come in another block. None are taken
    /// unless [`Self::takes_blocks`].
    pub fn push_block(&mut self, columns: &[Column<'_>], count: usize) -> usize {
        if !self.takes_blocks_of(columns) {
            return 0;
        }
        let (begin, ambiguous) = (self.times.len(), self.clock.ambiguous());
        let timed = self.block_times(columns, count);
        let (paid, rounded) = self.block_amounts(columns, timed);
        let numbered = self.block_numbers(columns, paid);
        let taken = self.take_ids(columns, numbered);
        if taken < count {
            self.shorten(begin + taken);
            if self.clock.ambiguous() != ambiguous {
                // Count anew, without the records that are left out.
                self.clock.count_from(ambiguous);
                self.times.truncate(begin);
                self.block_times(columns, taken);
            }
        }
        self.issues.read += taken as u64;
        self.issues.rounded += rounded.iter().filter(|&&it| it < taken).count() as u64;
        self.keep_others(columns, taken);
        taken
    }

    /// Leaves out what was decoded of records beyond those taken.
    fn shorten(&mut self, rows: usize) {
        self.times.truncate(rows);
        self.amounts.truncate(rows);
        self.numbers.truncate(rows);
    }

    /// Adds times up to the first that is none; says how many.
    fn block_times(&mut self, columns: &[Column<'_>], count: usize) -> usize {
        let begin = self.times.len();
        let Some(column) = self.mapping.time else {
            self.times.resize(begin + count, NO_TIME);
            return count;
        };
        let links = self.mapping.links;
        match columns[column] {
            Column::Micros(it) => self.times.extend_from_slice(&it[..count]),
            Column::Texts(text, spans) => {
                let (bytes, missing) = (text.as_bytes(), links.then_some(NO_TIME));
                each_span!(spans, count, each => {
                    let parts = each.map(|it| it.of(bytes));
                    self.clock.extend(&mut self.times, count, parts, missing);
                });
            }
            Column::Listed(list, picks) => {
                let parts = picks[..count].iter().map(|&it| list.get(it).as_bytes());
                self.clock.extend(&mut self.times, count, parts, links.then_some(NO_TIME));
            }
            ref other => {
                for row in 0..count {
                    match self.time_of(&other.field(row)) {
                        Ok(time) => self.times.push(time),
                        Err(_) => break,
                    }
                }
            }
        }
        self.times.len() - begin
    }

    /// Adds amounts up to the first that is none; says how many, and which were rounded.
    fn block_amounts(&mut self, columns: &[Column<'_>], count: usize) -> (usize, Vec<usize>) {
        let mut rounded = Vec::new();
        let Some(column) = self.mapping.value else { return (count, rounded) };
        let begin = self.amounts.len();
        self.amounts.resize(begin + count, NO_AMOUNT);
        if matches!(columns[column], Column::Missing) {
            return (count, rounded);
        }
        let filled = |&row: &usize| match columns[column] {
            Column::Texts(_, spans) => !spans.at(row).is_empty(),
            Column::Listed(list, picks) => !list.is_none(picks[row]),
            _ => true,
        };
        for row in (0..count).filter(filled) {
            match self.amount(&|it: usize| columns[it].field(row)) {
                Ok((amount, inexact)) => {
                    self.amounts[begin + row] = amount;
                    if inexact {
                        rounded.push(row);
                    }
                }
                Err(_) => return (row, rounded),
            }
        }
        (count, rounded)
    }

    /// Adds sequence numbers up to the first that is none; says how many.
    fn block_numbers(&mut self, columns: &[Column<'_>], count: usize) -> usize {
        let Some(column) = self.mapping.sequence else { return count };
        for row in 0..count {
            match self.number(&columns[column].field(row)) {
                Ok(number) => self.numbers.push(number),
                Err(_) => return row,
            }
        }
        count
    }

    /// Keeps the event ids and texts of the first records.
    fn keep_others(&mut self, columns: &[Column<'_>], count: usize) {
        let mapping = self.mapping;
        if let Some(column) = mapping.event_id {
            match columns[column] {
                Column::Texts(text, spans) => {
                    self.event_ids.extend_texts(text, spans, count);
                }
                Column::Integers(numbers) => {
                    self.event_ids.extend_numbers(&numbers[..count], &mut self.scratch);
                }
                ref other => {
                    for row in 0..count {
                        self.keep_event_id(&other.field(row));
                    }
                }
            }
        }
        for (coder, plan) in self.texts.iter_mut().zip(&mapping.texts) {
            let column = plan.column.map_or(&Column::Missing, |it| &columns[it]);
            let constant = plan.constant.as_deref();
            if let Some((list, picks)) = picks_of(column) {
                coder.extend_listed(list, &picks[..count], constant);
                continue;
            }
            if let Column::Texts(text, spans) = *column {
                each_span!(spans, count, each => coder.extend_texts(text, count, each, constant));
                continue;
            }
            for row in 0..count {
                coder.push_or(text_of(&column.field(row), &mut self.scratch), constant);
            }
        }
    }
}
