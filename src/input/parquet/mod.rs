//! Parquet: the columns that a mapping names, row groups in parallel.
//!
//! A damaged file is an error, never a panic and never rows. `plan` says what is read by
//! whom, `ahead` fetches bytes, `chunk` reads the pages of a column (`hybrid`, `dense`, `delta`,
//! `generic`), `kind` and `cells` know what its values are. Never sees what they mean; [`Rows`] does.

mod ahead;
mod cells;
mod checked;
mod chunk;
mod delta;
mod dense;
mod generic;
mod hybrid;
mod kind;
mod plan;
mod sample;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::column::page::PageReader;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::SchemaDescriptor;
use rayon::prelude::*;

use super::gather::Part;
use super::jsonl::Outcome;
use super::mapping::Mapping;
use super::read::Job;
use super::rows::{FileId, Rows};
use crate::base::guard::guarded;
use crate::base::{Error, Issues, Place, Progress, Result, Unwatched};
use ahead::Ahead;
use checked::Checked;
use plan::{PART_ROWS, Piece, Plan, ROWS};

pub(super) use cells::Cells;
pub(super) use dense::Dense;
pub(super) use generic::take;
pub(super) use kind::Kind;
pub(super) use sample::{sample, sample_of_bytes};

/// How many bytes are read at a time where they cannot be read in place.
const BLOCK: usize = 1 << 20;

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub enum Source {
    /// In a file, opened once for each row group so that none waits for another.
    Path(PathBuf),
    /// In memory, as from standard input.
    Bytes(Bytes),
}

/// Reads the file of a job as Parquet.
///
/// # Errors
/// As [`read`]; the file cannot be opened.
pub fn read_parquet(job: &Job<'_>) -> Result<Outcome> {
    let source = source_of(job)?;
    let progress: &dyn Progress = match source {
        Source::Path(_) => job.progress,
        Source::Bytes(_) => &Unwatched,
    };
    read(&source, job.mapping, &job.file, job.keep_all, progress)
}

/// Where the bytes of a job's file are.
///
/// # Errors
/// The file cannot be opened or unpacked.
pub(super) fn source_of(job: &Job<'_>) -> Result<Source> {
    let mut opened = job.open()?;
    let mut head = Vec::new();
    opened.fill(&mut head, 4)?;
    if !job.found.is_stdin() && head == b"PAR1" && !is_packed(&job.found.location)? {
        return Ok(Source::Path(job.found.location.clone()));
    }
    while opened.fill(&mut head, BLOCK)? > 0 {}
    Ok(Source::Bytes(head.into()))
}

/// Whether a file is compressed as a whole, so that parts of it cannot be read alone.
fn is_packed(path: &std::path::Path) -> Result<bool> {
    let mut magic = [0; 4];
    fs_err::File::open(path)?.read_exact(&mut magic)?;
    Ok(&magic != b"PAR1")
}

/// Reads Parquet.
///
/// Rows are counted from 1 over the whole file and take the place of lines.
///
/// # Errors
/// The file cannot be read, is damaged, lacks a mapped column or has it in a
/// form that is no single value.
pub fn read(
    source: &Source,
    mapping: &Mapping,
    file: &FileId,
    keep_all: bool,
    progress: &dyn Progress,
) -> Result<Outcome> {
    let read = || match source {
        Source::Path(path) => {
            let open = || Ok(fs_err::File::open(path)?.into_parts().0);
            read_from(&open, mapping, file, keep_all, progress)
        }
        Source::Bytes(bytes) => read_from(&|| Ok(bytes.clone()), mapping, file, keep_all, progress),
    };
    // The decoder should never panic; if a damaged file makes it, that is still only an error.
    guarded(read)
        .unwrap_or_else(|| Err(undecodable()))
        .map_err(|it| it.or_at(Place::file(file.name.as_ref())))
}

type Open<'a, R> = &'a (dyn Fn() -> Result<R> + Sync);

