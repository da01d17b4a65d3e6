//! Charts of a report's tables as static SVG: bars, step curves with a band, funnels,
//! small lines, grids of bars, flow by step.
//!
//! Drawn from the table's own cells, so that picture and table cannot differ. Words
//! take the page's color; classes only set fills that have a fallback.

use super::escape::{one_line, xml};
use super::map::measure::{fit, width};
use super::{format, sankey};
use crate::base::Currency;
use crate::model::{Cell, Chart, Kind, Table};

mod grid;
mod lines;

const WIDTH: f64 = 720.0;
const TEXT: f64 = 12.0;
/// How much wider words may be than measured, where none of the fonts that a page asks for is
/// installed.
const WIDER: f64 = 1.18;
/// The most bars that still read as a picture.
const BARS: usize = 25;

/// The chart of a table, if it asks for one and has the cells for it.
pub(super) fn draw(table: &Table, currency: Currency) -> Option<String> {
    let narrow = |it: Option<(String, f64)>| it.map(|(body, height)| (body, WIDTH, height));
    let (body, wide, height) = match table.chart.as_ref()? {
        Chart::Bars { label, value } => narrow(bars(table, label, value, currency)),
        Chart::Curve { x, y, band } => narrow(curve(table, x, y, *band, currency)),
        Chart::Funnel { label, value } => narrow(funnel(table, label, value, currency)),
        Chart::Flow { .. } => sankey::draw(table),
        Chart::Grid { label, series, value, band } => {
            let drawn = grid::draw(table, label, series, value, *band, currency);
            drawn.map(|(body, height)| (body, grid::WIDTH, height))
        }
        Chart::Lines { label, values, whole } => {
            return lines::draw(table, label, values, whole, currency);
        }
    }?;
    let class = match table.chart.as_ref()? {
        Chart::Flow { .. } => "chart flow",
        Chart::Grid { .. } => "chart bars",
        _ => "chart",
    };
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"{class}\" \
         viewBox=\"0 0 {wide} {h}\" width=\"{wide}\" height=\"{h}\" font-size=\"{TEXT}\">\
         <title>{}</title><desc>{}</desc>{body}</svg>",
        xml(&table.title),
        xml(&table.about),
        h = height.ceil(),
    ))
}

/// The figure of a cell, for its length or height.
fn figure(cell: &Cell) -> Option<f64> {
    let value = match cell {
        Cell::Count(it) => *it as f64,
        Cell::Integer(it) => *it as f64,
        Cell::Share(it) | Cell::Number(it) => *it,
        Cell::Money(it) => *it as f64,
        Cell::Span(it) => it.as_seconds(),
        Cell::Time(it) => it.0 as f64 / 1e6,
        Cell::Empty(_) | Cell::Text(_) | Cell::Flag(_) => return None,
    };
    value.is_finite().then_some(value)
}

fn px(value: f64) -> String {
    format!("{}", (value * 10.0).round() / 10.0 + 0.0)
}

fn words(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" class=\"{class}\" fill=\"currentColor\">{}</text>",
        px(x),
        px(y),
        xml(text)
    )
}

fn bar(x: f64, y: f64, width: f64, class: &str, fill: &str, tip: &str) -> String {
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"17\" rx=\"2\" class=\"{class}\" \
         fill=\"{fill}\"><title>{}</title></rect>",
        px(x),
        px(y),
        px(width.max(0.5)),
        xml(tip)
    )
}

type Labeled<'a> = Vec<(String, &'a Cell, f64)>;

/// Labels, cells and figures of the rows that have both.
fn labeled<'a>(table: &'a Table, label: &str, value: &str) -> Option<Labeled<'a>> {
    let (label, value) = (table.column(label)?, table.column(value)?);
    let name = |cell: &Cell| one_line(&format::people(cell, Currency::default()), 200);
    let rows = table.rows.iter().filter_map(|row| {
        let figure = figure(&row[value])?;
        Some((name(&row[label]), &row[value], figure))
    });
    let rows: Labeled = rows.collect();
    (!rows.is_empty()).then_some(rows)
}

