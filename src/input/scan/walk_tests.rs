//! Tests of `walk`: whatever it takes, the reader of trees of keys takes alike.

use proptest::prelude::*;

use super::*;
use crate::input::paths::Paths;

const COLUMNS: [&str; 6] = ["ts", "u", "a", "a.b", "é", "a key of more than thirty bytes, wanted"];

/// Reads lines twice, so that their keys are known, and again; checks what is taken against the
/// other reader, and says how many lines were taken at last.
fn taken_alike(lines: &[Vec<u8>]) -> Result<usize, TestCaseError> {
    let paths = Paths::new(&COLUMNS.map(str::to_owned));
    let (mut scanner, mut cells) = (Scanner::new(&paths), Cells::new(paths.slots()));
    let whole = |it: &&Vec<u8>| !it.contains(&b'\n');
    let lines: Vec<&[u8]> = lines.iter().filter(whole).map(Vec::as_slice).collect();
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    let feeds: Vec<u32> = memchr::memchr_iter(b'\n', &text).map(|it| it as u32).collect();
    // What follows has no line feed, nor what a text could end at.
    text.extend([b' '; 2 * BLOCK]);
    let Ok(text) = std::str::from_utf8(&text) else { return Ok(0) };
    let mut count = 0;
    for _ in 0..3 {
        let (mut walked, mut start) = (Vec::new(), 0);
        let range = 0..feeds.last().map_or(0, |it| *it as usize + 1);
        let nodes = scanner.walk(text.as_bytes(), range, &mut cells, &mut walked);
        let (mut quick, mut slow) = (paths.values(), paths.values());
        quick.note(&paths, nodes);
        prop_assert_eq!(walked.iter().map(|it| it.feed).collect::<Vec<_>>(), &*feeds);
        count = 0;
        for (record, &feed) in feeds.iter().enumerate() {
            let line = &text[start..feed as usize];
            prop_assert_eq!(walked[record].start as usize, start);
            if walked[record].taken {
                let read = paths.read(line.trim_ascii(), &mut slow);
                prop_assert!(read.is_ok(), "{line}: {read:?}");
                let cells = (0..COLUMNS.len()).map(|it| cells.column(it)[record]);
                let quick: Vec<&str> =
                    cells.map(|it| &text[it.start as usize..it.end as usize]).collect();
                let slow: Vec<&str> =
                    slow.texts(line.trim_ascii()).map(Option::unwrap_or_default).collect();
                prop_assert_eq!(quick, slow, "{}", line);
                count += 1;
            }
            start = feed as usize + 1;
        }
        prop_assert_eq!(quick.seen(), slow.seen());
        cells.clear(feeds.len());
        // Now all keys are known.
        let mut start = 0;
        for &feed in &feeds {
            _ = scanner.read(text, start, &mut quick);
            start = feed as usize + 1;
        }
    }
    Ok(count)
}

const KEYS: [&str; 8] = [
    "ts",
    "u",
    "a",
    "z",
    "é",
    "a.b",
    "a key of more than sixteen bytes",
    "a key of more than thirty bytes, wanted",
];

/// Values as exports have them.
const VALUES: [&str; 18] = [
    "\"2026-01-01T00:00:00Z\"",
    "\"2026-01-01T00:00:00.125Z\"",
    "\"\"",
    "\"x\"",
    "\"é😀\"",
    "\"thirty-one bytes are before this\"",
    "\"thirty bytes are before the end\"",
    "\"a text of more than thirty-two bytes, which needs another look\"",
    "\"a, {b} and [c]: d\"",
    "null",
    "true",
    "false",
    "0",
    "-1.50",
    "12345678901234567890",
    "1e5",
    "01",
    "{\"b\":1}",
];

