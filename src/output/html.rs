//! One offline HTML page of all reports: findings, key figures, maps, charts, tables,
//! data quality, definitions.
//!
//! Nothing is fetched, and the content security policy lets nothing run or style but
//! our own two blocks, by their hashes. The page is whole with scripts off; ours only
//! sorts tables and lights ways. The template escapes; SVG comes from our own writers.

use std::io::Write;

use minijinja::{Environment, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::escape::{clean, one_line};
use super::{Format, Style, chart, format, map};
use crate::base::numerals::counted;
use crate::base::{Currency, Error, Result};
use crate::model::{Cell, Report, Table};

pub(super) const FORMAT: Format = Format {
    name: "html",
    endings: &[".html", ".htm"],
    about: "One offline page with maps, charts and tables",
    write,
};

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The most rows of a table on the page; the CSV beside it has all.
const ROWS: usize = 500;
/// Reports about the data itself stand last.
const QUALITY: [&str; 4] = ["check", "quality", "issues", "stitch"];
/// The report whose first table becomes the tiles.
const KPI: &str = "kpi";
const TILES: usize = 12;

#[derive(Serialize)]
struct Section {
    id: String,
    title: String,
    findings: Vec<String>,
    notes: Vec<String>,
    maps: Vec<String>,
    tables: Vec<Grid>,
}

#[derive(Serialize)]
struct Grid {
    title: String,
    about: String,
    chart: Option<String>,
    columns: Vec<Head>,
    rows: Vec<Vec<Shown>>,
    hidden: Option<String>,
}

#[derive(Serialize)]
struct Head {
    title: String,
    about: String,
    numeric: bool,
}

#[derive(Serialize)]
struct Shown {
    text: String,
    sort: Option<String>,
}

#[derive(Serialize)]
struct Tile {
    label: String,
    value: String,
    note: String,
}

#[derive(Serialize, PartialEq)]
struct Term {
    term: String,
    place: String,
    meaning: String,
}

/// Writes the page of some reports.
///
/// # Errors
/// A map too large to lay out; the writer's.
pub fn write(reports: &[&Report], style: &Style, out: &mut dyn Write) -> Result<()> {
    let mut ordered = reports.to_vec();
    ordered.sort_by_key(|it| QUALITY.contains(&it.name.as_str()));
    let mut sections = Vec::new();
    for (index, report) in ordered.iter().enumerate() {
        sections.push(section(index, report, style)?);
    }
    let title = match (&style.title, reports) {
        (Some(title), _) => clean(title),
        (None, [only]) => clean(&only.title),
        (None, _) => "Customer journeys".to_owned(),
    };
    let currency = reports.first().map(|it| it.currency).filter(|it| *it != Currency::UNNAMED);
    let currency = currency.as_ref().map(Currency::code);
    let context = context! {
        title,
        currency,
        style => minijinja::Value::from_safe_string(STYLE.to_owned()),
        script => minijinja::Value::from_safe_string(SCRIPT.to_owned()),
        style_hash => minijinja::Value::from_safe_string(policy_hash(STYLE)),
        script_hash => minijinja::Value::from_safe_string(policy_hash(SCRIPT)),
        tiles => minijinja::value::Serde(tiles(reports)),
        sections => minijinja::value::Serde(sections),
        definitions => minijinja::value::Serde(definitions(&ordered)),
    };
    let mut page = Environment::new();
    page.add_template("report.html", TEMPLATE).map_err(broken)?;
    let text =
        page.get_template("report.html").and_then(|it| it.render(context)).map_err(broken)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}

fn broken(error: minijinja::Error) -> Error {
    Error::new(format!("the page's template is broken: {error}")).caused_by(error)
}

fn section(index: usize, report: &Report, style: &Style) -> Result<Section> {
    let mut maps = Vec::new();
    for (_, it) in &report.maps {
        let mut svg = Vec::new();
        map::svg::write(it, &style.map, &mut svg)?;
        maps.push(String::from_utf8_lossy(&svg).into_owned());
    }
    let clean_all = |it: &[String]| it.iter().map(|it| clean(it)).collect();
    Ok(Section {
        id: format!("s{index}"),
        title: clean(&report.title),
        findings: clean_all(&report.findings),
        notes: clean_all(&report.notes),
        maps,
        tables: report.tables.iter().map(|it| grid(it, report, style)).collect(),
    })
}

fn grid(table: &Table, report: &Report, style: &Style) -> Grid {
    let (rows, _) = super::table::shown(table, style);
    // The page is passed on: rows that name persons stay in the files beside it.
    let most = if table.personal { 0 } else { ROWS };
    let rows = &rows[..rows.len().min(most)];
    let hidden = table.rows.len() - rows.len();
    let column = |it: &crate::model::Column| Head {
        title: clean(&it.title),
        about: clean(&it.about),
        numeric: format::is_numeric(it.kind),
    };
    Grid {
        title: clean(&table.title),
        about: clean(&table.about),
        chart: (!table.personal).then(|| chart::draw(table, report.currency)).flatten(),
        columns: table.columns.iter().map(column).collect(),
        rows: rows.iter().map(|row| row.iter().map(|it| shown(it, report)).collect()).collect(),
        hidden: (hidden > 0).then(|| match table.personal {
            true => format!(
                "{} about persons: left out of pages, CSV and JSON hold them",
                counted(hidden as u64, "row")
            ),
            false => super::table::more(hidden),
        }),
    }
}

fn shown(cell: &Cell, report: &Report) -> Shown {
    let sort = match cell {
        Cell::Count(_)
        | Cell::Integer(_)
        | Cell::Share(_)
        | Cell::Number(_)
        | Cell::Money(_)
        | Cell::Span(_) => Some(format::data(cell, report.currency)).filter(|it| !it.is_empty()),
        _ => None,
    };
    Shown { text: clean(&format::people(cell, report.currency)), sort }
}

/// The first table of the report `kpi`: its first text column names a tile, its first
/// other column is the figure; columns `low` and `high` are its interval.
fn tiles(reports: &[&Report]) -> Vec<Tile> {
    let Some((report, table)) = reports
        .iter()
        .find(|it| it.name == KPI)
        .and_then(|it| it.tables.first().map(|table| (it, table)))
    else {
        return Vec::new();
    };
    let tile = |row: &Vec<Cell>| {
        let label = row.iter().find(|it| matches!(it, Cell::Text(_)))?;
        let value = row.iter().find(|it| !matches!(it, Cell::Text(_) | Cell::Empty(_)))?;
        Some(Tile {
            label: one_line(&format::people(label, report.currency), 60),
            value: clean(&format::people(value, report.currency)),
            note: interval(table, row, report.currency),
        })
    };
    table.rows.iter().filter_map(tile).take(TILES).collect()
}

/// The interval of a row, where the table gives one.
fn interval(table: &Table, row: &[Cell], currency: Currency) -> String {
    let end = |key: &str| match table.column(key).and_then(|it| row.get(it)) {
        None | Some(Cell::Empty(_)) => None,
        Some(it) => Some(clean(&format::people(it, currency))),
    };
    match (end("low"), end("high")) {
        (Some(low), Some(high)) => format!("interval {low} to {high}"),
        _ => String::new(),
    }
}

/// What columns mean, each said once.
fn definitions(reports: &[&Report]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for report in reports {
        for table in &report.tables {
            for column in table.columns.iter().filter(|it| !it.about.is_empty()) {
                let (term, meaning) = (clean(&column.title), clean(&column.about));
                if terms.iter().any(|it| it.term == term && it.meaning == meaning) {
                    continue;
                }
                terms.push(Term { term, place: clean(&table.title), meaning });
            }
        }
    }
    terms
}

/// A source expression of a content security policy for an inline block.
fn policy_hash(block: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(block.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let get = |it: usize| u32::from(chunk.get(it).copied().unwrap_or(0));
        let word = get(0) << 16 | get(1) << 8 | get(2);
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{escape, sample};
    use super::*;
    use crate::model::{Chart, Column, Kind};

    fn written(reports: &[&Report]) -> String {
        let mut out = Vec::new();
        write(reports, &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn kpi() -> Report {
        let columns = vec![
            Column::new("kpi", Kind::Text, "the figure's name"),
            Column::new("value", Kind::Number, "the figure"),
        ];
        let mut table = Table::new("kpi", "KPIs", "", columns);
        table.push(vec![Cell::text("Conversion per customer"), Cell::Share(0.132)]);
        table.push(vec![Cell::text("Revenue"), Cell::Money(12_345_600)]);
        table.push(vec![Cell::text("Repeat rate"), Cell::Empty("no orders")]);
        let mut report = Report::new("kpi", "Key figures", "EUR".parse().unwrap());
        report.tables.push(table);
        report
    }

    #[test]
    fn a_page_holds_findings_tiles_map_charts_and_definitions() {
        let (drop, funnel, kpi) = (sample::report(), sample::funnel(), kpi());
        let page = written(&[&kpi, &drop, &funnel]);
        for expected in [
            "<dd>123,456.00 EUR</dd>",
            "<p class=\"finding\">Most leave at Product page",
            "class=\"chart\"",
            "<figure class=\"map\"><svg",
            "<h2>Definitions</h2>",
            "<td class=\"n\" data-v=\"24601\">24,601</td>",
            "… 18 more rows",
        ] {
            assert!(page.contains(expected), "{expected} is not in the page");
        }
        assert!(page.len() < 500_000, "{}", page.len());
        if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
            fs_err::write(std::path::Path::new(&folder).join("report.html"), &page).unwrap();
        }
    }

    #[test]
    fn rows_about_persons_stay_out_of_the_page() {
        let mut report = sample::report();
        let table = report.tables.iter_mut().find(|it| !it.rows.is_empty()).unwrap();
        table.personal = true;
        table.rows.truncate(3);
        table.rows[0][0] = Cell::text("customer:4711");
        let page = written(&[&report]);
        assert!(!page.contains("4711"));
        assert!(page.contains("3 rows about persons: left out of pages"));
    }

    #[test]
    fn the_policy_names_the_hashes_of_the_blocks_in_the_page() {
        let page = written(&[&sample::report()]);
        for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let block = page.split(start).nth(1).and_then(|it| it.split(end).next()).unwrap();
            assert!(page.contains(&format!("'{}'", policy_hash(block))), "{start}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("<style").count(), 1);
        // Links of the page lead into the page; nothing is fetched.
        let links = page.matches("href=\"").count();
        assert_eq!(links, page.matches("href=\"#").count());
        assert!(!page.contains("src=") && !page.contains("url(") && !page.contains(" style="));
    }

    #[test]
    fn base64_is_rfc_4648() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn hostile_text_adds_no_tag_and_no_attribute() {
        let plain = page_of("harmless");
        let tags = |page: &str| page.matches('<').count();
        for text in escape::attacks::all() {
            let page = page_of(&text);
            assert_eq!(tags(&page), tags(&plain), "{text:?}");
            assert_eq!(page.matches("<script").count(), 1, "{text:?}");
            let quotes = |page: &str| page.matches('"').count();
            assert_eq!(quotes(&page), quotes(&plain), "{text:?}");
            assert!(!page.contains(['\0', '\x1b', '\x07']), "{text:?}");
        }
    }

    /// A page where the text stands everywhere that data can.
    fn page_of(text: &str) -> String {
        let column = |key: &str, kind| Column {
            title: text.to_owned(),
            about: format!("what {text} means"),
            ..Column::new(key, kind, "")
        };
        let columns = vec![column("a", Kind::Text), column("b", Kind::Count)];
        let mut table = Table::new("t", &format!("t {text}"), &format!("a {text}"), columns);
        table.push(vec![Cell::text(text), Cell::Count(3)]);
        table.chart = Some(Chart::Bars { label: "a", value: "b" });
        let mut report = Report::new("kpi", &format!("r {text}"), Default::default());
        report.findings.push(text.to_owned());
        report.notes.push(text.to_owned());
        report.tables.push(table);
        written(&[&report])
    }
}
