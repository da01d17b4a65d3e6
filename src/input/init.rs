//! A journey file to begin with, from a look at the data: TOML with comments.
//!
//! Writes what was guessed as keys and what can be said besides as comments.
//! Every line of it can be taken out again. Reads nothing.

use std::fmt::Write as _;

use super::options::{Role, SourceOptions};
use super::presets;
use super::sniff::Sniffed;

/// How many events are shown as examples of stages.
const EXAMPLES: usize = 12;

/// A commented `journey.toml` for these files, in their order.
///
/// ```
/// use touchpath::input::{SourceOptions, init::journey_file, sniff::Sniffed};
/// let source = SourceOptions {
///     path: "shop.csv".into(),
///     time: Some("ts".into()),
///     ..SourceOptions::default()
/// };
/// let sniffed = Sniffed { path: "shop.csv".into(), source, ..Sniffed::default() };
/// let text = journey_file(&[sniffed]);
/// assert!(text.contains("time = \"ts\""));
/// ```
pub fn journey_file(files: &[Sniffed]) -> String {
    let mut text = String::new();
    head(files, &mut text);
    for file in files {
        source(file, &mut text);
    }
    let whole: Vec<Sniffed> = files.iter().map(resolved).collect();
    identity(&whole, &mut text);
    sessions(&whole, &mut text);
    stages(files, &mut text);
    journey(files, &mut text);
    experiment(files, &mut text);
    text
}

/// The same with the keys of the source's preset.
fn resolved(file: &Sniffed) -> Sniffed {
    let source = presets::resolved(std::slice::from_ref(&file.source)).ok();
    let source = source.and_then(|it| it.into_iter().next());
    Sniffed { source: source.unwrap_or_else(|| file.source.clone()), ..file.clone() }
}

/// A text as TOML writes it on one line: as JSON does, but for one character.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// A key as TOML writes it: bare where it can be.
fn key(name: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
    if !name.is_empty() && name.bytes().all(plain) { name.to_owned() } else { quoted(name) }
}

fn line(text: &mut String, parts: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{parts}");
}

macro_rules! line {
    ($text:expr, $($part:tt)*) => { line($text, format_args!($($part)*)) };
}

fn head(files: &[Sniffed], text: &mut String) {
    line!(text, "# A journey, guessed from a look at the data. Check each line; every key has a");
    line!(text, "# default, and the editor knows them all (touchpath schema).\n");
    let name = files.first().map_or("Journey", |it| stem(&it.path));
    line!(text, "name = {}", quoted(name));
    match currency(files) {
        Some(it) => line!(text, "currency = {}                    # of all amounts", quoted(it)),
        None => line!(
            text,
            "# currency = \"EUR\"                # of all amounts; its digits set the rounding"
        ),
    }
    line!(text, "timezone = \"UTC\"                    # of times without an offset, and of days");
}

fn stem(path: &str) -> &str {
    let name = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let plain = !stem.is_empty() && !stem.contains(['*', '?', '[']);
    if plain { stem } else { "journey" }
}

/// The currency that most files name, the first of them where several do.
fn currency(files: &[Sniffed]) -> Option<&str> {
    let all: Vec<&str> = files.iter().filter_map(|it| it.currency.as_deref()).collect();
    let count = |it: &str| all.iter().filter(|other| **other == it).count();
    let mut best: Option<&str> = None;
    for it in &all {
        if best.is_none_or(|best| count(it) > count(best)) {
            best = Some(it);
        }
    }
    best
}

