//! The commands of data that comes in shards: `fold` and `merge`.
//!
//! Reads and joins nothing.

use clap::{ArgAction, Command};

use super::answer::ui;
use super::data::{allow_overlap, files, reading};
use super::kinds::{output, switch, text};

pub(super) fn fold() -> Command {
    let command = Command::new("fold")
        .about("Read a shard, such as a day, into a partial: rows checked and coded, nothing lost")
        .arg(output("The partial to write, such as day1.part").required(true))
        .arg(
            text(
                "only",
                "PATTERN",
                "Only files of the journey whose name matches; may be repeated",
            )
            .action(ArgAction::Append),
        )
        .arg(
            text("keep", "PROPERTY", "A further property to carry, for --where; may be repeated")
                .action(ArgAction::Append),
        )
        .arg(switch("by-customer", "Say that the files hold whole customers, for merge to check"))
        .after_help("Example:\n  touchpath fold shop/ --only 'web/2026-01-31*' -o 0131.part");
    ui(reading(command))
}

pub(super) fn merge() -> Command {
    let command = Command::new("merge")
        .about("Join partials into one; any order and grouping gives the same bytes")
        .arg(files("Partials, as fold or merge wrote them"))
        .arg(output("The partial to write, such as all.part").required(true))
        .arg(allow_overlap())
        .arg(switch("strict", "Refuse a partial that adds nothing, instead of dropping it"))
        .after_help("Example:\n  touchpath merge day*.part -o all.part");
    ui(command)
}
