//! Ways through stages as people write them: `Home >> Cart > Checkout`.
//!
//! `A >> B` is B at any later step than A (eventually), `A > B` at the very next one
//! (directly). A name with a `>` in it stands in quotes. Knows no stage and no journey.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::{Error, Place, Result, text};

/// The most stages of a way: one bit each.
const MOST: usize = 64;

/// How a stage follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// At any later step; also the first stage, which may come anywhere.
    Eventually,
    /// At the very next step.
    Directly,
}

/// A way through stages.
///
/// ```
/// use touchpath::prepare::select::PathPattern;
/// let way: PathPattern = "Home>>'Bags > Totes' > Cart".parse().unwrap();
/// let names: Vec<&str> = way.stages().collect();
/// assert_eq!(names, ["Home", "Bags > Totes", "Cart"]);
/// assert_eq!(way.to_string(), "Home >> 'Bags > Totes' > Cart");
/// assert!("Home >> > Cart".parse::<PathPattern>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(Vec<(Link, String)>);

impl PathPattern {
    /// The stages in order.
    pub fn stages(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|it| it.1.as_str())
    }

    /// The stages, each with how it follows the one before.
    pub fn links(&self) -> &[(Link, String)] {
        &self.0
    }

    /// From one stage to a later one.
    pub(super) fn eventually(from: &str, to: &str) -> Self {
        Self(vec![(Link::Eventually, from.to_owned()), (Link::Eventually, to.to_owned())])
    }
}

impl FromStr for PathPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut link = Link::Eventually;
        let mut at = 0;
        loop {
            parts.push((link, name(text, &mut at)?));
            if parts.len() > MOST {
                return Err(wrong(text, at, format!("a path of more than {MOST} stages")));
            }
            let rest = &text[at..];
            at += if rest.is_empty() {
                return Ok(Self(parts));
            } else if rest.starts_with(">>") {
                link = Link::Eventually;
                2
            } else {
                link = Link::Directly;
                1
            };
        }
    }
}

/// The name of a stage at a byte, up to the next `>` or the end, which `at` is then.
fn name(text: &str, at: &mut usize) -> Result<String> {
    let rest = &text[*at..];
    let begin = *at + (rest.len() - rest.trim_start().len());
    let rest = &text[begin..];
    let Some(quote) = rest.chars().next().filter(|it| matches!(it, '\'' | '"')) else {
        let length = rest.find('>').unwrap_or(rest.len());
        *at = begin + length;
        return match rest[..length].trim_end() {
            "" => Err(wrong(text, begin, "expected the name of a stage".to_owned())),
            it => Ok(it.to_owned()),
        };
    };
    let mut name = String::new();
    let mut inside = rest[1..].char_indices().peekable();
    while let Some((offset, c)) = inside.next() {
        if c != quote {
            name.push(c);
        } else if inside.next_if(|it| it.1 == quote).is_some() {
            name.push(quote);
        } else {
            let after = begin + 1 + offset + 1;
            let rest = &text[after..];
            *at = after + (rest.len() - rest.trim_start().len());
            return match text[*at..].chars().next() {
                None | Some('>') if !name.is_empty() => Ok(name),
                None | Some('>') => Err(wrong(text, begin, "a stage without a name".to_owned())),
                Some(_) => Err(wrong(text, *at, "expected > or >> or the end".to_owned())),
            };
        }
    }
    Err(wrong(text, begin, format!("the quote {quote} is never closed")))
}

fn wrong(text: &str, byte: usize, message: String) -> Error {
    let column = text[..byte].chars().count() as u64 + 1;
    Error::new(message)
        .at(Place::at("path", 1, column))
        .excerpt(text)
        .hint("write Home >> Cart > Checkout: >> is eventually, > is directly; quote names with >")
}

impl fmt::Display for PathPattern {
    /// The text that [`FromStr`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (link, name)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(match link {
                    Link::Eventually => " >> ",
                    Link::Directly => " > ",
                })?;
            }
            let bare = !name.contains('>') && !name.starts_with(['\'', '"']) && name.trim() == name;
            match bare {
                true => f.write_str(name)?,
                false => write!(f, "'{}'", name.replace('\'', "''"))?,
            }
        }
        Ok(())
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl JsonSchema for PathPattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PathPattern".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["Home >> Cart > Checkout"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_and_written() {
        let cases = [
            ("A", "A"),
            ("A>B", "A > B"),
            (" A  >>B> C ", "A >> B > C"),
            ("Men's>>\"a \"\"b\"\"\"", "Men's >> a \"b\""),
            ("'it''s > x' > y", "'it''s > x' > y"),
            ("'\"q' > y", "'\"q' > y"),
            ("é >> 日本", "é >> 日本"),
        ];
        for (text, written) in cases {
            let way: PathPattern = text.parse().expect(text);
            assert_eq!(way.to_string(), written);
            assert_eq!(written.parse::<PathPattern>().expect(written), way);
        }
    }

    #[test]
    fn mistakes_name_their_column() {
        let cases = [
            ("", 1, "expected the name of a stage"),
            ("A >", 4, "expected the name of a stage"),
            ("> A", 1, "expected the name of a stage"),
            ("A >>> B", 5, "expected the name of a stage"),
            ("é > 'B", 5, "the quote ' is never closed"),
            ("A > '' > B", 5, "a stage without a name"),
            ("'A' B", 5, "expected > or >> or the end"),
        ];
        for (text, column, message) in cases {
            let error = text.parse::<PathPattern>().expect_err(text);
            assert_eq!(error.message(), message, "{text}");
            assert_eq!(error.place().expect("place").column, column, "{text}");
        }
        assert!(vec!["A"; 64].join(">").parse::<PathPattern>().is_ok());
        assert!(vec!["A"; 65].join(">").parse::<PathPattern>().is_err());
    }
}
