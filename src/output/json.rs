//! JSON with documented, stable keys.
//!
//! One report is one object; several are `{"reports": [object, …]}`:
//!
//! ```json
//! {"report": "dropoff", "title": "…", "findings": ["…"], "notes": ["…"],
//!  "negative": false, "currency": "EUR",
//!  "tables": {"stages": {"title": "…", "about": "…",
//!    "columns": [{"key": "stage", "title": "stage", "kind": "text", "unit": null, "about": "…"}],
//!    "rows": [{"stage": "Cart", "visits": 24601}]}},
//!  "maps": {"map": {"title": "…", "kind": "frequency", "nodes": [{}], "edges": [{}]}}}
//! ```
//!
//! Where not all journeys are looked at, `"journeys"` before the tables says which, and how many.
//!
//! Kinds: `text count share number money span time flag`. Units: money its
//! currency, spans `s`, shares `1`. Money is written twice and never as a float:
//! `value` is a decimal in major units as text, `value_minor` the same in whole
//! minor units. Undefined is `null`. Rows stand one a line; nothing is cut.

use std::io::Write;

use serde_json::{Value, json};

use super::map::whole;
use super::{Format, MapStyle, Style, format, pieces};
use crate::base::money::Total;
use crate::base::{Currency, Error, Result};
use crate::model::map::MapKind;
use crate::model::{
    Cell, Column, JourneyMap, Kind, MapEdge, MapNode, Report, Selected, Table, Tally,
};

pub(super) const FORMAT: Format = Format {
    name: "json",
    endings: &[".json"],
    about: "Everything, exact, with stable keys",
    write,
};

fn write(reports: &[&Report], style: &Style, out: &mut dyn Write) -> Result<()> {
    if let [report] = reports {
        write_report(report, style, out)?;
    } else {
        out.write_all(b"{\"reports\": [")?;
        for (index, report) in reports.iter().enumerate() {
            out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            write_report(report, style, out)?;
        }
        out.write_all(b"]}")?;
    }
    out.write_all(b"\n")?;
    Ok(())
}

/// Writes one report as an object, row by row, so that a ledger of a million rows
/// needs no second copy.
///
/// # Errors
/// The writer's.
pub fn write_report(report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    let head = [
        ("report", Value::from(report.name.as_str())),
        ("title", Value::from(report.title.as_str())),
        ("findings", Value::from(report.findings.clone())),
        ("notes", Value::from(report.notes.clone())),
        ("negative", Value::from(report.negative)),
        ("currency", Value::from(report.currency.code())),
    ];
    out.write_all(b"{")?;
    for (key, value) in head {
        write!(out, "\"{key}\": ")?;
        put(&value, out)?;
        out.write_all(b",\n ")?;
    }
    if let Some(selected) = &report.selected {
        out.write_all(b"\"journeys\": ")?;
        put(&journeys(selected, report.currency), out)?;
        out.write_all(b",\n ")?;
    }
    out.write_all(b"\"tables\": {")?;
    for (index, table) in report.tables.iter().enumerate() {
        out.write_all(if index == 0 { b"" } else { b",\n  " })?;
        put(&Value::from(table.key.as_str()), out)?;
        out.write_all(b": ")?;
        write_table(table, report.currency, out)?;
    }
    out.write_all(b"},\n \"maps\": {")?;
    for (index, (key, map)) in report.maps.iter().enumerate() {
        out.write_all(if index == 0 { b"" } else { b",\n  " })?;
        put(&Value::from(key.as_str()), out)?;
        out.write_all(b": ")?;
        write_map(map, &style.map, out)?;
    }
    out.write_all(b"}}")?;
    Ok(())
}

/// Which journeys were looked at, and how many there are.
fn journeys(selected: &Selected, currency: Currency) -> Value {
    let tally = |it: &Tally| {
        json!({
            "customers": it.customers, "journeys": it.journeys, "conversions": it.orders,
            "value": currency.format(it.value), "value_minor": minor(it.value),
        })
    };
    json!({
        "chosen": selected.words, "part": selected.part,
        "all": tally(&selected.all), "kept": tally(&selected.kept),
        "customers_without_journey": selected.without_journey,
    })
}

fn put(value: &Value, out: &mut (impl Write + ?Sized)) -> Result<()> {
    serde_json::to_writer(out, value).map_err(|error| Error::from(std::io::Error::from(error)))
}

