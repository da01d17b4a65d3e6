//! A source's options compiled against the study: which raw columns, to what use.
//!
//! Knows names of columns; never a file's bytes and never a row.

use jiff::tz::TimeZone;

use super::nobody::{Blocklist, Nobody};
use super::options::{Role, SourceOptions, TimeFormat};
use super::privacy::Privacy;
use crate::base::filter::Filter;
use crate::base::names::nearest;
use crate::base::{Currency, Error, Place, Result};
use crate::model::raw::{Fields, WELL_KNOWN};

/// What all sources of a study share.
#[derive(Debug, Clone)]
pub struct Common {
    /// The union of the sources' columns, from [`fields`].
    pub fields: Fields,
    /// The zone of local times.
    pub zone: TimeZone,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Which ids are nobody's.
    pub blocklist: Blocklist,
    /// What becomes of ids at the door.
    pub privacy: Privacy,
    /// Where batches go as they are finished; without it they stay as they are.
    pub gather: Option<std::sync::Arc<super::gather::Gather>>,
}

/// Where a text property comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPlan {
    /// The position in [`Fields::texts`].
    pub field: usize,
    /// The position in [`Mapping::columns`].
    pub column: Option<usize>,
    /// What a row without a text gets.
    pub constant: Option<String>,
}

/// A source's options compiled against the study's [`Fields`].
#[derive(Debug, Clone)]
pub struct Mapping {
    columns: Vec<String>,
    optional: Vec<bool>,
    pub(super) common: Common,
    pub(super) links: bool,
    pub(super) time: Option<usize>,
    pub(super) time_format: TimeFormat,
    /// The position in [`Fields::id_types`] and in [`Self::columns`].
    pub(super) ids: Vec<(usize, usize)>,
    pub(super) texts: Vec<TextPlan>,
    pub(super) sequence: Option<usize>,
    pub(super) event_id: Option<usize>,
    pub(super) value: Option<usize>,
    pub(super) quantity: Option<usize>,
    pub(super) currency: Option<usize>,
    /// The columns whose values are the key of a row, and what keys begin with.
    pub(super) dedupe: Vec<usize>,
    pub(super) preset: String,
    /// The column with what the visitor's program calls itself.
    pub(super) user_agent: Option<usize>,
    /// The columns with when the sender's clock sent a record, and when it came.
    pub(super) skew: Option<(usize, usize)>,
    /// The filter, and the columns that it asks about.
    pub(super) filter: Option<(Filter, Vec<usize>)>,
    pub(super) nobody: Nobody,
}

/// The keys of a source that are columns but no texts, so no property may be called so.
const OTHER_KEYS: [&str; 5] = ["time", "value", "quantity", "sequence", "event_id"];

impl Mapping {
    /// Compiles one source.
    ///
    /// # Errors
    /// The source names no time or no id, gives a key two meanings, or counts
    /// money in another currency than the study.
    pub fn new(source: &SourceOptions, common: &Common) -> Result<Self> {
        check_keys(source)?;
        check_currency(source, common)?;
        let mut columns = Columns::default();
        let id = |(name, column): (&String, &String), columns: &mut Columns| {
            Some((common.fields.id_type(name)?, columns.need(column)))
        };
        let mut ids: Vec<_> = source.ids.iter().filter_map(|it| id(it, &mut columns)).collect();
        ids.sort_unstable();
        let value = source.value.as_deref().map(|it| columns.need(it));
        let amount = |it: &Option<String>, columns: &mut Columns| {
            value.and(it.as_deref()).map(|it| columns.need(it))
        };
        Ok(Self {
            links: source.role == Role::Links,
            time: source.time.as_deref().map(|it| columns.need(it)),
            time_format: source.time_format,
            ids,
            texts: texts(source, &common.fields, &mut columns),
            sequence: source.sequence.as_deref().map(|it| columns.need(it)),
            event_id: match &source.sequence {
                Some(_) => None,
                None => source.event_id.as_deref().map(|it| columns.need(it)),
            },
            value,
            quantity: amount(&source.quantity, &mut columns),
            currency: amount(&source.currency, &mut columns),
            dedupe: source.dedupe.iter().map(|it| columns.need(it)).collect(),
            preset: source.preset.clone(),
            user_agent: source.user_agent.as_deref().map(|it| columns.need(it)),
            skew: match (&source.sent, &source.received) {
                (Some(sent), Some(received)) => Some((columns.need(sent), columns.need(received))),
                _ => None,
            },
            filter: source.filter.as_ref().map(|it| {
                let asked = it.names().iter().map(|name| columns.need(name)).collect();
                (it.clone(), asked)
            }),
            nobody: Nobody::new(&common.blocklist)?,
            common: common.clone(),
            columns: columns.names,
            optional: columns.optional,
        })
    }

