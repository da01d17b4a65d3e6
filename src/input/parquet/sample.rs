//! The first rows of a file as texts, to guess what its columns are.
//!
//! Knows nothing of what they mean.

use std::sync::Arc;

use bytes::Bytes;
use parquet::file::reader::ChunkReader;

use super::cells::Cells;
use super::chunk::Chunk;
use super::kind::Kind;
use super::{all_paths, metadata_of, pages_of, undecodable};
use crate::base::Result;
use crate::base::guard::guarded;
use crate::input::columns::text_of;
use crate::input::presets;
use crate::input::sample::{Column, ROWS as SAMPLED, Sample};

/// The first rows of a file, as texts.
///
/// # Errors
/// The file cannot be read or is damaged.
pub(in crate::input) fn sample(path: &std::path::Path) -> Result<Sample> {
    let read = || sample_from(fs_err::File::open(path)?.into_parts().0);
    guarded(read).unwrap_or_else(|| Err(undecodable()))
}

/// The same of a file in memory.
///
/// # Errors
/// As [`sample`].
pub(in crate::input) fn sample_of_bytes(bytes: Vec<u8>) -> Result<Sample> {
    let bytes = Bytes::from(bytes);
    guarded(|| sample_from(bytes)).unwrap_or_else(|| Err(undecodable()))
}

fn sample_from<R: ChunkReader + 'static>(input: R) -> Result<Sample> {
    let input = Arc::new(input);
    let metadata = metadata_of(&*input)?;
    let schema = metadata.file_metadata().schema_descr();
    let paths = all_paths(schema);
    let records = match presets::recognize(&paths) {
        Some(_) => presets::first_rows(&input, &metadata, SAMPLED)?,
        None => Vec::new(),
    };
    let leaves = (0..schema.num_columns()).filter(|&it| schema.column(it).max_rep_level() == 0);
    let mut columns: Vec<Column> = Vec::new();
    for leaf in leaves {
        let (column, mut values) = (schema.column(leaf), Vec::new());
        for group in 0..metadata.num_row_groups() {
            let mut chunk =
                Chunk::new(column.clone(), pages_of(&input, &metadata, group, leaf)?, false);
            let promised = usize::try_from(metadata.row_group(group).num_rows()).unwrap_or(0);
            let (cells, rows) = match Kind::of(&column) {
                // A column of a kind that cannot be used can mean nothing.
                Kind::Other(_) => (Cells::missing(), promised.min(SAMPLED - values.len())),
                _ => chunk.read(promised.min(SAMPLED - values.len()))?,
            };
            let mut scratch = String::new();
            values.extend((0..rows).map(|row| text_of(&cells.field(row), &mut scratch).to_owned()));
            if values.len() >= SAMPLED {
                break;
            }
        }
        if metadata.file_metadata().num_rows() > 0 {
            columns.push(Column { name: column.path().parts().join("."), values });
        }
    }
    Ok(Sample { format: "parquet", delimiter: None, columns, lists: Vec::new(), paths, records })
}
