//! One record of an export, and the values that paths and takes find in it.
//!
//! Knows the language of presets; no rows and no files.

use std::borrow::Cow;

use super::json::{Inside, Json};
use super::table::{Take, When};
use crate::base::IssueKind;
use crate::input::decimal::Decimal;

/// One record: an object, or one element of a list in it.
pub struct Record<'r, 't> {
    pub(super) root: &'r Json<'t>,
    /// The element at hand, and what paths into it begin with.
    pub(super) element: Option<(&'static str, &'r Json<'t>)>,
    /// The file's name up to its first point.
    pub(super) file: &'r str,
    /// The position of the element in its list.
    pub(super) index: usize,
}

/// Why a record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The reason.
    pub kind: IssueKind,
    /// What is wrong.
    pub detail: String,
}

impl Trouble {
    /// A record that is not as its format says.
    pub fn record(detail: impl Into<String>) -> Self {
        Self { kind: IssueKind::BadRecord, detail: detail.into() }
    }

    fn json(path: &str) -> Self {
        Self { kind: IssueKind::BadJson, detail: format!("the value of {path}") }
    }
}

/// A value that was looked for.
pub type Found<T> = Result<Option<T>, Trouble>;

/// The keys of the object that holds a value of one of several types in GA4's export.
const TYPED: [&str; 5] =
    ["string_value", "int_value", "float_value", "double_value", "set_timestamp_micros"];

impl<'r, 't> Record<'r, 't> {
    /// The value at a path; none where a step of it is absent or `null`.
    ///
    /// # Errors
    /// A step leads into a text or number, or a key of an object occurs twice.
    pub(super) fn find(&self, path: &str) -> Found<&'r Json<'t>> {
        match self.element {
            Some((name, element)) => match path.strip_prefix(name) {
                Some(rest) if rest.starts_with('.') => walk(element, &rest[1..]),
                _ => walk(self.root, path),
            },
            None => walk(self.root, path),
        }
    }

    /// The text at a path; none where it is absent, `null` or blank.
    ///
    /// # Errors
    /// As above; the value is an object or a list.
    pub fn text(&self, path: &str) -> Found<Cow<'r, str>> {
        if path == "@file" {
            return Ok(Some(Cow::Borrowed(self.file)));
        }
        if path == "@index" {
            return Ok(Some(Cow::Owned(self.index.to_string())));
        }
        let Some(value) = self.find(path)? else { return Ok(None) };
        let value = match value.inside() {
            Inside::Single => value,
            Inside::Object(entries) if entries.iter().all(|it| TYPED.contains(&&*it.0)) => {
                match entries.iter().find(|it| !it.1.is_empty()) {
                    Some(it) => &it.1,
                    None => return Ok(None),
                }
            }
            Inside::Object(_) => return Err(Trouble::record(format!("{path} is an object"))),
            Inside::List(_) => return Err(Trouble::record(format!("{path} is a list"))),
            Inside::Broken => return Err(Trouble::json(path)),
        };
        let text = value.text().map_err(|_| Trouble::json(path))?;
        Ok(text.filter(|it| !it.trim().is_empty()))
    }

    /// The paths to the keys of an object that begin so.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn keys_with(&self, path: &str, start: &str) -> Result<Vec<String>, Trouble> {
        let Some(it) = self.find(path)? else { return Ok(Vec::new()) };
        let Inside::Object(entries) = it.inside() else { return Ok(Vec::new()) };
        let keys = entries.iter().filter(|it| it.0.starts_with(start));
        Ok(keys.map(|it| format!("{path}.{}", it.0)).collect())
    }

    /// The value as text, objects and lists as they are written: for columns that a user
    /// names and for properties.
    ///
    /// # Errors
    /// As [`Self::text`], but for objects and lists.
    pub(super) fn any(&self, path: &str) -> Found<Cow<'r, str>> {
        match self.find(path)? {
            Some(it) if matches!(it.inside(), Inside::List(_)) => Ok(Some(it.raw().into())),
            Some(it) => match it.inside() {
                Inside::Object(all) if !all.iter().all(|it| TYPED.contains(&&*it.0)) => {
                    Ok(Some(it.raw().into()))
                }
                _ => self.text(path),
            },
            None => self.text(path),
        }
    }

    /// Whether something holds of the record.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn holds(&self, when: &When) -> Result<bool, Trouble> {
        Ok(match when {
            When::Is(path, texts) => self.text(path)?.is_some_and(|it| texts.contains(&&*it)),
            When::Has("@file") => true,
            When::Has(path) => self.find(path)?.is_some_and(|it| !it.is_empty()),
            When::Lacks(path) => self.find(path)?.is_none_or(Json::is_empty),
            When::Not(other) => !self.holds(other)?,
            When::All(all) => {
                for it in *all {
                    if !self.holds(it)? {
                        return Ok(false);
                    }
                }
                true
            }
            When::Any(any) => {
                for it in *any {
                    if self.holds(it)? {
                        return Ok(true);
                    }
                }
                false
            }
        })
    }

    /// The first value that is there.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn first(&self, takes: &[Take]) -> Found<Cow<'r, str>> {
        for take in takes {
            if let Some(it) = self.take(take)? {
                return Ok(Some(it));
            }
        }
        Ok(None)
    }

    pub(super) fn take(&self, take: &Take) -> Found<Cow<'r, str>> {
        Ok(match *take {
            Take::At(path) => self.text(path)?,
            Take::Text(text) => Some(Cow::Borrowed(text)),
            Take::Unless(path, texts) => self.text(path)?.filter(|it| !texts.contains(&&**it)),
            Take::Minus(path) => self.text(path)?.map(minus),
            Take::Below(path) => {
                self.text(path)?.map(|it| if it.trim().starts_with('-') { it } else { minus(it) })
            }
            Take::Utc(path) => self.text(path)?.map(utc),
            Take::Behind(path, start) => match self.text(path)? {
                Some(it) => it.strip_prefix(start).map(|it| Cow::Owned(it.to_owned())),
                None => None,
            },
            Take::NotBehind(path, start) => self.text(path)?.filter(|it| !it.starts_with(start)),
            Take::Joined(paths) => self.joined(paths)?.map(Cow::Owned),
            Take::Ordered(paths) => self.ordered(paths)?.map(Cow::Owned),
            Take::If(ref when, take) => match self.holds(when)? {
                true => self.take(take)?,
                false => None,
            },
            Take::By(function) => function(self)?.map(Cow::Owned),
        })
    }

    fn joined(&self, paths: &[&str]) -> Found<String> {
        let mut texts = Vec::with_capacity(paths.len());
        for path in paths {
            match self.text(path)? {
                Some(it) => texts.push(it),
                None => return Ok(None),
            }
        }
        Ok(Some(texts.join(".")))
    }

    /// Sixteen hexadecimal digits a number, its sign turned so that negative ones come
    /// first; what is absent comes before all numbers.
    fn ordered(&self, paths: &[&str]) -> Found<String> {
        let (mut text, mut any) = (String::with_capacity(paths.len() * 16), false);
        for path in paths {
            let number = match self.text(path)? {
                None => 0,
                Some(it) => {
                    any = true;
                    let number: i64 = it.trim().parse().map_err(|_| Trouble {
                        kind: IssueKind::BadSequence,
                        detail: format!("\"{it}\" (column {path})"),
                    })?;
                    (number as u64) ^ (1 << 63)
                }
            };
            text.push_str(&format!("{number:016x}"));
        }
        Ok(any.then_some(text))
    }
}

