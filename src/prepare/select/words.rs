//! Which journeys are kept, in words: for notes, for the title of a map.

use super::options::{Ended, SelectOptions};

/// The predicates as what follows the word "journeys".
pub(super) fn words(options: &SelectOptions) -> String {
    let mut parts = Vec::new();
    let mut say = |words: &str, what: String| parts.push(format!("{words} {what}"));
    let list = |names: &[String], last: &str| {
        let quoted: Vec<String> = names.iter().map(|it| format!("\"{it}\"")).collect();
        joined(&quoted, last)
    };
    if !options.with.is_empty() {
        say("with", list(&options.with, "and"));
    }
    if !options.without.is_empty() {
        say("without", list(&options.without, "or"));
    }
    if !options.starts.is_empty() {
        say("starting at", list(&options.starts, "or"));
    }
    if !options.ends.is_empty() {
        say("ending at", list(&options.ends, "or"));
    }
    for way in &options.path {
        say("going", way.to_string());
    }
    if let [from, to] = options.between.as_slice() {
        say("from", format!("\"{from}\" later to \"{to}\""));
    }
    if let Some(it) = options.length {
        say("of", format!("{it} steps"));
    }
    if let Some(it) = options.lasting {
        say("lasting", it.to_string());
    }
    if let Some(it) = options.began {
        say("begun", it.to_string());
    }
    if let Some(it) = options.hours {
        say("begun at", it.to_string());
    }
    if !options.outcome.is_empty() {
        let outcome = options.outcome.iter().map(|it| match it {
            Ended::Converted => "converted".to_owned(),
            Ended::Exit => "ended without conversion".to_owned(),
            Ended::Open => "are open".to_owned(),
        });
        say("that", joined(&outcome.collect::<Vec<_>>(), "or"));
    }
    if let Some(it) = &options.having {
        say("with an event where", it.to_string());
    }
    if let Some(it) = &options.lacking {
        say("with no event where", it.to_string());
    }
    let words = parts.join(", ");
    if options.others { format!("other than those {words}") } else { words }
}

/// What of a kept journey is shown, where that is not all of it.
pub(super) fn part(options: &SelectOptions) -> Option<String> {
    match options.between.as_slice() {
        [from, to] if !options.others => Some(format!(
            "Only steps from the first \"{from}\" to the next \"{to}\"; ends, conversions and credit \
             are the whole journeys'"
        )),
        _ => None,
    }
}

fn joined(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., end] => format!("{} {last} {end}", some.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> String {
        words(&toml::from_str(text).expect(text))
    }

    #[test]
    fn predicates_are_said_in_words() {
        let cases = [
            (
                "with = ['Cart', 'Help']\nwithout = ['Purchase', 'Lead']",
                "with \"Cart\" and \"Help\", without \"Purchase\" or \"Lead\"",
            ),
            (
                "starts = ['A', 'B', 'C']\nends = ['D']",
                "starting at \"A\", \"B\" or \"C\", ending at \"D\"",
            ),
            ("path = ['A>>B', 'C>D']", "going A >> B, going C > D"),
            ("between = ['A', 'B']\nothers = true", "other than those from \"A\" later to \"B\""),
            (
                "length = '3..8'\nlasting = '1h..'\nbegan = '2026-01-31'\nhours = '..11:59'",
                "of 3..8 steps, lasting 1h.., begun 2026-01-31, begun at ..11:59",
            ),
            ("outcome = ['exit', 'open']", "that ended without conversion or are open"),
            (
                "having = \"a == 'b'\"\nlacking = \"value > 9\"",
                "with an event where a == 'b', with no event where value > 9",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(say(text), expected, "{text}");
        }
    }
}
