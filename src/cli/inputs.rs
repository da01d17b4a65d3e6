//! From arguments to a journey: what commands share before they ask.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use clap::ArgMatches;
use jiff::tz::TimeZone;
use tempfile::TempPath;

use crate::base::{Currency, Error, IssueKind, Place, Progress, Result, Timestamp};
use crate::cli::choice;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::config::Config;
use crate::input::privacy::{ForgetList, IdHash};
use crate::input::sniff::{self, Sniffed};
use crate::input::stdin::Stdin;
use crate::output::{atomic, bundle};
use crate::prepare::EndOfData;
use crate::prepare::journeys::Limit;
use crate::store::{Merged, Partial, RawEvents, Rules, is_partial};
use crate::study::{Findings, LoadOptions, Study, fold};

/// A journey as the command line names it.
pub struct Journey {
    /// The journey file, or what was guessed for bare data files.
    pub config: Config,
    /// What of the data is used.
    pub options: LoadOptions,
    /// Where standard input was saved to; removed when this is dropped.
    _stdin: Option<TempPath>,
}

/// The inputs as given.
pub fn paths(matches: &ArgMatches) -> impl Iterator<Item = &str> {
    matches.get_many::<String>("inputs").into_iter().flatten().map(String::as_str)
}

/// The journey of the inputs: a journey file, or guessed from bare data files.
///
/// # Errors
/// An unreadable journey file; data without a time or an id; a wrong `--set`;
/// a time that cannot be read.
pub fn journey(matches: &ArgMatches, ui: &Ui) -> Result<Journey> {
    let given: Vec<&str> = paths(matches).collect();
    let mut stdin = None;
    let mut merged = None;
    let mut config = match given[..] {
        [one] if is_journey(one) => Config::read(Path::new(one))?,
        _ if given.iter().any(|it| is_partial(Path::new(it))) => {
            let partials = merged.insert(Arc::new(partials(&given, matches, ui)?));
            asked_by(partials, matches)?
        }
        _ => bare(&given, &mut stdin, ui)?,
    };
    if merged.is_none() && given_text(matches, "journey").is_some() {
        return Err(Error::new("--journey is for partials")
            .hint("name the journey file in place of the data, which it names itself"));
    }
    for pair in matches.get_many::<String>("set").into_iter().flatten() {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::new(format!("--set: \"{pair}\" has no =")).hint("write --set journey.gap=30d")
        })?;
        config.set(key.trim(), value.trim())?;
    }
    choice::overlay(&mut config.sections.select, matches)?;
    let mut options = load_options(matches, &config.zone()?)?;
    // Who names data files on the command line has allowed them.
    options.inside = config.file.is_some() && !matches.get_flag("allow-outside");
    options.stdin = stdin.as_ref().map(|it| it.to_path_buf());
    options.partials = merged;
    Ok(Journey { config, options, _stdin: stdin })
}

/// A look at a data file; standard input is first saved to a file, since it can be read once.
///
/// # Errors
/// As [`sniff::sniff`]; no room to save standard input.
pub fn look(path: &str, stdin: &mut Option<TempPath>, ui: &Ui) -> Result<Sniffed> {
    match path {
        "-" => sniff::sniff_saved(stdin.insert(save_stdin(ui.progress())?)),
        path => sniff::sniff(path),
    }
}

