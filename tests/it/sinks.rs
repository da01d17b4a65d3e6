//! Every writer under attack, and the sinks that need more than a writer: Graphviz.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

use crate::cli::{folder, run, run_with};
use crate::writers;

fn attacks() -> Vec<String> {
    let mut all: Vec<String> = serde_json::from_str(include_str!("../attacks.json")).unwrap();
    all.push("x".repeat(5000));
    all.push(format!("e{}", "\u{301}".repeat(100)));
    all.push("\u{10ffff}\u{e000}\u{1f3f4}".to_owned());
    all
}

#[test]
fn no_attack_changes_what_any_writer_writes_but_its_words() {
    attacks().iter().for_each(|it| writers::check(it));
}

#[cfg(feature = "png")]
#[test]
fn no_attack_keeps_a_picture_from_being_drawn() {
    attacks().iter().for_each(|it| writers::check_png(it));
}

proptest! {
    #[test]
    fn nor_does_any_other_text(text in "(?s).{0,30}") {
        writers::check(&text);
    }

    #[test]
    fn nor_does_any_text_of_signs(text in "[\"'<>&;#%{}\\[\\]()|\\\\/`*_~$@=+: \n\tae0\u{202e}-]{0,24}") {
        writers::check(&text);
    }
}

/// The installed Graphviz; absent, the test says so.
fn graphviz() -> Option<PathBuf> {
    let found = std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|it| it.join("dot"))
        .find(|it| it.is_file());
    if found.is_none() {
        eprintln!("skipped: no Graphviz (dot) on PATH");
    }
    found
}

#[test]
fn graphviz_reads_every_attack_as_one_stage() {
    let Some(dot) = graphviz() else { return };
    let folder = TempDir::with_prefix("touchpath-dot-").unwrap();
    let stages: Vec<String> = attacks().into_iter().filter(|it| !it.trim().is_empty()).collect();
    let mut lines = String::new();
    for (id, stage) in stages.iter().enumerate() {
        let row = serde_json::json!({"timestamp": "2026-01-01T10:00:00Z", "user_id": id.to_string(), "event": stage});
        lines.push_str(&format!("{row}\n"));
    }
    std::fs::write(folder.path().join("e.jsonl"), lines).unwrap();
    for labels in [&[][..], &["--plain-labels"]] {
        let mut arguments = vec!["map", "e.jsonl", "--format", "dot", "--stages", "0"];
        arguments.extend(labels);
        let text = run(folder.path(), &arguments);
        let mut child = Command::new(&dot)
            .arg("-Tcanon")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, &text.out).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("rror"), "{said}");
        let canon = String::from_utf8_lossy(&output.stdout);
        let nodes = canon
            .lines()
            .filter(|it| it.trim_start().starts_with('n') && it.contains("fillcolor="));
        let drawn = text.out().matches("tooltip=\"").count();
        assert!(nodes.count() > 0 && drawn > stages.len(), "{drawn}");
        let link = |it: &str| it.starts_with("URL=") || it.starts_with("href=");
        assert!(!canon.lines().any(|it| link(it.trim_start_matches(['\t', ' ', '[']))));
    }
}

#[test]
fn graphviz_draws_what_it_alone_can() {
    let Some(_) = graphviz() else { return };
    let folder = folder();
    let pdf = run(folder.path(), &["map", "journey.toml", "-o", "map.pdf"]);
    assert_eq!(pdf.code, 0, "{}", pdf.err);
    let first = read(folder.path(), "map.pdf");
    assert!(first.starts_with(b"%PDF-"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(run(folder.path(), &["map", "journey.toml", "-o", "map.pdf"]).code, 0);
    assert!(first == read(folder.path(), "map.pdf"), "a PDF of the same map differs");
    let ps = run(folder.path(), &["map", "journey.toml", "--format", "ps"]);
    assert!(ps.out.starts_with(b"%!PS"), "{}", ps.err);
    for (name, head) in [("map.svg", &b"<?xml"[..]), ("map.png", b"\x89PNG")] {
        let drawn = run(folder.path(), &["map", "journey.toml", "--renderer", "dot", "-o", name]);
        assert_eq!(drawn.code, 0, "{}", drawn.err);
        assert!(read(folder.path(), name).starts_with(head));
    }
    let table = run(folder.path(), &["map", "journey.toml", "--renderer", "dot"]);
    assert_eq!(table.code, 2);
    assert_eq!(table.said(), "error: --renderer dot: table is no picture");
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn without_graphviz_one_line_says_what_to_do() {
    let folder = folder();
    let nowhere = TempDir::with_prefix("touchpath-empty-").unwrap();
    let path = [("PATH", nowhere.path().to_str().unwrap())];
    let pdf = run_with(folder.path(), &["map", "journey.toml", "-o", "map.pdf"], b"", &path);
    assert_eq!(pdf.code, 2);
    assert_eq!(pdf.said(), "error: pdf needs Graphviz, whose program \"dot\" is not installed");
    assert!(pdf.hint().contains("apt install graphviz"), "{}", pdf.err);
    assert!(!folder.path().join("map.pdf").exists());
    let fallback = ["map", "journey.toml", "--renderer", "dot", "-o", "map.svg"];
    let svg = run_with(folder.path(), &fallback, b"", &path);
    assert_eq!(svg.code, 0);
    assert!(
        svg.err.contains("note: Graphviz (dot) is not installed: touchpath drew the map itself")
    );
    assert!(read(folder.path(), "map.svg").starts_with(b"<svg"));
}

#[cfg(unix)]
#[test]
fn a_graphviz_that_fails_leaves_the_old_file() {
    let folder = folder();
    std::fs::write(folder.path().join("map.pdf"), "old").unwrap();
    // A program that knows neither the option nor the language.
    let fake = TempDir::with_prefix("touchpath-fake-").unwrap();
    let real = ["/bin/false", "/usr/bin/false"].into_iter().find(|it| Path::new(it).exists());
    let Some(real) = real else { return };
    std::os::unix::fs::symlink(real, fake.path().join("dot")).unwrap();
    let path = [("PATH", fake.path().to_str().unwrap())];
    let pdf = run_with(folder.path(), &["map", "journey.toml", "-o", "map.pdf"], b"", &path);
    assert_eq!(pdf.code, 2);
    assert_eq!(pdf.said(), "error: Graphviz failed: it says nothing");
    assert_eq!(read(folder.path(), "map.pdf"), b"old");
}

#[test]
fn every_ending_of_a_picture_is_known() {
    let folder = folder();
    for (name, head) in [
        ("m.svg", "<svg"),
        ("m.dot", "digraph"),
        ("m.mmd", "---"),
        ("m.graphml", "<?xml"),
        ("m.gexf", "<?xml"),
        #[cfg(feature = "png")]
        ("m.png", "\u{fffd}PNG"),
    ] {
        let drawn = run(folder.path(), &["map", "journey.toml", "--theme", "print", "-o", name]);
        assert_eq!(drawn.code, 0, "{}", drawn.err);
        let bytes = read(folder.path(), name);
        assert!(String::from_utf8_lossy(&bytes[..20]).starts_with(head), "{name}");
    }
    let term = run(folder.path(), &["map", "journey.toml", "--format", "term"]);
    assert!(term.out().contains("● Start"), "{}", term.err);
    let scale = run(folder.path(), &["map", "journey.toml", "--scale", "0", "-o", "m.png"]);
    assert_eq!((scale.code, scale.said()), (2, "error: --scale: 0 is not from 0.1 to 20"));
}
