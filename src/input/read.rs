//! All sources of a study to one set of coded rows.
//!
//! Finds the files, hands each to the reader of its format, and joins what they
//! deliver in the order of sources, files and places. Knows no format's bytes.

mod met;
mod plan;
mod settings;

use std::sync::Arc;

use rayon::prelude::*;

pub(super) use met::Met;
pub(super) use plan::{Planned, plan};
pub use settings::ReadSettings;

use super::bots;
use super::csv;
use super::dedupe;
use super::gather::Gather;
use super::jsonl::{self, Outcome};
use super::mapping::{Mapping, fields};
use super::open::{self, Found, Opened};
use super::options::SourceOptions;
#[cfg(feature = "parquet")]
use super::parquet;
use super::partial;
use super::presets;
use super::rows::{FileId, Rows};
use super::xes;
use crate::base::names::nearest;
use crate::base::{Error, Issues, Place, Progress, Reject, Result};
use crate::store::RawEvents;

/// One file to read, and how.
pub struct Job<'a> {
    /// The file to open.
    pub found: &'a Found,
    /// The file's name and order.
    pub file: FileId,
    /// What the user said of the source.
    pub source: &'a SourceOptions,
    /// The same, compiled.
    pub mapping: &'a Mapping,
    /// Whether every rejected row is kept.
    pub keep_all: bool,
    /// Whether the first rejected row ends the reading.
    pub strict: bool,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

impl<'a> Job<'a> {
    /// Opens the file, unpacked.
    ///
    /// # Errors
    /// As [`open::open`].
    pub fn open(&self) -> Result<Opened<'a>> {
        open::open(self.found, self.progress)
    }

    /// Rows to deliver to.
    pub fn rows(&self) -> Rows<'a> {
        Rows::new(self.mapping, self.file.clone(), self.keep_all)
    }

    /// Whether these rows make further reading pointless.
    pub fn stops(&self, rows: &Rows<'_>) -> bool {
        self.strict && rows.has_rejects()
    }
}

/// A file format: adding one is its reader and a line in [`FORMATS`].
pub struct Format {
    /// The name, as in a source's `format`.
    pub name: &'static str,
    /// The endings of file names that tell it.
    pub endings: &'static [&'static str],
    /// Reads one file into batches in file order.
    pub read: fn(&Job<'_>) -> Result<Outcome>,
}

/// All formats that can be read.
pub const FORMATS: &[Format] = &[
    Format { name: "csv", endings: &["csv", "txt"], read: csv::read_csv },
    Format { name: "tsv", endings: &["tsv", "tab"], read: csv::read_tsv },
    Format { name: "jsonl", endings: &["jsonl", "ndjson"], read: jsonl::read_jsonl },
    #[cfg(feature = "parquet")]
    Format { name: "parquet", endings: &["parquet", "pq"], read: parquet::read_parquet },
    Format { name: "xes", endings: &["xes"], read: xes::read_xes },
    Format { name: "paths", endings: &[], read: csv::read_paths },
];

/// The endings of all formats.
pub fn known_endings() -> Vec<&'static str> {
    FORMATS.iter().flat_map(|it| it.endings).copied().collect()
}

/// The format of a file: the one that the source names, or else that of its ending.
///
/// # Errors
/// The name or the ending is unknown, or standard input comes without a format.
pub fn format_of(source: &SourceOptions, found: &Found) -> Result<&'static Format> {
    let names = || FORMATS.iter().map(|it| it.name);
    let list = || names().collect::<Vec<_>>().join(", ");
    if !matches!(&*source.format, "" | "auto") {
        let unknown = || {
            let error = Error::new(format!("unknown format \"{}\"", source.format))
                .at(Place::file(&*found.name));
            match nearest(&source.format, names()) {
                Some(it) => error.suggest(Some(it)),
                None => error.hint(format!("known formats: {}", list())),
            }
        };
        return FORMATS.iter().find(|it| it.name == source.format).ok_or_else(unknown);
    }
    let ending = found.ending();
    FORMATS.iter().find(|it| it.endings.contains(&&*ending)).ok_or_else(|| {
        Error::new("cannot tell the format from the name")
            .at(Place::file(&*found.name))
            .hint(format!("add format = \"…\" to the source: {}", list()))
    })
}

