//! Pages in any encoding, by the decoders of the `parquet` crate: right, only slower.
//!
//! Knows nothing of rows and of what values mean.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::errors::Result as Decoded;
use parquet::schema::types::ColumnDescPtr;

use super::damaged;
use super::dense::{Dense, Why};
use crate::base::Result;

/// Pages that are handed over one by one.
#[derive(Clone, Default)]
struct Handed(Arc<Mutex<VecDeque<Page>>>);

impl Handed {
    fn with<T>(&self, what: impl FnOnce(&mut VecDeque<Page>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Iterator for Handed {
    type Item = Decoded<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.with(VecDeque::pop_front).map(Ok)
    }
}

impl PageReader for Handed {
    fn get_next_page(&mut self) -> Decoded<Option<Page>> {
        Ok(self.with(VecDeque::pop_front))
    }

    fn peek_next_page(&mut self) -> Decoded<Option<PageMetadata>> {
        let metadata = |page: &Page| PageMetadata {
            num_rows: None,
            num_levels: Some(page.num_values() as usize),
            is_dict: page.is_dictionary_page(),
        };
        Ok(self.with(|it| it.front().map(metadata)))
    }

    fn skip_next_page(&mut self) -> Decoded<()> {
        self.with(VecDeque::pop_front);
        Ok(())
    }
}

/// Decodes pages that it is given.
pub(super) struct Generic {
    handed: Handed,
    reader: ColumnReader,
}

impl Generic {
    /// For the pages of a column.
    pub fn new(column: ColumnDescPtr) -> Self {
        let handed = Handed::default();
        let reader = get_column_reader(column, Box::new(handed.clone()));
        Self { handed, reader }
    }

    /// Takes a page, once those before are read.
    pub fn hand(&mut self, page: Page) {
        self.handed.with(|it| it.push_back(page));
    }

    /// Adds the levels of so many rows, and the values of those that have one.
    pub fn read(&mut self, rows: usize, levels: &mut Vec<i16>, dense: &mut Dense) -> Result<()> {
        match take(&mut self.reader, rows, levels, &mut Vec::new(), dense)? {
            read if read == rows => Ok(()),
            _ => Err(damaged(&"a page holds fewer rows than it says")),
        }
    }
}

/// Adds the levels and values of at most so many rows; says how many there were.
pub(in crate::input) fn take(
    reader: &mut ColumnReader,
    rows: usize,
    levels: &mut Vec<i16>,
    repeats: &mut Vec<i16>,
    dense: &mut Dense,
) -> Result<usize> {
    macro_rules! read {
        ($reader:expr, $values:expr) => {
            $reader
                .read_records(rows, Some(levels), Some(repeats), $values)
                .map(|it| it.0)
                .map_err(|it| damaged(&it))?
        };
    }
    fn strings<'b>(
        dense: &mut Dense,
        values: impl Iterator<Item = &'b [u8]>,
    ) -> std::result::Result<(), Why> {
        let Dense::Bytes(strings) = dense else { return Ok(()) };
        values.into_iter().try_for_each(|it| strings.push(it))
    }
    Ok(match (reader, &mut *dense) {
        (ColumnReader::BoolColumnReader(it), Dense::Flags(to)) => read!(it, to),
        (ColumnReader::Int32ColumnReader(it), Dense::I32(to)) => read!(it, to),
        (ColumnReader::Int64ColumnReader(it), Dense::I64(to)) => read!(it, to),
        (ColumnReader::FloatColumnReader(it), Dense::F32(to)) => read!(it, to),
        (ColumnReader::DoubleColumnReader(it), Dense::F64(to)) => read!(it, to),
        (ColumnReader::Int96ColumnReader(it), Dense::I64(to)) => {
            let mut times = Vec::new();
            let read = read!(it, &mut times);
            to.extend(times.iter().map(parquet::data_type::Int96::to_micros));
            read
        }
        (ColumnReader::ByteArrayColumnReader(it), Dense::Bytes(_)) => {
            let mut values = Vec::new();
            let read = read!(it, &mut values);
            strings(dense, values.iter().map(|it| it.data())).map_err(|it| damaged(&it))?;
            read
        }
        (ColumnReader::FixedLenByteArrayColumnReader(it), Dense::Bytes(_)) => {
            let mut values = Vec::new();
            let read = read!(it, &mut values);
            strings(dense, values.iter().map(|it| it.data())).map_err(|it| damaged(&it))?;
            read
        }
        _ => return Err(damaged(&"a column is of two types")),
    })
}
