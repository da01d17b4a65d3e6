//! Maps as SVG, without Graphviz: our own drawing on a [`Layout`].
//!
//! One picture that explains itself: title, facts with bases, boxes, arrows, labels
//! on their own lines, legend, and words for screen readers. No script, no link, no
//! style of the data; every word passes [`escape::xml`]. A page gets a picture of all
//! levels of detail and all metrics, in which what is not shown is switched off.

use std::io::Write;

use super::super::{Format, escape, one_map};
use super::drawing::{Drawing, Key, Line, Look, Role, Shape};
use super::labels::{self, Rect};
use super::layout::{Graphlay, Item, Layout, Plan, Point, Way};
use super::measure::{fit, width};
use super::paint::{dashes, plate, px, rich, rich_width, rounded, text, wrap};
use super::places::{self, Sized};
use super::theme::Palette;
use super::{MapStyle, Room, draw_page, draw_within, limit};
use crate::base::Result;
use crate::model::{JourneyMap, Metric};

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

/// The size of a box, from its words.
fn item(shape: &Shape) -> Item {
    let (width, height) = match shape.role {
        Role::Start => (58.0, 58.0),
        Role::Left => (width(&shape.name, 10.0, false) + 16.0, 20.0),
        _ => {
            let name = width(&shape.name, NAME, true);
            let minor = shape.minor.iter().map(|it| rich_width(it, MINOR)).fold(0.0, f64::max);
            let height = if hides(shape) { 58.0 } else { 46.0 };
            (name.max(detail_width(shape)).max(minor).max(70.0) + 24.0, height)
        }
    };
    let start = shape.role == Role::Start;
    Item { width, height, round: start, first: start, at: None }
}

/// Whether ways of the stage are not drawn, at any level.
fn hides(shape: &Shape) -> bool {
    shape.minor.iter().any(|it| !it.is_empty())
}

/// Figures under a name, with the share of repeats.
fn figures(shape: &Shape, detail: &str) -> String {
    match &shape.repeats {
        Some(repeats) => format!("{detail} · ↻{repeats}"),
        None => detail.to_owned(),
    }
}

fn detail_width(shape: &Shape) -> f64 {
    let details = shape.details.iter().map(|it| &it.1).chain([&shape.detail]);
    let widest = details.map(|it| rich_width(&figures(shape, it), DETAIL)).fold(0.0, f64::max);
    widest + badge_width(shape)
}

fn badge_width(shape: &Shape) -> f64 {
    shape.badge.as_ref().map_or(0.0, |it| 6.0 + plate_width(&it.text))
}

fn plate_width(text: &str) -> f64 {
    rich_width("▼", DETAIL) + rich_width(text, DETAIL) + 9.0
}

pub(super) fn way(line: &Line) -> Way {
    Way {
        from: line.from,
        to: line.to,
        weight: f64::from(line.weight),
        thickness: line.width,
        label: room(line),
        back: line.back,
    }
}

/// The room that the labels of a line need; none where it has no label.
fn room(line: &Line) -> Option<(f64, f64)> {
    let labels = line.looks.iter().map(|it| it.label.as_str()).chain([line.label.as_str()]);
    let widest = labels.map(label_width).fold(0.0, f64::max);
    (widest > 0.0).then_some((widest, 15.0))
}

