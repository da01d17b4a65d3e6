//! The first rows of a file as plain columns of texts, for guessing what they mean.
//!
//! Knows formats only well enough to look; never decides what a column means.

use std::collections::BTreeSet;

use super::presets;
use crate::base::{Error, Result};

/// How many rows are looked at.
pub(super) const ROWS: usize = 2000;
/// How deep nested objects are looked into.
const DEPTH: usize = 4;
/// How many columns are looked at.
const COLUMNS: usize = 2000;
/// Characters that may stand between fields, the likelier first.
const DELIMITERS: [char; 4] = [',', '\t', ';', '|'];

/// A column and its values, `""` where a row has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub values: Vec<String>,
}

impl Column {
    /// The values that are there.
    pub fn filled(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.iter().map(String::as_str).filter(|it| !it.trim().is_empty())
    }
}

/// The first rows of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// `csv`, `tsv`, `jsonl`, `parquet` or `xes`.
    pub format: &'static str,
    /// The character between fields, where it is not the usual one.
    pub delimiter: Option<char>,
    pub columns: Vec<Column>,
    /// Keys of JSON objects that hold lists of objects, which are no columns.
    pub lists: Vec<String>,
    /// All names: those of columns, of lists and of what columns are in.
    pub paths: BTreeSet<String>,
    /// The records as JSON objects, where they are such or a preset knows them.
    pub records: Vec<String>,
}

/// Rows of a text file, from its first bytes; `whole` where they are all of it.
///
/// # Errors
/// No delimiter fits, or there are no column names.
pub(super) fn of_text(head: &[u8], whole: bool, ending: &str) -> Result<Sample> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(Error::new("the file is UTF-16")
            .hint("save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8"));
    }
    let text = match std::str::from_utf8(head) {
        Ok(it) => it,
        // The last character may be cut.
        Err(error) if !whole && error.valid_up_to() + 4 > head.len() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => {
            return Err(Error::new("the file is no UTF-8 text").hint("save it as UTF-8"));
        }
    };
    if text.trim().is_empty() {
        return Err(Error::new("the file is empty"));
    }
    if matches!(ending, "jsonl" | "ndjson" | "json") || text.trim_start().starts_with(['{', '[']) {
        let mut lines: Vec<&str> = text.lines().collect();
        if text.trim_start().starts_with('[') {
            lines.clear();
        } else if !whole {
            lines.pop();
        }
        let elements = presets::elements_of(if lines.is_empty() { text } else { "" })?;
        let records = lines.into_iter().chain(elements.iter().map(String::as_str));
        return of_objects(records);
    }
    of_fields(text, whole)
}

