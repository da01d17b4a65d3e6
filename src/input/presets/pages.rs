//! Parquet to records: each row as the JSON object that it would be in a file of lines.
//!
//! `nested` puts rows together. Knows nothing of what records mean.

use std::sync::Arc;

use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use super::drive::drive;
use super::nested::{Leaf, Table, Trouble};
use super::plan::Plan;
use crate::base::guard::guarded;
use crate::base::{Error, IssueKind, Result};
use crate::input::jsonl::{LONGEST_LINE, Outcome, shown};
use crate::input::parquet::{
    Cells, Dense, Kind, Source, damaged, metadata_of, pages_of, source_of, take, undecodable,
};
use crate::input::read::Job;

/// How many rows are decoded at a time.
const ROWS: usize = 2048;

/// Reads a file of Parquet.
///
/// # Errors
/// The file cannot be read or is damaged.
pub(super) fn read(job: &Job<'_>, plan: &Plan<'_>) -> Result<Outcome> {
    let run = || match source_of(job)? {
        Source::Path(path) => from(fs_err::File::open(path)?.into_parts().0, true, job, plan),
        Source::Bytes(bytes) => from(bytes, false, job, plan),
    };
    // The decoder should never panic; if a damaged file makes it, that is still only an error.
    guarded(run).unwrap_or_else(|| Err(undecodable()))
}

/// Reads all rows; `from_file` where nobody has told of the bytes yet.
fn from<R: ChunkReader + 'static>(
    input: R,
    from_file: bool,
    job: &Job<'_>,
    plan: &Plan<'_>,
) -> Result<Outcome> {
    let bytes = if from_file { input.len() } else { 0 };
    let metadata = metadata_of(&input)?;
    let promised = metadata.file_metadata().num_rows();
    let table = Table::new(metadata.file_metadata().schema_descr());
    let mut groups = Groups::new(Arc::new(input), &metadata, ROWS);
    let (mut row, mut told) = (1u64, 0u64);
    let next = || {
        job.progress.check()?;
        let some = guarded(|| groups.next()).ok_or_else(undecodable)??;
        let Some((leaves, count)) = some else {
            return match i64::try_from(row - 1).is_ok_and(|it| it == promised) {
                true => Ok(None),
                false => {
                    Err(damaged(&format!("it holds {} rows, its footer says {promised}", row - 1)))
                }
            };
        };
        let first = row;
        row += count as u64;
        let share =
            u128::from(bytes) * u128::from(row - 1) / promised.max(1).unsigned_abs() as u128;
        let share = u64::try_from(share).unwrap_or(bytes).min(bytes);
        job.progress.advance(share.saturating_sub(told));
        told = share.max(told);
        Ok(Some((first, leaves, count)))
    };
    drive(job, plan, next, |(first, mut leaves, count), sink| {
        let mut text = String::new();
        for row in 0..count {
            let place = first + row as u64;
            match table.write(&mut leaves, &mut text) {
                Err(Trouble::Unfit) => return Err(unfit()),
                Err(Trouble::NoText) => {
                    let detail = "a value is not UTF-8";
                    sink.reject(place, 0, IssueKind::BadEncoding, detail, &String::new);
                }
                Ok(()) if text.len() > LONGEST_LINE => {
                    let detail = format!("the row is longer than {} MiB", LONGEST_LINE >> 20);
                    sink.reject(place, 0, IssueKind::TooLong, detail, &|| shown(text.as_bytes()));
                }
                Ok(()) => sink.take(place, &text, &|| shown(text.as_bytes())),
            }
        }
        if leaves.iter().all(Leaf::is_done) { Ok(()) } else { Err(unfit()) }
    })
}

fn unfit() -> Error {
    damaged(&"the levels of its columns do not fit each other")
}

