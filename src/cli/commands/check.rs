//! `check`: what would be read.

use clap::ArgMatches;

use crate::base::Result;
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, Journey};
use crate::cli::ui::Ui;
use crate::study::Study;
use crate::study::check::check;
use crate::study::sensitivity::sensitivity;

/// Reports what would be read.
///
/// # Errors
/// Unreadable input, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let Journey { config, options, .. } = &inputs::journey(matches, ui)?;
    if matches.get_flag("identity-sensitivity") {
        let report = sensitivity(config.clone(), options, ui.progress())?;
        ui.done();
        answers::write(&[&report], matches, ui)?;
        return Ok(Exit::Answered);
    }
    let study = Study::load(config.clone(), options, ui.progress())?;
    inputs::spare_inputs(&study, matches)?;
    inputs::rejects(&study, matches)?;
    inputs::nothing(&study, ui);
    ui.done();
    answers::write(&[&check(&study)?], matches, ui)?;
    Ok(inputs::exit(&study, matches, study.catalog.events == 0))
}
