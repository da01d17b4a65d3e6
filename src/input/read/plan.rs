//! The files to read, each with its source compiled, and the reading of one.
//!
//! Nothing is opened before all of them are found. Knows no rows.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Job, ReadSettings, format_of, known_endings};
use crate::base::{Error, Place, Progress, Result};
use crate::input::jsonl::Outcome;
use crate::input::mapping::{Common, Mapping};
use crate::input::open::{self, Found, Stamp};
use crate::input::options::SourceOptions;
use crate::input::presets::{self, Preset};
use crate::input::rows::FileId;
use crate::model::raw::InputFile;

/// One file to read, with its source compiled.
pub(in crate::input) struct Planned<'a> {
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
pub(in crate::input) fn plan<'a>(
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

/// How the times of a file were read: as its first batch with a time says.
fn times_as(outcome: &Outcome) -> String {
    let mut said = outcome.parts.iter().map(|it| it.0.times_as);
    said.find(|it| !it.is_empty()).unwrap_or_default().to_owned()
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
