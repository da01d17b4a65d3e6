//! How many ids of a type are too many, and over what time.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::names::nearest;
use crate::base::time::DAY;
use crate::base::{Error, Result, text};

/// Over what time ids are counted. Windows slide: a week is the seven days before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// All of the data.
    #[default]
    Ever,
    /// 365 days.
    Annual,
    /// 30 days.
    Monthly,
    /// 7 days.
    Weekly,
}

const WINDOWS: [(&str, Window); 4] = [
    ("ever", Window::Ever),
    ("annual", Window::Annual),
    ("monthly", Window::Monthly),
    ("weekly", Window::Weekly),
];

impl Window {
    /// The window in microseconds; none if it never ends.
    pub fn length(self) -> Option<i64> {
        match self {
            Self::Ever => None,
            Self::Annual => Some(365 * DAY),
            Self::Monthly => Some(30 * DAY),
            Self::Weekly => Some(7 * DAY),
        }
    }
}

/// At most so many within a window: `5`, `"5 weekly"`.
///
/// ```
/// use touchpath::prepare::identity::{Quota, Window};
/// let quota: Quota = "5 weekly".parse()?;
/// assert_eq!((quota.most, quota.window), (5, Window::Weekly));
/// assert_eq!("3".parse::<Quota>()?.window, Window::Ever);
/// assert!("5 daily".parse::<Quota>().is_err());
/// # Ok::<(), touchpath::base::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many there may be.
    pub most: u64,
    /// Over what time they are counted.
    pub window: Window,
}

impl FromStr for Quota {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let hint = "write a number and a window, such as 1, 5 weekly, 3 monthly or 9 annual";
        let bad = || Error::new(format!("cannot read a limit from \"{text}\"")).hint(hint);
        let mut words = text.split_whitespace();
        let most = words.next().and_then(|it| it.parse().ok()).ok_or_else(bad)?;
        let Some(word) = words.next() else { return Ok(Self { most, window: Window::Ever }) };
        let window = WINDOWS.iter().find(|it| it.0 == word).map(|it| it.1).ok_or_else(|| {
            Error::new(format!("unknown window \"{word}\""))
                .hint(hint)
                .suggest(nearest(word, WINDOWS.iter().map(|it| it.0)))
        })?;
        if words.next().is_some() { Err(bad()) } else { Ok(Self { most, window }) }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WINDOWS.iter().find(|it| it.1 == self.window).map_or("ever", |it| it.0);
        write!(f, "{} {word}", self.most)
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

struct Words;

impl de::Visitor<'_> for Words {
    type Value = Quota;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a number and a window such as \"5 weekly\"")
    }

    fn visit_u64<E: de::Error>(self, most: u64) -> std::result::Result<Quota, E> {
        Ok(Quota { most, window: Window::Ever })
    }

    fn visit_i64<E: de::Error>(self, most: i64) -> std::result::Result<Quota, E> {
        let wrong = |_| E::custom(format!("{most} is no limit; write a number from 0 on"));
        u64::try_from(most).map_err(wrong).and_then(|it| self.visit_u64(it))
    }

    fn visit_str<E: de::Error>(self, it: &str) -> std::result::Result<Quota, E> {
        it.parse().map_err(text::wrong)
    }
}

impl JsonSchema for Quota {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quota".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+( (ever|annual|monthly|weekly))?$" }
            ],
            "examples": [1, "5 weekly"]
        })
    }
}
