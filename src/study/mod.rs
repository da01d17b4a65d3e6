//! Floor 4: a whole study as library calls: load, then ask.
//!
//! `Study::load` reads, stitches and groups; `Study::run` answers any number of
//! questions in one pass over the customers.
//!
//! ```no_run
//! use touchpath::base::Unwatched;
//! use touchpath::study::{LoadOptions, Study};
//! use touchpath::config::Config;
//!
//! # fn main() -> touchpath::base::Result<()> {
//! let config = Config::read("journeys/grocer".as_ref())?;
//! let study = Study::load(config, &LoadOptions::default(), &Unwatched)?;
//! let findings = study.run(&study.questions(&["overview"])?, &Unwatched)?;
//! assert_eq!(findings.reports[0].name, "overview");
//! # Ok(())
//! # }
//! ```

pub mod check;
pub mod explain;
pub mod fold;
mod goals;
pub mod identity;
mod load;
pub mod manifest;
mod reading;
mod run;
mod select;
pub mod sensitivity;
pub mod stitched;

use serde_json::Value;

use crate::analysis;
use crate::base::{Error, Timestamp};
use crate::config::Config;
use crate::model::{Catalog, Report, Selected, StageGraph};
use crate::prepare::Walking;
use crate::prepare::group::Shards;
use crate::prepare::stitch::Stitched;
use crate::store::RawEvents;
use crate::store::memory::Memory;

/// The confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// What of the data a study uses, besides what the journey file says.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Only events at or after this time.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
    /// Only events for which this filter holds; names are properties.
    pub filter: Option<String>,
    /// Whether to keep every rejected row, not only the first of each kind.
    pub keep_rejects: bool,
    /// Whether the first rejected row is an error.
    pub strict: bool,
    /// Properties to carry to the analyses, besides the experiment's.
    pub properties: Vec<String>,
    /// Whether relative paths that lead out of the journey file's folder are refused.
    pub inside: bool,
    /// The file that standard input was saved to, if it was.
    pub stdin: Option<std::path::PathBuf>,
    /// How much memory the run may use; a share of the machine's if not given.
    pub memory: Option<Memory>,
    /// Where spill files go; the usual folder of temporary files if not given.
    pub spill: Option<std::path::PathBuf>,
    /// Partials to read instead of the sources' files.
    pub partials: crate::input::partial::Partials,
    /// How ids are hashed before anything else sees them, if they are.
    pub hash_ids: Option<std::sync::Arc<crate::input::privacy::IdHash>>,
    /// Ids of who is to be forgotten, besides those that the journey file lists.
    pub forget: crate::input::privacy::ForgetList,
    /// Whether rows keep the lines on which they stand, to be shown as evidence.
    pub lines: bool,
}

/// One question of a run: an analysis and its options as JSON.
pub type Question = (&'static analysis::Entry, Value);

/// Events stitched and grouped, ready for any question.
pub struct Study {
    /// The journey file.
    pub config: Config,
    /// Names and facts of the whole data.
    pub catalog: Catalog,
    /// Whole customers in shards.
    pub shards: Shards,
    /// The rules of sessions, touches and journeys.
    pub walking: Walking,
    /// Who is who.
    pub stitched: Stitched,
    /// What was read: ids, texts, rejected rows, files. Its batches are used up.
    pub raw: RawEvents,
    /// Events that no stage rule names.
    pub unmapped: u64,
    /// What was guessed, in words.
    pub guesses: Vec<String>,
    /// Links that do not count.
    pub exclusions: crate::prepare::identity::Exclusions,
}

/// The answers of a run.
pub struct Findings {
    /// The stage graph.
    pub graph: StageGraph,
    /// One report a question, in the order asked.
    pub reports: Vec<Report>,
    /// Questions that the data cannot answer, and why.
    pub left_out: Vec<(&'static str, Error)>,
    /// Which journeys were looked at, where not all were.
    pub selected: Option<Selected>,
}