fn label_width(label: &str) -> f64 {
    if label.is_empty() { 0.0 } else { width(label, LABEL, false) + 8.0 }
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

    /// The opening tag, title and description, and the paper.
    fn open(&self, width: f64, height: f64) -> String {
        let drawing = self.drawing;
        let title = escape::xml(&drawing.title);
        let kind = match self.page {
            true => format!("role=\"group\" aria-label=\"{title}\"{}", self.switches()),
            false => "role=\"img\"".to_owned(),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {kind} width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}\">\n<title>{title}</title>\n\
             <desc>{}</desc>\n<rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n",
            escape::xml(&describe(drawing)),
            w = px(width),
            h = px(height),
            paper = drawing.colors.paper,
        )
    }

    /// What a page's script reads: levels, metrics, and what each level covers.
    fn switches(&self) -> String {
        let drawing = self.drawing;
        let metrics: Vec<&str> = drawing.legends.iter().map(|it| it.0.name()).collect();
        let all =
            if metrics.is_empty() { drawing.metric.name().to_owned() } else { metrics.join(" ") };
        let mut out = format!(
            " class=\"journey\" data-levels=\"{}\" data-level=\"{}\" data-metrics=\"{all}\" \
             data-metric=\"{}\"",
            drawing.levels.len(),
            drawing.level,
            drawing.metric.name(),
        );
        for (index, level) in drawing.levels.iter().enumerate() {
            out.push_str(&format!(
                " data-coverage-{at}=\"{:.4}\" data-transitions-{at}=\"{}\"",
                level.coverage,
                level.transitions,
                at = index + 1,
            ));
        }
        out
    }

    /// Title and facts, and where they end.
    fn head(&self, inner: f64) -> (String, f64) {
        let drawing = self.drawing;
        let mut y = MARGIN + 18.0;
        let bold = format!(" font-weight=\"bold\" fill=\"{}\"", drawing.colors.ink);
        let title = fit(&escape::one_line(&drawing.title, 200), inner, 20.0, true);
        let mut out = text(MARGIN, y, 20.0, &bold, &title);
        y += 6.0;
        let lines = |fact: &str, mut y: f64| {
            let mut out = String::new();
            for line in wrap(&escape::one_line(fact, 400), inner, 12.0) {
                y += 16.0;
                out.push_str(&rich(MARGIN, y, 12.0, drawing.colors.quiet, &line));
            }
            (out, y)
        };
        for (index, fact) in drawing.facts.iter().enumerate() {
            if self.page && index == drawing.drawn_fact {
                let mut end = y;
                for (at, level) in (1..).zip(&drawing.levels) {
                    let (words, below) = lines(&level.fact, y);
                    end = end.max(below);
                    let off = off(at == drawing.level);
                    out.push_str(&format!("<g data-at=\"{at}\"{off}>{words}</g>\n"));
                }
                y = end;
                continue;
            }
            let (words, below) = lines(fact, y);
            out.push_str(&words);
            y = below;
        }
        (out, y + 26.0)
    }

    /// What signs mean, for each metric, and where that ends.
    fn legends(&self, inner: f64, top: f64) -> (String, f64) {
        let drawing = self.drawing;
        if !self.page || drawing.legends.is_empty() {
            return legend(drawing, &drawing.legend, inner, top);
        }
        let (mut out, mut bottom) = (String::new(), top);
        for (metric, keys) in &drawing.legends {
            let (words, end) = legend(drawing, keys, inner, top);
            let off = off(*metric == drawing.metric);
            out.push_str(&format!("<g data-metric=\"{}\"{off}>\n{words}</g>\n", metric.name()));
            bottom = bottom.max(end);
        }
        (out, bottom)
    }

    /// The attributes that say which way a group is of.
    fn of_way(&self, line: &Line) -> String {
        let shapes = &self.drawing.shapes;
        let level = match self.page {
            true => {
                format!(" data-level=\"{}\"{}", line.level, off(line.level <= self.drawing.level))
            }
            false => String::new(),
        };
        format!(" data-from=\"{}\" data-to=\"{}\"{level}", shapes[line.from].id, shapes[line.to].id)
    }

    /// A line with round corners and its head.
    fn arrow(&self, line: &Line, route: &[Point]) -> String {
        let [.., before, tip] = route else { return String::new() };
        let length = 6.0 + line.width * 1.5;
        let half = 2.6 + line.width * 0.95;
        let (dx, dy) = (tip.x - before.x, tip.y - before.y);
        let distance = dx.hypot(dy).max(1e-9);
        let (ux, uy) = (dx / distance, dy / distance);
        let base = Point { x: tip.x - ux * length, y: tip.y - uy * length };
        let mut points = route[..route.len() - 1].to_vec();
        // The stroke ends inside the head, so that its blunt end never shows.
        points.push(Point { x: tip.x - ux * length * 0.8, y: tip.y - uy * length * 0.8 });
        let (mut colors, mut widths) = (String::new(), String::new());
        for Look { metric, width, color, .. } in &line.looks {
            if *color != line.color {
                colors.push_str(&format!(" data-c-{}=\"{color}\"", metric.name()));
            }
            if px(*width) != px(line.width) {
                widths.push_str(&format!(" data-w-{}=\"{}\"", metric.name(), px(*width)));
            }
        }
        format!(
            "<g class=\"way\"{} stroke=\"{c}\" fill=\"{c}\"{colors}><title>{}</title>\
             <path d=\"{}\" fill=\"none\" stroke-width=\"{}\"{widths}{}/>\
             <path d=\"M{} {}L{} {}L{} {}Z\" stroke=\"none\"/></g>\n",
            self.of_way(line),
            escape::xml(&line.tooltip),
            rounded(&points),
            px(line.width),
            dashes(line.dash, line.width),
            px(tip.x),
            px(tip.y),
            px(base.x - uy * half),
            px(base.y + ux * half),
            px(base.x + uy * half),
            px(base.y - ux * half),
            c = line.color,
        )
    }

    fn shape(&self, shape: &Shape, rect: &Rect) -> String {
        let colors = self.drawing.colors;
        let inner = match shape.role {
            Role::Start => start(shape, rect),
            Role::Left => stub(shape, rect, colors),
            Role::Stage | Role::Goal => self.stage(shape, rect),
        };
        let focus = match self.page && matches!(shape.role, Role::Stage | Role::Goal) {
            true => format!(
                " tabindex=\"0\" role=\"group\" data-level=\"1\" aria-label=\"{}\"",
                escape::xml(&shape.spoken)
            ),
            false => String::new(),
        };
        format!(
            "<g class=\"stage\" data-id=\"{}\"{focus}><title>{}</title>\n{inner}</g>\n",
            shape.id,
            escape::xml(&shape.tooltip)
        )
    }

    fn stage(&self, shape: &Shape, rect: &Rect) -> String {
        let colors = self.drawing.colors;
        let goal = shape.role == Role::Goal;
        let mut out = String::new();
        if goal {
            out.push_str(&plate(rect, 9.0, colors.paper, colors.goal_edge, 1.3));
        }
        let body = if goal { rect.shrink(3.0) } else { *rect };
        let stroke = if goal { colors.goal_edge } else { colors.edge };
        out.push_str(&plate(&body, if goal { 7.0 } else { 9.0 }, shape.fill, stroke, shape.border));
        let center = rect.center();
        let up = if hides(shape) { 6.5 } else { 0.0 };
        let bold = format!(" text-anchor=\"middle\" font-weight=\"bold\" fill=\"{}\"", shape.ink);
        out.push_str(&text(center.x, center.y - 4.5 - up, NAME, &bold, &shape.name));
        let at = Point { x: center.x, y: center.y + 13.0 - up };
        if !self.page || shape.details.is_empty() {
            out.push_str(&details(shape, &shape.detail, at, colors));
        } else {
            for (metrics, detail) in alike(&shape.details) {
                let names: Vec<&str> = metrics.iter().map(|it| it.name()).collect();
                out.push_str(&format!(
                    "<g class=\"detail\" data-metric=\"{}\"{}>{}</g>\n",
                    names.join(" "),
                    off(metrics.contains(&self.drawing.metric)),
                    details(shape, detail, at, colors),
                ));
            }
        }
        out.push_str(&self.minor(shape, Point { x: center.x, y: center.y + 21.0 }));
        out
    }

    /// The ways that are not drawn, for each level.
    fn minor(&self, shape: &Shape, at: Point) -> String {
        let ink = format!(" text-anchor=\"middle\" fill=\"{}\"", shape.ink);
        let mut out = String::new();
        for (level, words) in (1..).zip(&shape.minor).filter(|it| !it.1.is_empty()) {
            let words = text(at.x, at.y, MINOR, &ink, words);
            match self.page {
                true => out.push_str(&format!(
                    "<g class=\"minor\" data-at=\"{level}\"{}>{words}</g>\n",
                    off(level == self.drawing.level)
                )),
                false => out.push_str(&words),
            }
        }
        out
    }

    /// The labels of a way on white plates.
    fn labels(&self, line: &Line, rect: &Rect) -> String {
        let of_way = self.of_way(line);
        if !self.page || line.looks.is_empty() {
            let label = self.pill(&line.label, line.ink, rect);
            return format!("<g class=\"label\"{of_way}>{label}</g>\n");
        }
        let mut out = format!("<g class=\"way\"{of_way}>");
        for look in line.looks.iter().filter(|it| !it.label.is_empty()) {
            let off = off(look.metric == self.drawing.metric);
            let label = self.pill(&look.label, look.ink, rect);
            let metric = look.metric.name();
            out.push_str(&format!("<g class=\"label\" data-metric=\"{metric}\"{off}>{label}</g>"));
        }
        out + "</g>\n"
    }

    fn pill(&self, label: &str, ink: &str, rect: &Rect) -> String {
        let center = rect.center();
        let rect = Rect::around(center, label_width(label), rect.height);
        let words = format!(" text-anchor=\"middle\" fill=\"{ink}\"");
        format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"{}\" \
             fill-opacity=\"0.92\"/>{}",
            px(rect.x),
            px(rect.y),
            px(rect.width),
            px(rect.height),
            self.drawing.colors.paper,
            text(center.x, center.y + 3.7, LABEL, &words, label).trim_end(),
        )
    }
}

