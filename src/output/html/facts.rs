//! Looking cells of reports up by name, for sentences and tiles. Counts nothing.

use crate::base::Currency;
use crate::model::{Cell, Report, Table};
use crate::output::escape::one_line;
use crate::output::format;

/// The reports of a page.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a>(pub &'a [&'a Report]);

impl<'a> Facts<'a> {
    /// A report by its analysis' name.
    pub(super) fn report(self, name: &str) -> Option<&'a Report> {
        self.0.iter().copied().find(|it| it.name == name)
    }

    /// A table of a report.
    pub(super) fn table(self, report: &str, table: &str) -> Option<Rows<'a>> {
        let report = self.report(report)?;
        Some(Rows { table: report.table(table)?, currency: report.currency })
    }
}

/// A table whose rows are looked at.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub table: &'a Table,
    pub currency: Currency,
}

impl<'a> Rows<'a> {
    /// All rows in order.
    pub(super) fn all(self) -> impl DoubleEndedIterator<Item = Row<'a>> {
        self.table.rows.iter().map(move |cells| Row { rows: self, cells })
    }

    /// The row where a column has a text.
    pub(super) fn at(self, key: &str, text: &str) -> Option<Row<'a>> {
        self.all().find(|it| matches!(it.cell(key), Some(Cell::Text(own)) if own == text))
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    rows: Rows<'a>,
    cells: &'a [Cell],
}

impl<'a> Row<'a> {
    /// A cell by its column's key; nothing where it is empty.
    pub(super) fn cell(self, key: &str) -> Option<&'a Cell> {
        let cell = self.cells.get(self.rows.table.column(key)?)?;
        (!matches!(cell, Cell::Empty(_))).then_some(cell)
    }

    /// Why a cell is empty, if it is and says why.
    pub(super) fn reason(self, key: &str) -> Option<&'static str> {
        match self.cells.get(self.rows.table.column(key)?)? {
            Cell::Empty(reason) if !reason.is_empty() => Some(reason),
            _ => None,
        }
    }

    /// A count.
    pub(super) fn count(self, key: &str) -> Option<u64> {
        match self.cell(key)? {
            Cell::Count(it) => Some(*it),
            _ => None,
        }
    }

    /// A text as it is: for comparing, never for showing.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        match self.cell(key)? {
            Cell::Text(it) => Some(it),
            _ => None,
        }
    }

    /// A cell as people read it, on one line.
    pub(super) fn shown(self, key: &str) -> Option<String> {
        Some(one_line(&format::people(self.cell(key)?, self.rows.currency), 200))
    }

    /// An interval in brackets with a blank before it, or nothing.
    pub(super) fn interval(self, low: &str, high: &str) -> String {
        match (self.shown(low), self.shown(high)) {
            (Some(low), Some(high)) => format!(" (95 % interval {low} to {high})"),
            _ => String::new(),
        }
    }
}
