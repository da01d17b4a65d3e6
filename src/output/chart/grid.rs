//! Bars in a grid: a row for each label, a column for each series, one scale for all.
//!
//! Figures stand above their bars; an interval is a thin line with ends, so that bars
//! can be compared along a row (what do the series say of one label) and down a column.

use indexmap::IndexMap;

use super::{BARS, Labeled, figure, px, words};
use crate::base::Currency;
use crate::model::{Cell, Table};
use crate::output::escape::{one_line, xml};
use crate::output::format;
use crate::output::map::measure::fit;

pub(super) const WIDTH: f64 = 960.0;
const TEXT: f64 = 12.0;
const ROW: f64 = 34.0;
const HEAD: f64 = 24.0;
const GAP: f64 = 14.0;
/// More series than this do not fit beside each other.
const SERIES: usize = 9;

/// A label and a series, with its cell and figure, and the ends of its interval.
struct Bar<'a> {
    label: usize,
    series: usize,
    cell: &'a Cell,
    figure: f64,
    band: Option<(f64, f64)>,
}

/// The grid and its height.
pub(super) fn draw(
    table: &Table,
    label: &str,
    series: &str,
    value: &str,
    band: Option<(&str, &str)>,
    currency: Currency,
) -> Option<(String, f64)> {
    let rows: Labeled = super::labeled(table, label, value)?;
    let series_of = super::labeled(table, series, value)?;
    let names = ranked(&rows);
    let mut kinds: Vec<&str> = Vec::new();
    for (name, ..) in &series_of {
        if !kinds.contains(&name.as_str()) && kinds.len() < SERIES {
            kinds.push(name);
        }
    }
    let ends = band.and_then(|(low, high)| Some((table.column(low)?, table.column(high)?)));
    let value = table.column(value)?;
    let cells = table.rows.iter().filter(|row| figure(&row[value]).is_some());
    let bars = rows.iter().zip(&series_of).zip(cells).filter_map(|((row, kind), cells)| {
        Some(Bar {
            label: names.iter().position(|it| **it == row.0)?,
            series: kinds.iter().position(|it| *it == kind.0)?,
            cell: row.1,
            figure: row.2,
            band: ends.and_then(|(low, high)| Some((figure(&cells[low])?, figure(&cells[high])?))),
        })
    });
    let bars: Vec<Bar> = bars.collect();
    let left = super::room(names.iter().copied()).min(180.0) + 12.0;
    let room = (WIDTH - left) / kinds.len().max(1) as f64 - GAP;
    let high = bars.iter().map(|it| it.band.map_or(it.figure, |band| band.1.max(it.figure)));
    let scale = super::per_unit(room, high.fold(0.0, f64::max));
    let mut out = String::new();
    for (index, kind) in kinds.iter().enumerate() {
        let x = left + index as f64 * (room + GAP);
        out.push_str(&words(x, 12.0, "start", "head", &fit(kind, room, TEXT, true)));
    }
    for (index, name) in names.iter().enumerate() {
        let y = HEAD + index as f64 * ROW;
        out.push_str(&words(
            left - 10.0,
            y + 19.0,
            "end",
            "label",
            &super::fitting(name, left - 12.0),
        ));
    }
    let (mut texts, mut rects, mut whiskers) = (String::new(), String::new(), String::new());
    for bar in &bars {
        let x = left + bar.series as f64 * (room + GAP);
        let y = HEAD + bar.label as f64 * ROW;
        let shown = xml(&one_line(&format::people(bar.cell, currency), 30));
        texts.push_str(&format!("<text x=\"{}\" y=\"{}\">{shown}</text>", px(x), px(y + 12.0)));
        rects.push_str(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"8\"/>",
            px(x),
            px(y + 16.0),
            px((bar.figure * scale).max(0.5))
        ));
        if let Some((low, high)) = bar.band {
            let (a, z) = (px(x + low * scale), px(x + high * scale));
            let top = px(y + 17.0);
            whiskers.push_str(&format!("M{a} {top}v6m0-3H{z}m0-3v6"));
        }
    }
    out.push_str(&format!(
        "<g class=\"bar\" fill=\"#4292c6\">{rects}</g><path d=\"{whiskers}\" class=\"whisker\" \
         fill=\"none\" stroke=\"currentColor\"/><g fill=\"currentColor\">{texts}</g>"
    ));
    Some((out, HEAD + names.len() as f64 * ROW + 4.0))
}

/// Labels by their greatest figure, the first of equals first; no more than can be read.
fn ranked<'a>(rows: &'a Labeled) -> Vec<&'a String> {
    let mut best: IndexMap<&String, f64> = IndexMap::new();
    for (name, _, figure) in rows {
        let own = best.entry(name).or_insert(*figure);
        *own = own.max(*figure);
    }
    let mut best: Vec<(&String, f64)> = best.into_iter().collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1));
    best.into_iter().map(|it| it.0).take(BARS).collect()
}
