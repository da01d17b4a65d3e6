//! All sources of a study to one set of coded rows.
//!
//! Finds the files, hands each to the reader of its format, and joins what they
//! deliver in the order of sources, files and places. Knows no format's bytes.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::csv;
use super::jsonl;
use super::mapping::{Common, Mapping, fields};
use super::open::{self, Found, Opened};
use super::options::SourceOptions;
#[cfg(feature = "parquet")]
use super::parquet;
use super::rows::{FileId, Rows};
use super::unify::unify;
use crate::base::names::nearest;
use crate::base::{Currency, Error, Issues, Place, Progress, Reject, Result};
use crate::model::raw::{Batch, InputFile, RawEvents};

/// What all sources are read by.
#[derive(Debug, Clone)]
pub struct ReadSettings {
    /// Where relative paths start.
    pub folder: PathBuf,
    /// The zone of times without an offset.
    pub zone: TimeZone,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Ids that are nobody's, besides the built-in ones.
    pub blocklist: Vec<String>,
    /// Whether every rejected row is kept, and not only the first of each kind.
    pub keep_all_rejects: bool,
    /// Whether the first rejected row is an error.
    pub strict: bool,
    /// Properties that are asked for although no source maps them.
    pub keep: Vec<String>,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            zone: TimeZone::UTC,
            currency: Currency::UNNAMED,
            blocklist: Vec::new(),
            keep_all_rejects: false,
            strict: false,
            keep: Vec::new(),
        }
    }
}

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
    pub read: fn(&Job<'_>) -> Result<Vec<(Batch, Issues)>>,
}

/// All formats that can be read.
pub const FORMATS: &[Format] = &[
    Format { name: "csv", endings: &["csv", "txt"], read: csv::read_csv },
    Format { name: "tsv", endings: &["tsv", "tab"], read: csv::read_tsv },
    Format { name: "jsonl", endings: &["jsonl", "ndjson", "json"], read: jsonl::read_jsonl },
    #[cfg(feature = "parquet")]
    Format { name: "parquet", endings: &["parquet"], read: parquet::read_parquet },
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
    let common = Common {
        fields: fields(sources, &settings.keep),
        zone: settings.zone.clone(),
        currency: settings.currency,
        blocklist: settings.blocklist.clone(),
    };
    let plan = plan(sources, settings, &common)?;
    let size = |it: &Planned<'_>| fs_err::metadata(&it.found.location).map_or(0, |it| it.len());
    progress.stage("reading", plan.iter().map(size).sum());
    let mut issues = Issues::new(settings.keep_all_rejects);
    let (mut batches, mut inputs) = (Vec::new(), Vec::new());
    for (order, planned) in plan.iter().enumerate() {
        let order = u32::try_from(order).map_err(|_| Error::new("too many input files"))?;
        let (parts, input) = planned.read(order, settings, progress)?;
        inputs.push(input);
        for (batch, more) in parts {
            issues.merge(more);
            batches.push((batch, planned.mapping.event_id.is_some()));
        }
        if settings.strict
            && let Some(reject) = issues.rejects().first()
        {
            return Err(strict_error(reject));
        }
    }
    progress.stage("coding", 0);
    let raw = unify(common.fields, batches, issues, inputs);
    check_kept(&raw, sources, &settings.keep)?;
    Ok(raw)
}

/// One file to read, with its source compiled.
struct Planned<'a> {
    source: &'a SourceOptions,
    mapping: Arc<Mapping>,
    format: &'static Format,
    found: Found,
}

/// All files of all sources; nothing is opened yet.
fn plan<'a>(
    sources: &'a [SourceOptions],
    settings: &ReadSettings,
    common: &Common,
) -> Result<Vec<Planned<'a>>> {
    let mut plan: Vec<Planned<'a>> = Vec::new();
    for source in sources {
        let mapping = Arc::new(Mapping::new(source, common)?);
        for found in open::expand(&source.path, &settings.folder, &known_endings())? {
            if found.is_stdin() && plan.iter().any(|it| it.found.is_stdin()) {
                return Err(Error::new("two sources read standard input")
                    .hint("only one source can have path = \"-\""));
            }
            let format = format_of(source, &found)?;
            plan.push(Planned { source, mapping: Arc::clone(&mapping), format, found });
        }
    }
    Ok(plan)
}

impl Planned<'_> {
    fn read(
        &self,
        order: u32,
        settings: &ReadSettings,
        progress: &dyn Progress,
    ) -> Result<(Vec<(Batch, Issues)>, InputFile)> {
        let bytes = Counted { inner: progress, bytes: Default::default() };
        let job = Job {
            found: &self.found,
            file: FileId { name: self.found.name.as_str().into(), order },
            source: self.source,
            mapping: &self.mapping,
            keep_all: settings.keep_all_rejects,
            strict: settings.strict,
            progress: &bytes,
        };
        let parts =
            (self.format.read)(&job).map_err(|it| it.or_at(Place::file(&*self.found.name)))?;
        let stored = match self.found.is_stdin() {
            true => bytes.bytes.into_inner(),
            false => fs_err::metadata(&self.found.location)?.len(),
        };
        let input = InputFile {
            path: self.found.name.clone(),
            location: self.found.location.clone(),
            format: self.format.name.to_owned(),
            bytes: stored,
            rows: parts.iter().map(|it| it.1.read).sum(),
        };
        Ok((parts, input))
    }
}

/// Passes progress on and counts the bytes of one file.
struct Counted<'a> {
    inner: &'a dyn Progress,
    bytes: std::sync::atomic::AtomicU64,
}

impl Progress for Counted<'_> {
    fn stage(&self, what: &'static str, total: u64) {
        self.inner.stage(what, total);
    }

    fn advance(&self, units: u64) {
        self.bytes.fetch_add(units, std::sync::atomic::Ordering::Relaxed);
        self.inner.advance(units);
    }

    fn rows(&self, rows: u64) {
        self.inner.rows(rows);
    }
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

/// A property that was asked for and that no row has is a mistyped name.
fn check_kept(raw: &RawEvents, sources: &[SourceOptions], keep: &[String]) -> Result<()> {
    let given = |name: &str| {
        let gives =
            |it: &SourceOptions| it.text_column(name).is_some() || it.constants.contains_key(name);
        sources.iter().any(gives)
    };
    let empty = |name: &str| raw.fields.text(name).is_none_or(|it| raw.texts[it].is_empty());
    let missing = keep.iter().find(|it| !given(it) && empty(it)).filter(|_| !raw.is_empty());
    let Some(name) = missing else { return Ok(()) };
    let mapped = raw.fields.texts.iter().map(String::as_str).filter(|it| given(it));
    let columns = sources.iter().flat_map(columns_of);
    let known: Vec<&str> = mapped.chain(columns).collect();
    Err(Error::new(format!("no row has a property \"{name}\""))
        .suggest(nearest(name, known.iter().copied())))
}

/// The columns that a source maps.
fn columns_of(source: &SourceOptions) -> impl Iterator<Item = &str> {
    source.properties.values().chain(source.ids.values()).map(String::as_str)
}
