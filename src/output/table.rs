//! Tables for the terminal: findings, tables as wide as fits, notes.
//!
//! Data is shown through [`escape::terminal`]: no escape sequence of the data ever
//! reaches the screen. Color only if the style says so, and never alone.

use std::io::Write;

use comfy_table::{
    Cell as Shown, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table as Grid,
    TableStyle, Width,
};

use super::escape::{self, terminal};
use super::{Format, Style, format, map};
use crate::base::{Currency, Result};
use crate::model::{Cell, Report, Table};

pub(super) const FORMAT: Format =
    Format { name: "table", endings: &[".txt"], about: "Tables for the terminal", write };

/// The longest text of a cell on a screen.
const CELL: usize = 120;

fn write(reports: &[&Report], style: &Style, out: &mut dyn Write) -> Result<()> {
    for (index, report) in reports.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_report(report, style, out)?;
    }
    Ok(())
}

fn write_report(report: &Report, style: &Style, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", strong(&terminal(&report.title), style))?;
    for finding in &report.findings {
        wrap(&terminal(finding), "  ", "  ", style, out)?;
    }
    // On a terminal a map is drawn; files and pipes get the tables alone.
    if let Some((_, drawn)) = report.maps.first().filter(|_| style.width > 0) {
        writeln!(out)?;
        map::term::write(drawn, style, out)?;
    }
    for table in &report.tables {
        writeln!(out)?;
        // A table that only repeats the report's title needs no second one.
        if table.title != report.title || report.tables.len() > 1 {
            writeln!(out, "{}", strong(&terminal(&table.title), style))?;
        }
        if !table.about.is_empty() {
            wrap(&terminal(&table.about), "", "", style, out)?;
        }
        write_table(table, report.currency, style, out)?;
    }
    if !report.notes.is_empty() {
        writeln!(out)?;
    }
    for note in &report.notes {
        wrap(&terminal(note), "note: ", "      ", style, out)?;
    }
    Ok(())
}

/// Writes one table's rows for a terminal.
///
/// # Errors
/// The writer's.
pub fn write_table(
    table: &Table,
    currency: Currency,
    style: &Style,
    out: &mut dyn Write,
) -> Result<()> {
    if table.rows.is_empty() {
        writeln!(out, "  (no rows)")?;
        return Ok(());
    }
    let mut grid = Grid::new();
    let rule = LineStyle::none().fill('─').junction('─');
    grid.load_style(TableStyle::new().header_separator(rule));
    if style.width > 0 {
        grid.set_content_arrangement(ContentArrangement::Dynamic);
        grid.set_width(u16::try_from(style.width).unwrap_or(u16::MAX));
    }
    let side = |kind| match format::is_numeric(kind) {
        true => CellAlignment::Right,
        false => CellAlignment::Left,
    };
    grid.set_header(
        table.columns.iter().map(|it| Shown::new(terminal(&it.title)).set_alignment(side(it.kind))),
    );
    let (rows, hidden) = shown(table, style);
    for row in rows {
        grid.add_row(table.columns.iter().zip(row).map(|(column, cell)| {
            Shown::new(text(cell, currency)).set_alignment(side(column.kind))
        }));
    }
    if let Some(widths) = unbroken(table, rows, currency, style.width) {
        grid.set_constraints(widths);
    }
    for line in grid.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    if hidden > 0 {
        writeln!(out, " … {}", more(hidden))?;
    }
    Ok(())
}

/// Widths that keep every figure on one line, so that only words wrap; `None` where
/// the terminal is too narrow even for that.
fn unbroken(
    table: &Table,
    rows: &[Vec<Cell>],
    currency: Currency,
    width: usize,
) -> Option<Vec<ColumnConstraint>> {
    let longest_word = |it: &str| it.split(' ').map(|it| it.chars().count()).max().unwrap_or(0);
    let needs: Vec<usize> = (0..table.columns.len())
        .map(|at| {
            let head = longest_word(&table.columns[at].title);
            let cells = rows.iter().map(|row| text(&row[at], currency));
            let widest = match format::is_numeric(table.columns[at].kind) {
                true => cells.map(|it| it.chars().count()).max(),
                false => cells.map(|it| longest_word(&it).min(16)).max(),
            };
            // A blank on each side.
            head.max(widest.unwrap_or(0)) + 2
        })
        .collect();
    let fits = width == 0 || needs.iter().sum::<usize>() + needs.len() <= width;
    let constraint = |it: usize| {
        ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(it).unwrap_or(u16::MAX)))
    };
    fits.then(|| needs.into_iter().map(constraint).collect())
}

