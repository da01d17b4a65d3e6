//! Maps as SVG, without Graphviz: our own drawing on a [`Layout`].
//!
//! One picture that explains itself: title, facts with bases, boxes, arrows, labels
//! on their own lines, legend, and words for screen readers. No script, no link, no
//! style of the data; every word passes [`escape::xml`].

use std::io::Write;

use super::super::{Format, escape, one_map};
use super::drawing::{Dash, Drawing, Key, Line, Role, Shape};
use super::labels::{self, Rect};
use super::layout::{Graphlay, Item, Layout, Plan, Point, Way};
use super::measure::{fit, width};
use super::theme::Palette;
use super::{MapStyle, draw};
use crate::base::Result;
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "svg",
    endings: &[".svg"],
    about: "The map as a picture; needs nothing installed",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

const FONT: &str = "Helvetica,Arial,'Liberation Sans',sans-serif";
const NAME: f64 = 13.0;
const DETAIL: f64 = 11.0;
const LABEL: f64 = 10.5;
const MARGIN: f64 = 24.0;
/// More stages than this nobody reads in one picture.
const MOST_STAGES: usize = 100;

/// The narrowest picture: the head must stay readable.
const NARROWEST: f64 = 560.0;

/// Writes a map as SVG.
///
/// # Errors
/// A map too large to lay out; the writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    write_with(map, style, &Graphlay, out)
}

/// Writes a map as SVG with a layout of one's own.
///
/// # Errors
/// The layout's and the writer's.
pub fn write_with(
    map: &JourneyMap,
    style: &MapStyle,
    layout: &dyn Layout,
    out: &mut dyn Write,
) -> Result<()> {
    let drawing = draw(map, style, MOST_STAGES);
    let items: Vec<Item> = drawing.shapes.iter().map(item).collect();
    let ways: Vec<Way> = drawing.lines.iter().map(way).collect();
    let plan = layout.plan(&items, &ways, style.direction)?;
    out.write_all(picture(&drawing, &items, &plan).as_bytes())?;
    Ok(())
}

/// The size of a box, from its words.
fn item(shape: &Shape) -> Item {
    let (width, height) = match shape.role {
        Role::Start => (58.0, 58.0),
        Role::Left => (width(&shape.name, 10.0, false) + 16.0, 20.0),
        _ => {
            let name = width(&shape.name, NAME, true);
            (name.max(detail_width(shape)).max(70.0) + 24.0, 46.0)
        }
    };
    Item { width, height, round: shape.role == Role::Start, first: shape.role == Role::Start }
}

fn detail_width(shape: &Shape) -> f64 {
    let repeats = shape.repeats.as_ref().map_or(0.0, |it| rich_width(&format!(" · ↻{it}"), DETAIL));
    rich_width(&shape.detail, DETAIL) + repeats + badge_width(shape)
}

fn badge_width(shape: &Shape) -> f64 {
    shape.badge.as_ref().map_or(0.0, |it| 6.0 + plate_width(&it.text))
}

fn plate_width(text: &str) -> f64 {
    rich_width("▼", DETAIL) + rich_width(text, DETAIL) + 9.0
}

fn way(line: &Line) -> Way {
    Way {
        from: line.from,
        to: line.to,
        weight: f64::from(line.weight),
        thickness: line.width,
        label: (!line.label.is_empty()).then(|| label_size(line)),
        back: line.back,
    }
}

fn label_size(line: &Line) -> (f64, f64) {
    (width(&line.label, LABEL, false) + 8.0, 15.0)
}

/// A coordinate with at most one decimal, and no `-0`.
fn px(value: f64) -> String {
    let tenths = (value * 10.0).round();
    let text = format!("{}", tenths / 10.0 + 0.0);
    text
}