fn save_stdin(progress: &dyn Progress) -> Result<TempPath> {
    let failed = |error: io::Error| {
        Error::new(format!("cannot save standard input: {error}"))
            .hint("TMPDIR names the folder for temporary files")
            .caused_by(error)
    };
    let mut file = tempfile::Builder::new().prefix("touchpath-").tempfile().map_err(failed)?;
    io::copy(&mut Stdin::new(progress), &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    Ok(file.into_temp_path())
}

/// The partials of these paths as one; says what was dropped.
///
/// # Errors
/// One is no partial, or they do not belong together.
pub fn partials(given: &[&str], matches: &ArgMatches, ui: &Ui) -> Result<Merged> {
    let flag = |name: &str| matches.try_get_one(name).ok().flatten() == Some(&true);
    let mut opened = Vec::new();
    for path in given {
        if is_journey(path) {
            return Err(Error::new("a journey file is no partial")
                .at(Place::file(*path))
                .hint("name it with --journey to ask the partials by it"));
        }
        let partial = Partial::open(Path::new(path)).map_err(|it| match it.message() {
            "is not a partial" => it.hint("touchpath fold makes one of it"),
            _ => it,
        })?;
        opened.push(partial);
    }
    let rules = Rules { strict: flag("strict"), allow_overlap: flag("allow-overlap") };
    let merged = Merged::new(opened, rules)?;
    merged.notes.iter().for_each(|it| ui.warning(it));
    Ok(merged)
}

/// The journey to ask partials by: the one that is named, or their own.
fn asked_by(merged: &Merged, matches: &ArgMatches) -> Result<Config> {
    let Some(path) = given_text(matches, "journey") else { return fold::journey(&merged.head) };
    let mut config = Config::read(Path::new(path))?;
    if config.sections.source.is_empty() {
        // A journey of questions alone: how the data was read stands in the partials.
        let own = fold::journey(&merged.head)?.sections;
        config.sections.source = own.source;
        config.sections.currency = own.currency;
        config.sections.timezone = own.timezone;
        let identity = &mut config.sections.identity;
        identity.blocklist = own.identity.blocklist;
        identity.block_patterns = own.identity.block_patterns;
        identity.allow = own.identity.allow;
    }
    Ok(config)
}

fn given_text<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a String> {
    matches.try_get_one(name).ok().flatten()
}

fn is_journey(path: &str) -> bool {
    path.ends_with(".toml") || Path::new(path).join("journey.toml").is_file()
}

fn bare(paths: &[&str], stdin: &mut Option<TempPath>, ui: &Ui) -> Result<Config> {
    let mut config = Config::default();
    let mut met = std::collections::BTreeSet::new();
    let mut cases = !paths.is_empty();
    for path in paths {
        if !met.insert(fs_err::canonicalize(path).unwrap_or_else(|_| path.into())) {
            return Err(Error::new("the file is named twice")
                .at(Place::file(*path))
                .hint("its events would count twice"));
        }
        if is_journey(path) {
            return Err(Error::new("a journey file stands alone")
                .at(Place::file(*path))
                .hint("name further data files as [[source]] in it"));
        }
        let sniffed = look(path, stdin, ui)?;
        // The study guesses the goal from all of the data, and says so itself.
        for guess in sniffed.guesses.iter().filter(|it| !it.starts_with("conversion = ")) {
            ui.note(&format!("{path}: guessed {guess}"));
        }
        if let Some(code) = &sniffed.currency
            && config.sections.currency == Currency::UNNAMED
        {
            config.sections.currency = code.parse()?;
        }
        cases &= sniffed.is_of_cases();
        config.sections.source.push(sniffed.source);
    }
    if cases {
        ui.note("guessed journey.gap = \"none\": cases end with their last event");
        config.sections.journey.gap = Limit(None);
        config.sections.journey.end_of_data = EndOfData::Exit;
    }
    Ok(config)
}

fn load_options(matches: &ArgMatches, zone: &TimeZone) -> Result<LoadOptions> {
    let text = |name: &str| given_text(matches, name);
    let time = |name: &str| text(name).map(|it| instant(name, it, zone)).transpose();
    let (since, until) = (time("since")?, time("until")?);
    if since.zip(until).is_some_and(|it| it.0 >= it.1) {
        return Err(Error::new("--until is not after --since")
            .hint("--since is the first time that counts, --until the first that does not"));
    }
    Ok(LoadOptions {
        since,
        until,
        filter: text("where").cloned(),
        keep_rejects: text("rejects").is_some(),
        strict: matches.get_flag("strict"),
        memory: text("memory").map(|it| it.parse()).transpose()?,
        hash_ids: text("hash-ids").map(|it| IdHash::read(Path::new(it))).transpose()?.map(Arc::new),
        forget: match text("forget") {
            Some(it) => ForgetList::read(Path::new(it))?,
            None => ForgetList::default(),
        },
        ..LoadOptions::default()
    })
}

/// An instant of RFC 3339, or a date or time of day in the journey's zone.
///
/// # Errors
/// It is neither.
pub fn instant(name: &str, text: &str, zone: &TimeZone) -> Result<Timestamp> {
    let local = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(zone.clone()).ok();
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| Some(local()?.timestamp()));
    instant.map(|it| Timestamp(it.as_microsecond())).ok_or_else(|| {
        Error::new(format!("--{name}: cannot read a time from \"{text}\""))
            .hint("write a date in the journey's zone such as 2026-01-31, or 2026-01-31T12:00:00Z")
    })
}

