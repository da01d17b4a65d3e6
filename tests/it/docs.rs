//! What the documents say is so: commands parse, examples of journey files are
//! read, links lead somewhere, and each analysis is in the table of the README.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use touchpath::analysis::ANALYSES;
use touchpath::config::Config;

use crate::case::Case;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.trim_start().strip_prefix("```") else { continue };
        let inside = lines.by_ref().take_while(|it| !it.trim_start().starts_with("```"));
        let block: Vec<&str> = inside.collect();
        if fence.trim() == language {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Every `touchpath …` command of a text: in fenced blocks and in code spans.
fn commands(text: &str) -> Vec<String> {
    let fenced = blocks(text, "sh").into_iter().flat_map(|it| {
        it.lines()
            .map(|it| it.split(" #").next().unwrap_or("").trim().to_owned())
            .collect::<Vec<_>>()
    });
    let outside: String = text.split("```").step_by(2).collect();
    let spans = outside.split('`').skip(1).step_by(2).map(str::to_owned);
    let demo = "cargo run --release -- ";
    fenced
        .chain(spans.collect::<Vec<_>>())
        .map(|it| it.strip_prefix(demo).map_or(it.clone(), |rest| format!("touchpath {rest}")))
        .filter(|it| it.starts_with("touchpath ") && !it.contains("COMMAND"))
        .collect()
}

/// Every Markdown file that people wrote, from the root of the repository.
fn documents() -> Vec<PathBuf> {
    let mut documents = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = folder.join(&name);
            let written = !["target", "expected", "out"].contains(&name.as_str());
            if entry.file_type().unwrap().is_dir() && written && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".md") {
                documents.push(path);
            }
        }
    }
    documents.sort();
    documents
}

/// The targets of Markdown links: `[text](target)`.
fn links(text: &str) -> Vec<&str> {
    let starts = text.match_indices("](").map(|it| it.0 + 2);
    starts.filter_map(|at| text[at..].split_once(')').map(|it| it.0)).collect()
}

/// A folder in which the files that the README speaks of exist.
fn playground() -> Case {
    const EVENTS: &str = "user_id,ts,page,visitor,event_id,utm_source,utm_medium,revenue,order_id,\
        variant\nu1,2025-03-01T10:00:00Z,Cart,c1,1,google,cpc,,,A\n\
        u1,2025-03-01T10:05:00Z,Checkout,c1,2,,,,,A\n\
        u1,2025-03-01T10:09:00Z,Purchase,c1,3,,,9.90,o1,A\n\
        u2,2025-03-02T10:00:00Z,Cart,c2,4,bing,organic,,,B\n\
        u2,2025-03-02T10:09:00Z,Purchase,c2,5,,,5.10,o2,B\n";
    const JOURNEY: &str = "currency = 'EUR'\n[[source]]\npath = '../events.csv'\ntime = 'ts'\n\
        event = 'page'\nids = { user = 'user_id', cookie = 'visitor' }\nevent_id = 'event_id'\n\
        utm_source = 'utm_source'\nutm_medium = 'utm_medium'\nvalue = 'revenue'\n\
        order = 'order_id'\nvariant = 'variant'\n[journey]\nconversion = 'Purchase'\n";
    let journey = JOURNEY.replace("../", "");
    let orders = "order_id,total\no1,9.90\no2,5.10\n";
    let next_day = EVENTS.replace("2025-03-0", "2025-04-0");
    let files = [
        ("events.csv", EVENTS),
        ("web.csv", EVENTS),
        ("crm.csv", EVENTS),
        ("orders.csv", orders),
        ("0101.csv", EVENTS),
        ("0102.csv", &next_day),
    ];
    let case = Case::new(&files);
    std::fs::create_dir(case.path("shop")).unwrap();
    std::fs::write(case.path("shop/journey.toml"), &journey).unwrap();
    std::fs::write(case.path("shop/events.csv"), EVENTS).unwrap();
    case
}