/// JSON lines: columns are the dotted paths to all single values.
fn of_objects<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Sample> {
    let mut columns: indexmap::IndexMap<String, Vec<String>> = indexmap::IndexMap::new();
    let mut lists = Vec::new();
    let (mut paths, mut records) = (BTreeSet::new(), Vec::new());
    let mut rows = 0;
    for line in lines.filter(|it| !it.trim().is_empty()).take(ROWS) {
        let Ok(serde_json::Value::Object(object)) = serde_json::from_str(line) else { continue };
        flatten("", &object, rows, DEPTH, &mut columns);
        note_paths("", &object, DEPTH, &mut paths);
        records.push(line.to_owned());
        for (key, value) in object {
            if value.pointer("/0").is_some_and(serde_json::Value::is_object)
                && !lists.contains(&key)
            {
                lists.push(key);
            }
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(Error::new("no line of the file is a JSON object")
            .hint("write one object a line, for example with: jq -c '.[]' events.json"));
    }
    let column = |(name, mut values): (String, Vec<String>)| {
        values.resize(rows, String::new());
        Column { name, values }
    };
    let columns = columns.into_iter().map(column).collect();
    Ok(Sample { format: "jsonl", delimiter: None, columns, lists, paths, records })
}

/// Notes the dotted paths to all values, to lists and objects too.
fn note_paths(
    prefix: &str,
    object: &serde_json::Map<String, serde_json::Value>,
    depth: usize,
    paths: &mut BTreeSet<String>,
) {
    for (key, value) in object {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if let (Some(inner), true) = (value.as_object(), depth > 0) {
            note_paths(&path, inner, depth - 1, paths);
        }
        if paths.len() < COLUMNS {
            paths.insert(path);
        }
    }
}

fn flatten(
    prefix: &str,
    object: &serde_json::Map<String, serde_json::Value>,
    row: usize,
    depth: usize,
    columns: &mut indexmap::IndexMap<String, Vec<String>>,
) {
    use serde_json::Value;
    for (key, value) in object {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let text = match value {
            Value::Object(inner) if depth > 0 => {
                flatten(&path, inner, row, depth - 1, columns);
                continue;
            }
            Value::Object(_) | Value::Array(_) => continue,
            Value::Null => String::new(),
            Value::String(it) => it.clone(),
            other => other.to_string(),
        };
        if columns.len() < COLUMNS || columns.contains_key(&path) {
            let values = columns.entry(path).or_default();
            values.resize(row, String::new());
            values.push(text);
        }
    }
}

/// Fields between delimiters, with the names of the columns in the first record.
fn of_fields(text: &str, whole: bool) -> Result<Sample> {
    let (delimiter, mut records) = best_split(text, whole).ok_or_else(|| {
        Error::new("the file is no table: no comma, tab, semicolon or bar splits its lines alike")
            .hint("CSV, TSV, JSON lines, Parquet and XES can be read")
    })?;
    let header = records.remove(0);
    let unnamed = |it: &String| it.trim().is_empty() || looks_like_data(it);
    if let Some(it) = header.iter().find(|it| unnamed(it)) {
        return Err(Error::new(format!(
            "the first line holds no column names: \"{}\" is none",
            it.trim()
        ))
        .hint("put a line with the names of the columns first"));
    }
    let columns = header.into_iter().take(COLUMNS).enumerate().map(|(index, name)| Column {
        name,
        values: records.iter().map(|it| it.get(index).cloned().unwrap_or_default()).collect(),
    });
    let columns: Vec<Column> = columns.collect();
    let (format, delimiter) = match delimiter {
        ',' => ("csv", None),
        '\t' => ("tsv", None),
        other => ("csv", Some(other)),
    };
    let paths: BTreeSet<String> = columns.iter().map(|it| it.name.clone()).collect();
    let records = match presets::recognize(&paths) {
        Some(_) => objects(&columns, records.len()),
        None => Vec::new(),
    };
    Ok(Sample { format, delimiter, columns, lists: Vec::new(), paths, records })
}

/// Rows of columns as JSON objects.
fn objects(columns: &[Column], rows: usize) -> Vec<String> {
    let shouted = presets::is_shouted(columns.iter().map(|it| it.name.as_str()));
    let object = |row: usize| {
        let value = |it: &Column| {
            let value = it.values.get(row).cloned().unwrap_or_default();
            let name = if shouted { it.name.to_lowercase() } else { it.name.clone() };
            (name, serde_json::Value::from(value))
        };
        let map: serde_json::Map<_, _> = columns.iter().map(value).collect();
        serde_json::Value::Object(map).to_string()
    };
    (0..rows).map(object).collect()
}

/// Whether a text is a number or a date, and so hardly the name of a column.
fn looks_like_data(text: &str) -> bool {
    let text = text.trim();
    let first = text.bytes().next().is_some_and(|it| it.is_ascii_digit() || it == b'-');
    first && text.bytes().all(|it| it.is_ascii_digit() || b"-+:./ TZ".contains(&it))
}

type Records = Vec<Vec<String>>;

/// The delimiter by which most records have as many fields as the first.
fn best_split(text: &str, whole: bool) -> Option<(char, Records)> {
    let mut best: Option<((usize, usize), char, Records)> = None;
    for delimiter in DELIMITERS {
        let records = split(text, delimiter, whole);
        let Some(width) = records.first().map(Vec::len).filter(|&it| it > 1) else { continue };
        let even = records.iter().filter(|it| it.len() == width).count();
        let percent = even * 100 / records.len();
        let score = (percent, width);
        if percent >= 80 && best.as_ref().is_none_or(|it| score > it.0) {
            best = Some((score, delimiter, records));
        }
    }
    best.map(|it| (it.1, it.2))
}

/// The first records, with quotes taken off; a last one that is cut is left out.
fn split(text: &str, delimiter: char, whole: bool) -> Records {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut begun) = (false, false);
    let mut chars = text.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            it if quoted => field.push(it),
            it if it == delimiter => record.push(std::mem::take(&mut field)),
            '\n' | '\r' => {
                if begun {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                begun = false;
                if records.len() > ROWS {
                    return records;
                }
                continue;
            }
            it => field.push(it),
        }
        begun = true;
    }
    if begun && whole {
        record.push(field);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_told_from_even_records() {
        let cases = [
            ("a,b\n1,2\n", ',', 2),
            ("a;b;c\n1,5;2;3\n1,6;2;3\n", ';', 3),
            ("a\tb\n1,1\t2\n", '\t', 2),
            ("a|b|c\r\n1|2|3\r\n", '|', 3),
            ("\"a,x\";b\n\"1\n2\";\"q\"\"q\"\n", ';', 2),
        ];
        for (text, delimiter, columns) in cases {
            let (found, records) = best_split(text, true).unwrap();
            assert_eq!((found, records[0].len()), (delimiter, columns), "{text}");
        }
        assert_eq!(best_split("just\nlines\n", true), None);
        assert_eq!(split("a;b\n\"1\n2\";\"q\"\"q\"\n", ';', true)[1], ["1\n2", "q\"q"]);
        assert_eq!(split("a,b\n1,2\n3", ',', false).len(), 2);
    }

    #[test]
    fn columns_come_with_their_values() {
        let sample = of_text("\u{feff}a;b\n1;x\n2;\n".as_bytes(), true, "csv").unwrap();
        assert_eq!((sample.format, sample.delimiter), ("csv", Some(';')));
        assert_eq!(
            sample.columns[1],
            Column { name: "b".into(), values: vec!["x".into(), "".into()] }
        );
        let lines = "{\"a\":{\"b\":1}}\n{\"c\":null,\"a\":{\"b\":2.50},\"l\":[1]}\n{\"cut";
        let sample = of_text(lines.as_bytes(), false, "").unwrap();
        let names: Vec<&str> = sample.columns.iter().map(|it| it.name.as_str()).collect();
        assert_eq!((sample.format, names), ("jsonl", vec!["a.b", "c"]));
        assert_eq!(sample.columns[0].values, ["1", "2.5"]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let cases = [
            ("", "empty"),
            ("one\ntwo\n", "no table"),
            ("2026-01-01,5\n2026-01-02,6\n", "no column names"),
            ("a,,c\n1,2,3\n", "no column names"),
        ];
        for (text, message) in cases {
            let error = of_text(text.as_bytes(), true, "csv").unwrap_err();
            assert!(error.message().contains(message), "{text}: {error}");
        }
        assert!(of_text(b"a,b\n\xff,1\n", true, "csv").is_err());
        assert!(of_text(b"[1]\n", true, "jsonl").is_err());
    }
}
