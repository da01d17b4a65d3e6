//! The flags that choose journeys: the keys of `[select]`, on every command that answers.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches};

use crate::base::filter::Filter;
use crate::base::{Error, Place, Result};
use crate::prepare::SelectOptions;
use crate::prepare::select::{Bound, Within};

use super::flags::flags;

const HEADING: &str = "Which journeys";

/// What a flag takes, as its help shows it.
const VALUES: [(&str, &str); 13] = [
    ("with", "A,B"),
    ("without", "A,B"),
    ("starts", "A,B"),
    ("ends", "A,B"),
    ("path", "WAY"),
    ("between", "A,B"),
    ("length", "N..M"),
    ("lasting", "SPAN..SPAN"),
    ("began", "DAY..DAY"),
    ("hours", "HH:MM..HH:MM"),
    ("outcome", "NAME"),
    ("having", "EXPR"),
    ("lacking", "EXPR"),
];

/// The flags, from the schema of the options.
pub fn args() -> Vec<Arg> {
    let schema = schemars::schema_for!(SelectOptions).to_value();
    let named = |arg: Arg| {
        let value = VALUES.iter().find(|it| arg.get_id() == it.0).map(|it| it.1);
        let arg = match arg.get_id().as_str() {
            "outcome" => arg.value_parser(PossibleValuesParser::new(["converted", "exit", "open"])),
            // Names may hold commas; they are told apart below.
            _ if matches!(value, Some("A,B" | "WAY")) => arg.value_delimiter(None),
            _ => arg,
        };
        match value {
            Some(value) => arg.value_name(value),
            None => arg,
        }
    };
    flags(&schema).into_iter().map(|it| named(it).help_heading(HEADING)).collect()
}

/// Lays the flags that were given over options.
///
/// # Errors
/// A range, way or filter that cannot be read.
pub fn overlay(options: &mut SelectOptions, matches: &ArgMatches) -> Result<()> {
    let given = Given { matches };
    for (key, own) in [
        ("with", &mut options.with),
        ("without", &mut options.without),
        ("starts", &mut options.starts),
        ("ends", &mut options.ends),
        ("between", &mut options.between),
    ] {
        if let Some(texts) = given.texts(key) {
            *own = names(key, &texts)?;
        }
    }
    if let Some(texts) = given.texts("path") {
        options.path = texts.iter().map(|it| it.parse()).collect::<Result<_>>()?;
    }
    given.range("length", &mut options.length)?;
    given.range("lasting", &mut options.lasting)?;
    given.range("began", &mut options.began)?;
    given.range("hours", &mut options.hours)?;
    if let Some(texts) = given.texts("outcome") {
        let wrong = |error: serde_json::Error| Error::new(format!("--outcome: {error}"));
        options.outcome = serde_json::from_value(texts.into()).map_err(wrong)?;
    }
    given.filter("having", &mut options.having)?;
    given.filter("lacking", &mut options.lacking)?;
    if let Some(&text) = given.texts("others").iter().flatten().last() {
        options.others = text == "true";
    }
    Ok(())
}

struct Given<'a> {
    matches: &'a ArgMatches,
}

impl<'a> Given<'a> {
    /// What was given for a flag; none if nothing was, or if the command has no such flag.
    fn texts(&self, key: &str) -> Option<Vec<&'a str>> {
        let values = self.matches.try_get_many::<String>(key).ok().flatten()?;
        Some(values.map(String::as_str).collect())
    }

    fn range<T: Bound>(&self, key: &str, own: &mut Option<Within<T>>) -> Result<()> {
        if let Some(text) = self.texts(key).iter().flatten().last() {
            let wrong = |it: Error| {
                let hint = it.hint_text().unwrap_or_default().to_owned();
                Error::new(format!("--{key}: {}", it.message())).hint(hint)
            };
            *own = Some(text.parse().map_err(wrong)?);
        }
        Ok(())
    }

    fn filter(&self, key: &str, own: &mut Option<Filter>) -> Result<()> {
        if let Some(text) = self.texts(key).iter().flatten().last() {
            let column = |it: &Error| it.place().map_or(0, |it| it.column);
            let placed = |it: Error| {
                let place = Place::at(key, 1, column(&it));
                it.at(place)
            };
            *own = Some(Filter::parse(text).map_err(placed)?);
        }
        Ok(())
    }
}

