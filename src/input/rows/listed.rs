//! Texts that many rows pick from one list: looked at once for each text, not for each row.
//!
//! The rows of a block come as places in a [`List`]; what is found out about a text of it
//! stays known as long as blocks pick from the same list. Knows no file format.

use std::sync::Arc;

use super::Rows;
use super::block::{Column, Found, NEW, Span};
use crate::base::NONE;
use crate::input::columns::Coder;
use crate::input::ids::id_of;
use crate::input::rows::Field;

/// Texts of which rows pick by place; a place beyond the last means that there is none.
#[derive(Debug, Default)]
pub struct List {
    text: String,
    spans: Vec<Span>,
    /// Which of the texts are none, though something stands there; empty if all are texts.
    none: Vec<bool>,
}

impl List {
    /// The texts at these places of a text.
    pub fn new(text: String, spans: Vec<Span>, none: Vec<bool>) -> Self {
        Self { text, spans, none }
    }

    /// How many texts there are; the place that means none.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether a place means that there is nothing.
    #[inline]
    pub fn is_none(&self, pick: u32) -> bool {
        pick as usize >= self.spans.len()
    }

    /// The text at a place, or `""`.
    #[inline]
    pub fn get(&self, pick: u32) -> &str {
        let span = self.spans.get(pick as usize).copied().unwrap_or_default();
        &self.text[span.start as usize..span.end as usize]
    }

    /// Whether something stands at a place that is no text.
    #[inline]
    pub fn is_no_text(&self, pick: u32) -> bool {
        self.none.get(pick as usize).copied().unwrap_or(false)
    }

    /// Whether something in the list is no text.
    pub fn has_no_texts(&self) -> bool {
        self.none.contains(&true)
    }
}

/// What is not yet looked at.
const UNSEEN: u32 = NEW - 2;
/// An id that is nobody's.
const BLOCKED: u32 = NEW - 1;

/// The codes of a list's texts in a column, as far as they are known.
#[derive(Debug, Default)]
pub(in crate::input) struct Known {
    list: Option<Arc<List>>,
    codes: Vec<u32>,
}

impl Known {
    /// The codes of a list; the last is that of a row without a text.
    fn of(&mut self, list: &Arc<List>) -> &mut [u32] {
        if !self.list.as_ref().is_some_and(|it| Arc::ptr_eq(it, list)) {
            self.list = Some(Arc::clone(list));
            self.codes.clear();
            self.codes.resize(list.len() + 1, UNSEEN);
        }
        &mut self.codes
    }
}

/// Whether a code says something else of a text than its code.
#[inline]
fn is_open(code: u32) -> bool {
    (UNSEEN..NONE).contains(&code)
}

impl Rows<'_> {
    /// As [`Self::find_column`], of ids that are picked from a list.
    pub(super) fn find_listed(&mut self, index: usize, list: &Arc<List>, picks: &[u32]) {
        let Found { listed, blocked, .. } = &mut self.found;
        let codes = &mut listed[index];
        let known = self.ids[index].known.of(list);
        let last = list.len();
        codes.clear();
        codes.extend(picks.iter().map(|&it| known[(it as usize).min(last)]));
        if !codes.iter().any(|&it| is_open(it)) {
            return;
        }
        for (row, code) in codes.iter_mut().enumerate().filter(|it| is_open(*it.1)) {
            let known = &mut known[(picks[row] as usize).min(last)];
            if *known == UNSEEN {
                let field = Field::Text(list.get(picks[row]));
                let id = id_of(&field, self.folds[index], &mut self.scratch);
                *known = match id.is_empty() {
                    true => NONE,
                    false if self.mapping.nobody.is(id) => BLOCKED,
                    false => NEW,
                };
            }
            *code = *known;
            if *known == BLOCKED {
                *code = NONE;
                blocked.push((index, row));
            }
        }
    }

    /// Adds records with these ids, of which new ones get a code in the order of records.
    pub(super) fn keep_listed(
        &mut self,
        index: usize,
        list: &Arc<List>,
        picks: &[u32],
        codes: &mut [u32],
    ) {
        let coder = &mut self.ids[index];
        if codes.contains(&NEW) {
            let mut known = std::mem::take(&mut coder.known);
            let (map, last) = (known.of(list), list.len());
            for (code, &pick) in codes.iter_mut().zip(picks).filter(|it| *it.0 == NEW) {
                let known = &mut map[(pick as usize).min(last)];
                if *known == NEW {
                    let field = Field::Text(list.get(pick));
                    *known = coder.code(id_of(&field, self.folds[index], &mut self.scratch));
                }
                *code = *known;
            }
            coder.known = known;
        }
        coder.codes.extend_from_slice(codes);
    }
}

impl Coder {
    /// Adds rows with these texts of a list, as [`Self::push_or`] does.
    pub(super) fn extend_listed(
        &mut self,
        list: &Arc<List>,
        picks: &[u32],
        constant: Option<&str>,
    ) {
        let mut known = std::mem::take(&mut self.known);
        let (codes, last) = (known.of(list), list.len());
        let begin = self.codes.len();
        self.codes.extend(picks.iter().map(|&it| codes[(it as usize).min(last)]));
        if self.codes[begin..].contains(&UNSEEN) {
            for (row, &pick) in picks.iter().enumerate() {
                let code = &mut codes[(pick as usize).min(last)];
                if *code == UNSEEN {
                    *code = match (list.get(pick), constant) {
                        ("", Some(constant)) => self.code(constant),
                        ("", None) => NONE,
                        (text, _) => self.code(text),
                    };
                }
                self.codes[begin + row] = *code;
            }
        }
        self.known = known;
    }
}

/// The picks of a column that is a list's.
pub(super) fn picks_of<'c>(column: &Column<'c>) -> Option<(&'c Arc<List>, &'c [u32])> {
    match *column {
        Column::Listed(list, picks) => Some((list, picks)),
        _ => None,
    }
}
