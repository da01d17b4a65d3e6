//! Tests of `scan`: whatever it takes, the reader of trees of keys takes alike.

use proptest::prelude::*;

use super::*;

const COLUMNS: [&str; 8] = ["ts", "u", "v", "a", "a.b", "who.0.id", "a.0", "é"];

fn paths() -> Paths {
    Paths::new(&COLUMNS.map(str::to_owned))
}

/// Whether the scanner takes a text; checks that the other reader agrees.
fn agrees(scanner: &mut Scanner<'_>, text: &str, begin: usize) -> Result<bool, TestCaseError> {
    let paths = scanner.paths;
    let (mut quick, mut slow) = (paths.values(), paths.values());
    let end = scanner.read(text, begin, &mut quick);
    let Some(end) = end else {
        prop_assert!(quick.seen().iter().all(|it| !it), "seen of {text}");
        return Ok(false);
    };
    let read = paths.read(&text[begin..end], &mut slow);
    prop_assert!(read.is_ok(), "{text}: {read:?}");
    let texts: Vec<_> = quick.texts(text).collect();
    prop_assert_eq!(texts, slow.texts(text).collect::<Vec<_>>(), "{}", text);
    prop_assert_eq!(quick.seen(), slow.seen(), "{}", text);
    Ok(true)
}

/// Values, most of them JSON.
const LEAVES: [&str; 40] = [
    "1",
    "-1.50",
    "0",
    "-0",
    "01",
    "1.",
    ".5",
    "1e5",
    "1E+2",
    "2.5e-3",
    "1e",
    "-",
    "+1",
    "0x1",
    "123456789012345678901234567890",
    "1e400",
    "true",
    "false",
    "null",
    "nul",
    "nullx",
    "NaN",
    "\"\"",
    "\"x\"",
    "\"2026-01-01T00:00:00Z\"",
    "\"quite a long text, and then some more\"",
    "\"a\\/b\"",
    "\"\\u00e9\\n\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\\q\"",
    "\"\\u12g4\"",
    "\"é😀\"",
    "\"tab\t\"",
    "\"\u{7f}\"",
    "\"open",
    "\"\\\\\"",
    "\"{\\\"}\"",
    "{}",
    "[]",
];

const KEYS: [&str; 14] = [
    "ts",
    "u",
    "v",
    "a",
    "a.b",
    "b",
    "who",
    "id",
    "0",
    "é",
    "z",
    "a key of more than sixteen bytes",
    "\\u0061",
    "a\\n",
];

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        9 => prop::sample::select(vec!["1", "\"x\"", "null", "\"2026-01-01\"", "2.50", "\"é\""]),
        1 => prop::sample::select(LEAVES.to_vec()),
    ];
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            object(inner.clone()),
            prop::collection::vec(inner, 0..4).prop_map(|it| { format!("[{}]", it.join(", ")) })
        ]
    })
}

fn object(values: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let colon = prop::sample::select(vec![":", ":", ": ", " : ", ":\t"]);
    let comma = prop::sample::select(vec![",", ",", ", ", " , ", ",\r"]);
    let key = prop_oneof![
        9 => prop::sample::select(KEYS[..11].to_vec()),
        1 => prop::sample::select(KEYS.to_vec()),
    ];
    let pairs = prop::collection::vec((key, values), 0..9);
    (pairs, colon, comma, any::<bool>()).prop_map(|(pairs, colon, comma, repeated)| {
        let mut met = Vec::new();
        let pairs = pairs.into_iter().filter(|it| {
            let new = repeated || !met.contains(&it.0);
            met.push(it.0);
            new
        });
        let pairs: Vec<String> =
            pairs.map(|(key, value)| format!("\"{key}\"{colon}{value}")).collect();
        format!("{{{}}}", pairs.join(comma))
    })
}

/// A document, and sometimes one with a byte changed, left out or added.
pub(in crate::input) fn document() -> impl Strategy<Value = String> {
    let damage = prop::option::weighted(0.3, (any::<prop::sample::Index>(), 0..3, any::<char>()));
    let byte =
        prop::sample::select(vec!['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '\t', '0', 'e']);
    (object(value()), damage, byte).prop_map(|(text, damage, likely)| {
        let Some((at, how, any)) = damage else { return text };
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        match how {
            0 => letters[at] = likely,
            1 => drop(letters.remove(at)),
            _ => letters.insert(at, if at % 2 == 0 { likely } else { any }),
        }
        letters.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn what_is_taken_is_taken_alike(documents in prop::collection::vec(document(), 1..8)) {
        let paths = paths();
        let mut scanner = Scanner::new(&paths);
        for it in documents.iter().chain(&documents) {
            agrees(&mut scanner, it, 0)?;
            agrees(&mut scanner, &format!("\n{it}\n{}", " ".repeat(16)), 1)?;
        }
    }

    #[test]
    fn every_special_byte_is_found(
        bytes in prop::collection::vec(
            prop_oneof![20 => 0x20..0x7f_u8, 1 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')],
            0..60,
        ),
        start in 0..60_usize,
    ) {
        let found = bytes.iter().skip(start).position(|&it| matches!(it, b'"' | b'\\' | 0..0x20));
        let expected = found.map_or(bytes.len(), |it| start + it);
        prop_assert_eq!(special(&bytes, start), expected);
    }
}

#[test]
fn usual_documents_are_taken() {
    let paths = paths();
    let mut scanner = Scanner::new(&paths);
    let documents = [
        "{}",
        "{ }",
        r#"{"ts":"2026-01-01T00:00:00Z","u":"7","v":1.5,"z":null}"#,
        r#"{"ts": "2026-01-01T00:00:00Z", "v": -0.5e3, "z": {"x": [1, {"y": []}]}, "u": true}"#,
        r#"{"u":"7","z":"\ud800 \"","a":{"b":"q\u00e9\/","0":1,"x":[ ]},"é":"é"}"#,
        r#"{"a":[1,[2]],"who":[{"id":1,"x":2},{"id":3}],"a.b":"whole"}"#,
        r#"{"a key of more than sixteen bytes":1,"a key of more than sixteen letters":2}"#,
    ];
    for it in documents.iter().chain(documents.iter().rev()) {
        assert!(agrees(&mut scanner, it, 0).unwrap(), "{it}");
        assert!(agrees(&mut scanner, &format!("{it}\n{}", " ".repeat(20)), 0).unwrap());
    }
    // More keys than are remembered.
    for round in 0..2000 {
        let text = format!("{{\"k{}\":1,\"u\":\"x\"}}", round % 1000);
        assert!(agrees(&mut scanner, &text, 0).unwrap(), "{text}");
    }
}

#[test]
fn unusual_documents_are_left_to_the_other_reader() {
    let paths = paths();
    let mut scanner = Scanner::new(&paths);
    let deep = format!("{{\"z\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let documents = [
        "",
        "[1]",
        " {}",
        "{",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\":\"\\",
        "{\"a\":\"\\u12",
        "{\"u\":1,\"u\":1}",
        "{\"\\u0061\":1}",
        "{\"a\":\t1}",
        &deep,
        "{\"a\":tru}",
        "{\"a\":-}",
        "{\"a\":01}",
        "{\"z\":1.}",
        "{\"z\":\"\u{1}\"}",
        "{,}",
    ];
    for it in documents {
        assert!(!agrees(&mut scanner, it, 0).unwrap(), "{it}");
    }
}
