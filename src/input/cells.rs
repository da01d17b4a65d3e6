//! A decoded Parquet column as fields of rows.
//!
//! Knows Arrow's arrays; nothing of files and nothing of what values mean.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Int32Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::rows::Field;
use super::rows::block::{Column, Span};
use crate::base::{Error, Result};

/// A column of a batch.
pub(super) struct Cells {
    /// The column and the groups that it is in: a row is missing where one of them is.
    nullable: Vec<ArrayRef>,
    values: Values,
}

enum Values {
    Missing,
    Texts(StringArray),
    /// Positions in a list of texts.
    Coded(Int32Array, StringArray),
    Bytes(BinaryArray),
    Flags(BooleanArray),
    /// Values that must be written out: floats, large numbers, UUIDs.
    Written(String, Vec<Span>),
    Integers(Vec<i64>),
    Days(Vec<i64>),
    /// Microseconds; `i64::MIN` for what lies beyond.
    Instants(Vec<i64>),
    Locals(Vec<i64>),
    Decimals(Vec<i128>, u32),
}

/// Beyond these microseconds lies no time that can be shown.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_207_200_999_999;

impl Cells {
    /// A column that the file lacks.
    pub fn missing() -> Self {
        Self { nullable: Vec::new(), values: Values::Missing }
    }

    /// The column at these keys; `legacy` where it holds the 96-bit times of old
    /// writers, which are instants though they do not say so.
    pub fn new(batch: &RecordBatch, keys: &[String], legacy: bool) -> Result<Self> {
        let gone = || Error::new(format!("the column \"{}\" cannot be decoded", keys.join(".")));
        let (first, rest) = keys.split_first().ok_or_else(gone)?;
        let mut array = batch.column_by_name(first).ok_or_else(gone)?.clone();
        let mut nullable = Vec::new();
        for key in rest {
            let inner = array.as_struct_opt().and_then(|it| it.column_by_name(key));
            let inner = inner.ok_or_else(gone)?.clone();
            nullable.push(std::mem::replace(&mut array, inner));
        }
        let values = values(&array, legacy).ok_or_else(|| {
            Error::new(format!(
                "the column \"{}\" is of a kind that cannot be used ({})",
                keys.join("."),
                array.data_type()
            ))
            .hint("write it as text, a number, a date or a timestamp")
        })?;
        nullable.push(array);
        nullable.retain(|it| it.null_count() > 0);
        Ok(Self { nullable, values })
    }

    /// The values of an array that stands alone; none where it is of no kind that can be used.
    pub fn of(array: &ArrayRef) -> Option<Self> {
        let values = values(array, false)?;
        let nullable = if array.null_count() > 0 { vec![array.clone()] } else { Vec::new() };
        Some(Self { nullable, values })
    }

    /// Whether a row has no value.
    pub fn is_missing(&self, row: usize) -> bool {
        matches!(self.values, Values::Missing) || self.nullable.iter().any(|it| it.is_null(row))
    }

    /// Whether the values are times that need no reading.
    pub fn is_instant(&self) -> bool {
        matches!(self.values, Values::Instants(_) | Values::Locals(_) | Values::Days(_))
    }

    /// Whether a row holds bytes that are no text.
    #[inline]
    pub fn is_no_text(&self, row: usize) -> bool {
        match &self.values {
            Values::Bytes(it) => it.is_valid(row) && std::str::from_utf8(it.value(row)).is_err(),
            _ => false,
        }
    }

    /// The value of a row.
    #[inline]
    pub fn field(&self, row: usize) -> Field<'_> {
        if self.nullable.iter().any(|it| it.is_null(row)) {
            return Field::Missing;
        }
        match &self.values {
            Values::Missing => Field::Missing,
            Values::Texts(it) => Field::Text(it.value(row)),
            Values::Coded(codes, texts) => Field::Text(texts.value(codes.value(row) as usize)),
            Values::Bytes(it) => {
                std::str::from_utf8(it.value(row)).map_or(Field::Missing, Field::Text)
            }
            Values::Flags(it) => Field::Text(if it.value(row) { "true" } else { "false" }),
            Values::Written(text, spans) => {
                let Span { start, end } = spans[row];
                Field::Text(&text[start as usize..end as usize])
            }
            Values::Integers(it) => Field::Integer(it[row]),
            Values::Days(it) => Field::Day(it[row]),
            Values::Instants(it) if YEARS.contains(&it[row]) => Field::Micros(it[row]),
            Values::Locals(it) if YEARS.contains(&it[row]) => Field::Local(it[row]),
            Values::Instants(_) | Values::Locals(_) => {
                Field::Text("a time outside the years 1 to 9999")
            }
            Values::Decimals(it, scale) => Field::Decimal { unscaled: it[row], scale: *scale },
        }
    }
}