fn text(cell: &Cell, currency: Currency) -> String {
    let text = format::people(cell, currency);
    if text.chars().count() > CELL {
        escape::one_line(&terminal(&text), CELL)
    } else {
        terminal(&text)
    }
}

/// The rows that people are shown, and how many are left out.
pub(super) fn shown<'a>(table: &'a Table, style: &Style) -> (&'a [Vec<Cell>], usize) {
    let all = table.rows.len();
    let count = if style.all_rows || table.shown == 0 { all } else { table.shown.min(all) };
    (&table.rows[..count], all - count)
}

/// What stands for rows left out.
pub(super) fn more(hidden: usize) -> String {
    let rows = if hidden == 1 { "row" } else { "rows" };
    format!("{} more {rows}", format::thousands(&hidden.to_string()))
}

fn strong(text: &str, style: &Style) -> String {
    if style.color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Writes words in lines no wider than the style's width.
fn wrap(text: &str, first: &str, rest: &str, style: &Style, out: &mut dyn Write) -> Result<()> {
    let width = if style.width == 0 { usize::MAX } else { style.width.max(40) };
    let mut line = first.to_owned();
    let mut used = first.chars().count();
    let mut empty = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !empty && used + 1 + length > width {
            writeln!(out, "{line}")?;
            line = rest.to_owned();
            used = rest.chars().count();
            empty = true;
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
        empty = false;
    }
    writeln!(out, "{line}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::{Column, Kind};

    fn written(report: &Report, style: &Style) -> String {
        let mut out = Vec::new();
        write(&[report], style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_stand_flush_right_under_their_heads() {
        let text = written(&sample::three_rows(), &Style::default());
        let expected = "\
Where customers leave
  Most leave at Cart.

Share of visits that ended at the stage.
 stage          visits     left
────────────────────────────────
 Product page   64,965   20.0 %
 Cart           24,601   21.7 %
 … 1 more row

note: open journeys are no exits
";
        assert_eq!(text, expected);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 60, 80, 120] {
            let text = written(&sample::report(), &Style { width, ..Style::default() });
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn figures_never_wrap_where_words_can() {
        let columns = vec![
            Column::new("path", Kind::Text, ""),
            Column::new("share_of_all_journeys", Kind::Share, ""),
            Column::new("value", Kind::Money, ""),
        ];
        let mut table = Table::new("t", "T", "", columns);
        let path = "Paid search → Product page → Cart → Sign in → Shipping → Payment → Purchase";
        table.push(vec![Cell::text(path), Cell::Share(0.123), Cell::Money(123_456_789_012)]);
        let report = Report { tables: vec![table], ..Report::default() };
        let text = written(&report, &Style { width: 60, ..Style::default() });
        assert!(text.contains("1,234,567,890.12"), "{text}");
        assert!(text.lines().all(|it| it.chars().count() <= 60), "{text}");
    }

    #[test]
    fn a_map_is_drawn_on_terminals_alone() {
        let report = sample::report();
        let terminal = written(&report, &Style { width: 100, ..Style::default() });
        let (drawn, stages) = (terminal.find("● Start"), terminal.find("\nStages\n"));
        assert!(drawn.is_some() && drawn < stages, "{terminal}");
        assert!(!written(&report, &Style { width: 0, ..Style::default() }).contains("● Start"));
    }

    #[test]
    fn color_is_only_for_those_who_ask() {
        let report = sample::report();
        assert!(!written(&report, &Style::default()).contains('\u{1b}'));
        let style = Style { color: true, ..Style::default() };
        assert!(written(&report, &style).contains("\u{1b}[1m"));
    }

    #[test]
    fn no_control_character_of_the_data_reaches_the_screen() {
        let mut report = sample::three_rows();
        for text in escape::attacks::all() {
            report.tables[0].push(vec![
                Cell::text(text.as_str()),
                Cell::Count(1),
                Cell::Share(0.5),
            ]);
            report.notes.push(text.clone());
            report.findings.push(text);
        }
        report.tables[0].shown = 0;
        let text = written(&report, &Style::default());
        assert!(!text.chars().any(|it| it.is_control() && it != '\n'));
        assert!(text.contains("<U+202E>"));
    }
}