fn source(file: &Sniffed, text: &mut String) {
    let it = &file.source;
    line!(text, "\n[[source]]");
    line!(text, "path = {}", quoted(&it.path));
    if !it.preset.is_empty() {
        line!(
            text,
            "preset = {}            # keys that stand here too go before its own",
            quoted(&it.preset)
        );
    }
    if !it.format.is_empty() {
        line!(text, "format = {}", quoted(&it.format));
    }
    if let Some(delimiter) = it.delimiter {
        line!(text, "delimiter = {}", quoted(&delimiter.to_string()));
    }
    if it.role == Role::Links {
        line!(text, "role = \"links\"");
    }
    for (name, column) in columns(it) {
        if let Some(column) = column {
            line!(text, "{name} = {}", quoted(column));
        }
        if name == "time" && it.time_format != super::TimeFormat::Auto {
            let format = it.time_format;
            line!(text, "time_format = \"{}\"            # {}", format.key(), format.words());
        }
        if name == "event" && !it.ids.is_empty() {
            line!(text, "ids = {}", table(&it.ids));
        }
    }
    if !it.properties.is_empty() {
        line!(text, "properties = {}", table(&it.properties));
    }
    if !it.constants.is_empty() {
        line!(text, "constants = {}", table(&it.constants));
    }
}

