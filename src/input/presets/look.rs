//! A look at some records of an export: its events and its currency.
//!
//! For journey files to begin with; never decides what a row is.

use std::collections::BTreeMap;

use super::elements::{Element, Elements, bytes_of};
use super::json::Json;
use super::record::Record;
use super::sink::{elements, spliced, what};
use super::table::{Preset, Row};
use crate::base::Result;

/// What some records told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::input) struct Look {
    /// The names of events, the most frequent first.
    pub events: Vec<String>,
    /// The currency that comes most often.
    pub currency: Option<String>,
}

/// Looks at records, given as JSON objects.
pub(in crate::input) fn look(preset: &Preset, records: &[String], file: &str) -> Look {
    let (mut events, mut currencies) = (BTreeMap::new(), BTreeMap::new());
    for text in records {
        let text = spliced(text, preset.json);
        let Ok(root) = Json::object(&text) else { continue };
        let mut see = |record: &Record<'_, '_>| {
            if what(preset, record) != Ok(Row::Event) {
                return;
            }
            for (key, counts) in [("event", &mut events), ("currency", &mut currencies)] {
                let takes = preset.keys.iter().find(|it| it.0 == key).map_or(&[][..], |it| it.1);
                if let Ok(Some(it)) = record.first(takes) {
                    *counts.entry(it.into_owned()).or_insert(0u64) += 1;
                }
            }
        };
        let whole = Record { root: &root, element: None, file, index: 0 };
        let Some(each) = &preset.each else {
            see(&whole);
            continue;
        };
        if let Ok(Some(list)) = whole.find(each.list)
            && let Some(elements) = elements(list)
        {
            for element in elements {
                see(&Record { root: &root, element: Some((each.name, element)), file, index: 0 });
            }
        }
    }
    let currency = by_count(currencies).into_iter().find(|it| it.len() == 3);
    Look { events: by_count(events), currency }
}

/// Texts, the most frequent first, ties by name.
fn by_count(counts: BTreeMap<String, u64>) -> Vec<String> {
    let mut texts: Vec<(String, u64)> = counts.into_iter().collect();
    texts.sort_by_key(|it| std::cmp::Reverse(it.1));
    texts.into_iter().map(|it| it.0).collect()
}

/// The elements of a JSON array of which the beginning is at hand; none of another text.
///
/// # Errors
/// None that is known.
pub(in crate::input) fn elements_of(text: &str) -> Result<Vec<String>> {
    let mut fill = bytes_of(text.as_bytes());
    let mut elements = Elements::new(&mut fill);
    let mut found = Vec::new();
    while let Some(some) = elements.some()? {
        let whole = some.into_iter().filter_map(|it| match it {
            Element::Whole { bytes, .. } => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        });
        found.extend(whole);
    }
    Ok(found)
}

/// The beginning of a file's name, up to its first point.
pub(in crate::input) fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.split('.').next().unwrap_or(name).to_ascii_lowercase()
}
