//! Floor 5: the command line: arguments to a study, reports to bytes, exit codes.
//!
//! The only room that prints, and the only one that knows clap. Data goes to
//! standard output or to files that appear whole; everything else to standard error.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod answers;
mod args;
mod cancel;
mod choice;
mod commands;
mod exit;
mod flags;
mod graphviz;
mod inputs;
mod program;
mod ui;
mod watch;

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::Once;

use crate::base::names::nearest;
use crate::base::{Error, guard};
use exit::Exit;
use ui::Ui;

/// Runs the command line of this process and says how it went.
pub fn main() -> ExitCode {
    set_hook(Box::new(on_panic));
    // The hook has said what is wrong.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Exit::Failed.into())
}

fn run() -> ExitCode {
    let matches = match args::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let ui = Ui::new(&matches);
    ui.listen();
    let outcome = commands::run(&matches, &ui);
    // Whatever came of it: everything that the work held is dropped by now.
    ui.obey();
    match outcome {
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
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Answered.into();
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
    } else {
        Ui::bare().error(&in_our_words(&error.render().to_string()));
    }
    Exit::Failed.into()
}

/// A usage error of clap in the form of all our errors: what is wrong, and a hint.
fn in_our_words(text: &str) -> Error {
    let mut message = Vec::new();
    let mut hints = Vec::new();
    for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
        if let Some(it) = line.strip_prefix("tip: ") {
            hints.push(it.to_owned());
        } else if let Some(it) = line.strip_prefix("Usage: ") {
            hints.push(format!("usage: {it}"));
        } else if let Some(it) = line.strip_prefix("[possible values: ") {
            hints.push(format!("possible values: {}", it.trim_end_matches(']')));
        } else if !line.starts_with("For more information") {
            message.push(line.strip_prefix("error: ").unwrap_or(line));
        }
    }
    let error = Error::new(message.join(" "));
    // What is nearest says enough.
    let near = hints.iter().find(|it| it.contains("similar")).cloned();
    let near = near.or_else(|| near_value(error.message(), &hints));
    error.hint(near.unwrap_or_else(|| hints.join("; ")))
}

/// The possible value that is nearest to the one that a message quotes.
fn near_value(message: &str, hints: &[String]) -> Option<String> {
    let possible = hints.iter().find_map(|it| it.strip_prefix("possible values: "))?;
    let near = nearest(message.split('\'').nth(1)?, possible.split(", "))?;
    Some(format!("did you mean \"{near}\"? {possible} are possible"))
}

/// Says once, in a line, that we are wrong; silent where a panic is caught and told as an error.
fn on_panic(info: &PanicHookInfo<'_>) {
    static ONCE: Once = Once::new();
    if guard::is_guarded() {
        return;
    }
    let payload = info.payload();
    let said = payload.downcast_ref::<&str>().copied();
    let said = said.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place =
        info.location().map_or_else(String::new, |it| format!(" at {}:{}", it.file(), it.line()));
    ONCE.call_once(|| Ui::bare().error(&internal(&place, said.unwrap_or("no message"))));
}

fn internal(place: &str, said: &str) -> Error {
    Error::new(format!("internal error{place}: {said}; please report it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "png")]
    #[test]
    fn usage_errors_have_our_form() {
        let of = |arguments: &[&str]| {
            let error = args::command().try_get_matches_from(arguments).unwrap_err();
            let error = in_our_words(&error.render().to_string());
            format!("{error} | {}", error.hint_text().unwrap_or_default())
        };
        let cases: [(&[&str], &str); 4] = [
            (
                &["t", "funel", "x"],
                "unrecognized subcommand 'funel' | a similar subcommand exists: 'funnel'",
            ),
            (
                &["t", "map", "x", "--format", "sgv"],
                "invalid value 'sgv' for '--format <NAME>' | did you mean \"svg\"? table, csv, json, md, html, dot, svg, png, mermaid, graphml, gexf, term, pdf, ps, eps are possible",
            ),
            (
                &["t", "map", "x", "--formt", "svg"],
                "unexpected argument '--formt' found | a similar argument exists: '--format'",
            ),
            (
                &["t", "map"],
                "the following required arguments were not provided: <INPUT>... | usage: t map <INPUT>...",
            ),
        ];
        for (arguments, expected) in cases {
            assert_eq!(of(arguments), expected);
        }
    }

    #[test]
    fn a_panic_is_one_line() {
        let error = internal(" at src/x.rs:7", "index 5 is out of range");
        assert_eq!(
            error.to_string(),
            "internal error at src/x.rs:7: index 5 is out of range; please report it"
        );
    }
}
