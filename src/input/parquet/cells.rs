//! Decoded values of a column as fields of rows.
//!
//! Knows what the types of the format mean; nothing of pages and nothing of what values
//! mean to a journey.

use std::fmt::Write as _;
use std::sync::Arc;

use super::dense::{Dense, Strings, Why};
use super::kind::{DECIMAL_BYTES, Kind, Unit};
use crate::input::rows::Field;
use crate::input::rows::block::{Column, Span};
use crate::input::rows::listed::List;

/// A column of some rows.
pub(in crate::input) struct Cells {
    /// Which rows have a value; empty if all have.
    present: Vec<bool>,
    values: Values,
}

/// The values of rows; where one is missing stands anything.
enum Values {
    Missing,
    /// Texts of a list, by their places in it.
    Listed(Arc<List>, Vec<u32>),
    /// Texts of their own; whether one of them is no text.
    Texts(String, Vec<Span>),
    /// Texts of which some are none.
    NoTexts(Vec<Option<String>>),
    Flags(Vec<bool>),
    Whole(Vec<i64>),
    Days(Vec<i64>),
    /// Microseconds; `i64::MIN` for what lies beyond.
    Instants(Vec<i64>),
    Locals(Vec<i64>),
    Decimals(Vec<i128>, u32),
}

/// Beyond these microseconds lies no time that can be shown.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_207_200_999_999;

/// What [`Cells::of`] and [`list_of`] say of texts that are none.
const NO_TEXT: Why = "a text is not UTF-8";
const NOT_THAT: Why = "values are of another type than the file says";

impl Cells {
    /// A column that the file lacks.
    pub fn missing() -> Self {
        Self { present: Vec::new(), values: Values::Missing }
    }

    /// Rows that pick from a list, of which one beyond its end means that there is nothing.
    pub fn listed(list: Arc<List>, picks: Vec<u32>) -> Self {
        Self { present: Vec::new(), values: Values::Listed(list, picks) }
    }

    /// Rows with these values, where `present` says which have one (empty if all have);
    /// `written` where numbers are wanted as texts.
    pub fn of(kind: Kind, dense: Dense, present: Vec<bool>, written: bool) -> Result<Self, Why> {
        let values = values(kind, dense, written)?.spread(&present);
        Ok(Self { present, values })
    }

    /// Whether a row has no value.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Missing => true,
            Values::Listed(list, picks) => list.is_none(picks[row]),
            _ => !self.present.is_empty() && !self.present[row],
        }
    }

    /// Whether a row holds bytes that are no text.
    #[inline]
    pub fn is_no_text(&self, row: usize) -> bool {
        match &self.values {
            Values::NoTexts(it) => it[row].is_none() && !self.is_missing(row),
            Values::Listed(list, picks) => list.is_no_text(picks[row]),
            _ => false,
        }
    }

    /// Whether some row holds bytes that are no text.
    pub fn any_no_text(&self, rows: usize) -> bool {
        match &self.values {
            Values::NoTexts(_) => (0..rows).any(|row| self.is_no_text(row)),
            Values::Listed(list, _) if list.has_no_texts() => {
                (0..rows).any(|row| self.is_no_text(row))
            }
            _ => false,
        }
    }

    /// The value of a row.
    #[inline]
    pub fn field(&self, row: usize) -> Field<'_> {
        if self.is_missing(row) {
            return Field::Missing;
        }
        match &self.values {
            Values::Missing => Field::Missing,
            Values::Listed(list, picks) => Field::Text(list.get(picks[row])),
            Values::Texts(text, spans) => {
                let Span { start, end } = spans[row];
                Field::Text(&text[start as usize..end as usize])
            }
            Values::NoTexts(it) => it[row].as_deref().map_or(Field::Missing, Field::Text),
            Values::Flags(it) => Field::Text(if it[row] { "true" } else { "false" }),
            Values::Whole(it) => Field::Integer(it[row]),
            Values::Days(it) => Field::Day(it[row]),
            Values::Instants(it) if YEARS.contains(&it[row]) => Field::Micros(it[row]),
            Values::Locals(it) if YEARS.contains(&it[row]) => Field::Local(it[row]),
            Values::Instants(_) | Values::Locals(_) => {
                Field::Text("a time outside the years 1 to 9999")
            }
            Values::Decimals(it, scale) => Field::Decimal { unscaled: it[row], scale: *scale },
        }
    }

    /// All rows as a column of a block; `fields` is room for their values.
    pub fn column<'r, 'c: 'r>(&'c self, rows: usize, fields: &'r mut Vec<Field<'c>>) -> Column<'r> {
        let full = self.present.is_empty();
        let real = |it: &[i64]| full && it.iter().all(|it| YEARS.contains(it));
        match &self.values {
            Values::Missing => return Column::Missing,
            Values::Listed(list, picks) => return Column::Listed(list, picks),
            Values::Texts(text, spans) => return Column::Texts(text, spans.as_slice().into()),
            Values::Whole(it) if full => return Column::Integers(it),
            Values::Instants(it) if real(it) => return Column::Micros(it),
            Values::Locals(it) if real(it) => return Column::Locals(it),
            _ if !full && !self.present.contains(&true) => return Column::Missing,
            _ => {}
        }
        fields.extend((0..rows).map(|it| self.field(it)));
        Column::Fields(fields)
    }
}

