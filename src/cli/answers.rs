//! From reports to bytes: the format, the style, the place.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;

use crate::base::{Error, Place, Result};
use crate::cli::exit::Exit;
use crate::cli::graphviz;
use crate::cli::ui::{self, Ui};
use crate::model::{JourneyMap, Report};
use crate::output::map::{Direction, Keep, Theme, dot, reference, svg};
use crate::output::{self, Format, MapStyle, Style, atomic};

/// The file that `--output` names; none for standard output.
pub fn file(matches: &ArgMatches) -> Option<&str> {
    matches.get_one::<String>("output").map(String::as_str).filter(|it| *it != "-")
}

/// Who writes an answer.
enum Sink {
    /// One of our formats.
    Ours(&'static Format),
    /// An installed Graphviz, this kind of picture.
    Graphviz(&'static str),
}

/// Writes reports in the format and to the place that the arguments name.
///
/// # Errors
/// A failed write; a format that cannot hold the reports.
pub fn write(reports: &[&Report], matches: &ArgMatches, ui: &Ui) -> Result<()> {
    let path = file(matches);
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
    let sink = sink(matches, path)?;
    let bytes = match &sink {
        Sink::Ours(format) => ours(format, reports, &style, ui)?,
        Sink::Graphviz(kind) => graphviz(kind, reports, &style, ui)?,
    };
    emit(&bytes, matches)?;
    left_out(&sink, reports, &style, ui);
    Ok(())
}

/// Says what a picture that was written leaves out because it could not be read, and how to
/// see it.
fn left_out(sink: &Sink, reports: &[&Report], style: &Style, ui: &Ui) {
    let Some(map) = map(reports, style) else { return };
    let mut notes = match sink {
        Sink::Ours(Format { name: "dot", .. }) | Sink::Graphviz(_) => {
            dot::left_out(map, &style.map)
        }
        Sink::Ours(Format { name: "svg" | "png", .. }) => svg::left_out(map, &style.map),
        Sink::Ours(_) => return,
    };
    if let Some(last) = notes.last_mut() {
        last.push_str("; --stages and --coverage draw more, tables and JSON hold all");
    }
    notes.iter().for_each(|it| ui.note(it));
}

/// The map that a format with room for one writes, if there is any.
fn map<'a>(reports: &[&'a Report], style: &Style) -> Option<&'a JourneyMap> {
    let part = |it: &&(String, JourneyMap)| style.part.as_ref().is_none_or(|part| *part == it.0);
    reports.iter().flat_map(|it| &it.maps).find(part).map(|it| &it.1)
}

fn ours(format: &Format, reports: &[&Report], style: &Style, ui: &Ui) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (format.write)(reports, style, &mut bytes)?;
    if format.name == "png" && style.map.font.is_none() {
        lacking(reports, style, ui);
    }
    Ok(bytes)
}

/// Says which letters of a picture are boxes, for want of a font.
#[cfg(feature = "png")]
fn lacking(reports: &[&Report], style: &Style, ui: &Ui) {
    let Some(map) = map(reports, style) else { return };
    let drawing = output::map::draw_within(map, &style.map, output::map::ROOM);
    let names = drawing.shapes.iter().map(|it| it.name.as_str());
    let texts = names.chain(drawing.facts.iter().map(String::as_str)).chain([&*drawing.title]);
    let lacking = output::map::png::lacking(texts);
    if !lacking.is_empty() {
        let first: String = lacking.iter().take(8).collect();
        ui.note(&format!(
            "the picture's font lacks {} letters, drawn as boxes ({first} …): name a font that has \
             them with --font FILE, or write SVG",
            lacking.len()
        ));
    }
}

#[cfg(not(feature = "png"))]
fn lacking(_: &[&Report], _: &Style, _: &Ui) {}

/// Lets Graphviz draw; where it is not installed, draws what both can draw.
fn graphviz(kind: &str, reports: &[&Report], style: &Style, ui: &Ui) -> Result<Vec<u8>> {
    let mut dot = Vec::new();
    (output::format("dot")?.write)(reports, style, &mut dot)?;
    match graphviz::draw(dot, kind, style.map.scale, ui.progress())? {
        Some(bytes) => Ok(bytes),
        None if graphviz::SHARED.contains(&kind) => {
            ui.note("Graphviz (dot) is not installed: touchpath drew the map itself");
            ours(output::format(kind)?, reports, style, ui)
        }
        None => Err(graphviz::missing(kind)),
    }
}

fn sink(matches: &ArgMatches, path: Option<&str>) -> Result<Sink> {
    let kind = |name: &str| graphviz::KINDS.iter().map(|it| it.0).find(|it| *it == name);
    let ours = match (matches.get_one::<String>("format"), path) {
        (Some(name), _) => match kind(name) {
            Some(kind) => return Ok(Sink::Graphviz(kind)),
            None => output::format(name)?,
        },
        (None, Some(path)) => match (graphviz::by_ending(path), output::by_ending(path)) {
            (Some(kind), _) => return Ok(Sink::Graphviz(kind)),
            (None, Some(format)) => format,
            (None, None) => {
                return Err(Error::new("the ending does not say which format to write")
                    .at(Place::file(path))
                    .hint("name it with --format"));
            }
        },
        (None, None) => output::format("table")?,
    };
    let renderer = matches.try_get_one::<String>("renderer").ok().flatten();
    match (renderer.map(String::as_str), graphviz::SHARED.contains(&ours.name)) {
        (Some("dot"), true) => Ok(Sink::Graphviz(ours.name)),
        (Some("dot"), false) => {
            Err(Error::new(format!("--renderer dot: {} is no picture", ours.name))
                .hint("it draws svg, png, pdf, ps and eps"))
        }
        _ => Ok(Sink::Ours(ours)),
    }
}

/// How maps are drawn; the default where the command draws none.
///
/// # Errors
/// A coverage that is no share, a scale out of bounds, a font or a layout that cannot be read.
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
    if let Some(scale) = given::<f64>(matches, "scale") {
        if !(0.1..=20.0).contains(&scale) {
            return Err(Error::new(format!("--scale: {scale} is not from 0.1 to 20"))
                .hint("2 is twice as fine as the SVG, fit for most screens and print"));
        }
        style.scale = scale;
    }
    if let Some(path) = given::<String>(matches, "font") {
        let bytes = fs_err::read(&path)
            .map_err(|error| Error::from(error).or_at(Place::file(path.as_str())))?;
        style.font = Some(bytes.into());
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