/// The names in texts, told apart by commas; a name with a comma stands in quotes.
fn names(key: &str, texts: &[&str]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for text in texts {
        let mut rest = text.trim();
        loop {
            let (name, more) = match rest.chars().next().filter(|it| matches!(it, '\'' | '"')) {
                Some(quote) => quoted(rest, quote),
                None => Some(rest.split_once(',').map_or((rest, None), |it| (it.0, Some(it.1)))),
            }
            .ok_or_else(|| {
                Error::new(format!("--{key}: cannot tell the stages of \"{text}\" apart"))
                    .hint("write names with commas between; quote a name that has one: 'A, B',C")
            })?;
            let name = name.trim();
            if name.is_empty() {
                return Err(Error::new(format!("--{key}: a stage without a name")));
            }
            names.push(name.to_owned());
            let Some(more) = more else { break };
            rest = more.trim_start();
        }
    }
    Ok(names)
}

/// The quoted name that a text begins with, and what follows the comma after it.
fn quoted(text: &str, quote: char) -> Option<(&str, Option<&str>)> {
    let (name, rest) = text[1..].split_once(quote)?;
    match rest.trim_start() {
        "" => Some((name, None)),
        rest => Some((name, Some(rest.strip_prefix(',')?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_commas_outside_quotes() {
        let read = |texts: &[&str]| names("with", texts).map_err(|it| it.message().to_owned());
        let list = |names: &[&str]| Ok(names.iter().map(|&it| it.to_owned()).collect());
        assert_eq!(read(&["Cart, Checkout", "Help"]), list(&["Cart", "Checkout", "Help"]));
        assert_eq!(
            read(&["'Bags, totes' ,Cart", "\"it's\""]),
            list(&["Bags, totes", "Cart", "it's"])
        );
        assert_eq!(read(&["Men's"]), list(&["Men's"]));
        for wrong in ["", "A,,B", "'A", "'A' B", "A,"] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_key_is_a_flag_and_every_flag_is_laid_over() {
        let command = clap::Command::new("it").args(args());
        let line = [
            "it",
            "--with",
            "A,B",
            "--with",
            "C",
            "--without",
            "D",
            "--starts",
            "E",
            "--ends",
            "F",
            "--path",
            "A>>B,x",
            "--path",
            "'a>b'>c",
            "--between",
            "G,H",
            "--length",
            "3..8",
            "--lasting",
            "1h..",
            "--began",
            "2026-01-31",
            "--hours",
            "..11:59",
            "--outcome",
            "exit,open",
            "--having",
            "a == 'b'",
            "--lacking",
            "value > 9",
            "--others",
        ];
        let matches = command.try_get_matches_from(line).expect("matches");
        let mut options = SelectOptions::default();
        overlay(&mut options, &matches).expect("overlay");
        let written = serde_json::to_value(&options).expect("json");
        assert_eq!(
            written,
            serde_json::json!({
                "with": ["A", "B", "C"], "without": ["D"], "starts": ["E"], "ends": ["F"],
                "path": ["A >> B,x", "'a>b' > c"], "between": ["G", "H"], "length": "3..8",
                "lasting": "1h..", "began": "2026-01-31", "hours": "..11:59",
                "outcome": ["exit", "open"], "having": "a == 'b'", "lacking": "value > 9",
                "others": true,
            })
        );
        assert_eq!(written.as_object().map(|it| it.len()), Some(args().len()));
        assert_eq!(serde_json::from_value::<SelectOptions>(written).expect("back"), options);
    }

    #[test]
    fn mistakes_name_their_flag() {
        let wrong = |flag: &str, text: &str| {
            let command = clap::Command::new("it").args(args());
            let matches = command.try_get_matches_from(["it", flag, text]).expect("matches");
            overlay(&mut SelectOptions::default(), &matches).expect_err(text).to_string()
        };
        assert_eq!(wrong("--length", "x"), "--length: cannot read a number of steps from \"x\"");
        assert_eq!(wrong("--having", "a =="), "having:1:5: expected a value, found the end");
        assert_eq!(wrong("--path", "A>"), "path:1:3: expected the name of a stage");
    }
}
