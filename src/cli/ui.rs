//! What people see besides the answer: messages and colors. All to stderr.

use std::io::{IsTerminal, Write};

use clap::ArgMatches;

use super::watch::Watcher;
use crate::base::privacy::masked;
use crate::base::{Error, Progress};
use crate::output::escape;

/// How many characters of a wrong line are shown.
const EXCERPT: usize = 160;

/// Who talks to the user.
pub struct Ui {
    color: bool,
    quiet: bool,
    /// Whether `-v` was given.
    pub verbose: bool,
    watcher: Watcher,
}

impl Ui {
    /// Reads the wishes of the command line and of the environment.
    pub fn new(matches: &ArgMatches) -> Self {
        let mut own = matches;
        while let Some((_, inner)) = own.subcommand() {
            own = inner;
        }
        let flag = |name: &str| own.try_get_one::<bool>(name).ok().flatten() == Some(&true);
        let choice = own.try_get_one::<String>("color").ok().flatten().map(String::as_str);
        let terminal = std::io::stderr().is_terminal();
        let quiet = flag("quiet");
        Self {
            color: color(choice, terminal),
            quiet,
            verbose: flag("verbose"),
            watcher: Watcher::new(terminal && !quiet && !flag("no-progress")),
        }
    }

    /// Who talks before the command line is understood.
    pub fn bare() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let color = color(None, terminal);
        Self { color, quiet: false, verbose: false, watcher: Watcher::new(false) }
    }

    /// Whoever watches long work.
    pub fn progress(&self) -> &dyn Progress {
        &self.watcher
    }

    /// Says what is wrong, where, and what to do.
    pub fn error(&self, error: &Error) {
        self.watcher.finish();
        // A file's name is told as it is.
        let place = error.place().map_or_else(String::new, |it| format!("{it}: "));
        let said = format!("{place}{}", masked(error.message()));
        let mut text = self.head("error", "31", &said);
        if let Some(line) = error.excerpt_text() {
            text.push_str(&excerpt(&masked(line), error.place().map_or(0, |it| it.column)));
        }
        if let Some(hint) = error.hint_text().filter(|it| !it.is_empty()) {
            text.push_str(&self.head("hint", "36", &masked(hint)));
        }
        show(&text);
    }

    /// Says something that the user should know but need not act on.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.watcher.aside(|| show(&self.head("note", "36", &masked(text))));
        }
    }

    /// Says something that the user should look at.
    pub fn warning(&self, text: &str) {
        if !self.quiet {
            self.watcher.aside(|| show(&self.head("warning", "33", &masked(text))));
        }
    }

    /// Ends the display of progress.
    pub fn done(&self) {
        self.watcher.finish();
    }

    /// Begins to heed signals that ask the program to end.
    pub fn listen(&self) {
        self.watcher.cancel.listen();
    }

    /// Ends the program by the signal that asked for it; returns if none did.
    pub fn obey(&self) {
        if self.watcher.cancel.is_asked() {
            self.watcher.finish();
            self.watcher.cancel.obey();
        }
    }

    fn head(&self, word: &str, color: &str, text: &str) -> String {
        let text = escape::terminal(text);
        match self.color {
            true => format!("\u{1b}[1;{color}m{word}:\u{1b}[0m {text}\n"),
            false => format!("{word}: {text}\n"),
        }
    }
}

/// The line that is wrong, with a caret below the column where that is known.
fn excerpt(line: &str, column: u64) -> String {
    let at = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    // Of a long line, what is around the place.
    let skipped = if at > EXCERPT * 3 / 4 { at - EXCERPT / 2 } else { 0 };
    let shown = |from: usize, count: usize| {
        let part = line.chars().skip(from).take(count);
        let flat: String = part.map(|it| if it == '\t' { ' ' } else { it }).collect();
        escape::terminal(&flat)
    };
    let dots = if skipped > 0 { "…" } else { "" };
    let rest = if line.chars().count() > skipped + EXCERPT { "…" } else { "" };
    let mut text = format!("  | {dots}{}{rest}\n", shown(skipped, EXCERPT));
    if column > 0 {
        let before = dots.chars().count() + shown(skipped, at - skipped).chars().count();
        text.push_str(&format!("  | {}^\n", " ".repeat(before)));
    }
    text
}

/// Whether to color: `--color`, then `NO_COLOR`, then whether it is a terminal.
pub fn color(choice: Option<&str>, terminal: bool) -> bool {
    match choice {
        Some("always") => true,
        Some("never") => false,
        _ => terminal && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty()),
    }
}

fn show(text: &str) {
    // Nothing can be done, and nobody told, when standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_column() {
        assert_eq!(excerpt("a,soon", 3), "  | a,soon\n  |   ^\n");
        assert_eq!(excerpt("a\tb\u{1b}c", 5), "  | a b<U+001B>c\n  |            ^\n");
        assert_eq!(excerpt("ab", 0), "  | ab\n");
        assert_eq!(excerpt("ab", 9), "  | ab\n  |   ^\n");
        let long = format!("{}!{}", "x".repeat(1000), "y".repeat(1000));
        let text = excerpt(&long, 1001);
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines[1].chars().count() - 1;
        assert_eq!(lines[0].chars().nth(caret), Some('!'));
        assert!(lines[0].chars().count() < 170);
    }
}
