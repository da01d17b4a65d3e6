//! Texts that many rows pick from one list: looked at once for each text, not for each row.
//!
//! The rows of a block come as places in a [`List`]; what is found out about a text of it
//! stays known as long as blocks pick from the same list. Knows no file format.

use std::hint::select_unpredictable;
use std::sync::{Arc, OnceLock};

use super::Rows;
use super::block::Column;
use super::ids::{Found, NEW};
use super::spans::Span;
use crate::base::NONE;
use crate::input::columns::Coder;
use crate::input::ids::id_of;
use crate::input::nobody::Nobody;
use crate::input::rows::Field;

/// Texts of which rows pick by place; a place beyond the last means that there is none.
#[derive(Debug, Default)]
pub struct List {
    text: String,
    spans: Vec<Span>,
    /// Which of the texts are none, though something stands there; empty if all are texts.
    none: Vec<bool>,
    /// What its texts are as ids, the second where their letters' case means nothing; once
    /// somebody asked.
    ids: [OnceLock<Ids>; 2],
}

/// What the texts of a list are as ids.
#[derive(Debug, Default)]
struct Ids {
    /// For each text [`NEW`], [`BLOCKED`] or [`NONE`]; the last is for a row without a text.
    states: Vec<u32>,
    /// Whether some are nobody's.
    blocked: bool,
    /// Whether all ids are compared as they stand in the list.
    plain: bool,
}

impl List {
    /// The texts at these places of a text.
    pub fn new(text: String, spans: Vec<Span>, none: Vec<bool>) -> Self {
        Self { text, spans, none, ids: Default::default() }
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

    /// What its texts are as ids; a list is read by one mapping, which says who is nobody.
    fn ids(&self, folds: bool, nobody: &Nobody) -> &Ids {
        self.ids[usize::from(folds)].get_or_init(|| self.look_at_ids(folds, nobody))
    }

    fn look_at_ids(&self, folds: bool, nobody: &Nobody) -> Ids {
        let mut ids = Ids { plain: true, ..Ids::default() };
        let (ascii, mut scratch) = (self.text.is_ascii(), String::new());
        let state = |span: &Span| {
            let text = &self.text[span.start as usize..span.end as usize];
            let folded = folds && text.bytes().any(|it| it.is_ascii_uppercase());
            if ascii && !folded && nobody.is_somebodys(text.as_bytes()) {
                return NEW;
            }
            match id_of(&Field::Text(text), folds, &mut scratch) {
                "" => NONE,
                id if nobody.is(id) => {
                    ids.blocked = true;
                    BLOCKED
                }
                id => {
                    ids.plain &= id == text;
                    NEW
                }
            }
        };
        ids.states = self.spans.iter().map(state).collect();
        ids.states.push(NONE);
        ids
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
    /// Whether the column has had no text that is not of this list.
    alone: bool,
    /// The texts that are new in a block.
    fresh: Vec<u32>,
}

impl Known {
    /// Knows nothing any more.
    pub fn forget(&mut self) {
        self.list = None;
    }

    /// Whether these are the codes of a list; from now on they are.
    fn meets(&mut self, list: &Arc<List>) -> bool {
        let met = self.list.as_ref().is_some_and(|it| Arc::ptr_eq(it, list));
        if !met {
            self.list = Some(Arc::clone(list));
            self.codes.clear();
            self.alone = false;
        }
        met
    }

    /// The codes of a list; the last is that of a row without a text.
    fn of(&mut self, list: &Arc<List>) -> &mut [u32] {
        if !self.meets(list) {
            self.codes.resize(list.len() + 1, UNSEEN);
        }
        &mut self.codes
    }

    /// The codes of a list of ids, and what is known of them otherwise.
    fn of_ids(&mut self, list: &Arc<List>, ids: &Ids) -> &mut [u32] {
        if !self.meets(list) {
            self.codes.extend_from_slice(&ids.states);
        }
        &mut self.codes
    }

    /// Gives the codes from `next` on to texts that are new, in the order of rows; they are
    /// `fresh` then. There is no branch to guess.
    fn number(&mut self, picks: &[u32], codes: &mut [u32], next: u32) {
        let Some(last) = self.codes.len().checked_sub(1) else { return };
        let known = &mut self.codes[..=last];
        self.fresh.clear();
        self.fresh.resize(picks.len() + 1, 0);
        let (fresh, mut count) = (&mut self.fresh[..], 0);
        for (code, &pick) in codes.iter_mut().zip(picks) {
            let known = &mut known[(pick as usize).min(last)];
            let new = *known == NEW;
            let own = select_unpredictable(new, next + count as u32, *known);
            *known = own;
            *code = select_unpredictable(*code == NEW, own, *code);
            fresh[count] = pick;
            count += usize::from(new);
        }
        self.fresh.truncate(count);
    }
}

/// Adds the code of each pick; the last is that of all beyond.
fn look_up(codes: &[u32], picks: &[u32], out: &mut Vec<u32>) {
    let Some(last) = codes.len().checked_sub(1) else { return };
    let codes = &codes[..=last];
    out.extend(picks.iter().map(|&it| codes[(it as usize).min(last)]));
}

impl Rows<'_> {
    /// As [`Self::find_column`], of ids that are picked from a list.
    pub(super) fn find_listed(&mut self, index: usize, list: &Arc<List>, picks: &[u32]) {
        let Found { listed, blocked, .. } = &mut self.found;
        let codes = &mut listed[index];
        let ids = list.ids(self.folds[index], &self.mapping.nobody);
        codes.clear();
        look_up(self.ids[index].known.of_ids(list, ids), picks, codes);
        if ids.blocked {
            for (row, code) in codes.iter_mut().enumerate().filter(|it| *it.1 == BLOCKED) {
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
            let ids = list.ids(self.folds[index], &self.mapping.nobody);
            if !(ids.plain && coder.append_listed(list, picks, codes)) {
                let mut known = std::mem::take(&mut coder.known);
                let (map, last) = (known.of_ids(list, ids), list.len());
                for (code, &pick) in codes.iter_mut().zip(picks).filter(|it| *it.0 == NEW) {
                    let known = &mut map[(pick as usize).min(last)];
                    if *known == NEW {
                        let field = Field::Text(list.get(pick));
                        *known = coder.id(id_of(&field, self.folds[index], &mut self.scratch));
                    }
                    *code = *known;
                }
                coder.known = known;
            }
        }
        coder.codes.extend_from_slice(codes);
    }
}

impl Coder {
    /// Gives codes to the texts of a list that are new, where there is no need to look for
    /// them: no others have come, and a list holds each once. (If one holds a text twice it
    /// has two codes in this batch, which become one when batches are put together.)
    fn append_listed(&mut self, list: &List, picks: &[u32], codes: &mut [u32]) -> bool {
        self.known.alone |= self.dictionary.is_empty();
        if !(self.known.alone && self.dictionary.appends()) {
            return false;
        }
        let next = self.dictionary.len() as u32;
        self.known.number(picks, codes, next);
        for &pick in &self.known.fresh {
            self.dictionary.append(list.get(pick));
        }
        true
    }

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
        look_up(codes, picks, &mut self.codes);
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
