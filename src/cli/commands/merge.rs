//! `merge`: partials into one.

use std::path::Path;

use clap::ArgMatches;

use crate::base::numerals::counted;
use crate::base::{Error, Place, Result};
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs;
use crate::cli::ui::Ui;
use crate::output::atomic;

/// Joins partials.
///
/// # Errors
/// Partials that cannot be read or do not belong together, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let given: Vec<&str> = inputs::paths(matches).collect();
    let Some(path) = answers::file(matches) else {
        return Err(
            Error::new("a partial is no text for a terminal").hint("name a file: -o all.part")
        );
    };
    let merged = inputs::partials(&given, matches, ui)?;
    let mut totals = None;
    atomic::write(Path::new(path), |out| {
        totals = Some(merged.write(out)?);
        Ok(())
    })?;
    let totals = totals.ok_or_else(|| Error::new("nothing written").at(Place::file(path)))?;
    ui.note(&format!(
        "{} of {}, fingerprint {}",
        counted(totals.rows, "row"),
        counted(totals.pieces, "file"),
        totals.digest
    ));
    Ok(Exit::Answered)
}
