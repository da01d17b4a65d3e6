//! A source with its preset's defaults filled in.
//!
//! What the source says itself always wins. Knows the keys of sources; no record.

use indexmap::IndexMap;

use super::table::{Preset, Take};
use super::{find, names};
use crate::base::names::nearest;
use crate::base::{Error, Result};
use crate::input::{SourceOptions, TimeFormat};

/// The column that stands for a key of a preset: the path where there is only one, else
/// the key behind an `@`, which begins no key of any vendor.
pub(super) fn column(key: &str, takes: &[Take]) -> String {
    match takes {
        [Take::At(path)] => (*path).to_owned(),
        _ => format!("@{key}"),
    }
}

/// The preset that a source names.
///
/// # Errors
/// There is none of that name.
pub fn of(source: &SourceOptions) -> Result<Option<&'static Preset>> {
    if source.preset.is_empty() {
        return Ok(None);
    }
    match find(&source.preset) {
        Some(it) => Ok(Some(it)),
        None => {
            let error = Error::new(format!("unknown preset \"{}\"", source.preset));
            let names = names();
            Err(match nearest(&source.preset, names.iter().copied()) {
                Some(it) => error.suggest(Some(it)),
                None => error.hint(format!("known presets: {}", names.join(", "))),
            })
        }
    }
}

/// Sources with the defaults of their presets.
///
/// # Errors
/// An unknown preset.
pub fn resolved(sources: &[SourceOptions]) -> Result<Vec<SourceOptions>> {
    sources
        .iter()
        .map(|source| {
            let mut source = source.clone();
            if let Some(preset) = of(&source)? {
                fill(&mut source, preset);
            }
            without_empty(&mut source);
            Ok(source)
        })
        .collect()
}

/// Fills in what the source does not say. `ids` and `dedupe` are taken whole or not at
/// all; properties and constants are added to.
fn fill(source: &mut SourceOptions, preset: &'static Preset) {
    let own_ids = !source.ids.is_empty();
    if source.time.is_none() && source.time_format == TimeFormat::Auto {
        source.time_format = preset.time_format;
    }
    let tuples = preset.tuples.iter().flat_map(|it| it.keys).map(|key| (*key, format!("@{key}")));
    let keys = preset.keys.iter().map(|(key, takes)| (*key, column(key, takes)));
    for (key, column) in keys.chain(tuples) {
        if let Some(name) = key.strip_prefix("ids.") {
            if !own_ids {
                source.ids.insert(name.to_owned(), column);
            }
        } else if let Some(name) = key.strip_prefix("properties.") {
            source.properties.entry(name.to_owned()).or_insert(column);
        } else if let Some(own) = single(source, key) {
            own.get_or_insert(column);
        }
    }
    if source.dedupe.is_empty() {
        let takes = |key: &str| preset.keys.iter().find(|it| it.0 == key).map(|it| it.1);
        let named = |key: &&str| takes(key).map_or_else(|| (*key).to_owned(), |it| column(key, it));
        source.dedupe = preset.dedupe.iter().map(named).collect();
    }
}

/// The key of a source that is one column.
fn single<'s>(source: &'s mut SourceOptions, key: &str) -> Option<&'s mut Option<String>> {
    Some(match key {
        "time" => &mut source.time,
        "event" => &mut source.event,
        "event_id" => &mut source.event_id,
        "sequence" => &mut source.sequence,
        "session" => &mut source.session,
        "channel" => &mut source.channel,
        "utm_source" => &mut source.utm_source,
        "utm_medium" => &mut source.utm_medium,
        "campaign" => &mut source.campaign,
        "value" => &mut source.value,
        "quantity" => &mut source.quantity,
        "currency" => &mut source.currency,
        "order" => &mut source.order,
        "variant" => &mut source.variant,
        "user_agent" => &mut source.user_agent,
        _ => return None,
    })
}

/// An empty text for a column takes a preset's default back: the source has no such column.
fn without_empty(source: &mut SourceOptions) {
    const KEYS: [&str; 15] = [
        "time",
        "event",
        "event_id",
        "sequence",
        "session",
        "channel",
        "utm_source",
        "utm_medium",
        "campaign",
        "value",
        "quantity",
        "currency",
        "order",
        "variant",
        "user_agent",
    ];
    if source.preset.is_empty() {
        return;
    }
    for key in KEYS {
        if let Some(it) = single(source, key)
            && it.as_deref() == Some("")
        {
            *it = None;
        }
    }
    if source.value.is_none() {
        (source.currency, source.quantity) = (None, None);
    }
    let empty = |it: &mut IndexMap<String, String>| it.retain(|_, column| !column.is_empty());
    empty(&mut source.ids);
    empty(&mut source.properties);
    source.dedupe.retain(|it| !it.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceOptions {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_a_source_says_wins_and_empty_texts_take_back() {
        let text = "path = 'a'\npreset = 'ga4'\nevent = 'own'\nsession = ''\n\
                    properties = { device = 'd', page = '' }\n";
        let [it] = &resolved(&[source(text)]).unwrap()[..] else { panic!("one source") };
        assert_eq!(it.event.as_deref(), Some("own"));
        assert_eq!(it.session, None);
        assert_eq!(it.time.as_deref(), Some("event_timestamp"));
        assert_eq!(it.time_format, TimeFormat::EpochUs);
        assert_eq!((&*it.properties["device"], it.properties.get("page")), ("d", None));
        assert!(it.ids.contains_key("cookie"));
        let own = "path = 'a'\npreset = 'ga4'\nids = { user = 'u' }\ntime = 't'";
        let [it] = &resolved(&[source(own)]).unwrap()[..] else { panic!("one source") };
        assert_eq!((it.ids.len(), it.time_format), (1, TimeFormat::Auto));
        // To be resolved again changes nothing.
        assert_eq!(resolved(std::slice::from_ref(it)).unwrap()[0].ids, it.ids);
    }

    #[test]
    fn unknown_presets_are_refused_with_the_nearest() {
        let error = resolved(&[source("path = 'a'\npreset = 'ga5'")]).unwrap_err();
        assert_eq!(error.to_string(), "unknown preset \"ga5\"");
        assert!(error.hint_text().is_some_and(|it| it.contains("ga4")), "{error:?}");
    }
}
