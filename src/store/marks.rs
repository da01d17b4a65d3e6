//! Fingerprints of rows that do not depend on their order.
//!
//! Each row has a 64-bit hash of what it means (ids, time, texts, amount, sequence),
//! which is added, wrapping, to one of [`BUCKETS`] sums: that of its strongest id.
//! Two sets of rows with the same sums are the same rows; what tells a file's format,
//! order or name is not in them. The hash (FNV-1a, mixed as MurmurHash3 ends) is
//! fixed for all versions and machines, and is no secret: it finds mistakes, not
//! forgers.

use super::column::{put_number, take_bytes, take_number};
use crate::base::{Dictionary, Error, NONE, Result};
use crate::model::Batch;
use crate::model::raw::{NO_AMOUNT, NO_SEQUENCE, Sequence, TextColumn};

/// How many sums a fingerprint has.
pub const BUCKETS: usize = 1024;

/// The sums of the rows' hashes, by bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks(Vec<u64>);

impl Default for Marks {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Marks {
    /// Adds the rows of a batch, whose columns are these types of ids and these texts.
    pub fn add(&mut self, batch: &Batch, id_types: &[String], texts: &[String]) {
        let named = |kind: &str, name: &String| hash(format!("{kind}:{name}").as_bytes());
        let tables = |kind: &str, names: &[String], columns: &[TextColumn]| -> Vec<Vec<u64>> {
            let each = names.iter().zip(columns);
            each.map(|(name, it)| table(named(kind, name), &it.dictionary)).collect()
        };
        let ids = tables("id", id_types, &batch.ids);
        let words = tables("text", texts, &batch.texts);
        let sequence = match &batch.sequence {
            Sequence::Texts(it) => it.dictionary.iter().map(event_id).collect(),
            _ => Vec::new(),
        };
        for row in 0..batch.len() {
            let of = |column: &TextColumn, table: &[u64]| match column.code(row) {
                NONE => None,
                code => table.get(code as usize).copied(),
            };
            let mut own = batch.ids.iter().zip(&ids).filter_map(|(it, table)| of(it, table));
            let strongest = own.next().unwrap_or_default();
            let mut sum = own.fold(strongest, u64::wrapping_add);
            for (column, table) in batch.texts.iter().zip(&words) {
                sum = sum.wrapping_add(of(column, table).unwrap_or_default());
            }
            sum = sum.wrapping_add(mix(batch.times[row] as u64 ^ TIME));
            if let Some(&amount) = batch.amounts.get(row).filter(|it| **it != NO_AMOUNT) {
                sum = sum.wrapping_add(mix(amount as u64 ^ AMOUNT));
            }
            sum = sum.wrapping_add(match &batch.sequence {
                Sequence::None => 0,
                Sequence::Numbers(it) if it[row] == NO_SEQUENCE => 0,
                Sequence::Numbers(it) => mix(it[row] as u64 ^ SEQUENCE),
                Sequence::Texts(it) => of(it, &sequence).unwrap_or_default(),
            });
            let place = &mut self.0[strongest as usize % BUCKETS];
            *place = place.wrapping_add(mix(sum ^ u64::from(batch.links)));
        }
    }

    /// Takes in the marks of other rows.
    pub fn merge(&mut self, other: &Self) {
        for (it, more) in self.0.iter_mut().zip(&other.0) {
            *it = it.wrapping_add(*more);
        }
    }

    /// One number for all sums.
    pub fn digest(&self) -> u64 {
        self.0.iter().zip(0u64..).fold(0, |sum, (it, at)| sum.wrapping_add(mix(it ^ mix(at))))
    }

    /// Adds the sums that are not 0 to bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let used = || self.0.iter().enumerate().filter(|it| *it.1 != 0);
        put_number(used().count() as u64, out);
        for (bucket, sum) in used() {
            put_number(bucket as u64, out);
            out.extend(sum.to_le_bytes());
        }
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// The bytes are no marks.
    pub fn read(bytes: &mut &[u8]) -> Result<Self> {
        let mut marks = Self::default();
        for _ in 0..take_number(bytes)? {
            let bucket = take_number(bytes)?;
            let sum = take_bytes(bytes, 8)?.try_into().map(u64::from_le_bytes);
            let place = usize::try_from(bucket).ok().and_then(|it| marks.0.get_mut(it));
            let (Some(place), Ok(sum)) = (place, sum) else {
                return Err(Error::new("not the fingerprint of rows"));
            };
            *place = sum;
        }
        Ok(marks)
    }
}

const TIME: u64 = 0x7469_6d65;
const AMOUNT: u64 = 0x616d_6f75_6e74;
const SEQUENCE: u64 = 0x7365_7175_656e;

/// The hashes of a column's texts, by their codes.
fn table(name: u64, texts: &Dictionary) -> Vec<u64> {
    texts.iter().map(|it| mix(name ^ hash(it.as_bytes()))).collect()
}

/// The same for a number and for its text.
fn event_id(text: &str) -> u64 {
    let number = text.parse::<i64>().ok().filter(|it| it.to_string() == text);
    mix(number.map_or_else(|| hash(text.as_bytes()), |it| it as u64) ^ SEQUENCE)
}

/// The hash of a text: FNV-1a, 64 bits, mixed.
pub fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, it: &u8| (hash ^ u64::from(*it)).wrapping_mul(0x0000_0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, step))
}

/// Spreads every bit over all: the end of MurmurHash3 for 64 bits.
fn mix(mut it: u64) -> u64 {
    it ^= it >> 33;
    it = it.wrapping_mul(0xff51_afd7_ed55_8ccd);
    it ^= it >> 33;
    it = it.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    it ^ it >> 33
}