fn bars(table: &Table, label: &str, value: &str, currency: Currency) -> Option<(String, f64)> {
    let rows = labeled(table, label, value)?;
    let shown = &rows[..rows.len().min(BARS)];
    let left = room(shown.iter().map(|it| &it.0)).min(WIDTH * 0.42) + 8.0;
    let values: Vec<String> = shown.iter().map(|it| format::people(it.1, currency)).collect();
    let right = room(values.iter()) + 8.0;
    let (low, high) =
        shown.iter().fold((0.0f64, 0.0f64), |(low, high), it| (low.min(it.2), high.max(it.2)));
    let scale = per_unit(WIDTH - left - right, high - low);
    let zero = left - low * scale;
    let mut out = String::new();
    for (index, ((name, _, figure), value)) in shown.iter().zip(&values).enumerate() {
        let y = index as f64 * 24.0 + 4.0;
        let name = fitting(name, left - 8.0);
        out.push_str(&words(left - 8.0, y + 13.0, "end", "label", &name));
        let length = figure.abs() * scale;
        let (x, class, fill) = match *figure < 0.0 {
            true => (zero - length, "bar minus", "#d55e00"),
            false => (zero, "bar", "#4292c6"),
        };
        out.push_str(&bar(x, y, length, class, fill, &format!("{name}: {value}")));
        out.push_str(&words(x + length + 5.0, y + 13.0, "start", "value", value));
    }
    let mut height = shown.len() as f64 * 24.0 + 6.0;
    if rows.len() > shown.len() {
        let more = super::table::more(rows.len() - shown.len());
        out.push_str(&words(
            left,
            height + 12.0,
            "start",
            "quiet",
            &format!("… {more} in the table"),
        ));
        height += 20.0;
    }
    Some((out, height))
}

/// The room that the widest of some texts needs, in whatever font the reader has.
fn room<'t>(texts: impl Iterator<Item = &'t String>) -> f64 {
    texts.map(|it| width(it, TEXT, false)).fold(0.0, f64::max) * WIDER
}

/// As much of a text as fits into so much room in such a font.
fn fitting(text: &str, room: f64) -> String {
    // What just fits is not to be cut by rounding.
    fit(text, room / WIDER + 0.01, TEXT, false)
}

/// Pixels for one unit of figures; none where all are 0.
fn per_unit(room: f64, span: f64) -> f64 {
    if span > 0.0 { room / span } else { 0.0 }
}

fn funnel(table: &Table, label: &str, value: &str, currency: Currency) -> Option<(String, f64)> {
    let rows = labeled(table, label, value)?;
    let first = rows.first().map(|it| it.2).filter(|it| *it > 0.0)?;
    let notes: Vec<String> =
        (0..rows.len()).map(|it| funnel_note(&rows, it, first, currency)).collect();
    let left = room(rows.iter().map(|it| &it.0)).min(WIDTH * 0.3) + 8.0;
    let room = (WIDTH - left - room(notes.iter()) - 12.0).max(60.0);
    let mut out = String::new();
    for (index, ((name, _, figure), note)) in rows.iter().zip(&notes).enumerate() {
        let y = index as f64 * 28.0 + 4.0;
        let name = fitting(name, left - 8.0);
        out.push_str(&words(left - 8.0, y + 13.0, "end", "label", &name));
        out.push_str(&bar(left, y, room, "back", "#e8edf2", &name));
        let length = room * (figure / first).min(1.0);
        out.push_str(&bar(left, y, length, "bar", "#4292c6", &format!("{name}: {note}")));
        out.push_str(&words(left + room + 8.0, y + 13.0, "start", "value", note));
    }
    Some((out, rows.len() as f64 * 28.0 + 4.0))
}

/// A step's count and its shares of the first step and of the one before.
fn funnel_note(rows: &Labeled, index: usize, first: f64, currency: Currency) -> String {
    let mut note = format::people(rows[index].1, currency);
    if index > 0 {
        note.push_str(&format!(" · {} of first", format::percent(rows[index].2 / first)));
    }
    let before = index.checked_sub(1).map_or(0.0, |it| rows[it].2);
    if index > 1 && before > 0.0 {
        note.push_str(&format!(" · {} of previous", format::percent(rows[index].2 / before)));
    }
    note
}

/// A plot's frame: where data becomes pixels.
struct Frame {
    left: f64,
    bottom: f64,
    x: (f64, f64),
    y: (f64, f64),
}

const HEIGHT: f64 = 300.0;
const TOP: f64 = 28.0;