fn picture(drawing: &Drawing, items: &[Item], plan: &Plan) -> String {
    let inner = plan.width.max(NARROWEST);
    let canvas = inner + 2.0 * MARGIN;
    let (head, top) = head(drawing, inner);
    let shift = Point { x: MARGIN + (inner - plan.width) / 2.0, y: top };
    let (legend, bottom) = legend(drawing, inner, top + plan.height + 26.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}\">\n<title>{}</title>\n<desc>{}</desc>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n",
        escape::xml(&drawing.title),
        escape::xml(&describe(drawing)),
        w = px(canvas),
        h = px(bottom + MARGIN / 2.0),
        paper = drawing.colors.paper,
    );
    svg.push_str(&head);
    let placed = place(plan, shift);
    let boxes: Vec<Rect> = placed
        .centers
        .iter()
        .zip(items)
        .map(|(at, it)| Rect::around(*at, it.width, it.height))
        .collect();
    for (line, route) in drawing.lines.iter().zip(&placed.routes) {
        svg.push_str(&arrow(line, route));
    }
    for (index, (shape, rect)) in drawing.shapes.iter().zip(&boxes).enumerate() {
        svg.push_str(&shape_svg(index, shape, rect, drawing.colors));
    }
    svg.push_str(&label_pills(drawing, &placed, &boxes));
    svg.push_str(&legend);
    svg.push_str("</svg>\n");
    svg
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

fn text(x: f64, y: f64, size: f64, attributes: &str, words: &str) -> String {
    format!(
        "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"{attributes}>{}</text>\n",
        px(x),
        px(y),
        escape::xml(words)
    )
}

/// The width of words with signs that are drawn, not written.
fn rich_width(words: &str, size: f64) -> f64 {
    let signs = words.chars().filter(|it| matches!(it, '▼' | '↻')).count() as f64;
    let letters: String = words.chars().filter(|it| !matches!(it, '▼' | '↻')).collect();
    width(&letters, size, false) + signs * size * 0.9
}

/// Words with `▼` and `↻` as shapes, because common fonts lack them.
fn rich(x: f64, y: f64, size: f64, ink: &str, words: &str) -> String {
    let mut out = String::new();
    let mut at = x;
    let mut rest = words;
    while !rest.is_empty() {
        let cut = rest.find(['▼', '↻']).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(cut);
        if !plain.is_empty() {
            let keep = if plain.starts_with(' ') || plain.ends_with(' ') {
                " xml:space=\"preserve\""
            } else {
                ""
            };
            out.push_str(&text(at, y, size, &format!(" fill=\"{ink}\"{keep}"), plain));
            at += width(plain, size, false);
        }
        let mut signs = tail.chars();
        match signs.next() {
            Some('▼') => out.push_str(&triangle(at, y, size, ink)),
            Some(_) => out.push_str(&turn(at, y, size, ink)),
            None => break,
        }
        at += size * 0.9;
        rest = signs.as_str();
    }
    out
}

fn triangle(x: f64, y: f64, size: f64, ink: &str) -> String {
    let (left, right) = (x + size * 0.08, x + size * 0.76);
    format!(
        "<path d=\"M{} {}H{}L{} {}Z\" fill=\"{ink}\"/>\n",
        px(left),
        px(y - size * 0.66),
        px(right),
        px((left + right) / 2.0),
        px(y - size * 0.04),
    )
}

fn turn(x: f64, y: f64, size: f64, ink: &str) -> String {
    let radius = size * 0.3;
    let (cx, cy) = (x + size * 0.42, y - size * 0.34);
    format!(
        "<path d=\"M{x1} {y1}A{r} {r} 0 1 0 {x2} {y2}\" fill=\"none\" stroke=\"{ink}\" \
         stroke-width=\"1.2\"/>\n<path d=\"M{a} {b}l{s} {t}l-{u} {v}Z\" fill=\"{ink}\"/>\n",
        x1 = px(cx + radius * 0.5),
        y1 = px(cy - radius * 0.87),
        x2 = px(cx + radius),
        y2 = px(cy + radius * 0.1),
        r = px(radius),
        a = px(cx - radius * 0.05),
        b = px(cy - radius * 1.55),
        s = px(radius * 1.1),
        t = px(radius * 0.55),
        u = px(radius * 1.0),
        v = px(radius * 0.7),
    )
}

