//! Draws a journey map of the grocer sample: load, ask, render.
//!
//! `cargo run --example journey_map [JOURNEY] [FILE.svg]`
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use touchpath::base::{Result, Unwatched};
use touchpath::config::Config;
use touchpath::output::{Style, atomic, by_ending, format};
use touchpath::study::{LoadOptions, Study};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer");
    let journey = arguments.next().unwrap_or_else(|| sample.into());
    let file =
        arguments.next().map_or_else(|| std::env::temp_dir().join("grocer.svg"), PathBuf::from);

    let study = Study::load(Config::read(journey.as_ref())?, &LoadOptions::default(), &Unwatched)?;
    let findings = study.run(&study.questions(&["map"])?, &Unwatched)?;

    let mut bytes = Vec::new();
    let renderer = by_ending(&file.to_string_lossy()).map_or_else(|| format("svg"), Ok)?;
    (renderer.write)(&[&findings.reports[0]], &Style::default(), &mut bytes)?;
    atomic::write_file(&file, &bytes)?;

    let graph = &findings.graph;
    println!("{} moves over {} transitions", graph.moves(), graph.graph.edge_count());
    println!("{}", file.display());
    Ok(())
}
