//! Rules on texts: exact, glob or regex on any property, in order, first match wins.

use globset::GlobBuilder;
use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, NONE, Result};
use crate::model::Batch;
use crate::store::RawEvents;

use super::journeys::OneOrMany;

/// One rule: events whose property matches get the name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RuleOptions {
    /// The name that matching events get.
    pub name: String,
    /// The property that is tested: event, campaign, utm_source … or any kept property.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The exact text, or a list of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<OneOrMany>,
    /// A glob over the whole text: * any run, ? one character, {a,b} either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glob: Option<String>,
    /// A regular expression, found anywhere in the text unless anchored with ^ and $.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

enum Pattern {
    Equals(Vec<String>),
    Regex(Regex),
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equals(texts) => texts.iter().any(|it| it == text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Rules ready to run over the texts of one study.
pub struct Rules {
    names: Vec<String>,
    /// For each property that a rule tests: its column, and the first matching rule by code.
    tables: Vec<(usize, Vec<u32>)>,
}

/// How large a compiled pattern may be.
const PATTERN_BYTES: usize = 1 << 20;

impl Rules {
    /// Makes rules ready: each pattern is tried once on each distinct text.
    ///
    /// # Errors
    /// A rule without a name or a pattern, a bad pattern, an unknown property.
    pub fn new(
        options: &[RuleOptions],
        property: &str,
        kind: &str,
        raw: &RawEvents,
    ) -> Result<Self> {
        let mut tables: Vec<(usize, Vec<u32>)> = Vec::new();
        for (number, rule) in options.iter().enumerate() {
            let wrong =
                |what: String| Error::new(format!("[[{kind}]] rule {}: {what}", number + 1));
            if rule.name.is_empty() {
                return Err(wrong("it has no name".into()).hint("add name = \"…\""));
            }
            let pattern = pattern(rule).map_err(|error| {
                wrong(error.message().to_owned()).hint(error.hint_text().unwrap_or_default())
            })?;
            let property = rule.property.as_deref().unwrap_or(property);
            let Some(column) = raw.fields.text(property) else {
                let known = raw.fields.texts.iter().map(String::as_str);
                return Err(wrong(format!("no source has the property \"{property}\""))
                    .suggest(crate::base::names::nearest(property, known)));
            };
            let at = tables.iter().position(|it| it.0 == column).unwrap_or_else(|| {
                tables.push((column, vec![NONE; raw.texts[column].len()]));
                tables.len() - 1
            });
            for (first, text) in tables[at].1.iter_mut().zip(raw.texts[column].iter()) {
                if *first == NONE && pattern.matches(text) {
                    *first = number as u32;
                }
            }
        }
        Ok(Self { names: options.iter().map(|it| it.name.clone()).collect(), tables })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The rules' names, one a rule.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of the first rule that a row matches, or [`NONE`].
    #[inline]
    pub fn first(&self, batch: &Batch, row: usize) -> u32 {
        let mut first = NONE;
        for (column, table) in &self.tables {
            let code = batch.texts[*column].code(row);
            if let Some(&rule) = table.get(code as usize) {
                first = first.min(rule);
            }
        }
        first
    }
}

fn pattern(rule: &RuleOptions) -> Result<Pattern> {
    match (&rule.equals, &rule.glob, &rule.regex) {
        (Some(texts), None, None) => Ok(Pattern::Equals(texts.as_slice().to_vec())),
        (None, Some(glob), None) => {
            let glob = GlobBuilder::new(glob).build();
            let glob = glob.map_err(|error| Error::new(format!("bad glob: {error}")))?;
            compile(glob.regex())
        }
        (None, None, Some(regex)) => compile(regex),
        _ => Err(Error::new("it needs exactly one of equals, glob and regex")),
    }
}

fn compile(pattern: &str) -> Result<Pattern> {
    // globset writes byte-oriented regexes; texts are UTF-8, so Unicode mode is right.
    let pattern = pattern.strip_prefix("(?-u)").unwrap_or(pattern);
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().map(Pattern::Regex).map_err(
        |error| {
            // The first lines draw the pattern; the last says what is wrong.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let why = last.strip_prefix("error: ").unwrap_or(last);
            Error::new(format!("bad pattern \"{pattern}\": {why}")).caused_by(error)
        },
    )
}
