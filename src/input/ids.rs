//! Ids as they are compared: without blanks around them, letters composed, and addresses
//! in lower case.
//!
//! `é` is one letter whether it is written as one character or as `e` and an accent
//! (Unicode's canonical composition, NFC): programs write either, and nobody sees which.
//! Nothing else is folded: `ﬁ` is not `fi`, `00001` not `1`, `1e5` not `100000`.
//! Knows no row and no file; whether an id is somebody's is asked in `nobody`.

use unicode_normalization::UnicodeNormalization;

use super::columns::text_of;
use super::rows::Field;

/// The type of id whose letters' case means nothing.
const EMAIL: &str = "email";

/// Whether ids of this type are the same in any case of letters.
pub(super) fn folds_case(id_type: &str) -> bool {
    id_type == EMAIL
}

/// The id that a value is: blanks around it never count, and where `folds` the
/// case of letters does not either. `scratch` holds what had to be written anew.
///
/// Letters are folded one by one (Unicode's simple and special lower case without
/// context), so that equal ids stay equal wherever they stand in a text.
#[inline]
pub(super) fn id_of<'s>(field: &Field<'s>, folds: bool, scratch: &'s mut String) -> &'s str {
    let Field::Text(text) = *field else { return text_of(field, scratch) };
    let text = trimmed(text);
    if text.is_ascii() && !(folds && text.bytes().any(|it| it.is_ascii_uppercase())) {
        return text;
    }
    *scratch = compared(text, folds);
    scratch
}

/// A text as the id that it is.
pub(super) fn compared(text: &str, folds: bool) -> String {
    let text = text.trim();
    if folds { lower(text).nfc().collect() } else { text.nfc().collect() }
}

/// A text without the blanks around it; most have none, as their ends tell.
#[inline]
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// A text in lower case, letter by letter.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_never_count_and_case_only_where_it_means_something() {
        let mut scratch = String::new();
        let mut id = |text, folds| id_of(&Field::Text(text), folds, &mut scratch).to_owned();
        assert_eq!(id(" 007\t", false), "007");
        assert_eq!(id(" Ada@Example.COM ", true), "ada@example.com");
        assert_eq!(id("Ada@Example.COM", false), "Ada@Example.COM");
        assert_eq!(id("JÜRGEN@example.com", true), "jürgen@example.com");
        assert_eq!(id(" \u{a0} ", true), "");
        assert_eq!(id("cafe\u{301}", false), "caf\u{e9}");
        assert_eq!(id("CAFE\u{301}@example.com", true), "caf\u{e9}@example.com");
        assert_eq!(id("\u{fb01}", false), "\u{fb01}");
        assert_eq!(id_of(&Field::Integer(-7), true, &mut scratch), "-7");
        assert!(folds_case("email") && !folds_case("user"));
    }
}
