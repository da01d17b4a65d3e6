//! A look at a data file: what its columns seem to mean, said in words.
//!
//! Reads the first mebibyte and guesses only what names and values both say.

use std::path::Path;

use super::guess::{Guess, goal_rank, guess};
use super::open::{Found, check_inside, expand, open};
use super::options::SourceOptions;
use super::presets::{self, Preset};
use super::read::{ReadSettings, known_endings};
use super::sample::{self, Sample};
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
        let sources = presets::resolved(std::slice::from_ref(&self.source)).unwrap_or_default();
        let of_cases =
            |it: &SourceOptions| !it.ids.is_empty() && it.ids.keys().all(|it| it == "case");
        !sources.is_empty() && sources.iter().all(of_cases)
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
    // Some exports end in .json, which alone tells no form; a folder may hold nothing else.
    let found = expand(path, Path::new(""), &known_endings())
        .or_else(|error| expand(path, Path::new(""), &["json"]).map_err(|_| error))?;
    let Some(first) = found.first() else {
        return Err(Error::new("there is no such file").at(Place::file(path)));
    };
    look_at(path, first)
}

/// Looks at standard input that was saved to a file.
///
/// # Errors
/// As [`sniff`].
pub fn sniff_saved(location: &Path) -> Result<Sniffed> {
    let found = Found { name: "-".to_owned(), location: location.to_owned() };
    look_at("-", &found)
}

fn look_at(path: &str, found: &Found) -> Result<Sniffed> {
    let place = |it: Error| match it.place().filter(|it| it.file.is_empty()).map(|it| it.line) {
        Some(line) => it.at(Place::line(&found.name, line)),
        None => it.or_at(Place::file(&found.name)),
    };
    let head = head_of(found).map_err(place)?;
    if let Some((preset, words)) = presets::recognize_bytes(&head) {
        let records = match preset.look {
            None => Vec::new(),
            Some(look) => {
                let mut opened = open(found, &Unwatched)?;
                look(&mut |buffer| opened.fill_all(buffer)).map_err(place)?
            }
        };
        let sample = Sample { format: preset.name, records, ..Sample::default() };
        return Ok(of_preset(path, (&found.name, preset.name), &sample, preset, words));
    }
    let sample = sample_of(found, head).map_err(place)?;
    sniff_sample(path, &found.name, &sample)
}

/// The currency that the amounts of a source with a preset have most often, as a look at
/// the beginning of its first file tells; none where it does not, or cannot be read.
pub fn currency(source: &SourceOptions, settings: &ReadSettings) -> Option<String> {
    let preset = presets::of(source).ok()??;
    let found = expand(&source.path, &settings.folder, &presets::endings(preset)).ok()?;
    let mut first = found.into_iter().next()?;
    if first.is_stdin() {
        first.location = settings.stdin.clone()?;
    } else if settings.inside && Path::new(&source.path).is_relative() {
        check_inside(&first, &settings.folder).ok()?;
    }
    look_at(&source.path, &first).ok()?.currency
}

/// The first bytes of a file, unpacked.
fn head_of(found: &Found) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    open(found, &Unwatched)?.fill(&mut head, HEAD)?;
    Ok(head)
}

fn sniff_sample(path: &str, file: &str, sample: &Sample) -> Result<Sniffed> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split('.').next().filter(|it| !matches!(*it, "" | "-")).unwrap_or("event");
    let by_ending = Found { name: file.to_owned(), location: file.into() }.ending();
    if let Some((preset, sign)) = presets::recognize(&sample.paths) {
        let words = presets::words(sign);
        return Ok(of_preset(path, (file, &by_ending), sample, preset, &words));
    }
    let guess = guess(sample, stem).map_err(|it| it.or_at(Place::file(file)))?;
    let Guess { mut source, words, conversion, currency, events } = guess;
    source.path = path.to_owned();
    if by_ending != sample.format {
        source.format = sample.format.to_owned();
    }
    Ok(Sniffed { path: path.to_owned(), source, guesses: words, conversion, currency, events })
}

/// What the look says of an export that a preset knows.
fn of_preset(
    path: &str,
    (file, ending): (&str, &str),
    sample: &Sample,
    preset: &Preset,
    words: &str,
) -> Sniffed {
    let mut source = SourceOptions {
        path: path.to_owned(),
        preset: preset.name.to_owned(),
        delimiter: sample.delimiter,
        ..SourceOptions::default()
    };
    let forms = match sample.format {
        "jsonl" => &["jsonl", "ndjson", "json"][..],
        "csv" => &["csv", "txt"],
        "tsv" => &["tsv", "tab"],
        _ => &["parquet", "pq"],
    };
    // A format with a reader of its own has no other form.
    if !forms.contains(&ending) && preset.read.is_none() {
        source.format = sample.format.to_owned();
    }
    let look = presets::look(preset, &sample.records, &presets::stem(file));
    let guesses = vec![format!("preset = \"{}\" ({}: {words})", preset.name, preset.about)];
    let ranked = look.events.iter().filter_map(|it| Some((goal_rank(it)?, it)));
    let conversion = ranked.min_by_key(|it| it.0).map(|it| it.1.clone());
    Sniffed {
        path: path.to_owned(),
        source,
        guesses,
        conversion,
        currency: look.currency,
        events: look.events,
    }
}

fn sample_of(found: &Found, mut head: Vec<u8>) -> Result<Sample> {
    if head.starts_with(b"PAR1") {
        let mut opened = open(found, &Unwatched)?;
        if !opened.is_packed() {
            return parquet_sample(found);
        }
        head.clear();
        while opened.fill(&mut head, HEAD)? > 0 {}
        return packed_parquet_sample(head);
    }
    sample::of_text(&head, head.len() < HEAD, &found.ending())
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
