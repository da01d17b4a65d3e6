//! Parquet: the columns that a mapping names, row groups in parallel.
//!
//! A damaged file is an error, never a panic and never rows. Never sees what
//! the values mean; [`Rows`] does.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Encoding, Type as Physical};
use parquet::file::reader::ChunkReader;
use parquet::schema::types::SchemaDescriptor;
use rayon::prelude::*;

use super::cells::{Cells, Room, behind};
use super::columns::text_of;
use super::gather::Part;
use super::jsonl::Outcome;
use super::mapping::Mapping;
use super::presets;
use super::read::Job;
use super::rows::block::Column;
use super::rows::{Field, FileId, Rows};
use super::sample::{Column as SampleColumn, ROWS as SAMPLED, Sample};
use crate::base::guard::guarded;
use crate::base::{Error, IssueKind, Issues, Place, Progress, Result, Unwatched};

/// How many bytes are read at a time where they cannot be read in place.
const BLOCK: usize = 1 << 20;
/// How many rows are decoded at a time.
const ROWS: usize = 8192;
/// Fewer rows than this are not worth a block.
const FEW: usize = 16;
/// Fewer row groups than this are read in pieces, to busy more than one thread.
const FEW_GROUPS: usize = 4;
/// How many rows such a piece has at least, and how many pieces there are at most: what
/// stands before a piece must be passed over.
const PIECE: u64 = 128 << 10;
const MOST_PIECES: u64 = 4;

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

/// What the readers of all row groups share.
struct Plan<'a> {
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    /// For each of [`Mapping::columns`], where it is in the projected batches.
    columns: Vec<Option<Path>>,
    mapping: &'a Mapping,
    file: &'a FileId,
}

/// The keys from a batch down to a column, and what its bytes mean.
struct Path {
    leaf: usize,
    keys: Vec<String>,
    physical: Physical,
}

/// Rows of a row group.
struct Piece {
    group: usize,
    /// How many rows of the group stand before it.
    skip: u64,
    rows: u64,
    /// Whether the group ends with it.
    last: bool,
    /// The number of its first row in the file, from 1.
    first_row: u64,
    /// Its share of the group's bytes.
    bytes: u64,
}

/// About how many rows make a batch: so few that their texts' dictionaries stay in the cache.
const PART_ROWS: usize = 1 << 16;

type Open<'a, R> = &'a (dyn Fn() -> Result<R> + Sync);

fn read_from<R: ChunkReader + 'static>(
    open: Open<'_, R>,
    mapping: &Mapping,
    file: &FileId,
    keep_all: bool,
    progress: &dyn Progress,
) -> Result<Outcome> {
    // What Arrow wrote beside the schema is not needed, and could contradict it.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let input = open()?;
    let metadata = ArrowReaderMetadata::load(&input, options).map_err(|it| damaged(&it))?;
    check_ranges(&metadata, input.len())?;
    let plan = Plan::new(metadata, mapping, file)?;
    let pieces = plan.pieces()?;
    let mut lead = Rows::new(mapping, file.clone(), keep_all);
    let mut probed = 0;
    // Until a time is read that decides their format, rows are looked at in order.
    while probed < pieces.len() && plan.needs_probe() && !lead.is_decided() {
        let mut probe = lead.fork();
        let typed = plan.piece(open()?, &pieces[probed], &mut probe, true, &mut |_| {})?;
        lead = probe.fork();
        probed = if typed { pieces.len() } else { probed + 1 };
    }
    let read_piece = |piece: &Piece| -> Result<Vec<(Part, Issues)>> {
        let room = usize::try_from(piece.rows).unwrap_or(0).min(PART_ROWS + ROWS);
        let fresh = || {
            let mut rows = lead.fork();
            rows.reserve(room);
            rows
        };
        let (mut rows, mut parts) = (fresh(), Vec::new());
        plan.piece(open()?, piece, &mut rows, false, &mut |rows| {
            if rows.read() >= PART_ROWS as u64 {
                progress.rows(rows.read());
                parts.push(std::mem::replace(rows, fresh()).finish());
            }
        })?;
        progress.advance(piece.bytes);
        progress.rows(rows.read());
        parts.push(rows.finish());
        Ok(parts)
    };
    // Guarded once more: a piece may be read on a thread of its own.
    let read_piece = |piece| guarded(|| read_piece(piece)).unwrap_or_else(|| Err(undecodable()));
    let parts: Result<Vec<_>> = pieces.par_iter().with_max_len(1).map(read_piece).collect();
    let seen = plan.columns.iter().map(Option::is_some).collect();
    Ok(Outcome { parts: parts?.into_iter().flatten().collect(), seen })
}

