//! `fold`: what reading makes of some files, kept in a partial.

use std::path::Path;

use clap::ArgMatches;

use crate::base::numerals::{count, counted};
use crate::base::{Error, Place, Result};
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs;
use crate::cli::ui::Ui;
use crate::output::{atomic, bundle};
use crate::study::fold::{FoldOptions, fold};

/// Writes a partial.
///
/// # Errors
/// Unreadable input, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let mut journey = inputs::journey(matches, ui)?;
    if journey.options.partials.is_some() {
        return Err(
            Error::new("partials are folded already").hint("touchpath merge joins them into one")
        );
    }
    let several = |name: &str| -> Vec<String> {
        matches.get_many(name).into_iter().flatten().cloned().collect()
    };
    journey.options.properties = several("keep");
    let how = FoldOptions { only: several("only"), by_customer: matches.get_flag("by-customer") };
    let Some(path) = answers::file(matches) else {
        return Err(
            Error::new("a partial is no text for a terminal").hint("name a file: -o day.part")
        );
    };
    spare(path, &journey.config)?;
    let mut folded = None;
    atomic::write(Path::new(path), |out| {
        let options = &journey.options;
        folded = Some(fold(&journey.config, options, &how, ui.progress(), out)?);
        Ok(())
    })?;
    ui.done();
    let Some((totals, issues)) = folded else { return Ok(Exit::Answered) };
    if let Some(rejects) = matches.get_one::<String>("rejects") {
        atomic::write_file(Path::new(rejects), &bundle::rejects(issues.rejects())?)?;
    }
    ui.note(&format!(
        "{} of {}: {} used, {} filtered out, {} set aside",
        counted(issues.read, "row"),
        counted(totals.pieces, "file"),
        count(issues.used()),
        count(issues.filtered),
        count(issues.rejected()),
    ));
    let bad = matches.get_flag("fail-if-rejects") && issues.faults() > 0;
    // A day without events is a day.
    Ok(if bad { Exit::No } else { Exit::Answered })
}

/// Checks that the partial would not replace what is read.
fn spare(path: &str, config: &crate::config::Config) -> Result<()> {
    let Ok(real) = fs_err::canonicalize(path) else { return Ok(()) };
    let sources = config.sections.source.iter().map(|it| config.folder.join(&it.path));
    let read = sources.chain(config.file.clone());
    if read.filter_map(|it| fs_err::canonicalize(it).ok()).any(|it| it == real) {
        return Err(Error::new("--output would replace a file that is read")
            .at(Place::file(path))
            .hint("name another file"));
    }
    Ok(())
}
