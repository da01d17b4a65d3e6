//! Arguments that say where an answer goes and how it looks, and what is said meanwhile.
//!
//! Knows no format by its name: the registries do.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};

use super::kinds::{output, switch, text};
use crate::cli::graphviz;
use crate::output::FORMATS;

/// Where an answer goes, and how it looks.
pub(super) fn answer() -> [Arg; 5] {
    const HEADING: &str = "The answer";
    let ours = FORMATS.iter().map(|it| it.name);
    let names: Vec<&str> = ours.chain(graphviz::KINDS.iter().map(|it| it.0)).collect();
    [
        output("Where to write; the format follows the ending [default: standard output]"),
        Arg::new("format")
            .long("format")
            .value_name("NAME")
            .value_parser(PossibleValuesParser::new(names))
            .help("The format of the answer [default: by the ending of --output, else table]"),
        text("part", "KEY", "The table or map to write where the format holds only one"),
        switch("all-rows", "Show all rows, also where a table would be cut for reading"),
        csv_raw(),
    ]
    .map(|it| it.help_heading(HEADING))
}

pub(super) fn csv_raw() -> Arg {
    switch("csv-raw", "Write CSV without the guard against spreadsheet formulas")
}

/// What every command says while it works.
pub(super) fn ui(command: Command) -> Command {
    const HEADING: &str = "Messages";
    command
        .arg(switch("quiet", "Say nothing but errors").short('q').help_heading(HEADING))
        .arg(switch("verbose", "Say more").short('v').help_heading(HEADING))
        .arg(
            Arg::new("color")
                .long("color")
                .value_name("WHEN")
                .value_parser(["auto", "always", "never"])
                .help("When to color [default: auto; NO_COLOR is heeded]")
                .help_heading(HEADING),
        )
        .arg(switch("no-progress", "Show no progress").help_heading(HEADING))
}
