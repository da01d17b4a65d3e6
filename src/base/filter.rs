//! The small language of `where`: a yes or no about one row.
//!
//! A filter names columns or properties and is asked with their values. It
//! knows neither rows nor files: whoever asks looks the values up.
//!
//! ```text
//! event == purchase and (value >= 10 or channel in ('email', 'push'))
//! `Device type` ~ '^tablet' and not country is missing
//! ```

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{Error, Result};

mod parse;

/// A parsed filter.
///
/// A missing value (none, or an empty text) equals nothing, is in no list and
/// matches no expression; `!=`, `!~` and `not in` are the exact opposites and
/// therefore hold. No order holds with a missing value.
///
/// A bare number compares as a number with every value that is a plain decimal
/// number, exactly and at any length; all else, and everything quoted, compares
/// as text by its bytes. So `id == '007'` is not the id `7`, and `age == 07` is.
///
/// ```
/// use touchpath::base::filter::Filter;
/// let filter = Filter::parse("event == purchase and value >= 10").unwrap();
/// assert_eq!(filter.names(), ["event", "value"]);
/// assert!(filter.matches(&[Some("purchase"), Some("10.00")]));
/// assert!(!filter.matches(&[Some("purchase"), Some("9.99")]));
/// assert!(!filter.matches(&[Some("purchase"), None]));
/// ```
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    names: Vec<String>,
    root: Node,
}

#[derive(Debug, Clone)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(usize, Test),
}

#[derive(Debug, Clone)]
enum Test {
    Missing,
    Equal(Value),
    /// Whether the order of the value against the constant is one of these.
    Order(Value, &'static [Ordering]),
    In(Vec<Value>),
    Matches(Regex),
}

/// A constant: whether it compares as a number, and its text.
#[derive(Debug, Clone)]
struct Value {
    number: bool,
    text: String,
}

impl Value {
    fn compare(&self, other: &str) -> Ordering {
        let by_number = || compare_decimals(other, &self.text);
        self.number.then(by_number).flatten().unwrap_or_else(|| other.cmp(self.text.as_str()))
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Says the column of the first thing that does not fit, and what would.
    pub fn parse(text: &str) -> Result<Self> {
        let (root, names) = parse::parse(text)?;
        Ok(Self { text: text.to_owned(), names, root })
    }

    /// The names that the filter asks about, in order of first use.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The filter as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a row passes; `values` are those of [`Self::names`], in that order.
    pub fn matches(&self, values: &[Option<&str>]) -> bool {
        self.root.matches(values)
    }
}

impl Node {
    fn matches(&self, values: &[Option<&str>]) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|it| it.matches(values)),
            Self::Any(nodes) => nodes.iter().any(|it| it.matches(values)),
            Self::Not(node) => !node.matches(values),
            Self::Test(name, test) => {
                let value = values.get(*name).copied().flatten().filter(|it| !it.is_empty());
                test.holds(value)
            }
        }
    }
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Self::Missing) };
        match self {
            Self::Missing => false,
            Self::Equal(it) => it.compare(value) == Ordering::Equal,
            Self::Order(it, orders) => orders.contains(&it.compare(value)),
            Self::In(list) => list.iter().any(|it| it.compare(value) == Ordering::Equal),
            Self::Matches(regex) => regex.is_match(value),
        }
    }
}

/// The sign, whole digits and decimal digits of a plain decimal number.
fn decimal(text: &str) -> Option<(bool, &str, &str)> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let zero = whole.is_empty() && fraction.is_empty();
    Some((negative && !zero, whole, fraction))
}

/// The order of two plain decimal numbers, exact at any length.
fn compare_decimals(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (decimal(a)?, decimal(b)?);
    let size = a.1.len().cmp(&b.1.len()).then(a.1.cmp(b.1)).then(a.2.cmp(b.2));
    Some(match (a.0, b.0) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Filter {}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        super::text::deserialize(deserializer)
    }
}

impl JsonSchema for Filter {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Filter".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "examples": ["event == 'purchase' and value >= 10", "country in (DE, AT, CH)"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks a filter about `a=…` `b=…`; a name without a value is missing.
    fn ask(filter: &str, row: &[(&str, &str)]) -> bool {
        let filter = Filter::parse(filter).unwrap();
        let value = |name: &String| row.iter().find(|it| it.0 == name.as_str()).map(|it| it.1);
        let values: Vec<Option<&str>> = filter.names().iter().map(value).collect();
        filter.matches(&values)
    }

