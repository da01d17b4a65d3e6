//! A map inside the page: the picture, and its figures for the page's script.
//!
//! The script asks who came to a stage and who went on; it reads them from a block of
//! JSON that runs nothing. A `<` never stands in it, so that no data can end the block.

use serde::Serialize;
use serde_json::{Value, json};

use super::compact::Looks;
use crate::base::Result;
use crate::model::map::MapKind;
use crate::model::{JourneyMap, MapEdge, Metric};
use crate::output::Style;
use crate::output::escape::clean;
use crate::output::map::{self, MapStyle, Theme};

/// The most transitions that the script is told; the rest is in the tables.
const WAYS: usize = 1500;
/// A picture of more pixels than this cannot be read once it is shrunk into the page.
const WIDE: f64 = 1300.0;

#[derive(Debug, Serialize)]
pub(super) struct Figure {
    pub title: String,
    /// Whether it is too wide to shrink into a page: it scrolls.
    pub wide: bool,
    pub svg: String,
    pub data: String,
}

/// The colors of maps in the page, by what its reader prefers.
pub(super) fn colors() -> String {
    let root = |theme| format!(":root{{{}}}", map::theme::css(theme));
    format!(
        "{}@media (prefers-color-scheme:dark){{{}}}@media print{{{}}}",
        root(Theme::Light),
        root(Theme::Dark),
        root(Theme::Print)
    )
}

/// The picture of a map and its data.
///
/// # Errors
/// A map too large to lay out.
pub(super) fn figure(it: &JourneyMap, style: &Style, looks: &mut Looks) -> Result<Figure> {
    let mut svg = Vec::new();
    let page = MapStyle { theme: Theme::Page, ..style.map.clone() };
    map::svg::write_page(it, &page, &mut svg)?;
    let svg = looks.compact(&String::from_utf8_lossy(&svg));
    Ok(Figure { title: clean(&it.title), wide: width(&svg) > WIDE, svg, data: block(&data(it)) })
}

/// The width of a picture in pixels; 0 where it names none.
fn width(svg: &str) -> f64 {
    let own = svg.split_once(" width=\"").and_then(|it| it.1.split_once('"'));
    own.and_then(|it| it.0.parse().ok()).unwrap_or_default()
}

/// JSON that can stand in a page: what could end the block, or a line, is escaped.
fn block(value: &Value) -> String {
    let text = value.to_string();
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Stages by place (`n3` is the fourth), and the ways between them, most moves first:
/// lists rather than objects, so that no name of the data is ever a key.
fn data(map: &JourneyMap) -> Value {
    let stages: Vec<Value> = map
        .nodes
        .iter()
        .take(if map.kind == MapKind::Difference { 0 } else { usize::MAX })
        .map(|it| {
            json!([
                clean(&it.name),
                it.visits,
                it.customers,
                it.starts,
                it.completed,
                it.exits,
                it.open,
                it.repeats
            ])
        })
        .collect();
    let mut ways: Vec<&MapEdge> = map.edges.iter().collect();
    ways.sort_by_key(|it| (std::cmp::Reverse(it.moves), it.from, it.to));
    // Who came and went is told by the map of how many go where.
    let told = if map.kind == MapKind::Difference { 0 } else { WAYS };
    let hidden = ways.len().saturating_sub(told);
    ways.truncate(told);
    let ways: Vec<Value> =
        ways.iter().map(|it| json!([it.from, it.to, it.moves, it.wait_median.human()])).collect();
    let metrics: Vec<_> = Metric::ALL.iter().map(|it| json!([it.name(), it.words()])).collect();
    json!({ "stages": stages, "ways": ways, "hidden": hidden, "metrics": metrics })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn no_name_can_end_the_block_and_all_come_back() {
        let map = sample::hostile();
        let block = block(&data(&map));
        assert!(!block.contains('<') && !block.contains('\u{2028}'));
        let back: Value = serde_json::from_str(&block).unwrap();
        for (stage, node) in back["stages"].as_array().unwrap().iter().zip(&map.nodes) {
            assert_eq!(stage[0].as_str(), Some(clean(&node.name).as_str()));
        }
        assert_eq!(back["ways"].as_array().unwrap().len(), map.edges.len());
    }
}
