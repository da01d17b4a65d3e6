//! Names that attack the reader of an output, end to end: from a file to each format.
//!
//! Stages, channels, campaigns, variants, orders and file names are typed by strangers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use graphviz_rust::dot_structures::{Attribute, Edge, EdgeTy, Graph, Id, Node, Stmt, Vertex};
use serde_json::{Value, json};
use tempfile::TempDir;
use touchpath::output::escape::clean;

use crate::cli::run;

/// The attacks of `tests/attacks.json` that a file can carry as a name of its own: not
/// blank, and not changed by the trimming of cells.
static ATTACKS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let all: Vec<String> = serde_json::from_str(include_str!("../attacks.json")).unwrap();
    let carried = |it: &&'static str| {
        !it.trim().is_empty() && it.trim() == *it && !it.contains(['\0', '\r', '\u{fffe}'])
    };
    all.into_iter().map(|it| &*it.leak()).filter(carried).collect()
});

const COLUMNS: [&str; 8] =
    ["timestamp", "user_id", "event", "channel", "campaign", "revenue", "order_id", "variant"];

/// Each customer goes from one attack to the next and buys with a third.
fn rows(attacks: &[&str]) -> Vec<[String; 8]> {
    let mut rows = Vec::new();
    let at = |it: usize| attacks[it % attacks.len()].to_owned();
    for customer in 0..attacks.len() * 2 {
        for (step, event) in
            [at(customer), at(customer + 1), "bought".to_owned()].into_iter().enumerate()
        {
            let bought = step == 2;
            let blank = |it: String| if bought { it } else { String::new() };
            rows.push([
                format!("2026-01-{:02}T10:{step:02}:00Z", customer % 28 + 1),
                format!("{} {customer}", at(customer)),
                event,
                at(customer + step),
                at(customer + 7),
                blank("12.50".to_owned()),
                blank(format!("{}{customer}", at(customer))),
                ATTACKS[12 + customer % 2].to_owned(),
            ]);
        }
    }
    rows
}

/// A folder with the rows as CSV and as JSON lines, and a journey file for each.
fn folder(attacks: &[&str]) -> TempDir {
    let folder = TempDir::with_prefix("touchpath-hostile-").unwrap();
    let mut table = csv::Writer::from_path(folder.path().join("e.csv")).unwrap();
    table.write_record(COLUMNS).unwrap();
    let mut lines = String::new();
    for row in rows(attacks) {
        table.write_record(&row).unwrap();
        let object: serde_json::Map<String, Value> =
            COLUMNS.iter().zip(&row).map(|it| ((*it.0).to_owned(), json!(it.1))).collect();
        lines.push_str(&format!("{}\n", Value::Object(object)));
    }
    table.flush().unwrap();
    std::fs::write(folder.path().join("e.jsonl"), lines).unwrap();
    for ending in ["csv", "jsonl"] {
        let journey = format!(
            "name = '</title><script>alert(1)</script>'\ncurrency = 'EUR'\n\
             [[source]]\npath = 'e.{ending}'\ntime = 'timestamp'\nevent = 'event'\n\
             ids = {{ user = 'user_id' }}\nchannel = 'channel'\ncampaign = 'campaign'\n\
             value = 'revenue'\norder = 'order_id'\nvariant = 'variant'\n\
             [journey]\nconversion = 'bought'\n[funnel]\nsteps = ['bought']\n"
        );
        std::fs::write(folder.path().join(format!("{ending}.toml")), journey).unwrap();
    }
    folder
}

fn answer(folder: &TempDir, arguments: &[&str]) -> String {
    let run = run(folder.path(), arguments);
    assert_eq!(run.code, 0, "{arguments:?}: {}", run.err);
    assert_silent(&run.err);
    run.out()
}

/// Asserts that a terminal that shows this does nothing but show it.
fn assert_silent(text: &str) {
    let trick =
        |it: char| matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}');
    let bad = text.chars().find(|&it| (it.is_control() && it != '\n') || trick(it));
    assert_eq!(bad, None, "{text:?}");
}

/// Undoes the quoting of a DOT string as Graphviz does.
fn unquoted(id: &Id) -> String {
    let Id::Escaped(quoted) = id else { panic!("{id:?} is not quoted") };
    let mut out = String::new();
    let mut chars = quoted[1..quoted.len() - 1].chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => out.push(match chars.next().unwrap() {
                'n' => '\n',
                other => other,
            }),
            _ => out.push(c),
        }
    }
    out.replace("&amp;", "&")
}

fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> &'a Id {
    let found = attributes.iter().find(|it| it.0 == Id::Plain(name.to_owned()));
    &found.unwrap_or_else(|| panic!("no {name}: {attributes:?}")).1
}