/// The first rows as JSON objects.
///
/// # Errors
/// As [`read`].
pub(in crate::input) fn first_rows<R: ChunkReader + 'static>(
    input: &Arc<R>,
    metadata: &ParquetMetaData,
    rows: usize,
) -> Result<Vec<String>> {
    let table = Table::new(metadata.file_metadata().schema_descr());
    let mut groups = Groups::new(Arc::clone(input), metadata, rows);
    let mut records = Vec::new();
    while records.len() < rows
        && let Some((mut leaves, count)) = groups.next()?
    {
        for _ in 0..count {
            let mut text = String::new();
            match table.write(&mut leaves, &mut text) {
                Ok(()) => records.push(text),
                Err(Trouble::NoText) => {}
                Err(Trouble::Unfit) => return Err(unfit()),
            }
        }
    }
    records.truncate(rows);
    Ok(records)
}

/// All columns of a file, some rows at a time.
struct Groups<'m, R> {
    input: Arc<R>,
    metadata: &'m ParquetMetaData,
    /// How many rows are read at a time.
    rows: usize,
    /// The next row group.
    next: usize,
    /// How many rows of the one at hand are left, and its columns.
    left: usize,
    columns: Vec<ColumnReader>,
}

impl<'m, R: ChunkReader + 'static> Groups<'m, R> {
    fn new(input: Arc<R>, metadata: &'m ParquetMetaData, rows: usize) -> Self {
        Self { input, metadata, rows, next: 0, left: 0, columns: Vec::new() }
    }

    /// The next rows, and how many; none at the end.
    fn next(&mut self) -> Result<Option<(Vec<Leaf>, usize)>> {
        while self.left == 0 {
            self.end_group()?;
            if self.next == self.metadata.num_row_groups() {
                return Ok(None);
            }
            self.open_group()?;
        }
        let count = self.left.min(self.rows);
        let schema = self.metadata.file_metadata().schema_descr();
        let mut columns = std::mem::take(&mut self.columns);
        let leaf = |(index, reader): (usize, &mut ColumnReader)| {
            let column = schema.column(index);
            let mut dense = Dense::new(column.physical_type());
            let (mut levels, mut repeats) = (Vec::new(), Vec::new());
            let held = take(reader, count, &mut levels, &mut repeats, &mut dense)?;
            if held != count {
                return Err(self.wrong_count(&format!("{held} rows where {count} are left")));
            }
            let values = dense.len();
            let cells = Cells::of(Kind::of(&column), dense, Vec::new(), false);
            let cells = cells.map_err(|it| damaged(&it))?;
            let full = column.max_def_level();
            Ok(Leaf { cells, values, levels, repeats, full, at: 0, value: 0 })
        };
        let leaves = columns.iter_mut().enumerate().map(leaf).collect::<Result<Vec<_>>>()?;
        self.columns = columns;
        self.left -= count;
        Ok(Some((leaves, count)))
    }

    fn open_group(&mut self) -> Result<()> {
        let schema = self.metadata.file_metadata().schema_descr();
        let reader = |leaf: usize| {
            let pages = pages_of(&self.input, self.metadata, self.next, leaf)?;
            Ok(get_column_reader(schema.column(leaf), pages))
        };
        let columns = (0..schema.num_columns()).map(reader).collect::<Result<Vec<_>>>()?;
        let rows = self.metadata.row_group(self.next).num_rows();
        (self.columns, self.next) = (columns, self.next + 1);
        self.left = usize::try_from(rows).map_err(|it| damaged(&it))?;
        Ok(())
    }

    /// Checks that no column of the row group has rows left.
    fn end_group(&mut self) -> Result<()> {
        let schema = self.metadata.file_metadata().schema_descr();
        for (index, mut reader) in std::mem::take(&mut self.columns).into_iter().enumerate() {
            let mut dense = Dense::new(schema.column(index).physical_type());
            if take(&mut reader, 1, &mut Vec::new(), &mut Vec::new(), &mut dense)? > 0 {
                return Err(self.wrong_count("more rows"));
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong_count(&self, held: &str) -> Error {
        let group = self.next.saturating_sub(1);
        let promised = self.metadata.row_group(group).num_rows();
        damaged(&format!("row group {group} holds {held}, its footer says {promised}"))
    }
}