/// Writes rejected rows where asked, and tells of guesses and of rows set aside.
///
/// # Errors
/// A failed write.
pub fn tell(study: &Study, matches: &ArgMatches, ui: &Ui) -> Result<()> {
    spare_inputs(study, matches)?;
    rejects(study, matches)?;
    for guess in &study.guesses {
        ui.note(&format!("guessed {guess}"));
    }
    nothing(study, ui);
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
    if issues.rounded > 0 {
        ui.warning(&format!(
            "{} amounts have more decimals than {} has and were rounded half to even",
            issues.rounded,
            study.catalog.currency.words()
        ));
    }
    let forgotten = issues.count(IssueKind::Forgotten);
    if forgotten > 0 {
        ui.note(&format!("{forgotten} of {} rows are forgotten", issues.read));
    }
    let left_out: u64 = issues.left_out().values().sum();
    if left_out > 0 {
        let reasons: Vec<String> =
            issues.left_out().iter().map(|(reason, rows)| format!("{rows} {reason}")).collect();
        ui.note(&format!(
            "{left_out} of {} rows left out as no events of their own ({})",
            issues.read,
            reasons.join("; ")
        ));
    }
    if issues.faults() > 0 {
        let kinds = issues.kinds().filter(|it| it.0 != IssueKind::Forgotten);
        let reasons: Vec<String> =
            kinds.map(|(kind, count)| format!("{count} {}", kind.key())).collect();
        ui.warning(&format!(
            "{} of {} rows set aside ({}); touchpath check says where",
            issues.faults(),
            issues.read,
            reasons.join(", ")
        ));
    }
    Ok(())
}

/// Checks that no output would replace what was read.
///
/// # Errors
/// One would.
pub fn spare_inputs(study: &Study, matches: &ArgMatches) -> Result<()> {
    spare(&study.raw, &study.config, matches)
}

/// As [`spare_inputs`], where there is no study.
///
/// # Errors
/// One would.
pub fn spare(raw: &RawEvents, config: &Config, matches: &ArgMatches) -> Result<()> {
    let exclude = &config.sections.identity.exclude;
    let exclude = (!exclude.is_empty()).then(|| config.folder.join(exclude));
    let read = raw.inputs.iter().map(|it| it.location.as_path());
    let read = read.chain(config.file.as_deref()).chain(exclude.as_deref());
    let read: Vec<_> = read.filter_map(|it| fs_err::canonicalize(it).ok()).collect();
    for name in ["output", "rejects"] {
        let Some(path) = matches.get_one::<String>(name) else { continue };
        if fs_err::canonicalize(path).is_ok_and(|it| read.contains(&it)) {
            return Err(Error::new(format!("--{name} would replace a file that is read"))
                .at(Place::file(path))
                .hint("name another file"));
        }
    }
    Ok(())
}

/// Says so where no event is left to look at.
pub fn nothing(study: &Study, ui: &Ui) {
    let issues = &study.raw.issues;
    if study.catalog.events > 0 {
        return;
    }
    ui.warning(&match issues.read {
        0 => "no events: the data has no rows".to_owned(),
        read => format!(
            "no events: of {read} rows {} were set aside, and none of the others is left after \
             --since, --until, --where and the sources' filters",
            issues.rejected()
        ),
    });
}

/// Says which journeys were looked at, where not all were; whether any was.
pub fn selected(findings: &Findings, ui: &Ui) -> bool {
    let Some(selected) = &findings.selected else { return true };
    selected.lines().iter().for_each(|it| ui.note(it));
    selected.kept.journeys > 0
}

/// Writes the rejected rows where `--rejects` says.
///
/// # Errors
/// A failed write.
pub fn rejects(study: &Study, matches: &ArgMatches) -> Result<()> {
    rejects_of(&study.raw, matches)
}

/// As [`rejects`], where there is no study.
///
/// # Errors
/// A failed write.
pub fn rejects_of(raw: &RawEvents, matches: &ArgMatches) -> Result<()> {
    match matches.get_one::<String>("rejects") {
        Some(path) => {
            let bytes = bundle::rejects(raw.issues.rejects())?;
            atomic::write_file(Path::new(path), &bytes)
        }
        None => Ok(()),
    }
}

/// The exit code: "no" where the answer is, or where rows were set aside and must not be.
pub fn exit(study: &Study, matches: &ArgMatches, no: bool) -> Exit {
    let bad = matches.get_flag("fail-if-rejects") && study.raw.issues.faults() > 0;
    if no || bad { Exit::No } else { Exit::Answered }
}
