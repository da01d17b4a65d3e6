//! Which columns of which rows are read by whom, and rows handed on.
//!
//! Knows nothing of pages and of what values mean.

use std::sync::Arc;

use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

use super::cells::{Cells, behind};
use super::chunk::Chunk;
use super::kind::Kind;
use super::{damaged, pages_of, unusable};
use crate::base::{Error, IssueKind, Result};
use crate::input::columns::text_of;
use crate::input::mapping::Mapping;
use crate::input::rows::block::Column;
use crate::input::rows::{Field, FileId, Rows};

/// How many rows are decoded at a time.
pub(super) const ROWS: usize = 8192;
/// Fewer rows than this are not worth a block.
const FEW: usize = 16;
/// Few row groups, and the last of many, are read in pieces, so that no thread waits long for
/// another: how many rows a piece has at least, and how many there are at most, as what stands
/// before one must be passed over.
pub(super) const PIECE: u64 = 128 << 10;
const MOST_PIECES: u64 = 4;
/// About how many rows make a batch: so few that their texts' dictionaries stay in the cache.
pub(super) const PART_ROWS: usize = 1 << 16;

/// What the readers of all row groups share.
pub(super) struct Plan<'a> {
    metadata: ParquetMetaData,
    /// For each of [`Mapping::columns`], where it is in the file.
    columns: Vec<Option<Leaf>>,
    mapping: &'a Mapping,
}

/// A column of the file.
struct Leaf {
    index: usize,
    kind: Kind,
    /// Whether its numbers are of use as texts alone.
    written: bool,
}

/// Rows of a row group.
pub(super) struct Piece {
    group: usize,
    /// How many rows of the group stand before it.
    skip: u64,
    pub rows: u64,
    /// Whether the group ends with it.
    last: bool,
    /// The number of its first row in the file, from 1.
    first_row: u64,
    /// Its share of the group's bytes.
    pub bytes: u64,
}

impl<'a> Plan<'a> {
    pub fn new(metadata: ParquetMetaData, mapping: &'a Mapping, file: &'a FileId) -> Result<Self> {
        let schema = metadata.file_metadata().schema_descr();
        let names: Vec<String> =
            schema.columns().iter().map(|it| it.path().parts().join(".")).collect();
        let header: Vec<&str> = names.iter().map(String::as_str).collect();
        let leaves = mapping.resolve(&file.name, &header)?;
        let column = |(index, leaf): (usize, &Option<usize>)| {
            let Some(leaf) = *leaf else { return Ok(None) };
            let column = schema.column(leaf);
            if column.max_rep_level() > 0 {
                return Err(Error::new(format!("the column \"{}\" is a list", names[leaf]))
                    .hint("each row must hold one value; unnest the list into rows first"));
            }
            let kind = Kind::of(&column);
            if let Kind::Other(words) = kind
                && metadata.file_metadata().num_rows() > 0
            {
                return Err(unusable(&names[leaf], words));
            }
            Ok(Some(Leaf { index: leaf, kind, written: mapping.is_text(index) }))
        };
        let columns = leaves.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        Ok(Self { columns, mapping, metadata })
    }

    /// Which columns the file has.
    pub fn seen(&self) -> Vec<bool> {
        self.columns.iter().map(Option::is_some).collect()
    }

    /// Whether the format of times is only seen in their values.
    pub fn needs_probe(&self) -> bool {
        let time = self.mapping.time.and_then(|it| self.columns[it].as_ref());
        time.is_some_and(|it| !it.kind.is_instant())
    }

    /// What is read by one thread at a time, in file order: the same whatever their number.
    pub fn pieces(&self) -> Result<Vec<Piece>> {
        let groups = self.metadata.row_groups();
        let (mut pieces, mut first_row) = (Vec::new(), 1u64);
        for (group, it) in groups.iter().enumerate() {
            let rows = u64::try_from(it.num_rows()).map_err(|it| damaged(&it))?;
            let bytes = u64::try_from(it.compressed_size()).unwrap_or(0);
            let most = match group + 1 == groups.len() {
                true => MOST_PIECES,
                false => (MOST_PIECES / groups.len() as u64).max(1),
            };
            let count = (rows / PIECE).clamp(1, most);
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

    /// Reads a piece, with a pause now and then at which rows may be handed on and that
    /// may end it.
    pub fn piece<'r, R: ChunkReader + 'static>(
        &self,
        input: R,
        piece: &Piece,
        rows: &mut Rows<'r>,
        pause: &mut dyn FnMut(&mut Rows<'r>) -> bool,
    ) -> Result<()> {
        let mut chunks = self.chunks(&Arc::new(input), piece.group)?;
        for chunk in chunks.iter_mut().flatten() {
            chunk.skip(piece.skip)?;
        }
        let mut done = 0;
        while done < piece.rows {
            let count = usize::try_from(piece.rows - done).unwrap_or(ROWS).min(ROWS);
            let mut cells = Vec::with_capacity(chunks.len());
            for chunk in &mut chunks {
                let Some(chunk) = chunk else {
                    cells.push(Cells::missing());
                    continue;
                };
                let (read, held) = chunk.read(count)?;
                if held < count {
                    let held = piece.skip + done + held as u64;
                    return Err(self.wrong_count(piece.group, &format!("{held} rows")));
                }
                cells.push(read);
            }
            self.push(&cells, count, piece.first_row + done, rows);
            done += count as u64;
            if pause(rows) {
                return Ok(());
            }
        }
        for chunk in chunks.iter_mut().flatten().filter(|_| piece.last) {
            if chunk.has_more()? {
                return Err(self.wrong_count(piece.group, "more rows"));
            }
        }
        Ok(())
    }

    fn chunks<R: ChunkReader + 'static>(
        &self,
        input: &Arc<R>,
        group: usize,
    ) -> Result<Vec<Option<Chunk>>> {
        let schema = self.metadata.file_metadata().schema_descr();
        let chunk = |it: &Option<Leaf>| {
            let Some(Leaf { index, written, .. }) = it else { return Ok(None) };
            let pages = pages_of(input, &self.metadata, group, *index)?;
            Ok(Some(Chunk::new(schema.column(*index), pages, *written)))
        };
        self.columns.iter().map(chunk).collect()
    }

    #[cold]
    fn wrong_count(&self, group: usize, held: &str) -> Error {
        let promised = self.metadata.row_group(group).num_rows();
        damaged(&format!("row group {group} holds {held}, its footer says {promised}"))
    }

    /// Hands rows on.
    fn push(&self, cells: &[Cells], count: usize, first_row: u64, rows: &mut Rows<'_>) {
        let mut rooms: Vec<Vec<Field<'_>>> = cells.iter().map(|_| Vec::new()).collect();
        let columns: Vec<Column<'_>> =
            cells.iter().zip(&mut rooms).map(|(it, room)| it.column(count, room)).collect();
        let odd = cells.iter().any(|it| it.any_no_text(count));
        let blocks = !odd && rows.takes_blocks_of(&columns);
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
                self.push_row(cells, row, first_row, rows);
                row += 1;
                single = single.saturating_sub(1);
            }
        }
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
