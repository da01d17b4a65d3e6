//! Real event files through the whole house, against figures that others computed.
//!
//! One file a data set. The figures stand in `expected.json` beside the data;
//! what is written here is only what that file does not say.

use std::path::{Path, PathBuf};

use serde_json::Value;
use touchpath::model::{Cell, Report, Table};
use touchpath::study::Study;

use crate::case::{Case, report, shared};

mod advertising;
mod clicks;
mod email;
mod grocer;
mod identity;
mod logs;
mod oracles;
mod retail;

/// A data file and the known figures of its folder, where both are there.
fn known(folder: &str, file: &str) -> Option<(PathBuf, Value)> {
    let data = shared(&format!("data/{folder}/{file}"))?;
    Some((data, json(&shared(&format!("data/{folder}/expected.json"))?)))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A study of one file: the keys of its source, then the other sections.
fn study_of(data: &Path, source: &str, sections: &str) -> Study {
    Case::new(&[("journey.toml", &journey(data, source, sections))]).study()
}

fn journey(data: &Path, source: &str, sections: &str) -> String {
    format!("[[source]]\npath = '{}'\n{source}\n{sections}\n", data.display())
}

/// A cell as a number: money in minor units, spans in seconds.
#[track_caller]
fn figure(cell: &Cell) -> f64 {
    match cell {
        Cell::Count(it) => *it as f64,
        Cell::Integer(it) => *it as f64,
        Cell::Number(it) | Cell::Share(it) => *it,
        Cell::Money(it) => *it as f64,
        Cell::Span(it) => it.as_seconds(),
        other => panic!("no figure: {other:?}"),
    }
}

/// The cell of a column in the row whose first cells are these texts.
#[track_caller]
fn at<'a>(table: &'a Table, row: &[&str], column: &str) -> &'a Cell {
    let is_row = |cells: &&Vec<Cell>| {
        row.iter().zip(cells.iter()).all(|(text, cell)| *cell == Cell::text(*text))
    };
    let column = table.column(column).unwrap_or_else(|| panic!("no column {column}"));
    let cells = table.rows.iter().find(is_row);
    &cells.unwrap_or_else(|| panic!("no row {row:?} in {}", table.key))[column]
}

/// A table of a report with the options of the journey file.
fn table(study: &Study, analysis: &str, key: &str) -> Table {
    let report: Report = report(study, analysis);
    report.table(key).unwrap_or_else(|| panic!("no table {key}")).clone()
}

/// Asserts a figure; the known ones have a certain number of decimals.
#[track_caller]
fn close(ours: f64, known: &Value, bound: f64, what: &str) {
    let known = known.as_f64().unwrap_or_else(|| panic!("{what} is not known"));
    assert!((ours - known).abs() <= bound, "{what}: {ours}, known {known}");
}

/// Asserts that a column has these figures by row, and that they are all rows but those of 0.
#[track_caller]
fn same(table: &Table, column: &str, known: &Value) {
    let known = known.as_object().unwrap();
    for (name, wanted) in known {
        close(figure(at(table, &[name], column)), wanted, 0.0, &format!("{column} of {name}"));
    }
    let column = table.column(column).unwrap();
    assert_eq!(table.rows.iter().filter(|it| figure(&it[column]) != 0.0).count(), known.len());
}
