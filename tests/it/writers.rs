//! What must hold of every writer, whatever the text: it parses, has no part more than with
//! a harmless text, its words decode to the text, and nothing in it is active.
//!
//! The suite asks it of listed attacks and of random text; the fuzz target of
//! `fuzz/fuzz_targets/writers.rs` includes this file. It knows the public interface alone.

use std::collections::BTreeSet;

use graphviz_rust::dot_structures::{Attribute, Graph, Id, Stmt};
use touchpath::model::{Cell, Column, JourneyMap, Kind, MapEdge, MapNode, Report, Table};
use touchpath::output::escape::{clean, one_line, terminal, unguard};
use touchpath::output::map::svg::write_page;
use touchpath::output::map::{Keep, Theme};
use touchpath::output::{FORMATS, MapStyle, Style, format};

/// Asserts all of it for a text.
pub fn check(text: &str) {
    let (hostile, harmless) = (report(text), report("harmless"));
    let plain = Style { map: MapStyle { plain_labels: true, ..style().map }, ..style() };
    let dark = Style { map: MapStyle { theme: Theme::Dark, ..style().map }, ..style() };
    dot(&written(&hostile, "dot", &style()), text);
    dot(&written(&hostile, "dot", &plain), text);
    svg(&written(&hostile, "svg", &style()), text);
    svg(&written(&hostile, "svg", &dark), text);
    interactive(&hostile.maps[0].1, text);
    graphml(&written(&hostile, "graphml", &style()), text);
    gexf(&written(&hostile, "gexf", &style()), text);
    mermaid(&written(&hostile, "mermaid", &style()), text);
    json(&written(&hostile, "json", &style()), text);
    csv(&written(&hostile, "csv", &style()), text);
    markdown(&written(&hostile, "md", &style()), &written(&harmless, "md", &style()));
    page(&written(&hostile, "html", &style()), &written(&harmless, "html", &style()));
    for name in ["term", "table"] {
        silent(&written(&hostile, name, &style()));
        silent(&written(&hostile, name, &Style { width: 60, ..style() }));
    }
    assert!(FORMATS.len() <= 13, "a new format needs its asserts here");
}

/// Asserts that a PNG comes of it; slower, so apart.
#[allow(dead_code, reason = "nobody asks where the feature png is off")]
pub fn check_png(text: &str) {
    let style = Style { map: MapStyle { scale: 0.5, ..style().map }, ..style() };
    let mut bytes = Vec::new();
    (format("png").unwrap().write)(&[&report(text)], &style, &mut bytes).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n") && bytes.len() > 1000);
}

fn style() -> Style {
    let map = MapStyle { keep: Keep::All, name_length: 100_000, ..MapStyle::default() };
    Style { map, all_rows: true, ..Style::default() }
}

const STAGES: usize = 4;
const WAYS: usize = 4;

/// A report where the text stands everywhere that data can.
fn report(text: &str) -> Report {
    let node = |name: String, starts, goal| MapNode {
        name,
        visits: 100,
        customers: 90,
        starts,
        exits: 30,
        repeats: 20,
        goal,
        ..MapNode::default()
    };
    let edge = |from, to, moves| MapEdge {
        from,
        to,
        moves,
        customers: moves,
        share: 0.4,
        ..MapEdge::default()
    };
    let map = JourneyMap {
        title: text.to_owned(),
        subtitle: vec![text.to_owned()],
        nodes: vec![
            node(text.to_owned(), 90, false),
            node("n0".to_owned(), 0, false),
            node(format!("{text} 2"), 10, false),
            node("Purchase".to_owned(), 0, true),
        ],
        edges: vec![edge(0, 1, 40), edge(0, 2, 30), edge(1, 0, 20), edge(2, 3, 10)],
        journeys: 100,
        customers: 90,
        exits: 90,
        ..JourneyMap::default()
    };
    let column = |key: &str, kind| {
        let mut column = Column::new(key, kind, "");
        (column.title, column.about) = (text.to_owned(), format!("what {text} means"));
        column
    };
    let columns = vec![column("name", Kind::Text), column("count", Kind::Count)];
    let mut table = Table::new("t", &format!("t {text}"), &format!("a {text}"), columns);
    table.push(vec![Cell::text(text), Cell::Count(3)]);
    table.push(vec![Cell::text("other"), Cell::Count(4)]);
    let mut report = Report::new("map", &format!("r {text}"), "EUR".parse().unwrap());
    report.findings.push(text.to_owned());
    report.notes.push(text.to_owned());
    report.tables.push(table);
    report.maps.push(("map".to_owned(), map));
    report
}

