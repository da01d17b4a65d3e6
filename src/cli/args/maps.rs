//! Arguments that say how maps are drawn.
//!
//! Draws nothing, and knows no default but in words.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, value_parser};

use super::kinds::{number, switch, text};
use crate::output::map::theme;

const HOW_MAPS: &str = "How maps are drawn";

/// How maps are drawn.
pub(super) fn map_args() -> [Arg; 10] {
    [
        text(
            "coverage",
            "X",
            "Draw transitions until this share of all moves is covered, such as 0.9",
        )
        .value_parser(value_parser!(f64))
        .conflicts_with_all(["top-edges", "all-edges"]),
        number("top-edges", "Draw the N transitions with the most moves")
            .conflicts_with("all-edges"),
        switch("all-edges", "Draw all transitions"),
        number(
            "stages",
            "Draw the N most visited stages, 0 for all; a picture holds 200 [default: all of up to 50, \
             else 30; with transitions chosen, 100 in a picture and 1000 in DOT]",
        ),
        text(
            "only-stages",
            "A,B",
            "Draw these stages alone; ways to others count as minor, dotted arrows lead past them",
        )
        .action(ArgAction::Append)
        .value_delimiter(','),
        text("hide-stages", "A,B", "Leave these stages out of the picture, likewise")
            .action(ArgAction::Append)
            .value_delimiter(','),
        Arg::new("dir")
            .long("dir")
            .value_name("WAY")
            .value_parser(["tb", "lr"])
            .help("Which way the map flows: top to bottom, or left to right [default: tb]"),
        Arg::new("theme")
            .long("theme")
            .value_name("NAME")
            .value_parser(PossibleValuesParser::new(theme::NAMES.map(|it| it.0)))
            .help("The colors of the map; print is black on white [default: light]"),
        text(
            "layout-from",
            "FILE.json",
            "Keep the layout of another map of the journey, written as JSON before",
        ),
        switch("plain-labels", "Write DOT for readers that know no HTML-like labels"),
    ]
    .map(|it| it.help_heading(HOW_MAPS))
}

/// How maps are drawn by the commands that write one picture.
pub(super) fn picture_args() -> Vec<Arg> {
    let more = [
        Arg::new("renderer")
            .long("renderer")
            .value_name("NAME")
            .value_parser(["builtin", "dot"])
            .help("Who draws SVG and PNG: touchpath, or an installed Graphviz [default: builtin]"),
        text("scale", "X", "Pixels of a PNG to a pixel of the SVG [default: 2]")
            .value_parser(value_parser!(f64)),
        text("font", "FILE", "A font for letters of a PNG beyond Latin, Greek and Cyrillic"),
    ]
    .map(|it| it.help_heading(HOW_MAPS));
    map_args().into_iter().chain(more).collect()
}