    /// Whether each row must be looked at by itself, so that blocks of rows are of no use.
    pub(super) fn is_row_by_row(&self) -> bool {
        self.filter.is_some()
            || self.common.privacy.forget.is_some()
            || !self.dedupe.is_empty()
            || self.user_agent.is_some()
            || self.skew.is_some()
    }

    /// Whether a column's values are ids or properties and nothing else, so that numbers may
    /// come as the texts that they are.
    #[cfg(feature = "parquet")]
    pub(super) fn is_text(&self, column: usize) -> bool {
        let ids = self.ids.iter().map(|it| it.1);
        let others = [self.time, self.sequence, self.event_id, self.value, self.quantity];
        ids.chain(self.texts.iter().filter_map(|it| it.column)).any(|it| it == column)
            && !others.contains(&Some(column))
            && self.skew.is_none_or(|(sent, received)| column != sent && column != received)
    }

    /// Whether rows note on which line they stand: asked for, or to be kept in a partial.
    pub(super) fn notes_lines(&self) -> bool {
        self.common.gather.as_ref().is_none_or(|it| it.notes_lines())
    }

    /// Whether rows or what is kept of them need the lines on which they stand while they are
    /// read; else lines of what is set aside can be told later.
    pub(super) fn counts_lines(&self) -> bool {
        self.notes_lines() || !self.dedupe.is_empty()
    }

    /// The raw columns that a reader delivers, in this order: header names, or
    /// dotted paths into JSON objects. No name comes twice.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The positions of [`Self::columns`] in a file's header.
    ///
    /// # Errors
    /// The file lacks a column that it must have, or has it twice.
    pub fn resolve(&self, file: &str, header: &[&str]) -> Result<Vec<Option<usize>>> {
        let find = |(index, name): (usize, &String)| {
            let mut places = (0..header.len()).filter(|&it| header[it] == name);
            match (places.next(), places.next()) {
                (Some(_), Some(_)) => {
                    Err(Error::new(format!("the header has \"{name}\" more than once"))
                        .at(Place::line(file, 1))
                        .hint("give each column its own name, or map another one"))
                }
                (None, _) if !self.optional[index] => Err(unknown_column(file, name, header)),
                (place, _) => Ok(place),
            }
        };
        self.columns.iter().enumerate().map(find).collect()
    }
}

/// The error for a mapped column that a file lacks.
pub(super) fn unknown_column(file: &str, name: &str, header: &[&str]) -> Error {
    let mut known = header.iter().take(30).copied().collect::<Vec<_>>().join(", ");
    if header.len() > 30 {
        known.push_str(", …");
    }
    let guess = match nearest(name, header.iter().copied()) {
        Some(it) => format!("did you mean \"{it}\"? "),
        None => String::new(),
    };
    Error::new(format!("no column \"{name}\""))
        .at(Place::line(file, 1))
        .hint(format!("{guess}the file has: {known}"))
}

/// Raw columns in order of first use.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    optional: Vec<bool>,
}

impl Columns {
    fn add(&mut self, name: &str, optional: bool) -> usize {
        if let Some(index) = self.names.iter().position(|it| it == name) {
            self.optional[index] &= optional;
            return index;
        }
        self.names.push(name.to_owned());
        self.optional.push(optional);
        self.names.len() - 1
    }

    fn need(&mut self, name: &str) -> usize {
        self.add(name, false)
    }
}

