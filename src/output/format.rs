//! How each [`Cell`] is written: for people, and exactly for data.
//!
//! For people a figure is as long as it is useful; data formats write all of it.
//! Text comes out as it is: escaping is the sink's.

use std::io::Write as _;

use serde_json::Value;

use crate::base::Currency;
use crate::base::money::Total;
pub use crate::base::numerals::{money, thousands};
use crate::model::{Cell, Kind};

/// What stands where there is no value.
pub const NOTHING: &str = "–";

/// A count for maps and tiles: two or three significant digits and `k`, `M`, `B`, `T`.
///
/// ```
/// use touchpath::output::format::short;
/// let shown: Vec<String> = [943, 1000, 7_912, 9_960, 18_279, 999_600, 1_234_567].map(short).into();
/// assert_eq!(shown, ["943", "1.0k", "7.9k", "10k", "18k", "1.0M", "1.2M"]);
/// ```
pub fn short(count: u64) -> String {
    if count < 1000 {
        return count.to_string();
    }
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit < 4 {
        value /= 1000.0;
        unit += 1;
    }
    let unit = ["", "k", "M", "B", "T"][unit];
    if value < 9.95 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

/// Money for maps: [`short`], in major units, with its currency if that has a name.
///
/// ```
/// use touchpath::output::format::short_money;
/// let euro = "EUR".parse().unwrap();
/// let shown = [0, 42, 950, 94_300, 791_200, -123_456_700].map(|it| short_money(it, euro));
/// assert_eq!(shown, ["0 EUR", "0.42 EUR", "9.50 EUR", "943 EUR", "7.9k EUR", "-1.2M EUR"]);
/// assert_eq!(short_money(950, Default::default()), "9.50");
/// ```
pub fn short_money(minor: Total, currency: Currency) -> String {
    let scale = 10u128.pow(currency.digits());
    let size = minor.unsigned_abs();
    let sign = if minor < 0 { "-" } else { "" };
    let amount = if size > 0 && size < 10 * scale {
        currency.format(minor)
    } else {
        let whole = (size + scale / 2) / scale;
        format!("{sign}{}", short(u64::try_from(whole).unwrap_or(u64::MAX)))
    };
    currency.behind(amount)
}

/// A share as whole percent for maps: never 0 % or 100 % unless it is.
///
/// ```
/// use touchpath::output::format::percent;
/// let shown: Vec<String> = [0.0, 0.001, 0.016, 0.124, 0.999, 1.0].map(percent).into();
/// assert_eq!(shown, ["0%", "<1%", "2%", "12%", ">99%", "100%"]);
/// ```
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        it if !it.is_finite() => NOTHING.to_owned(),
        it if it > 0.0 && it < 0.5 => "<1%".to_owned(),
        it if (99.5..100.0).contains(&it) => ">99%".to_owned(),
        it => format!("{it:.0}%"),
    }
}

/// A share with one decimal: `12.3 %`; small ones with more.
fn share(share: f64) -> String {
    let value = share * 100.0;
    match value.abs() {
        _ if !value.is_finite() => NOTHING.to_owned(),
        it if it == 0.0 || it >= 0.095 => format!("{value:.1} %"),
        it if it >= 0.0095 => format!("{value:.2} %"),
        it if it >= 0.00095 => format!("{value:.3} %"),
        _ if value > 0.0 => "<0.001 %".to_owned(),
        _ => ">-0.001 %".to_owned(),
    }
}

/// A plain number: whole ones whole, others with about four significant digits.
fn number(value: f64) -> String {
    let value = value + 0.0;
    let size = value.abs();
    if !value.is_finite() {
        NOTHING.to_owned()
    } else if value.fract() == 0.0 && size < 1e15 {
        thousands(&format!("{value:.0}"))
    } else if (1e-4..1e15).contains(&size) {
        let whole_digits = if size < 1.0 { 1 } else { size.log10().floor() as usize + 1 };
        let mut text = format!("{value:.*}", 5usize.saturating_sub(whole_digits).clamp(1, 4));
        let whole = text.find('.').unwrap_or(text.len());
        let rest = text.split_off(whole);
        thousands(&text) + &rest
    } else {
        format!("{value:.3e}")
    }
}

/// A cell for people.
pub fn people(cell: &Cell, currency: Currency) -> String {
    match cell {
        Cell::Empty("") => NOTHING.to_owned(),
        Cell::Empty(reason) => format!("{NOTHING} ({reason})"),
        Cell::Text(it) => it.clone(),
        Cell::Count(it) => thousands(&it.to_string()),
        Cell::Integer(it) => thousands(&it.to_string()),
        Cell::Share(it) => share(*it),
        Cell::Number(it) => number(*it),
        Cell::Money(it) => money(*it, currency),
        Cell::Span(it) => it.human(),
        Cell::Time(it) => it.to_string().replace('T', " "),
        Cell::Flag(true) => "yes".to_owned(),
        Cell::Flag(false) => "no".to_owned(),
    }
}

/// Seconds of a span, exact: `1.5`, `-0.000001`, `86400`.
fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let size = micros.unsigned_abs();
    let (whole, part) = (size / 1_000_000, size % 1_000_000);
    if part == 0 {
        format!("{sign}{whole}")
    } else {
        let part = format!("{part:06}");
        format!("{sign}{whole}.{}", part.trim_end_matches('0'))
    }
}