/// Reads all sources: rows in the order of sources, files and places, with codes
/// that hold over all of them. The same for any number of threads.
///
/// # Errors
/// A source or file cannot be read as told; with `strict`, the first row that
/// would be set aside.
pub fn read(
    sources: &[SourceOptions],
    settings: &ReadSettings,
    progress: &dyn Progress,
) -> Result<RawEvents> {
    let resolved = &presets::resolved(sources)?;
    let fields = fields(resolved, &settings.keep).with_priority(&settings.priority);
    let gather = Gather::new(&fields, Arc::clone(&settings.keep_rows)).with_lines(settings.lines);
    let gather = Arc::new(gather);
    let common = settings.common(fields, Some(Arc::clone(&gather)))?;
    if let Some(merged) = &settings.partials {
        return partial::read(merged, sources, settings, &common, &gather, progress);
    }
    let plan = plan(resolved, settings, &common)?;
    progress.stage("reading", plan.iter().map(|it| it.stamp.bytes).sum());
    let mut issues = Issues::new(settings.keep_all_rejects);
    let (mut batches, mut inputs) = (Vec::new(), Vec::new());
    let mut keys = dedupe::Found::default();
    let mut met = Met::default();
    let read_file = |(order, planned): (usize, &Planned<'_>)| {
        let order = u32::try_from(order).map_err(|_| Error::new("too many input files"))?;
        planned.read(order, settings, progress)
    };
    let mut files = plan.iter().enumerate();
    let together = together(&plan);
    let read_next = |count: &usize| {
        let next: Vec<_> = files.by_ref().take(*count).collect();
        let read: Vec<_> = next.par_iter().with_max_len(1).map(|&it| read_file(it)).collect();
        next.into_iter().map(|it| it.1).zip(read)
    };
    for (planned, read) in together.iter().flat_map(read_next) {
        let (outcome, input) = read?;
        met.note(planned.mapping.columns(), &outcome.seen, input.rows);
        inputs.push(input);
        let rank = resolved.iter().position(|it| std::ptr::eq(it, planned.source)).unwrap_or(0);
        for (mut batch, more) in outcome.parts {
            issues.merge(more);
            keys.take(&mut batch, dedupe::scope(planned.source, rank));
            batches.push((batch, planned.mapping.event_id.is_some()));
        }
        if settings.strict
            && let Some(reject) = issues.first_fault()
        {
            return Err(strict_error(reject));
        }
    }
    met.check(resolved, &settings.keep)?;
    progress.stage("coding", 0);
    let raw = gather.finish(common.fields, batches, issues, inputs)?;
    screened(raw, keys, settings, progress)
}

/// The rows without duplicates and bots.
pub(super) fn screened(
    mut raw: RawEvents,
    keys: dedupe::Found,
    settings: &ReadSettings,
    progress: &dyn Progress,
) -> Result<RawEvents> {
    let rows = raw.len();
    keys.drop_duplicates(&mut raw, progress)?;
    if let Some(rate) = settings.bots.rate {
        bots::drop_fast(&mut raw, rate, progress)?;
    }
    if raw.len() < rows {
        dedupe::note_pairs(&mut raw)?;
    }
    Ok(raw)
}

/// Files of so many bytes together are read at the same time.
const TOGETHER: u64 = 64 << 20;
/// How many files are read at the same time, at most.
const MOST_TOGETHER: usize = 1024;

/// How many files are read at a time, one number after the other: many small ones, or
/// one that is large enough to keep all threads busy.
fn together(plan: &[Planned<'_>]) -> Vec<usize> {
    let mut counts = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    for it in plan {
        if count > 0 && (count == MOST_TOGETHER || bytes + it.stamp.bytes > TOGETHER) {
            counts.push(count);
            (count, bytes) = (0, 0);
        }
        count += 1;
        bytes += it.stamp.bytes;
    }
    counts.extend((count > 0).then_some(count));
    counts
}

/// The error that a rejected row is under `--strict`.
pub fn strict_error(reject: &Reject) -> Error {
    let label = reject.kind.label();
    let message = match reject.detail.is_empty() {
        true => label.to_owned(),
        false => format!("{label} {}", reject.detail),
    };
    let line = reject.raw.lines().next().unwrap_or_default();
    Error::new(message).at(reject.place.clone()).excerpt(line).hint(reject.kind.hint())
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
