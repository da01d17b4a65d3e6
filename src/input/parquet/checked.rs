//! Pages that are looked at before they are decoded: where their parts are, and whether
//! they claim more than they can hold.
//!
//! Knows nothing of rows and of what values mean.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as Decoded};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::delta;
use super::dense::Why;

const CUT: Why = "a page ends within its levels";

/// The parts of a data page.
pub(super) struct Parts {
    /// The levels that say which rows have a value, if there are any.
    pub levels: Option<Bytes>,
    /// The values.
    pub values: Bytes,
}

/// The parts of a data page; `None` where its levels are of a form that only the oldest
/// writers used.
pub(super) fn parts_of(page: &Page, column: &ColumnDescriptor) -> Result<Option<Parts>, Why> {
    let (lists, levels) = (column.max_rep_level() > 0, column.max_def_level() > 0);
    match page {
        Page::DataPage { buf, def_level_encoding, rep_level_encoding, .. } => {
            if (lists && *rep_level_encoding != Encoding::RLE)
                || (levels && *def_level_encoding != Encoding::RLE)
            {
                return Ok(None);
            }
            let (_, rest) = counted(lists, buf)?;
            let (levels, values) = counted(levels, &rest)?;
            Ok(Some(Parts { levels, values }))
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let begin = *rep_levels_byte_len as usize;
            let end = begin.checked_add(*def_levels_byte_len as usize).ok_or(CUT)?;
            let found = cut(buf, begin, end)?;
            let values = cut(buf, end, buf.len())?;
            Ok(Some(Parts { levels: levels.then_some(found), values }))
        }
        Page::DictionaryPage { .. } => Ok(None),
    }
}

/// Levels behind their length, where there are some, and what follows.
fn counted(some: bool, bytes: &Bytes) -> Result<(Option<Bytes>, Bytes), Why> {
    if !some {
        return Ok((None, bytes.clone()));
    }
    let length = bytes.first_chunk::<4>().ok_or(CUT)?;
    let end = (u32::from_le_bytes(*length) as usize).checked_add(4).ok_or(CUT)?;
    Ok((Some(cut(bytes, 4, end)?), cut(bytes, end, bytes.len())?))
}

fn cut(bytes: &Bytes, start: usize, end: usize) -> Result<Bytes, Why> {
    if start <= end && end <= bytes.len() { Ok(bytes.slice(start..end)) } else { Err(CUT) }
}

/// Pages of which none makes the crate's decoders take memory for what is not there.
pub(super) struct Checked<P> {
    pages: P,
    column: ColumnDescPtr,
}

impl<P> Checked<P> {
    /// These pages of a column.
    pub fn new(pages: P, column: ColumnDescPtr) -> Self {
        Self { pages, column }
    }

    fn check(&self, page: &Page) -> Result<(), Why> {
        let shared = match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => false,
            Encoding::DELTA_BYTE_ARRAY => true,
            _ => return Ok(()),
        };
        match parts_of(page, &self.column)? {
            Some(parts) => delta::check(&parts.values, shared),
            // The oldest writers knew no such encoding.
            None => Err(CUT),
        }
    }
}

impl<P: PageReader> Iterator for Checked<P> {
    type Item = Decoded<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for Checked<P> {
    fn get_next_page(&mut self) -> Decoded<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page).map_err(|it| ParquetError::General(it.to_owned()))?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Decoded<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Decoded<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Decoded<bool> {
        self.pages.at_record_boundary()
    }
}
