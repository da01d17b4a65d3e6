//! The integration tests: one crate, so that it links once.
//!
//! `case` alone knows how a study is made; the other modules are tables of cases.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods)]

mod case;
mod cases;
mod cli;
mod conservation;
mod crossing;
mod determinism;
mod docs;
mod explain;
mod floors;
mod golden;
mod guesses;
mod hostile;
mod increments;
mod inputs;
mod mappings;
mod maps;
mod names;
mod presets;
mod privacy;
mod real;
mod screens;
mod sessions;
#[cfg(unix)]
mod signals;
mod sinks;
mod stitching;
mod submaps;
mod truth;
mod visits;
mod writers;
#[cfg(feature = "parquet")]
#[path = "../../src/input/parquet/written.rs"]
mod written;
