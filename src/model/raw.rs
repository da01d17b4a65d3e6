//! Rows as the readers leave them: columns of codes, in batches, in file order.

use std::collections::BTreeMap;

use crate::base::dictionary::TextHasher;
use crate::base::{Dictionary, NONE};

/// The amount of a row that carries none.
pub const NO_AMOUNT: i64 = i64::MIN;

/// The time of a link that names none: it holds from the beginning.
pub const NO_TIME: i64 = i64::MIN;

/// The number of a row that has no sequence, in [`Sequence::Numbers`].
pub const NO_SEQUENCE: i64 = i64::MIN;

/// The session's key by which Amplitude marks events out of session.
pub const OUT_OF_SESSION: &str = "-1";

/// Ids that are nobody's (`null`, `anonymous` …), by the position of their type
/// in [`Fields::id_types`] and their text, with how often they came.
pub type Blocked = BTreeMap<(usize, String), u64>;

/// The well-known text properties that a source can map; others keep their own names.
pub const WELL_KNOWN: [&str; 8] =
    ["event", "channel", "utm_source", "utm_medium", "campaign", "order", "session", "variant"];

/// Which columns the rows of a study carry: the union over its sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Id types, strongest first (`user`, `email`, … `cookie`).
    pub id_types: Vec<String>,
    /// Names of text properties (see [`WELL_KNOWN`]; then kept properties by name).
    pub texts: Vec<String>,
    /// Whether any source carries amounts.
    pub amounts: bool,
    /// Whether any source carries a sequence or event id.
    pub sequence: bool,
}

impl Fields {
    /// The same, with these id types first, in this order.
    #[must_use]
    pub fn with_priority(mut self, priority: &[String]) -> Self {
        let rank = |it: &String| priority.iter().position(|own| own == it).unwrap_or(usize::MAX);
        self.id_types.sort_by_key(rank);
        self
    }

    /// The position of a text property.
    pub fn text(&self, name: &str) -> Option<usize> {
        self.texts.iter().position(|it| it == name)
    }

    /// The position of an id type.
    pub fn id_type(&self, name: &str) -> Option<usize> {
        self.id_types.iter().position(|it| it == name)
    }
}

/// What decides between equal times, before the place in the file does.
#[derive(Debug, Clone, Default)]
pub enum Sequence {
    /// Nothing: the place in the file decides.
    #[default]
    None,
    /// Whole numbers, or [`NO_SEQUENCE`].
    Numbers(Vec<i64>),
    /// Event ids that are not all whole numbers: ordered by their bytes.
    Texts(TextColumn),
}

/// A column of texts: codes into a dictionary, [`NONE`] where a row has none.
///
/// `codes` is empty where no row of the batch has the property; those of `utm_source` and
/// `utm_medium` only where the source has no such column.
#[derive(Debug, Clone, Default)]
pub struct TextColumn {
    /// One code a row, or none at all.
    pub codes: Vec<u32>,
    /// The batch's own texts; emptied when batches are unified.
    pub dictionary: Dictionary,
}

impl TextColumn {
    /// The code of a row.
    #[inline]
    pub fn code(&self, row: usize) -> u32 {
        self.codes.get(row).copied().unwrap_or(NONE)
    }
}

/// What tells that a row is the same one as another: a hash of its key, and its line.
///
/// Empty where the source names no key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// 128 bits of a hash; 0 where a row has no key.
    pub hashes: Vec<u128>,
    /// The line of each row in its file, for reports; the last one that fits beyond that.
    pub lines: Vec<u32>,
}

/// A run of rows of one file, in file order.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Whether the rows only link ids and are no events.
    pub links: bool,
    /// The order of the rows' file among all input files.
    pub file_order: u32,
    /// How the times were read, in words; empty where none was.
    pub times_as: &'static str,
    /// Microseconds since the epoch, UTC; [`NO_TIME`] only in links.
    pub times: Vec<i64>,
    /// The line (or row number) of each row in its file; empty where nobody asked for it.
    pub lines: Vec<i64>,
    /// What decides between equal times.
    pub sequence: Sequence,
    /// One column for each of [`Fields::id_types`].
    pub ids: Vec<TextColumn>,
    /// One column for each of [`Fields::texts`].
    pub texts: Vec<TextColumn>,
    /// Minor units or [`NO_AMOUNT`]; empty where the source carries no amounts.
    pub amounts: Vec<i64>,
    /// Ids that were left out because they are nobody's.
    pub blocked: Blocked,
    /// The keys of the rows, where duplicates are told.
    pub keys: Keys,
}

impl Batch {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

/// How many shards the id dictionaries are cut into (a power of two).
pub const ID_SHARDS: usize = 64;

/// All distinct ids of one type, in shards by hash so that they merge in parallel.
#[derive(Debug, Clone, Default)]
pub struct IdTable {
    /// [`ID_SHARDS`] dictionaries, or none where the type does not occur.
    pub shards: Vec<Dictionary>,
    /// The first code of each shard, and one past the last code at the end.
    pub bases: Vec<u32>,
}

impl IdTable {
    /// The shard of a text with this hash.
    #[inline]
    pub fn shard(hash: u64) -> usize {
        (hash >> 58) as usize % ID_SHARDS
    }

    /// How many distinct ids there are.
    pub fn len(&self) -> usize {
        self.bases.last().map_or(0, |&it| it as usize)
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text of an id.
    pub fn get(&self, code: u32) -> &str {
        if code as usize >= self.len() {
            return "";
        }
        let shard = self.bases.partition_point(|&it| it <= code) - 1;
        self.shards[shard].get(code - self.bases[shard])
    }

    /// The code of an id, if it occurs.
    pub fn code(&self, text: &str) -> Option<u32> {
        let shard = Self::shard(TextHasher::default().hash(text.as_bytes()));
        let local = self.shards.get(shard)?.code(text)?;
        Some(self.bases[shard] + local)
    }
}

/// One input file: what was read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The path as the user named it (`-` for standard input).
    pub path: String,
    /// The path to open, where there is one.
    pub location: std::path::PathBuf,
    /// The format it was read as (`csv`, `jsonl`, `parquet` …).
    pub format: String,
    /// Bytes in the file as stored.
    pub bytes: u64,
    /// Records met, used or not.
    pub rows: u64,
    /// How its times were read, in words (`RFC 3339`); empty where none was.
    pub times_as: String,
    /// The SHA-256 of the file as stored, in hex, where an earlier run has it; else empty.
    pub sha256: String,
}
