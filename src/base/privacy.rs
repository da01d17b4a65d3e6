//! What is shown of people by default: no e-mail address, no phone number.
//!
//! Messages and reports show ids where they must (a kiosk, an order's customer), but
//! nothing by which a stranger could write to somebody. What is asked for by name
//! (`explain`, `stitch`, `--rejects`) is shown as it is. Knows no journey.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// Endings of files, which make no address of `events@2026.csv`.
const FILES: [&str; 14] = [
    "csv", "tsv", "tab", "txt", "json", "jsonl", "ndjson", "parquet", "xes", "gz", "zst", "part",
    "toml", "html",
];
/// Types of id by which a person is reached.
const CONTACTS: [&str; 2] = ["email", "phone"];
/// How many hexadecimal digits stand for an id that is not shown.
const DIGITS: usize = 16;
/// How many hexadecimal digits a keyed hash has (see `--hash-ids`).
pub const HASH_DIGITS: usize = 32;

/// A text with stars in place of what looks like e-mail addresses, as long as before.
///
/// ```
/// use touchpath::base::privacy::masked;
/// assert_eq!(masked("no time in \"ann@x.org\""), "no time in \"*********\"");
/// assert_eq!(masked("?mail=ann%40x.org&a=1"), "?mail=***********&a=1");
/// assert_eq!(masked("3 @ 5.50, @home, a@b"), "3 @ 5.50, @home, a@b");
/// ```
pub fn masked(text: &str) -> Cow<'_, str> {
    let found = addresses(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end) in found {
        out.push_str(&text[from..start]);
        out.extend(text[start..end].chars().map(|_| '*'));
        from = end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// An id as reports show it: one by which a person is reached becomes `~` and some digits
/// of its SHA-256, the same in each run. That is no protection against who can guess the
/// address; a keyed hash is.
///
/// ```
/// use touchpath::base::privacy::shown;
/// assert_eq!(shown("user", "42"), "42");
/// assert!(shown("email", "ann@x.org").starts_with('~'));
/// assert!(shown("user", "ann@x.org").starts_with('~'));
/// assert_eq!(shown("email", "8c6976e5b5410415bde908bd4dee15df"), "8c6976e5b5410415bde908bd4dee15df");
/// ```
pub fn shown<'a>(id_type: &str, id: &'a str) -> Cow<'a, str> {
    let contact = CONTACTS.contains(&id_type) && !is_hash(id);
    if !contact && addresses(id).is_empty() {
        return Cow::Borrowed(id);
    }
    let digest = Sha256::digest(format!("{id_type}:{id}").as_bytes());
    Cow::Owned(std::iter::once('~').chain(hex(&digest).chars().take(DIGITS)).collect())
}

/// Whether an id looks like a keyed hash.
pub fn is_hash(id: &str) -> bool {
    id.len() == HASH_DIGITS && id.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

/// Where texts that look like e-mail addresses begin and end.
fn addresses(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let signs = text.match_indices('@').map(|it| (it.0, it.0 + 1));
    let coded = text.match_indices("%40").map(|it| (it.0, it.0 + 3));
    let mut signs: Vec<(usize, usize)> = signs.chain(coded).collect();
    signs.sort_unstable();
    for (sign, after) in signs {
        let local = |it: char| it.is_alphanumeric() || ".!#$&'*+-/^_`{|}~".contains(it);
        let begin = text[..sign].char_indices().rev().take_while(|it| local(it.1)).last();
        let domain = |it: &char| it.is_alphanumeric() || ".-".contains(*it);
        let length: usize = text[after..].chars().take_while(domain).map(char::len_utf8).sum();
        let host = text[after..after + length].trim_end_matches(['.', '-']);
        let ending = host.rsplit_once('.').map_or("", |it| it.1);
        if let Some((begin, _)) = begin
            && ending.chars().count() >= 2
            && ending.chars().all(char::is_alphabetic)
            && !FILES.contains(&ending)
        {
            let begin = found.last().map_or(begin, |it| begin.max(it.1));
            found.push((begin, after + host.len()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_they_stand_and_nothing_else() {
        let cases = [
            ("<ann.b+c@mail.x.org>,", "<******************>,"),
            ("ann@x.org;bob@y.co.uk", "*********;***********"),
            ("é@übung.de.", "**********."),
            ("a@b.co@c.org", "************"),
            ("mailto:ann@x.org?a", "mailto:*********?a"),
            ("data/events@2026.csv:7", "data/events@2026.csv:7"),
            ("user@host", "user@host"),
            ("@x.org", "@x.org"),
            ("a@1.2.3.4", "a@1.2.3.4"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(masked(text), expected, "{text}");
            assert_eq!(masked(text).chars().count(), text.chars().count());
        }
    }
}
