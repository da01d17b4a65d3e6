//! From reports to bytes: the format, the style, the place.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;

use crate::base::{Error, Place, Result};
use crate::cli::exit::Exit;
use crate::cli::ui;
use crate::model::Report;
use crate::output::map::{Direction, Keep, Theme, dot, reference, svg};
use crate::output::{self, Format, MapStyle, Style, atomic};

/// The file that `--output` names; none for standard output.
pub fn file(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("output").map(String::as_str).filter(|it| *it != "-")
}

/// Writes reports in the format and to the place that the arguments name.
///
/// # Errors
/// A failed write; a format that cannot hold the reports.
pub fn write(reports: &[&Report], matches: &ArgMatches) -> Result<()> {
    let path = file(matches);
    let format = format(matches, path)?;
    let terminal = path.is_none() && std::io::stdout().is_terminal();
    let choice = matches.try_get_one::<String>("color").ok().flatten().map(String::as_str);
    let style = Style {
        width: if terminal { width() } else { 0 },
        color: path.is_none() && ui::color(choice, terminal),
        all_rows: matches.get_flag("all-rows"),
        csv_raw: matches.get_flag("csv-raw"),
        part: matches.get_one::<String>("part").cloned(),
        map: map_style(matches)?,
        ..Style::default()
    };
    let mut bytes = Vec::new();
    (format.write)(reports, &style, &mut bytes)?;
    emit(&bytes, matches)
}

/// What a picture that was written leaves out because it could not be read, and how to see it.
///
/// # Errors
/// As [`write`].
pub fn left_out(reports: &[&Report], matches: &ArgMatches) -> Result<Vec<String>> {
    const PICTURES: [&str; 4] = ["svg", "dot", "png", "pdf"];
    let name = format(matches, file(matches))?.name;
    if !PICTURES.contains(&name) {
        return Ok(Vec::new());
    }
    let part = matches.get_one::<String>("part");
    let mut maps = reports.iter().flat_map(|it| it.maps.iter());
    let Some((_, map)) = maps.find(|it| part.is_none_or(|part| it.0 == *part)) else {
        return Ok(Vec::new());
    };
    let style = map_style(matches)?;
    let mut notes = match name {
        "dot" => dot::left_out(map, &style),
        _ => svg::left_out(map, &style),
    };
    if let Some(last) = notes.last_mut() {
        last.push_str("; --stages and --coverage draw more, tables and JSON hold all");
    }
    Ok(notes)
}

fn format(matches: &ArgMatches, path: Option<&str>) -> Result<&'static Format> {
    if let Some(name) = matches.get_one::<String>("format") {
        return output::format(name);
    }
    match path {
        Some(path) => output::by_ending(path).ok_or_else(|| {
            Error::new("the ending does not say which format to write")
                .at(Place::file(path))
                .hint("name it with --format")
        }),
        None => output::format("table"),
    }
}

/// How maps are drawn; the default where the command draws none.
///
/// # Errors
/// A coverage that is no share; a layout that cannot be read.
pub fn map_style(matches: &ArgMatches) -> Result<MapStyle> {
    fn given<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
        matches.try_get_one::<T>(name).ok().flatten().cloned()
    }
    let mut style = MapStyle::default();
    if let Some(share) = given::<f64>(matches, "coverage") {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::new(format!("--coverage: {share} is no share"))
                .hint("write a number from 0 to 1, such as 0.9"));
        }
        style.keep = Keep::Coverage(share);
    }
    if let Some(count) = given::<u64>(matches, "top-edges") {
        style.keep = Keep::Top(usize::try_from(count).unwrap_or(usize::MAX));
    }
    if given(matches, "all-edges") == Some(true) {
        style.keep = Keep::All;
    }
    if let Some(count) = given::<u64>(matches, "stages") {
        style.stages = Some(usize::try_from(count).unwrap_or(0));
    }
    let names = |name: &str| match matches.try_get_many::<String>(name) {
        Ok(Some(names)) => names.cloned().collect(),
        _ => Vec::new(),
    };
    (style.only_stages, style.hide_stages) = (names("only-stages"), names("hide-stages"));
    if let Some(path) = given::<String>(matches, "layout-from") {
        let place = || Place::file(path.as_str());
        let json = fs_err::read(&path).map_err(|it| Error::from(it).or_at(place()))?;
        let other = reference::read(&json).map_err(|it| it.or_at(place()))?;
        style.layout_from = Some(Arc::new(other));
    }
    if given::<String>(matches, "dir").as_deref() == Some("lr") {
        style.direction = Direction::Right;
    }
    if let Some(theme) = given::<String>(matches, "theme").as_deref().and_then(Theme::named) {
        style.theme = theme;
    }
    style.plain_labels = given(matches, "plain-labels") == Some(true);
    Ok(style)
}

fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into())
}

/// Writes bytes to `--output`, whole or not at all, or to standard output.
///
/// # Errors
/// A failed write.
pub fn emit(bytes: &[u8], matches: &ArgMatches) -> Result<()> {
    match file(matches) {
        Some(path) => atomic::write_file(Path::new(path), bytes),
        None => stdout(bytes).map(|_| ()),
    }
}

/// Writes bytes to standard output.
///
/// # Errors
/// A failed write; a closed pipe is one that `main` forgives.
pub fn stdout(bytes: &[u8]) -> Result<Exit> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    let failed = |it: std::io::Error| Error::from(it).or_at(Place::file("standard output"));
    written.map(|()| Exit::Answered).map_err(failed)
}
