//! Blocks of records, column by column: the quick way to the same rows.
//!
//! [`Rows::push_at`] is the definition: a block takes records up to the first that
//! it would set aside, and leaves that one to it. Knows no file format.

use std::sync::Arc;

use super::listed::{List, picks_of};
use super::spans::{Span, Spans, each_span};
use super::{Field, Rows};
use crate::base::{Dictionary, NONE};
use crate::input::columns::{Coder, text_of};
use crate::input::ids::id_of;
use crate::input::nobody::Nobody;
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

/// An id that is somebody's and new to its column.
pub(super) const NEW: u32 = NONE - 1;

/// What is known of the ids of a block while it is checked.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Whether records lacked a text of each column of ids last.
    sparse: Vec<bool>,
    /// How many texts each column of ids had before.
    texts: Vec<usize>,
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

    /// Adds the ids of the records before the first that has none that is somebody's; says
    /// how many these are.
    fn take_ids(&mut self, columns: &[Column<'_>], count: usize) -> usize {
        let mapping = self.mapping;
        self.found.listed.resize_with(mapping.ids.len(), Vec::new);
        self.found.sparse.resize(mapping.ids.len(), false);
        self.found.blocked.clear();
        let (begin, mut full) = (self.ids.first().map_or(0, |it| it.codes.len()), false);
        self.found.texts.clear();
        self.found.texts.extend(self.ids.iter().map(Coder::texts));
        for (index, &(_, column)) in mapping.ids.iter().enumerate() {
            full |= self.find_column(index, &columns[column], count);
        }
        let taken = if full { count } else { self.with_ids(begin, count) };
        for (index, &(_, column)) in mapping.ids.iter().enumerate() {
            if let Some((list, picks)) = picks_of(&columns[column]) {
                let mut codes = std::mem::take(&mut self.found.listed[index]);
                self.keep_listed(index, list, &picks[..taken], &mut codes[..taken]);
                self.found.listed[index] = codes;
            } else if taken < count {
                self.ids[index].cut(begin, begin + taken, self.found.texts[index]);
            }
        }
        self.count_blocked(columns, taken);
        taken
    }

    /// How many records come before the first that has no id that is somebody's.
    fn with_ids(&mut self, begin: usize, count: usize) -> usize {
        let Found { listed, known, .. } = &mut self.found;
        known.clear();
        known.resize(count, false);
        for (coder, listed) in self.ids.iter().zip(listed) {
            let codes = if listed.is_empty() { &coder.codes[begin..] } else { listed };
            known.iter_mut().zip(codes).for_each(|(known, code)| *known |= *code != NONE);
        }
        known.iter().position(|it| !it).unwrap_or(count)
    }

    /// Codes the ids of a column that are somebody's, or finds them in their list; whether
    /// every record has one.
    fn find_column(&mut self, index: usize, column: &Column<'_>, count: usize) -> bool {
        self.found.listed[index].clear();
        if let Some((list, picks)) = picks_of(column) {
            self.find_listed(index, list, &picks[..count]);
            return !self.found.listed[index].contains(&NONE);
        }
        let coder = &mut self.ids[index];
        let begin = coder.skip_all(count);
        let (nobody, folds) = (&self.mapping.nobody, self.folds[index]);
        let Found { filled, blocked, sparse, .. } = &mut self.found;
        let mut ids = Ids { index, nobody, folds, blocked, scratch: &mut self.scratch };
        match *column {
            Column::Missing => count == 0,
            Column::Texts(text, spans) => {
                let other = |dictionary: &mut Dictionary, row: usize, hash: u64| {
                    let Span { start, end } = spans.at(row);
                    ids.code_of_new(dictionary, row, &text[start as usize..end as usize], hash)
                };
                let bytes = text.as_bytes();
                // Where most have a text, what follows is guessed well enough.
                if !sparse[index] {
                    let full = each_span!(spans, count, each => {
                        coder.set_parts(begin, bytes, each.enumerate(), other)
                    });
                    sparse[index] = !full;
                    return full;
                }
                let filled = each_span!(spans, count, each => filled_of(each, count, filled));
                let each = filled.iter().map(|it| (*it as usize, spans.at(*it as usize)));
                let full = coder.set_parts(begin, bytes, each, other) && filled.len() == count;
                sparse[index] = filled.len() < count;
                full
            }
            ref other => {
                let codes = &mut coder.codes[begin..];
                for (row, code) in codes.iter_mut().enumerate() {
                    *code = ids.code_of(&mut coder.dictionary, row, &other.field(row));
                }
                !codes.contains(&NONE)
            }
        }
    }

    /// Counts the ids of the first records that are nobody's.
    fn count_blocked(&mut self, columns: &[Column<'_>], count: usize) {
        for &(index, row) in self.found.blocked.iter().filter(|it| it.1 < count) {
            let (id_type, column) = self.mapping.ids[index];
            let field = columns[column].field(row);
            let id = id_of(&field, self.folds[index], &mut self.scratch);
            super::count(&mut self.blocked, id_type, id);
        }
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

/// What gives the ids of a column their codes.
struct Ids<'r> {
    index: usize,
    nobody: &'r Nobody,
    folds: bool,
    blocked: &'r mut Vec<(usize, usize)>,
    scratch: &'r mut String,
}

impl Ids<'_> {
    /// The code of an id that did not come before as it stands; most tell at a glance that
    /// they are somebody's.
    #[inline(never)]
    fn code_of_new(&mut self, dictionary: &mut Dictionary, row: usize, id: &str, hash: u64) -> u32 {
        let folded = self.folds && id.bytes().any(|it| it.is_ascii_uppercase());
        if id.is_ascii() && !folded && self.nobody.is_somebodys(id.as_bytes()) {
            return dictionary.intern_hashed(id, hash);
        }
        self.code_of(dictionary, row, &Field::Text(id))
    }

    /// The code of an id if it is somebody's; nobody's are noted.
    fn code_of(&mut self, dictionary: &mut Dictionary, row: usize, field: &Field<'_>) -> u32 {
        let id = id_of(field, self.folds, self.scratch);
        if id.is_empty() {
            return NONE;
        }
        if self.nobody.is(id) {
            self.blocked.push((self.index, row));
            return NONE;
        }
        dictionary.intern(id)
    }
}

/// The records that have a text, in the memory of `filled`; found without a branch, which no
/// processor would predict.
#[inline]
fn filled_of(spans: impl Iterator<Item = Span>, count: usize, filled: &mut Vec<u32>) -> &[u32] {
    if filled.len() < count {
        filled.resize(count, 0);
    }
    let mut found = 0;
    for (row, span) in spans.take(count).enumerate() {
        filled[found] = row as u32;
        found += usize::from(!span.is_empty());
    }
    &filled[..found]
}
