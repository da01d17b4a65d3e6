//! Small lines side by side: one column of a table each, over rows in order of time.
//!
//! Every axis begins at 0, so that heights compare; rows that the data cuts are drawn
//! hollow and with a broken line. Several pictures, so that a narrow page can wrap them.

use super::{figure, head, px, tick, ticks, unit, words};
use crate::base::Currency;
use crate::model::{Cell, Table};
use crate::output::escape::{one_line, xml};
use crate::output::format;

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 142.0;

/// One picture a column that has figures; none if no column has two rows of them.
pub(super) fn draw(
    table: &Table,
    label: &str,
    values: &[&str],
    whole: &str,
    currency: Currency,
) -> Option<String> {
    let label = table.column(label)?;
    let whole = table.column(whole);
    let columns = values.iter().filter_map(|it| table.column(it));
    let panels: Vec<String> =
        columns.filter_map(|it| panel(table, label, it, whole, currency)).collect();
    let all = panels.concat();
    (!all.is_empty()).then(|| format!("<div class=\"multiples\">{all}</div>"))
}

/// A point of a line: its place in the table, its figure, whether its row is whole.
struct Dot {
    row: usize,
    figure: f64,
    whole: bool,
}

fn panel(
    table: &Table,
    label: usize,
    value: usize,
    whole: Option<usize>,
    currency: Currency,
) -> Option<String> {
    let is_whole =
        |row: &[Cell]| whole.is_none_or(|it| !matches!(row.get(it), Some(Cell::Flag(false))));
    let dots: Vec<Dot> = (0..)
        .zip(&table.rows)
        .filter_map(|(row, cells)| {
            let figure = figure(&cells[value])?;
            Some(Dot { row, figure, whole: is_whole(cells) })
        })
        .collect();
    if dots.len() < 2 {
        return None;
    }
    let low = dots.iter().map(|it| it.figure).fold(0.0, f64::min);
    let high = dots.iter().map(|it| it.figure).fold(0.0, f64::max).max(low + 1e-9);
    let last = table.rows.len().saturating_sub(1).max(1) as f64;
    let x = |row: usize| LEFT + row as f64 / last * (WIDTH - LEFT - RIGHT);
    let y = |figure: f64| BOTTOM - (figure - low) / (high - low) * (BOTTOM - TOP);
    let name = |row: usize| one_line(&format::people(&table.rows[row][label], currency), 20);
    let mut out = String::new();
    for at in ticks((low, high), 3, unit(table, value)) {
        out.push_str(&format!(
            "<path d=\"M{LEFT} {y}H{}\" class=\"grid\" stroke=\"currentColor\" stroke-opacity=\"0.18\"/>",
            px(WIDTH - RIGHT),
            y = px(y(at)),
        ));
        let text = tick(table, value, at, currency);
        out.push_str(&words(LEFT - 6.0, y(at) + 4.0, "end", "quiet", &text));
    }
    out.push_str(&line(&dots, &x, &y));
    out.push_str("<g class=\"dots\" fill=\"#2171b5\">");
    for dot in &dots {
        let class = if dot.whole { "" } else { " class=\"part\"" };
        let cut = if dot.whole { "" } else { " (cut by the data)" };
        let shown = format::people(&table.rows[dot.row][value], currency);
        out.push_str(&format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"3\"{class}><title>{}</title></circle>",
            px(x(dot.row)),
            px(y(dot.figure)),
            xml(&format!("{}: {shown}{cut}", name(dot.row))),
        ));
    }
    out.push_str("</g>");
    out.push_str(&words(LEFT, HEIGHT - 8.0, "start", "quiet", &name(0)));
    let end = table.rows.len() - 1;
    out.push_str(&words(WIDTH - RIGHT, HEIGHT - 8.0, "end", "quiet", &name(end)));
    let title = head(table, value, currency);
    out.push_str(&words(4.0, 15.0, "start", "head", &title));
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"chart line\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-size=\"12\"><title>{}</title><desc>{}</desc>{out}</svg>",
        xml(&title),
        xml(&describe(table, value, &dots, &name, currency)),
    ))
}

/// The line, broken where it leads to a row that is cut.
fn line(dots: &[Dot], x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let (mut firm, mut loose) = (String::new(), String::new());
    for pair in dots.windows(2) {
        if pair[1].row != pair[0].row + 1 {
            continue;
        }
        let into = if pair[0].whole && pair[1].whole { &mut firm } else { &mut loose };
        into.push_str(&format!(
            "M{} {}L{} {}",
            px(x(pair[0].row)),
            px(y(pair[0].figure)),
            px(x(pair[1].row)),
            px(y(pair[1].figure))
        ));
    }
    let path = |d: &str, more: &str| match d {
        "" => String::new(),
        _ => format!(
            "<path d=\"{d}\" class=\"line\" fill=\"none\" stroke=\"#2171b5\" stroke-width=\"2\"{more}/>"
        ),
    };
    path(&firm, " stroke-linecap=\"round\"") + &path(&loose, " stroke-dasharray=\"3 4\"")
}

fn describe(
    table: &Table,
    value: usize,
    dots: &[Dot],
    name: &dyn Fn(usize) -> String,
    currency: Currency,
) -> String {
    let shown = |dot: &Dot| {
        let figure = format::people(&table.rows[dot.row][value], currency);
        format!("{figure} ({})", name(dot.row))
    };
    let best = dots.iter().rev().max_by(|a, b| a.figure.total_cmp(&b.figure));
    let least = dots.iter().rev().min_by(|a, b| a.figure.total_cmp(&b.figure));
    let (Some(first), Some(last), Some(best), Some(least)) =
        (dots.first(), dots.last(), best, least)
    else {
        return String::new();
    };
    format!(
        "From {} to {}; highest {}, lowest {}.",
        shown(first),
        shown(last),
        shown(best),
        shown(least)
    )
}
