//! Parquet: the columns that a mapping names, row groups in parallel.
//!
//! A damaged file is an error, never a panic and never rows. Never sees what
//! the values mean; [`Rows`] does.

use std::io::Read;
use std::path::PathBuf;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as Physical;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::SchemaDescriptor;
use rayon::prelude::*;

use super::cells::Cells;
use super::columns::text_of;
use super::jsonl::Outcome;
use super::mapping::Mapping;
use super::read::Job;
use super::rows::{Field, FileId, Rows};
use super::sample::{Column, ROWS as SAMPLED, Sample};
use crate::base::guard::guarded;
use crate::base::{Error, IssueKind, Issues, Place, Progress, Result, Unwatched};
use crate::model::raw::Batch;

/// How many bytes are read at a time where they cannot be read in place.
const BLOCK: usize = 1 << 20;
/// How many rows are decoded at a time.
const ROWS: usize = 8192;

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
    let mut opened = job.open()?;
    let mut head = Vec::new();
    opened.fill(&mut head, 4)?;
    let (plain, progress): (_, &dyn Progress) = match job.found.is_stdin() || head != b"PAR1" {
        true => (false, &Unwatched),
        false => (!is_packed(&job.found.location)?, job.progress),
    };
    let source = if plain {
        Source::Path(job.found.location.clone())
    } else {
        while opened.fill(&mut head, BLOCK)? > 0 {}
        Source::Bytes(head.into())
    };
    read(&source, job.mapping, &job.file, job.keep_all, progress)
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
    keys: Vec<String>,
    physical: Physical,
}

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
    let groups = plan.metadata.metadata().row_groups();
    let mut first_row = 1u64;
    let mut starts = Vec::with_capacity(groups.len());
    for group in groups {
        starts.push(first_row);
        let rows = u64::try_from(group.num_rows()).map_err(|it| damaged(&it))?;
        first_row = first_row.saturating_add(rows);
    }
    let mut lead = Rows::new(mapping, file.clone(), keep_all);
    let mut probed = 0;
    // Until a time is read that decides their format, rows are looked at in order.
    while probed < starts.len() && plan.needs_probe() && !lead.is_decided() {
        let mut probe = lead.fork();
        let typed = plan.group(open()?, probed, 1, &mut probe, true)?;
        lead = probe.fork();
        probed = if typed { starts.len() } else { probed + 1 };
    }
    let read_group = |group: usize| -> Result<(Batch, Issues)> {
        progress.check()?;
        let mut rows = lead.fork();
        plan.group(open()?, group, starts[group], &mut rows, false)?;
        let bytes = groups[group].compressed_size();
        progress.advance(u64::try_from(bytes).unwrap_or(0));
        progress.rows(rows.read());
        Ok(rows.finish())
    };
    // Guarded once more: a row group may be read on a thread of its own.
    let read_group = |group| guarded(|| read_group(group)).unwrap_or_else(|| Err(undecodable()));
    let parts: Result<Vec<_>> = (0..starts.len()).into_par_iter().map(read_group).collect();
    let seen = plan.columns.iter().map(Option::is_some).collect();
    Ok(Outcome { parts: parts?, seen })
}

/// Checks that all pages lie within the file, before memory is taken for them.
fn check_ranges(metadata: &ArrowReaderMetadata, length: u64) -> Result<()> {
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

fn damaged(why: &dyn std::fmt::Display) -> Error {
    Error::new(format!("cannot read the Parquet file: {why}"))
        .hint("the file may be damaged or not whole; fetch it again")
}

fn undecodable() -> Error {
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

    /// Reads a row group, or of it as much as decides the format of times; says
    /// whether times are typed, so that nothing is to be decided.
    fn group<R: ChunkReader + 'static>(
        &self,
        input: R,
        group: usize,
        first_row: u64,
        rows: &mut Rows<'_>,
        probe: bool,
    ) -> Result<bool> {
        let promised = self.metadata.metadata().row_group(group).num_rows();
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(input, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(self.mask.clone())
                .with_batch_size(ROWS)
                .build()
                .map_err(|it| damaged(&it))?;
        let mut row = first_row;
        for batch in reader {
            let batch = batch.map_err(|it| damaged(&it))?;
            let all_typed = self.push(&batch, row, rows)?;
            row += batch.num_rows() as u64;
            if probe && (all_typed || rows.is_decided()) {
                return Ok(all_typed);
            }
        }
        if i64::try_from(row - first_row).ok() != Some(promised) {
            return Err(damaged(&format!(
                "row group {group} holds {} rows, its footer says {promised}",
                row - first_row
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
        let mut fields = Vec::with_capacity(cells.len());
        for row in 0..batch.num_rows() {
            if cells.iter().any(|it| it.is_no_text(row)) {
                let place = first_row + row as u64;
                let detail = "a value is not UTF-8";
                rows.reject(place, 0, IssueKind::BadEncoding, detail, &String::new);
                continue;
            }
            fields.clear();
            fields.extend(cells.iter().map(|it| it.field(row)));
            rows.push(first_row + row as u64, &fields, &|| self.raw(&fields));
        }
        Ok(self.mapping.time.is_none_or(|it| cells[it].is_instant()))
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
    let read = || sample_from(fs_err::File::open(path)?.into_parts().0);
    guarded(read).unwrap_or_else(|| Err(undecodable()))
}

/// The same of a file in memory.
///
/// # Errors
/// As [`sample`].
pub(super) fn sample_of_bytes(bytes: Vec<u8>) -> Result<Sample> {
    guarded(|| sample_from(Bytes::from(bytes))).unwrap_or_else(|| Err(undecodable()))
}

fn sample_from<R: ChunkReader + 'static>(file: R) -> Result<Sample> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|it| damaged(&it))?;
    check_ranges(&metadata, file.len())?;
    let schema = metadata.parquet_schema();
    let single = |it: &usize| schema.column(*it).max_rep_level() == 0;
    let leaves: Vec<usize> = (0..schema.num_columns()).filter(single).collect();
    let paths = leaves.iter().map(|&it| path_of(schema, it)).collect::<Result<Vec<_>>>()?;
    let mask = ProjectionMask::leaves(schema, leaves);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
        .with_projection(mask)
        .with_batch_size(SAMPLED)
        .with_limit(SAMPLED)
        .build()
        .map_err(|it| damaged(&it))?;
    let mut columns: Vec<Column> = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|it| damaged(&it))?;
        for (index, path) in paths.iter().enumerate() {
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
                    columns.push(Column { name: path.keys.join("."), values });
                }
            }
        }
    }
    Ok(Sample { format: "parquet", delimiter: None, columns, lists: Vec::new() })
}

fn path_of(schema: &SchemaDescriptor, leaf: usize) -> Result<Path> {
    let column = schema.column(leaf);
    let keys = column.path().parts().to_vec();
    if column.max_rep_level() > 0 {
        return Err(Error::new(format!("the column \"{}\" is a list", keys.join(".")))
            .hint("each row must hold one value; unnest the list into rows first"));
    }
    Ok(Path { keys, physical: column.physical_type() })
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
