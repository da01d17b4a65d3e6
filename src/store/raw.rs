//! What reading leaves: rows as batches that wait, and the texts behind their codes.

use super::Batches;
use crate::base::{Dictionary, Issues};
use crate::model::Fields;
use crate::model::raw::{Blocked, IdTable, InputFile};

/// Ids of two types that were seen on the same row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// The position of the stronger type in [`Fields::id_types`].
    pub first: usize,
    /// The position of the weaker type.
    pub second: usize,
    /// Codes of the two ids; a pair may come more than once, in any order.
    pub codes: Vec<(u32, u32)>,
}

/// All rows of all sources, with codes that hold over all batches.
///
/// Codes depend on the order in which threads came, and stay inside: what leaves the
/// program is ranked by text.
#[derive(Debug, Default)]
pub struct RawEvents {
    /// Which columns there are.
    pub fields: Fields,
    /// The rows: by source, by file, by place.
    pub batches: Batches,
    /// The ids of each type.
    pub ids: Vec<IdTable>,
    /// Ids that were seen together.
    pub pairs: Vec<Pairs>,
    /// The texts of each property.
    pub texts: Vec<Dictionary>,
    /// The event ids, where a sequence is text.
    pub sequence_texts: IdTable,
    /// Rows set aside so far.
    pub issues: Issues,
    /// Ids that were left out because they are nobody's.
    pub blocked: Blocked,
    /// The files.
    pub inputs: Vec<InputFile>,
}

impl RawEvents {
    /// How many rows were kept (links included).
    pub fn len(&self) -> usize {
        self.batches.rows()
    }

    /// Whether no row was kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
