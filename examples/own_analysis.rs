//! An analysis of your own: how many stages do customers see before they buy?
//!
//! It is a fold with a lawful merge, so threads are free. The same trait is
//! behind every subcommand of the program.
//!
//! `cargo run --example own_analysis [JOURNEY]`
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;

use touchpath::analysis::{Analysis, Evidence};
use touchpath::base::{Result, StageId, Unwatched};
use touchpath::config::Config;
use touchpath::model::{Catalog, Cell, Column, Customer, Kind, Outcome, Report, Table};
use touchpath::study::{LoadOptions, Study};

/// How many different stages a journey sees before it converts.
struct Breadth;

impl Analysis for Breadth {
    const NAME: &'static str = "breadth";
    const SECTION: &'static str = "breadth";
    const ABOUT: &'static str = "How many different stages a journey sees before it converts";
    type Options = ();
    /// Converting journeys by their number of different stages.
    type State = Vec<u64>;

    fn new((): (), _: &Catalog) -> Result<Self> {
        Ok(Self)
    }

    fn start(&self) -> Vec<u64> {
        Vec::new()
    }

    fn visit(&self, state: &mut Vec<u64>, customer: &Customer<'_>) {
        for journey in customer.journeys.iter().filter(|it| it.outcome == Outcome::Converted) {
            let steps = customer.steps_of(journey).iter();
            let stages: BTreeSet<StageId> = steps.map(|it| it.stage).collect();
            state.resize(state.len().max(stages.len() + 1), 0);
            state[stages.len()] += 1;
        }
    }

    fn merge(&self, into: &mut Vec<u64>, from: Vec<u64>) {
        into.resize(into.len().max(from.len()), 0);
        for (own, more) in into.iter_mut().zip(from) {
            *own += more;
        }
    }

    fn finish(&self, state: Vec<u64>, evidence: &Evidence<'_>) -> Result<Report> {
        let mut report = Report::new(Self::NAME, "Breadth", evidence.catalog.currency);
        let columns = vec![
            Column::new("stages", Kind::Count, "different stages in the journey"),
            Column::new("journeys", Kind::Count, "converting journeys"),
            Column::new("share", Kind::Share, "of converting journeys"),
        ];
        let mut table = Table::new("breadth", "Breadth", "Converting journeys only.", columns);
        let all = state.iter().sum();
        for (stages, &journeys) in state.iter().enumerate().filter(|it| *it.1 > 0) {
            let stages = Cell::Count(stages as u64);
            table.push(vec![stages, Cell::Count(journeys), Cell::share(journeys, all)]);
        }
        report.tables.push(table);
        Ok(report)
    }
}

fn main() -> Result<()> {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer");
    let journey = std::env::args().nth(1).unwrap_or_else(|| sample.into());
    let study = Study::load(Config::read(journey.as_ref())?, &LoadOptions::default(), &Unwatched)?;
    let report = study.ask::<Breadth>(())?;
    for row in &report.tables[0].rows {
        println!("{row:?}");
    }
    Ok(())
}