fn map(report: &Value) -> (Vec<String>, usize) {
    let map = &report["maps"]["map"];
    let nodes = map["nodes"].as_array().unwrap().iter();
    let names = nodes.map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    let ways = map["edges"].as_array().unwrap().iter().filter(|it| it["from"] != it["to"]);
    (names, ways.count())
}

#[test]
fn every_name_comes_through_whole_from_every_format_of_input() {
    let folder = folder(&ATTACKS);
    for journey in ["csv.toml", "jsonl.toml"] {
        let report: Value =
            serde_json::from_str(&answer(&folder, &["map", journey, "--format", "json"])).unwrap();
        let names: BTreeSet<String> = map(&report).0.into_iter().collect();
        let expected: BTreeSet<String> =
            ATTACKS.iter().chain(&["bought"]).map(|&it| it.to_owned()).collect();
        assert_eq!(names, expected, "{journey}");
    }
    for command in ["ledger", "attribute", "paths", "compare"] {
        let one = answer(&folder, &[command, "csv.toml", "--format", "json"]);
        assert_eq!(one, answer(&folder, &[command, "jsonl.toml", "--format", "json"]), "{command}");
    }
}

#[test]
fn dot_has_no_node_or_edge_more_and_its_labels_decode() {
    let folder = folder(&ATTACKS);
    let report = answer(&folder, &["map", "csv.toml", "--format", "json"]);
    let (names, ways) = map(&serde_json::from_str(&report).unwrap());
    for labels in [None, Some("--plain-labels")] {
        let mut arguments =
            vec!["map", "csv.toml", "--format", "dot", "--all-edges", "--stages", "0"];
        arguments.extend(labels);
        let text = answer(&folder, &arguments);
        let Graph::DiGraph { stmts, .. } = graphviz_rust::parse(&text).unwrap() else {
            panic!("no digraph")
        };
        let mut nodes = Vec::new();
        let mut edges = 0;
        for stmt in &stmts {
            match stmt {
                Stmt::Node(Node { id, attributes }) => {
                    let active = |it: &Attribute| {
                        let Id::Plain(name) = &it.0 else { return true };
                        matches!(&**name, "URL" | "href" | "image" | "target" | "id" | "class")
                    };
                    assert!(!attributes.iter().any(active), "{attributes:?}");
                    nodes.push((&id.0, attributes));
                }
                Stmt::Edge(Edge {
                    ty: EdgeTy::Pair(Vertex::N(from), Vertex::N(_)),
                    attributes,
                }) => {
                    edges += usize::from(from.0 != Id::Plain("start".into()));
                    let known = ["color", "penwidth", "weight", "label", "fontcolor", "tooltip"];
                    let more = ["dir", "style", "constraint"];
                    for Attribute(name, _) in attributes {
                        let Id::Plain(name) = name else { panic!("{name:?}") };
                        assert!(known.contains(&&**name) || more.contains(&&**name), "{name}");
                    }
                }
                _ => {}
            }
        }
        assert_eq!((nodes.len(), edges), (names.len() + 1, ways));
        for ((id, attributes), name) in nodes.iter().skip(1).zip(&names) {
            let tooltip = unquoted(attribute(attributes, "tooltip"));
            let expected = format!("{}: ", clean(name));
            assert!(tooltip.starts_with(&expected), "{id:?}: {tooltip:?} {expected:?}");
        }
    }
}

#[test]
fn svg_and_page_hold_nothing_active() {
    // A picture of fewer stages is drawn much faster.
    ATTACKS.chunks(14).for_each(assert_nothing_active);
}

fn assert_nothing_active(attacks: &[&str]) {
    let folder = folder(attacks);
    let svg = answer(&folder, &["map", "csv.toml", "--format", "svg", "--all-edges"]);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let allowed = [
        "svg", "g", "rect", "path", "text", "tspan", "title", "desc", "line", "circle", "polygon",
        "ellipse", "marker", "defs",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(allowed.contains(&node.tag_name().name()), "{node:?}");
        for attribute in node.attributes() {
            let name = attribute.name().to_lowercase();
            assert!(!name.starts_with("on") && name != "href" && name != "src", "{attribute:?}");
        }
    }
    let titles: Vec<&str> = document
        .descendants()
        .filter(|it| it.has_tag_name((it.tag_name().namespace().unwrap_or(""), "title")))
        .filter_map(|it| it.text())
        .collect();
    for attack in attacks {
        let name = clean(attack);
        assert!(titles.iter().any(|it| it.contains(&*name)), "{attack:?} is in no title");
    }
    for format in ["graphml", "gexf"] {
        let text = answer(&folder, &["map", "csv.toml", "--format", format]);
        let document = roxmltree::Document::parse(&text).unwrap();
        let all = document.descendants().filter(|it| it.tag_name().name() == "node").count();
        assert_eq!(all, attacks.len() + 1, "{format}");
        for attack in attacks {
            let name = clean(attack);
            let told = |it: roxmltree::Node| {
                it.text().unwrap_or_default() == name || it.attribute("label") == Some(&name)
            };
            assert!(document.descendants().any(told), "{attack:?} is not in {format}");
        }
    }
    let mermaid = answer(&folder, &["map", "csv.toml", "--format", "mermaid", "--all-edges"]);
    assert_eq!(mermaid.matches("\n    style n").count(), attacks.len() + 1, "{mermaid}");
    assert_silent(&answer(&folder, &["map", "csv.toml", "--format", "term", "--all-edges"]));
    #[cfg(feature = "png")]
    {
        let picture = run(folder.path(), &["map", "csv.toml", "--format", "png", "--scale", "0.5"]);
        assert!(picture.out.starts_with(b"\x89PNG"), "{}", picture.err);
        assert_silent(&picture.err);
    }
    let report = run(folder.path(), &["report", "csv.toml", "-o", "out"]);
    assert_eq!(report.code, 0, "{}", report.err);
    assert_silent(&report.err);
    let page = std::fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    let alone = answer(&folder, &["map", "jsonl.toml", "--format", "html"]);
    for page in [page, alone] {
        assert_page(&page);
    }
    for name in ["report.json", "manifest.json"] {
        let text = std::fs::read(folder.path().join("out").join(name)).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap();
    }
}