/// Checks that all pages lie within the file, before memory is taken for them.
pub(super) fn check_ranges(metadata: &ArrowReaderMetadata, length: u64) -> Result<()> {
    for chunk in metadata.metadata().row_groups().iter().flat_map(|it| it.columns()) {
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

pub(super) fn damaged(why: &dyn std::fmt::Display) -> Error {
    Error::new(format!("cannot read the Parquet file: {why}"))
        .hint("the file may be damaged or not whole; fetch it again")
}

pub(super) fn undecodable() -> Error {
    damaged(&"its pages cannot be decoded")
}

impl<'a> Plan<'a> {
    fn new(metadata: ArrowReaderMetadata, mapping: &'a Mapping, file: &'a FileId) -> Result<Self> {
        let schema = metadata.parquet_schema();
        let names: Vec<String> =
            schema.columns().iter().map(|it| it.path().parts().join(".")).collect();
        let header: Vec<&str> = names.iter().map(String::as_str).collect();
        let leaves = mapping.resolve(&file.name, &header)?;
        let columns = leaves.iter().map(|it| it.map(|leaf| path_of(schema, leaf)).transpose());
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mask = ProjectionMask::leaves(schema, leaves.iter().copied().flatten());
        Ok(Self { mask, columns, mapping, file, metadata })
    }

    /// Whether the format of times is only seen in their values.
    fn needs_probe(&self) -> bool {
        let time = self.mapping.time.and_then(|it| self.columns[it].as_ref());
        time.is_some_and(|it| it.physical != Physical::INT96)
    }

    /// What is read by one thread at a time, in file order: the same whatever their number.
    fn pieces(&self) -> Result<Vec<Piece>> {
        let groups = self.metadata.metadata().row_groups();
        let (mut pieces, mut first_row) = (Vec::new(), 1u64);
        for (group, it) in groups.iter().enumerate() {
            let rows = u64::try_from(it.num_rows()).map_err(|it| damaged(&it))?;
            let bytes = u64::try_from(it.compressed_size()).unwrap_or(0);
            let few = groups.len() < FEW_GROUPS;
            let count = if few { (rows / PIECE).clamp(1, MOST_PIECES) } else { 1 };
            let share = |whole: u64, pieces: u64| {
                (u128::from(whole) * u128::from(pieces) / u128::from(count)) as u64
            };
            for piece in 0..count {
                let (skip, before) = (share(rows, piece), share(bytes, piece));
                pieces.push(Piece {
                    group,
                    skip,
                    rows: share(rows, piece + 1) - skip,
                    last: piece + 1 == count,
                    first_row: first_row.saturating_add(skip),
                    bytes: share(bytes, piece + 1) - before,
                });
            }
            first_row = first_row.saturating_add(rows);
        }
        Ok(pieces)
    }

    /// The schema by which a row group is read: texts that are all stored as positions
    /// in a list come as such.
    fn schema(&self, group: usize) -> Result<ArrowReaderMetadata> {
        let metadata = self.metadata.metadata();
        let listed = |leaf: usize| {
            let chunk = metadata.row_group(group).column(leaf);
            let pages = chunk.page_encoding_stats_mask();
            chunk.dictionary_page_offset().is_some()
                && pages.is_some_and(|it| {
                    it.is_only(Encoding::RLE_DICTIONARY) || it.is_only(Encoding::PLAIN_DICTIONARY)
                })
        };
        let schema = self.metadata.schema();
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        let mut any = false;
        for path in self.columns.iter().flatten().filter(|it| it.keys.len() == 1) {
            let Ok(index) = schema.index_of(&path.keys[0]) else { continue };
            if *fields[index].data_type() == DataType::Utf8 && listed(path.leaf) {
                let texts = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
                fields[index] = Arc::new(fields[index].as_ref().clone().with_data_type(texts));
                any = true;
            }
        }
        if !any {
            return Ok(self.metadata.clone());
        }
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        ArrowReaderMetadata::try_new(Arc::clone(metadata), options).map_err(|it| damaged(&it))
    }

    /// Reads a piece, or of it as much as decides the format of times, with a pause now and
    /// then at which rows may be handed on; says whether times are typed, so that nothing is to be decided.
    fn piece<'r, R: ChunkReader + 'static>(
        &self,
        input: R,
        piece: &Piece,
        rows: &mut Rows<'r>,
        probe: bool,
        pause: &mut dyn FnMut(&mut Rows<'r>),
    ) -> Result<bool> {
        let group = piece.group;
        let schema = self.schema(group)?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, schema)
            .with_row_groups(vec![group])
            .with_projection(self.mask.clone())
            .with_batch_size(ROWS);
        if piece.skip > 0 {
            builder = builder.with_offset(usize::try_from(piece.skip).map_err(|it| damaged(&it))?);
        }
        if !piece.last {
            builder = builder.with_limit(usize::try_from(piece.rows).map_err(|it| damaged(&it))?);
        }
        let reader = builder.build().map_err(|it| damaged(&it))?;
        let mut row = piece.first_row;
        for batch in reader {
            let batch = batch.map_err(|it| damaged(&it))?;
            let all_typed = self.push(&batch, row, rows)?;
            row += batch.num_rows() as u64;
            pause(rows);
            if probe && (all_typed || rows.is_decided()) {
                return Ok(all_typed);
            }
        }
        let held = row - piece.first_row;
        if held != piece.rows {
            let (held, promised) = (piece.skip + held, piece.skip + piece.rows);
            return Err(damaged(&format!(
                "row group {group} holds {held} rows, its footer says {promised}"
            )));
        }
        Ok(false)
    }

    /// Hands a batch's rows on; says whether times are typed, so that nothing is to be decided.
    fn push(&self, batch: &RecordBatch, first_row: u64, rows: &mut Rows<'_>) -> Result<bool> {
        let cells = |path: &Option<Path>| match path {
            Some(path) => Cells::new(batch, &path.keys, path.physical == Physical::INT96),
            None => Ok(Cells::missing()),
        };
        let cells = self
            .columns
            .iter()
            .map(cells)
            .collect::<Result<Vec<_>>>()
            .map_err(|it| it.or_at(Place::file(self.file.name.as_ref())))?;
        let mut rooms: Vec<Room<'_>> = cells.iter().map(|_| Room::default()).collect();
        let count = batch.num_rows();
        let columns: Vec<Column<'_>> =
            cells.iter().zip(&mut rooms).map(|(it, room)| it.column(count, room)).collect();
        let blocks = rows.takes_blocks_of(&columns) && !cells.iter().any(Cells::any_no_text);
        let (mut row, mut single, mut wait) = (0, 0, FEW);
        while row < count {
            if blocks && single == 0 {
                let rest: Vec<Column<'_>> = columns.iter().map(|it| behind(it, row)).collect();
                let taken = rows.push_block(&rest, count - row);
                rows.note_lines(taken, |it| first_row + (row + it) as u64);
                row += taken;
                wait = if taken < FEW { (wait * 2).min(ROWS) } else { FEW };
                single = if taken < FEW { wait } else { 1 };
            } else {
                self.push_row(&cells, row, first_row, rows);
                row += 1;
                single = single.saturating_sub(1);
            }
        }
        Ok(self.mapping.time.is_none_or(|it| cells[it].is_instant()))
    }

    /// Hands one row on.
    fn push_row(&self, cells: &[Cells], row: usize, first_row: u64, rows: &mut Rows<'_>) {
        let place = first_row + row as u64;
        if cells.iter().any(|it| it.is_no_text(row)) {
            let detail = "a value is not UTF-8";
            return rows.reject(place, 0, IssueKind::BadEncoding, detail, &String::new);
        }
        let fields: Vec<Field<'_>> = cells.iter().map(|it| it.field(row)).collect();
        rows.push(place, &fields, &|| self.raw(&fields));
    }

    /// A row's mapped values as a JSON object, since a file of pages has no lines.
    fn raw(&self, fields: &[Field<'_>]) -> String {
        let mut object = serde_json::Map::new();
        let mut scratch = String::new();
        for (name, field) in self.mapping.columns().iter().zip(fields) {
            let text = text_of(field, &mut scratch);
            object.insert(name.clone(), text.into());
        }
        serde_json::Value::Object(object).to_string()
    }
}

/// The first rows of a file, as texts.
///
/// # Errors
/// The file cannot be read or is damaged.
pub(super) fn sample(path: &std::path::Path) -> Result<Sample> {
    let open = || Ok(fs_err::File::open(path)?.into_parts().0);
    let read = || sample_from(&open);
    guarded(read).unwrap_or_else(|| Err(undecodable()))
}

/// The same of a file in memory.
///
/// # Errors
/// As [`sample`].
pub(super) fn sample_of_bytes(bytes: Vec<u8>) -> Result<Sample> {
    let bytes = Bytes::from(bytes);
    guarded(|| sample_from(&|| Ok(bytes.clone()))).unwrap_or_else(|| Err(undecodable()))
}

fn sample_from<R: ChunkReader + 'static>(open: Open<'_, R>) -> Result<Sample> {
    let file = open()?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|it| damaged(&it))?;
    check_ranges(&metadata, file.len())?;
    let schema = metadata.parquet_schema();
    let paths = all_paths(schema);
    let records = match presets::recognize(&paths) {
        Some(_) => presets::first_rows(open()?, SAMPLED)?,
        None => Vec::new(),
    };
    let single = |it: &usize| schema.column(*it).max_rep_level() == 0;
    let leaves: Vec<usize> = (0..schema.num_columns()).filter(single).collect();
    let places = leaves.iter().map(|&it| path_of(schema, it)).collect::<Result<Vec<_>>>()?;
    let mask = ProjectionMask::leaves(schema, leaves);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
        .with_projection(mask)
        .with_batch_size(SAMPLED)
        .with_limit(SAMPLED)
        .build()
        .map_err(|it| damaged(&it))?;
    let mut columns: Vec<SampleColumn> = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|it| damaged(&it))?;
        for (index, path) in places.iter().enumerate() {
            // A column of a kind that cannot be used can mean nothing.
            let cells = Cells::new(&batch, &path.keys, path.physical == Physical::INT96);
            let cells = cells.unwrap_or_else(|_| Cells::missing());
            let mut scratch = String::new();
            let texts = (0..batch.num_rows())
                .map(|row| text_of(&cells.field(row), &mut scratch).to_owned());
            match columns.get_mut(index) {
                Some(column) => column.values.extend(texts),
                None => {
                    let values = texts.collect();
                    columns.push(SampleColumn { name: path.keys.join("."), values });
                }
            }
        }
    }
    Ok(Sample { format: "parquet", delimiter: None, columns, lists: Vec::new(), paths, records })
}

/// The dotted paths to all columns, and to the groups that they are in.
fn all_paths(schema: &SchemaDescriptor) -> BTreeSet<String> {
    let columns = schema.columns().iter().map(|it| it.path().parts());
    columns.flat_map(|it| (1..=it.len()).map(move |end| it[..end].join("."))).collect()
}

fn path_of(schema: &SchemaDescriptor, leaf: usize) -> Result<Path> {
    let column = schema.column(leaf);
    let keys = column.path().parts().to_vec();
    if column.max_rep_level() > 0 {
        return Err(Error::new(format!("the column \"{}\" is a list", keys.join(".")))
            .hint("each row must hold one value; unnest the list into rows first"));
    }
    Ok(Path { leaf, keys, physical: column.physical_type() })
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