/// A cell for data, exact: shares and numbers as the shortest decimal that reads
/// back as the same `f64`, money in major units with all decimals, spans in
/// seconds, instants by RFC 3339; empty and undefined are the empty text.
pub fn data(cell: &Cell, currency: Currency) -> String {
    match cell {
        Cell::Empty(_) => String::new(),
        Cell::Text(it) => it.clone(),
        Cell::Count(it) => it.to_string(),
        Cell::Integer(it) => it.to_string(),
        Cell::Share(it) | Cell::Number(it) if !it.is_finite() => String::new(),
        Cell::Share(it) | Cell::Number(it) => format!("{}", it + 0.0),
        Cell::Money(it) => currency.format(*it),
        Cell::Span(it) => seconds(it.0),
        Cell::Time(it) => it.to_string(),
        Cell::Flag(it) => it.to_string(),
    }
}

/// Adds a cell for data to a line: [`data`], without a text of its own.
pub fn put_data(cell: &Cell, currency: Currency, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = match cell {
        Cell::Empty(_) => Ok(()),
        Cell::Text(it) => out.write_all(it.as_bytes()),
        Cell::Count(it) => write!(out, "{it}"),
        Cell::Integer(it) => write!(out, "{it}"),
        Cell::Number(it) if it.fract() == 0.0 && it.abs() < 1e15 => write!(out, "{}", *it as i64),
        Cell::Money(it) if i64::try_from(*it).is_ok() && currency.digits() == 2 => {
            let sign = if *it < 0 { "-" } else { "" };
            let size = it.unsigned_abs() as u64;
            write!(out, "{sign}{}.{:02}", size / 100, size % 100)
        }
        Cell::Time(it) => write!(out, "{it}"),
        other => out.write_all(data(other, currency).as_bytes()),
    };
}

/// A cell as JSON: as [`data`], with numbers as numbers, money as text (a decimal
/// must not become a float on its way) and nothing as `null`.
pub fn json(cell: &Cell, currency: Currency) -> Value {
    match cell {
        Cell::Empty(_) => Value::Null,
        Cell::Count(it) => Value::from(*it),
        Cell::Integer(it) => Value::from(*it),
        Cell::Share(it) | Cell::Number(it) => Value::from(it + 0.0),
        Cell::Span(it) => Value::from(it.as_seconds()),
        Cell::Flag(it) => Value::from(*it),
        Cell::Text(_) | Cell::Money(_) | Cell::Time(_) => Value::from(data(cell, currency)),
    }
}

/// Whether the cells of a kind stand flush right.
pub fn is_numeric(kind: Kind) -> bool {
    matches!(kind, Kind::Count | Kind::Share | Kind::Number | Kind::Money | Kind::Span)
}

/// The name of a kind in data formats.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Count => "count",
        Kind::Share => "share",
        Kind::Number => "number",
        Kind::Money => "money",
        Kind::Span => "span",
        Kind::Time => "time",
        Kind::Flag => "flag",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Span, Timestamp};

    #[test]
    fn each_cell_is_written_for_people_and_for_data() {
        let euro: Currency = "EUR".parse().unwrap();
        let cases: &[(Cell, &str, &str, &str)] = &[
            (Cell::Empty(""), "–", "", "null"),
            (Cell::Empty("no orders"), "– (no orders)", "", "null"),
            (Cell::text("a,b"), "a,b", "a,b", "\"a,b\""),
            (Cell::Count(60_000), "60,000", "60000", "60000"),
            (Cell::Integer(-1_500), "-1,500", "-1500", "-1500"),
            (Cell::Share(0.123_456), "12.3 %", "0.123456", "0.123456"),
            (Cell::Share(0.000_12), "0.01 %", "0.00012", "0.00012"),
            (Cell::Share(1e-7), "<0.001 %", "0.0000001", "1e-7"),
            (Cell::Share(f64::NAN), "–", "", "null"),
            (Cell::Share(1.0 / 3.0), "33.3 %", "0.3333333333333333", "0.3333333333333333"),
            (Cell::Number(1234.5), "1,234.5", "1234.5", "1234.5"),
            (Cell::Number(0.5), "0.5000", "0.5", "0.5"),
            (Cell::Number(-0.0), "0", "0", "0.0"),
            (Cell::Number(2.0), "2", "2", "2.0"),
            (Cell::Number(1e-9), "1.000e-9", "0.000000001", "1e-9"),
            (Cell::Money(-123_456), "-1,234.56 EUR", "-1234.56", "\"-1234.56\""),
            (Cell::Span(Span(1_500_000)), "2 s", "1.5", "1.5"),
            (Cell::Span(Span::seconds(10_800)), "3.0 h", "10800", "10800.0"),
            (Cell::Span(Span(-1)), "-0 ms", "-0.000001", "-1e-6"),
            (
                Cell::Time(Timestamp(0)),
                "1970-01-01 00:00:00Z",
                "1970-01-01T00:00:00Z",
                "\"1970-01-01T00:00:00Z\"",
            ),
            (Cell::Flag(true), "yes", "true", "true"),
        ];
        for (cell, for_people, for_data, in_json) in cases {
            assert_eq!(people(cell, euro), *for_people, "{cell:?}");
            assert_eq!(data(cell, euro), *for_data, "{cell:?}");
            let mut line = Vec::new();
            put_data(cell, euro, &mut line);
            assert_eq!(line, for_data.as_bytes(), "{cell:?}");
            assert_eq!(json(cell, euro).to_string(), *in_json, "{cell:?}");
        }
    }
}
