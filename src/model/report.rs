//! What an analysis says: the only thing that renderers see.
//!
//! A report holds tables of typed cells; every renderer knows every cell kind,
//! so that analyses and renderers multiply without meeting.

use crate::base::money::Total;
use crate::base::{Currency, Span, Timestamp};

use super::map::JourneyMap;
use super::selected::Selected;

/// One typed value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing: undefined, with the reason where there is one (`no orders`).
    Empty(&'static str),
    /// Text, hostile as all data.
    Text(String),
    /// A count.
    Count(u64),
    /// A whole number that may be negative.
    Integer(i64),
    /// A share of the base that the column names: 0.25 is 25 %.
    Share(f64),
    /// A number without a unit, or with the unit that the column names.
    Number(f64),
    /// Money in minor units of the report's currency.
    Money(Total),
    /// A length of time.
    Span(Span),
    /// An instant.
    Time(Timestamp),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// A cell of a value that may be undefined.
    pub fn or_empty<T>(value: Option<T>, reason: &'static str, cell: impl Fn(T) -> Self) -> Self {
        value.map_or(Self::Empty(reason), cell)
    }

    /// A share, undefined where the base is 0.
    pub fn share(part: u64, base: u64) -> Self {
        if base == 0 { Self::Empty("base is 0") } else { Self::Share(part as f64 / base as f64) }
    }

    /// A text cell.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// What kind of cells a column holds: decides alignment and format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names and words.
    Text,
    /// Counts and whole numbers.
    Count,
    /// Shares of a stated base.
    Share,
    /// Plain numbers.
    Number,
    /// Money.
    Money,
    /// Lengths of time.
    Span,
    /// Instants.
    Time,
    /// Yes or no.
    Flag,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The stable key: CSV head and JSON key, `snake_case`.
    pub key: String,
    /// The head that people read.
    pub title: String,
    /// What the cells are.
    pub kind: Kind,
    /// What it means; for a share, its base.
    pub about: String,
}

impl Column {
    /// A column whose title is its key with blanks.
    pub fn new(key: &str, kind: Kind, about: &str) -> Self {
        let title = key.replace('_', " ");
        Self { key: key.to_owned(), title, kind, about: about.to_owned() }
    }
}

/// How a table wants to be drawn where pictures are possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chart {
    /// Horizontal bars: a label column and a number column, by key.
    Bars {
        /// The column of labels.
        label: &'static str,
        /// The column of lengths.
        value: &'static str,
    },
    /// A step curve with a band: columns of x, y and optionally low and high.
    Curve {
        /// The column of x, ascending.
        x: &'static str,
        /// The column of y.
        y: &'static str,
        /// The columns of the band's lower and upper edge.
        band: Option<(&'static str, &'static str)>,
    },
    /// A funnel: a label column and a count column, from the top down.
    Funnel {
        /// The column of labels.
        label: &'static str,
        /// The column of counts.
        value: &'static str,
    },
    /// Flow from step to step (a Sankey diagram): a row for each way out of a stage.
    Flow {
        /// The column of the step's number, from 1.
        step: &'static str,
        /// The column of the stage left.
        from: &'static str,
        /// The column of the stage reached at the next step, empty where there is none.
        to: &'static str,
        /// The column of how it ended, empty where it moved on.
        end: &'static str,
        /// The column of counts.
        value: &'static str,
    },
    /// Small lines side by side, one a column, over rows in order of time.
    Lines {
        /// The column of the rows' names.
        label: &'static str,
        /// The columns of values, one line each.
        values: &'static [&'static str],
        /// The flag column of rows that are whole; others are drawn as such.
        whole: &'static str,
    },
    /// Bars in a grid: a row for each label, a column for each series.
    Grid {
        /// The column of labels.
        label: &'static str,
        /// The column of series.
        series: &'static str,
        /// The column of lengths.
        value: &'static str,
        /// The columns of an interval's lower and upper end.
        band: Option<(&'static str, &'static str)>,
    },
}

/// A table of a report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The stable key: file name and JSON key, `snake_case`, unique in its report.
    pub key: String,
    /// What people read above it.
    pub title: String,
    /// What it says and the bases of its shares; one sentence or two.
    pub about: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; each has one cell a column.
    pub rows: Vec<Vec<Cell>>,
    /// How to draw it, if it can be drawn.
    pub chart: Option<Chart>,
    /// Whether rows name persons or quote their data: such rows stay out of pages that
    /// are meant to be passed on.
    pub personal: bool,
    /// Rows shown to people (terminal, HTML); 0 means all. Data formats write all rows.
    pub shown: usize,
}

impl Table {
    /// An empty table.
    pub fn new(key: &str, title: &str, about: &str, columns: Vec<Column>) -> Self {
        Self {
            key: key.to_owned(),
            title: title.to_owned(),
            about: about.to_owned(),
            columns,
            ..Self::default()
        }
    }

    /// Adds a row; a row with another number of cells than columns is cut or filled up.
    pub fn push(&mut self, mut row: Vec<Cell>) {
        row.resize(self.columns.len(), Cell::Empty(""));
        self.rows.push(row);
    }

    /// The position of a column.
    pub fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|it| it.key == key)
    }
}

/// What one analysis found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The analysis' name: its subcommand and JSON key.
    pub name: String,
    /// What people read above it.
    pub title: String,
    /// The finding in a sentence or a few, with figures.
    pub findings: Vec<String>,
    /// What a reader must know to read it right: definitions, bases, warnings.
    pub notes: Vec<String>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Maps, each with a key (`map`, `difference`).
    pub maps: Vec<(String, JourneyMap)>,
    /// The currency of all money.
    pub currency: Currency,
    /// Whether the answer to a yes-or-no question was "no" (exit code 1).
    pub negative: bool,
    /// Which journeys were looked at, where not all were.
    pub selected: Option<Selected>,
}

impl Report {
    /// A report with nothing in it yet.
    pub fn new(name: &str, title: &str, currency: Currency) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), currency, ..Self::default() }
    }

    /// A table by key.
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.tables.iter().find(|it| it.key == key)
    }
}