/// The plans of all texts that this source can fill.
///
/// A kept property that the source does not map is the column of the same name,
/// if the file has one; a well-known text is never taken unasked.
fn texts(source: &SourceOptions, fields: &Fields, columns: &mut Columns) -> Vec<TextPlan> {
    let mut plans = Vec::new();
    for (field, name) in fields.texts.iter().enumerate() {
        let constant = source.constants.get(name).filter(|it| !it.is_empty()).cloned();
        let column = match source.text_column(name) {
            Some(it) => Some(columns.need(it)),
            None if constant.is_none() && !WELL_KNOWN.contains(&name.as_str()) => {
                Some(columns.add(name, true))
            }
            None => None,
        };
        if column.is_some() || constant.is_some() {
            plans.push(TextPlan { field, column, constant });
        }
    }
    plans
}

fn check_keys(source: &SourceOptions) -> Result<()> {
    let wrong = |message: String| Error::new(format!("source \"{}\" {message}", source.label()));
    if source.time.is_none() && source.role == Role::Events {
        return Err(wrong("does not say which column is the time".into()).hint("add time = \"…\""));
    }
    if source.ids.is_empty() {
        return Err(wrong("has no id".into()).hint("add ids = { user = \"…\" }"));
    }
    let reserved = |it: &&String| WELL_KNOWN.contains(&it.as_str()) || is_other(it);
    if source.sent.is_some() != source.received.is_some() {
        return Err(wrong("corrects the sender's clock by one time alone".into())
            .hint("name both: sent = \"…\" and received = \"…\""));
    }
    if let Some(key) = source.properties.keys().find(reserved) {
        return Err(wrong(format!("maps \"{key}\" as a property"))
            .hint(format!("\"{key}\" is a key of its own: write {key} = \"…\"")));
    }
    if let Some(key) = source.constants.keys().find(|it| is_other(it) && *it != "currency") {
        return Err(wrong(format!("gives a fixed text for \"{key}\""))
            .hint("constants are for texts, such as channel or event"));
    }
    Ok(())
}

fn is_other(key: &str) -> bool {
    OTHER_KEYS.contains(&key) || key == "currency"
}

fn check_currency(source: &SourceOptions, common: &Common) -> Result<()> {
    let wrong = |message: String| Error::new(format!("source \"{}\" {message}", source.label()));
    if source.value.is_none() {
        return match source.quantity.is_some() || source.currency.is_some() {
            true => Err(wrong("has a quantity or currency but no value".into())),
            false => Ok(()),
        };
    }
    let constant = source.constants.get("currency").map(|it| it.parse::<Currency>()).transpose()?;
    // A preset's column may hold none; rows that name one are then set aside.
    let own = source.currency.is_some() && source.preset.is_empty();
    if common.currency == Currency::UNNAMED && (constant.is_some() || own) {
        return Err(wrong("has amounts with a currency, and the journey names none".into())
            .hint("add currency = \"EUR\" (or yours) to the journey"));
    }
    match constant.filter(|it| *it != common.currency) {
        Some(it) => Err(wrong(format!("counts in {it}, the journey in {}", common.currency))
            .hint("amounts of several currencies are never added; convert them first")),
        None => Ok(()),
    }
}

/// The columns that the rows of a study carry: the union over its sources, and
/// the properties in `keep`.
pub fn fields(sources: &[SourceOptions], keep: &[String]) -> Fields {
    let mut id_types: Vec<String> = sources.iter().flat_map(|it| it.ids.keys().cloned()).collect();
    id_types.sort_by(|a, b| (strength(a), a).cmp(&(strength(b), b)));
    id_types.dedup();
    let has = |key: &str| {
        let gives =
            |it: &SourceOptions| it.text_column(key).is_some() || it.constants.contains_key(key);
        sources.iter().any(gives)
    };
    let mut texts: Vec<String> =
        WELL_KNOWN.into_iter().filter(|it| has(it)).map(str::to_owned).collect();
    let named = sources.iter().flat_map(|it| it.properties.keys().chain(it.constants.keys()));
    let mut others: Vec<String> = named
        .chain(keep)
        .filter(|it| !WELL_KNOWN.contains(&it.as_str()) && !is_other(it))
        .cloned()
        .collect();
    others.sort();
    others.dedup();
    texts.extend(others);
    Fields {
        id_types,
        texts,
        amounts: sources.iter().any(|it| it.value.is_some()),
        sequence: sources.iter().any(|it| it.sequence.is_some() || it.event_id.is_some()),
    }
}

