//! What pictures are painted with: words, signs, plates, strokes, as SVG elements.
//!
//! Knows places and colors only; every word passes [`escape::xml`].

use super::super::escape;
use super::drawing::Dash;
use super::labels::Rect;
use super::layout::Point;
use super::measure::{fit, width};

/// A coordinate with at most one decimal, and no `-0`.
pub(super) fn px(value: f64) -> String {
    let tenths = (value * 10.0).round();
    let text = format!("{}", tenths / 10.0 + 0.0);
    text
}

pub(super) fn text(x: f64, y: f64, size: f64, attributes: &str, words: &str) -> String {
    format!(
        "<text x=\"{}\" y=\"{}\" font-size=\"{size}\"{attributes}>{}</text>\n",
        px(x),
        px(y),
        escape::xml(words)
    )
}

/// The width of words with signs that are drawn, not written.
pub(super) fn rich_width(words: &str, size: f64) -> f64 {
    let signs = words.chars().filter(|it| matches!(it, '▼' | '↻')).count() as f64;
    let letters: String = words.chars().filter(|it| !matches!(it, '▼' | '↻')).collect();
    width(&letters, size, false) + signs * size * 0.9
}

/// Words with `▼` and `↻` as shapes, because common fonts lack them.
pub(super) fn rich(x: f64, y: f64, size: f64, ink: &str, words: &str) -> String {
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
pub(super) fn wrap(words: &str, limit: f64, size: f64) -> Vec<String> {
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

pub(super) fn dashes(dash: Dash, width: f64) -> String {
    match dash {
        Dash::Solid => String::new(),
        Dash::Dotted => " stroke-dasharray=\"1.5 4.5\"".to_owned(),
        Dash::Dashed => {
            format!(" stroke-dasharray=\"{} {}\"", px(4.0 + width), px(2.5 + width * 0.6))
        }
    }
}

/// A path through points with corners of up to 9 pixels' radius.
pub(super) fn rounded(points: &[Point]) -> String {
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

pub(super) fn plate(
    rect: &Rect,
    radius: f64,
    fill: &str,
    stroke: &str,
    stroke_width: f64,
) -> String {
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\" fill=\"{fill}\" \
         stroke=\"{stroke}\" stroke-width=\"{stroke_width}\"/>\n",
        px(rect.x),
        px(rect.y),
        px(rect.width),
        px(rect.height)
    )
}
