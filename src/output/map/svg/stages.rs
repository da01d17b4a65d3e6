//! Boxes as elements: the start, stages and goals with their figures, stubs of exits.
//!
//! Where a box stands and how large it is was settled before.

use super::size::{badge_width, figures, hides, plate_width};
use super::{DETAIL, MINOR, NAME, Picture, off};
use crate::model::Metric;
use crate::output::escape;
use crate::output::map::drawing::{Role, Shape};
use crate::output::map::labels::Rect;
use crate::output::map::layout::Point;
use crate::output::map::paint::{plate, px, rich, rich_width, text};
use crate::output::map::theme::Palette;

impl Picture<'_> {
    pub(super) fn shape(&self, shape: &Shape, rect: &Rect) -> String {
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
