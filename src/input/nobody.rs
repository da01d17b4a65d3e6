//! Ids that are nobody's: what programs write where they know no one.
//!
//! One such id taken for real would merge every stranger into one customer.

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
