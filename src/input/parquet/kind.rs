//! What the values of a column are, by what a file says of it.
//!
//! Knows the types of the format; never a value.

use parquet::basic::{ConvertedType, IntType, LogicalType, TimeUnit, Type as Physical};
use parquet::schema::types::ColumnDescriptor;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) enum Kind {
    /// None at all.
    Missing,
    /// Text.
    Text,
    /// Bytes that nobody says are text.
    Bytes,
    /// Yes or no.
    Flag,
    /// Whole numbers of 32 bits of which so many mean something.
    Whole32 {
        /// 8, 16 or 32.
        bits: u8,
        /// Whether there is a sign.
        signed: bool,
    },
    /// Whole numbers of 64 bits with a sign.
    Whole64,
    /// Whole numbers of 64 bits without one.
    Unsigned64,
    /// Short floats.
    Float,
    /// Long floats.
    Double,
    /// Days since 1970.
    Day,
    /// Instants: so many of these are a second.
    Instant(Unit),
    /// The same on the clock of nobody knows where.
    Local(Unit),
    /// Digits, and how many of them stand behind the point.
    Decimal(u32),
    /// Sixteen bytes that are an id.
    Uuid,
    /// What cannot be used.
    Other(&'static str),
}

/// How finely times are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// The most digits that a decimal has.
const MOST_DIGITS: i32 = 38;
/// The most bytes that a decimal has.
pub(super) const DECIMAL_BYTES: usize = 16;

const LARGE: Kind = Kind::Other("a decimal of more than 38 digits");
const TIME: Kind = Kind::Other("a time of day");
const UNKNOWN: Kind = Kind::Other("of an unknown type");

impl Kind {
    /// What a column holds.
    pub fn of(column: &ColumnDescriptor) -> Self {
        let logical = column.logical_type_ref();
        if matches!(logical, Some(LogicalType::Unknown)) {
            return Self::Missing;
        }
        let decimal = decimal(logical, column);
        match column.physical_type() {
            Physical::BOOLEAN => Self::Flag,
            Physical::INT32 => decimal.unwrap_or_else(|| int32(logical, column)),
            Physical::INT64 => decimal.unwrap_or_else(|| int64(logical, column)),
            // Instants, though they do not say so.
            Physical::INT96 => Self::Instant(Unit::Micros),
            Physical::FLOAT => Self::Float,
            Physical::DOUBLE => Self::Double,
            Physical::BYTE_ARRAY => decimal.unwrap_or_else(|| bytes(logical, column)),
            Physical::FIXED_LEN_BYTE_ARRAY => decimal.unwrap_or_else(|| fixed(logical, column)),
        }
    }

    /// Whether the values are times that need no reading.
    pub fn is_instant(self) -> bool {
        matches!(self, Self::Instant(_) | Self::Local(_) | Self::Day)
    }

    /// Whether the values are whole numbers that are handed on as such.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Whole32 { .. } | Self::Whole64)
    }

    /// Whether the values are handed on as texts.
    pub fn is_text(self) -> bool {
        use Kind::{Bytes, Double, Float, Text, Unsigned64, Uuid};
        matches!(self, Text | Bytes | Unsigned64 | Float | Double | Uuid)
    }
}

fn int32(logical: Option<&LogicalType>, column: &ColumnDescriptor) -> Kind {
    let whole = |bits, signed| Kind::Whole32 { bits, signed };
    match (logical, column.converted_type()) {
        (None, ConvertedType::NONE | ConvertedType::INT_32) => whole(32, true),
        (None, ConvertedType::INT_8) => whole(8, true),
        (None, ConvertedType::INT_16) => whole(16, true),
        (None, ConvertedType::UINT_8) => whole(8, false),
        (None, ConvertedType::UINT_16) => whole(16, false),
        (None, ConvertedType::UINT_32) => whole(32, false),
        (Some(LogicalType::Integer(IntType { bit_width: 8, is_signed })), _) => {
            whole(8, *is_signed)
        }
        (Some(LogicalType::Integer(IntType { bit_width: 16, is_signed })), _) => {
            whole(16, *is_signed)
        }
        (Some(LogicalType::Integer(IntType { bit_width: 32, is_signed })), _) => {
            whole(32, *is_signed)
        }
        (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Kind::Day,
        (Some(LogicalType::Time(_)), _) | (None, ConvertedType::TIME_MILLIS) => TIME,
        _ => UNKNOWN,
    }
}

fn int64(logical: Option<&LogicalType>, column: &ColumnDescriptor) -> Kind {
    match (logical, column.converted_type()) {
        (None, ConvertedType::NONE | ConvertedType::INT_64) => Kind::Whole64,
        (None, ConvertedType::UINT_64) => Kind::Unsigned64,
        (Some(LogicalType::Integer(IntType { bit_width: 64, is_signed })), _) => match is_signed {
            true => Kind::Whole64,
            false => Kind::Unsigned64,
        },
        (Some(LogicalType::Timestamp(it)), _) => {
            let unit = match it.unit {
                TimeUnit::MILLIS => Unit::Millis,
                TimeUnit::MICROS => Unit::Micros,
                TimeUnit::NANOS => Unit::Nanos,
            };
            if it.is_adjusted_to_u_t_c { Kind::Instant(unit) } else { Kind::Local(unit) }
        }
        (None, ConvertedType::TIMESTAMP_MILLIS) => Kind::Instant(Unit::Millis),
        (None, ConvertedType::TIMESTAMP_MICROS) => Kind::Instant(Unit::Micros),
        (Some(LogicalType::Time(_)), _) | (None, ConvertedType::TIME_MICROS) => TIME,
        _ => UNKNOWN,
    }
}

fn bytes(logical: Option<&LogicalType>, column: &ColumnDescriptor) -> Kind {
    match (logical, column.converted_type()) {
        (Some(LogicalType::String | LogicalType::Json), _) => Kind::Text,
        (None, ConvertedType::UTF8 | ConvertedType::JSON) => Kind::Text,
        _ => Kind::Bytes,
    }
}

fn fixed(logical: Option<&LogicalType>, column: &ColumnDescriptor) -> Kind {
    match (logical, column.converted_type()) {
        (None, ConvertedType::INTERVAL) => Kind::Other("a span of time"),
        (Some(LogicalType::Float16), _) => Kind::Other("a float of 16 bits"),
        _ if column.type_length() == 16 => Kind::Uuid,
        _ => Kind::Other("bytes of a fixed length"),
    }
}

/// What a column holds that says of itself that it holds decimals, whatever they are kept as.
fn decimal(logical: Option<&LogicalType>, column: &ColumnDescriptor) -> Option<Kind> {
    let (scale, precision) = match (logical, column.converted_type()) {
        (Some(LogicalType::Decimal(it)), _) => (it.scale, it.precision),
        (None, ConvertedType::DECIMAL) => (column.type_scale(), column.type_precision()),
        _ => return None,
    };
    let is_long = usize::try_from(column.type_length()).is_ok_and(|it| it > DECIMAL_BYTES);
    Some(match u32::try_from(scale) {
        _ if is_long || precision > MOST_DIGITS => LARGE,
        Ok(scale) => Kind::Decimal(scale),
        Err(_) => Kind::Other("a decimal with a scale below zero"),
    })
}
