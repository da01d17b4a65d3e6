//! Maps as SVG, without Graphviz: our own drawing on a [`Layout`].
//!
//! One picture that explains itself: title, facts with bases, boxes, arrows, labels
//! on their own lines, legend, and words for screen readers. No script, no link, no
//! style of the data; every word passes `escape::xml`. A page gets a picture of all
//! levels of detail and all metrics, in which what is not shown is switched off.
//!
//! Here drawing, sizes and layout are put together; the folder writes the elements.

mod frame;
mod size;
mod stages;
mod ways;

use std::io::Write;

use super::super::{Format, one_map};
use super::drawing::Drawing;
use super::labels::{self, Rect};
use super::layout::{Graphlay, Item, Layout, Plan, Point, Way};
use super::places::{self, Sized};
use super::{MapStyle, Room, draw_page, draw_within, limit};
use crate::base::Result;
use crate::model::JourneyMap;
use size::{item, room};

pub(super) use size::way;

pub(in super::super) const FORMAT: Format = Format {
    name: "svg",
    endings: &[".svg"],
    about: "The map as a picture; needs nothing installed",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

const FONT: &str = "Helvetica,Arial,'Liberation Sans',sans-serif";
const NAME: f64 = 13.0;
const DETAIL: f64 = 11.0;
const MINOR: f64 = 9.5;
const LABEL: f64 = 10.5;
const MARGIN: f64 = 24.0;
/// How much a picture shows; what is beyond could neither be read nor laid out in seconds.
pub const ROOM: Room =
    Room { asked_stages: 100, most_stages: 200, most_lines: 400, ..Room::READABLE };

/// The narrowest picture: the head must stay readable.
const NARROWEST: f64 = 560.0;

/// Writes a map as SVG.
///
/// # Errors
/// A map too large to lay out; a stage that it does not have; the writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    write_with(map, style, &Graphlay, out)
}

/// What the picture of a map leaves out because it could not be read, in sentences.
pub fn left_out(map: &JourneyMap, style: &MapStyle) -> Vec<String> {
    super::left_out(map, style, ROOM)
}

/// Writes a map as SVG with a layout of one's own.
///
/// # Errors
/// The layout's and the writer's; a stage that the map does not have.
pub fn write_with(
    map: &JourneyMap,
    style: &MapStyle,
    layout: &dyn Layout,
    out: &mut dyn Write,
) -> Result<()> {
    limit::check(map, style)?;
    painted(map, style, layout, false, out)
}

/// Writes a map as SVG for a page whose script switches levels of detail and metrics.
///
/// Everything is laid out once, for the most detailed level, so that nothing jumps. On the
/// `svg` element: `data-levels` and `data-level` (the level shown, 1 is the barest),
/// `data-metrics` and `data-metric` (the one shown), and for each level `data-coverage-K` (share
/// of all moves) and `data-transitions-K`. Inside, in any order of nesting:
///
/// - `data-level="L"` (ways): seen if `L` is at most the level shown;
/// - `data-at="L"` (words): seen if `L` is the level shown;
/// - `data-metric="A B …"`: seen if one of them is the metric shown.
///
/// What is not seen at first carries `display="none"`; a script sets and removes that attribute.
/// A way is two groups of class `way`, its arrow and (above all boxes) its labels, with the
/// `data-from` and `data-to` of its stages. The arrow's group holds `stroke` and `fill`; for each
/// metric M with another color `data-c-M`, and its path holds `stroke-width` and, where it
/// differs, `data-w-M`. Stages are groups of class `stage` with `data-id` and `aria-label`;
/// `n3` is stage 3 of [`JourneyMap::nodes`].
///
/// # Errors
/// As [`write()`].
pub fn write_page(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    limit::check(map, style)?;
    painted(map, style, &Graphlay, true, out)
}