fn written(report: &Report, name: &str, style: &Style) -> String {
    let mut bytes = Vec::new();
    (format(name).unwrap().write)(&[report], style, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Undoes the quoting of a DOT string as Graphviz does.
pub fn unquoted(id: &Id) -> String {
    let Id::Escaped(quoted) = id else { panic!("{id:?} is not quoted") };
    let mut out = String::new();
    let mut chars = quoted[1..quoted.len() - 1].chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(match chars.next().unwrap() {
                'n' => '\n',
                other => other,
            }),
            c => out.push(c),
        }
    }
    out.replace("&amp;", "&")
}

fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Id> {
    attributes.iter().find(|it| it.0 == Id::Plain(name.to_owned())).map(|it| &it.1)
}

fn dot(written: &str, text: &str) {
    let Ok(Graph::DiGraph { stmts, .. }) = graphviz_rust::parse(written) else {
        panic!("no digraph: {written}")
    };
    let mut nodes = Vec::new();
    let mut edges = 0;
    let tame = |attributes: &[Attribute]| {
        for Attribute(name, _) in attributes {
            let Id::Plain(name) = name else { panic!("{name:?}") };
            let bad = ["URL", "href", "image", "target", "id", "class", "edgeURL", "headURL"];
            assert!(!bad.contains(&&**name), "{name}");
        }
    };
    for stmt in &stmts {
        match stmt {
            Stmt::Node(node) => {
                tame(&node.attributes);
                nodes.push(&node.attributes);
            }
            Stmt::Edge(edge) => {
                tame(&edge.attributes);
                edges += 1;
            }
            _ => {}
        }
    }
    // The start, and its two ways.
    assert_eq!((nodes.len(), edges), (STAGES + 1, WAYS + 2), "{written}");
    let tooltip = unquoted(value(nodes[1], "tooltip").unwrap());
    assert!(tooltip.starts_with(&format!("{}: ", clean(text))), "{tooltip:?}");
    let shown = one_line(text, 100_000);
    match value(nodes[1], "label") {
        Some(Id::Html(label)) => {
            let table = roxmltree::Document::parse(&label[1..label.len() - 1]).unwrap();
            for node in table.descendants().filter(roxmltree::Node::is_element) {
                let name = node.tag_name().name();
                assert!(["TABLE", "TR", "TD", "B", "FONT"].contains(&name), "{name}");
                assert!(node.attribute("HREF").is_none() && node.attribute("SRC").is_none());
            }
            let bold = table.descendants().find(|it| it.has_tag_name("B")).unwrap();
            assert_eq!(bold.text(), Some(format!(" {shown} ").as_str()));
        }
        label => assert!(unquoted(label.unwrap()).starts_with(&shown)),
    }
}

/// Parses XML of which all elements are known and no attribute is active.
fn xml<'a>(written: &'a str, allowed: &[&str]) -> roxmltree::Document<'a> {
    let document =
        roxmltree::Document::parse(written).unwrap_or_else(|it| panic!("{it}: {written}"));
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(allowed.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            let name = attribute.name().to_lowercase();
            let active =
                name.starts_with("on") || ["href", "src", "style", "url"].contains(&&*name);
            assert!(!active, "{attribute:?}");
        }
    }
    document
}

fn all<'a>(
    document: &'a roxmltree::Document<'a>,
    name: &'a str,
) -> impl Iterator<Item = roxmltree::Node<'a, 'a>> {
    document.descendants().filter(move |it| it.is_element() && it.tag_name().name() == name)
}

