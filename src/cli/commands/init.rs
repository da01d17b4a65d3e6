//! `init`: a commented journey file from a look at the data.

use std::path::{Path, absolute};

use clap::ArgMatches;

use crate::base::{Error, Place, Result};
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs;
use crate::cli::ui::Ui;
use crate::input::init;
use crate::input::sniff::Sniffed;

/// Writes a journey file for data files.
///
/// # Errors
/// Unreadable data, data without a time or an id, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let mut stdin = None;
    let looked = inputs::paths(matches).map(|it| inputs::look(it, &mut stdin, ui));
    let mut looked = looked.collect::<Result<Vec<_>>>()?;
    for it in &looked {
        for guess in &it.guesses {
            ui.note(&format!("{}: guessed {guess}", it.path));
        }
    }
    if let Some(path) = answers::file(matches) {
        place(&mut looked, Path::new(path))?;
    }
    answers::emit(init::journey_file(&looked).as_bytes(), matches)?;
    Ok(Exit::Answered)
}

/// Names the data as seen from the folder of the journey file.
fn place(looked: &mut [Sniffed], file: &Path) -> Result<()> {
    if file.is_file() {
        return Err(Error::new("there is a journey file already")
            .at(Place::file(file.display().to_string()))
            .hint("write another one, or move this one away: it may hold somebody's work"));
    }
    let file = absolute(file)?;
    let folder = file.parent().unwrap_or(&file);
    for it in looked.iter_mut().filter(|it| it.path != "-") {
        let data = absolute(&it.path)?;
        let seen = data.strip_prefix(folder).unwrap_or(&data);
        it.source.path = seen.to_string_lossy().into_owned();
    }
    Ok(())
}
