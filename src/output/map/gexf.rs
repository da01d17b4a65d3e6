//! Maps as GEXF 1.3, for Gephi: all stages and transitions with all figures, typed,
//! colored and sized; what a picture would hide has `drawn` false.
//!
//! The weight of a transition is its moves. Every word passes [`escape::xml_attribute`];
//! ids are synthetic, and nothing of the data is a link.

use std::io::Write;

use serde_json::Value;

use super::super::{Format, escape, one_map};
use super::whole::{Figures, Whole, plain};
use super::{MapStyle, limit};
use crate::base::Result;
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "gexf",
    endings: &[".gexf"],
    about: "The whole map for Gephi, with all figures",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

/// Writes a map as GEXF.
///
/// # Errors
/// A stage named by the style that is none; the writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    limit::check(map, style)?;
    let whole = Whole::new(map, style);
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <gexf xmlns=\"http://gexf.net/1.3\" xmlns:viz=\"http://gexf.net/1.3/viz\" version=\"1.3\">\n\
         <meta><creator>touchpath</creator><description>{}</description></meta>\n\
         <graph defaultedgetype=\"directed\" mode=\"static\">",
        escape::xml(&whole.words())
    )?;
    columns("node", &whole.nodes, out)?;
    columns("edge", &whole.edges, out)?;
    let most = map.nodes.iter().map(|it| it.visits).max().unwrap_or(0).max(1);
    out.write_all(b"<nodes>\n")?;
    for (node, figures) in map.nodes.iter().enumerate() {
        let name = escape::xml_attribute(&figures.name);
        writeln!(out, "<node id=\"n{node}\" label=\"{name}\">")?;
        values(&whole.nodes.rows[node], out)?;
        let fill = whole.shape(node).map_or(whole.drawing.colors.same, |it| it.fill);
        // The area of a dot is as its visits.
        let size = 4.0 + 36.0 * (figures.visits as f64 / most as f64).sqrt();
        writeln!(out, "{}<viz:size value=\"{size:.2}\"/></node>", color(fill))?;
    }
    out.write_all(b"</nodes>\n<edges>\n")?;
    for (edge, figures) in map.edges.iter().enumerate() {
        let (from, to) = (figures.from, figures.to);
        let label = whole.line(edge).map_or("", |it| it.label.as_str());
        writeln!(
            out,
            "<edge id=\"e{edge}\" source=\"n{from}\" target=\"n{to}\" weight=\"{}\" label=\"{}\">",
            figures.moves,
            escape::xml_attribute(label)
        )?;
        values(&whole.edges.rows[edge], out)?;
        let (line, broad) = match whole.line(edge) {
            Some(it) => (it.color, it.width),
            None => (whole.drawing.colors.same, 0.5),
        };
        writeln!(out, "{}<viz:thickness value=\"{broad:.2}\"/></edge>", color(line))?;
    }
    out.write_all(b"</edges>\n</graph>\n</gexf>\n")?;
    Ok(())
}

fn columns(of: &str, figures: &Figures, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "<attributes class=\"{of}\">")?;
    for (place, (name, kind)) in figures.columns.iter().enumerate() {
        let name = escape::xml_attribute(name);
        writeln!(out, "<attribute id=\"{place}\" title=\"{name}\" type=\"{}\"/>", kind.name())?;
    }
    writeln!(out, "</attributes>")?;
    Ok(())
}

fn values(row: &[(usize, Value)], out: &mut dyn Write) -> Result<()> {
    out.write_all(b"<attvalues>")?;
    for (place, value) in row {
        let value = escape::xml_attribute(&plain(value));
        write!(out, "<attvalue for=\"{place}\" value=\"{value}\"/>")?;
    }
    out.write_all(b"</attvalues>\n")?;
    Ok(())
}

/// A color of ours as its three parts; nothing where it is none such.
fn color(color: &str) -> String {
    let part = |at: usize| color.get(at..at + 2).and_then(|it| u8::from_str_radix(it, 16).ok());
    match (color.len(), part(1), part(3), part(5)) {
        (7, Some(r), Some(g), Some(b)) => {
            format!("<viz:color r=\"{r}\" g=\"{g}\" b=\"{b}\"/>")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;

    #[test]
    fn stages_have_labels_sizes_colors_and_typed_figures() {
        let map = sample::shop(MapKind::Frequency);
        let mut out = Vec::new();
        write(&map, &MapStyle::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let all = |name: &'static str| {
            document.descendants().filter(move |it| it.is_element() && it.tag_name().name() == name)
        };
        assert_eq!((all("node").count(), all("edge").count()), (map.nodes.len(), map.edges.len()));
        let parts = map.nodes.len() + map.edges.len();
        assert_eq!((all("color").count(), all("size").count()), (parts, map.nodes.len()));
        let product = all("node").nth(8).unwrap();
        assert_eq!(product.attribute("label"), Some("Product page"));
        let size = product.descendants().find(|it| it.tag_name().name() == "size").unwrap();
        assert_eq!(size.attribute("value"), Some("40.00"));
        let weights: u64 =
            all("edge").map(|it| it.attribute("weight").unwrap().parse::<u64>().unwrap()).sum();
        assert_eq!(weights, map.edges.iter().map(|it| it.moves).sum::<u64>());
        assert!(
            all("attribute").any(|it| it.attribute("title") == Some("drawn")
                && it.attribute("type") == Some("boolean"))
        );
    }

    #[test]
    fn colors_are_three_numbers() {
        assert_eq!(color("#ff8000"), "<viz:color r=\"255\" g=\"128\" b=\"0\"/>");
        assert_eq!(color("var(--map-ink,#12263a)"), "");
    }
}
