//! The kinds of arguments: texts, numbers, switches, and the file to write.
//!
//! Knows no command.

use clap::{Arg, ArgAction, value_parser};

pub(super) fn output(help: &'static str) -> Arg {
    text("output", "FILE", help).short('o')
}

pub(super) fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

pub(super) fn number(name: &'static str, help: &'static str) -> Arg {
    text(name, "N", help).value_parser(value_parser!(u64))
}

pub(super) fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}
