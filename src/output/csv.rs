//! CSV by RFC 4180: one table, exact cells, keys as the head, `\n` line ends.
//!
//! Text that a spreadsheet would take for a formula gets a leading `'` unless the
//! style is raw; typed numbers never do. A file holds one table: several tables
//! of a report are several files, which is the caller's business.

use std::io::Write;

use super::{Format, escape, format, one_table, pieces};
use crate::base::{Currency, Result};
use crate::model::{Cell, Table};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    endings: &[".csv"],
    about: "One table with exact figures (the report's first, or the one named)",
    write: |reports, style, out| {
        let (report, table) = one_table(reports, style)?;
        write_table(table, report.currency, style.csv_raw, out)
    },
};

/// Writes all rows of a table.
///
/// # Errors
/// The writer's.
pub fn write_table(
    table: &Table,
    currency: Currency,
    raw: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let heads: Vec<Cell> = table.columns.iter().map(|it| Cell::text(it.key.as_str())).collect();
    let mut head = Vec::new();
    line(&heads, currency, raw, &mut head);
    out.write_all(&head)?;
    let lines = |rows: &[Vec<Cell>]| {
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| line(row, currency, raw, &mut bytes));
        Ok(bytes)
    };
    pieces::write(&table.rows, lines, out)
}

fn line(cells: &[Cell], currency: Currency, raw: bool, out: &mut Vec<u8>) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Text(text) => escape::put_csv_cell(text, raw, out),
            typed => format::put_data(typed, currency, out),
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Kind};

    fn table(rows: Vec<Vec<Cell>>) -> Table {
        let columns =
            vec![Column::new("name", Kind::Text, ""), Column::new("change", Kind::Number, "")];
        let mut table = Table::new("t", "T", "", columns);
        rows.into_iter().for_each(|it| table.push(it));
        table
    }

    fn written(table: &Table, raw: bool) -> String {
        let mut out = Vec::new();
        write_table(table, Currency::UNNAMED, raw, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_guarded_and_numbers_are_not() {
        let table = table(vec![
            vec![Cell::text("-1"), Cell::Integer(-1)],
            vec![Cell::text("a, \"b\"\nc"), Cell::Empty("no base")],
            vec![Cell::text(""), Cell::Number(0.1)],
        ]);
        let expected = "name,change\n'-1,-1\n\"a, \"\"b\"\"\nc\",\n\"\",0.1\n";
        assert_eq!(written(&table, false), expected);
        assert!(written(&table, true).contains("\n-1,-1\n"));
    }

    #[test]
    fn every_attack_string_reads_back() {
        let attacks = escape::attacks::all();
        let rows = attacks.iter().map(|it| vec![Cell::text(it.as_str()), Cell::Count(1)]).collect();
        let text = written(&table(rows), false);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let read: Vec<String> =
            reader.records().map(|it| escape::unguard(&it.unwrap()[0]).to_owned()).collect();
        assert_eq!(read, attacks);
    }
}
