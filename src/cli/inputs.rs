//! From arguments to a journey, and from reports to files: what commands share.

use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::ArgMatches;

use crate::base::{Currency, Error, Place, Result, Timestamp};
use crate::cli::exit::Exit;
use crate::cli::ui::{self, Ui};
use crate::config::Config;
use crate::input::sniff;
use crate::model::Report;
use crate::output::{self, Format, MapStyle, Style, atomic, bundle};
use crate::study::{LoadOptions, Study};

/// The inputs as given.
pub fn paths(matches: &ArgMatches) -> impl Iterator<Item = &str> {
    matches.get_many::<String>("inputs").into_iter().flatten().map(String::as_str)
}

/// The journey of the inputs: a journey file, or guessed from bare data files.
///
/// # Errors
/// An unreadable journey file; data without a time or an id; a wrong `--set`.
pub fn config(matches: &ArgMatches, ui: &Ui) -> Result<Config> {
    let given: Vec<&str> = paths(matches).collect();
    let mut config = match given[..] {
        [one] if is_journey(one) => Config::read(Path::new(one))?,
        _ => bare(&given, ui)?,
    };
    for pair in matches.get_many::<String>("set").into_iter().flatten() {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::new(format!("--set: \"{pair}\" has no =")).hint("write --set journey.gap=30d")
        })?;
        config.set(key.trim(), value.trim())?;
    }
    Ok(config)
}

fn is_journey(path: &str) -> bool {
    path.ends_with(".toml") || Path::new(path).join("journey.toml").is_file()
}

fn bare(paths: &[&str], ui: &Ui) -> Result<Config> {
    let mut config = Config::default();
    for path in paths {
        if is_journey(path) {
            return Err(Error::new("a journey file stands alone")
                .at(Place::file(*path))
                .hint("name further data files as [[source]] in it"));
        }
        let sniffed = sniff::sniff(path)?;
        // The study guesses the goal from all of the data, and says so itself.
        for guess in sniffed.guesses.iter().filter(|it| !it.starts_with("conversion = ")) {
            ui.note(&format!("{path}: guessed {guess}"));
        }
        if let Some(code) = &sniffed.currency
            && config.sections.currency == Currency::UNNAMED
        {
            config.sections.currency = code.parse()?;
        }
        config.sections.source.push(sniffed.source);
    }
    Ok(config)
}

/// What of the data is used.
///
/// # Errors
/// A time that cannot be read.
pub fn load_options(matches: &ArgMatches) -> Result<LoadOptions> {
    let text = |name: &str| matches.get_one::<String>(name);
    let time = |name: &str| text(name).map(|it| instant(name, it)).transpose();
    Ok(LoadOptions {
        since: time("since")?,
        until: time("until")?,
        filter: text("where").cloned(),
        keep_rejects: text("rejects").is_some(),
        strict: matches.get_flag("strict"),
        properties: Vec::new(),
    })
}

fn instant(name: &str, text: &str) -> Result<Timestamp> {
    let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| Some(day()?.timestamp()));
    instant.map(|it| Timestamp(it.as_microsecond())).ok_or_else(|| {
        Error::new(format!("--{name}: cannot read a time from \"{text}\""))
            .hint("write a date (UTC) such as 2026-01-31, or 2026-01-31T12:00:00Z")
    })
}

/// Writes rejected rows where asked, and tells of guesses and of rows set aside.
///
/// # Errors
/// A failed write.
pub fn tell(study: &Study, matches: &ArgMatches, ui: &Ui) -> Result<()> {
    rejects(study, matches)?;
    for guess in &study.guesses {
        ui.note(&format!("guessed {guess}"));
    }
    let issues = &study.raw.issues;
    if ui.verbose {
        ui.note(&format!(
            "{} rows of {} files, {} events of {} customers",
            issues.read,
            study.raw.inputs.len(),
            study.catalog.events,
            study.catalog.customers
        ));
    }
    if issues.rejected() > 0 {
        let reasons: Vec<String> =
            issues.kinds().map(|(kind, count)| format!("{count} {}", kind.key())).collect();
        ui.warning(&format!(
            "{} of {} rows set aside ({}); touchpath check says where",
            issues.rejected(),
            issues.read,
            reasons.join(", ")
        ));
    }
    Ok(())
}

/// Writes the rejected rows where `--rejects` says.
///
/// # Errors
/// A failed write.
pub fn rejects(study: &Study, matches: &ArgMatches) -> Result<()> {
    match matches.get_one::<String>("rejects") {
        Some(path) => {
            let bytes = bundle::rejects(study.raw.issues.rejects())?;
            atomic::write_file(Path::new(path), &bytes)
        }
        None => Ok(()),
    }
}

/// The exit code: "no" where the answer is, or where rows were set aside and must not be.
pub fn exit(study: &Study, matches: &ArgMatches, no: bool) -> Exit {
    let bad = matches.get_flag("fail-if-rejects") && study.raw.issues.rejected() > 0;
    if no || bad { Exit::No } else { Exit::Answered }
}

/// Writes reports in the format and to the place that the arguments name.
///
/// # Errors
/// A failed write; a format that cannot hold the reports.
pub fn write(reports: &[&Report], matches: &ArgMatches) -> Result<()> {
    let path = matches.get_one::<String>("output").filter(|it| *it != "-");
    let format = format(matches, path.map(String::as_str))?;
    let terminal = path.is_none() && std::io::stdout().is_terminal();
    let choice = matches.try_get_one::<String>("color").ok().flatten().map(String::as_str);
    let style = Style {
        width: if terminal { width() } else { 0 },
        color: path.is_none() && ui::color(choice, terminal),
        all_rows: matches.get_flag("all-rows"),
        part: matches.get_one::<String>("part").cloned(),
        map: MapStyle::default(),
        ..Style::default()
    };
    let mut bytes = Vec::new();
    (format.write)(reports, &style, &mut bytes)?;
    emit(&bytes, matches)
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

fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into())
}

/// Writes bytes to `--output`, whole or not at all, or to standard output.
///
/// # Errors
/// A failed write.
pub fn emit(bytes: &[u8], matches: &ArgMatches) -> Result<()> {
    match matches.get_one::<String>("output").filter(|it| *it != "-") {
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
    out.write_all(bytes)?;
    out.flush()?;
    Ok(Exit::Answered)
}