/// Breaks words into lines that fit.
fn wrap(words: &str, limit: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ').filter(|it| !it.is_empty()) {
        let longer = lines.last().map(|it| format!("{it} {word}"));
        match longer.filter(|it| rich_width(it, size) <= limit) {
            Some(longer) => {
                lines.pop();
                lines.push(longer);
            }
            None => lines.push(fit(word, limit, size, false)),
        }
    }
    lines
}

/// Title and facts, and where they end.
fn head(drawing: &Drawing, inner: f64) -> (String, f64) {
    let mut y = MARGIN + 18.0;
    let bold = format!(" font-weight=\"bold\" fill=\"{}\"", drawing.colors.ink);
    let title = fit(&escape::one_line(&drawing.title, 200), inner, 20.0, true);
    let mut out = text(MARGIN, y, 20.0, &bold, &title);
    y += 6.0;
    for fact in &drawing.facts {
        for line in wrap(&escape::one_line(fact, 400), inner, 12.0) {
            y += 16.0;
            out.push_str(&rich(MARGIN, y, 12.0, drawing.colors.quiet, &line));
        }
    }
    (out, y + 26.0)
}

/// What signs mean, and where that ends.
fn legend(drawing: &Drawing, inner: f64, top: f64) -> (String, f64) {
    if drawing.shapes.is_empty() {
        let words = "No stage was visited: there is nothing to draw.";
        let ink = format!(" fill=\"{}\"", drawing.colors.ink);
        return (text(MARGIN, top, 13.0, &ink, words), top + 20.0);
    }
    let size = 11.0;
    let (mut out, mut x, mut y) = (String::new(), MARGIN, top);
    for Key { color, text: words } in &drawing.legend {
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

fn dashes(dash: Dash, width: f64) -> String {
    match dash {
        Dash::Solid => String::new(),
        Dash::Dashed => {
            format!(" stroke-dasharray=\"{} {}\"", px(4.0 + width), px(2.5 + width * 0.6))
        }
    }
}

/// A line with round corners and its head.
fn arrow(line: &Line, route: &[Point]) -> String {
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
    format!(
        "<g class=\"way\" data-from=\"{}\" data-to=\"{}\"><title>{}</title><path d=\"{}\" fill=\"none\" \
         stroke=\"{c}\" stroke-width=\"{}\"{}/><path d=\"M{} {}L{} {}L{} {}Z\" fill=\"{c}\"/></g>\n",
        line.from,
        line.to,
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

/// A path through points with corners of up to 9 pixels' radius.
fn rounded(points: &[Point]) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let (Some(before), Some(after)) =
            (index.checked_sub(1).map(|it| points[it]), points.get(index + 1))
        else {
            path.push_str(&format!("{command}{} {}", px(point.x), px(point.y)));
            continue;
        };
        let toward = |other: Point| {
            let (dx, dy) = (other.x - point.x, other.y - point.y);
            let distance = dx.hypot(dy).max(1e-9);
            let radius = (distance / 2.0).min(9.0);
            Point { x: point.x + dx / distance * radius, y: point.y + dy / distance * radius }
        };
        let (from, to) = (toward(before), toward(*after));
        path.push_str(&format!(
            "L{} {}Q{} {} {} {}",
            px(from.x),
            px(from.y),
            px(point.x),
            px(point.y),
            px(to.x),
            px(to.y)
        ));
    }
    path
}

fn shape_svg(index: usize, shape: &Shape, rect: &Rect, colors: &Palette) -> String {
    let inner = match shape.role {
        Role::Start => start(shape, rect),
        Role::Left => stub(shape, rect, colors),
        Role::Stage | Role::Goal => stage(shape, rect, colors),
    };
    format!(
        "<g class=\"stage\" data-id=\"{index}\"><title>{}</title>\n{inner}</g>\n",
        escape::xml(&shape.tooltip)
    )
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

fn plate(rect: &Rect, radius: f64, fill: &str, stroke: &str, stroke_width: f64) -> String {
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\" fill=\"{fill}\" \
         stroke=\"{stroke}\" stroke-width=\"{stroke_width}\"/>\n",
        px(rect.x),
        px(rect.y),
        px(rect.width),
        px(rect.height)
    )
}

fn stub(shape: &Shape, rect: &Rect, colors: &Palette) -> String {
    let center = rect.center();
    let label = format!(" text-anchor=\"middle\" fill=\"{}\"", shape.ink);
    plate(rect, 6.0, shape.fill, colors.left_edge, shape.border)
        + &text(center.x, center.y + 3.5, 10.0, &label, &shape.name)
}

fn stage(shape: &Shape, rect: &Rect, colors: &Palette) -> String {
    let goal = shape.role == Role::Goal;
    let mut out = String::new();
    if goal {
        out.push_str(&plate(rect, 9.0, colors.paper, colors.goal_edge, 1.3));
    }
    let body = if goal { rect.shrink(3.0) } else { *rect };
    let stroke = if goal { colors.goal_edge } else { colors.edge };
    out.push_str(&plate(&body, if goal { 7.0 } else { 9.0 }, shape.fill, stroke, shape.border));
    let center = rect.center();
    let bold = format!(" text-anchor=\"middle\" font-weight=\"bold\" fill=\"{}\"", shape.ink);
    out.push_str(&text(center.x, center.y - 4.5, NAME, &bold, &shape.name));
    let mut detail = shape.detail.clone();
    if let Some(repeats) = &shape.repeats {
        detail.push_str(&format!(" · ↻{repeats}"));
    }
    let mut x = center.x - detail_width(shape) / 2.0;
    let y = center.y + 13.0;
    out.push_str(&rich(x, y, DETAIL, shape.ink, &detail));
    x += rich_width(&detail, DETAIL) + 6.0;
    if let Some(badge) = &shape.badge {
        let room = Rect { x, y: y - 11.0, width: plate_width(&badge.text), height: 15.0 };
        if let Some(fill) = badge.fill {
            out.push_str(&plate(
                &room,
                4.0,
                fill,
                if colors.outlined { badge.ink } else { fill },
                0.5,
            ));
        }
        out.push_str(&rich(x + 4.5, y, DETAIL, badge.ink, &format!("▼{}", badge.text)));
    }
    out
}

/// Labels on white plates, each on its own line.
fn label_pills(drawing: &Drawing, plan: &Plan, boxes: &[Rect]) -> String {
    let sizes: Vec<Option<(f64, f64)>> =
        drawing.lines.iter().map(|it| (!it.label.is_empty()).then(|| label_size(it))).collect();
    let rects = labels::place(&plan.routes, &sizes, boxes);
    let mut out = String::new();
    for (line, rect) in drawing.lines.iter().zip(rects) {
        let Some(rect) = rect else { continue };
        let center = rect.center();
        out.push_str(&format!(
            "<g class=\"label\" data-from=\"{}\" data-to=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" \
             height=\"{}\" rx=\"4\" fill=\"{}\" fill-opacity=\"0.92\"/>",
            line.from,
            line.to,
            px(rect.x),
            px(rect.y),
            px(rect.width),
            px(rect.height),
            drawing.colors.paper
        ));
        let ink = format!(" text-anchor=\"middle\" fill=\"{}\"", line.ink);
        out.push_str(&text(center.x, center.y + 3.7, LABEL, &ink, &line.label));
        out.push_str("</g>\n");
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
        let mut out = Vec::new();
        write(map, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
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
            let drawing = draw(&map, &MapStyle::default(), MOST_STAGES);
            assert_eq!(of_class(&document, "stage").len(), drawing.shapes.len());
            assert_eq!(of_class(&document, "way").len(), drawing.lines.len());
            save(&svg, &format!("{kind:?}"));
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
        let style = MapStyle { keep: Keep::All, ..MapStyle::default() };
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
        let drawing = draw(&map, &MapStyle::default(), MOST_STAGES);
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
