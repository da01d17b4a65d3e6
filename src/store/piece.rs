//! What reading made of one input file: facts here, rows in blocks.
//!
//! Knows nothing of how files are read; what columns mean comes as JSON that is
//! only compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{put_number, take_bytes, take_number};
use super::marks::Marks;
use crate::base::issues::ISSUE_KINDS;
use crate::base::{Error, Issues, Place, Reject, Result};
use crate::model::raw::Blocked;

/// What reading made of one input file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// The position of the file's source in the journey; 0 for bare data files.
    pub rank: u32,
    /// The path of the file as its source names it.
    pub name: String,
    /// The SHA-256 of the file as stored, in hex.
    pub sha256: String,
    /// Bytes in the file as stored.
    pub bytes: u64,
    /// The format it was read as.
    pub format: String,
    /// How its times were read, in words.
    pub times_as: String,
    /// Types of ids, strongest first: the columns of ids in the blocks.
    pub id_types: Vec<String>,
    /// Text properties: the columns of texts in the blocks.
    pub texts: Vec<String>,
    /// The raw columns that the file had, of those asked for.
    pub columns: Vec<String>,
    /// Whether the sequence is of event ids.
    pub event_ids: bool,
    /// Rows in the blocks: events and links that were used.
    pub rows: u64,
    /// Blocks that follow.
    pub blocks: u64,
    /// Distinct ids by type.
    pub ids: BTreeMap<String, u64>,
    /// Rows met, used or not.
    pub read: u64,
    /// Rows that the source's `where` left out.
    pub filtered: u64,
    /// Of these, the rows that are knowingly none, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub left_out: BTreeMap<String, u64>,
    /// The lines of the first of them, by reason, where they are known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub left_out_at: BTreeMap<String, Vec<u64>>,
    /// Amounts that were rounded.
    pub rounded: u64,
    /// Times that a change of clocks made ambiguous.
    pub ambiguous: u64,
    /// Every row that was set aside.
    pub rejects: Vec<SetAside>,
    /// Ids that are nobody's: type, id, how often.
    pub blocked: Vec<(String, String, u64)>,
    /// The shard of whole customers that the file belongs to, where that was said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<String>,
    /// The fingerprint of the rows.
    #[serde(skip)]
    pub marks: Marks,
}

/// A row that was set aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    line: u64,
    column: u64,
    reason: String,
    detail: String,
    raw: String,
}

impl Piece {
    /// What puts pieces in order: source, name, content.
    pub fn key(&self) -> (u32, &str, &str, Option<&str>) {
        (self.rank, &self.name, &self.sha256, self.shard.as_deref())
    }

    /// Takes what became of the file's rows; `issues` must keep all that were set aside.
    pub fn set_issues(&mut self, issues: &Issues) {
        self.read = issues.read;
        self.filtered = issues.filtered;
        self.left_out.clone_from(issues.left_out());
        for (reason, place) in issues.left_out_at() {
            self.left_out_at.entry(reason.to_owned()).or_default().push(place.line);
        }
        self.rounded = issues.rounded;
        self.ambiguous = issues.ambiguous;
        let record = |it: &Reject| SetAside {
            line: it.place.line,
            column: it.place.column,
            reason: it.kind.key().to_owned(),
            detail: it.detail.clone(),
            raw: it.raw.clone(),
        };
        self.rejects = issues.rejects().iter().map(record).collect();
    }

    /// What became of the file's rows, as the file with this order among the inputs.
    ///
    /// # Errors
    /// A reason that is not known; counts that do not add up.
    pub fn issues(&self, file_order: u32, keep_all: bool) -> Result<Issues> {
        let mut issues = Issues::new(keep_all);
        issues.read = self.read;
        issues.filtered = self.filtered;
        self.left_out.iter().for_each(|it| issues.add_left_out(it.0, *it.1));
        for (reason, lines) in &self.left_out_at {
            let places = lines.iter().map(|&it| (file_order, Place::line(&*self.name, it)));
            issues.note_left_out_at(reason, places);
        }
        issues.rounded = self.rounded;
        issues.ambiguous = self.ambiguous;
        for it in &self.rejects {
            let kind = ISSUE_KINDS.into_iter().find(|kind| kind.key() == it.reason);
            let kind = kind.ok_or_else(|| {
                Error::new(format!("a row set aside for an unknown reason \"{}\"", it.reason))
            })?;
            issues.reject(kind, || Reject {
                file_order,
                place: Place::at(&*self.name, it.line, it.column),
                kind,
                detail: it.detail.clone(),
                raw: it.raw.clone(),
            });
        }
        let sum = self.rows.checked_add(self.filtered);
        match sum.and_then(|it| it.checked_add(issues.rejected())) == Some(self.read) {
            true => Ok(issues),
            false => Err(Error::new("rows used, filtered and set aside are not the rows read")),
        }
    }

    /// The ids that are nobody's, by the positions of their types in `id_types`.
    pub fn blocked(&self, id_types: &[String]) -> Blocked {
        let place = |(id_type, id, count): &(String, String, u64)| {
            let at = id_types.iter().position(|it| it == id_type)?;
            Some(((at, id.clone()), *count))
        };
        self.blocked.iter().filter_map(place).collect()
    }

    /// The bytes of the piece's section.
    ///
    /// # Errors
    /// None that is known.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut bytes = write_json(&serde_json::to_value(self).map_err(wrong)?)?;
        self.marks.write(&mut bytes);
        Ok(bytes)
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// The bytes are no piece.
    pub fn read(mut bytes: &[u8]) -> Result<Self> {
        let mut piece: Self = serde_json::from_value(read_json(&mut bytes)?).map_err(wrong)?;
        piece.marks = Marks::read(&mut bytes)?;
        Ok(piece)
    }
}

fn wrong(error: serde_json::Error) -> Error {
    Error::new(format!("the partial is not as expected: {error}")).caused_by(error)
}

/// The most bytes that a piece's facts unpack to.
const MOST_JSON: usize = 1 << 31;

/// Packs JSON, its length before it.
pub(super) fn write_json(value: &Value) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(value).map_err(wrong)?;
    let packed = zstd::bulk::compress(&text, 9)?;
    let mut bytes = Vec::with_capacity(packed.len() + 10);
    put_number(packed.len() as u64, &mut bytes);
    bytes.extend(packed);
    Ok(bytes)
}

/// Reads what [`write_json`] wrote.
pub(super) fn read_json(bytes: &mut &[u8]) -> Result<Value> {
    let length = usize::try_from(take_number(bytes)?).unwrap_or(usize::MAX);
    let packed = take_bytes(bytes, length)?;
    let reader = zstd::stream::read::Decoder::with_buffer(packed)?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(reader, MOST_JSON as u64), &mut text)?;
    serde_json::from_slice(&text).map_err(wrong)
}