/// Asserts that a page has no tag, and no attribute, of an attack.
fn assert_page(page: &str) {
    let lower = page.to_lowercase();
    for active in ["<script>alert", "<img", "<b>bold", "<svg onload", "<port", "<!--", "<iframe"] {
        assert!(!lower.contains(active), "{active}");
    }
    // Our own scripts, and nobody else's: opened as often as closed.
    assert_eq!(lower.matches("<script").count(), lower.matches("</script>").count());
    assert_eq!(lower.matches("<title>").count(), lower.matches("</title>").count());
    for tag in page.split('<').skip(1).filter_map(|it| it.split_once('>')).map(|it| it.0) {
        if !tag.starts_with(|it: char| it.is_ascii_alphabetic()) || tag.len() > 2_000 {
            continue;
        }
        // Outside of quotes no attribute is a handler.
        let bare: String = tag.split('"').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
        for handler in [" onload", " onerror", " onmouseover", " onfocus", " autofocus"] {
            assert!(!bare.contains(handler), "<{tag}>");
        }
    }
}

#[test]
fn tables_start_no_formula_and_move_no_cursor() {
    let folder = folder(&ATTACKS);
    for command in ["map", "ledger", "attribute", "paths", "compare", "funnel", "dropoff", "check"]
    {
        for format in ["table", "md"] {
            let text = answer(&folder, &[command, "csv.toml", "--format", format, "--all-rows"]);
            assert_silent(&text);
            assert!(format == "table" || !text.contains("<script"), "{command}");
        }
        let text = answer(&folder, &[command, "csv.toml", "--format", "csv"]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for record in reader.records() {
            for cell in &record.unwrap() {
                let start = cell.trim_start_matches([' ', '\u{feff}']).chars().next();
                let formula = matches!(start, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝'));
                assert!(!formula || cell.parse::<f64>().is_ok(), "{command}: {cell:?}");
            }
        }
        let raw = answer(&folder, &[command, "csv.toml", "--format", "csv", "--csv-raw"]);
        assert!(raw.len() <= text.len(), "{command}");
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_are_hostile_too() {
    let folder = folder(&ATTACKS[..14]);
    let name = "=1+1\u{1b}[31m\"<script>alert(1)<";
    let file = format!("{name}.csv");
    std::fs::copy(folder.path().join("e.csv"), folder.path().join(&file)).unwrap();
    let table = answer(&folder, &["check", &file]);
    assert_silent(&table);
    let csv = answer(&folder, &["check", &file, "--format", "csv", "--part", "files"]);
    assert!(csv.lines().nth(1).unwrap().starts_with("\"'=1+1"), "{csv}");
    let report = run(folder.path(), &["report", &file, "-o", "out"]);
    assert_eq!(report.code, 0, "{}", report.err);
    assert_page(&std::fs::read_to_string(folder.path().join("out/index.html")).unwrap());
    let init = answer(&folder, &["init", &file]);
    let config = touchpath::config::Config::parse(&init, "init").unwrap();
    assert_eq!(config.sections.source[0].path, file);
    let gone = run(folder.path(), &["check", &format!("{name}.tsv")]);
    assert_eq!(gone.code, 2);
    assert_silent(&gone.err);
    let odd =
        run(folder.path(), &["check", "csv.toml", "--set", "x\u{1b}[2J=\u{7}", "--color", "never"]);
    assert_eq!(odd.code, 2);
    assert_silent(&odd.err);
    let usage = run(folder.path(), &["map", "csv.toml", "--\u{1b}[2J"]);
    assert_eq!(usage.code, 2);
    assert_silent(&usage.err);
}
