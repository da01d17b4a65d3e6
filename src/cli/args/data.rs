//! Arguments that say which data is read, and which of it is used.
//!
//! Opens no file.

use clap::{Arg, ArgAction, Command};

use super::kinds::{number, switch, text};
use crate::input::presets::PRESETS;

pub(super) const WHICH_DATA: &str = "Which data";

/// What of which data is used.
pub(super) fn selection(command: Command) -> Command {
    let options = [
        text(
            "since",
            "TIME",
            "Only events at or after this time (RFC 3339, or a date in the journey's zone)",
        ),
        text("until", "TIME", "Only events before this time (likewise)"),
        text(
            "where",
            "EXPR",
            "Only events for which this holds, such as \"device == 'app'\"; the others are left \
             out before journeys are cut",
        ),
        text(
            "journey",
            "FILE",
            "With partials: the journey to ask by [default: the one they were folded with]",
        ),
        allow_overlap(),
    ];
    reading(command.args(options.map(|it| it.help_heading(WHICH_DATA))))
}

/// What is read, and how.
pub(super) fn reading(command: Command) -> Command {
    let options = [
        text(
            "set",
            "KEY=VALUE",
            "Set a key of the journey file: journey.gap=none; may be repeated",
        )
        .action(ArgAction::Append),
        switch("allow-outside", "Let relative paths of the journey file lead out of its folder"),
        switch("strict", "Stop at the first bad row"),
        text("rejects", "FILE", "Write every row that was set aside, as CSV"),
        text(
            "hash-ids",
            "KEYFILE",
            "Replace every id by a hash with the key in this file, before anything else sees it",
        ),
        text(
            "forget",
            "FILE",
            "Leave rows out that carry one of these ids, one a line: email:ann@example.org",
        ),
        switch("fail-if-rejects", "Answer \"no\" (exit code 1) if any row was set aside"),
        number("threads", "Threads to use [default: all cores]"),
        text(
            "memory",
            "SIZE",
            "Memory to use, such as 2GB; beyond it rows go to a temporary file [default: 60 % of \
             the machine's]",
        ),
    ];
    let help =
        "A journey (a folder or its journey.toml), bare data files, or partials; - for stdin";
    command.arg(files(help)).args(options.map(|it| it.help_heading(WHICH_DATA)))
}

pub(super) fn files(help: &'static str) -> Arg {
    Arg::new("inputs")
        .value_name("INPUT")
        .num_args(1..)
        .required(true)
        .help(help)
        .long_help(format!("{help}.\n\n{}", presets()))
}

/// The exports of vendors that are read as they are.
fn presets() -> String {
    let mut text =
        "Exports that are recognized as they are; preset = \"NAME\" in a source says so:"
            .to_owned();
    for it in PRESETS {
        text.push_str(&format!("\n  {:<12} {}", it.name, it.about));
    }
    text
}

pub(super) fn allow_overlap() -> Arg {
    switch(
        "allow-overlap",
        "Let partials share input files; one of the same name and content counts once",
    )
}