fn read_from<R: ChunkReader + 'static>(
    open: Open<'_, R>,
    mapping: &Mapping,
    file: &FileId,
    keep_all: bool,
    progress: &dyn Progress,
) -> Result<Outcome> {
    let plan = Plan::new(metadata_of(&open()?)?, mapping, file)?;
    let pieces = plan.pieces()?;
    let mut lead = Rows::new(mapping, file.clone(), keep_all);
    let mut probed = 0;
    // Until a time is read that decides their format, rows are looked at in order.
    while probed < pieces.len() && plan.needs_probe() && !lead.is_decided() {
        let mut probe = lead.fork();
        plan.piece(open()?, &pieces[probed], &mut probe, &mut |rows| rows.is_decided())?;
        lead = probe.fork();
        probed += 1;
    }
    // Rows that one piece was read with are of use for another.
    let idle = Mutex::new(Vec::new());
    let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    let read_piece = |piece: &Piece| -> Result<Vec<(Part, Issues)>> {
        let room = usize::try_from(piece.rows).unwrap_or(0).min(PART_ROWS + ROWS);
        let mut rows = idle().pop().unwrap_or_else(|| lead.fork());
        rows.reserve(room);
        let mut parts = Vec::new();
        plan.piece(open()?, piece, &mut rows, &mut |rows| {
            if rows.read() >= PART_ROWS as u64 {
                progress.rows(rows.read());
                parts.push(rows.hand_over());
                rows.reserve(room);
            }
            false
        })?;
        progress.advance(piece.bytes);
        progress.rows(rows.read());
        parts.push(rows.hand_over());
        idle().push(rows);
        Ok(parts)
    };
    // Guarded once more: a piece may be read on a thread of its own.
    let read_piece = |piece| guarded(|| read_piece(piece)).unwrap_or_else(|| Err(undecodable()));
    // In file order, the next to whoever is free: small ones come last.
    let in_turn = pieces.iter().enumerate().par_bridge();
    let parts: Result<Vec<_>> = in_turn.map(|(place, it)| Ok((place, read_piece(it)?))).collect();
    let mut parts = parts?;
    parts.sort_unstable_by_key(|it| it.0);
    Ok(Outcome { parts: parts.into_iter().flat_map(|it| it.1).collect(), seen: plan.seen() })
}

/// What a file says of itself.
///
/// # Errors
/// It is damaged, or says that pages lie outside of it.
pub(super) fn metadata_of<R: ChunkReader>(input: &R) -> Result<ParquetMetaData> {
    let metadata =
        ParquetMetaDataReader::new().parse_and_finish(input).map_err(|it| damaged(&it))?;
    check_ranges(&metadata, input.len())?;
    Ok(metadata)
}

/// Checks that all pages lie within the file, before memory is taken for them.
fn check_ranges(metadata: &ParquetMetaData, length: u64) -> Result<()> {
    for chunk in metadata.row_groups().iter().flat_map(|it| it.columns()) {
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let end = end.and_then(|it| u64::try_from(it).ok());
        let within = start >= 0 && chunk.compressed_size() >= 0;
        if !within || end.is_none_or(|it| it > length) {
            return Err(damaged(&"a column lies outside of the file"));
        }
    }
    Ok(())
}

/// The pages of a column in a row group.
///
/// # Errors
/// The row group has no such column; it is packed in a way that is not known.
pub(super) fn pages_of<R: ChunkReader + 'static>(
    input: &Arc<R>,
    metadata: &ParquetMetaData,
    group: usize,
    leaf: usize,
) -> Result<Box<dyn PageReader>> {
    let group = metadata.row_group(group);
    let chunk = group.columns().get(leaf).ok_or_else(|| damaged(&"a row group lacks a column"))?;
    let rows = usize::try_from(group.num_rows()).unwrap_or(0);
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let end = u64::try_from(start.saturating_add(chunk.compressed_size())).unwrap_or(0);
    let ahead = Arc::new(Ahead::new(Arc::clone(input), end));
    let pages = SerializedPageReader::new(ahead, chunk, rows, None);
    let column = chunk.column_descr_ptr();
    Ok(Box::new(Checked::new(pages.map_err(|it| damaged(&it))?, column)))
}

pub(super) fn damaged(why: &dyn std::fmt::Display) -> Error {
    Error::new(format!("cannot read the Parquet file: {why}"))
        .hint("the file may be damaged or not whole; fetch it again")
}

pub(super) fn undecodable() -> Error {
    damaged(&"its pages cannot be decoded")
}

/// Says that a column is of a kind that cannot be used.
fn unusable(name: &str, kind: &str) -> Error {
    Error::new(format!("the column \"{name}\" is of a kind that cannot be used ({kind})"))
        .hint("write it as text, a number, a date or a timestamp")
}

/// The dotted paths to all columns, and to the groups that they are in.
fn all_paths(schema: &SchemaDescriptor) -> BTreeSet<String> {
    let columns = schema.columns().iter().map(|it| it.path().parts());
    columns.flat_map(|it| (1..=it.len()).map(move |end| it[..end].join("."))).collect()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod written;
