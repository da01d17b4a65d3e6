//! The ids of a block's records, column by column: who is somebody gets a code.
//!
//! Looks at each id once while it comes again and again. Knows no file format.

use super::block::Column;
use super::listed::picks_of;
use super::spans::{Span, each_span};
use super::{Field, Rows};
use crate::base::dictionary::Lately;
use crate::base::{Dictionary, NONE};
use crate::input::columns::Coder;
use crate::input::ids::id_of;
use crate::input::nobody::Nobody;

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
    /// Adds the ids of the records before the first that has none that is somebody's; says
    /// how many these are.
    pub(super) fn take_ids(&mut self, columns: &[Column<'_>], count: usize) -> usize {
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
                // Where most have a text, what follows is guessed well enough.
                if !sparse[index] {
                    let full = each_span!(spans, count, each => {
                        coder.set_ids(begin, text, each.enumerate(), &mut ids)
                    });
                    sparse[index] = !full;
                    return full;
                }
                let filled = each_span!(spans, count, each => filled_of(each, count, filled));
                let each = filled.iter().map(|it| (*it as usize, spans.at(*it as usize)));
                let full = coder.set_ids(begin, text, each, &mut ids) && filled.len() == count;
                sparse[index] = filled.len() < count;
                full
            }
            ref other => {
                for row in 0..count {
                    let field = other.field(row);
                    if let Some(id) = ids.somebodys(row, &field) {
                        coder.codes[begin + row] = coder.id(id);
                    }
                }
                !coder.codes[begin..].contains(&NONE)
            }
        }
    }

    /// Counts the ids of the first records that are nobody's.
    fn count_blocked(&mut self, columns: &[Column<'_>], count: usize) {
        for &(index, row) in self.found.blocked.iter().filter(|it| it.1 < count) {
            let (id_type, column) = self.mapping.ids[index];
            let field = columns[column].field(row);
            let id = id_of(&field, self.folds[index], &mut self.scratch);
            super::record::count(&mut self.blocked, id_type, id);
        }
    }
}

impl Coder {
    /// Gives these of the rows from `begin` on the codes of their parts of a text; whether all
    /// have one. Those without any text are passed over.
    #[inline]
    fn set_ids(
        &mut self,
        begin: usize,
        text: &str,
        parts: impl Iterator<Item = (usize, Span)>,
        ids: &mut Ids<'_>,
    ) -> bool {
        let Self { codes, dictionary, lately, .. } = self;
        let (codes, bytes, mut full) = (&mut codes[begin..], text.as_bytes(), true);
        for (row, span) in parts {
            let part = span.of(bytes);
            if part.is_empty() {
                full = false;
                continue;
            }
            codes[row] = match lately.find(dictionary, part) {
                Some(it) => it,
                None => {
                    let id = &text[span.start as usize..span.end as usize];
                    let code = ids.code_of_other(dictionary, lately, row, id);
                    full &= code != NONE;
                    code
                }
            };
        }
        full
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
    /// The code of an id that did not come lately as it stands; most tell at a glance that
    /// they are somebody's.
    #[inline(never)]
    fn code_of_other(
        &mut self,
        dictionary: &mut Dictionary,
        lately: &mut Lately,
        row: usize,
        id: &str,
    ) -> u32 {
        let folded = self.folds && id.bytes().any(|it| it.is_ascii_uppercase());
        if id.is_ascii() && !folded && self.nobody.is_somebodys(id.as_bytes()) {
            let code = dictionary.append(id);
            lately.put(id.as_bytes(), code);
            return code;
        }
        let field = Field::Text(id);
        let Some(compared) = self.somebodys(row, &field) else { return NONE };
        let code = lately.code(dictionary, compared);
        lately.put(id.as_bytes(), code);
        code
    }

    /// The id that a value is if it is somebody's; nobody's are noted.
    fn somebodys<'f>(&'f mut self, row: usize, field: &'f Field<'_>) -> Option<&'f str> {
        let id = id_of(field, self.folds, self.scratch);
        if id.is_empty() {
            return None;
        }
        let nobodys = self.nobody.is(id);
        if nobodys {
            self.blocked.push((self.index, row));
        }
        (!nobodys).then_some(id)
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