fn painted(
    map: &JourneyMap,
    style: &MapStyle,
    layout: &dyn Layout,
    page: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let draw = if page { draw_page } else { draw_within };
    let drawing = draw(map, style, ROOM);
    let mut items: Vec<Item> = drawing.shapes.iter().map(item).collect();
    settle(map, &drawing, &mut items, style, layout, draw)?;
    let ways: Vec<Way> = drawing.lines.iter().map(way).collect();
    let plan = layout.plan(&items, &ways, style.direction)?;
    let picture = Picture { drawing: &drawing, items: &items, page };
    out.write_all(picture.svg(&plan).as_bytes())?;
    Ok(())
}

/// Gives boxes the places that they have on the map whose layout the style takes, if any.
fn settle(
    map: &JourneyMap,
    drawing: &Drawing,
    items: &mut [Item],
    style: &MapStyle,
    layout: &dyn Layout,
    draw: fn(&JourneyMap, &MapStyle, Room) -> Drawing,
) -> Result<()> {
    let Some(other) = &style.layout_from else { return Ok(()) };
    let theirs = draw(other, style, ROOM);
    let sizes: Vec<Item> = theirs.shapes.iter().map(item).collect();
    let plan = places::plan(&theirs, &sizes, layout, style)?;
    let own = Sized { map, drawing, items };
    let other = Sized { map: other, drawing: &theirs, items: &sizes };
    let centers = places::places(&own, &other, &plan);
    items.iter_mut().zip(centers).for_each(|(item, at)| item.at = Some(at));
    Ok(())
}

/// Where the boxes of a drawing stand if the style takes the layout of another map, in pixels.
///
/// # Errors
/// The layout's.
pub(super) fn settled(
    map: &JourneyMap,
    drawing: &Drawing,
    style: &MapStyle,
) -> Result<Vec<Option<Point>>> {
    let mut items: Vec<Item> = drawing.shapes.iter().map(item).collect();
    settle(map, drawing, &mut items, style, &Graphlay, draw_within)?;
    Ok(items.into_iter().map(|it| it.at).collect())
}

/// A drawing that becomes elements.
struct Picture<'a> {
    drawing: &'a Drawing,
    items: &'a [Item],
    /// Whether all levels and metrics are in it.
    page: bool,
}

/// The attribute of what is not seen at first.
fn off(seen: bool) -> &'static str {
    if seen { "" } else { " display=\"none\"" }
}

impl Picture<'_> {
    fn svg(&self, plan: &Plan) -> String {
        let drawing = self.drawing;
        let inner = plan.width.max(NARROWEST);
        let (head, top) = self.head(inner);
        let shift = Point { x: MARGIN + (inner - plan.width) / 2.0, y: top };
        let (legend, bottom) = self.legends(inner, top + plan.height + 26.0);
        let mut svg = self.open(inner + 2.0 * MARGIN, bottom + MARGIN / 2.0);
        svg.push_str(&head);
        let placed = place(plan, shift);
        let around = |(at, it): (&Point, &Item)| Rect::around(*at, it.width, it.height);
        let boxes: Vec<Rect> = placed.centers.iter().zip(self.items).map(around).collect();
        for (line, route) in drawing.lines.iter().zip(&placed.routes) {
            svg.push_str(&self.arrow(line, route));
        }
        for (shape, rect) in drawing.shapes.iter().zip(&boxes) {
            svg.push_str(&self.shape(shape, rect));
        }
        let sizes: Vec<_> = drawing.lines.iter().map(room).collect();
        for (line, rect) in drawing.lines.iter().zip(labels::place(&placed.routes, &sizes, &boxes))
        {
            svg.push_str(&rect.map_or_else(String::new, |it| self.labels(line, &it)));
        }
        svg.push_str(&legend);
        svg.push_str("</svg>\n");
        svg
    }
}

fn place(plan: &Plan, shift: Point) -> Plan {
    let moved = |it: &Point| Point { x: it.x + shift.x, y: it.y + shift.y };
    Plan {
        centers: plan.centers.iter().map(moved).collect(),
        routes: plan.routes.iter().map(|it| it.iter().map(moved).collect()).collect(),
        ..*plan
    }
}

#[cfg(test)]
mod tests;
