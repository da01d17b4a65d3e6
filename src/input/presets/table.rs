//! The language of presets: what of a vendor's record is which key of a source.
//!
//! Everything here is data that a preset's file states; `plan` compiles it, `record`
//! looks values up. Knows no record, no row and no file.

use super::record::{Record, Trouble};
use crate::base::Result;
use crate::input::TimeFormat;
use crate::input::jsonl::{Fill, Outcome};
use crate::input::read::Job;

/// Says what of the first bytes of a file tells a format, where it is that format.
pub type Knows = fn(&[u8]) -> Option<&'static str>;
/// Gives the first records of a file as JSON objects.
pub type LookInto = fn(Fill<'_>) -> Result<Vec<String>>;

/// An export format of one vendor: how each of its records becomes rows.
///
/// A preset is one file with one of these as a constant, and a line in
/// [`PRESETS`](super::PRESETS).
#[derive(Debug)]
pub struct Preset {
    /// The name, as in a source's `preset`.
    pub name: &'static str,
    /// What it reads, in a few words, for help and documents.
    pub about: &'static str,
    /// Paths that tell the format: all of one of these sets are in a file's first records.
    pub signs: &'static [&'static [&'static str]],
    /// Each key of a source (`time`, `ids.user`, `properties.device`) and where its value
    /// is taken from: the first that is not empty.
    pub keys: &'static [(&'static str, &'static [Take])],
    /// Keys that are only taken together, so that values of two places never mix.
    pub tuples: &'static [Tuple],
    /// How the value of `time` is written.
    pub time_format: TimeFormat,
    /// Keys (such as `dedupe.id`, which is nothing else) or paths that together tell that two
    /// rows are the same one; a row without a value of the first has no key. None where the
    /// vendor defines no such key.
    pub dedupe: &'static [&'static str],
    /// Keys without which an event is set aside, besides its time and an id.
    pub needs: &'static [&'static str],
    /// What a record is: the first that holds; an event where none does.
    pub rows: &'static [(When, Row)],
    /// A list inside a record of which each element is an event.
    pub each: Option<Each>,
    /// Pairs of ids that a record also tells of, each pair as a row of its own.
    pub links: &'static [Link],
    /// Texts at the top of a record that hold JSON in some forms of the export.
    pub json: &'static [&'static str],
    /// Endings of file names besides those of all formats, for folders.
    pub endings: &'static [&'static str],
    /// What of the first bytes of a file tells the format, in words such as "it begins with
    /// <log", where it is no JSON, Parquet or table with the names of [`Self::signs`].
    pub knows: Option<Knows>,
    /// The first records of such a file as JSON objects, where it is no JSON, Parquet or table.
    pub look: Option<LookInto>,
    /// A reader of its own, for bytes that are no JSON, CSV or Parquet, or records that
    /// must be put together first.
    pub read: Option<fn(&Job<'_>) -> Result<Outcome>>,
}

/// A preset with nothing in it, to begin one with: `Preset { name: "…", ..NOTHING }`.
pub const NOTHING: Preset = Preset {
    name: "",
    about: "",
    signs: &[],
    keys: &[],
    tuples: &[],
    time_format: TimeFormat::Rfc3339,
    dedupe: &[],
    needs: &[],
    rows: &[],
    each: None,
    links: &[],
    json: &[],
    endings: &["json"],
    knows: None,
    look: None,
    read: None,
};

/// One place that a value may be taken from; paths are dotted.
///
/// A path goes through objects by key, through lists by position or, where a list is of
/// `{key, value}` objects, by that key. `@file` is the file's name up to its first point,
/// `@index` the position of an element in its list.
#[derive(Debug, Clone, Copy)]
pub enum Take {
    /// The value at a path.
    At(&'static str),
    /// A fixed text.
    Text(&'static str),
    /// The value at a path, unless it is one of these.
    Unless(&'static str, &'static [&'static str]),
    /// The number at a path with its sign turned, so that what is given back is negative.
    Minus(&'static str),
    /// The number at a path as one below zero, however its sign is written.
    Below(&'static str),
    /// The time at a path, in UTC where it has no offset.
    Utc(&'static str),
    /// What follows this beginning of the value at a path; nothing where it begins otherwise.
    Behind(&'static str, &'static str),
    /// The value at a path where it does not begin so.
    NotBehind(&'static str, &'static str),
    /// All of these with a point between, or nothing where one of them is empty.
    Joined(&'static [&'static str]),
    /// Whole numbers as one text whose bytes sort as the numbers do, the first foremost.
    Ordered(&'static [&'static str]),
    /// Another, but only where something holds.
    If(When, &'static Take),
    /// What a function makes of the record.
    By(fn(&Record<'_, '_>) -> std::result::Result<Option<String>, Trouble>),
}

/// What may hold of a record.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// The value at a path is one of these.
    Is(&'static str, &'static [&'static str]),
    /// There is a value at a path, an object or a list too.
    Has(&'static str),
    /// There is none.
    Lacks(&'static str),
    /// Another does not.
    Not(&'static When),
    /// All of these.
    All(&'static [When]),
    /// One of these.
    Any(&'static [When]),
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Something that happened.
    Event,
    /// Ids of one person, and nothing else.
    Link,
    /// Knowingly no event: counted as left out for this reason.
    Out(&'static str),
    /// Not as the format says: set aside with this detail.
    Wrong(&'static str),
}

/// Keys that come from one place together.
#[derive(Debug, Clone, Copy)]
pub struct Tuple {
    /// The keys.
    pub keys: &'static [&'static str],
    /// For each place what each of the keys is; the first place with a value is taken
    /// whole. Fixed texts do not count as values.
    pub places: &'static [&'static [Take]],
}

/// A list inside a record.
#[derive(Debug, Clone, Copy)]
pub struct Each {
    /// The path of the list.
    pub list: &'static str,
    /// What paths into an element begin with.
    pub name: &'static str,
    /// Why a record with an empty list is left out.
    pub empty: &'static str,
}

/// Ids of one person that a record tells of besides its own.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// When it does.
    pub when: When,
    /// The ids by type; a row is made where at least two are there.
    pub ids: &'static [(&'static str, &'static [Take])],
}