/// The keys of single columns, in the order in which they are written.
fn columns(it: &SourceOptions) -> [(&'static str, &Option<String>); 14] {
    [
        ("time", &it.time),
        ("event", &it.event),
        ("event_id", &it.event_id),
        ("sequence", &it.sequence),
        ("session", &it.session),
        ("channel", &it.channel),
        ("utm_source", &it.utm_source),
        ("utm_medium", &it.utm_medium),
        ("campaign", &it.campaign),
        ("value", &it.value),
        ("quantity", &it.quantity),
        ("currency", &it.currency),
        ("order", &it.order),
        ("variant", &it.variant),
    ]
}

fn table(entries: &indexmap::IndexMap<String, String>) -> String {
    let entry = |it: (&String, &String)| format!("{} = {}", key(it.0), quoted(it.1));
    format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
}

fn identity(files: &[Sniffed], text: &mut String) {
    let types: std::collections::BTreeSet<&str> =
        files.iter().flat_map(|it| it.source.ids.keys().map(String::as_str)).collect();
    if types.len() > 1 {
        line!(
            text,
            "\n# Rows that carry two ids join them to one customer: {}.",
            Vec::from_iter(types).join(", ")
        );
        line!(
            text,
            "# Guards against shared ids stand in [identity]; touchpath check shows what they stop."
        );
    }
}

fn sessions(files: &[Sniffed], text: &mut String) {
    let own = files.iter().any(|it| it.source.session.is_some());
    line!(text, "\n[session]");
    if own {
        line!(
            text,
            "preset = \"ga4\"                      # or \"source\": the session column alone decides"
        );
    } else {
        line!(text, "preset = \"ga4\"                      # 30 minutes of silence end a session");
    }
}

fn stages(files: &[Sniffed], text: &mut String) {
    line!(
        text,
        "\n# Stages: the first rule that fits wins; without rules the event's name is the stage."
    );
    let mut seen: Vec<&str> = Vec::new();
    for event in files.iter().flat_map(|it| &it.events) {
        if !seen.contains(&event.as_str()) && seen.len() < EXAMPLES {
            seen.push(event);
        }
    }
    for event in seen {
        line!(text, "# [[stage]]");
        line!(text, "# name = {}", quoted(&title(event)));
        line!(text, "# equals = {}", quoted(event));
    }
}

/// `checkout_start` as people write it: `Checkout start`.
fn title(event: &str) -> String {
    let spaced: String =
        event.chars().map(|it| if matches!(it, '_' | '-') { ' ' } else { it }).collect();
    let mut chars = spaced.trim().chars();
    chars.next().map_or(String::new(), |it| it.to_uppercase().chain(chars).collect())
}

fn journey(files: &[Sniffed], text: &mut String) {
    let mut goals: Vec<&str> = Vec::new();
    for goal in files.iter().filter_map(|it| it.conversion.as_deref()) {
        if !goals.contains(&goal) {
            goals.push(goal);
        }
    }
    let cases = !files.is_empty() && files.iter().all(Sniffed::is_of_cases);
    line!(text, "\n[journey]");
    match goals[..] {
        [] => line!(text, "# conversion = \"…\"                # the stage that is the goal"),
        [goal] => {
            line!(text, "conversion = {}             # the stage that is the goal", quoted(goal))
        }
        _ => {
            let list = goals.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
            line!(text, "conversion = [{list}]");
        }
    }
    if cases {
        line!(
            text,
            "gap = \"none\"                        # cases end with their last event, not by silence"
        );
        line!(
            text,
            "end_of_data = \"exit\"                # closed cases; \"open\" if some still run"
        );
    } else {
        line!(
            text,
            "gap = \"30d\"                         # this much silence is an exit; \"none\": never"
        );
        line!(
            text,
            "end_of_data = \"open\"                # too early to judge; \"exit\" for closed cases"
        );
    }
    line!(
        text,
        "after_conversion = \"new\"            # the next step starts a new journey; or \"continue\""
    );
    line!(text, "lookback = \"30d\"                    # how old a touch may be to earn credit");
}

fn experiment(files: &[Sniffed], text: &mut String) {
    line!(text, "\n# [attribution]                    # models and their settings: see the schema");
    if files.iter().any(|it| it.source.variant.is_some()) {
        line!(
            text,
            "# [experiment]                     # the variant column is there: touchpath compare"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::TimeFormat;

    #[test]
    fn the_file_is_toml_and_says_what_was_guessed() {
        let source = SourceOptions {
            path: "da\"ta/ev.jsonl".into(),
            delimiter: Some('\t'),
            time: Some("at.\\time".into()),
            time_format: TimeFormat::EpochMs,
            event: Some("ev\nent".into()),
            ids: [("user".to_owned(), "u".to_owned()), ("my id".to_owned(), "x".to_owned())].into(),
            value: Some("v".into()),
            currency: Some("cur".into()),
            variant: Some("arm".into()),
            constants: [("channel".to_owned(), "app".to_owned())].into(),
            ..SourceOptions::default()
        };
        let sniffed = Sniffed {
            path: source.path.clone(),
            source: source.clone(),
            conversion: Some("order \"placed\"".into()),
            currency: Some("EUR".into()),
            events: vec![
                "page_view".into(),
                "order \"placed\"".into(),
                "evil\nname = 1\u{7f}\u{1b}".into(),
            ],
            ..Sniffed::default()
        };
        let text = journey_file(&[sniffed.clone(), sniffed]);
        let table: toml::Table = text.parse().unwrap_or_else(|it| panic!("{it}\n{text}"));
        assert_eq!(table["name"].as_str(), Some("ev"));
        assert_eq!(table["currency"].as_str(), Some("EUR"));
        assert_eq!(table["journey"]["conversion"].as_str(), Some("order \"placed\""));
        let back: SourceOptions = table["source"][1].clone().try_into().unwrap();
        assert_eq!(back, source);
        assert!(table.get("stage").is_none() && text.contains("# name = \"Page view\""));
        assert!(table.get("experiment").is_none() && text.contains("# [experiment]"));
        // With the hash signs taken off, the examples are TOML too.
        let stages: String = text
            .lines()
            .filter_map(|it| it.strip_prefix("# "))
            .filter(|it| {
                it.starts_with("[[stage") || it.starts_with("name") || it.starts_with("equals")
            })
            .map(|it| format!("{it}\n"))
            .collect();
        let stages: toml::Table = stages.parse().unwrap_or_else(|it| panic!("{it}\n{stages}"));
        assert_eq!(stages["stage"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn logs_of_cases_have_no_gap() {
        let source = SourceOptions {
            path: "log.csv".into(),
            ids: [("case".to_owned(), "case_id".to_owned())].into(),
            ..SourceOptions::default()
        };
        let text =
            journey_file(&[Sniffed { path: "log.csv".into(), source, ..Sniffed::default() }]);
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["journey"]["gap"].as_str(), Some("none"));
        assert_eq!(table["journey"]["end_of_data"].as_str(), Some("exit"));
    }
}