#[test]
fn every_command_of_the_readme_runs() {
    let case = playground();
    let commands = commands(&read("README.md"));
    assert!(commands.len() > 12, "{commands:?}");
    for line in commands {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let mut command = Command::cargo_bin("touchpath").unwrap();
        command.current_dir(case.path("")).args(&words);
        if words == ["demo"] {
            command.args(["--customers", "30"]);
        }
        // Answered, or "no": what it must never be is a usage error.
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{line}\n{said}");
    }
}

/// The words of a command as a shell tells them apart: by blanks outside quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars().chain([' ']) {
        match quote {
            Some(it) if it == c => quote = None,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if c == ' ' => words.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    words.retain(|it| !it.is_empty());
    words
}

#[test]
fn every_command_of_the_page_on_submaps_answers() {
    let case = playground();
    let commands: Vec<String> = blocks(&read("docs/submaps.md"), "sh")
        .iter()
        .flat_map(|it| it.lines().map(|it| it.split(" #").next().unwrap_or("").to_owned()))
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for line in commands {
        let mut command = Command::cargo_bin("touchpath").unwrap();
        let output = command.current_dir(case.path("")).args(&words(&line)[1..]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // No journey of the two may be kept, but every stage and property must be known.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{line}\n{said}");
    }
}

#[test]
fn the_readme_names_the_two_commands_and_every_analysis() {
    let readme = read("README.md");
    assert!(readme.contains("cargo run --release -- demo"));
    assert!(readme.contains("cargo test"));
    for entry in ANALYSES.iter().filter(|it| it.name != "overview") {
        let row = format!("| `touchpath {} ", entry.name);
        assert!(readme.contains(&row), "the README has no row for {}", entry.name);
    }
}

#[test]
fn journey_files_in_the_documents_are_read() {
    Config::parse(&read("benches/peers/journey.toml"), "benches/peers/journey.toml").unwrap();
    let mut read_any = 0;
    for path in documents() {
        let whole = |it: &String| it.contains("[[source]]") || it.contains("[select]");
        for block in blocks(&read(&path), "toml").into_iter().filter(whole) {
            Config::parse(&block, "journey.toml")
                .unwrap_or_else(|error| panic!("{}: {error}\n{block}", path.display()));
            read_any += 1;
        }
    }
    assert!(read_any > 0);
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for path in documents() {
        let text = read(&path);
        for link in links(&text) {
            let target = link.split('#').next().unwrap_or("");
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let from = root().join(&path);
            let file = from.parent().unwrap().join(target);
            assert!(file.exists(), "{}: there is no {target}", path.display());
        }
    }
}

#[test]
fn the_architecture_names_rooms_and_files_that_exist() {
    let text = read("docs/architecture.md");
    let spans: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let rooms: Vec<&str> = spans.iter().copied().filter(|it| it.starts_with("src/")).collect();
    assert!(rooms.len() >= 9, "{rooms:?}");
    for room in rooms.iter().chain(&["journeys/", "tests/it", "tests/it/floors.rs"]) {
        assert!(root().join(room).exists(), "there is no {room}");
    }
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            assert!(text.contains(&format!("`src/{name}`")), "docs/architecture.md: no {name}");
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let cargo: toml::Table = read("Cargo.toml").parse().unwrap();
    let reasons = read("docs/dependencies.md");
    let unix = cargo["target"]["cfg(unix)"].as_table().unwrap();
    for section in [&cargo["dependencies"], &cargo["dev-dependencies"], &unix["dependencies"]] {
        for name in section.as_table().unwrap().keys() {
            assert!(reasons.contains(&format!("`{name}`")), "docs/dependencies.md: no {name}");
        }
    }
}

#[test]
fn no_document_names_a_path_of_one_machine() {
    for path in documents() {
        let text = read(&path);
        for home in ["/home/", "/Users/", "C:\\Users"] {
            assert!(!text.contains(home), "{}: {home}", path.display());
        }
    }
}