impl Values {
    /// One for each row, where only those that are present have one.
    fn spread(mut self, present: &[bool]) -> Self {
        if present.is_empty() {
            return self;
        }
        match &mut self {
            Self::Missing | Self::Listed(..) => {}
            Self::Texts(_, it) => spread(it, present, Span::default()),
            Self::NoTexts(it) => {
                let mut texts = std::mem::take(it).into_iter();
                *it = present.iter().map(|&it| texts.next_if(it)).collect();
            }
            Self::Flags(it) => spread(it, present, false),
            Self::Whole(it) | Self::Days(it) | Self::Instants(it) | Self::Locals(it) => {
                spread(it, present, 0);
            }
            Self::Decimals(it, _) => spread(it, present, 0),
        }
        self
    }
}

/// Takes the next where there is one to take.
trait NextIf {
    fn next_if(&mut self, wanted: bool) -> Option<String>;
}

impl NextIf for std::vec::IntoIter<Option<String>> {
    fn next_if(&mut self, wanted: bool) -> Option<String> {
        if wanted { self.next().flatten() } else { None }
    }
}

/// Moves values to the rows that have one; the others get `none`.
pub(super) fn spread<T: Copy>(values: &mut Vec<T>, present: &[bool], none: T) {
    let mut from = values.len();
    values.resize(present.len(), none);
    for row in (0..present.len()).rev() {
        if present[row] && from > 0 {
            from -= 1;
            values[row] = values[from];
        } else {
            values[row] = none;
        }
    }
}

/// The list that the values of a dictionary are, for kinds that are texts or written so.
pub(super) fn list_of(kind: Kind, dense: &Dense) -> Result<List, Why> {
    match (kind, dense) {
        (Kind::Text | Kind::Bytes, Dense::Bytes(strings)) => match texts(strings) {
            Some((text, spans)) => Ok(List::new(text, spans, Vec::new())),
            None if kind == Kind::Text => Err(NO_TEXT),
            None => {
                let (mut text, mut spans, mut none) = (String::new(), Vec::new(), Vec::new());
                for index in 0..strings.ends.len() {
                    let start = text.len() as u32;
                    let part = std::str::from_utf8(strings.get(index));
                    text.push_str(part.unwrap_or_default());
                    none.push(part.is_err());
                    spans.push(Span { start, end: text.len() as u32 });
                }
                Ok(List::new(text, spans, none))
            }
        },
        _ => match values(kind, dense.clone(), true)? {
            Values::Texts(text, spans) => Ok(List::new(text, spans, Vec::new())),
            _ => Err(NOT_THAT),
        },
    }
}

/// The values of a kind; numbers as texts where they are wanted `written`.
fn values(kind: Kind, dense: Dense, writes: bool) -> Result<Values, Why> {
    Ok(match (kind, dense) {
        (Kind::Missing | Kind::Other(_), _) => Values::Missing,
        (Kind::Text | Kind::Bytes, Dense::Bytes(strings)) => match texts(&strings) {
            Some((text, spans)) => Values::Texts(text, spans),
            None if kind == Kind::Text => return Err(NO_TEXT),
            None => {
                let text = |it| String::from_utf8(strings.get(it).to_vec()).ok();
                Values::NoTexts((0..strings.ends.len()).map(text).collect())
            }
        },
        (Kind::Flag, Dense::Flags(it)) => Values::Flags(it),
        (Kind::Whole32 { bits, signed }, Dense::I32(it)) => {
            let numbers = it.iter().map(|&it| whole(it, bits, signed));
            if writes { written(numbers, integer) } else { Values::Whole(numbers.collect()) }
        }
        (Kind::Whole64, Dense::I64(it)) => match writes {
            true => written(it.into_iter(), integer),
            false => Values::Whole(it),
        },
        (Kind::Unsigned64, Dense::I64(it)) => {
            written(it.into_iter(), |it, text| write!(text, "{}", it as u64))
        }
        (Kind::Float, Dense::F32(it)) => written(it.into_iter(), |it, text| float(&it, text)),
        (Kind::Double, Dense::F64(it)) => written(it.into_iter(), |it, text| float(&it, text)),
        (Kind::Day, Dense::I32(it)) => Values::Days(it.into_iter().map(i64::from).collect()),
        (Kind::Instant(unit), Dense::I64(it)) => Values::Instants(micros(it, unit)),
        (Kind::Local(unit), Dense::I64(it)) => Values::Locals(micros(it, unit)),
        (Kind::Decimal(scale), dense) => Values::Decimals(decimals(dense)?, scale),
        (Kind::Uuid, Dense::Bytes(strings)) => {
            written((0..strings.ends.len()).map(|it| strings.get(it)), uuid)
        }
        _ => return Err(NOT_THAT),
    })
}