/// A list of objects, one a line; `line` writes one of them.
fn list<T: Sync>(
    items: &[T],
    line: impl Fn(&T, &mut Vec<u8>) -> Result<()> + Sync,
    out: &mut dyn Write,
) -> Result<()> {
    out.write_all(b"[")?;
    if let Some((first, others)) = items.split_first() {
        let mut bytes = b"\n   ".to_vec();
        line(first, &mut bytes)?;
        out.write_all(&bytes)?;
        let lines = |items: &[T]| {
            let mut bytes = Vec::new();
            for it in items {
                bytes.extend_from_slice(b",\n   ");
                line(it, &mut bytes)?;
            }
            Ok(bytes)
        };
        pieces::write(others, lines, out)?;
    }
    out.write_all(b"]")?;
    Ok(())
}

fn write_table(table: &Table, currency: Currency, out: &mut dyn Write) -> Result<()> {
    out.write_all(b"{\"title\": ")?;
    put(&Value::from(table.title.as_str()), out)?;
    out.write_all(b", \"about\": ")?;
    put(&Value::from(table.about.as_str()), out)?;
    out.write_all(b",\n  \"columns\": ")?;
    list(&table.columns, |it, out| put(&column(it, currency), out), out)?;
    out.write_all(b",\n  \"rows\": ")?;
    write_rows(table, currency, out)?;
    out.write_all(b"}")?;
    Ok(())
}

/// The rows, each an object: written cell by cell, since a ledger has millions.
fn write_rows(table: &Table, currency: Currency, out: &mut dyn Write) -> Result<()> {
    let mut keys = Vec::with_capacity(table.columns.len());
    for (index, column) in table.columns.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let key = |name: &str| Value::from(name).to_string();
        let minor = format!(",{}:", key(&format!("{}_minor", column.key)));
        keys.push((format!("{comma}{}:", key(&column.key)), minor));
    }
    list(&table.rows, |row, out| put_row(table, &keys, row, currency, out), out)
}

fn put_row(
    table: &Table,
    keys: &[(String, String)],
    cells: &[Cell],
    currency: Currency,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.push(b'{');
    for ((column, (key, minor_key)), cell) in table.columns.iter().zip(keys).zip(cells) {
        out.extend_from_slice(key.as_bytes());
        put_cell(cell, currency, out)?;
        if column.kind == Kind::Money || matches!(cell, Cell::Money(_)) {
            out.extend_from_slice(minor_key.as_bytes());
            match cell {
                Cell::Money(total) => put(&minor(*total), out)?,
                _ => out.extend_from_slice(b"null"),
            }
        }
    }
    out.push(b'}');
    Ok(())
}

/// A cell; texts, of which there are most, without a copy.
fn put_cell(cell: &Cell, currency: Currency, out: &mut Vec<u8>) -> Result<()> {
    match cell {
        Cell::Text(text) => serde_json::to_writer(out, text.as_str())
            .map_err(|error| Error::from(std::io::Error::from(error))),
        Cell::Money(_) | Cell::Time(_) => {
            // Digits and signs: nothing that needs an escape.
            out.push(b'"');
            format::put_data(cell, currency, out);
            out.push(b'"');
            Ok(())
        }
        Cell::Count(it) => Ok(write!(out, "{it}")?),
        other => put(&format::json(other, currency), out),
    }
}

fn column(column: &Column, currency: Currency) -> Value {
    let unit = match column.kind {
        Kind::Money => Value::from(currency.code()),
        Kind::Span => Value::from("s"),
        Kind::Share => Value::from("1"),
        _ => Value::Null,
    };
    json!({
        "key": column.key,
        "title": column.title,
        "kind": format::kind_name(column.kind),
        "unit": unit,
        "about": column.about,
    })
}

/// Whole minor units: a number where JSON readers keep it exact, else text.
fn minor(total: Total) -> Value {
    match i64::try_from(total) {
        Ok(it) => Value::from(it),
        Err(_) => Value::from(total.to_string()),
    }
}

fn write_map(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    let drawn = whole::drawn(map, style);
    let kind = match map.kind {
        MapKind::Frequency => "frequency",
        MapKind::Wait => "wait",
        MapKind::Difference => "difference",
    };
    let head = json!({
        "title": map.title, "subtitle": map.subtitle, "kind": kind,
        "metric": map.metric.name(), "second": map.second.map(crate::model::Metric::name),
        "currency": map.currency.code(), "journeys": map.journeys, "customers": map.customers,
        "converted": map.converted, "exits": map.exits, "open": map.open,
        "value": map.currency.format(map.value), "value_minor": minor(map.value),
    });
    let head = head.to_string();
    out.write_all(head.trim_end_matches('}').as_bytes())?;
    out.write_all(b",\n  \"nodes\": ")?;
    let nodes: Vec<usize> = (0..map.nodes.len()).collect();
    list(&nodes, |&it, out| put(&node(map, it, drawn.nodes[it]), out), out)?;
    out.write_all(b",\n  \"edges\": ")?;
    let edges: Vec<usize> = (0..map.edges.len()).collect();
    list(&edges, |&it, out| put(&edge(map, it, drawn.edges[it]), out), out)?;
    out.write_all(b"}")?;
    Ok(())
}