impl Frame {
    fn x(&self, value: f64) -> f64 {
        let span = (self.x.1 - self.x.0).max(f64::MIN_POSITIVE);
        self.left + (value - self.x.0) / span * (WIDTH - 16.0 - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        let span = (self.y.1 - self.y.0).max(f64::MIN_POSITIVE);
        self.bottom - (value - self.y.0) / span * (self.bottom - TOP)
    }
}

fn curve(
    table: &Table,
    x: &str,
    y: &str,
    band: Option<(&str, &str)>,
    currency: Currency,
) -> Option<(String, f64)> {
    let (x_column, y_column) = (table.column(x)?, table.column(y)?);
    let points = points(table, x_column, y_column);
    if points.len() < 2 {
        return None;
    }
    let edges = band.and_then(|(low, high)| {
        let low = self::points(table, x_column, table.column(low)?);
        let high = self::points(table, x_column, table.column(high)?);
        (low.len() > 1 && high.len() > 1).then_some((low, high))
    });
    let all = edges.iter().flat_map(|it| it.0.iter().chain(&it.1)).chain(&points);
    let (low, high) =
        all.fold((0.0f64, f64::MIN), |(low, high), it| (low.min(it.1), high.max(it.1)));
    let ends = (points[0].0, points[points.len() - 1].0);
    let frame =
        Frame { left: 64.0, bottom: HEIGHT - 44.0, x: ends, y: (low, high.max(low + 1e-9)) };
    let mut out = axes(&frame, table, x_column, y_column, currency);
    if let Some((low, high)) = edges {
        let path = steps(&frame, &low) + &back(&frame, &high);
        out.push_str(&format!(
            "<path d=\"{path}\" class=\"band\" fill=\"#4292c6\" fill-opacity=\"0.18\"/>"
        ));
    }
    out.push_str(&format!(
        "<path d=\"{}\" class=\"line\" fill=\"none\" stroke=\"#2171b5\" stroke-width=\"2\"/>",
        steps(&frame, &points)
    ));
    Some((out, HEIGHT))
}

fn points(table: &Table, x: usize, y: usize) -> Vec<(f64, f64)> {
    table.rows.iter().filter_map(|row| Some((figure(&row[x])?, figure(&row[y])?))).collect()
}

/// A curve that keeps each value until the next x.
fn steps(frame: &Frame, points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        let (x, y) = (px(frame.x(x)), px(frame.y(y)));
        path.push_str(&if index == 0 { format!("M{x} {y}") } else { format!("H{x}V{y}") });
    }
    path
}

/// The same curve from its end to its start, closing the band under it.
fn back(frame: &Frame, points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, &(x, y)) in points.iter().enumerate().rev() {
        let (x, y) = (px(frame.x(x)), px(frame.y(y)));
        let last = index + 1 == points.len();
        path.push_str(&if last { format!("L{x} {y}") } else { format!("V{y}H{x}") });
    }
    path + "Z"
}

fn axes(frame: &Frame, table: &Table, x: usize, y: usize, currency: Currency) -> String {
    let mut out = String::new();
    let line = |x1: f64, y1: f64, x2: f64, y2: f64| {
        format!(
            "<path d=\"M{} {}L{} {}\" class=\"grid\" stroke=\"currentColor\" stroke-opacity=\"0.18\"/>",
            px(x1),
            px(y1),
            px(x2),
            px(y2)
        )
    };
    for value in ticks(frame.y, 5, unit(table, y)) {
        let at = frame.y(value);
        out.push_str(&line(frame.left, at, WIDTH - 16.0, at));
        let text = tick(table, y, value, currency);
        out.push_str(&words(frame.left - 6.0, at + 4.0, "end", "quiet", &text));
    }
    for value in ticks(frame.x, 7, unit(table, x)) {
        let at = frame.x(value);
        out.push_str(&line(at, frame.bottom, at, frame.bottom + 4.0));
        let text = tick(table, x, value, currency);
        out.push_str(&words(at, frame.bottom + 18.0, "middle", "quiet", &text));
    }
    let (x_title, y_title) = (head(table, x, currency), head(table, y, currency));
    let middle = (frame.left + WIDTH) / 2.0;
    out.push_str(&words(middle, HEIGHT - 8.0, "middle", "quiet", &x_title));
    out.push_str(&words(4.0, 12.0, "start", "quiet", &y_title));
    out
}

/// A column's title, with the currency that its ticks leave out.
fn head(table: &Table, column: usize, currency: Currency) -> String {
    let own = &table.columns[column];
    let title = one_line(&own.title, 60);
    match own.kind {
        Kind::Money if currency != Currency::UNNAMED => format!("{title}, {}", currency.code()),
        _ => title,
    }
}

/// What a column's ticks should be whole multiples of: days where spans are long.
fn unit(table: &Table, column: usize) -> f64 {
    let spans = table.rows.iter().filter_map(|it| match it[column] {
        Cell::Span(it) => Some(it.as_seconds()),
        _ => None,
    });
    match spans.fold(0.0, f64::max) {
        it if it >= 2.0 * 86_400.0 => 86_400.0,
        it if it >= 2.0 * 3_600.0 => 3_600.0,
        it if it >= 120.0 => 60.0,
        _ => 1.0,
    }
}

