//! Maps as DOT text: deterministic, one statement a line, for Graphviz and others.
//!
//! Built as graphviz-rust's syntax tree and printed by its printer, which escapes
//! nothing: every id is synthetic (`start`, `n0`, `n1` …), every word of the data passes
//! [`escape::dot_quote`] or [`escape::xml`], and nothing of it reaches a URL,
//! an image or a style.

use std::io::Write;

use graphviz_rust::dot_structures::{
    Attribute, Edge, EdgeTy, Graph, GraphAttributes, Id, Node, NodeId, Stmt, Subgraph, Vertex,
};
use graphviz_rust::printer::{DotPrinter, PrinterContext};

use super::super::{Format, escape, one_map};
use super::drawing::{Badge, Dash, Drawing, Key, Line, Role, Shape};
use super::layout::Point;
use super::theme::Palette;
use super::{Direction, MapStyle, Room, draw_within, limit};
use crate::base::Result;
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "dot",
    endings: &[".dot", ".gv"],
    about: "The map for Graphviz",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

/// How much is drawn; who asks for more gets all of it.
const ROOM: Room = Room::READABLE;

/// What the DOT of a map leaves out because it could not be read, in sentences.
pub fn left_out(map: &JourneyMap, style: &MapStyle) -> Vec<String> {
    super::left_out(map, style, ROOM)
}

/// Writes a map as DOT.
///
/// # Errors
/// The writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    limit::check(map, style)?;
    let drawing = draw_within(map, style, ROOM);
    let places = super::svg::settled(map, &drawing, style)?;
    let graph = graph(&drawing, style, &places);
    // A statement a line: a changed count changes its own line only.
    let mut context = PrinterContext::default();
    context.with_semi().with_inline_size(0);
    out.write_all(graph.print(&mut context).as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}

fn graph(drawing: &Drawing, style: &MapStyle, places: &[Option<Point>]) -> Graph {
    let mut stmts = defaults(drawing, style);
    for (shape, place) in drawing.shapes.iter().zip(places) {
        let mut node = node(shape, drawing.colors, style.plain_labels);
        // Graphviz reads inches, upward; the mark pins the box there.
        node.attributes.extend(
            place.map(|it| quoted("pos", &format!("{:.3},{:.3}!", it.x / 72.0, 0.0 - it.y / 72.0))),
        );
        stmts.push(Stmt::Node(node));
    }
    match style.layout_from {
        None => stmts.extend(same_ranks(drawing)),
        Some(_) => stmts.push(Stmt::Attribute(plain("layout", "neato"))),
    }
    stmts.extend(drawing.lines.iter().map(|it| Stmt::Edge(edge(drawing, it))));
    Graph::DiGraph { id: Id::Plain("journey".to_owned()), strict: false, stmts }
}

fn plain(name: &str, value: impl ToString) -> Attribute {
    Attribute(Id::Plain(name.to_owned()), Id::Plain(value.to_string()))
}

/// An attribute whose value may hold anything.
fn quoted(name: &str, value: &str) -> Attribute {
    Attribute(Id::Plain(name.to_owned()), Id::Escaped(escape::dot_quote(value)))
}

/// An HTML-like label; its text must have passed [`escape::xml`], and it must end
/// in a tag (graphviz-rust's parser looks for `>>`).
fn html(name: &str, value: &str) -> Attribute {
    Attribute(Id::Plain(name.to_owned()), Id::Html(format!("<{value}>")))
}

const FONT: &str = "Helvetica,Arial,sans-serif";