/// A stage with all its figures, and whether a picture draws it.
pub(super) fn node(map: &JourneyMap, id: usize, drawn: bool) -> Value {
    with_flag(figures_of_node((id, &map.nodes[id]), map.currency), drawn)
}

/// A transition with all its figures, and whether a picture draws it.
pub(super) fn edge(map: &JourneyMap, id: usize, drawn: bool) -> Value {
    with_flag(figures_of_edge(&map.edges[id], map.currency), drawn)
}

fn with_flag(mut figures: Value, drawn: bool) -> Value {
    if let Some(figures) = figures.as_object_mut() {
        figures.insert("drawn".to_owned(), Value::Bool(drawn));
    }
    figures
}

fn figures_of_node((id, node): (usize, &MapNode), currency: Currency) -> Value {
    let exits = node.exit_change.map(change);
    json!({
        "id": id, "name": node.name, "goal": node.goal, "position": node.position,
        "visits": node.visits, "customers": node.customers, "journeys": node.journeys,
        "starts": node.starts,
        "exits": node.exits, "open": node.open, "completed": node.completed,
        "repeats": node.repeats, "exit_change": exits,
        "value": currency.format(node.value), "value_minor": minor(node.value),
        "lost": currency.format(node.lost), "lost_minor": minor(node.lost),
    })
}

fn change(it: crate::model::map::MapChange) -> Value {
    json!({"share_a": it.share_a, "share_b": it.share_b, "significant": it.significant})
}

fn figures_of_edge(edge: &MapEdge, currency: Currency) -> Value {
    let change = edge.change.map(change);
    json!({
        "from": edge.from, "to": edge.to, "moves": edge.moves, "customers": edge.customers,
        "journeys": edge.journeys, "share": edge.share, "share_in": edge.share_in,
        "wait_median": edge.wait_median.as_seconds(), "wait_p90": edge.wait_p90.as_seconds(),
        "wait_mean": edge.wait_mean.as_seconds(), "value": currency.format(edge.value),
        "value_minor": minor(edge.value), "lost": currency.format(edge.lost),
        "lost_minor": minor(edge.lost), "change": change,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn parsed(reports: &[&Report]) -> Value {
        let mut out = Vec::new();
        write(reports, &Style::default(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn keys_are_stable_and_money_is_exact() {
        let report = sample::report();
        let value = parsed(&[&report]);
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        let expected =
            ["report", "title", "findings", "notes", "negative", "currency", "tables", "maps"];
        assert_eq!(keys, expected);
        let stages = &value["tables"]["stages"];
        assert_eq!(stages["rows"][0]["stage"], "Organic search");
        let money = &stages["rows"][0];
        assert_eq!(
            money["value"].as_str().unwrap().replace('.', ""),
            money["value_minor"].to_string()
        );
        assert_eq!(stages["columns"][1]["kind"], "count");
        let map = &value["maps"]["map"];
        assert_eq!(map["nodes"].as_array().unwrap().len(), report.maps[0].1.nodes.len());
        assert_eq!(map["edges"].as_array().unwrap().len(), report.maps[0].1.edges.len());
        assert_eq!(map["kind"], "frequency");
    }

    #[test]
    fn several_reports_stand_in_a_list_and_an_empty_one_is_whole() {
        let empty = Report::default();
        let value = parsed(&[&empty, &empty]);
        assert_eq!(value["reports"].as_array().unwrap().len(), 2);
        assert_eq!(parsed(&[])["reports"].as_array().unwrap().len(), 0);
        assert_eq!(parsed(&[&empty])["tables"], json!({}));
    }

    #[test]
    fn hostile_text_comes_back_as_it_was() {
        for text in super::super::escape::attacks::all() {
            let report = Report { title: text.clone(), ..Report::default() };
            assert_eq!(parsed(&[&report])["title"], Value::from(text));
        }
    }

    #[test]
    fn money_beyond_64_bits_becomes_text() {
        assert_eq!(minor(Total::MAX), Value::from(Total::MAX.to_string()));
        assert_eq!(minor(-5), Value::from(-5));
    }
}
