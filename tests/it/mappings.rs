//! Exports without a preset: the journey files that the documents show, on small samples.

use std::path::{Path, PathBuf};

use touchpath::model::Cell;
use touchpath::study::Study;

use crate::case::{count, report, study};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings").join(name)
}

fn cells(study: &Study, analysis: &str, table: &str, column: &str) -> Vec<String> {
    let report = report(study, analysis);
    let table = report.table(table).unwrap();
    let column = table.column(column).unwrap();
    let text = |it: &Vec<Cell>| match &it[column] {
        Cell::Text(it) => it.clone(),
        other => format!("{other:?}"),
    };
    table.rows.iter().map(text).collect()
}

#[test]
fn the_documents_show_the_journey_files_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/exports.md")).unwrap();
    for name in ["hubspot", "pos"] {
        let journey = std::fs::read_to_string(folder(name).join("journey.toml")).unwrap();
        assert!(text.contains(journey.trim()), "docs/exports.md shows another {name}");
    }
}

#[test]
fn deals_of_a_crm_become_journeys_of_contacts() {
    let study = study(&folder("hubspot"));
    let issues = &study.raw.issues;
    // A deal without a contact is nobody's, three times over (created, won, and no demo).
    let aside: Vec<_> = issues.kinds().map(|it| (it.0.key(), it.1)).collect();
    assert_eq!(aside, [("missing_id", 2)]);
    assert_eq!(issues.read, issues.used() + issues.filtered + issues.rejected());
    let overview = report(&study, "overview");
    let table = overview.table("overview").unwrap();
    assert_eq!(count(table, "measure", "customers", "value"), 3);
    // Two sales, to the contact that both names and to the one that is two in one cell.
    assert_eq!(cells(&study, "ledger", "ledger", "order").len(), 2);
    assert!(cells(&study, "attribute", "credit", "channel").contains(&"Paid Search".to_owned()));
}

#[test]
fn receipts_of_tills_become_orders_of_cards() {
    let study = study(&folder("pos"));
    assert_eq!(study.raw.issues.rejected(), 0);
    let overview = report(&study, "overview");
    let table = overview.table("overview").unwrap();
    // Two cards, and two receipts without one (of which one has a card that is nobody's).
    assert_eq!(count(table, "measure", "customers", "value"), 4);
    let kpi = report(&study, "kpi");
    let revenue = kpi.tables[0].rows.iter().find(|it| it[0] == Cell::text("revenue")).unwrap();
    // 2 · 9.50 + 12.00, 9.50, 3 · 15.00 and 0.10; what came back is no sale.
    assert_eq!(revenue[1], Cell::Money(8560));
}
