//! Floor 4: the journey file.
//!
//! `journey.toml` is nothing but the Options structs of the rooms below through
//! serde, one section each; the analyses' sections come from their registry.
//! Every key has a default, unknown keys are errors with the nearest name.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::analysis::ANALYSES;
use crate::base::names::nearest;
use crate::base::{Currency, Error, Place, Result};
use crate::input::SourceOptions;
use crate::input::bots::BotOptions;
use crate::prepare::rules::RuleOptions;
use crate::prepare::stitch::IdentityOptions;
use crate::prepare::{JourneyOptions, SelectOptions, SessionOptions};

/// The sections of a journey file that are not an analysis' own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sections {
    /// What the journey is called in reports.
    pub name: String,
    /// The currency of all amounts, as its ISO 4217 code such as "EUR".
    pub currency: Currency,
    /// The zone of times without an offset and of calendar days, such as "Europe/Berlin".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub timezone: String,
    /// Where events come from.
    pub source: Vec<SourceOptions>,
    /// Which rows are those of bots.
    #[serde(skip_serializing_if = "is_default")]
    pub bots: BotOptions,
    /// How ids become customers.
    pub identity: IdentityOptions,
    /// Where sessions are cut.
    pub session: SessionOptions,
    /// Rules that name stages, in order; without any, the event's name is the stage.
    pub stage: Vec<RuleOptions>,
    /// Rules that name channels, in order, before the channel column and the GA4 groups.
    pub channel: Vec<RuleOptions>,
    /// What a journey is.
    pub journey: JourneyOptions,
    /// Which journeys are looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub select: SelectOptions,
}

fn is_default<T: Default + PartialEq>(options: &T) -> bool {
    *options == T::default()
}

/// A journey file as read, or as guessed for bare data files.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Everything but the analyses' sections.
    pub sections: Sections,
    /// The options of analyses, by section.
    pub analyses: IndexMap<String, serde_json::Value>,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// The journey file, where there is one.
    pub file: Option<PathBuf>,
    /// Its text, for the manifest; empty for bare data files.
    pub text: String,
}

impl Config {
    /// Reads a journey file, or the `journey.toml` of a folder.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has unknown keys or wrong values:
    /// with line, column and the nearest known name.
    pub fn read(path: &Path) -> Result<Self> {
        let file = if path.is_dir() { path.join("journey.toml") } else { path.to_owned() };
        let text = fs_err::read_to_string(&file).map_err(|error| {
            Error::from(error).hint("touchpath init FILES writes a journey file from your data")
        })?;
        let mut config = Self::parse(&text, &file.display().to_string())?;
        config.folder = file.parent().map(Path::to_owned).unwrap_or_default();
        config.file = Some(file);
        Ok(config)
    }