fn defaults(drawing: &Drawing, style: &MapStyle) -> Vec<Stmt> {
    let colors = drawing.colors;
    let direction = match style.direction {
        Direction::Down => "TB",
        Direction::Right => "LR",
    };
    let mut graph = vec![
        plain("rankdir", direction),
        quoted("bgcolor", colors.paper),
        plain("pad", "0.35"),
        plain("nodesep", "0.30"),
        plain("ranksep", "0.40"),
        plain("splines", "true"),
        quoted("outputorder", "edgesfirst"),
        plain("newrank", "true"),
        plain("remincross", "true"),
        plain("mclimit", 4),
        plain("searchsize", 200),
        quoted("fontname", FONT),
        plain("fontsize", 14),
        quoted("fontcolor", colors.ink),
        quoted("labelloc", "t"),
        quoted("labeljust", "l"),
    ];
    graph.push(head(drawing, style.plain_labels));
    let node = vec![
        quoted("shape", "box"),
        quoted("style", "rounded,filled"),
        quoted("margin", "0.12,0.06"),
        quoted("fontname", FONT),
        plain("fontsize", 12),
        plain("penwidth", "1.1"),
        quoted("color", colors.edge),
        quoted("fontcolor", colors.ink),
    ];
    let edge = vec![
        quoted("fontname", FONT),
        plain("fontsize", 10),
        quoted("fontcolor", colors.line_ink),
        plain("arrowsize", "0.7"),
    ];
    [GraphAttributes::Graph(graph), GraphAttributes::Node(node), GraphAttributes::Edge(edge)]
        .into_iter()
        .map(Stmt::GAttribute)
        .collect()
}

/// The title, facts and legend.
fn head(drawing: &Drawing, plain_labels: bool) -> Attribute {
    let legend = drawing.legend.iter().map(|it| it.text.as_str());
    if plain_labels {
        let mut lines = vec![drawing.title.as_str()];
        lines.extend(drawing.facts.iter().map(String::as_str));
        lines.extend(legend);
        return quoted("label", &lines.join("\n"));
    }
    let line = |text: String, size: u32, color: &str| {
        format!(
            "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"{size}\" COLOR=\"{color}\">{text}</FONT></TD></TR>"
        )
    };
    let words = |text: &str| escape::xml(&escape::one_line(text, 160));
    let mut table = String::from("<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"1\">");
    table.push_str(&line(format!("<B>{}</B>", words(&drawing.title)), 22, drawing.colors.ink));
    for fact in &drawing.facts {
        table.push_str(&line(words(fact), 12, drawing.colors.quiet));
    }
    for keys in legend_lines(&drawing.legend) {
        table.push_str(&line(keys, 11, drawing.colors.quiet));
    }
    table.push_str("<TR><TD HEIGHT=\"8\"></TD></TR></TABLE>");
    html("label", &table)
}

/// The legend's entries, as many a line as stay readable; escaped.
fn legend_lines(legend: &[Key]) -> Vec<String> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for Key { color, text } in legend {
        let sample = match color {
            Some((color, Dash::Solid)) => format!("<FONT COLOR=\"{color}\"><B>—</B></FONT> "),
            Some((color, Dash::Dashed)) => format!("<FONT COLOR=\"{color}\"><B>- -</B></FONT> "),
            Some((color, Dash::Dotted)) => format!("<FONT COLOR=\"{color}\"><B>· ·</B></FONT> "),
            None => String::new(),
        };
        let entry = sample + &escape::xml(&escape::one_line(text, 160));
        let length = text.chars().count();
        match lines.last_mut().filter(|it| it.0 + length <= 110) {
            Some((used, line)) => {
                *used += length + 3;
                line.push_str(" · ");
                line.push_str(&entry);
            }
            None => lines.push((length, entry)),
        }
    }
    lines.into_iter().map(|it| it.1).collect()
}

fn id(shape: &Shape) -> NodeId {
    NodeId(Id::Plain(shape.id.clone()), None)
}

