//! Markdown for issues, wikis and chats: findings, tables, notes.
//!
//! Cuts long tables as the terminal does, and says how many rows it left out.

use std::io::Write;

use super::escape::{markdown, one_line};
use super::{Format, Style, format};
use crate::base::{Currency, Result};
use crate::model::{Report, Table};

pub(super) const FORMAT: Format = Format {
    name: "md",
    endings: &[".md", ".markdown"],
    about: "Markdown: findings and tables for issues, wikis and chats",
    write,
};

/// The longest text of a cell.
const CELL: usize = 200;

fn write(reports: &[&Report], style: &Style, out: &mut dyn Write) -> Result<()> {
    for (index, report) in reports.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "# {}", markdown(&report.title))?;
        for finding in &report.findings {
            writeln!(out, "\n**{}**", markdown(finding))?;
        }
        for table in &report.tables {
            write_table(table, report.currency, style, out)?;
        }
        if !report.notes.is_empty() {
            writeln!(out)?;
        }
        for note in &report.notes {
            writeln!(out, "- {}", markdown(note))?;
        }
    }
    Ok(())
}

fn write_table(
    table: &Table,
    currency: Currency,
    style: &Style,
    out: &mut dyn Write,
) -> Result<()> {
    writeln!(out, "\n## {}\n", markdown(&table.title))?;
    if !table.about.is_empty() {
        writeln!(out, "{}\n", markdown(&table.about))?;
    }
    let heads = table.columns.iter().map(|it| markdown(&it.title));
    writeln!(out, "| {} |", heads.collect::<Vec<_>>().join(" | "))?;
    let rules =
        table.columns.iter().map(|it| if format::is_numeric(it.kind) { "--:" } else { "---" });
    writeln!(out, "| {} |", rules.collect::<Vec<_>>().join(" | "))?;
    let (rows, hidden) = super::table::shown(table, style);
    for row in rows {
        let cells = row.iter().map(|it| match format::people(it, currency) {
            text if text.is_empty() => text,
            text => markdown(&one_line(&text, CELL)),
        });
        writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    if hidden > 0 {
        writeln!(out, "\n… {}", super::table::more(hidden))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::{Cell, Column, Kind};

    fn written(report: &Report) -> String {
        let mut out = Vec::new();
        write(&[report], &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_is_findings_tables_and_notes() {
        let text = written(&sample::report());
        assert!(text.starts_with("# Where customers leave\n"), "{text}");
        assert!(text.contains("| Cart | 24,601 |"), "{text}");
        assert!(text.contains("| --- | --: |"), "{text}");
    }

    #[test]
    fn hostile_cells_make_no_column_and_no_line() {
        let mut table = Table::new("t", "T", "", vec![Column::new("x", Kind::Text, "")]);
        let attacks = super::super::escape::attacks::all();
        attacks.iter().for_each(|it| table.push(vec![Cell::text(it.as_str())]));
        let report = Report { tables: vec![table], ..Report::default() };
        let text = written(&report);
        let rows: Vec<&str> = text.lines().filter(|it| it.starts_with("| ")).collect();
        assert_eq!(rows.len(), attacks.len() + 2);
        for row in rows {
            assert_eq!(row.replace("\\\\", "").replace("\\|", "").matches('|').count(), 2, "{row}");
        }
    }
}