    /// Reads the text of a journey file; `name` stands in errors.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let wrong = |error: toml::de::Error| place(&error, text, name);
        let mut table = DeTable::parse(text).map_err(wrong)?;
        let mut analyses = IndexMap::new();
        for entry in ANALYSES {
            if let Some((_, value)) = table.get_mut().remove_entry(entry.section) {
                // Analyses that share a section share its options: read it once.
                let value = (entry.parse)(ValueDeserializer::from(value)).map_err(wrong)?;
                analyses.insert(entry.section.to_owned(), value);
            }
        }
        let sections = sections(table).map_err(wrong)?;
        Ok(Self { sections, analyses, text: text.to_owned(), ..Self::default() })
    }

    /// The zone of times without an offset.
    ///
    /// # Errors
    /// No zone of the IANA database has that name.
    pub fn zone(&self) -> Result<jiff::tz::TimeZone> {
        match self.sections.timezone.as_str() {
            "" => Ok(jiff::tz::TimeZone::UTC),
            name => jiff::tz::TimeZone::get(name).map_err(|error| {
                let error = Error::new(format!("there is no time zone \"{name}\""))
                    .hint("write a name of the IANA database, such as Europe/Berlin")
                    .caused_by(error);
                self.placed(error, &["timezone"])
            }),
        }
    }

    /// The options of an analysis' section: the file's, or the defaults.
    ///
    /// # Errors
    /// Never for an analysis of the registry.
    pub fn options(&self, section: &str) -> Result<serde_json::Value> {
        if let Some(options) = self.analyses.get(section) {
            return Ok(options.clone());
        }
        match ANALYSES.iter().find(|it| it.section == section) {
            Some(entry) => (entry.defaults)(),
            None => Ok(serde_json::Value::Null),
        }
    }

    /// Sets one key of the journey file, as `--set journey.gap=none` does.
    ///
    /// The value is read as TOML, or as text where it is none.
    ///
    /// # Errors
    /// An unknown key, with the nearest one; a wrong value.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let given = format!("it = {value}");
        let value = match toml::from_str::<IndexMap<String, serde_json::Value>>(&given) {
            Ok(mut table) => table.shift_remove("it").unwrap_or_default(),
            Err(_) => serde_json::Value::from(value),
        };
        let wrong = |error: &str| {
            let (message, hint) = explained(error);
            Error::new(format!("--set {key}: {message}")).suggest(hint.as_deref())
        };
        let section = key.split('.').next().unwrap_or_default();
        if let Some(entry) = ANALYSES.iter().find(|it| it.section == section) {
            let mut options = self.options(section)?;
            put(&mut options, key.split('.').skip(1), value).map_err(|it| wrong(&it))?;
            let options = (entry.check)(options).map_err(|it| {
                let message = it.message();
                wrong(message.split_once("] ").map_or(message, |it| it.1))
            })?;
            self.analyses.insert(section.to_owned(), options);
            return Ok(());
        }
        let mut all = serde_json::to_value(&self.sections).map_err(|it| wrong(&it.to_string()))?;
        put(&mut all, key.split('.'), value).map_err(|it| wrong(&it))?;
        self.sections = serde_json::from_value(all).map_err(|it| wrong(&it.to_string()))?;
        Ok(())
    }

    /// Adds to an error where in the journey file a key stands (`["journey", "gap"]`,
    /// `["stage", "0"]`), if it stands there and the error names no place yet.
    pub fn placed(&self, error: Error, path: &[&str]) -> Error {
        let span = DeTable::parse(&self.text).ok().and_then(|table| {
            let mut keys = path.iter();
            let mut at = table.get_ref().get(*keys.next()?)?;
            for key in keys {
                at = match at.get_ref() {
                    DeValue::Table(table) => table.get(*key)?,
                    DeValue::Array(list) => list.get(key.parse::<usize>().ok()?)?,
                    _ => return None,
                };
            }
            Some(at.span())
        });
        let (Some(span), Some(file), None) = (span, &self.file, error.place()) else {
            return error;
        };
        let (line, column, shown) = position(&self.text, span.start);
        error.at(Place::at(file.display().to_string(), line, column)).excerpt(shown)
    }

    /// The JSON Schema of the whole journey file.
    pub fn schema() -> Schema {
        let mut schema = schemars::schema_for!(Sections);
        let mut definitions = serde_json::Map::new();
        let object = schema.ensure_object();
        if let Some(serde_json::Value::Object(properties)) = object.get_mut("properties") {
            for entry in ANALYSES {
                let mut own = (entry.schema)().to_value();
                if let Some(own) = own.as_object_mut() {
                    own.remove("$schema");
                    if let Some(serde_json::Value::Object(more)) = own.remove("$defs") {
                        definitions.extend(more);
                    }
                }
                properties.entry(entry.section).or_insert(own);
            }
        }
        if let Some(serde_json::Value::Object(known)) =
            object.entry("$defs").or_insert_with(|| serde_json::json!({})).as_object_mut().map(
                |it| {
                    it.extend(definitions);
                    serde_json::Value::Object(it.clone())
                },
            )
        {
            object.insert("$defs".into(), serde_json::Value::Object(known));
        }
        object.insert("title".into(), "touchpath journey file".into());
        schema
    }
}

/// Puts a value at a path of keys (or of positions in a list).
fn put<'a>(
    into: &mut serde_json::Value,
    mut path: impl Iterator<Item = &'a str>,
    value: serde_json::Value,
) -> std::result::Result<(), String> {
    let Some(key) = path.next() else {
        *into = value;
        return Ok(());
    };
    if let Some(list) = into.as_array_mut() {
        let count = list.len();
        let it = key.parse::<usize>().ok().and_then(|it| list.get_mut(it));
        let it = it.ok_or_else(|| format!("\"{key}\" is no position in a list of {count}, from 0"));
        return put(it?, path, value);
    }
    if !into.is_object() {
        *into = serde_json::json!({});
    }
    match into.as_object_mut() {
        Some(it) => put(it.entry(key).or_insert(serde_json::Value::Null), path, value),
        None => Ok(()),
    }
}

fn sections(table: Spanned<DeTable<'_>>) -> std::result::Result<Sections, toml::de::Error> {
    Sections::deserialize(table.into_deserializer())
}

/// Turns a TOML error into ours: line, column, the line itself, the nearest name.
fn place(error: &toml::de::Error, text: &str, name: &str) -> Error {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let (line, column, shown) = position(text, error.span().map_or(0, |it| it.start));
    let (message, hint) = explained(&message);
    Error::new(message).at(Place::at(name, line, column)).excerpt(shown).suggest(hint.as_deref())
}

/// Line, column and text of the line of a byte.
fn position(text: &str, byte: usize) -> (u64, u64, &str) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (line as u64 + 1, column as u64 + 1, text.lines().nth(line).unwrap_or_default())
}

/// What serde says, in our words, and the nearest of the names that it lists.
fn explained(message: &str) -> (String, Option<String>) {
    let (what, rest) = match message {
        it if it.starts_with("unknown field") => ("key", it),
        it if it.starts_with("unknown variant") => ("value", it),
        it => return (it.to_owned(), None),
    };
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    // The sections of analyses are read before, so that they are in no list of the others.
    let sections = known.contains(&"source").then(|| ANALYSES.iter().map(|it| it.section));
    let known = known.into_iter().chain(sections.into_iter().flatten());
    let hint = nearest(unknown, known).map(str::to_owned);
    (format!("unknown {what} \"{unknown}\""), hint)
}
