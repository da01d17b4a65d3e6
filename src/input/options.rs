//! What a user says of a source: its files and what their columns mean.
//!
//! The doc comments are the manual. Knows no file and no row.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::filter::Filter;

/// Files of one shape and what their columns mean.
///
/// A column is named by its header, or in JSON by the dotted path to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceOptions {
    /// The source's name in messages and reports.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A file, a folder, a pattern such as `events/*.csv.gz`, or `-` for standard input.
    pub path: String,
    /// Whose export this is: the preset says what its columns mean, and any key that stands
    /// here too goes before it (an empty text takes a column back).
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("enum" = super::presets::names()))]
    pub preset: String,
    /// `csv`, `tsv`, `jsonl`, `parquet`, `xes`, `paths` (CSV whose rows are counted paths), or
    /// `auto`: by the ending, looking through `.gz` and `.zst`.
    #[serde(skip_serializing_if = "is_auto")]
    #[schemars(extend("enum" = ["auto", "csv", "tsv", "jsonl", "parquet", "xes", "paths"]))]
    pub format: String,
    /// The character between fields of a CSV file; found in its first line if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Where a file of counted paths (format `paths`) has what.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: PathOptions,
    /// Whether rows are events, or only links between ids (identify, alias).
    #[serde(skip_serializing_if = "is_default")]
    pub role: Role,
    /// The column with the time. Events need one; links without one hold from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How times are written.
    #[serde(skip_serializing_if = "is_default")]
    pub time_format: TimeFormat,
    /// The column with the event's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Columns with ids, by type of id: `ids = { user = "user_id", cookie = "anonymous_id" }`.
    /// Blanks around an id do not count; in ids of the type `email` the case of letters does
    /// not either. Nothing else is changed: leading zeros stay.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub ids: IndexMap<String, String>,
    /// The column with the event's own id; it decides between equal times where there is no `sequence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The column with a whole number that decides between equal times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// The column with the source's own session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The column with the marketing channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The column with the source of the visit (`utm_source`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utm_source: Option<String>,
    /// The column with the medium of the visit (`utm_medium`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utm_medium: Option<String>,
    /// The column with the campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The column with the amount of money, in major units (`12.50`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The column with a quantity that `value` is multiplied by; a row without one counts as 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// The column with the currency of `value`; amounts in another than the journey's are set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The column with the order's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The column with the arm of the experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Further properties to keep, and their columns: `properties = { device = "device_type" }`.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub properties: IndexMap<String, String>,
    /// Fixed texts for `event`, `channel`, `currency` … or a property, used where a row has none.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub constants: IndexMap<String, String>,
    /// Columns that together tell that two rows are the same one, of which one is used: the
    /// one with the least time, then the least sequence. Told over all files of the source,
    /// and over all sources of one preset; a row without a value in the first column has no
    /// key. Presets name the key that their vendor defines; `[""]` takes it back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dedupe: Vec<String>,
    /// The column with what the visitor's program calls itself (the user agent): rows whose
    /// program says that it is a bot are left out. Off where no column is named; presets name
    /// one where the export has it, and an empty text takes it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The column with the time at which the sender's clock sent the row. With `received`,
    /// times are corrected by how far that clock was off: `time + (received - sent)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// The column with the time at which the row was received, by a clock that is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// Only rows for which this holds are read; names are columns: `where = "country == 'DE'"`.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
}

/// Where a file of counted paths has what: each row is a path, how many journeys took it
/// and converted or did not, and what their conversions were worth together.
///
/// Columns that are not named are found by their usual names: `path`, `conversions`,
/// `total_conversions`, `nulls`, `total_null`, `value`, `total_conversion_value` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PathOptions {
    /// The column with the channels from the first touch to the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The column with how many journeys converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversions: Option<String>,
    /// The column with how many did not; a file without one has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nulls: Option<String>,
    /// The column with what all conversions of the row were worth, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What stands between two channels. A channel that holds it is taken for two.
    pub separator: String,
}

impl Default for PathOptions {
    fn default() -> Self {
        Self {
            path: None,
            conversions: None,
            nulls: None,
            value: None,
            separator: " > ".to_owned(),
        }
    }
}

/// What the rows of a source are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Something that happened.
    #[default]
    Events,
    /// Two or more ids of one person, and nothing else.
    Links,
}

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Any form below, told from the first time of each file: the unit of numbers
    /// by how many digits they have (10 are seconds, 13 milliseconds, …).
    #[default]
    Auto,
    /// `2026-01-31T23:59:59.5+01:00`: with an offset or `Z`.
    Rfc3339,
    /// `2026-01-31 23:59:59` in the journey's zone.
    Local,
    /// `2026-01-31`: midnight in the journey's zone.
    Date,
    /// Seconds since 1970, UTC.
    EpochS,
    /// Milliseconds since 1970, UTC.
    EpochMs,
    /// Microseconds since 1970, UTC.
    EpochUs,
    /// Nanoseconds since 1970, UTC; cut to microseconds.
    EpochNs,
}

fn is_auto(format: &String) -> bool {
    format.is_empty() || format == "auto"
}

fn is_default<T: Default + PartialEq>(it: &T) -> bool {
    *it == T::default()
}

impl SourceOptions {
    /// The column mapped to one of the well-known texts (`event`, `channel` …).
    pub fn text_column(&self, key: &str) -> Option<&str> {
        let column = match key {
            "event" => &self.event,
            "channel" => &self.channel,
            "utm_source" => &self.utm_source,
            "utm_medium" => &self.utm_medium,
            "campaign" => &self.campaign,
            "order" => &self.order,
            "session" => &self.session,
            "variant" => &self.variant,
            _ => return self.properties.get(key).map(String::as_str),
        };
        column.as_deref()
    }

    /// How messages call the source: its name, or else its path.
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.path } else { &self.name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_from_toml_and_unknown_keys_are_refused() {
        let source: SourceOptions = toml::from_str(
            "path = 'a.csv'\ntime_format = 'epoch_ms'\nrole = 'links'\nwhere = 'a == 1'\n\
             ids = { user = 'uid' }\nconstants = { channel = 'pos' }",
        )
        .unwrap();
        assert_eq!(source.time_format, TimeFormat::EpochMs);
        assert_eq!(source.role, Role::Links);
        assert_eq!(source.filter.unwrap().text(), "a == 1");
        assert_eq!(source.ids["user"], "uid");
        let error = toml::from_str::<SourceOptions>("path = 'a'\ntiem = 'b'").unwrap_err();
        assert!(error.to_string().contains("unknown field `tiem`"), "{error}");
    }
}
