//! Parquet files for tests: rows in any schema, written by the `parquet` crate.
//!
//! The integration tests include this file; it knows nothing of this crate.

use std::sync::Arc;

use parquet::basic::{Repetition, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    None,
    /// Yes or no.
    Flag(bool),
    /// A whole number; of 96 bits, a count of microseconds.
    Whole(i64),
    /// A float.
    Float(f64),
    /// A text, or other bytes.
    Bytes(Vec<u8>),
    /// A value for each field of a group.
    Group(Vec<Cell>),
    /// The elements of a repeated field.
    List(Vec<Cell>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Bytes(text.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

/// A column as it is written: levels, and the values that are there.
#[derive(Default)]
struct Leaf {
    levels: Vec<i16>,
    repeats: Vec<i16>,
    values: Vec<Cell>,
}

/// The bytes of a file with these groups of rows; `fields` is the inside of its schema, such
/// as `optional binary event (string);`.
pub fn file(fields: &str, groups: &[&[Vec<Cell>]], properties: WriterProperties) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {fields} }}")).unwrap());
    let mut bytes = Vec::new();
    let properties = Arc::new(properties);
    let mut writer = SerializedFileWriter::new(&mut bytes, schema.clone(), properties).unwrap();
    for rows in groups {
        let mut leaves = Vec::new();
        for row in *rows {
            let mut next = 0;
            for (field, cell) in schema.get_fields().iter().zip(row) {
                shred(field, cell, (0, 0, 0), &mut next, &mut leaves);
            }
        }
        let mut group = writer.next_row_group().unwrap();
        let mut leaves = leaves.into_iter();
        while let Some(mut column) = group.next_column().unwrap() {
            column_of(&mut column, leaves.next().unwrap_or_default());
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

/// The bytes of a file with columns of these declarations and values, so many rows in a group.
pub fn table(columns: &[(&str, Vec<Cell>)], rows_in_group: usize) -> Vec<u8> {
    let fields: Vec<&str> = columns.iter().map(|it| it.0).collect();
    let row = |row: usize| columns.iter().map(|it| it.1[row].clone()).collect();
    let rows: Vec<Vec<Cell>> = (0..columns[0].1.len()).map(row).collect();
    let groups: Vec<&[Vec<Cell>]> = rows.chunks(rows_in_group).collect();
    file(&fields.join("\n"), &groups, WriterProperties::default())
}

/// Takes a value apart; `at` is the level, the list in which it goes on, and how many lists
/// there are around it.
fn shred(field: &Type, cell: &Cell, at: (i16, i16, i16), next: &mut usize, out: &mut Vec<Leaf>) {
    let (level, repeat, depth) = at;
    match (field.get_basic_info().repetition(), cell) {
        (Repetition::REQUIRED, _) => inside(field, cell, at, next, out),
        (_, Cell::None) => inside(field, &Cell::None, at, next, out),
        (Repetition::OPTIONAL, _) => inside(field, cell, (level + 1, repeat, depth), next, out),
        (Repetition::REPEATED, Cell::List(elements)) if elements.is_empty() => {
            inside(field, &Cell::None, at, next, out);
        }
        (Repetition::REPEATED, Cell::List(elements)) => {
            let begin = *next;
            for (index, element) in elements.iter().enumerate() {
                *next = begin;
                let repeat = if index == 0 { repeat } else { depth + 1 };
                inside(field, element, (level + 1, repeat, depth + 1), next, out);
            }
        }
        (_, other) => panic!("{other:?} is no list"),
    }
}

fn inside(field: &Type, cell: &Cell, at: (i16, i16, i16), next: &mut usize, out: &mut Vec<Leaf>) {
    if field.is_primitive() {
        out.resize_with(out.len().max(*next + 1), Leaf::default);
        let leaf = &mut out[*next];
        *next += 1;
        leaf.levels.push(at.0);
        leaf.repeats.push(at.1);
        if *cell != Cell::None {
            leaf.values.push(cell.clone());
        }
        return;
    }
    for (index, part) in field.get_fields().iter().enumerate() {
        match cell {
            Cell::Group(cells) => shred(part, &cells[index], at, next, out),
            // Nothing is in what is not there.
            _ => inside(part, &Cell::None, at, next, out),
        }
    }
}

fn column_of(column: &mut SerializedColumnWriter<'_>, leaf: Leaf) {
    let whole = |it: &Cell| match it {
        Cell::Whole(it) => *it,
        other => panic!("{other:?} is no whole number"),
    };
    let float = |it: &Cell| match it {
        Cell::Float(it) => *it,
        other => panic!("{other:?} is no float"),
    };
    let bytes = |it: &Cell| match it {
        Cell::Bytes(it) => it.clone(),
        other => panic!("{other:?} are no bytes"),
    };
    match column.typed_physical() {
        Physical::BOOLEAN => write::<BoolType>(column, &leaf, |it| *it == Cell::Flag(true)),
        Physical::INT32 => write::<Int32Type>(column, &leaf, |it| whole(it) as i32),
        Physical::INT64 => write::<Int64Type>(column, &leaf, whole),
        Physical::INT96 => write::<Int96Type>(column, &leaf, |it| {
            let (day, nanos) = (whole(it).div_euclid(DAY), whole(it).rem_euclid(DAY) * 1000);
            let mut time = Int96::new();
            time.set_data(nanos as u32, (nanos >> 32) as u32, (day + 2_440_588) as u32);
            time
        }),
        Physical::FLOAT => write::<FloatType>(column, &leaf, |it| float(it) as f32),
        Physical::DOUBLE => write::<DoubleType>(column, &leaf, float),
        Physical::BYTE_ARRAY => write::<ByteArrayType>(column, &leaf, |it| bytes(it).into()),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            write::<FixedLenByteArrayType>(column, &leaf, |it| bytes(it).into());
        }
    }
}

const DAY: i64 = 86_400_000_000;

fn write<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    leaf: &Leaf,
    value: impl Fn(&Cell) -> T::T,
) {
    let values: Vec<T::T> = leaf.values.iter().map(value).collect();
    let (levels, repeats) = (Some(&leaf.levels[..]), Some(&leaf.repeats[..]));
    column.typed::<T>().write_batch(&values, levels, repeats).unwrap();
}

/// Of which type the values of a column are.
trait TypedPhysical {
    fn typed_physical(&mut self) -> Physical;
}

impl TypedPhysical for SerializedColumnWriter<'_> {
    fn typed_physical(&mut self) -> Physical {
        use parquet::column::writer::ColumnWriter as Writer;
        match self.untyped() {
            Writer::BoolColumnWriter(_) => Physical::BOOLEAN,
            Writer::Int32ColumnWriter(_) => Physical::INT32,
            Writer::Int64ColumnWriter(_) => Physical::INT64,
            Writer::Int96ColumnWriter(_) => Physical::INT96,
            Writer::FloatColumnWriter(_) => Physical::FLOAT,
            Writer::DoubleColumnWriter(_) => Physical::DOUBLE,
            Writer::ByteArrayColumnWriter(_) => Physical::BYTE_ARRAY,
            Writer::FixedLenByteArrayColumnWriter(_) => Physical::FIXED_LEN_BYTE_ARRAY,
        }
    }
}