/// How much an id type says about who it is: lower is stronger.
///
/// Logins and accounts first, then ways to reach a person, then devices, then
/// cookies, which many share or lose.
fn strength(id_type: &str) -> usize {
    const STRONG: [&str; 7] = ["user", "customer", "account", "email", "phone", "loyalty", "crm"];
    match id_type {
        // What presets put between two ids of one type names nobody.
        "alias" => STRONG.len() + 3,
        "cookie" | "anonymous" | "visitor" => STRONG.len() + 2,
        "device" => STRONG.len() + 1,
        _ => STRONG.iter().position(|it| *it == id_type).unwrap_or(STRONG.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> SourceOptions {
        toml::from_str(&format!("path = 'a.csv'\ntime = 't'\n{text}")).unwrap()
    }

    #[test]
    fn fields_are_the_union_of_the_sources_in_a_fixed_order() {
        let sources = [
            source("ids = { visitor = 'v', zeta = 'z', email = 'm' }\nevent = 'e'"),
            source(
                "ids = { device = 'd', crm = 'c', cookie = 'k', alpha = 'a', user = 'u' }\n\
                 variant = 'x'\nproperties = { shop = 's' }\nconstants = { channel = 'pos' }\n\
                 value = 'w'",
            ),
        ];
        let fields = fields(&sources, &["land".into(), "event".into(), "campaign".into()]);
        assert_eq!(
            fields.id_types,
            ["user", "email", "crm", "alpha", "zeta", "device", "cookie", "visitor"]
        );
        assert_eq!(fields.texts, ["event", "channel", "variant", "land", "shop"]);
        assert!(fields.amounts && !fields.sequence);
    }

    #[test]
    fn columns_come_once_and_kept_ones_may_be_absent() {
        let one = source("ids = { user = 'u', cookie = 'u' }\nevent = 't'\nwhere = \"x == 1\"");
        let common = Common {
            fields: fields(std::slice::from_ref(&one), &["land".into()]),
            zone: TimeZone::UTC,
            currency: Currency::UNNAMED,
            blocklist: Blocklist::default(),
            privacy: Privacy::default(),
            gather: None,
        };
        let mapping = Mapping::new(&one, &common).unwrap();
        assert_eq!(mapping.columns(), ["u", "t", "land", "x"]);
        assert!(mapping.optional[2] && !mapping.optional[3]);
        let places = mapping.resolve("a.csv", &["x", "t", "u"]).unwrap();
        assert_eq!(places, [Some(2), Some(1), None, Some(0)]);
        let error = mapping.resolve("a.csv", &["X1", "t", "u"]).unwrap_err();
        assert_eq!(error.to_string(), "a.csv:1: no column \"x\"");
    }

    #[test]
    fn options_that_contradict_themselves_are_refused() {
        let cases = [
            ("", "source \"a.csv\" has no id"),
            (
                "ids = { user = 'u' }\nproperties = { channel = 'c' }",
                "source \"a.csv\" maps \"channel\" as a property",
            ),
            (
                "ids = { user = 'u' }\nconstants = { time = '1' }",
                "source \"a.csv\" gives a fixed text for \"time\"",
            ),
            (
                "ids = { user = 'u' }\nvalue = 'v'\ncurrency = 'k'",
                "source \"a.csv\" has amounts with a currency, and the journey names none",
            ),
        ];
        for (text, expected) in cases {
            let one = source(text);
            let common = Common {
                fields: fields(std::slice::from_ref(&one), &[]),
                zone: TimeZone::UTC,
                currency: Currency::UNNAMED,
                blocklist: Blocklist::default(),
                privacy: Privacy::default(),
                gather: None,
            };
            assert_eq!(Mapping::new(&one, &common).unwrap_err().to_string(), expected);
        }
    }
}
