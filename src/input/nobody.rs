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
    /// Whether there are none besides the built-in ones.
    built_in: bool,
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
        let built_in = list.texts.is_empty() && patterns.is_empty();
        let [texts, allow] = [&list.texts, &list.allow].map(|it| dictionary(it));
        Ok(Self { texts, patterns, allow, built_in })
    }

    /// Whether a glance tells that an id is somebody's and has no blanks around it.
    #[inline]
    pub fn is_somebodys(&self, id: &[u8]) -> bool {
        let (&[first, ..], &[.., b'!'..=b'~']) = (id, id) else { return false };
        self.built_in && MAYBE[usize::from(first)] >> id.len().min(ANY_LENGTH) & 1 == 0
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

/// By the first byte of a text a bit for each length that it has if it is nobody's.
const MAYBE: [u64; 256] = {
    let mut lengths = [0; 256];
    let mut at = 0;
    while at < ANY_CASE.len() {
        let text = ANY_CASE[at].as_bytes();
        lengths[text[0].to_ascii_lowercase() as usize] |= 1 << text.len();
        lengths[text[0].to_ascii_uppercase() as usize] |= 1 << text.len();
        at += 1;
    }
    at = 0;
    while at < AS_WRITTEN.len() {
        let text = AS_WRITTEN[at].as_bytes();
        lengths[text[0] as usize] |= 1 << text.len();
        at += 1;
    }
    // Blanks and quotes may stand around others; zeros and hyphens may be any number.
    at = 0;
    while at < lengths.len() {
        if at <= b' ' as usize
            || at >= 0x7f
            || matches!(at as u8, b'0' | b'-' | b'"' | b'\'' | b'`')
        {
            lengths[at] = u64::MAX;
        }
        at += 1;
    }
    lengths
};
/// The bit of [`MAYBE`] that stands for all lengths from here on.
const ANY_LENGTH: usize = 63;

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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_glance_never_takes_nobodys_id_for_somebodys(
            id in prop_oneof![
                "[ \"'`0-]{0,3}(null|NULL|None|Guest|id|email|-1|0+|[a-g0-3]{1,20})[ \"'`0-]{0,3}",
                prop::sample::select(&ANY_CASE[..]).prop_map(str::to_uppercase),
                prop::sample::select(&AS_WRITTEN[..]).prop_map(str::to_owned),
                any::<String>(),
                "[0-]{60,70}",
            ],
        ) {
            let nobody = Nobody::new(&Blocklist::default()).unwrap();
            if nobody.is_somebodys(id.as_bytes()) {
                prop_assert!(!nobody.is(&id));
                prop_assert_eq!(id.trim(), id.as_str());
            }
            let nobody = Nobody::new(&Blocklist::of(&["kiosk"])).unwrap();
            prop_assert!(!nobody.is_somebodys(b"kiosk"));
        }
    }

    #[test]
    fn most_ids_are_somebodys_at_a_glance() {
        let nobody = Nobody::new(&Blocklist::default()).unwrap();
        for it in ["a4a4bab923aaa5f92", "c00066332", "1", "user-7", "a@b.example", "Guest17"] {
            assert!(nobody.is_somebodys(it.as_bytes()), "{it}");
        }
    }

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
