//! Comma-separated values, and tabs, semicolons or any other character between.
//!
//! RFC 4180 without forgiveness: what is out of shape is set aside, never mended.
//! `split` knows the shape of records, `scan` finds many plain ones at once
//! by marks of their bytes, `chunks`
//! cuts a stream at their ends, `parse` delivers them, `read` runs the parts on all
//! threads. `expand` reads rows that stand for many journeys.

mod chunks;
mod expand;
mod parse;
mod read;
pub(in crate::input) mod records;
mod scan;
mod split;

#[cfg(test)]
mod block_tests;
#[cfg(test)]
mod pollock;
#[cfg(test)]
mod tests;

pub use expand::read_paths;
pub use read::{read_csv, read_tsv};
