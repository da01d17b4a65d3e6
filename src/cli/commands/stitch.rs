//! `stitch`: the stitched events, the id map with dates, the merge log.

use clap::ArgMatches;

use crate::base::{Error, Result, Timestamp};
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, Journey};
use crate::cli::ui::Ui;
use crate::study::identity::Identities;
use crate::study::stitched::{PARTS, report};

/// Writes who is who.
///
/// # Errors
/// Unreadable input, wrong options, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let Journey { config, options, .. } = &inputs::journey(matches, ui)?;
    let until = match matches.get_one::<String>("as-of") {
        Some(it) => Some(as_of(it, &config.zone()?)?),
        None => None,
    };
    let part = matches.get_one::<String>("part").map(String::as_str);
    if let Some(part) = part.filter(|it| !PARTS.contains(it)) {
        return Err(Error::new(format!("there is no part \"{part}\""))
            .hint(format!("parts: {}", PARTS.join(", "))));
    }
    let all = Identities::load(config.clone(), options, until, ui.progress())?;
    inputs::spare(&all.raw, config, matches)?;
    inputs::rejects_of(&all.raw, matches)?;
    ui.done();
    let issues = &all.raw.issues;
    if issues.faults() > 0 {
        ui.warning(&format!(
            "{} of {} rows set aside; touchpath check says where",
            issues.faults(),
            issues.read
        ));
    }
    answers::write(&[&report(&all, part)?], matches, ui)?;
    let bad = matches.get_flag("fail-if-rejects") && issues.faults() > 0;
    Ok(if bad || all.raw.is_empty() { Exit::No } else { Exit::Answered })
}

/// The last instant that counts: all of a date in the journey's zone, or an instant.
fn as_of(text: &str, zone: &jiff::tz::TimeZone) -> Result<Timestamp> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| !text.contains('T'));
    let Some(day) = day else { return inputs::instant("as-of", text, zone) };
    let next = day.tomorrow().ok().and_then(|it| it.to_zoned(zone.clone()).ok());
    let next = next.map(|it| Timestamp(it.timestamp().as_microsecond() - 1));
    next.ok_or_else(|| Error::new(format!("--as-of: no such date \"{text}\"")))
}