/// Metrics that show the same figures under a name, together.
fn alike(details: &[(Metric, String)]) -> Vec<(Vec<Metric>, &str)> {
    let mut all: Vec<(Vec<Metric>, &str)> = Vec::new();
    for (metric, detail) in details {
        match all.iter_mut().find(|it| it.1 == detail) {
            Some(it) => it.0.push(*metric),
            None => all.push((vec![*metric], detail)),
        }
    }
    all
}

fn place(plan: &Plan, shift: Point) -> Plan {
    let moved = |it: &Point| Point { x: it.x + shift.x, y: it.y + shift.y };
    Plan {
        centers: plan.centers.iter().map(moved).collect(),
        routes: plan.routes.iter().map(|it| it.iter().map(moved).collect()).collect(),
        ..*plan
    }
}

/// What the picture shows, for those who cannot see it.
fn describe(drawing: &Drawing) -> String {
    let mut words = drawing.facts.join(". ");
    for shape in drawing.shapes.iter().filter(|it| it.role != Role::Left) {
        words.push_str(". ");
        words.push_str(&escape::one_line(&shape.tooltip, 300));
    }
    words
}

/// What signs mean, and where that ends.
fn legend(drawing: &Drawing, keys: &[Key], inner: f64, top: f64) -> (String, f64) {
    if drawing.shapes.is_empty() {
        let words = "No stage was visited: there is nothing to draw.";
        let ink = format!(" fill=\"{}\"", drawing.colors.ink);
        return (text(MARGIN, top, 13.0, &ink, words), top + 20.0);
    }
    let size = 11.0;
    let (mut out, mut x, mut y) = (String::new(), MARGIN, top);
    for Key { color, text: words } in keys {
        let sample = if color.is_some() { 32.0 } else { 0.0 };
        let mut lines = wrap(words, inner - sample, size);
        let needed = sample + lines.iter().map(|it| rich_width(it, size)).fold(0.0, f64::max);
        if x > MARGIN && (x + needed > MARGIN + inner || lines.len() > 1) {
            (x, y) = (MARGIN, y + 17.0);
        }
        if let Some((color, dash)) = color {
            out.push_str(&format!(
                "<path d=\"M{} {}h24\" stroke=\"{color}\" stroke-width=\"3\" fill=\"none\"{}/>\n",
                px(x),
                px(y - 4.0),
                dashes(*dash, 3.0)
            ));
        }
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            out.push_str(&rich(x + sample, y, size, drawing.colors.quiet, &line));
            y += 15.0;
        }
        out.push_str(&rich(x + sample, y, size, drawing.colors.quiet, &last));
        x += needed + 18.0;
    }
    (out, y + 8.0)
}

