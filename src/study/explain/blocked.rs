//! Ids that link nobody, and links that a guard refused.

use crate::base::numerals::{count, counted};
use crate::model::{Cell, Kind, Report, Table};

use super::{Identities, table, with_ids_apart};

/// All ids that were refused, and why: ids that link nobody, ids that are nobody's, and
/// ids that a guard left out of a row or took out of a customer, with the row.
pub fn blocked(identities: &Identities) -> Report {
    let currency = identities.config.sections.currency;
    let mut report = Report::new("blocked", "Refused ids", currency);
    let stitched = &identities.stitched;
    let nobodys = identities.raw.blocked.len() as u64;
    report.findings.push(match stitched.blocked_count + nobodys {
        0 => "No id is refused.".to_owned(),
        _ => format!(
            "{} nobody, {} of them because several people use them; {} nobody's.",
            link(stitched.blocked_count),
            count(stitched.shared_count),
            are(nobodys),
        ),
    });
    if stitched.left_out > 0 {
        let times = counted(stitched.left_out, "time");
        report.findings.push(format!("A guard left an id out of its row {times}."));
    }
    report.tables.push(ids(identities));
    report.tables.push(refused(identities));
    report
}

fn link(ids: u64) -> String {
    format!("{} {}", counted(ids, "id"), if ids == 1 { "links" } else { "link" })
}

fn are(ids: u64) -> String {
    format!("{} {}", counted(ids, "id"), if ids == 1 { "is" } else { "are" })
}

fn ids(identities: &Identities) -> Table {
    let about = "An id that links nobody says whose a row is only where nothing else does; one \
                 that is nobody's is passed over as if it were not there.";
    let columns = [
        ("id_type", Kind::Text, "the type of id"),
        ("id", Kind::Text, "the id"),
        ("count", Kind::Count, "stronger ids it meets, or rows that carry it"),
        ("why", Kind::Text, "why it links nobody"),
    ];
    let mut table = table("blocked", "Ids that link nobody", about, &columns);
    for it in identities.stitched.all_blocked(&identities.raw) {
        table.push(vec![
            Cell::text(it.id_type),
            Cell::text(it.id),
            Cell::Count(it.partners),
            Cell::text(it.why.words()),
        ]);
    }
    let types = &identities.raw.fields.id_types;
    for ((id_type, id), &rows) in &identities.raw.blocked {
        let id_type = types.get(*id_type).map_or("", String::as_str);
        let why = Cell::text("nobody's id");
        table.push(vec![Cell::text(id_type), Cell::text(id), Cell::Count(rows), why]);
    }
    table
}

fn refused(identities: &Identities) -> Table {
    let about = "The first row by which each id left a customer or was left out, for each reason.";
    let columns = [
        ("time", Kind::Time, "when the row was seen"),
        ("id", Kind::Text, "the id"),
        ("from", Kind::Text, "the customer it left; empty if it was left out of the row"),
        ("why", Kind::Text, "the guard"),
        ("place", Kind::Text, "the row, as file:line"),
    ];
    let table = table("refused", "Links refused", about, &columns);
    with_ids_apart(table, identities, |_| true)
}
