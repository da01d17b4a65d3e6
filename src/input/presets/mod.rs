//! Exports of known vendors: what their records are, stated as data.
//!
//! A preset is one file with a [`Preset`] and a line in [`PRESETS`]. Records of JSON
//! lines, JSON arrays, CSV and Parquet all come as JSON objects (`lines`, `tables`,
//! `pages`); the preset's table says which of their values is which key of a source
//! (`plan`, `record`); [`Sink`] hands the rows on. Nothing here knows customers.

mod amplitude;
mod drive;
mod elements;
mod ga4;
mod json;
mod lines;
mod look;
mod matomo;
mod mixpanel;
#[cfg(feature = "parquet")]
mod nested;
#[cfg(feature = "parquet")]
mod pages;
mod paths;
mod plan;
mod posthog;
mod recognize;
mod record;
mod resolve;
mod rudderstack;
mod segment;
mod shop;
mod shopify;
mod sink;
mod snowplow;
mod table;
mod tables;
mod xes;

pub use drive::drive;
pub(in crate::input) use look::{elements_of, look, stem};
#[cfg(feature = "parquet")]
pub(in crate::input) use pages::first_rows;
pub use plan::Plan;
pub(in crate::input) use recognize::{is_shouted, recognize, recognize_bytes, words};
pub use record::{Found, Record, Trouble};
pub use resolve::{of, resolved};
pub use sink::Sink;
pub use table::{Each, Knows, Link, LookInto, NOTHING, Preset, Row, Take, Tuple, When};

use super::jsonl::Outcome;
use super::open::Found as File;
use super::read::{Job, known_endings};
use crate::base::{Error, Place, Result};

/// All presets, in the order in which help lists them.
pub const PRESETS: &[&Preset] = &[
    &ga4::GA4,
    &segment::SEGMENT,
    &rudderstack::RUDDERSTACK,
    &posthog::POSTHOG,
    &mixpanel::MIXPANEL,
    &amplitude::AMPLITUDE,
    &matomo::MATOMO,
    &snowplow::SNOWPLOW,
    &shopify::SHOPIFY,
    &xes::XES,
    &paths::PATHS,
];

/// The names of all presets.
///
/// ```
/// assert!(touchpath::input::presets::names().contains(&"ga4"));
/// ```
pub fn names() -> Vec<&'static str> {
    PRESETS.iter().map(|it| it.name).collect()
}

/// The preset of a name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().copied().find(|it| it.name == name)
}

/// The endings by which the files of a preset are found in a folder.
pub fn endings(preset: &Preset) -> Vec<&'static str> {
    known_endings().into_iter().chain(preset.endings.iter().copied()).collect()
}

/// The form of a preset's file: what the source says, or its ending.
///
/// # Errors
/// Neither tells it.
pub fn form_of(preset: &Preset, format: &str, found: &File) -> Result<&'static str> {
    if preset.read.is_some() {
        return Ok(preset.name);
    }
    form_by(format, found)
}

fn form_by(format: &str, found: &File) -> Result<&'static str> {
    let ending = found.ending();
    let told = match format {
        "" | "auto" => ending.as_str(),
        other => other,
    };
    match told {
        "jsonl" | "ndjson" | "json" => Ok("jsonl"),
        "csv" | "txt" => Ok("csv"),
        "tsv" | "tab" => Ok("tsv"),
        #[cfg(feature = "parquet")]
        "parquet" | "pq" => Ok("parquet"),
        _ => Err(Error::new("cannot tell the format from the name")
            .at(Place::file(&*found.name))
            .hint("add format = \"jsonl\", \"csv\", \"tsv\" or \"parquet\" to the source")),
    }
}

/// Reads a file of a source with a preset.
///
/// # Errors
/// The file cannot be read as its form; bad records are no errors, they are counted.
pub fn read(preset: &'static Preset, job: &Job<'_>) -> Result<Outcome> {
    if let Some(read) = preset.read {
        return read(job);
    }
    by_form(job, &Plan::new(preset, job)?)
}

/// Reads a file of records by what the source says of its form, or by its ending.
fn by_form(job: &Job<'_>, plan: &Plan<'_>) -> Result<Outcome> {
    match form_by(&job.source.format, job.found)? {
        "csv" => tables::read(job, plan, None),
        "tsv" => tables::read(job, plan, Some(b'\t')),
        #[cfg(feature = "parquet")]
        "parquet" => pages::read(job, plan),
        _ => lines::read(job, plan),
    }
}
