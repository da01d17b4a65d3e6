//! How much room a drawing needs: boxes by their words, ways by their labels.
//!
//! A layout is asked with these sizes, and the picture is drawn by the same ones, so that words fit.
//! Knows no place and writes nothing.

use super::{DETAIL, LABEL, MINOR, NAME};
use crate::output::map::drawing::{Line, Role, Shape};
use crate::output::map::layout::{Item, Way};
use crate::output::map::measure::width;
use crate::output::map::paint::rich_width;

/// The size of a box, from its words.
pub(super) fn item(shape: &Shape) -> Item {
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
pub(super) fn hides(shape: &Shape) -> bool {
    shape.minor.iter().any(|it| !it.is_empty())
}

/// Figures under a name, with the share of repeats.
pub(super) fn figures(shape: &Shape, detail: &str) -> String {
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

pub(super) fn badge_width(shape: &Shape) -> f64 {
    shape.badge.as_ref().map_or(0.0, |it| 6.0 + plate_width(&it.text))
}

pub(super) fn plate_width(text: &str) -> f64 {
    rich_width("▼", DETAIL) + rich_width(text, DETAIL) + 9.0
}

/// A line as a layout sees it.
pub(in super::super) fn way(line: &Line) -> Way {
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
pub(super) fn room(line: &Line) -> Option<(f64, f64)> {
    let labels = line.looks.iter().map(|it| it.label.as_str()).chain([line.label.as_str()]);
    let widest = labels.map(label_width).fold(0.0, f64::max);
    (widest > 0.0).then_some((widest, 15.0))
}

pub(super) fn label_width(label: &str) -> f64 {
    if label.is_empty() { 0.0 } else { width(label, LABEL, false) + 8.0 }
}
