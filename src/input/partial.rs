//! Partials as input: rows that an earlier run read, and reading rows into one.
//!
//! What reading made of a file does not depend on other files, so a piece of a
//! partial stands for its file: the same batches, issues and facts come out of it.
//! Knows how rows are read and joined; how partials are stored, `store` alone knows.

mod fold;
mod piece;
mod read;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

pub use fold::{FoldSettings, fold};
pub(super) use read::read;

use super::options::SourceOptions;
use super::read::ReadSettings;
use crate::base::{Error, Result};
use crate::model::raw::Fields;
use crate::store::Merged;
use crate::store::merge::difference;

/// Partials to read instead of files.
pub type Partials = Option<Arc<Merged>>;

/// What reading depends on, so that two partials can be compared.
///
/// Paths and names of sources are left out: a day's file is read as any day's.
pub fn reading(
    sources: &[SourceOptions],
    settings: &ReadSettings,
    texts: &[String],
    ranked: bool,
) -> Value {
    let mut mappings: Vec<Value> = Vec::new();
    for source in sources {
        let mut mapping = serde_json::to_value(source).unwrap_or_default();
        if let Some(it) = mapping.as_object_mut() {
            it.remove("path");
            it.remove("name");
        }
        if !mappings.contains(&mapping) || ranked {
            mappings.push(mapping);
        }
    }
    if !ranked {
        mappings.sort_by_key(Value::to_string);
    }
    let sorted = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
    let blocklist = &settings.blocklist;
    let mut reading = json!({
        "ranked": ranked,
        "timezone": settings.zone.iana_name().unwrap_or_default(),
        "currency": settings.currency.code(),
        "blocklist": sorted(&blocklist.texts),
        "block_patterns": sorted(&blocklist.patterns),
        "allow": sorted(&blocklist.allow),
        "properties": texts,
        "source": mappings,
    });
    if let (Some(hash), Some(reading)) = (&settings.hash_ids, reading.as_object_mut()) {
        reading.insert(HASHED.to_owned(), hash.fingerprint().into());
    }
    reading
}

/// Where a partial says by which key its ids are hashed.
const HASHED: &str = "ids_hashed_by";

/// Checks that partials were read as the journey says, and have what it asks for.
fn check_reading(
    merged: &Merged,
    sources: &[SourceOptions],
    settings: &ReadSettings,
    fields: &Fields,
) -> Result<()> {
    let said = &merged.head.reading;
    let ranked = said["ranked"] == true;
    let carried = said["properties"].as_array().cloned().unwrap_or_default();
    let carried: Vec<String> =
        carried.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if let Some(name) = fields.texts.iter().find(|it| !carried.contains(it)) {
        return Err(Error::new(format!("the partials do not carry the property \"{name}\""))
            .hint(format!("fold again with --keep {name}")));
    }
    let mut own = reading(sources, settings, &carried, ranked);
    match (said.get(HASHED), own.as_object_mut()) {
        // Hashed before, and by no other key: nothing is left to hash.
        (Some(key), Some(own)) if !own.contains_key(HASHED) => {
            own.insert(HASHED.to_owned(), key.clone());
        }
        // Hashed as it is read.
        (None, Some(own)) => drop(own.remove(HASHED)),
        _ => {}
    }
    match difference(said, &own, "") {
        None => Ok(()),
        Some(what) => Err(Error::new(format!(
            "the partials were read otherwise than the journey says: {what}"
        ))
        .hint("fold again, or use the journey that they were folded with")),
    }
}