fn start(shape: &Shape, rect: &Rect) -> String {
    let center = rect.center();
    let label = format!(" text-anchor=\"middle\" fill=\"{}\"", shape.ink);
    format!(
        "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>\n",
        px(center.x),
        px(center.y),
        px(rect.width / 2.0),
        shape.fill
    ) + &text(center.x, center.y + 4.0, 12.0, &label, &shape.name)
}

fn stub(shape: &Shape, rect: &Rect, colors: &Palette) -> String {
    let center = rect.center();
    let label = format!(" text-anchor=\"middle\" fill=\"{}\"", shape.ink);
    plate(rect, 6.0, shape.fill, colors.left_edge, shape.border)
        + &text(center.x, center.y + 3.5, 10.0, &label, &shape.name)
}

/// Figures under a name, centered, and the badge after them.
fn details(shape: &Shape, detail: &str, at: Point, colors: &Palette) -> String {
    let words = figures(shape, detail);
    let all = rich_width(&words, DETAIL) + badge_width(shape);
    let mut x = at.x - all / 2.0;
    let mut out = rich(x, at.y, DETAIL, shape.ink, &words);
    x += rich_width(&words, DETAIL) + 6.0;
    if let Some(badge) = &shape.badge {
        let room = Rect { x, y: at.y - 11.0, width: plate_width(&badge.text), height: 15.0 };
        if let Some(fill) = badge.fill {
            let stroke = if colors.outlined { badge.ink } else { fill };
            out.push_str(&plate(&room, 4.0, fill, stroke, 0.5));
        }
        out.push_str(&rich(x + 4.5, at.y, DETAIL, badge.ink, &format!("▼{}", badge.text)));
    }
    out
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

    /// Elements that a picture may hold; anything else is active or foreign.
    const ALLOWED: [&str; 8] = ["svg", "title", "desc", "rect", "circle", "path", "text", "g"];

    fn check(svg: &str) -> roxmltree::Document<'_> {
        let document = roxmltree::Document::parse(svg).unwrap();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            assert!(ALLOWED.contains(&node.tag_name().name()), "{}", node.tag_name().name());
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on"), "{}", attribute.name());
                assert!(!["href", "style", "id"].contains(&attribute.name()));
            }
        }
        document
    }

    fn of_class<'a>(
        document: &'a roxmltree::Document<'_>,
        class: &str,
    ) -> Vec<roxmltree::Node<'a, 'a>> {
        document.descendants().filter(|it| it.attribute("class") == Some(class)).collect()
    }

    #[test]
    fn every_size_of_map_is_a_whole_picture() {
        for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
            let map = sample::shop(kind);
            let svg = written(&map, &MapStyle::default());
            let document = check(&svg);
            let drawing = draw_within(&map, &MapStyle::default(), ROOM);
            assert_eq!(of_class(&document, "stage").len(), drawing.shapes.len());
            assert_eq!(of_class(&document, "way").len(), drawing.lines.len());
            save(&svg, &format!("{kind:?}"));
        }
        for (name, theme) in super::super::theme::NAMES {
            for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
                let style = MapStyle { theme, ..MapStyle::default() };
                let svg = written(&sample::shop(kind), &style);
                check(&svg);
                save(&svg, &format!("{name}-{kind:?}"));
            }
        }
        for (name, map) in [
            ("three", sample::row(&["Visit", "Cart", "Purchase"])),
            ("one", sample::row(&["Only stage"])),
            ("empty", JourneyMap::default()),
            ("dense", sample::dense(24, 125)),
        ] {
            let svg = written(&map, &MapStyle::default());
            check(&svg);
            save(&svg, name);
        }
        let style = MapStyle { keep: Keep::All, ..MapStyle::default() };
        save(&written(&sample::dense(24, 125), &style), "dense-all");
        let style = MapStyle { direction: super::super::Direction::Right, ..MapStyle::default() };
        save(&written(&sample::row(&["Visit", "Cart", "Purchase"]), &style), "right");
    }

    fn paged(map: &JourneyMap, style: &MapStyle) -> String {
        let mut out = Vec::new();
        write_page(map, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// What of a page's map is seen at a level and a metric, by the rules of [`write_page`].
    fn seen(node: &roxmltree::Node<'_, '_>, level: usize, metric: &str) -> bool {
        let number = |name: &str| node.attribute(name).map(|it| it.parse::<usize>().unwrap());
        number("data-level").is_none_or(|it| it <= level)
            && number("data-at").is_none_or(|it| it == level)
            && node.attribute("data-metric").is_none_or(|it| it.split(' ').any(|it| it == metric))
    }

    #[test]
    fn a_page_holds_every_level_and_metric_and_shows_the_chosen_ones() {
        for map in
            [sample::shop(MapKind::Frequency), sample::shop(MapKind::Wait), sample::dense(24, 125)]
        {
            let svg = paged(&map, &MapStyle::default());
            save(&svg, &format!("page-{:?}-{}", map.kind, map.nodes.len()));
            let document = check(&svg);
            let root = document.root_element();
            let value = |name: &str| root.attribute(name).unwrap_or_default();
            let (levels, level) = (value("data-levels"), value("data-level"));
            let (levels, level) =
                (levels.parse::<usize>().unwrap(), level.parse::<usize>().unwrap());
            assert!(level >= 1 && level <= levels && value("class") == "journey");
            assert_eq!(value("data-metric"), map.metric.name());
            // What is switched off is what the rules say, and nothing else.
            for node in root.descendants().filter(|it| it.is_element() && *it != root) {
                let off = node.attribute("display") == Some("none");
                assert_eq!(off, !seen(&node, level, map.metric.name()), "{node:?}");
            }
            // Each level says what it covers, and draws as many arrows as it says.
            let mut before = 0.0;
            for at in 1..=levels {
                let coverage: f64 = value(&format!("data-coverage-{at}")).parse().unwrap();
                assert!(coverage >= before && coverage <= 1.0);
                before = coverage;
                let drawn = of_class(&document, "way").into_iter().filter(|it| {
                    let stage = it.attribute("data-from").unwrap_or_default().starts_with('n');
                    let arrow = it.attribute("stroke").is_some();
                    let to_stage = it.attribute("data-to").unwrap_or_default().starts_with('n');
                    stage && to_stage && arrow && seen(it, at, map.metric.name())
                });
                assert_eq!(drawn.count().to_string(), value(&format!("data-transitions-{at}")));
            }
            // At any moment each way has one label at most, and each stage one line of figures.
            for metric in value("data-metrics").split(' ') {
                for way in of_class(&document, "way") {
                    let labels = way.children().filter(|it| it.has_tag_name("g"));
                    assert!(labels.filter(|it| seen(it, levels, metric)).count() <= 1);
                }
                for stage in of_class(&document, "stage") {
                    let lines =
                        stage.children().filter(|it| it.attribute("class") == Some("detail"));
                    let lines = lines.filter(|it| seen(it, levels, metric)).count();
                    assert_eq!(lines, usize::from(stage.attribute("tabindex").is_some()));
                }
            }
        }
    }

    #[test]
    fn a_page_names_stages_by_their_place_in_the_whole_map() {
        let map = sample::shop(MapKind::Frequency);
        let style =
            MapStyle { hide_stages: vec![map.nodes[0].name.clone()], ..MapStyle::default() };
        let svg = paged(&map, &style);
        let document = check(&svg);
        for stage in of_class(&document, "stage").into_iter().skip(1) {
            let id = stage.attribute("data-id").unwrap();
            let node = &map.nodes[id[1..].parse::<usize>().unwrap()];
            let label = stage.attribute("aria-label").unwrap();
            assert!(label.starts_with(&format!("{}: ", node.name)), "{label}");
        }
        let hostile = sample::hostile();
        check(&paged(&hostile, &MapStyle { keep: Keep::All, ..MapStyle::default() }));
        check(&paged(&JourneyMap::default(), &MapStyle::default()));
    }

    /// Where each stage's name stands.
    fn spots(svg: &str, map: &JourneyMap) -> std::collections::BTreeMap<String, (i64, i64)> {
        let document = check(svg);
        let mut spots = std::collections::BTreeMap::new();
        for stage in of_class(&document, "stage") {
            let id = stage.attribute("data-id").unwrap();
            let Some(place) = id.strip_prefix('n') else { continue };
            let words = stage.children().find(|it| it.has_tag_name("text")).unwrap();
            let number = |name: &str| words.attribute(name).unwrap().parse::<f64>().unwrap();
            let name = map.nodes[place.parse::<usize>().unwrap()].name.clone();
            let spot = (number("x") * 10.0).round() as i64;
            spots.insert(name, (spot, (number("y") * 10.0).round() as i64));
        }
        spots
    }

    #[test]
    fn two_maps_of_a_journey_keep_their_layout() {
        let before = sample::shop(MapKind::Frequency);
        let mut after = before.clone();
        // Half as many moves of some, other figures, other waits, and a stage is new.
        after.edges.iter_mut().step_by(3).for_each(|it| it.moves /= 2);
        after.nodes.iter_mut().for_each(|it| it.customers /= 3);
        let new = crate::model::MapNode {
            name: "New stage".to_owned(),
            visits: 900,
            ..after.nodes[3].clone()
        };
        after.nodes.push(new);
        let style = MapStyle::default().beside(&before);
        let first = spots(&written(&before, &MapStyle::default()), &before);
        let alone = spots(&written(&after, &MapStyle::default()), &after);
        assert_ne!(first["Cart"], alone["Cart"]);
        for (page, svg) in [(false, written(&after, &style)), (true, paged(&after, &style))] {
            let from = match page {
                false => first.clone(),
                true => spots(&paged(&before, &MapStyle::default()), &before),
            };
            let second = spots(&svg, &after);
            save(&svg, &format!("beside-{page}"));
            assert_eq!(second.len(), from.len() + 1);
            let shift = |name: &str| (second[name].0 - from[name].0, second[name].1 - from[name].1);
            let moved = shift("Cart");
            for name in from.keys() {
                let (x, y) = shift(name);
                // Pixels are rounded to tenths; boxes with a third line hold their name higher.
                assert!(
                    (x - moved.0).abs() <= 2 && (y - moved.1).abs() <= 67,
                    "{name} {x} {y} {moved:?}"
                );
            }
            assert!(second["New stage"].1 > second["Purchase"].1);
        }
        // A map beside itself is drawn with every box on its spot.
        let same = spots(&written(&before, &MapStyle::default().beside(&before)), &before);
        assert_eq!(same.len(), first.len());
        // A map of differences, too.
        let change = sample::shop(MapKind::Difference);
        save(&written(&change, &style), "beside-difference");
    }

    #[test]
    fn hundreds_of_stages_are_drawn_in_bounded_time() {
        let started = std::time::Instant::now();
        let map = sample::dense(200, 450);
        let svg = written(&map, &MapStyle::default());
        check(&svg);
        save(&svg, "large");
        // Unoptimized and on a busy machine; it takes far less.
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
        save(&format!("{:?}", started.elapsed()), "large-time");
    }

    /// Writes a picture to look at where `TOUCHPATH_PICTURES` names a folder.
    fn save(svg: &str, name: &str) {
        if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
            let path = std::path::Path::new(&folder).join(format!("{name}.svg"));
            fs_err::write(path, svg).unwrap();
        }
    }

    #[test]
    fn hostile_names_stay_words() {
        let map = sample::hostile();
        let style = MapStyle { keep: Keep::All, stages: Some(0), ..MapStyle::default() };
        let svg = written(&map, &style);
        let document = check(&svg);
        let stages = of_class(&document, "stage");
        assert_eq!(stages.len(), map.nodes.len() + 1);
        for (shown, stage) in stages[1..].iter().zip(&map.nodes) {
            let title = shown.first_element_child().and_then(|it| it.text()).unwrap_or("");
            assert!(title.starts_with(&escape::clean(&stage.name)), "{title}");
        }
    }

    #[test]
    fn boxes_hold_their_words_and_never_overlap() {
        let map = sample::shop(MapKind::Wait);
        let drawing = draw_within(&map, &MapStyle::default(), ROOM);
        let items: Vec<Item> = drawing.shapes.iter().map(item).collect();
        let ways: Vec<Way> = drawing.lines.iter().map(way).collect();
        let plan = Graphlay.plan(&items, &ways, MapStyle::default().direction).unwrap();
        let boxes: Vec<Rect> = plan
            .centers
            .iter()
            .zip(&items)
            .map(|(at, it)| Rect::around(*at, it.width, it.height))
            .collect();
        for (index, left) in boxes.iter().enumerate() {
            for right in &boxes[index + 1..] {
                assert_eq!(left.overlap(right), 0.0);
            }
        }
        for (shape, item) in drawing.shapes.iter().zip(&items).skip(1) {
            assert!(width(&shape.name, NAME, true) <= item.width || shape.role == Role::Left);
        }
    }
}
