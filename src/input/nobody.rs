//! Ids that are nobody's: what programs write where they know no one.
//!
//! One such id taken for real would merge every stranger into one customer. Built-in ones
//! are known here; users add texts and patterns, and allow what is somebody's after all.

use regex::RegexSet;

use super::ids::compared;
use crate::base::{Dictionary, Error, Result};

/// Which ids are nobody's besides the built-in ones, as a user says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocklist {
    /// Texts; compared as ids are.
    pub texts: Vec<String>,
    /// Regular expressions, of which a match anywhere counts.
    pub patterns: Vec<String>,
    /// Built-in ones that are somebody's.
    pub allow: Vec<String>,
}

impl Blocklist {
    /// These texts.
    pub fn of(texts: &[&str]) -> Self {
        let texts = texts.iter().map(|it| (*it).to_owned()).collect();
        Self { texts, ..Self::default() }
    }
}

/// A [`Blocklist`] made ready.
#[derive(Debug, Clone)]
pub(super) struct Nobody {
    texts: Dictionary,
    patterns: RegexSet,
    allow: Dictionary,
}

impl Nobody {
    /// Compiles a blocklist.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn new(list: &Blocklist) -> Result<Self> {
        let patterns = RegexSet::new(&list.patterns).map_err(|error| {
            Error::new(format!("[identity] block_patterns: cannot use a pattern: {error}"))
                .hint("write regular expressions, such as \"^test-\"")
        })?;
        Ok(Self { texts: dictionary(&list.texts), patterns, allow: dictionary(&list.allow) })
    }

    /// Whether an id, as ids are compared, is nobody's.
    #[inline]
    pub fn is(&self, id: &str) -> bool {
        if is_nobodys(id) {
            return self.allow.is_empty() || self.allow.code(id).is_none();
        }
        (!self.texts.is_empty() && self.texts.code(id).is_some())
            || (!self.patterns.is_empty() && self.patterns.is_match(id))
    }
}

fn dictionary(texts: &[String]) -> Dictionary {
    let mut dictionary = Dictionary::default();
    for text in texts {
        dictionary.intern(&compared(text, false));
        // Addresses are compared in lower case: see `ids`.
        if text.contains('@') {
            dictionary.intern(&compared(text, true));
        }
    }
    dictionary
}

/// Nobody's in any case of letters (PostHog's list).
const ANY_CASE: [&str; 10] = [
    "anonymous",
    "guest",
    "distinctid",
    "distinct_id",
    "id",
    "not_authenticated",
    "email",
    "undefined",
    "true",
    "false",
];

/// Nobody's as they stand (PostHog's and Segment's lists).
const AS_WRITTEN: [&str; 6] = ["[object Object]", "NaN", "None", "none", "null", "-1"];

const LONGEST: usize = 17;

/// Whether an id is nobody's: blank, only zeros and hyphens, or on one of the
/// lists, quoted or not.
///
/// `NA` and `00001` are somebody's.
///
/// Source: Segment, "Identity Resolution settings" (blocked values) and PostHog,
/// "Identifying users" (illegal distinct ids).
pub(super) fn is_nobodys(text: &str) -> bool {
    let Some(&first) = text.as_bytes().first() else { return true };
    if !may_begin(first) {
        return false;
    }
    // No text on the lists that begins with a letter holds a digit; most ids that do, do.
    if first.is_ascii_alphabetic() && text.bytes().any(|it| it.is_ascii_digit()) {
        return false;
    }
    let bare = unquoted(text.trim());
    if bare.bytes().all(|it| it == b'0' || it == b'-') {
        return true;
    }
    bare.len() <= LONGEST
        && (AS_WRITTEN.contains(&bare) || ANY_CASE.iter().any(|it| it.eq_ignore_ascii_case(bare)))
}

/// The first bytes that an id of [`is_nobodys`] can have: most real ids end here.
#[inline]
fn may_begin(first: u8) -> bool {
    let letter = first.to_ascii_lowercase();
    first <= b' '
        || first >= 0x80
        || matches!(first, b'0' | b'-' | b'[' | b'"' | b'\'' | b'`')
        || matches!(letter, b'a' | b'd' | b'e' | b'f' | b'g' | b'i' | b'n' | b't' | b'u')
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|it| it.strip_suffix(quote)) {
            return inner.trim();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_add_texts_and_patterns_and_allow_what_is_built_in() {
        let list = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let nobody = Nobody::new(&Blocklist {
            texts: list(&["Qa@X.com ", "Kiosk", "cafe\u{301}"]),
            patterns: list(&["^test-", "(?i)bot$"]),
            allow: list(&[" 0 "]),
        });
        let nobody = nobody.unwrap();
        for it in ["qa@x.com", "Kiosk", "caf\u{e9}", "test-1", "a Bot", "null", "00"] {
            assert!(nobody.is(it), "{it:?}");
        }
        for it in ["kiosk", "a test-1", "0", "bots"] {
            assert!(!nobody.is(it), "{it:?}");
        }
        let wrong = Blocklist { patterns: list(&["("]), ..Blocklist::default() };
        assert!(Nobody::new(&wrong).unwrap_err().message().contains("block_patterns"));
    }

    #[test]
    fn known_placeholders_are_nobodys_and_real_ids_are_not() {
        let nobodys = [
            "",
            " ",
            "0",
            "000",
            "-",
            "0-0",
            "-1",
            "00000000-0000-0000-0000-000000000000",
            "null",
            "\"null\"",
            "'null'",
            " null ",
            "anonymous",
            "Anonymous",
            "GUEST",
            "distinct_id",
            "undefined",
            "True",
            "FALSE",
            "[object Object]",
            "NaN",
            "None",
            "none",
            "email",
            "id",
            "not_authenticated",
            "\u{a0}",
        ];
        for it in nobodys {
            assert!(is_nobodys(it), "{it:?}");
        }
        let real = [
            "NA",
            "na",
            "00001",
            "1",
            "-2",
            "NULL1",
            "nan",
            "NONE",
            "nobody",
            "guest1",
            "a@b.example",
            "e0",
            "[object object]",
            "a4a4bab923aaa5f92",
            "Ünal",
            "0a",
        ];
        for it in real {
            assert!(!is_nobodys(it), "{it:?}");
        }
    }
}
