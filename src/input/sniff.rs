//! A look at a data file: what its columns seem to mean, said in words.
//!
//! Reads the first mebibyte and guesses only what names and values both say.

use std::path::Path;

use super::guess::{Guess, guess};
use super::open::{Found, expand, open};
use super::options::SourceOptions;
use super::read::known_endings;
use super::sample::{self, Sample};
use super::xes;
use crate::base::{Error, Place, Result, Unwatched};

/// How much of a file is looked at, in bytes.
const HEAD: usize = 1 << 20;

/// What a look at a file told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sniffed {
    /// The path as the user named it.
    pub path: String,
    /// What its columns mean.
    pub source: SourceOptions,
    /// The guesses in words, such as `time = "ts" (RFC 3339)`, in a fixed order.
    pub guesses: Vec<String>,
    /// The event that seems to be the goal.
    pub conversion: Option<String>,
    /// The currency of the amounts, where a column names it.
    pub currency: Option<String>,
    /// The names of events seen, the most frequent first.
    pub events: Vec<String>,
}

impl Sniffed {
    /// Whether the file is a log of cases, which end with their last event and not by silence.
    pub fn is_of_cases(&self) -> bool {
        !self.source.ids.is_empty() && self.source.ids.keys().all(|it| it == "case")
    }
}

/// Looks at a file, or at the first of a folder or pattern.
///
/// # Errors
/// There is no such file, it cannot be read, or its columns do not tell the time
/// or an id: the error then lists the columns.
pub fn sniff(path: &str) -> Result<Sniffed> {
    if path == "-" {
        return Err(Error::new("standard input cannot be looked at before it is read")
            .hint("say what its columns mean in a journey file, with path = \"-\""));
    }
    let found = expand(path, Path::new(""), &known_endings())?;
    let Some(first) = found.first() else {
        return Err(Error::new("there is no such file").at(Place::file(path)));
    };
    let sample = sample_of(first).map_err(|it| it.or_at(Place::file(&first.name)))?;
    sniff_sample(path, &first.name, &sample)
}

/// Looks at standard input that was saved to a file.
///
/// # Errors
/// As [`sniff`].
pub fn sniff_saved(location: &Path) -> Result<Sniffed> {
    let found = Found { name: "-".to_owned(), location: location.to_owned() };
    let sample = sample_of(&found).map_err(|it| it.or_at(Place::file("-")))?;
    sniff_sample("-", "-", &sample)
}

fn sniff_sample(path: &str, file: &str, sample: &Sample) -> Result<Sniffed> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split('.').next().filter(|it| !matches!(*it, "" | "-")).unwrap_or("event");
    let guess = guess(sample, stem).map_err(|it| it.or_at(Place::file(file)))?;
    let Guess { mut source, words, conversion, currency, events } = guess;
    source.path = path.to_owned();
    let by_ending = Found { name: file.to_owned(), location: file.into() }.ending();
    if by_ending != sample.format {
        source.format = sample.format.to_owned();
    }
    Ok(Sniffed { path: path.to_owned(), source, guesses: words, conversion, currency, events })
}

fn sample_of(found: &Found) -> Result<Sample> {
    let mut head = Vec::new();
    let mut opened = open(found, &Unwatched)?;
    opened.fill(&mut head, HEAD)?;
    if head.starts_with(b"PAR1") {
        if !opened.is_packed() {
            return parquet_sample(found);
        }
        while opened.fill(&mut head, HEAD)? > 0 {}
        return packed_parquet_sample(head);
    }
    let (whole, ending) = (head.len() < HEAD, found.ending());
    if xes::is_xml(&head, &ending) {
        return xes::sample(&head, &mut |buffer| opened.fill_all(buffer));
    }
    sample::of_text(&head, whole, &ending)
}

#[cfg(feature = "parquet")]
fn parquet_sample(found: &Found) -> Result<Sample> {
    super::parquet::sample(&found.location)
}

#[cfg(feature = "parquet")]
fn packed_parquet_sample(bytes: Vec<u8>) -> Result<Sample> {
    super::parquet::sample_of_bytes(bytes)
}

#[cfg(not(feature = "parquet"))]
fn packed_parquet_sample(_: Vec<u8>) -> Result<Sample> {
    Err(Error::new("this build cannot read Parquet").hint("build it with the feature \"parquet\""))
}

#[cfg(not(feature = "parquet"))]
fn parquet_sample(_: &Found) -> Result<Sample> {
    Err(Error::new("this build cannot read Parquet").hint("build it with the feature \"parquet\""))
}

#[cfg(test)]
#[path = "sniff_tests.rs"]
mod tests;