fn node(shape: &Shape, colors: &Palette, plain_labels: bool) -> Node {
    let mut attributes = vec![label(shape, plain_labels), quoted("tooltip", &shape.tooltip)];
    attributes.push(quoted("fillcolor", shape.fill));
    attributes.push(quoted("fontcolor", shape.ink));
    if colors.outlined && matches!(shape.role, Role::Stage | Role::Goal) {
        attributes.push(plain("penwidth", format!("{:.2}", shape.border)));
    }
    match shape.role {
        Role::Start => attributes.extend([
            quoted("shape", "circle"),
            quoted("style", "filled"),
            plain("fixedsize", "true"),
            plain("width", "0.62"),
            plain("fontsize", 11),
            quoted("color", colors.start),
        ]),
        Role::Goal => {
            attributes.extend([plain("peripheries", 2), quoted("color", colors.goal_edge)])
        }
        Role::Left => attributes.extend([
            plain("fontsize", 10),
            quoted("margin", "0.07,0.03"),
            plain("height", "0.2"),
            quoted("color", colors.left_edge),
        ]),
        Role::Stage => {}
    }
    Node::new(id(shape), attributes)
}

fn label(shape: &Shape, plain_labels: bool) -> Attribute {
    if matches!(shape.role, Role::Start | Role::Left) {
        return quoted("label", &shape.name);
    }
    let detail = match &shape.repeats {
        Some(repeats) => format!("{} · ↻{repeats}", shape.detail),
        None => shape.detail.clone(),
    };
    if plain_labels {
        let badge = shape.badge.as_ref().map(|it| format!(" · ▼{}", it.text)).unwrap_or_default();
        let minor = shape.minor.first().filter(|it| !it.is_empty());
        let minor = minor.map(|it| format!("\n{it}")).unwrap_or_default();
        return quoted("label", &format!("{}\n{detail}{badge}{minor}", shape.name));
    }
    let columns = if shape.badge.is_some() { 2 } else { 1 };
    let mut table = format!(
        "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"1\" CELLPADDING=\"1\"><TR>\
         <TD COLSPAN=\"{columns}\"><B> {} </B></TD></TR><TR><TD><FONT POINT-SIZE=\"10\"> {} </FONT></TD>",
        escape::xml(&shape.name),
        escape::xml(&detail),
    );
    if let Some(Badge { text, fill, ink }) = &shape.badge {
        let plate =
            fill.map(|it| format!(" BGCOLOR=\"{it}\" STYLE=\"ROUNDED\"")).unwrap_or_default();
        table.push_str(&format!(
            "<TD BORDER=\"0\"{plate}><FONT POINT-SIZE=\"10\" COLOR=\"{ink}\"> ▼{} </FONT></TD>",
            escape::xml(text)
        ));
    }
    table.push_str("</TR>");
    if let Some(minor) = shape.minor.first().filter(|it| !it.is_empty()) {
        table.push_str(&format!(
            "<TR><TD COLSPAN=\"{columns}\"><FONT POINT-SIZE=\"8\"> {} </FONT></TD></TR>",
            escape::xml(minor)
        ));
    }
    table.push_str("</TABLE>");
    html("label", &table)
}

/// The start above all; stages that only the start leads to side by side; goals below.
fn same_ranks(drawing: &Drawing) -> Vec<Stmt> {
    let rank = |kind: &str, ids: Vec<usize>| {
        let mut stmts = vec![Stmt::Attribute(plain("rank", kind))];
        stmts.extend(
            ids.into_iter().map(|it| Stmt::Node(Node::new(id(&drawing.shapes[it]), Vec::new()))),
        );
        let name = Id::Plain(format!("rank_{kind}"));
        Stmt::Subgraph(Subgraph { id: name, stmts })
    };
    let mut ranks = Vec::new();
    if drawing.shapes.is_empty() {
        return ranks;
    }
    ranks.push(rank("source", vec![0]));
    let entries: Vec<usize> = (1..drawing.shapes.len())
        .filter(|&it| {
            let mut into =
                drawing.lines.iter().filter(|line| line.to == it && !line.back).peekable();
            into.peek().is_some() && into.all(|line| line.from == 0)
        })
        .collect();
    if entries.len() > 1 {
        ranks.push(rank("same", entries));
    }
    ranks
}