    #[test]
    fn filters_answer_as_their_table_says() {
        let row = [
            ("event", "purchase"),
            ("value", "10.50"),
            ("id", "007"),
            ("big", "9007199254740993"),
            ("minus", "-2.5"),
            ("empty", ""),
            ("Device type", "tablet"),
            ("user.plan", "pro"),
            ("quote", "it's"),
            ("day", "2026-01-02"),
        ];
        let cases = [
            ("event == purchase", true),
            ("event = 'purchase'", true),
            ("event != \"purchase\"", false),
            ("event <> cart", true),
            ("event == Purchase", false),
            ("value >= 10.5", true),
            ("value > 10.5", false),
            ("value < 9", false),
            ("value < '9'", true), // quoted: text
            ("value == 0010.500", true),
            ("id == 7", true),
            ("id == '7'", false),
            ("id == '007'", true),
            ("big == 9007199254740992", false),
            ("big > 9007199254740992", true),
            ("minus < -2", true),
            ("minus > -3", true),
            ("minus < 0", true),
            ("event > 5", true), // no number: text
            ("empty is missing", true),
            ("nothing is missing", true),
            ("event is missing", false),
            ("event IS NOT missing", true),
            ("nothing == x", false),
            ("nothing != x", true),
            ("nothing < 5 or nothing >= 5", false),
            ("nothing not in (x)", true),
            ("event in ('cart', purchase)", true),
            ("value in (1, 10.5)", true),
            ("event not in ('cart')", true),
            ("not event in ('cart')", true),
            ("event ~ '^pur'", true),
            ("event !~ '^pur'", false),
            ("`Device type` == tablet", true),
            ("user.plan == pro", true),
            ("quote == 'it''s'", true),
            ("day >= 2026-01-01 and day < 2026-02-01", true),
            ("event == cart or event == purchase and value > 100", false),
            ("(event == cart or event == purchase) and value > 10", true),
            ("not (event == cart) AND not value < 10", true),
            ("not not event == purchase", true),
        ];
        for (filter, expected) in cases {
            assert_eq!(ask(filter, &row), expected, "{filter}");
        }
    }

    #[test]
    fn mistakes_name_their_column() {
        let cases = [
            ("", 1, "expected the name of a column or property, found the end"),
            ("event", 6, "expected an operator (== != < <= > >= ~ !~ in is), found the end"),
            ("event == ", 10, "expected a value, found the end"),
            ("event == 'a", 10, "the quote ' is never closed"),
            ("'event' == a", 1, "expected the name of a column or property, found \"event\""),
            ("a == 1 b == 2", 8, "expected \"and\", \"or\" or the end, found \"b\""),
            ("(a == 1", 8, "expected \")\", found the end"),
            ("a in 5", 6, "expected \"(\", found \"5\""),
            ("a in (5", 8, "expected \",\" or \")\", found the end"),
            ("a is null", 6, "expected \"missing\", found \"null\""),
            ("!a", 1, "\"!\" is no operator"),
            ("a==1or b==2", 8, "expected \"and\", \"or\" or the end, found \"b\""),
            ("é == 1 x", 8, "expected \"and\", \"or\" or the end, found \"x\""),
            ("a ~ '('", 5, "cannot use the regular expression \"(\""),
            ("a ~ '(a{1000}){1000}'", 5, "cannot use the regular expression \"(a{1000}){1000}\""),
        ];
        for (filter, column, message) in cases {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!(error.message(), message, "{filter}");
            assert_eq!(error.place().unwrap().column, column, "{filter}");
            assert!(error.hint_text().is_some(), "{filter}");
        }
    }

    #[test]
    fn deep_filters_are_refused_not_overflowing() {
        let nots = "not ".repeat(100_000) + "a == 1";
        let parens = "(".repeat(100_000) + "a == 1" + &")".repeat(100_000);
        for deep in [nots, parens] {
            assert!(Filter::parse(&deep).unwrap_err().message().contains("deeper"));
        }
        let wide = vec!["a == 1"; 20_000].join(" or ");
        assert!(ask(&wide, &[("a", "1")]));
    }
}