/// Strings as a text and its parts; `None` if one of them is no text.
fn texts(strings: &Strings) -> Option<(String, Vec<Span>)> {
    let text = std::str::from_utf8(&strings.bytes).ok()?;
    let whole = |&end: &u32| text.is_char_boundary(end as usize);
    if !text.is_ascii() && !strings.ends.iter().all(whole) {
        return None;
    }
    let spans = (0..strings.ends.len()).map(|it| strings.span(it)).collect();
    Some((text.to_owned(), spans))
}

/// A number of which only some bits mean something.
fn whole(number: i32, bits: u8, signed: bool) -> i64 {
    match (bits, signed) {
        (8, true) => (number as i8).into(),
        (8, false) => (number as u8).into(),
        (16, true) => (number as i16).into(),
        (16, false) => (number as u16).into(),
        (_, true) => number.into(),
        (_, false) => (number as u32).into(),
    }
}

fn decimals(dense: Dense) -> Result<Vec<i128>, Why> {
    Ok(match dense {
        Dense::I32(it) => it.into_iter().map(i128::from).collect(),
        Dense::I64(it) => it.into_iter().map(i128::from).collect(),
        Dense::Bytes(strings) => {
            let number = |it| decimal(strings.get(it));
            (0..strings.ends.len()).map(number).collect::<Result<_, _>>()?
        }
        _ => return Err(NOT_THAT),
    })
}

/// A number whose bytes stand with the highest first.
fn decimal(bytes: &[u8]) -> Result<i128, Why> {
    if bytes.len() > DECIMAL_BYTES {
        return Err("a decimal has more than 38 digits");
    }
    let sign = if bytes.first().is_some_and(|&it| it >= 0x80) { -1 } else { 0 };
    Ok(bytes.iter().fold(sign, |number, &it| number << 8 | i128::from(it)))
}

/// Values written one behind the other.
fn written<T>(
    values: impl Iterator<Item = T>,
    write: impl Fn(T, &mut String) -> std::fmt::Result,
) -> Values {
    let (mut text, mut spans) = (String::new(), Vec::with_capacity(values.size_hint().0));
    for value in values {
        let start = text.len() as u32;
        // Writing into a String cannot fail.
        let _ = write(value, &mut text);
        spans.push(Span { start, end: text.len() as u32 });
    }
    Values::Texts(text, spans)
}

fn integer(number: i64, text: &mut String) -> std::fmt::Result {
    write!(text, "{number}")
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

fn micros(mut numbers: Vec<i64>, unit: Unit) -> Vec<i64> {
    match unit {
        Unit::Millis => {
            numbers.iter_mut().for_each(|it| *it = it.checked_mul(1000).unwrap_or(i64::MIN));
        }
        Unit::Micros => {}
        Unit::Nanos => numbers.iter_mut().for_each(|it| *it = it.div_euclid(1000)),
    }
    numbers
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

/// A column without its first rows.
pub(super) fn behind<'c>(column: &Column<'c>, rows: usize) -> Column<'c> {
    match *column {
        Column::Missing => Column::Missing,
        Column::Texts(text, it) => Column::Texts(text, it.behind(rows)),
        Column::Listed(list, it) => Column::Listed(list, &it[rows..]),
        Column::Integers(it) => Column::Integers(&it[rows..]),
        Column::Micros(it) => Column::Micros(&it[rows..]),
        Column::Locals(it) => Column::Locals(&it[rows..]),
        Column::Fields(it) => Column::Fields(&it[rows..]),
    }
}
