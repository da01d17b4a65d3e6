//! Ways as elements: arrows with their heads, and labels on plates.
//!
//! Where an arrow runs and where its label lies was settled before.

use super::size::label_width;
use super::{LABEL, Picture, off};
use crate::output::escape;
use crate::output::map::drawing::{Line, Look};
use crate::output::map::labels::Rect;
use crate::output::map::layout::Point;
use crate::output::map::paint::{dashes, px, rounded, text};

impl Picture<'_> {
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
    pub(super) fn arrow(&self, line: &Line, route: &[Point]) -> String {
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

    /// The labels of a way on white plates.
    pub(super) fn labels(&self, line: &Line, rect: &Rect) -> String {
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