fn svg(written: &str, text: &str) {
    let allowed = ["svg", "title", "desc", "rect", "circle", "path", "text", "g"];
    let document = xml(written, &allowed);
    let of = |class: &str| {
        all(&document, "g").filter(|it| it.attribute("class") == Some(class)).collect::<Vec<_>>()
    };
    let stages = of("stage");
    assert_eq!((stages.len(), of("way").len()), (STAGES + 1, WAYS + 2));
    let title = all(&document, "title").nth(1 + WAYS + 2 + 1).and_then(|it| it.text());
    let expected = format!("{}: ", clean(text));
    assert!(title.is_some_and(|it| it.starts_with(&expected)), "{title:?} {expected:?}");
}

/// The picture of a page, which switches levels and metrics.
fn interactive(map: &JourneyMap, text: &str) {
    let mut bytes = Vec::new();
    write_page(map, &style().map, &mut bytes).unwrap();
    let written = String::from_utf8(bytes).unwrap();
    let document = xml(&written, &["svg", "title", "desc", "rect", "circle", "path", "text", "g"]);
    let stages = all(&document, "g").filter(|it| it.attribute("class") == Some("stage"));
    let stages: Vec<roxmltree::Node> = stages.collect();
    assert_eq!(stages.len(), STAGES + 1);
    let spoken = stages[1].attribute("aria-label").unwrap_or_default();
    let flat = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(spoken).starts_with(&flat(&clean(text))), "{spoken:?} {text:?}");
}

fn graphml(written: &str, text: &str) {
    let allowed = [
        "graphml",
        "key",
        "graph",
        "desc",
        "node",
        "edge",
        "data",
        "ShapeNode",
        "Geometry",
        "Fill",
        "BorderStyle",
        "NodeLabel",
        "Shape",
        "PolyLineEdge",
        "LineStyle",
        "Arrows",
        "EdgeLabel",
    ];
    let document = xml(written, &allowed);
    let count = |name| all(&document, name).count();
    assert_eq!((count("node"), count("edge")), (STAGES, WAYS));
    let key = all(&document, "key").find(|it| it.attribute("attr.name") == Some("name")).unwrap();
    let node = all(&document, "node").next().unwrap();
    let name = node.children().find(|it| it.attribute("key") == key.attribute("id")).unwrap();
    assert_eq!(name.text().unwrap_or(""), clean(text));
}

fn gexf(written: &str, text: &str) {
    let allowed = [
        "gexf",
        "meta",
        "creator",
        "description",
        "graph",
        "attributes",
        "attribute",
        "nodes",
        "node",
        "edges",
        "edge",
        "attvalues",
        "attvalue",
        "color",
        "size",
        "thickness",
    ];
    let document = xml(written, &allowed);
    let count = |name| all(&document, name).count();
    assert_eq!((count("node"), count("edge")), (STAGES, WAYS));
    let node = all(&document, "node").next().unwrap();
    assert_eq!(node.attribute("label"), Some(clean(text).as_str()));
}

/// Undoes the numbers of Mermaid's labels.
fn decoded(label: &str) -> String {
    let mut parts = label.split('#');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap_or_else(|| panic!("{label}"));
        out.push(number.parse().ok().and_then(char::from_u32).unwrap_or_else(|| panic!("{label}")));
        out.push_str(rest);
    }
    out
}

fn mermaid(written: &str, text: &str) {
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!((lines[0], lines[2], lines[3]), ("---", "---", "flowchart TB"));
    assert!(lines[1].starts_with("title: \"") && lines[1].ends_with('"'));
    assert_eq!(lines[1].matches('"').count(), 2, "{}", lines[1]);
    let comments = lines[4..].iter().take_while(|it| it.starts_with("    %% ")).count();
    let body = &lines[4 + comments..];
    let (boxes, arrows) = (STAGES + 1, WAYS + 2);
    assert_eq!(body.len(), 2 * boxes + 2 * arrows, "{written}");
    for line in &body[..boxes + arrows] {
        // Each label is one quoted string; nothing of it is left outside.
        assert!(matches!(line.matches('"').count(), 0 | 2), "{line}");
        let outside = line.split('"').step_by(2).collect::<String>().replace("start", "");
        let known = |it: char| it.is_ascii_digit() || " n()[]|-.>".contains(it);
        assert!(outside.chars().all(known), "{line}");
    }
    let label = body[1].split('"').nth(1).and_then(|it| it.split("<br>").next()).unwrap();
    let shown = one_line(text, 100_000).replace(['\u{2028}', '\u{2029}'], " ");
    assert_eq!(decoded(label), shown);
    assert!(!written.contains("%%{") && !written.contains("javascript:alert(1)\""));
}

