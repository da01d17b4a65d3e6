//! The command of an analysis: load, ask one question, write the answer.

use clap::ArgMatches;

use crate::analysis;
use crate::base::Result;
use crate::cli::exit::Exit;
use crate::cli::flags::overlay;
use crate::cli::inputs::{self, load_options};
use crate::cli::ui::Ui;
use crate::study::Study;

/// Answers one question.
///
/// # Errors
/// Unreadable input, wrong options, a question the data cannot answer, a failed write.
pub fn run(name: &str, matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let entry = analysis::entry(name)?;
    let mut config = inputs::config(matches, ui)?;
    let mut options = config.options(entry.section)?;
    overlay(&mut options, &(entry.schema)().to_value(), matches)?;
    config.analyses.insert(entry.section.to_owned(), options.clone());
    let study = Study::load(config, &load_options(matches)?, ui.progress())?;
    inputs::tell(&study, matches, ui)?;
    let findings = study.run(&[(entry, options)], ui.progress())?;
    ui.done();
    let reports: Vec<_> = findings.reports.iter().collect();
    inputs::write(&reports, matches)?;
    let nothing = study.catalog.events == 0;
    let negative = findings.reports.iter().any(|it| it.negative);
    Ok(inputs::exit(&study, matches, nothing || negative))
}
