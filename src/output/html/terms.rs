//! What columns mean, each said once.

use serde::Serialize;

use crate::model::{Column, Report};
use crate::output::escape::clean;

#[derive(Debug, Serialize)]
pub(super) struct Term {
    pub term: String,
    pub place: String,
    pub meaning: String,
}

/// Where a column is explained: its place in the definitions.
pub(super) fn place(terms: &[Term], column: &Column) -> Option<usize> {
    let (term, meaning) = (clean(&column.title), clean(&column.about));
    terms.iter().position(|it| it.term == term && it.meaning == meaning)
}

/// The columns of all tables, each meaning of a name once.
pub(super) fn definitions(reports: &[&Report]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for report in reports {
        for table in &report.tables {
            for column in table.columns.iter().filter(|it| !it.about.is_empty() && !is_end(it)) {
                if place(&terms, column).is_none() {
                    let (term, meaning) = (clean(&column.title), clean(&column.about));
                    terms.push(Term { term, place: clean(&table.title), meaning });
                }
            }
        }
    }
    terms
}

/// Whether a column is an end of the interval of the one before it: that explains itself.
fn is_end(column: &Column) -> bool {
    column.key.ends_with("_low") || column.key.ends_with("_high")
}
