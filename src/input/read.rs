//! All sources of a study to one set of coded rows.
//!
//! Finds the files, hands each to the reader of its format, and joins what they
//! deliver in the order of sources, files and places. Knows no format's bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use rayon::prelude::*;

use super::bots::{self, BotOptions};
use super::csv;
use super::dedupe;
use super::gather::Gather;
use super::jsonl::{self, Outcome};
use super::mapping::{Common, Mapping, fields};
use super::nobody::Blocklist;
use super::open::{self, Found, Opened, Stamp};
use super::options::SourceOptions;
#[cfg(feature = "parquet")]
use super::parquet;
use super::partial::{self, Partials};
use super::presets::{self, Preset};
use super::privacy::{ForgetList, IdHash, Privacy};
use super::rows::{FileId, Rows};
use super::xes;
use crate::base::names::nearest;
use crate::base::{Currency, Error, Issues, Place, Progress, Reject, Result};
use crate::model::raw::InputFile;
use crate::store::{Keep, RawEvents};

/// What all sources are read by.
#[derive(Debug, Clone)]
pub struct ReadSettings {
    /// Where relative paths start.
    pub folder: PathBuf,
    /// The zone of times without an offset.
    pub zone: TimeZone,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Which ids are nobody's.
    pub blocklist: Blocklist,
    /// Id types, strongest first; those not named keep their usual order behind them.
    pub priority: Vec<String>,
    /// Whether every rejected row is kept, and not only the first of each kind.
    pub keep_all_rejects: bool,
    /// Whether the first rejected row is an error.
    pub strict: bool,
    /// Properties that are asked for although no source maps them.
    pub keep: Vec<String>,
    /// Whether relative paths that lead out of the folder are refused.
    pub inside: bool,
    /// The file that standard input was saved to, if it was.
    pub stdin: Option<PathBuf>,
    /// Where rows wait once they are read.
    pub keep_rows: Arc<Keep>,
    /// Partials to read instead of the sources' files.
    pub partials: Partials,
    /// The most events of one id in an hour, above which it is a bot's.
    pub bots: BotOptions,
    /// How ids are hashed, if they are.
    pub hash_ids: Option<Arc<IdHash>>,
    /// Who is to be forgotten.
    pub forget: Option<Arc<ForgetList>>,
    /// Whether rows keep the lines on which they stand.
    pub lines: bool,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            zone: TimeZone::UTC,
            currency: Currency::UNNAMED,
            blocklist: Blocklist::default(),
            priority: Vec::new(),
            keep_all_rejects: false,
            strict: false,
            keep: Vec::new(),
            inside: false,
            stdin: None,
            keep_rows: Arc::default(),
            partials: None,
            bots: BotOptions::default(),
            hash_ids: None,
            forget: None,
            lines: false,
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
    let common = Common {
        privacy: Privacy::new(settings, &fields.id_types)?,
        fields,
        zone: settings.zone.clone(),
        currency: settings.currency,
        blocklist: settings.blocklist.clone(),
        gather: Some(Arc::clone(&gather)),
    };
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

/// How the times of a file were read: as its first batch with a time says.
fn times_as(outcome: &Outcome) -> String {
    let mut said = outcome.parts.iter().map(|it| it.0.times_as);
    said.find(|it| !it.is_empty()).unwrap_or_default().to_owned()
}

/// One file to read, with its source compiled.
pub(super) struct Planned<'a> {
    pub source: &'a SourceOptions,
    pub mapping: Arc<Mapping>,
    form: Form,
    pub found: Found,
    pub stamp: Stamp,
}

/// How a file is read: by its format alone, or by a preset.
#[derive(Clone, Copy)]
struct Form {
    name: &'static str,
    preset: Option<&'static Preset>,
    read: Option<fn(&Job<'_>) -> Result<Outcome>>,
}

impl Form {
    fn read(&self, job: &Job<'_>) -> Result<Outcome> {
        match (self.preset, self.read) {
            (Some(it), _) => presets::read(it, job),
            (None, Some(read)) => read(job),
            (None, None) => Err(Error::new("the file has no format")),
        }
    }

