//! Records that are set aside: why, and what is kept of them.
//!
//! Counts each under its kind, with its place. Does not decide what is a fault.

use super::{Field, Rows};
use crate::base::{IssueKind, Place, Reject};
use crate::input::columns::text_of;
use crate::input::time::TimeProblem;

/// How much of a record and of a value is kept of one that is set aside, in bytes.
const RAW_KEPT: usize = 1024;
const VALUE_KEPT: usize = 100;

/// Why a record is set aside: the kind and the column at fault.
pub(super) struct Fault {
    pub kind: IssueKind,
    pub column: Option<usize>,
}

/// The record at hand, and where it stands.
pub(super) struct Record<'a> {
    pub line: u64,
    pub fields: &'a [Field<'a>],
    pub raw: &'a dyn Fn() -> String,
    pub column_of: &'a dyn Fn(usize) -> u64,
}

impl Rows<'_> {
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

    /// Counts a record of which nothing is kept but its place.
    pub(super) fn forget(&mut self, line: u64) {
        let file = &self.file;
        self.issues.reject(IssueKind::Forgotten, || Reject {
            file_order: file.order,
            place: Place::line(&*file.name, line),
            kind: IssueKind::Forgotten,
            detail: String::new(),
            raw: String::new(),
        });
    }

    #[cold]
    pub(super) fn set_aside(&mut self, fault: Fault, record: &Record<'_>) {
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
pub(super) fn fault(kind: IssueKind, column: usize) -> Fault {
    Fault { kind, column: Some(column) }
}

pub(super) fn time_kind(problem: TimeProblem) -> IssueKind {
    match problem {
        TimeProblem::Missing => IssueKind::MissingTime,
        TimeProblem::Bad => IssueKind::BadTime,
        TimeProblem::Skipped => IssueKind::SkippedTime,
    }
}

/// A text cut at a character, at most so many bytes long.
fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|&it| text.is_char_boundary(it));
        text.truncate(end.unwrap_or(0));
    }
    text
}
