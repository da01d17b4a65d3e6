//! Floor 3, room `output`: reports in, bytes out.
//!
//! One format a file, one line each in [`FORMATS`]. A renderer is a pure function
//! from reports to bytes: it never counts, tests or filters data (that was done
//! before), never prints, and opens no file; only [`atomic`] does. All text of a
//! report is hostile and passes the escaper of its sink in [`escape`].

use std::io::Write;

use crate::base::{Error, Result, names};
use crate::model::{JourneyMap, Report, Table};

pub mod atomic;
pub mod bundle;
mod chart;
pub mod csv;
pub mod escape;
pub mod format;
pub mod html;
pub mod json;
pub mod map;
pub mod markdown;
mod pieces;
mod sankey;
pub mod table;

#[cfg(test)]
pub(crate) mod sample;

pub use map::MapStyle;

/// How the reader wants it: the same for every format, each takes what it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Columns of the terminal; 0 means as wide as it takes.
    pub width: usize,
    /// Whether the terminal understands color.
    pub color: bool,
    /// Whether people are shown all rows, also where the table asks for fewer.
    pub all_rows: bool,
    /// Whether CSV leaves out the guard against spreadsheet formulas.
    pub csv_raw: bool,
    /// The table or map to write where the format holds only one; default the first.
    pub part: Option<String>,
    /// The title of a page of several reports.
    pub title: Option<String>,
    /// How maps are drawn.
    pub map: MapStyle,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 100,
            color: false,
            all_rows: false,
            csv_raw: false,
            part: None,
            title: None,
            map: MapStyle::default(),
        }
    }
}

/// One line of the registry: a format of reports.
pub struct Format {
    /// Its name for `--format`.
    pub name: &'static str,
    /// The endings of file names that choose it.
    pub endings: &'static [&'static str],
    /// One line for `--help`.
    pub about: &'static str,
    /// Writes reports.
    pub write: fn(&[&Report], &Style, &mut dyn Write) -> Result<()>,
}

/// Every format, the terminal's first.
pub const FORMATS: &[Format] = &[
    table::FORMAT,
    csv::FORMAT,
    json::FORMAT,
    markdown::FORMAT,
    html::FORMAT,
    map::dot::FORMAT,
    map::svg::FORMAT,
    #[cfg(feature = "png")]
    map::png::FORMAT,
    map::mermaid::FORMAT,
    map::graphml::FORMAT,
    map::gexf::FORMAT,
    map::term::FORMAT,
];

/// The format of a name.
///
/// # Errors
/// No format has that name.
pub fn format(name: &str) -> Result<&'static Format> {
    FORMATS.iter().find(|it| it.name == name).ok_or_else(|| {
        let known = FORMATS.iter().map(|it| it.name);
        let all: Vec<&str> = known.clone().collect();
        match names::nearest(name, known) {
            Some(near) => Error::new(format!("there is no format \"{name}\"")).suggest(Some(near)),
            None => Error::new(format!("there is no format \"{name}\""))
                .hint(format!("formats: {}", all.join(", "))),
        }
    })
}

/// The format that a file name's ending chooses, if any.
///
/// ```
/// assert_eq!(touchpath::output::by_ending("out/map.SVG").map(|it| it.name), Some("svg"));
/// assert!(touchpath::output::by_ending("map").is_none());
/// ```
pub fn by_ending(path: &str) -> Option<&'static Format> {
    let name = path.to_ascii_lowercase();
    FORMATS.iter().find(|it| it.endings.iter().any(|ending| name.ends_with(ending)))
}

/// The table that a format with room for one writes: the named one, else the one with
/// the report's own name (`ledger` of the ledger), else the first.
fn one_table<'a>(reports: &[&'a Report], style: &Style) -> Result<(&'a Report, &'a Table)> {
    let all = || reports.iter().flat_map(|it| it.tables.iter().map(move |table| (*it, table)));
    if let (None, Some(own)) = (&style.part, all().find(|it| it.0.name == it.1.key)) {
        return Ok(own);
    }
    pick(all().map(|it| (it.1.key.as_str(), it)), style, "table")
}

/// The map that a format with room for one writes: the named one, else the first.
fn one_map<'a>(reports: &[&'a Report], style: &Style) -> Result<&'a JourneyMap> {
    let all = reports.iter().flat_map(|it| it.maps.iter());
    let map = pick(all.map(|(key, map)| (key.as_str(), map)), style, "map")?;
    map::limit::check(map, &style.map)?;
    Ok(map)
}

fn pick<'a, T>(
    mut parts: impl Iterator<Item = (&'a str, T)> + Clone,
    style: &Style,
    what: &str,
) -> Result<T> {
    let names = parts.clone().map(|it| it.0);
    match &style.part {
        None => parts.next().map(|it| it.1).ok_or_else(|| {
            Error::new(format!("this report has no {what}"))
                .hint("choose another format, such as --format table")
        }),
        Some(part) => parts.find(|it| it.0 == part).map(|it| it.1).ok_or_else(|| {
            Error::new(format!("this report has no {what} \"{part}\""))
                .suggest(names::nearest(part, names))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_writes_the_sample_and_says_the_same_twice() {
        let report = sample::report();
        for format in FORMATS {
            let write = || {
                let mut bytes = Vec::new();
                (format.write)(&[&report], &Style::default(), &mut bytes).unwrap();
                bytes
            };
            let first = write();
            assert!(!first.is_empty(), "{}", format.name);
            assert_eq!(first, write(), "{} differs between two runs", format.name);
        }
    }

    /// Writes the sample to look at where `TOUCHPATH_PICTURES` names a folder.
    #[test]
    fn the_sample_can_be_looked_at() {
        let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") else { return };
        let (report, funnel) = (sample::report(), sample::funnel());
        for format in FORMATS {
            let mut bytes = Vec::new();
            (format.write)(&[&report, &funnel], &Style::default(), &mut bytes).unwrap();
            let path = std::path::Path::new(&folder).join(format!("sample.{}", format.name));
            fs_err::write(path, bytes).unwrap();
        }
    }

    #[test]
    fn names_and_endings_are_unique() {
        let mut names: Vec<&str> =
            FORMATS.iter().flat_map(|it| it.endings.iter().copied().chain([it.name])).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn an_unknown_format_is_told_its_nearest_name() {
        let error = format("jsn").err().unwrap();
        assert_eq!(error.hint_text(), Some("did you mean \"json\"?"));
        assert!(format("svg").is_ok());
    }

    #[test]
    fn the_part_is_chosen_by_key() {
        let report = sample::report();
        let style = Style { part: Some("stagez".to_owned()), ..Style::default() };
        let error = (csv::FORMAT.write)(&[&report], &style, &mut Vec::new()).unwrap_err();
        assert_eq!(error.message(), "this report has no table \"stagez\"");
        let empty = Report::default();
        assert!((map::dot::FORMAT.write)(&[&empty], &Style::default(), &mut Vec::new()).is_err());
    }
}