fn edge(drawing: &Drawing, line: &Line) -> Edge {
    // A way back is written the way the map flows with its arrow at the other end:
    // Graphviz then keeps ranks and room for its label.
    let (tail, head) = if line.back { (line.to, line.from) } else { (line.from, line.to) };
    let mut attributes = vec![
        quoted("color", line.color),
        plain("penwidth", format!("{:.2}", line.width)),
        plain("weight", line.weight),
    ];
    if !line.label.is_empty() {
        attributes.push(quoted("label", &format!(" {} ", line.label)));
        attributes.push(quoted("fontcolor", line.ink));
    }
    match line.dash {
        Dash::Solid => {}
        Dash::Dashed => attributes.push(quoted("style", "dashed")),
        Dash::Dotted => attributes.push(quoted("style", "dotted")),
    }
    if line.back {
        attributes.push(quoted("dir", "back"));
    }
    attributes.push(quoted("tooltip", &line.tooltip));
    Edge {
        ty: EdgeTy::Pair(
            Vertex::N(id(&drawing.shapes[tail])),
            Vertex::N(id(&drawing.shapes[head])),
        ),
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::filter::Keep;
    use super::*;
    use crate::model::map::MapKind;

    fn written(map: &JourneyMap, style: &MapStyle) -> String {
        sample::written(write, map, style)
    }

    fn parsed(text: &str) -> Vec<Stmt> {
        match graphviz_rust::parse(text) {
            Ok(Graph::DiGraph { stmts, .. }) => stmts,
            Ok(_) => panic!("not directed"),
            Err(error) => panic!("{error}\n{text}"),
        }
    }

    fn nodes(stmts: &[Stmt]) -> Vec<&Node> {
        stmts
            .iter()
            .filter_map(|it| if let Stmt::Node(it) = it { Some(it) } else { None })
            .collect()
    }

    fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Id> {
        attributes.iter().find(|it| it.0 == Id::Plain(name.to_owned())).map(|it| &it.1)
    }

    fn unquote(id: Option<&Id>) -> String {
        let Some(Id::Escaped(text)) = id else { panic!("not a quoted string: {id:?}") };
        let inner = &text[1..text.len() - 1];
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => out.push(chars.next().map_or('\\', |it| if it == 'n' { '\n' } else { it })),
                c => out.push(c),
            }
        }
        out.replace("&amp;", "&")
    }

    #[test]
    fn hostile_names_change_neither_nodes_nor_edges_and_come_back_whole() {
        let map = sample::hostile();
        for plain_labels in [false, true] {
            let style = MapStyle {
                keep: Keep::All,
                stages: Some(0),
                plain_labels,
                name_length: 100_000,
                ..MapStyle::default()
            };
            let text = written(&map, &style);
            let stmts = parsed(&text);
            let nodes = nodes(&stmts);
            let edges = stmts.iter().filter(|it| matches!(it, Stmt::Edge(_))).count();
            assert_eq!(nodes.len(), map.nodes.len() + 1);
            assert_eq!(edges, map.edges.len() + 1);
            for (index, (node, stage)) in nodes[1..].iter().zip(&map.nodes).enumerate() {
                assert_eq!(node.id.0, Id::Plain(format!("n{index}")));
                let tooltip = unquote(value(&node.attributes, "tooltip"));
                assert!(tooltip.starts_with(&escape::clean(&stage.name)), "{tooltip}");
                let shown = escape::one_line(&stage.name, 100_000);
                match value(&node.attributes, "label") {
                    Some(Id::Html(label)) => {
                        let label = &label[1..label.len() - 1];
                        let table = roxmltree::Document::parse(label).unwrap();
                        let bold = table.descendants().find(|it| it.has_tag_name("B")).unwrap();
                        assert_eq!(bold.text(), Some(format!(" {shown} ").as_str()));
                    }
                    other => assert!(unquote(other).starts_with(&shown)),
                }
                for forbidden in ["URL", "href", "image", "target"] {
                    assert!(value(&node.attributes, forbidden).is_none());
                }
            }
        }
    }

    #[test]
    fn the_printed_tree_reads_back_as_it_was() {
        for map in [sample::shop(MapKind::Wait), sample::row(&["only"]), JourneyMap::default()] {
            let style = MapStyle::default();
            let drawing = draw_within(&map, &style, ROOM);
            let tree = graph(&drawing, &style, &vec![None; drawing.shapes.len()]);
            let Graph::DiGraph { stmts, .. } = &tree else { panic!() };
            let text = written(&map, &style);
            let again = parsed(&text);
            assert_eq!(nodes(&again).len(), nodes(stmts).len());
            assert_eq!(again.len(), stmts.len());
        }
    }

    #[test]
    fn a_changed_count_changes_its_own_line() {
        let style = MapStyle { keep: Keep::All, ..MapStyle::default() };
        let mut map = sample::shop(MapKind::Frequency);
        let before = written(&map, &style);
        let edge = map.edges.iter().position(|it| it.moves == 955).unwrap();
        map.edges[edge].moves = 956;
        let after = written(&map, &style);
        let changed = before.lines().zip(after.lines()).filter(|it| it.0 != it.1).count();
        assert_eq!((changed, before.lines().count()), (1, after.lines().count()));
        assert!(before.lines().count() > map.edges.len());
    }

    #[test]
    fn one_more_of_the_most_or_another_wait_changes_one_line_too() {
        for metric in crate::model::Metric::ALL {
            let style = MapStyle { keep: Keep::All, ..MapStyle::default() };
            let map = sample::shop(MapKind::Frequency).showing(metric, None);
            let before = written(&map, &style);
            let most = (0..map.edges.len()).max_by_key(|&it| map.edges[it].moves).unwrap();
            let mut changed = map.clone();
            let edge = &mut changed.edges[most];
            (edge.customers, edge.journeys) = (edge.customers + 1, edge.journeys + 1);
            (edge.value, edge.lost) = (edge.value + 1, edge.lost + 1);
            (edge.wait_median, edge.wait_p90) = (edge.wait_p90, edge.wait_median);
            (edge.share, edge.share_in) = (edge.share + 0.01, edge.share_in + 0.01);
            let after = written(&changed, &style);
            let lines = before.lines().zip(after.lines()).filter(|it| it.0 != it.1).count();
            assert_eq!((lines, before.lines().count()), (1, after.lines().count()), "{metric:?}");
        }
    }

    #[test]
    fn boxes_are_pinned_where_another_map_has_them() {
        let map = sample::shop(MapKind::Wait);
        let style = MapStyle::default().beside(&sample::shop(MapKind::Frequency));
        let text = written(&map, &style);
        let stmts = parsed(&text);
        for node in nodes(&stmts) {
            let place = unquote(value(&node.attributes, "pos"));
            let (x, y) = place.trim_end_matches('!').split_once(',').unwrap();
            assert!(
                x.parse::<f64>().is_ok() && y.parse::<f64>().is_ok_and(|it| it <= 0.0),
                "{place}"
            );
        }
        assert!(text.contains("layout=neato"));
        if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
            fs_err::write(std::path::Path::new(&folder).join("beside.dot"), text).unwrap();
        }
    }

    #[test]
    fn every_kind_of_map_is_written() {
        for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
            let text = written(&sample::shop(kind), &MapStyle::default());
            assert!(!parsed(&text).is_empty());
            // A picture to look at where `TOUCHPATH_PICTURES` names a folder.
            if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
                let path = std::path::Path::new(&folder).join(format!("{kind:?}.dot"));
                fs_err::write(path, text).unwrap();
            }
        }
        let text = written(&sample::hostile(), &MapStyle::default());
        if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
            fs_err::write(std::path::Path::new(&folder).join("hostile.dot"), text).unwrap();
        }
    }

    #[test]
    fn ways_back_are_written_forward_with_the_arrow_behind() {
        let text = written(&sample::shop(MapKind::Frequency), &MapStyle::default());
        // Product page (n8) back to Category list (n6).
        let line = text.lines().find(|it| it.contains("n6 -> n8") && it.contains("7.0k")).unwrap();
        assert!(line.contains("dir=\"back\"") && line.contains("style=\"dashed\""), "{line}");
    }
}
