//! What is made of the command line itself: schema, completions, manual pages.

use std::io::Write;

use clap::ArgMatches;
use clap_complete::Shell;

use crate::base::{Error, Result};
use crate::cli::answers::stdout;
use crate::cli::args::command;
use crate::cli::exit::Exit;
use crate::config::Config;
use crate::output::atomic;

/// Prints the JSON Schema of the journey file.
///
/// # Errors
/// A failed write.
pub fn schema() -> Result<Exit> {
    let text = serde_json::to_string_pretty(&Config::schema())
        .map_err(|error| Error::new("cannot write the schema").caused_by(error))?;
    stdout(format!("{text}\n").as_bytes())
}

/// Prints the completions of a shell.
///
/// # Errors
/// A failed write.
pub fn completions(matches: &ArgMatches) -> Result<Exit> {
    let shell = matches.get_one::<Shell>("shell").copied().unwrap_or(Shell::Bash);
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), "touchpath", &mut text);
    stdout(&text)
}

/// Prints the manual page, or writes one page a command into a folder.
///
/// # Errors
/// A failed write.
pub fn man(matches: &ArgMatches) -> Result<Exit> {
    let mut whole = command();
    // Commands make their arguments when they are asked for.
    whole.build();
    let Some(folder) = matches.get_one::<String>("folder") else {
        return stdout(&page(whole)?);
    };
    let folder = std::path::Path::new(folder);
    fs_err::create_dir_all(folder)?;
    for own in whole.get_subcommands() {
        let name = format!("touchpath-{}", own.get_name());
        let bytes = page(own.clone().name(name.clone()))?;
        atomic::write_file(&folder.join(format!("{name}.1")), &bytes)?;
    }
    atomic::write_file(&folder.join("touchpath.1"), &page(whole)?)?;
    Ok(Exit::Answered)
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    text.flush()?;
    Ok(text)
}
