//! Expected files: compared line by line, rewritten with `BLESS=1`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// How many lines of a difference are printed.
const SHOWN: usize = 24;
/// Texts with more lines than this are compared from the top only.
const MANY: usize = 3_000;

/// Holds a folder to the files given, neither more nor fewer; with `BLESS=1`
/// makes it so.
pub fn hold(folder: &Path, files: &BTreeMap<String, String>) {
    let stale: Vec<String> =
        names(folder).into_iter().filter(|it| !files.contains_key(it)).collect();
    if blesses() {
        std::fs::create_dir_all(folder).unwrap();
        stale.iter().for_each(|it| std::fs::remove_file(folder.join(it)).unwrap());
    } else {
        assert!(stale.is_empty(), "{}: nothing writes {stale:?} any more", folder.display());
    }
    let faults: String =
        files.iter().filter_map(|(name, text)| fault(&folder.join(name), text)).collect();
    refuse(&faults);
}

/// Holds one file to a text; with `BLESS=1` makes it so.
pub fn hold_file(path: &Path, text: &str) {
    refuse(&fault(path, text).unwrap_or_default());
}

fn blesses() -> bool {
    std::env::var_os("BLESS").is_some_and(|it| it == "1")
}

#[track_caller]
fn refuse(faults: &str) {
    assert!(
        faults.is_empty(),
        "\n{faults}hint: if the change is meant, run `BLESS=1 cargo test` and read `git diff` \
         before you commit"
    );
}

/// What differs, in words; with `BLESS=1` the file is written instead.
fn fault(path: &Path, text: &str) -> Option<String> {
    if blesses() {
        std::fs::write(path, text).unwrap();
        return None;
    }
    let name = path.display();
    match std::fs::read_to_string(path) {
        Ok(expected) if expected == text => None,
        Ok(expected) => {
            Some(format!("--- {name}: expected (-) and now (+)\n{}", difference(&expected, text)))
        }
        Err(error) => Some(format!("--- {name}: {error}\n")),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The lines that differ: `-` expected, `+` now, with their numbers.
pub fn difference(expected: &str, now: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), now.lines().collect());
    let mut out = String::new();
    let mut shown = 0;
    for (sign, line, text) in edits(&a, &b) {
        shown += 1;
        if shown <= SHOWN {
            let _ = writeln!(out, "{sign}{line:>4} {text}");
        }
    }
    if shown > SHOWN {
        let _ = writeln!(out, "… and {} lines more", shown - SHOWN);
    }
    if shown == 0 {
        out.push_str("only the ends of lines differ\n");
    }
    out
}

/// The fewest lines to take away and to add, by the longest common subsequence.
fn edits<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<(char, usize, &'a str)> {
    let (a, b) = (&a[..a.len().min(MANY)], &b[..b.len().min(MANY)]);
    let mut common = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = match a[i] == b[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            edits.push(('-', i + 1, a[i]));
            i += 1;
        } else {
            edits.push(('+', j + 1, b[j]));
            j += 1;
        }
    }
    edits
}

#[test]
fn a_difference_names_the_lines_that_changed() {
    assert_eq!(difference("a\nb\nc\n", "a\nx\nc\nd\n"), "-   2 b\n+   2 x\n+   4 d\n");
    assert_eq!(difference("a\n", "a"), "only the ends of lines differ\n");
}