/// The values of a column for a block of rows, or room for them.
#[derive(Default)]
pub(super) struct Room<'c> {
    spans: Vec<Span>,
    fields: Vec<Field<'c>>,
}

impl Cells {
    /// Whether a row of these holds bytes that are no text.
    pub fn any_no_text(&self) -> bool {
        match &self.values {
            Values::Bytes(it) => (0..it.len()).any(|row| self.is_no_text(row)),
            _ => false,
        }
    }

    /// All rows as a column of a block.
    pub fn column<'r, 'c: 'r>(&'c self, rows: usize, room: &'r mut Room<'c>) -> Column<'r> {
        let Room { spans, fields } = room;
        let missing = |row: usize| self.nullable.iter().any(|it| it.is_null(row));
        let full = self.nullable.is_empty();
        match &self.values {
            Values::Missing => Column::Missing,
            _ if self.nullable.iter().any(|it| it.null_count() == rows) => Column::Missing,
            Values::Texts(texts) => match text_of(texts) {
                Some(text) => {
                    place(texts, spans);
                    if !full {
                        clear(spans, missing);
                    }
                    Column::Texts(text, spans)
                }
                None => self.fields(rows, fields),
            },
            Values::Coded(codes, texts) => match text_of(texts) {
                Some(text) => {
                    let offsets = texts.value_offsets();
                    let span = |&code: &i32| match offsets
                        .get(code as usize..(code as usize).saturating_add(2))
                    {
                        Some(&[start, end]) => Span { start: start as u32, end: end as u32 },
                        _ => Span::default(),
                    };
                    spans.extend(codes.values().iter().map(span));
                    if !full {
                        clear(spans, missing);
                    }
                    Column::Texts(text, spans)
                }
                None => self.fields(rows, fields),
            },
            Values::Written(text, known) => {
                spans.extend_from_slice(known);
                clear(spans, missing);
                Column::Texts(text, spans)
            }
            Values::Integers(it) if full => Column::Integers(it),
            Values::Instants(it) if full && it.iter().all(|it| YEARS.contains(it)) => {
                Column::Micros(it)
            }
            _ => self.fields(rows, fields),
        }
    }

    fn fields<'r, 'c: 'r>(&'c self, rows: usize, fields: &'r mut Vec<Field<'c>>) -> Column<'r> {
        fields.extend((0..rows).map(|it| self.field(it)));
        Column::Fields(fields)
    }
}

/// A column without its first rows.
pub(super) fn behind<'c>(column: &Column<'c>, rows: usize) -> Column<'c> {
    match *column {
        Column::Missing => Column::Missing,
        Column::Texts(text, it) => Column::Texts(text, &it[rows..]),
        Column::Integers(it) => Column::Integers(&it[rows..]),
        Column::Micros(it) => Column::Micros(&it[rows..]),
        Column::Fields(it) => Column::Fields(&it[rows..]),
    }
}

/// All texts of a list, one behind the other.
fn text_of(texts: &StringArray) -> Option<&str> {
    let text = std::str::from_utf8(texts.value_data()).ok()?;
    u32::try_from(text.len()).is_ok().then_some(text)
}

/// Where each text of a list stands among all.
fn place(texts: &StringArray, spans: &mut Vec<Span>) {
    let offsets = texts.value_offsets().windows(2);
    spans.extend(offsets.map(|it| Span { start: it[0] as u32, end: it[1] as u32 }));
}

/// Empties the places of rows that are missing.
fn clear(spans: &mut [Span], missing: impl Fn(usize) -> bool) {
    for (row, span) in spans.iter_mut().enumerate() {
        if missing(row) {
            *span = Span::default();
        }
    }
}

