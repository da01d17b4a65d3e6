//! Floor 5: the command line: arguments to a study, reports to bytes, exit codes.
//!
//! The only room that prints, and the only one that knows clap. Data goes to
//! standard output or to files that appear whole; everything else to standard error.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod commands;
mod exit;
mod flags;
mod inputs;
mod ui;

use std::process::ExitCode;

use exit::Exit;

/// Runs the command line of this process and says how it went.
pub fn main() -> ExitCode {
    let matches = match args::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let ui = ui::Ui::new(&matches);
    match commands::run(&matches, &ui) {
        Ok(exit) => exit.into(),
        Err(error) if error.is_broken_pipe() => Exit::Answered.into(),
        Err(error) => {
            ui.error(&error);
            Exit::Failed.into()
        }
    }
}

/// Shows help or a usage error; a closed pipe is no failure.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { Exit::Failed.into() } else { Exit::Answered.into() }
}
