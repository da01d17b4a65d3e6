//! Decoded values of a column as fields of rows.
//!
//! Knows what the types of the format mean; nothing of pages and nothing of what values
//! mean to a journey.

use std::fmt::Write as _;
use std::hint::select_unpredictable;
use std::sync::Arc;

use super::dense::{Dense, Strings, Why};
use super::kind::{DECIMAL_BYTES, Kind, Unit};
use crate::input::rows::Field;
use crate::input::rows::block::Column;
use crate::input::rows::listed::List;
use crate::input::rows::spans::Span;

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
        let real = |it: &[i64]| full && it.iter().fold(true, |all, it| all & YEARS.contains(it));
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

/// Moves values to the rows that have one; the others get `none`. There is no branch to guess.
pub(super) fn spread<T: Copy>(values: &mut Vec<T>, present: &[bool], none: T) {
    let mut spread = vec![none; present.len()];
    let (own, mut from) = (&values[..], 0);
    let mut one = |row: &mut T, has: bool| {
        let value = own.get(from).copied().unwrap_or(none);
        *row = select_unpredictable(has, value, none);
        from += usize::from(has);
    };
    let (eights, rest) = spread.as_chunks_mut::<EIGHT>();
    let (flags, rest_flags) = present.as_chunks::<EIGHT>();
    for (rows, present) in eights.iter_mut().zip(flags) {
        // Of some columns few rows have a value.
        if *present != [false; EIGHT] {
            (0..EIGHT).for_each(|it| one(&mut rows[it], present[it]));
        }
    }
    rest.iter_mut().zip(rest_flags).for_each(|(row, &has)| one(row, has));
    *values = spread;
}

/// So many rows are passed over at once where none of them has a value.
const EIGHT: usize = 8;

/// The list that the values of a dictionary are, for kinds that are texts or written so.
pub(super) fn list_of(kind: Kind, dense: &Dense) -> Result<List, Why> {
    match (kind, dense) {
        (Kind::Text | Kind::Bytes, Dense::Bytes(strings)) => match texts(strings.clone()) {
            Ok((text, spans)) => Ok(List::new(text, spans, Vec::new())),
            Err(_) if kind == Kind::Text => Err(NO_TEXT),
            Err(strings) => {
                let (mut text, mut spans, mut none) = (String::new(), Vec::new(), Vec::new());
                for bytes in strings.iter() {
                    let start = text.len() as u32;
                    let part = std::str::from_utf8(bytes);
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
        (Kind::Text | Kind::Bytes, Dense::Bytes(strings)) => match texts(strings) {
            Ok((text, spans)) => Values::Texts(text, spans),
            Err(_) if kind == Kind::Text => return Err(NO_TEXT),
            Err(strings) => {
                let text = |it: &[u8]| String::from_utf8(it.to_vec()).ok();
                Values::NoTexts(strings.iter().map(text).collect())
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
        (Kind::Double, Dense::F64(it)) => written(it.into_iter(), double),
        (Kind::Day, Dense::I32(it)) => Values::Days(it.into_iter().map(i64::from).collect()),
        (Kind::Instant(unit), Dense::I64(it)) => Values::Instants(micros(it, unit)),
        (Kind::Local(unit), Dense::I64(it)) => Values::Locals(micros(it, unit)),
        (Kind::Decimal(scale), dense) => Values::Decimals(decimals(dense)?, scale),
        (Kind::Uuid, Dense::Bytes(strings)) => written(strings.iter(), uuid),
        _ => return Err(NOT_THAT),
    })
}

/// Strings as a text and its parts; they come back if one of them is no text.
fn texts(strings: Strings) -> Result<(String, Vec<Span>), Strings> {
    let Strings { bytes, spans } = strings;
    let text = match String::from_utf8(bytes) {
        Ok(it) => it,
        Err(error) => return apart(Strings { bytes: error.into_bytes(), spans }),
    };
    let whole = |it: u32| text.is_char_boundary(it as usize);
    if text.is_ascii() || spans.iter().all(|it| whole(it.start) && whole(it.end)) {
        return Ok((text, spans));
    }
    Err(Strings { bytes: text.into_bytes(), spans })
}

/// As [`texts`], where what stands between the strings may be no text.
fn apart(strings: Strings) -> Result<(String, Vec<Span>), Strings> {
    if strings.iter().any(|it| std::str::from_utf8(it).is_err()) {
        return Err(strings);
    }
    let (mut text, mut spans) = (String::new(), Vec::with_capacity(strings.spans.len()));
    for bytes in strings.iter() {
        let start = text.len() as u32;
        text.push_str(std::str::from_utf8(bytes).unwrap_or_default());
        spans.push(Span { start, end: text.len() as u32 });
    }
    Ok((text, spans))
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
        Dense::Bytes(strings) => strings.iter().map(decimal).collect::<Result<_, _>>()?,
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

/// As [`float`], and quick where a number has at most two digits behind the point, as most
/// amounts: the shortest digits are those of whole hundredths if these give the number
/// again, as no two numbers of up to 15 digits are the same float.
fn double(number: f64, text: &mut String) -> std::fmt::Result {
    const EXACT: f64 = 1e15;
    let hundredths = (number * 100.0).round();
    if hundredths / 100.0 != number || hundredths <= 0.0 || hundredths >= EXACT {
        return float(&number, text);
    }
    let mut rest = hundredths as u64;
    let (mut digits, mut at) = ([0; 20], 20);
    let mut push = |digit: u8| {
        at -= 1;
        digits[at] = digit;
    };
    let [tens, ones] = [rest / 10 % 10, rest % 10].map(|it| b'0' + it as u8);
    if ones > b'0' {
        push(ones);
    }
    push(tens);
    push(b'.');
    rest /= 100;
    loop {
        push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend(digits[at..].iter().map(|&it| char::from(it)));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(number: f64) -> [String; 2] {
        let (mut quick, mut plain) = (String::new(), String::new());
        double(number, &mut quick).unwrap();
        float(&number, &mut plain).unwrap();
        [quick, plain]
    }

    #[test]
    fn doubles_are_written_as_floats_are() {
        for it in [0.0, -0.0, 0.1, 7.14, 42.0, 0.005, 99.999, 0.01, 1e15, 1e13, f64::NAN, 1e300] {
            let [quick, plain] = shown(it);
            assert_eq!(quick, plain);
        }
        assert_eq!(shown(518.5), ["518.5", "518.5"]);
        assert_eq!(shown(9_999_999_999_999.99)[0], "9999999999999.99");
    }

    proptest! {
        #[test]
        fn any_double_is_written_as_a_float_is(
            number in prop_oneof![
                any::<f64>(),
                (any::<i64>(), 0u32..50, 0u32..8)
                    .prop_map(|(it, shift, digits)| (it >> shift) as f64 / 10f64.powi(digits as i32)),
            ],
        ) {
            let [quick, plain] = shown(number);
            prop_assert_eq!(quick, plain);
        }

        #[test]
        fn values_stand_where_rows_have_one(
            rows in prop::collection::vec(prop::option::weighted(0.2, 1u32..9), 0..100),
        ) {
            let present: Vec<bool> = rows.iter().map(Option::is_some).collect();
            let mut values: Vec<u32> = rows.iter().copied().flatten().collect();
            spread(&mut values, &present, 0);
            prop_assert!(values.into_iter().eq(rows.into_iter().map(|it| it.unwrap_or(0))));
        }
    }
}
