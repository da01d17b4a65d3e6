//! Data goes down one stair, imports go the other way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms, and the rooms that each may know besides itself.
const ROOMS: [(&str, &[&str]); 13] = [
    ("base", &[]),
    ("stats", &["base"]),
    ("model", &["base"]),
    // A partial is a format that input reads; what is in one, store alone knows.
    ("store", &["base", "model"]),
    ("input", &["base", "stats", "model", "store"]),
    ("prepare", &["base", "stats", "model"]),
    ("analysis", &["base", "stats", "model"]),
    ("output", &["base", "stats", "model"]),
    ("demo", &["base"]),
    ("config", &["base", "stats", "model", "input", "prepare", "analysis", "output", "store"]),
    (
        "study",
        &["base", "stats", "model", "input", "prepare", "analysis", "output", "store", "config"],
    ),
    (
        "cli",
        &[
            "base", "stats", "model", "input", "prepare", "analysis", "output", "store", "config",
            "study", "demo",
        ],
    ),
    ("main", &["cli"]),
];

fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|it| it == "rs") {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut out);
    out.sort();
    out
}

/// The room of a file: the first name below `src`.
fn room(path: &Path) -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let first = path.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Files that are compiled for tests alone: modules declared under `#[cfg(test)]`.
fn test_files() -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = match stem.as_str() {
            "mod" | "lib" | "main" => path.parent().unwrap().to_owned(),
            stem => path.parent().unwrap().join(stem),
        };
        for declared in text.split("#[cfg(test)]").skip(1) {
            let mut lines = declared.trim_start().lines();
            let mut line = lines.next().unwrap_or_default();
            if let Some(it) = line.strip_prefix("#[path = \"") {
                files.insert(path.parent().unwrap().join(it.trim_end_matches("\"]")));
                line = lines.next().unwrap_or_default();
            }
            let Some(name) = line.split("mod ").nth(1).and_then(|it| it.strip_suffix(';')) else {
                continue;
            };
            files.insert(folder.join(format!("{name}.rs")));
            files.insert(folder.join(name).join("mod.rs"));
        }
    }
    files
}

/// The code of a file without its comments and without its unit tests, which come last.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..tests].lines().filter(|it| !it.trim_start().starts_with("//"));
    lines.flat_map(|it| [it, "\n"]).collect()
}

/// The files of the program itself.
fn program() -> Vec<PathBuf> {
    let tests = test_files();
    sources().into_iter().filter(|it| !tests.contains(it)).collect()
}

#[test]
fn no_room_imports_from_above_or_beside() {
    let mut wrong = Vec::new();
    for path in program() {
        let own = room(&path);
        if own == "lib" {
            continue;
        }
        let (_, allowed) = ROOMS.iter().find(|it| it.0 == own).unwrap_or_else(|| {
            panic!("{} is in a room without a floor: add it to ROOMS", path.display())
        });
        for used in code(&path).split("crate::").skip(1) {
            let end = used.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(used.len());
            let used = &used[..end];
            let known = ROOMS.iter().any(|it| it.0 == used);
            if known && used != own && !allowed.contains(&used) {
                wrong.push(format!("{}: {own} must not know {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_knows_clap_and_prints() {
    for path in program() {
        let own = room(&path);
        if own == "cli" || own == "main" {
            continue;
        }
        let code = code(&path);
        for word in ["clap::", "println!", "eprintln!", "process::exit"] {
            assert!(!code.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in program() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} has no module docs", path.display());
    }
}

#[test]
fn files_stay_readable() {
    for path in program() {
        let lines = code(&path).lines().count();
        assert!(lines <= 700, "{} has {lines} lines before its tests", path.display());
    }
}
