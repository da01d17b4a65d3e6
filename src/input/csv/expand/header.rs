//! The header of counted paths: which column holds what.
//!
//! Knows no row behind it.

use std::borrow::Cow;

use super::{Expand, Record};
use crate::base::{Error, Place, Result};
use crate::input::jsonl::Outcome;
use crate::input::mapping::unknown_column;
use crate::input::read::Job;

/// Usual names of the columns, without case and punctuation.
const PATHS: [&str; 6] = [
    "path",
    "paths",
    "channelpath",
    "conversionpath",
    "mcfchannelgroupingpath",
    "defaultchannelgroupingpath",
];
const CONVERSIONS: [&str; 5] =
    ["conversions", "totalconversions", "conversion", "totalconversion", "conv"];
const NULLS: [&str; 6] = ["nulls", "totalnull", "totalnulls", "null", "nonconversions", "convnull"];
const VALUES: [&str; 8] = [
    "value",
    "totalconversionvalue",
    "conversionvalue",
    "totalvalue",
    "convvalue",
    "revenue",
    "conversionsvalue",
    "totalrevenue",
];

/// Where the value of a mapped column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Id,
    Time,
    Event,
    Channel,
    Value,
    /// A column of the file.
    Own(usize),
    Absent,
}

const MADE: [(&str, Slot); 5] = [
    ("journey.id", Slot::Id),
    ("journey.time", Slot::Time),
    ("journey.event", Slot::Event),
    ("journey.channel", Slot::Channel),
    ("journey.value", Slot::Value),
];

impl<'j> Expand<'j> {
    pub(super) fn new(job: &'j Job<'j>, header: &Record<'_>, end: usize) -> Result<Self> {
        let name = &*job.file.name;
        let names = header.values(end).map_err(|kind| {
            let error = Error::new(format!("cannot read the header: {}", kind.label()));
            error.at(Place::line(name, header.line)).hint(kind.hint())
        })?;
        let names: Vec<String> = names.into_iter().map(Cow::into_owned).collect();
        let options = &job.source.paths;
        let find = |given: &Option<String>, usual: &[&str]| find(name, &names, given, usual);
        let needed = |what: &str, it: Option<usize>| {
            it.ok_or_else(|| {
                Error::new(format!("cannot tell which column holds the {what}"))
                    .at(Place::line(name, 1))
                    .hint(format!(
                        "name it: paths = {{ {what} = \"…\" }}; the file has: {}",
                        names.join(", ")
                    ))
            })
        };
        if options.separator.trim().is_empty() {
            return Err(Error::new("paths.separator is blank").hint("write separator = \" > \""));
        }
        let path = needed("path", find(&options.path, &PATHS)?)?;
        let conversions = needed("conversions", find(&options.conversions, &CONVERSIONS)?)?;
        let (nulls, value) = (find(&options.nulls, &NULLS)?, find(&options.value, &VALUES)?);
        let known: Vec<&str> =
            MADE.iter().map(|it| it.0).chain(names.iter().map(String::as_str)).collect();
        let slot = |it: &Option<usize>| match *it {
            Some(at) if at < MADE.len() => MADE[at].1,
            Some(at) => Slot::Own(at - MADE.len()),
            None => Slot::Absent,
        };
        let slots: Vec<Slot> = job.mapping.resolve(name, &known)?.iter().map(slot).collect();
        let seen = slots.iter().map(|it| *it != Slot::Absent).collect();
        Ok(Self {
            rows: job.rows(),
            job,
            outcome: Outcome { parts: Vec::new(), seen },
            separator: &options.separator,
            slots,
            names,
            path,
            conversions,
            nulls,
            value,
            made: 0,
        })
    }
}

/// The position of a column: the one that is named, or one with a usual name.
fn find(
    file: &str,
    names: &[String],
    given: &Option<String>,
    usual: &[&str],
) -> Result<Option<usize>> {
    let bare = |it: &String| -> String {
        it.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    if let Some(given) = given {
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let at = names.iter().position(|it| it == given);
        return at.map(Some).ok_or_else(|| unknown_column(file, given, &known));
    }
    Ok(usual.iter().find_map(|usual| names.iter().position(|it| bare(it) == *usual)))
}