/// Round values in a range, about as many as wanted: multiples of 1, 2 or 5 times a power of ten.
fn ticks(range: (f64, f64), wanted: usize, unit: f64) -> Vec<f64> {
    let (low, high) = (range.0 / unit, range.1 / unit);
    let rough = (high - low) / wanted as f64;
    if rough <= 0.0 || !rough.is_finite() {
        return vec![range.0];
    }
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].map(|it| it * power).into_iter().find(|it| *it >= rough);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|it| it as f64 * step * unit).collect()
}

fn tick(table: &Table, column: usize, value: f64, currency: Currency) -> String {
    match table.rows.first().map(|it| &it[column]) {
        Some(Cell::Share(_)) => {
            let text = format!("{:.2}", value * 100.0);
            format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
        }
        Some(Cell::Span(_)) if unit(table, column) == 86_400.0 => {
            format!("{:.0} d", value / 86_400.0)
        }
        Some(Cell::Span(_)) => crate::base::Span((value * 1e6) as i64).human(),
        Some(Cell::Money(_)) => {
            let major = value / 10f64.powi(currency.digits() as i32);
            let sign = if major < 0.0 { "-" } else { "" };
            format!("{sign}{}", format::short(major.abs() as u64))
        }
        Some(Cell::Time(_)) => {
            let time = crate::base::Timestamp((value * 1e6) as i64).to_string();
            time.chars().take(10).collect()
        }
        Some(Cell::Count(_)) => format::short(value.max(0.0) as u64),
        _ => format::people(&Cell::Number(value), currency),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::Column;

    fn parsed(table: &Table) -> String {
        let svg = draw(table, Currency::default()).unwrap();
        roxmltree::Document::parse(&svg).unwrap();
        svg
    }

    #[test]
    fn each_kind_of_chart_is_drawn() {
        let report = sample::report();
        let bars = parsed(&report.tables[0]);
        assert_eq!(bars.matches("class=\"bar\"").count(), 21);
        let curve = parsed(&report.tables[1]);
        assert!(curve.contains("class=\"band\"") && curve.contains(">5 d<"), "{curve}");
        let funnel = parsed(&sample::funnel().tables[0]);
        assert!(funnel.contains("18,020 · 49% of first"), "{funnel}");
    }

    #[test]
    fn tables_without_figures_have_no_chart() {
        let columns = vec![Column::new("a", Kind::Text, ""), Column::new("b", Kind::Share, "")];
        let mut table = Table::new("t", "T", "", columns);
        table.chart = Some(Chart::Bars { label: "a", value: "b" });
        assert!(draw(&table, Currency::default()).is_none());
        table.push(vec![Cell::text("x"), Cell::Empty("no base")]);
        assert!(draw(&table, Currency::default()).is_none());
        table.chart = Some(Chart::Curve { x: "no", y: "such", band: None });
        assert!(draw(&table, Currency::default()).is_none());
    }

    #[test]
    fn hostile_labels_and_odd_figures_make_whole_pictures() {
        let columns = vec![Column::new("a", Kind::Text, ""), Column::new("b", Kind::Number, "")];
        let mut table = Table::new("t", "</title><script>", "", columns);
        for (index, text) in super::super::escape::attacks::all().into_iter().enumerate() {
            let value = [0.0, -3.0, f64::NAN, 1e300, 5.0][index % 5];
            table.push(vec![Cell::Text(text), Cell::Number(value)]);
        }
        table.chart = Some(Chart::Bars { label: "a", value: "b" });
        assert!(!parsed(&table).contains("<script"));
        table.chart = Some(Chart::Funnel { label: "a", value: "b" });
        assert!(draw(&table, Currency::default()).is_none(), "a funnel from 0 has no shares");
    }

    #[test]
    fn bars_of_nothing_but_zeros_stand_at_zero() {
        let columns = vec![Column::new("a", Kind::Text, ""), Column::new("b", Kind::Money, "")];
        let mut table = Table::new("t", "T", "", columns);
        table.push(vec![Cell::text("x"), Cell::Money(0)]);
        table.push(vec![Cell::text("y"), Cell::Money(0)]);
        table.chart = Some(Chart::Bars { label: "a", value: "b" });
        assert!(!parsed(&table).contains("NaN"));
        table.chart = Some(Chart::Grid { label: "a", series: "a", value: "b", band: None });
        assert!(!parsed(&table).contains("NaN"));
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks((0.0, 0.163), 5, 1.0).len(), 4);
        assert_eq!(ticks((0.0, 10.0), 5, 1.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks((3.0, 3.0), 5, 1.0), [3.0]);
    }
}
