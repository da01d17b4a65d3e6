//! Records in, coded rows out: where every reader delivers.
//!
//! Checks each record (filter, time, ids, amount, sequence), codes its texts and
//! counts it as used, filtered or set aside. Knows no file format.

mod aside;
pub mod block;
mod ids;
pub mod listed;
mod part;
mod record;
pub mod spans;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::columns::{Coder, EventIds};
use super::ids::folds_case;
use super::mapping::Mapping;
use super::time::TimeReader;
use crate::base::Issues;
use crate::model::raw::{Blocked, Keys};

/// One value of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    /// Nothing; an empty text means the same.
    Missing,
    /// Text as it stands in the file.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// `unscaled · 10^-scale`.
    Decimal {
        /// The digits as a whole number.
        unscaled: i128,
        /// How many of them stand behind the point.
        scale: u32,
    },
    /// An instant in microseconds since the epoch, UTC.
    Micros(i64),
    /// A local time: microseconds since 1970 on the clock of the journey's zone.
    Local(i64),
    /// A date: days since 1970-01-01, midnight in the journey's zone.
    Day(i64),
}

/// A file, as messages name it, and its order among all input files.
#[derive(Debug, Clone)]
pub struct FileId {
    /// The path as the user named it.
    pub name: Arc<str>,
    /// Its order among all input files.
    pub order: u32,
}

/// Takes records in file order and makes a batch of them.
pub struct Rows<'m> {
    mapping: &'m Mapping,
    file: FileId,
    issues: Issues,
    blocked: Blocked,
    clock: TimeReader,
    times: Vec<i64>,
    /// The line of each row, where they are asked for.
    lines: Option<Vec<i64>>,
    ids: Vec<Coder>,
    texts: Vec<Coder>,
    numbers: Vec<i64>,
    event_ids: EventIds,
    amounts: Vec<i64>,
    /// Which columns of ids mean the same in any case of letters.
    folds: Vec<bool>,
    /// Which ids of the record at hand are somebody's.
    good_ids: Vec<bool>,
    keys: Keys,
    /// The user agent that came last, and whether it is a bot's.
    agent: (String, bool),
    scratch: String,
    filter_scratch: Vec<String>,
    found: ids::Found,
    /// For each column of ids how many distinct ones [`MANY`] records of some part of the
    /// file had: how much room another part will need.
    distinct: Arc<[AtomicU32]>,
}

/// How many records their distinct ids are told of.
const MANY: usize = 1024;
/// How many of them are expected before any part of a file tells.
const DISTINCT: u32 = 256;

impl<'m> Rows<'m> {
    /// No rows yet; `keep_all` keeps every rejected row for `--rejects`.
    pub fn new(mapping: &'m Mapping, file: FileId, keep_all: bool) -> Self {
        let clock = TimeReader::new(mapping.time_format, mapping.common.zone.clone());
        let distinct = mapping.ids.iter().map(|_| AtomicU32::new(DISTINCT)).collect();
        Self::with_clock(mapping, file, keep_all, clock, distinct)
    }

    /// No rows yet, for another part of the same file: what the first part found
    /// out about the format of times holds here too.
    pub fn fork(&self) -> Self {
        let keep_all = self.issues.keeps_all();
        let (clock, distinct) = (self.clock.fork(), Arc::clone(&self.distinct));
        Self::with_clock(self.mapping, self.file.clone(), keep_all, clock, distinct)
    }

    /// Whether the format of times is known, so that parts of the file can be
    /// read by [`Self::fork`]s at the same time.
    pub fn is_decided(&self) -> bool {
        self.mapping.time.is_none() || self.clock.decided().is_some()
    }

    fn with_clock(
        mapping: &'m Mapping,
        file: FileId,
        keep_all: bool,
        clock: TimeReader,
        distinct: Arc<[AtomicU32]>,
    ) -> Self {
        let coders = |count: usize| (0..count).map(|_| Coder::default()).collect();
        let id_type = |it: usize| mapping.common.fields.id_types[it].as_str();
        Self {
            mapping,
            file,
            issues: Issues::new(keep_all),
            blocked: Blocked::new(),
            clock,
            times: Vec::new(),
            lines: mapping.notes_lines().then(Vec::new),
            ids: coders(mapping.ids.len()),
            texts: coders(mapping.texts.len()),
            numbers: Vec::new(),
            event_ids: EventIds::default(),
            amounts: Vec::new(),
            folds: mapping.ids.iter().map(|it| folds_case(id_type(it.0))).collect(),
            good_ids: vec![false; mapping.ids.len()],
            keys: Keys::default(),
            agent: (String::new(), false),
            scratch: String::new(),
            filter_scratch: Vec::new(),
            found: ids::Found::default(),
            distinct,
        }
    }

    /// Notes the lines of the records that [`Self::push_block`] has just taken, by their
    /// positions among them; [`Self::push_at`] does so itself.
    #[inline]
    pub fn note_lines(&mut self, taken: usize, line: impl Fn(usize) -> u64) {
        if let Some(lines) = &mut self.lines {
            lines.extend((0..taken).map(|it| i64::try_from(line(it)).unwrap_or(0)));
        }
    }

    /// Counts an amount that the reader itself had to round.
    pub fn note_rounded(&mut self, rounded: bool) {
        self.issues.rounded += u64::from(rounded);
    }

    /// Counts a record that is knowingly no row, for this reason.
    pub fn leave_out(&mut self, reason: &'static str) {
        self.issues.read += 1;
        self.issues.leave_out(reason);
    }

    /// How many records came so far.
    pub fn read(&self) -> u64 {
        self.issues.read
    }

    /// Whether a record was set aside so far with which something is wrong.
    pub fn has_rejects(&self) -> bool {
        self.issues.faults() > 0
    }
}