    /// The form in words: `jsonl`, or `ga4 (jsonl)`.
    fn words(&self) -> String {
        match self.preset {
            Some(it) if it.name != self.name => format!("{} ({})", it.name, self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// All files of all sources; nothing is opened yet.
pub(super) fn plan<'a>(
    sources: &'a [SourceOptions],
    settings: &ReadSettings,
    common: &Common,
) -> Result<Vec<Planned<'a>>> {
    let mut plan: Vec<Planned<'a>> = Vec::new();
    for source in sources {
        let mapping = Arc::new(Mapping::new(source, common)?);
        let preset = presets::of(source)?;
        let endings = preset.map_or_else(known_endings, presets::endings);
        for mut found in open::expand(&source.path, &settings.folder, &endings)? {
            // An absolute path says where it leads; a relative one must stay in its folder.
            if settings.inside && !found.is_stdin() && Path::new(&source.path).is_relative() {
                open::check_inside(&found, &settings.folder)?;
            }
            if found.is_stdin() && plan.iter().any(|it| it.source.path == "-") {
                return Err(Error::new("two sources read standard input")
                    .hint("only one source can have path = \"-\""));
            }
            if let (true, Some(saved)) = (found.is_stdin(), &settings.stdin) {
                found.location.clone_from(saved);
            }
            let form = match preset {
                Some(it) => {
                    Form { name: presets::form_of(it, &source.format, &found)?, preset, read: None }
                }
                None => {
                    let it = format_of(source, &found)?;
                    Form { name: it.name, preset: None, read: Some(it.read) }
                }
            };
            let stamp = Stamp::of(&found)?;
            plan.push(Planned { source, mapping: Arc::clone(&mapping), form, found, stamp });
        }
    }
    Ok(plan)
}

impl Planned<'_> {
    pub fn read(
        &self,
        order: u32,
        settings: &ReadSettings,
        progress: &dyn Progress,
    ) -> Result<(Outcome, InputFile)> {
        let counted = Counted { inner: progress, bytes: AtomicU64::new(0) };
        let job = Job {
            found: &self.found,
            file: FileId { name: self.found.name.as_str().into(), order },
            source: self.source,
            mapping: &self.mapping,
            keep_all: settings.keep_all_rejects,
            strict: settings.strict,
            progress: &counted,
        };
        let place = |it: Error| it.or_at(Place::file(&*self.found.name));
        let outcome = self.form.read(&job).map_err(place);
        // Whatever a reader made of it: rows may be missing.
        progress.check()?;
        let outcome = outcome?;
        self.stamp.check(&self.found)?;
        let stdin = self.found.is_stdin();
        let input = InputFile {
            path: self.found.name.clone(),
            location: self.found.location.clone(),
            format: self.form.words(),
            bytes: if stdin { counted.bytes.into_inner() } else { self.stamp.bytes },
            rows: outcome.parts.iter().map(|it| it.1.read).sum(),
            times_as: times_as(&outcome),
            sha256: String::new(),
        };
        Ok((outcome, input))
    }
}

/// Passes progress on and counts the bytes of one file.
struct Counted<'a> {
    inner: &'a dyn Progress,
    bytes: AtomicU64,
}

impl Progress for Counted<'_> {
    fn stage(&self, what: &'static str, total: u64) {
        self.inner.stage(what, total);
    }

    fn advance(&self, units: u64) {
        self.bytes.fetch_add(units, Ordering::Relaxed);
        self.inner.advance(units);
    }

    fn rows(&self, rows: u64) {
        self.inner.rows(rows);
    }

    fn is_cancelled(&self) -> bool {
        self.inner.is_cancelled()
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

/// Which columns any file had.
#[derive(Default)]
pub(super) struct Met {
    columns: BTreeSet<String>,
    rows: u64,
}

impl Met {
    pub fn note(&mut self, columns: &[String], seen: &[bool], rows: u64) {
        self.rows += rows;
        let met = columns.iter().zip(seen).filter(|it| *it.1);
        self.columns.extend(met.map(|it| it.0.clone()));
    }

    /// A property that was asked for and that no file has is a mistyped name.
    pub fn check(&self, sources: &[SourceOptions], keep: &[String]) -> Result<()> {
        let given = |name: &str| {
            let gives = |it: &SourceOptions| {
                it.text_column(name).is_some() || it.constants.contains_key(name)
            };
            sources.iter().any(gives) || self.columns.contains(name)
        };
        let Some(name) = keep.iter().find(|it| !given(it)).filter(|_| self.rows > 0) else {
            return Ok(());
        };
        let mapped = sources.iter().flat_map(|it| it.properties.keys().chain(it.constants.keys()));
        let known: Vec<&str> = mapped.chain(&self.columns).map(String::as_str).collect();
        Err(Error::new(format!("no source has a property \"{name}\""))
            .suggest(nearest(name, known.iter().copied())))
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