/// Lines of usual keys, many of them with usual values, and how they are written.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let value = prop::sample::select(VALUES.to_vec());
    let keys = prop::sample::subsequence(KEYS.to_vec(), 1..=KEYS.len());
    let usual = (keys, prop::collection::vec(value.clone(), KEYS.len()));
    let other = prop::collection::vec(prop::option::weighted(0.1, value), KEYS.len());
    let written = prop::sample::select(vec![["{", ":", ",", "}"], ["{", ": ", ", ", "}"]]);
    let others = prop::collection::vec((other, 0..40_usize), 1..40);
    (usual, others, written).prop_map(|((keys, values), others, [open, colon, comma, close])| {
        let line = |(other, left_out): (Vec<Option<&str>>, usize)| {
            let pairs = keys.iter().zip(&values).zip(&other).enumerate();
            let pairs = pairs.filter(|it| it.0 != left_out).map(|(_, ((key, usual), other))| {
                format!("\"{key}\"{colon}{}", other.unwrap_or(usual))
            });
            let pairs: Vec<String> = pairs.collect();
            format!("{open}{}{close}", pairs.join(comma)).into_bytes()
        };
        others.into_iter().map(line).collect()
    })
}

proptest! {
    #[test]
    fn usual_lines_are_taken_alike(lines in lines()) {
        taken_alike(&lines)?;
    }

    #[test]
    fn damaged_lines_are_taken_alike(
        lines in lines(),
        damage in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..3),
            1..4,
        ),
    ) {
        const LIKELY: &[u8] = b"\"\",:{}[] nte-.0";
        let mut lines = lines;
        for (line, at, byte, how) in damage {
            let line = line.index(lines.len());
            let line = &mut lines[line];
            let at = at.index(line.len());
            let likely = LIKELY[usize::from(byte) % LIKELY.len()];
            match how {
                0 => line[at] = byte,
                1 => line[at] = likely,
                _ => line.insert(at, likely),
            }
        }
        taken_alike(&lines)?;
    }
}

#[test]
fn every_byte_of_lines_counts() {
    let line = r#"{"ts":"2026-01-01T00:00:00Z","u":null,"a":1.5,"z":"abc","é":true}"#;
    let lines: Vec<Vec<u8>> = vec![line.as_bytes().to_vec(); 12];
    assert_eq!(taken_alike(&lines).unwrap(), 12);
    for at in 0..line.len() {
        for byte in *b"\",:{}[] x0n" {
            let mut lines = lines.clone();
            lines[9][at] = byte;
            taken_alike(&lines).unwrap();
        }
    }
}

#[test]
fn lines_of_usual_shapes_are_taken() {
    let long = "x".repeat(100);
    let lines = [
        r#"{"ts":"2026-01-01","u":"7","z":null}"#.to_owned(),
        r#"{"ts": "2026-01-01", "u": -0.5, "z": {}}"#.replace("{}", "false"),
        format!(r#"{{"u":"{long}","a key of more than thirty bytes, wanted":"{long}","é":1}}"#),
        r#"{"z":1,"z":2,"u":1e5}"#.replace("1e5", "15"),
        r#"{ "a" :1}"#.replace(" :", ":"),
    ];
    for line in lines {
        let mut all = vec![line.into_bytes(); 20];
        assert_eq!(taken_alike(&all).unwrap(), 20, "{:?}", all.pop());
    }
    let twice = vec![br#"{"u":1,"u":2}"#.to_vec(); 20];
    assert_eq!(taken_alike(&twice).unwrap(), 0);
}

#[test]
fn only_long_keys_are_taken_by_themselves() {
    let paths = Paths::new(&["u".to_owned()]);
    for length in 1..80 {
        for value in ["1", "null", "\"\"", "\"x\"", "\"a longer one\""] {
            let key = "k".repeat(length);
            let line = format!("{{\"ts\":null,\"u\":\"7\",\"{key}\":{value}}}\n");
            let text = line.repeat(20) + &" ".repeat(BLOCK);
            let (mut scanner, mut cells) = (Scanner::new(&paths), Cells::new(paths.slots()));
            let (mut values, mut lines) = (paths.values(), Vec::new());
            scanner.read(&text, 0, &mut values);
            scanner.walk(text.as_bytes(), 0..20 * line.len(), &mut cells, &mut lines);
            assert_eq!(lines.iter().filter(|it| it.taken).count(), 20);
            let pieces = &scanner.shape.pieces;
            let alone = pieces.iter().filter(|it| it.fixed == u64::MAX && it.known < BLOCK);
            assert_eq!(alone.count(), usize::from(length + 8 > BLOCK), "{length} {value}");
            let steps = pieces.iter().flat_map(|it| it.steps.clone());
            assert!(steps.eq(0..3), "{length} {value}");
        }
    }
}