/// Goes down a path. A key that is the whole rest of it, dots and all, goes first.
fn walk<'r, 't>(from: &'r Json<'t>, path: &str) -> Found<&'r Json<'t>> {
    let (mut at, mut rest) = (from, path);
    loop {
        let (step, behind) = match rest.split_once('.') {
            Some((step, behind)) => (step, Some(behind)),
            None => (rest, None),
        };
        let next = match at.inside() {
            Inside::Object(entries) => {
                if let Some(it) = only(entries, rest)?.filter(|_| behind.is_some()) {
                    return Ok(Some(it).filter(|it| it.raw() != "null"));
                }
                only(entries, step)?
            }
            Inside::List(values) => element(values, step)?,
            Inside::Single if at.is_empty() => None,
            Inside::Single => {
                let above = path[..path.len() - rest.len()].trim_end_matches('.');
                return Err(Trouble::record(format!("{above} is no object")));
            }
            Inside::Broken => return Err(Trouble::json(path)),
        };
        let Some(next) = next.filter(|it| it.raw() != "null") else { return Ok(None) };
        match behind {
            Some(it) => (at, rest) = (next, it),
            None => return Ok(Some(next)),
        }
    }
}

fn only<'r, 't>(entries: &'r [(Cow<'t, str>, Json<'t>)], key: &str) -> Found<&'r Json<'t>> {
    let mut found = entries.iter().filter(|it| it.0 == key);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(Trouble {
            kind: IssueKind::BadJson,
            detail: format!("the key \"{key}\" occurs twice"),
        }),
        (it, _) => Ok(it.map(|it| &it.1)),
    }
}

/// An element of a list by its position, or by its `key` where it is an object with one.
fn element<'r, 't>(values: &'r [Json<'t>], step: &str) -> Found<&'r Json<'t>> {
    if let Ok(index) = step.parse::<usize>() {
        return Ok(values.get(index));
    }
    for value in values {
        let Inside::Object(entries) = value.inside() else { continue };
        let key = only(entries, "key")?.map(|it| it.text().ok().flatten());
        if key.flatten().as_deref() == Some(step) {
            return only(entries, "value");
        }
    }
    Ok(None)
}

