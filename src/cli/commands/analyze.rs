//! The command of an analysis: load, ask one question, write the answer.

use clap::ArgMatches;

use crate::analysis;
use crate::base::Result;
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::flags::overlay;
use crate::cli::inputs::{self, Journey};
use crate::cli::ui::Ui;
use crate::study::Study;

/// Answers one question.
///
/// # Errors
/// Unreadable input, wrong options, a question the data cannot answer, a failed write.
pub fn run(name: &str, matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let entry = analysis::entry(name)?;
    let mut journey = inputs::journey(matches, ui)?;
    let mut options = journey.config.options(entry.section)?;
    overlay(&mut options, &(entry.schema)().to_value(), matches)?;
    journey.config.analyses.insert(entry.section.to_owned(), options.clone());
    let Journey { config, options: load, .. } = &journey;
    let study = Study::load(config.clone(), load, ui.progress())?;
    inputs::tell(&study, matches, ui)?;
    let findings = match study.run(&[(entry, options)], ui.progress()) {
        // Names cannot occur where nothing does: that is an answer, not a mistake.
        Err(error) if study.catalog.events == 0 => {
            ui.note(&format!("{name} has nothing to say of no events: {error}"));
            return Ok(Exit::No);
        }
        findings => findings?,
    };
    ui.progress().check()?;
    ui.done();
    let reports: Vec<_> = findings.reports.iter().collect();
    answers::write(&reports, matches, ui)?;
    let nothing = study.catalog.events == 0;
    let negative = findings.reports.iter().any(|it| it.negative);
    let none = !inputs::selected(&findings, ui);
    Ok(inputs::exit(&study, matches, none || nothing || negative))
}
