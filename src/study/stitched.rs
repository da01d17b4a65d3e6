//! The answer of `stitch`: the events with their customers, the id map with dates, the
//! merge log, the ids that left and those that were left out.

use crate::base::money::Total;
use crate::base::numerals::{count, counted};
use crate::base::{CustomerId, NONE, Result, Timestamp};
use crate::model::raw::{NO_AMOUNT, NO_TIME};
use crate::model::{Batch, Cell, Column, Kind, Report, Table};

use super::identity::Identities;
use crate::prepare::identity::evidence::Seen;

/// The parts of the answer, in order.
pub const PARTS: [&str; 5] = ["events", "ids", "merges", "left", "left_out"];

/// The report of stitching; only the table of that key if `part` names one.
///
/// # Errors
/// The spill file cannot be read.
pub fn report(all: &Identities, part: Option<&str>) -> Result<Report> {
    let currency = all.config.sections.currency;
    let mut report = Report::new("stitch", "Who is who", currency);
    let wanted = |key: &str| part.is_none_or(|it| it == key);
    let seen = all.evidence.rows().len() as u64;
    report.findings.push(format!(
        "{} with ids, {} of two customers into one, {} left a customer again.",
        counted(seen, "row"),
        counted(all.history.merges.len() as u64, "merge"),
        counted(all.history.left.len() as u64, "id"),
    ));
    if wanted("events") {
        report.tables.push(events(all)?);
    }
    if wanted("ids") {
        report.tables.push(ids(all));
    }
    if wanted("merges") {
        report.tables.push(merges(all));
    }
    if wanted("left") {
        report.tables.push(left(all));
    }
    if wanted("left_out") {
        report.tables.push(left_out(all));
    }
    notes(all, &mut report);
    Ok(report)
}

fn notes(all: &Identities, report: &mut Report) {
    if let Some(until) = all.until {
        report.notes.push(format!("As known at {until}: later rows are left out."));
    }
    if all.history.left_out > 0 {
        report.notes.push(format!(
            "A rule of [identity] left an id out of a row {} times.",
            count(all.history.left_out)
        ));
    }
    if all.stitched.exposed() > 0 {
        report.notes.push(format!(
            "{} with nothing but a device that several people use.",
            counted(all.stitched.exposed(), "event")
        ));
    }
    for place in &all.stitched.unknown_exclusions {
        report.notes.push(format!("{place}: excludes what does not occur."));
    }
}

fn time(micros: i64) -> Cell {
    if micros == NO_TIME {
        Cell::Empty("from the beginning")
    } else {
        Cell::Time(Timestamp(micros))
    }
}

fn place(all: &Identities, row: &Seen) -> Cell {
    Cell::text(row.place(&all.raw).to_string())
}

fn node(all: &Identities, node: u32) -> Cell {
    Cell::text(all.stitched.nodes().name(&all.raw, node))
}

fn events(all: &Identities) -> Result<Table> {
    let fields = &all.raw.fields;
    let mut columns = vec![
        Column::new("customer", Kind::Text, "whose the event is: the customer's name"),
        Column::new("time", Kind::Time, "when, in UTC"),
        Column::new("row", Kind::Text, "file:line"),
    ];
    for (names, kind, about) in
        [(&fields.id_types, "id", "the id"), (&fields.texts, "property", "the property")]
    {
        for name in names {
            let key = unlike(name, kind, &columns);
            columns.push(Column::new(&key, Kind::Text, about));
        }
    }
    if fields.amounts {
        columns.push(Column::new("value", Kind::Money, "the amount"));
    }
    let about = "Every event with its customer, in order of time.";
    let mut table = Table::new("events", "Events", about, columns);
    table.personal = true;
    table.shown = 20;
    let rows: Vec<&Seen> = all.evidence.rows().iter().filter(|it| !it.link).collect();
    // Batches are unpacked once each, and their rows put where time puts them.
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_unstable_by_key(|&it| rows[it].at());
    let mut cells: Vec<Vec<Cell>> = vec![Vec::new(); rows.len()];
    for run in places.chunk_by(|&a, &b| rows[a].at().0 == rows[b].at().0) {
        let batch = all.raw.batches.get(rows[run[0]].at().0)?;
        for &place in run {
            cells[place] = event(all, &batch, rows[place]);
        }
    }
    table.rows = cells;
    Ok(table)
}

/// A key for a column of this name that no other column has: `customer_id` of ids of the
/// type `customer`, `device_property` of a property beside ids of the type `device`.
fn unlike(name: &str, kind: &str, others: &[Column]) -> String {
    let mut key = name.to_owned();
    while key == "value" || others.iter().any(|it| it.key == key) {
        key = format!("{key}_{kind}");
    }
    key
}

