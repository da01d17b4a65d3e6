//! A report as a section of the page: findings, maps, charts, tables, notes.

use serde::Serialize;

use super::compact::Looks;
use super::map;
use super::terms::{self, Term};
use crate::base::Result;
use crate::base::numerals::counted;
use crate::model::{Cell, Column, Report, Table};
use crate::output::escape::clean;
use crate::output::{Style, chart, format, table};

/// The most rows of a table on the page; the CSV beside it has all.
const ROWS: usize = 30;
/// Cells of a table that is open without a click: what one sees at a glance.
const GLANCE: usize = 90;
/// The order of the page; reports of other names follow, and the last ones last.
const ORDER: [&str; 9] =
    ["map", "flow", "funnel", "dropoff", "paths", "time", "attribute", "trend", "compare"];
/// Reports for looking things up, and about the data itself.
const LAST: [&str; 7] = ["kpi", "overview", "ledger", "stitch", "issues", "quality", "check"];

#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub id: String,
    pub title: String,
    pub findings: Vec<String>,
    pub notes: Vec<String>,
    pub maps: Vec<map::Figure>,
    pub tables: Vec<Grid>,
}

#[derive(Debug, Serialize)]
pub(super) struct Grid {
    title: String,
    about: String,
    chart: Option<String>,
    /// Whether the table is behind a click.
    folded: bool,
    columns: Vec<Head>,
    rows: Vec<Vec<Shown>>,
    count: String,
    hidden: Option<String>,
}

#[derive(Debug, Serialize)]
struct Head {
    title: String,
    /// Its place in the definitions.
    term: Option<usize>,
    numeric: bool,
}

#[derive(Debug, Serialize)]
struct Shown {
    text: String,
    sort: Option<String>,
    numeric: bool,
}

/// Reports in the order of the page.
pub(super) fn ordered<'a>(reports: &[&'a Report]) -> Vec<&'a Report> {
    let place = |it: &&Report| {
        let name = it.name.as_str();
        let last = LAST.iter().position(|it| *it == name);
        let first = ORDER.iter().position(|it| *it == name);
        match (first, last) {
            (Some(it), _) => it,
            (None, Some(it)) => ORDER.len() + 1 + it,
            (None, None) => ORDER.len(),
        }
    };
    let mut ordered = reports.to_vec();
    ordered.sort_by_key(place);
    ordered
}

/// A report as a section.
///
/// # Errors
/// A map too large to lay out.
pub(super) fn section(
    report: &Report,
    id: String,
    terms: &[Term],
    looks: &mut Looks,
    style: &Style,
) -> Result<Section> {
    let maps = report.maps.iter().map(|it| map::figure(&it.1, style, looks));
    let maps = maps.collect::<Result<_>>()?;
    let clean_all = |it: &[String]| it.iter().map(|it| clean(it)).collect();
    let mut tables: Vec<Grid> =
        report.tables.iter().map(|it| grid(it, report, terms, style)).collect();
    // Pictures first.
    tables.sort_by_key(|it| it.chart.is_none());
    Ok(Section {
        id,
        title: clean(&report.title),
        findings: clean_all(&report.findings),
        notes: clean_all(&report.notes),
        maps,
        tables,
    })
}

fn grid(table: &Table, report: &Report, terms: &[Term], style: &Style) -> Grid {
    let (rows, _) = table::shown(table, style);
    // The page is passed on: rows that name persons stay in the files beside it.
    let most = if table.personal { 0 } else { ROWS };
    let rows = &rows[..rows.len().min(most)];
    let hidden = table.rows.len() - rows.len();
    let column = |it: &Column| Head {
        title: clean(&it.title),
        term: terms::place(terms, it),
        numeric: format::is_numeric(it.kind),
    };
    let chart = (!table.personal).then(|| chart::draw(table, report.currency)).flatten();
    Grid {
        title: clean(&table.title),
        about: clean(&table.about),
        folded: chart.is_some() || rows.len() * table.columns.len() > GLANCE,
        chart,
        columns: table.columns.iter().map(column).collect(),
        rows: rows.iter().map(|row| row.iter().map(|it| shown(it, report)).collect()).collect(),
        count: counted(table.rows.len() as u64, "row"),
        hidden: (hidden > 0).then(|| left_out(table, hidden)),
    }
}

fn left_out(table: &Table, hidden: usize) -> String {
    let rows = counted(hidden as u64, "row");
    match table.personal {
        true => format!("{rows} about persons: left out of pages, CSV and JSON hold them"),
        false => format!("{} more; CSV and JSON hold them", rows),
    }
}

fn shown(cell: &Cell, report: &Report) -> Shown {
    let numeric = matches!(
        cell,
        Cell::Count(_)
            | Cell::Integer(_)
            | Cell::Share(_)
            | Cell::Number(_)
            | Cell::Money(_)
            | Cell::Span(_)
    );
    let text = clean(&format::people(cell, report.currency));
    // Where the text itself is the number, the script reads that: it need not stand twice.
    let sort = sort_value(cell).filter(|it| *it != text.replace(',', ""));
    Shown { text, sort, numeric }
}

/// A figure to sort by: as exact as can matter among rows of a page, and short.
fn sort_value(cell: &Cell) -> Option<String> {
    let number = match cell {
        Cell::Count(it) => return Some(it.to_string()),
        Cell::Integer(it) => return Some(it.to_string()),
        Cell::Money(it) => return Some(it.to_string()),
        Cell::Share(it) | Cell::Number(it) => *it,
        Cell::Span(it) => it.as_seconds(),
        _ => return None,
    };
    number.is_finite().then(|| {
        let text = format!("{number:.6}");
        match text.trim_end_matches('0').trim_end_matches('.') {
            "0" | "-0" if number != 0.0 => format!("{number:e}"),
            text => text.to_owned(),
        }
    })
}