/// A number with its sign turned; what is no number stays, to be found out as such.
fn minus(text: Cow<'_, str>) -> Cow<'_, str> {
    let bare = text.trim();
    match Decimal::parse(bare) {
        None | Some(Decimal { unscaled: 0, .. }) => text,
        Some(_) => match bare.strip_prefix('-') {
            Some(it) => Cow::Owned(it.to_owned()),
            None => Cow::Owned(format!("-{}", bare.trim_start_matches('+'))),
        },
    }
}

/// A time that is UTC where it names no offset, as RFC 3339; `… UTC` and `+00` are such
/// too. What is no such text stays.
fn utc(text: Cow<'_, str>) -> Cow<'_, str> {
    let bare = text.trim();
    let bare = bare.strip_suffix(" UTC").unwrap_or(bare);
    let is_date = bare.len() >= 19 && bare.as_bytes()[4] == b'-' && bare.is_ascii();
    if !is_date {
        return text;
    }
    let zone = bare[19..].trim_start_matches(|it: char| it == '.' || it.is_ascii_digit());
    match zone.len() {
        0 => Cow::Owned(format!("{bare}Z")),
        // PostgreSQL writes whole hours of an offset alone.
        3 if zone.starts_with(['+', '-']) => Cow::Owned(format!("{bare}:00")),
        _ if bare.len() == text.len() => text,
        _ => Cow::Owned(bare.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(json: &str, take: &Take) -> Result<Option<String>, String> {
        let root = Json::object(json).unwrap();
        let record = Record { root: &root, element: None, file: "tracks", index: 0 };
        record.take(take).map(|it| it.map(Cow::into_owned)).map_err(|it| it.detail)
    }

    #[test]
    fn paths_go_through_objects_lists_and_lists_of_keys() {
        let json = r#"{"a":{"b":1,"c.d":2},"p":[{"key":"k","value":{"string_value":null,
            "int_value":"7"}},{"key":"f","value":{"double_value":42.0}},{"key":"s","value":"x"}],
            "n":null,"e":"","l":[5,6]}"#;
        let cases = [
            ("a.b", Ok(Some("1"))),
            ("a.c.d", Ok(Some("2"))),
            ("p.k", Ok(Some("7"))),
            ("p.f", Ok(Some("42"))),
            ("p.s", Ok(Some("x"))),
            ("p.none", Ok(None)),
            ("n.x", Ok(None)),
            ("e", Ok(None)),
            ("e.x", Ok(None)),
            ("l.1", Ok(Some("6"))),
            ("@file", Ok(Some("tracks"))),
            ("a", Err("a is an object")),
            ("l", Err("l is a list")),
            ("a.b.c", Err("a.b is no object")),
        ];
        for (path, expected) in cases {
            let path: &'static str = path;
            let expected = expected.map(|it| it.map(str::to_owned)).map_err(str::to_owned);
            assert_eq!(pick(json, &Take::At(path)), expected, "{path}");
        }
        assert_eq!(
            pick(r#"{"a":1,"a":2}"#, &Take::At("a")),
            Err("the key \"a\" occurs twice".to_owned())
        );
    }

    #[test]
    fn numbers_turn_their_sign_and_times_get_their_zone() {
        let turned = [("5", "-5"), ("-5.50", "5.50"), ("+5", "-5"), ("0.00", "0.00"), ("x", "x")];
        for (text, expected) in turned {
            assert_eq!(minus(text.into()), expected, "{text}");
        }
        let times = [
            ("2026-01-01 10:00:00", "2026-01-01 10:00:00Z"),
            ("2026-01-01 10:00:00.123456", "2026-01-01 10:00:00.123456Z"),
            ("2026-01-01 10:00:00.123 UTC", "2026-01-01 10:00:00.123Z"),
            ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
            ("2026-01-01 10:00:00+02:00", "2026-01-01 10:00:00+02:00"),
            ("2026-01-01 10:00:00.5+00", "2026-01-01 10:00:00.5+00:00"),
            ("1767261600", "1767261600"),
            ("yesterday, I think, or so", "yesterday, I think, or so"),
        ];
        for (text, expected) in times {
            assert_eq!(utc(text.into()), expected, "{text}");
        }
    }

    #[test]
    fn ordered_numbers_sort_as_texts() {
        let key = |json: &str| pick(json, &Take::Ordered(&["a", "b"])).unwrap();
        let ascending = [
            r#"{"b":1}"#,
            r#"{"a":-2}"#,
            r#"{"a":"3","b":-9}"#,
            r#"{"a":3,"b":10}"#,
            r#"{"a":20,"b":1}"#,
        ];
        for pair in ascending.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
        assert_eq!(key("{}"), None);
        assert!(pick(r#"{"a":"x"}"#, &Take::Ordered(&["a"])).is_err());
    }
}