fn event(all: &Identities, batch: &Batch, seen: &Seen) -> Vec<Cell> {
    let (raw, row) = (&all.raw, seen.at().1);
    let customer = all.stitched.customer(batch, row);
    let mut cells =
        vec![Cell::text(all.stitched.name(raw, customer)), time(seen.time), place(all, seen)];
    let none = || Cell::Empty("none");
    for (id_type, column) in batch.ids.iter().enumerate() {
        cells.push(match column.code(row) {
            NONE => none(),
            code => Cell::text(raw.ids[id_type].get(code)),
        });
    }
    for (text, column) in batch.texts.iter().enumerate() {
        cells.push(match column.code(row) {
            NONE => none(),
            code => Cell::text(raw.texts[text].get(code)),
        });
    }
    if raw.fields.amounts {
        let amount = batch.amounts.get(row).copied().filter(|&it| it != NO_AMOUNT);
        cells.push(amount.map_or_else(none, |it| Cell::Money(Total::from(it))));
    }
    cells
}

fn ids(all: &Identities) -> Table {
    let columns = vec![
        Column::new("id", Kind::Text, "the id, as type:id"),
        Column::new("customer", Kind::Text, "the customer it belonged to then: its strongest id"),
        Column::new("effective_at", Kind::Time, "since when; empty for from the beginning"),
        Column::new("superseded_at", Kind::Time, "until when, exclusive; empty if it still does"),
        Column::new("now", Kind::Text, "the customer it belongs to now"),
    ];
    let about = "Which customer an id belonged to from when to when, as the rows until then tell.";
    let mut table = Table::new("ids", "Ids over time", about, columns);
    table.personal = true;
    table.shown = 20;
    for it in &all.history.as_of {
        let now: CustomerId = all.stitched.customer_of(it.node);
        table.push(vec![
            node(all, it.node),
            node(all, it.customer),
            time(it.effective_at),
            it.superseded_at.map_or(Cell::Empty("still"), time),
            Cell::text(all.stitched.name(&all.raw, now)),
        ]);
    }
    table
}

fn merges(all: &Identities) -> Table {
    let columns = vec![
        Column::new("survivor", Kind::Text, "the name of both from then on"),
        Column::new("merged", Kind::Text, "the name of the other until then"),
        Column::new("merged_at", Kind::Time, "when; empty for from the beginning"),
        Column::new("row", Kind::Text, "file:line of the row that caused it"),
        Column::new("one", Kind::Text, "the stronger of the two ids that it shows together"),
        Column::new("other", Kind::Text, "the weaker"),
    ];
    let about = "Two customers that became one. A known id survives, of several the oldest; \
                 an id that is new with the row merges nobody.";
    let mut table = Table::new("merges", "Merges", about, columns);
    table.personal = true;
    table.shown = 20;
    for it in &all.history.merges {
        table.push(vec![
            node(all, it.survivor),
            node(all, it.merged),
            time(it.row.time),
            place(all, &it.row),
            node(all, it.by.0),
            node(all, it.by.1),
        ]);
    }
    table
}

fn left(all: &Identities) -> Table {
    let columns = vec![
        Column::new("id", Kind::Text, "the id that left"),
        Column::new("customer", Kind::Text, "the customer that it left"),
        Column::new("left_at", Kind::Time, "when; empty for from the beginning"),
        Column::new("row", Kind::Text, "file:line of the row that caused it"),
        Column::new("why", Kind::Text, "why"),
    ];
    let about = "Ids that turned out to be of several people, or of somebody else.";
    let mut table = Table::new("left", "Ids that left", about, columns);
    table.personal = true;
    table.shown = 20;
    for it in &all.history.left {
        table.push(vec![
            node(all, it.node),
            node(all, it.from),
            time(it.row.time),
            place(all, &it.row),
            Cell::text(it.why.words()),
        ]);
    }
    table
}

fn left_out(all: &Identities) -> Table {
    let columns = vec![
        Column::new("id", Kind::Text, "the id that a rule left out of rows"),
        Column::new("why", Kind::Text, "which rule"),
        Column::new("rows", Kind::Count, "how many rows"),
        Column::new("first_at", Kind::Time, "when first; empty for from the beginning"),
        Column::new("row", Kind::Text, "file:line of the first row"),
    ];
    let about = "Ids that did not join the customer of a row, and stayed whose they were.";
    let mut table = Table::new("left_out", "Ids left out of rows", about, columns);
    table.personal = true;
    table.shown = 20;
    for it in &all.history.demoted {
        table.push(vec![
            node(all, it.node),
            Cell::text(it.why.words()),
            Cell::Count(it.rows),
            time(it.row.time),
            place(all, &it.row),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_columns_of_events_share_a_key() {
        let mut columns = vec![Column::new("customer", Kind::Text, "")];
        for (name, kind) in [("customer", "id"), ("device", "id"), ("device", "property")] {
            let key = unlike(name, kind, &columns);
            columns.push(Column::new(&key, Kind::Text, ""));
        }
        let keys: Vec<&str> = columns.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["customer", "customer_id", "device", "device_property"]);
    }
}
