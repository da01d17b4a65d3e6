//! What finance gets: each channel's credit under each model, and a ledger
//! whose rows sum to the orders in minor units.
//!
//! `cargo run --example attribution_weights [JOURNEY]`
#![allow(clippy::print_stdout)]

use touchpath::base::money::Total;
use touchpath::base::{Result, Unwatched};
use touchpath::config::Config;
use touchpath::model::{Cell, Table};
use touchpath::study::{LoadOptions, Study};

/// The sum of a column of money, in minor units.
fn sum(table: &Table, key: &str) -> Total {
    let Some(at) = table.column(key) else { return 0 };
    let money = |row: &Vec<Cell>| if let Cell::Money(it) = row[at] { it } else { 0 };
    table.rows.iter().map(money).sum()
}

fn main() -> Result<()> {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer");
    let journey = std::env::args().nth(1).unwrap_or_else(|| sample.into());
    let study = Study::load(Config::read(journey.as_ref())?, &LoadOptions::default(), &Unwatched)?;
    let findings = study.run(&study.questions(&["attribute", "ledger"])?, &Unwatched)?;

    for finding in &findings.reports[0].findings {
        println!("{finding}");
    }
    let ledger = &findings.reports[1];
    let Some(rows) = ledger.table("ledger") else { return Ok(()) };
    let (credit, orders) = (sum(rows, "credit"), findings.graph.value);
    println!("{} ledger rows credit {}", rows.rows.len(), ledger.currency.format(credit));
    println!("orders are worth        {}", ledger.currency.format(orders));
    assert_eq!(credit, orders, "the ledger must sum to the orders");
    Ok(())
}
