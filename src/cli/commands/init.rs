//! `init`: a commented journey file from a look at the data.

use clap::ArgMatches;

use crate::base::Result;
use crate::cli::exit::Exit;
use crate::cli::inputs;
use crate::cli::ui::Ui;
use crate::input::{init, sniff};

/// Writes a journey file for data files.
///
/// # Errors
/// Unreadable data, data without a time or an id, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let mut looked = Vec::new();
    for path in inputs::paths(matches) {
        let sniffed = sniff::sniff(path)?;
        for guess in &sniffed.guesses {
            ui.note(&format!("{path}: guessed {guess}"));
        }
        looked.push(sniffed);
    }
    inputs::emit(init::journey_file(&looked).as_bytes(), matches)?;
    Ok(Exit::Answered)
}
