//! `check`: what would be read.

use clap::ArgMatches;

use crate::base::Result;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, load_options};
use crate::cli::ui::Ui;
use crate::study::Study;
use crate::study::check::check;

/// Reports what would be read.
///
/// # Errors
/// Unreadable input, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let config = inputs::config(matches, ui)?;
    let study = Study::load(config, &load_options(matches)?, ui.progress())?;
    inputs::rejects(&study, matches)?;
    ui.done();
    inputs::write(&[&check(&study)?], matches)?;
    Ok(inputs::exit(&study, matches, study.catalog.events == 0))
}