/// The values of an array; `None` for a kind that is no single value.
fn values(array: &ArrayRef, legacy: bool) -> Option<Values> {
    Some(match array.data_type() {
        DataType::Null => Values::Missing,
        DataType::Utf8 => Values::Texts(array.as_string_opt::<i32>()?.clone()),
        DataType::Dictionary(..) => {
            let coded = array.as_dictionary_opt::<Int32Type>()?;
            let texts = coded.values().as_string_opt::<i32>()?.clone();
            // The decoder checks positions, but not in an empty list.
            if texts.is_empty() && coded.null_count() < coded.len() {
                return None;
            }
            Values::Coded(coded.keys().clone(), texts)
        }
        DataType::Binary => Values::Bytes(array.as_binary_opt::<i32>()?.clone()),
        DataType::Boolean => Values::Flags(array.as_boolean_opt()?.clone()),
        DataType::Date32 => Values::Days(widen(array.as_primitive_opt::<Date32Type>()?.values())),
        DataType::Timestamp(unit, zone) => {
            let micros = micros(array, *unit)?;
            if zone.is_some() || legacy { Values::Instants(micros) } else { Values::Locals(micros) }
        }
        DataType::Decimal128(_, scale) => {
            let numbers = array.as_primitive_opt::<Decimal128Type>()?.values();
            Values::Decimals(numbers.to_vec(), u32::try_from(*scale).ok()?)
        }
        DataType::FixedSizeBinary(16) => {
            let ids = array.as_fixed_size_binary_opt()?;
            written((0..ids.len()).map(|it| Some(ids.value(it))), uuid)
        }
        _ => return numbers(array),
    })
}

fn numbers(array: &ArrayRef) -> Option<Values> {
    Some(match array.data_type() {
        DataType::Int8 => Values::Integers(widen(array.as_primitive_opt::<Int8Type>()?.values())),
        DataType::Int16 => Values::Integers(widen(array.as_primitive_opt::<Int16Type>()?.values())),
        DataType::Int32 => Values::Integers(widen(array.as_primitive_opt::<Int32Type>()?.values())),
        DataType::Int64 => {
            Values::Integers(array.as_primitive_opt::<Int64Type>()?.values().to_vec())
        }
        DataType::UInt8 => Values::Integers(widen(array.as_primitive_opt::<UInt8Type>()?.values())),
        DataType::UInt16 => {
            Values::Integers(widen(array.as_primitive_opt::<UInt16Type>()?.values()))
        }
        DataType::UInt32 => {
            Values::Integers(widen(array.as_primitive_opt::<UInt32Type>()?.values()))
        }
        DataType::UInt64 => {
            let numbers = array.as_primitive_opt::<UInt64Type>()?;
            written(numbers.iter(), |it, text| write!(text, "{it}"))
        }
        DataType::Float32 => {
            let numbers = array.as_primitive_opt::<Float32Type>()?;
            written(numbers.iter(), |it, text| float(&it, text))
        }
        DataType::Float64 => {
            let numbers = array.as_primitive_opt::<Float64Type>()?;
            written(numbers.iter(), |it, text| float(&it, text))
        }
        _ => return None,
    })
}

/// Values written one behind the other.
fn written<T>(
    values: impl Iterator<Item = Option<T>>,
    write: impl Fn(T, &mut String) -> std::fmt::Result,
) -> Values {
    let (mut text, mut spans) = (String::new(), Vec::with_capacity(values.size_hint().0));
    for value in values {
        let start = text.len() as u32;
        // Writing into a String cannot fail.
        let _ = value.map_or(Ok(()), |it| write(it, &mut text));
        spans.push(Span { start, end: text.len() as u32 });
    }
    Values::Written(text, spans)
}

/// The shortest plain digits of a float, as most writers of text print it: `42.0`.
fn float(number: &impl std::fmt::Display, text: &mut String) -> std::fmt::Result {
    let start = text.len();
    write!(text, "{number}")?;
    if text[start..].bytes().all(|it| it.is_ascii_digit() || it == b'-') {
        text.push_str(".0");
    }
    Ok(())
}

fn widen<T: Copy + Into<i64>>(numbers: &[T]) -> Vec<i64> {
    numbers.iter().map(|&it| it.into()).collect()
}

fn micros(array: &ArrayRef, unit: TimeUnit) -> Option<Vec<i64>> {
    let scaled = |numbers: &[i64], by: i64| {
        numbers.iter().map(|it| it.checked_mul(by).unwrap_or(i64::MIN)).collect()
    };
    Some(match unit {
        TimeUnit::Second => {
            scaled(array.as_primitive_opt::<TimestampSecondType>()?.values(), 1_000_000)
        }
        TimeUnit::Millisecond => {
            scaled(array.as_primitive_opt::<TimestampMillisecondType>()?.values(), 1000)
        }
        TimeUnit::Microsecond => {
            array.as_primitive_opt::<TimestampMicrosecondType>()?.values().to_vec()
        }
        TimeUnit::Nanosecond => {
            let numbers = array.as_primitive_opt::<TimestampNanosecondType>()?.values();
            numbers.iter().map(|it| it.div_euclid(1000)).collect()
        }
    })
}

/// Sixteen bytes as a UUID is written.
fn uuid(bytes: &[u8], text: &mut String) -> std::fmt::Result {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}")?;
    }
    Ok(())
}
