//! Maps as GraphML, for yEd, NetworkX and others: all stages and transitions with all
//! figures, typed; what a picture would hide has `drawn` false.
//!
//! yEd shows names, figures and colors of its own elements (`y:ShapeNode`); other
//! readers skip these and take the figures. Every word passes [`escape::xml`]; ids are
//! synthetic (`n3` is stage 3, `e5` transition 5), and nothing of the data is a link.

use std::io::Write;

use serde_json::Value;

use super::super::format::{percent, short};
use super::super::{Format, escape, one_map};
use super::drawing::{Dash, Role};
use super::measure::width;
use super::whole::{Figures, Whole, plain};
use super::{MapStyle, limit};
use crate::base::Result;
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "graphml",
    endings: &[".graphml"],
    about: "The whole map for yEd and NetworkX, with all figures",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

/// Writes a map as GraphML.
///
/// # Errors
/// A stage named by the style that is none; the writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    limit::check(map, style)?;
    let whole = Whole::new(map, style);
    out.write_all(
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" \
        xmlns:y=\"http://www.yworks.com/xml/graphml\">\n",
    )?;
    keys("node", &whole.nodes, out)?;
    keys("edge", &whole.edges, out)?;
    out.write_all(
        b"<key id=\"box\" for=\"node\" yfiles.type=\"nodegraphics\"/>\n\
        <key id=\"arrow\" for=\"edge\" yfiles.type=\"edgegraphics\"/>\n\
        <graph id=\"journey\" edgedefault=\"directed\">\n",
    )?;
    writeln!(out, "<desc>{}</desc>", escape::xml(&whole.words()))?;
    for node in 0..whole.names.len() {
        write!(out, "<node id=\"n{node}\">")?;
        data("node", &whole.nodes.rows[node], out)?;
        writeln!(out, "{}</node>", shape(&whole, node))?;
    }
    for edge in 0..whole.ways.len() {
        let (from, to) = whole.ways[edge];
        write!(out, "<edge id=\"e{edge}\" source=\"n{from}\" target=\"n{to}\">")?;
        data("edge", &whole.edges.rows[edge], out)?;
        writeln!(out, "{}</edge>", arrow(&whole, map, edge))?;
    }
    out.write_all(b"</graph>\n</graphml>\n")?;
    Ok(())
}

fn keys(of: &str, figures: &Figures, out: &mut dyn Write) -> Result<()> {
    for (place, (name, kind)) in figures.columns.iter().enumerate() {
        writeln!(
            out,
            "<key id=\"{of}{place}\" for=\"{of}\" attr.name=\"{}\" attr.type=\"{}\"/>",
            escape::xml_attribute(name),
            kind.name()
        )?;
    }
    Ok(())
}

fn data(of: &str, row: &[(usize, Value)], out: &mut dyn Write) -> Result<()> {
    for (place, value) in row {
        write!(out, "<data key=\"{of}{place}\">{}</data>", escape::xml(&plain(value)))?;
    }
    Ok(())
}

/// A stage as yEd shows it.
fn shape(whole: &Whole<'_>, node: usize) -> String {
    let colors = whole.drawing.colors;
    let name = escape::one_line(whole.names[node], 60);
    let (fill, ink, detail, goal) = match whole.shape(node) {
        Some(it) => (it.fill, it.ink, it.detail.as_str(), it.role == Role::Goal),
        None => (colors.flat, colors.flat_ink, "", false),
    };
    let broad = width(&name, 12.0, true).max(width(detail, 12.0, false)) + 30.0;
    let label = if detail.is_empty() { name } else { format!("{name}\n{detail}") };
    format!(
        "<data key=\"box\"><y:ShapeNode><y:Geometry width=\"{broad:.0}\" height=\"46\"/>\
         <y:Fill color=\"{fill}\" transparent=\"false\"/>\
         <y:BorderStyle color=\"{}\" type=\"line\" width=\"{}\"/>\
         <y:NodeLabel fontSize=\"12\" textColor=\"{ink}\">{}</y:NodeLabel>\
         <y:Shape type=\"roundrectangle\"/></y:ShapeNode></data>",
        if goal { colors.goal_edge } else { colors.edge },
        if goal { 3 } else { 1 },
        escape::xml(&label),
    )
}

/// A transition as yEd shows it; what is not drawn is thin, dashed and pale.
fn arrow(whole: &Whole<'_>, map: &JourneyMap, edge: usize) -> String {
    let figures = &map.edges[edge];
    let usual = format!("{} · {}", short(figures.moves), percent(figures.share));
    let (color, broad, dash, label) = match whole.line(edge) {
        Some(it) if it.label.is_empty() => (it.color, it.width, it.dash, usual),
        Some(it) => (it.color, it.width, it.dash, it.label.clone()),
        None => (whole.drawing.colors.same, 0.5, Dash::Dashed, String::new()),
    };
    let label = match label.is_empty() {
        true => String::new(),
        false => format!(
            "<y:EdgeLabel fontSize=\"10\" textColor=\"{}\">{}</y:EdgeLabel>",
            whole.drawing.colors.ink,
            escape::xml(&label)
        ),
    };
    format!(
        "<data key=\"arrow\"><y:PolyLineEdge><y:LineStyle color=\"{color}\" type=\"{}\" \
         width=\"{broad:.1}\"/><y:Arrows source=\"none\" target=\"standard\"/>{label}\
         </y:PolyLineEdge></data>",
        match dash {
            Dash::Solid => "line",
            Dash::Dashed => "dashed",
            Dash::Dotted => "dotted",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;

    #[test]
    fn every_figure_of_every_stage_and_transition_is_there_and_typed() {
        for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
            let map = sample::shop(kind);
            let mut out = Vec::new();
            write(&map, &MapStyle::default(), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            let document = roxmltree::Document::parse(&text).unwrap();
            let of = |name: &str| {
                document.descendants().filter(|it| it.tag_name().name() == name).count()
            };
            assert_eq!((of("node"), of("edge")), (map.nodes.len(), map.edges.len()));
            assert_eq!((of("ShapeNode"), of("PolyLineEdge")), (map.nodes.len(), map.edges.len()));
            let key = |name: &str, of: &str| {
                let mut keys = document
                    .descendants()
                    .filter(|it| it.has_tag_name((it.tag_name().namespace().unwrap_or(""), "key")));
                keys.find(|it| {
                    it.attribute("attr.name") == Some(name) && it.attribute("for") == Some(of)
                })
            };
            let typed = [
                ("visits", "node", "long"),
                ("drawn", "edge", "boolean"),
                ("share", "edge", "double"),
                ("name", "node", "string"),
            ];
            for (name, of, kind) in typed {
                assert_eq!(
                    key(name, of).and_then(|it| it.attribute("attr.type")),
                    Some(kind),
                    "{name}"
                );
            }
            assert_eq!(key("change_share_a", "edge").is_some(), kind == MapKind::Difference);
            let id = key("visits", "node").and_then(|it| it.attribute("id")).unwrap();
            let product =
                document.descendants().find(|it| it.attribute("id") == Some("n8")).unwrap();
            let visits = product.children().find(|it| it.attribute("key") == Some(id)).unwrap();
            assert_eq!(visits.text(), Some("64965"));
        }
    }
}
