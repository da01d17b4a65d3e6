//! Blocks of records, column by column: the quick way to the same rows.
//!
//! [`Rows::push_at`] is the definition: a block takes records up to the first that
//! it would set aside, and leaves that one to it. Knows no file format.

use std::sync::Arc;

use super::listed::{List, picks_of};
use super::{Field, Rows};
use crate::base::NONE;
use crate::input::columns::text_of;
use crate::input::ids::id_of;
use crate::input::time::TimeProblem;
use crate::model::raw::{NO_AMOUNT, NO_TIME};

/// Where a value stands in a text: its first byte and the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte of the value.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Span {
    /// Whether there is no byte between.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes between.
    #[inline]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// The values of one column in all records of a block, as they are at hand.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// No record has a value.
    Missing,
    /// Texts, as places in a larger one; an empty one means that there is none.
    Texts(&'a str, &'a [Span]),
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
                let span = spans[row];
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

/// An id that is somebody's and new to its column.
pub(super) const NEW: u32 = NONE - 1;

/// What is known of the ids of a block while it is checked.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// For each column of ids a code, [`NEW`] or [`NONE`] for each record.
    pub(super) codes: Vec<Vec<u32>>,
    /// The records that have an id in the column at hand, and its hash.
    filled: Vec<u32>,
    hashes: Vec<u64>,
    /// Ids that are new: their column, record and hash.
    pub(super) new: Vec<(usize, usize, u64)>,
    /// Ids that are nobody's: their column and record.
    pub(super) blocked: Vec<(usize, usize)>,
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
        let taken = self.find_ids(columns, numbered);
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
        self.keep_ids(columns, taken);
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
                for span in &spans[..count] {
                    match self.clock.read_bytes(span.of(text.as_bytes())) {
                        Ok(time) => self.times.push(time),
                        Err(TimeProblem::Missing) if links => self.times.push(NO_TIME),
                        Err(_) => break,
                    }
                }
            }
            Column::Listed(list, picks) => {
                for &pick in &picks[..count] {
                    match self.clock.read(list.get(pick)) {
                        Ok(time) => self.times.push(time),
                        Err(TimeProblem::Missing) if links => self.times.push(NO_TIME),
                        Err(_) => break,
                    }
                }
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
            Column::Texts(_, spans) => !spans[row].is_empty(),
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

    /// Looks all ids up, keeping nothing yet; says how many records come before the
    /// first that has none that is somebody's.
    fn find_ids(&mut self, columns: &[Column<'_>], count: usize) -> usize {
        self.found.codes.resize_with(self.mapping.ids.len(), Vec::new);
        self.found.blocked.clear();
        self.found.new.clear();
        for (index, &(_, column)) in self.mapping.ids.iter().enumerate() {
            self.find_column(index, &columns[column], count);
        }
        let codes = &self.found.codes;
        // Most records have one of the weakest type, which is the last.
        let has_id = |row: usize| codes.iter().rev().any(|it| it[row] != NONE);
        (0..count).position(|it| !has_id(it)).unwrap_or(count)
    }

    /// Looks the ids of a column up. All are hashed before any is looked for, so that
    /// the processor can wait for several places in memory at once.
    fn find_column(&mut self, index: usize, column: &Column<'_>, count: usize) {
        if let Some((list, picks)) = picks_of(column) {
            return self.find_listed(index, list, &picks[..count]);
        }
        let Found { codes, filled, hashes, new, .. } = &mut self.found;
        let codes = &mut codes[index];
        codes.clear();
        codes.resize(count, NONE);
        hashes.clear();
        let coder = &self.ids[index];
        let begin = new.len();
        if let Column::Texts(text, spans) = *column {
            let (bytes, spans) = (text.as_bytes(), &spans[..count]);
            filled.resize(count, 0);
            let mut filled_rows = 0;
            for (row, span) in spans.iter().enumerate() {
                filled[filled_rows] = row as u32;
                filled_rows += usize::from(!span.is_empty());
            }
            let filled = &filled[..filled_rows];
            hashes.extend(filled.iter().map(|&it| coder.hash(spans[it as usize].of(bytes))));
            for (&row, &hash) in filled.iter().zip(&*hashes) {
                let row = row as usize;
                match coder.find(spans[row].of(bytes), hash) {
                    Some(code) => codes[row] = code,
                    None => new.push((index, row, hash)),
                }
            }
        } else if !matches!(column, Column::Missing) {
            new.extend((0..count).map(|row| (index, row, 0)));
        }
        self.classify_new(index, column, begin);
    }

    /// Finds out which ids that were not found are somebody's: those that were, are,
    /// since a column's dictionary holds no others.
    fn classify_new(&mut self, index: usize, column: &Column<'_>, begin: usize) {
        let Found { codes, new, blocked, .. } = &mut self.found;
        let nobody = &self.mapping.nobody;
        for &(_, row, _) in &new[begin..] {
            let field = column.field(row);
            let id = id_of(&field, self.folds[index], &mut self.scratch);
            if id.is_empty() {
                continue;
            }
            if nobody.is(id) {
                blocked.push((index, row));
            } else {
                codes[index][row] = NEW;
            }
        }
    }

    /// Keeps the ids of the first records.
    fn keep_ids(&mut self, columns: &[Column<'_>], count: usize) {
        let ids = &self.mapping.ids;
        let mut found = std::mem::take(&mut self.found);
        let Found { codes, new, blocked, .. } = &mut found;
        for &(index, row, hash) in new.iter().filter(|it| it.1 < count) {
            let code = &mut codes[index][row];
            if *code == NEW {
                let (field, folds) = (columns[ids[index].1].field(row), self.folds[index]);
                let id = id_of(&field, folds, &mut self.scratch);
                *code = match field {
                    Field::Text(text) if std::ptr::eq(text, id) => {
                        self.ids[index].code_hashed(id, hash)
                    }
                    _ => self.ids[index].code(id),
                };
            }
        }
        for (index, codes) in codes.iter_mut().enumerate() {
            if let Some((list, picks)) = picks_of(&columns[ids[index].1]) {
                self.keep_listed(index, list, &picks[..count], &mut codes[..count]);
            }
        }
        for (coder, codes) in self.ids.iter_mut().zip(&*codes) {
            coder.extend(&codes[..count]);
        }
        for &(index, row) in blocked.iter().filter(|it| it.1 < count) {
            let (id_type, column) = ids[index];
            let field = columns[column].field(row);
            let id = id_of(&field, self.folds[index], &mut self.scratch);
            super::count(&mut self.blocked, id_type, id);
        }
        self.found = found;
    }

    /// Keeps the event ids and texts of the first records.
    fn keep_others(&mut self, columns: &[Column<'_>], count: usize) {
        let mapping = self.mapping;
        if let Some(column) = mapping.event_id {
            match columns[column] {
                Column::Texts(text, spans) => {
                    self.event_ids.extend_texts(text, &spans[..count]);
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
                coder.extend_texts(text, &spans[..count], constant);
                continue;
            }
            for row in 0..count {
                coder.push_or(text_of(&column.field(row), &mut self.scratch), constant);
            }
        }
    }
}
