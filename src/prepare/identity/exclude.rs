//! Links that must not count: how a merge is undone.
//!
//! A run with exclusions is a run over a world in which that evidence does not exist;
//! nothing else about it is special. Knows the file's text, not where it lies.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::evidence::Seen;
use super::nodes::Nodes;
use crate::base::names::nearest;
use crate::base::{Error, Place, Result};
use crate::store::RawEvents;

/// What an exclusion file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    text: String,
    entries: Vec<(Place, Entry)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Id(String),
    Pair(String, String),
    Row(String, u64),
}

impl Exclusions {
    /// Reads the text of an exclusion file; `name` stands in errors.
    ///
    /// One link a line: `type:id,type:id` for a pair whose rows do not link the two,
    /// `type:id` for an id that links nobody, `row:FILE:LINE` for the evidence of a row.
    /// Further columns, empty lines, lines that begin with `#`, and a header are passed over.
    ///
    /// # Errors
    /// A line that is none of these.
    ///
    /// ```
    /// use touchpath::prepare::identity::Exclusions;
    /// let text = "one,other\nuser:7,cookie:9f3\nemail:info@shop.example,,a shared mailbox\n";
    /// assert_eq!(Exclusions::parse(text, "exclusions.csv")?.len(), 2);
    /// assert!(Exclusions::parse("user:7,9f3\n", "exclusions.csv").is_err());
    /// # Ok::<(), touchpath::base::Error>(())
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let mut entries = Vec::new();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let place = Place::line(name, at as u64 + 1);
            let wrong = || {
                Error::new("cannot read an exclusion")
                    .at(place.clone())
                    .excerpt(line)
                    .hint("write type:id,type:id or type:id or row:FILE:LINE")
            };
            let values = values(line).ok_or_else(wrong)?;
            let value = |it: usize| values.get(it).map_or("", |it| it.trim());
            if at == 0 && !value(0).contains(':') && !value(1).contains(':') {
                continue;
            }
            let entry = entry(value(0), value(1)).ok_or_else(wrong)?;
            entries.push((place, entry));
        }
        Ok(Self { text: text.to_owned(), entries })
    }

    /// The text that they were read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same, with each `type:id` changed, such as to its hash.
    #[must_use]
    pub fn with_names(mut self, change: impl Fn(&str) -> String) -> Self {
        for (_, entry) in &mut self.entries {
            match entry {
                Entry::Id(it) => *it = change(it),
                Entry::Pair(one, other) => (*one, *other) = (change(one), change(other)),
                Entry::Row(..) => {}
            }
        }
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether any names a row, so that rows must know their lines.
    pub fn has_rows(&self) -> bool {
        self.entries.iter().any(|it| matches!(it.1, Entry::Row(..)))
    }
}

fn entry(one: &str, other: &str) -> Option<Entry> {
    if let Some(row) = one.strip_prefix("row:") {
        let (file, line) = row.rsplit_once(':')?;
        return Some(Entry::Row(file.to_owned(), line.parse().ok()?));
    }
    let is_id =
        |it: &str| it.split_once(':').is_some_and(|it| !it.0.is_empty() && !it.1.is_empty());
    match (is_id(one), other) {
        (true, "") => Some(Entry::Id(one.to_owned())),
        (true, _) if is_id(other) => Some(Entry::Pair(one.to_owned(), other.to_owned())),
        _ => None,
    }
}

/// The values of a line; quotes may stand around a value and are doubled inside it.
fn values(line: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = line;
    loop {
        let (value, after) = match rest.strip_prefix('"') {
            None => match rest.split_once(',') {
                Some((value, after)) => (value.to_owned(), Some(after)),
                None => (rest.to_owned(), None),
            },
            Some(quoted) => {
                let (value, after) = unquoted(quoted)?;
                match after.strip_prefix(',') {
                    Some(after) => (value, Some(after)),
                    None if after.trim().is_empty() => (value, None),
                    None => return None,
                }
            }
        };
        values.push(value);
        match after {
            Some(after) => rest = after,
            None => return Some(values),
        }
    }
}

/// A value from behind its opening quote, and what follows its closing one.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        value.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                value.push('"');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

/// Exclusions as nodes and rows of the data.
#[derive(Debug, Default)]
pub struct Excluded {
    pairs: HashSet<(u32, u32), FixedState>,
    ids: Vec<u32>,
    rows: HashSet<(u32, i64), FixedState>,
    /// Lines of the exclusion file that name an id or a file that does not occur.
    pub unknown: Vec<Place>,
}

impl Excluded {
    /// Looks the ids and files of exclusions up.
    ///
    /// # Errors
    /// A type of ids that no source has.
    pub fn new(exclusions: &Exclusions, nodes: &Nodes, raw: &RawEvents) -> Result<Self> {
        let mut excluded = Self::default();
        for (place, entry) in &exclusions.entries {
            let find = |name: &str| -> Result<Option<u32>> {
                check_type(name, raw).map_err(|it| it.at(place.clone()))?;
                Ok(nodes.find(raw, name))
            };
            let known = match entry {
                Entry::Id(id) => find(id)?.map(|it| excluded.ids.push(it)),
                Entry::Pair(one, other) => find(one)?.zip(find(other)?).map(|(a, b)| {
                    excluded.pairs.insert((a.min(b), a.max(b)));
                }),
                Entry::Row(file, line) => {
                    let file = raw.inputs.iter().position(|it| it.path == *file);
                    file.zip(i64::try_from(*line).ok()).map(|(file, line)| {
                        excluded.rows.insert((file as u32, line));
                    })
                }
            };
            if known.is_none() {
                excluded.unknown.push(place.clone());
            }
        }
        Ok(excluded)
    }

    /// Ids that link nobody.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Whether rows do not link these two.
    #[inline]
    pub fn has_pair(&self, a: u32, b: u32) -> bool {
        !self.pairs.is_empty() && self.pairs.contains(&(a.min(b), a.max(b)))
    }

    /// Whether any row is left out.
    pub fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether a row links nobody.
    #[inline]
    pub fn has_row(&self, row: &Seen) -> bool {
        self.has_place(row.file, row.line)
    }

    /// Whether the row on a line of an input file links nobody.
    #[inline]
    pub fn has_place(&self, file: u32, line: i64) -> bool {
        !self.rows.is_empty() && self.rows.contains(&(file, line))
    }
}

fn check_type(name: &str, raw: &RawEvents) -> Result<()> {
    let id_type = name.split_once(':').map_or(name, |it| it.0).trim();
    if raw.fields.id_type(id_type).is_some() {
        return Ok(());
    }
    let known = raw.fields.id_types.iter().map(String::as_str);
    Err(Error::new(format!("no source has ids of type \"{id_type}\""))
        .suggest(nearest(id_type, known)))
}