fn json(written: &str, text: &str) {
    let value: serde_json::Value = serde_json::from_str(written).unwrap();
    let map = &value["maps"]["map"];
    assert_eq!(map["nodes"].as_array().unwrap().len(), STAGES);
    assert_eq!(map["edges"].as_array().unwrap().len(), WAYS);
    assert_eq!(map["nodes"][0]["name"], text);
    assert_eq!(map["nodes"][0]["drawn"], true);
    assert_eq!(value["tables"]["t"]["rows"][0]["name"], text);
}

fn csv(written: &str, text: &str) {
    let mut reader = csv::ReaderBuilder::new().from_reader(written.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[0].len()), (2, 2), "{written:?}");
    assert_eq!(unguard(&rows[0][0]), text);
    let start = rows[0][0].trim_start_matches([' ', '\u{feff}', '\u{a0}', '\u{3000}']);
    let formula = start.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    assert!(!formula, "{written:?}");
}

fn markdown(written: &str, harmless: &str) {
    let pipes = |text: &str| -> Vec<usize> {
        let rows = text.lines().filter(|it| it.starts_with('|'));
        rows.map(|it| it.replace("\\\\", "").replace("\\|", "").matches('|').count()).collect()
    };
    assert_eq!(pipes(written), pipes(harmless), "{written}");
    assert!(!written.contains(['<', '\x1b', '\u{202e}', '\0', '\r']), "{written}");
}

/// The tags of a page, each as its text between `<` and `>`, without what stands in scripts
/// and styles.
fn tags(page: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, tail)) = rest.split_once('<') {
        let (tag, after) = tail.split_once('>').unwrap_or_else(|| panic!("<{tail}"));
        tags.push(tag);
        rest = after;
        for block in ["script", "style"] {
            if tag.split(' ').next() == Some(block) {
                let end = after.find(&format!("</{block}>")).unwrap_or_else(|| panic!("<{tag}>"));
                rest = &after[end..];
            }
        }
    }
    tags
}

/// What a page holds as data is JSON without a tag.
fn check_data(page: &str) {
    for part in page.split("<script type=\"application/json\"").skip(1) {
        let (block, _) = part.split_once("</script>").unwrap();
        let (_, data) = block.split_once('>').unwrap();
        assert!(!data.contains('<'), "{data}");
        serde_json::from_str::<serde_json::Value>(data).unwrap();
    }
}

fn page(written: &str, harmless: &str) {
    check_data(written);
    fn name(tag: &str) -> &str {
        tag.split([' ', '\n']).next().unwrap_or("").trim_end_matches('/')
    }
    let known: BTreeSet<&str> = tags(harmless).into_iter().map(name).collect();
    let names: Vec<&str> = tags(written).into_iter().map(name).collect();
    // Long words take more lines, but no kind of tag comes of them.
    let unknown: Vec<&&str> = names.iter().filter(|it| !known.contains(**it)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for sign in ["<script", "</script", "<style", "</style", "<svg", "<title>", "<meta", "<a "] {
        let count = |page: &str| page.matches(sign).count();
        assert_eq!(count(written), count(harmless), "{sign}");
    }
    for tag in tags(written) {
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
        // What stands outside of quotes is written by us.
        let bare = tag.split('"').step_by(2).collect::<String>().to_lowercase();
        let words: Vec<&str> = bare.split([' ', '\n']).skip(1).collect();
        let bad = |it: &&str| it.starts_with("on") || it.starts_with("src") || it.contains('\'');
        assert!(!words.iter().any(bad), "<{tag}>");
        assert_eq!(tag.matches("href=\"").count(), tag.matches("href=\"#").count(), "<{tag}>");
    }
    let bad = |it: char| it.is_control() && !matches!(it, '\n' | '\t');
    assert!(!written.contains(bad));
}

/// Asserts that a terminal that shows this does nothing but show it.
fn silent(written: &str) {
    for line in written.lines() {
        assert_eq!(terminal(line), line);
    }
    assert!(!written.contains(['\r', '\x1b']));
}
