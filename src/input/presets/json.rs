//! A JSON value that is only looked into where somebody asks.
//!
//! Numbers keep their own digits: an id of thirty digits stays what it is. Knows no
//! preset and no row.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::input::paths::text_of;

/// A value of a text.
#[derive(Debug)]
pub(super) struct Json<'a> {
    raw: &'a str,
    inside: OnceCell<Inside<'a>>,
}

/// What a value holds.
#[derive(Debug)]
pub(super) enum Inside<'a> {
    /// A text, a number, `true`, `false` or `null`.
    Single,
    /// Values by key, in the order of the text.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
    /// Values by position.
    List(Vec<Json<'a>>),
    /// Text that is no JSON after all: such as half of a character written as an escape.
    Broken,
}

impl<'a> Json<'a> {
    fn new(raw: &'a str) -> Self {
        Self { raw, inside: OnceCell::new() }
    }

    /// The object that a text is, checked to its end.
    ///
    /// # Errors
    /// The text is no JSON, or no object.
    pub fn object(text: &'a str) -> serde_json::Result<Self> {
        let text = text.trim();
        if !text.starts_with('{') {
            return Err(serde::de::Error::custom("not an object"));
        }
        let it = Self::new(text);
        let mut json = serde_json::Deserializer::from_str(text);
        let inside = Inside::deserialize(&mut json)?;
        json.end()?;
        let _ = it.inside.set(inside);
        Ok(it)
    }

    /// What the value holds.
    pub fn inside(&self) -> &Inside<'a> {
        self.inside.get_or_init(|| match self.raw.as_bytes().first() {
            Some(b'{' | b'[') => serde_json::from_str(self.raw).unwrap_or(Inside::Broken),
            _ => Inside::Single,
        })
    }

    /// Whether it is `null` or a blank text.
    pub fn is_empty(&self) -> bool {
        self.raw == "null" || self.raw.strip_prefix('"').is_some_and(|it| it.trim() == "\"")
    }

    /// The text of a single value, nothing for `null`; numbers without zeros that say
    /// nothing, so that `42.0` of one writer is `42` of another.
    ///
    /// # Errors
    /// The text has an escape that is none.
    pub fn text(&self) -> serde_json::Result<Option<Cow<'a, str>>> {
        let number = matches!(self.raw.as_bytes().first(), Some(b'-' | b'0'..=b'9'));
        Ok(text_of(self.raw)?.map(|it| if number { plain(it) } else { it }))
    }

    /// The value as it is written.
    pub fn raw(&self) -> &'a str {
        self.raw
    }
}

/// A number without zeros behind its point.
fn plain(number: Cow<'_, str>) -> Cow<'_, str> {
    if !number.contains('.') || number.contains(['e', 'E']) {
        return number;
    }
    let short = number.trim_end_matches('0').trim_end_matches('.').len();
    match number {
        Cow::Borrowed(it) => Cow::Borrowed(&it[..short]),
        Cow::Owned(mut it) => {
            it.truncate(short);
            Cow::Owned(it)
        }
    }
}

impl<'de> Deserialize<'de> for Inside<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneLevel)
    }
}

struct OneLevel;

impl<'de> Visitor<'de> for OneLevel {
    type Value = Inside<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            entries.push((key, Json::new(value.get())));
        }
        Ok(Inside::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element::<&'de RawValue>()? {
            values.push(Json::new(value.get()));
        }
        Ok(Inside::List(values))
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_values_keep_their_digits() {
        let cases = [
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("42.0", "42"),
            ("-19.90", "-19.9"),
            ("1.5e3", "1500"),
            ("\"42.0\"", "42.0"),
            ("true", "true"),
            ("\"q\\u00e9\"", "qé"),
        ];
        for (raw, expected) in cases {
            assert_eq!(Json::new(raw).text().unwrap().as_deref(), Some(expected), "{raw}");
        }
        assert_eq!(Json::new("null").text().unwrap(), None);
        assert!(Json::new("\"  \"").is_empty() && Json::new("null").is_empty());
        assert!(!Json::new("0").is_empty() && Json::new("\"\\ud800\"").text().is_err());
    }

    #[test]
    fn an_object_is_checked_to_its_end_however_deep() {
        for bad in ["", "{", "[1]", "1", "{\"a\":1} x", "{\"a\":1,}", "{\"z\":[\"\\q\"]}"] {
            assert!(Json::object(bad).is_err(), "{bad}");
        }
        let deep = format!(r#"{{"z":{}{},"a":1}}"#, "[".repeat(200_000), "]".repeat(200_000));
        let it = Json::object(&deep).unwrap();
        let Inside::Object(entries) = it.inside() else { panic!("no object") };
        assert!(matches!(entries[0].1.inside(), Inside::List(_)));
    }
}
