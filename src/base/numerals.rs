//! Numbers as people read them in a sentence or a table.

use super::money::{Currency, Total};

/// A whole number with thousands separators.
///
/// ```
/// use touchpath::base::numerals::thousands;
/// assert_eq!(thousands("1234567"), "1,234,567");
/// assert_eq!(thousands("-123"), "-123");
/// ```
pub fn thousands(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |it| ("-", it));
    let mut out = String::from(sign);
    for (index, c) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count with thousands separators: `24,871`.
pub fn count(count: impl Into<u64>) -> String {
    thousands(&count.into().to_string())
}

/// A count and what is counted, in the plural unless it is one.
///
/// ```
/// use touchpath::base::numerals::counted;
/// assert_eq!(counted(1u64, "journey"), "1 journey");
/// assert_eq!(counted(1200u64, "journey"), "1,200 journeys");
/// ```
pub fn counted(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Money with thousands separators and its currency, if that has a name: `1,234.50 EUR`.
///
/// ```
/// use touchpath::base::numerals::money;
/// assert_eq!(money(-123_450, "EUR".parse().unwrap()), "-1,234.50 EUR");
/// assert_eq!(money(500, "JPY".parse().unwrap()), "500 JPY");
/// assert_eq!(money(5, Default::default()), "0.05");
/// ```
pub fn money(minor: Total, currency: Currency) -> String {
    let mut text = currency.format(minor);
    let whole = text.find('.').unwrap_or(text.len());
    let rest = text.split_off(whole);
    let amount = thousands(&text) + &rest;
    currency.behind(amount)
}
