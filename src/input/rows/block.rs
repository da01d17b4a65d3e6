//! Blocks of records, column by column: the quick way to the same rows.
//!
//! [`Rows::push_at`] is the definition: a block takes records up to the first that
//! it would set aside, and leaves that one to it. Knows no file format.

use std::sync::Arc;

use super::listed::{List, picks_of};
use super::{Field, Rows};
use crate::base::NONE;
use crate::base::dictionary::Glance;
use crate::input::columns::text_of;
use crate::input::ids::id_of;
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

/// An id that is somebody's.
#[derive(Debug, Clone, Copy)]
struct Id {
    row: u32,
    /// Whether it is compared as it stands, and has this hash.
    plain: bool,
    hash: u64,
}

/// What is known of the ids of a block while it is checked.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// For each column the ids that are somebody's, in the order of records.
    ids: Vec<Vec<Id>>,
    /// The records that have a text in the column at hand.
    filled: Vec<u32>,
    /// For each column that picks its ids from a list what `listed` knows of each record.
    pub(super) listed: Vec<Vec<u32>>,
    /// Ids that are nobody's: their column and record.
    pub(super) blocked: Vec<(usize, usize)>,
    /// Whether each record has an id.
    known: Vec<bool>,
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
                let parts = spans[..count].iter().map(|it| it.of(text.as_bytes()));
                self.clock.extend(&mut self.times, parts, links.then_some(NO_TIME));
            }
            Column::Listed(list, picks) => {
                let parts = picks[..count].iter().map(|&it| list.get(it).as_bytes());
                self.clock.extend(&mut self.times, parts, links.then_some(NO_TIME));
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

    /// Looks at all ids, keeping nothing yet; says how many records come before the
    /// first that has none that is somebody's.
    fn find_ids(&mut self, columns: &[Column<'_>], count: usize) -> usize {
        self.found.ids.resize_with(self.mapping.ids.len(), Vec::new);
        self.found.listed.resize_with(self.mapping.ids.len(), Vec::new);
        self.found.blocked.clear();
        for (index, &(_, column)) in self.mapping.ids.iter().enumerate() {
            self.find_column(index, &columns[column], count);
        }
        let Found { ids, listed, known, .. } = &mut self.found;
        let full = |it: &Vec<u32>| it.len() == count && !it.contains(&NONE);
        if ids.iter().any(|it| it.len() == count) || listed.iter().any(full) {
            return count;
        }
        known.clear();
        known.resize(count, false);
        ids.iter().flatten().for_each(|it| known[it.row as usize] = true);
        for codes in listed {
            known.iter_mut().zip(codes).for_each(|(known, code)| *known |= *code != NONE);
        }
        known.iter().position(|it| !it).unwrap_or(count)
    }

    /// Finds out which ids of a column are somebody's; most tell at a glance.
    fn find_column(&mut self, index: usize, column: &Column<'_>, count: usize) {
        let mut ids = std::mem::take(&mut self.found.ids[index]);
        ids.clear();
        self.found.listed[index].clear();
        if let Some((list, picks)) = picks_of(column) {
            self.found.ids[index] = ids;
            return self.find_listed(index, list, &picks[..count]);
        }
        if let Column::Texts(text, spans) = *column {
            let (bytes, spans) = (text.as_bytes(), &spans[..count]);
            let filled = filled(spans, std::mem::take(&mut self.found.filled));
            let (nobody, folds) = (&self.mapping.nobody, self.folds[index]);
            ids.reserve(filled.len());
            for &row in &filled {
                let id = spans[row as usize].of(bytes);
                let Glance { hash, ascii } = self.ids[index].glance(id);
                let folded = folds && id.iter().any(u8::is_ascii_uppercase);
                if ascii && !folded && nobody.is_somebodys(id) {
                    ids.push(Id { row, plain: true, hash });
                } else if self.ids[index].knows(id, hash) {
                    // A column's dictionary holds what is somebody's alone.
                    ids.push(Id { row, plain: true, hash });
                } else {
                    ids.extend(self.look_at_id(index, column, row as usize, hash));
                }
            }
            self.found.filled = filled;
        } else if !matches!(column, Column::Missing) {
            ids.extend((0..count).filter_map(|row| self.look_at_id(index, column, row, 0)));
        }
        self.found.ids[index] = ids;
    }

    /// The id of a record if it is somebody's; nobody's are noted.
    #[inline(never)]
    fn look_at_id(
        &mut self,
        index: usize,
        column: &Column<'_>,
        row: usize,
        hash: u64,
    ) -> Option<Id> {
        let field = column.field(row);
        let id = id_of(&field, self.folds[index], &mut self.scratch);
        if id.is_empty() {
            return None;
        }
        if self.mapping.nobody.is(id) {
            self.found.blocked.push((index, row));
            return None;
        }
        let same =
            matches!((column, field), (Column::Texts(..), Field::Text(it)) if std::ptr::eq(it, id));
        Some(Id { row: row as u32, plain: same, hash })
    }

    /// Keeps the ids of the first records.
    fn keep_ids(&mut self, columns: &[Column<'_>], count: usize) {
        let mut found = std::mem::take(&mut self.found);
        let Found { ids, listed, blocked, .. } = &mut found;
        for (index, (ids, &(_, column))) in ids.iter().zip(&self.mapping.ids).enumerate() {
            let column = &columns[column];
            if let Some((list, picks)) = picks_of(column) {
                self.keep_listed(index, list, &picks[..count], &mut listed[index][..count]);
                continue;
            }
            let coder = &mut self.ids[index];
            let begin = coder.skip_all(count);
            for id in ids.iter().take_while(|it| (it.row as usize) < count) {
                let row = id.row as usize;
                if let (Column::Texts(text, spans), true) = (column, id.plain) {
                    coder.set_part(begin + row, text, spans[row], id.hash);
                } else {
                    let field = column.field(row);
                    coder.set(begin + row, id_of(&field, self.folds[index], &mut self.scratch));
                }
            }
        }
        for &(index, row) in blocked.iter().filter(|it| it.1 < count) {
            let (id_type, column) = self.mapping.ids[index];
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

/// The records that have a text, in the memory of `filled`; found without a branch, which no
/// processor would predict.
fn filled(spans: &[Span], mut filled: Vec<u32>) -> Vec<u32> {
    filled.resize(spans.len(), 0);
    let mut count = 0;
    for (row, span) in spans.iter().enumerate() {
        filled[count] = row as u32;
        count += usize::from(!span.is_empty());
    }
    filled.truncate(count);
    filled
}
