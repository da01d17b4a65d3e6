//! Values that journey files write as a text: one way to read them, one form of error.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::error::Error;

/// Reads a value from the text that stands for it.
///
/// # Errors
/// The text's, with its hint.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = Error>,
{
    String::deserialize(deserializer)?.parse().map_err(wrong)
}

/// An error of ours as one of a file's reader, which has no place for hints.
pub fn wrong<E: de::Error>(error: Error) -> E {
    match error.hint_text() {
        Some(hint) => E::custom(format!("{error}; {hint}")),
        None => E::custom(error),
    }
}
