//! Parquet to records: each row as the JSON object that it would be in a file of lines.
//!
//! Structs are objects, lists and maps are lists, as JSON exports of the same tables
//! write them. Knows nothing of what records mean.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::ChunkReader;

use super::drive::drive;
use super::plan::Plan;
use super::recognize::is_shouted;
use crate::base::guard::guarded;
use crate::base::{IssueKind, Result};
use crate::input::cells::Cells;
use crate::input::columns::text_of;
use crate::input::jsonl::{LONGEST_LINE, Outcome, shown};
use crate::input::parquet::{Source, check_ranges, damaged, source_of, undecodable};
use crate::input::read::Job;

/// How many rows are decoded at a time.
const ROWS: usize = 2048;
/// How deep values may be nested; what lies deeper cannot be read.
const DEEPEST: usize = 32;

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
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&input, options).map_err(|it| damaged(&it))?;
    check_ranges(&metadata, input.len())?;
    let promised = metadata.metadata().file_metadata().num_rows();
    let bytes = if from_file { input.len() } else { 0 };
    let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata)
        .with_batch_size(ROWS)
        .build()
        .map_err(|it| damaged(&it))?;
    let mut row = 1u64;
    let mut told = 0u64;
    let next = move || {
        job.progress.check()?;
        let batch = guarded(|| reader.next()).ok_or_else(undecodable)?;
        let Some(batch) = batch.transpose().map_err(|it| damaged(&it))? else {
            return match i64::try_from(row - 1).is_ok_and(|it| it == promised) {
                true => Ok(None),
                false => {
                    Err(damaged(&format!("it holds {} rows, its footer says {promised}", row - 1)))
                }
            };
        };
        let first = row;
        row += batch.num_rows() as u64;
        let share =
            u128::from(bytes) * u128::from(row - 1) / promised.max(1).unsigned_abs() as u128;
        let share = u64::try_from(share).unwrap_or(bytes).min(bytes);
        job.progress.advance(share.saturating_sub(told));
        told = share.max(told);
        Ok(Some((first, batch)))
    };
    drive(job, plan, next, |(first, batch), sink| {
        let table = Table::new(&batch);
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            let place = first + row as u64;
            if table.write(row, &mut text).is_err() {
                let detail = "a value is not UTF-8";
                sink.reject(place, 0, IssueKind::BadEncoding, detail, &String::new);
            } else if text.len() > LONGEST_LINE {
                let detail = format!("the row is longer than {} MiB", LONGEST_LINE >> 20);
                sink.reject(place, 0, IssueKind::TooLong, detail, &|| shown(text.as_bytes()));
            } else {
                sink.take(place, &text, &|| shown(text.as_bytes()));
            }
        }
        Ok(())
    })
}

/// The first rows as JSON objects.
///
/// # Errors
/// As [`read`].
pub(in crate::input) fn first_rows<R: ChunkReader + 'static>(
    input: R,
    rows: usize,
) -> Result<Vec<String>> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(input, options)
        .and_then(|it| it.with_batch_size(rows).with_limit(rows).build())
        .map_err(|it| damaged(&it))?;
    let mut records = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|it| damaged(&it))?;
        let table = Table::new(&batch);
        for row in 0..batch.num_rows() {
            let mut text = String::new();
            if table.write(row, &mut text).is_ok() {
                records.push(text);
            }
        }
    }
    Ok(records)
}

/// A batch, ready to be written row by row.
struct Table {
    columns: Vec<(String, Node)>,
}

/// An array and what is in it.
enum Node {
    /// Single values; whether they are floats, which are written without quotes.
    Leaf(Cells, bool),
    Struct(ArrayRef, Vec<(String, Node)>),
    /// The begins and ends of lists, and all their elements.
    List(ArrayRef, Vec<usize>, Box<Node>),
    /// A kind that cannot be read.
    Other,
}

/// A value that is no text though it should be.
struct NoText;

impl Table {
    fn new(batch: &RecordBatch) -> Self {
        let schema = batch.schema();
        let shouted = is_shouted(schema.fields().iter().map(|it| it.name().as_str()));
        let columns = schema.fields().iter().zip(batch.columns());
        let column = |(field, array): (&arrow_schema::FieldRef, &ArrayRef)| {
            let name = field.name();
            let name = if shouted { key(&name.to_lowercase()) } else { key(name) };
            (name, Node::new(array, DEEPEST))
        };
        Self { columns: columns.map(column).collect() }
    }

    fn write(&self, row: usize, text: &mut String) -> std::result::Result<(), NoText> {
        text.clear();
        object(&self.columns, row, text)
    }
}

/// A key of an object as JSON writes it, with its colon.
fn key(name: &str) -> String {
    format!("{}:", serde_json::Value::from(name))
}

fn object(
    columns: &[(String, Node)],
    row: usize,
    text: &mut String,
) -> std::result::Result<(), NoText> {
    text.push('{');
    for (index, (key, node)) in columns.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(key);
        node.write(row, text)?;
    }
    text.push('}');
    Ok(())
}

impl Node {
    fn new(array: &ArrayRef, depth: usize) -> Self {
        Self::try_new(array, depth).unwrap_or(Self::Other)
    }

    fn try_new(array: &ArrayRef, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        Some(match array.data_type() {
            DataType::Struct(fields) => {
                let parts = array.as_struct_opt()?.columns();
                let part = |(field, part): (&arrow_schema::FieldRef, &ArrayRef)| {
                    (key(field.name()), Self::new(part, depth))
                };
                Self::Struct(array.clone(), fields.iter().zip(parts).map(part).collect())
            }
            DataType::List(_) => {
                let list = array.as_list_opt::<i32>()?;
                let ends = list.value_offsets().iter().map(|&it| it as usize).collect();
                Self::List(array.clone(), ends, Self::new(list.values(), depth).into())
            }
            DataType::Map(..) => {
                let map = array.as_map_opt()?;
                let ends = map.value_offsets().iter().map(|&it| it as usize).collect();
                let entries: ArrayRef = std::sync::Arc::new(map.entries().clone());
                Self::List(array.clone(), ends, Self::new(&entries, depth).into())
            }
            kind => {
                let float = matches!(kind, DataType::Float32 | DataType::Float64);
                Self::Leaf(Cells::of(array)?, float)
            }
        })
    }

    fn write(&self, row: usize, text: &mut String) -> std::result::Result<(), NoText> {
        match self {
            Self::Leaf(cells, _) if cells.is_no_text(row) => return Err(NoText),
            Self::Leaf(cells, float) => {
                let mut scratch = String::new();
                match text_of(&cells.field(row), &mut scratch) {
                    "" if cells.is_missing(row) => text.push_str("null"),
                    // The spelling of what is no number is no JSON.
                    it if *float && it.ends_with(|it: char| it.is_ascii_digit()) => {
                        text.push_str(it);
                    }
                    it => text.push_str(&serde_json::Value::from(it).to_string()),
                }
            }
            Self::Struct(array, _) | Self::List(array, ..) if array.is_null(row) => {
                text.push_str("null");
            }
            Self::Struct(_, parts) => object(parts, row, text)?,
            Self::List(_, ends, elements) => {
                text.push('[');
                for (index, element) in (ends[row]..ends[row + 1]).enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    elements.write(element, text)?;
                }
                text.push(']');
            }
            // No path leads into it, and it is no text either: whoever asks is told.
            Self::Other => text.push_str("[\"a kind that cannot be read\"]"),
        }
        Ok(())
    }
}
