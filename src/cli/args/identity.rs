//! The commands that say who is who, and why: `stitch` and `explain`.
//!
//! Answers nothing.

use clap::{Arg, Command};

use super::answer::{answer, ui};
use super::common;
use super::data::{WHICH_DATA, allow_overlap, reading};
use super::kinds::text;

pub(super) fn explain() -> Command {
    let id = |name: &'static str, help: &'static str| {
        Arg::new(name).value_name("ID").required(true).help(help)
    };
    let of = |name: &'static str, about: &'static str, ids: Vec<Arg>, example: &'static str| {
        common(Command::new(name).about(about).args(ids)).after_help(example)
    };
    Command::new("explain")
        .about("Why: a customer's ids and merges, the evidence between two ids, ids refused")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(of(
            "customer",
            "All ids of a customer, since when, its merges, and its journeys in short",
            vec![id("id", "One of its ids, as type:id")],
            "Example:\n  touchpath explain customer user:42 shop/",
        ))
        .subcommand(of(
            "same",
            "The shortest chain of rows between two ids, or which guard keeps them apart \
             (exit code 1)",
            vec![id("one", "An id, as type:id"), id("other", "Another one")],
            "Example:\n  touchpath explain same user:42 cookie:9f3c77 shop/",
        ))
        .subcommand(of(
            "blocked",
            "All ids that link nobody or were left out of a row, and why",
            Vec::new(),
            "Example:\n  touchpath explain blocked shop/",
        ))
        .after_help("Example:\n  touchpath explain same user:42 cookie:9f3c77 shop/")
}

pub(super) fn stitch() -> Command {
    let as_of = text(
        "as-of",
        "TIME",
        "The world as known at this time, inclusive (RFC 3339, or a whole date in the journey's zone)",
    );
    let command = Command::new("stitch")
        .about("Who is who: stitched events, ids over time, the merge log, ids that left")
        .arg(as_of)
        .args(answer())
        .arg(
            text("journey", "FILE", "With partials: the journey to ask by")
                .help_heading(WHICH_DATA),
        )
        .arg(allow_overlap().help_heading(WHICH_DATA))
        .after_help(
            "Examples:\n  touchpath stitch shop/ -o stitched.csv\n  \
             touchpath stitch shop/ --part merges -o merges.csv\n\n\
             Parts: events, ids, merges, left, left_out",
        );
    ui(reading(command))
}
