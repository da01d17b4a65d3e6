//! A map as it is drawn: boxes, arrows and words, without places.
//!
//! What `look` makes and the sinks `dot` and `svg` write; it holds no figure to
//! compute with, and its text has passed no escaper yet.

use super::theme::Palette;
use crate::model::map::MapKind;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Where journeys begin: no stage.
    Start,
    /// A stage.
    Stage,
    /// A goal stage.
    Goal,
    /// The stub of one stage's exits: no stage.
    Left,
}

/// A small plate in a box: the share that leaves, or how it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The words after the `▼`.
    pub text: String,
    /// The plate; none where nothing changed.
    pub fill: Option<&'static str>,
    /// The words' color.
    pub ink: &'static str,
}

/// A box of the drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// What it stands for.
    pub role: Role,
    /// The name shown, on one line, cut.
    pub name: String,
    /// Figures under the name.
    pub detail: String,
    /// The share of visits repeated at once, where worth showing.
    pub repeats: Option<String>,
    /// Exits.
    pub badge: Option<Badge>,
    /// The box' color.
    pub fill: &'static str,
    /// The words' color.
    pub ink: &'static str,
    /// The border's width in pixels.
    pub border: f64,
    /// All of it in words, with the whole name.
    pub tooltip: String,
    /// Its place in the flow, 0 first.
    pub rank: usize,
}

/// How a line is stroked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    /// Solid.
    Solid,
    /// Dashed.
    Dashed,
}

/// An arrow of the drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The position of its first box in [`Drawing::shapes`].
    pub from: usize,
    /// The position of its second box.
    pub to: usize,
    /// Its width in pixels.
    pub width: f64,
    /// Its color.
    pub color: &'static str,
    /// How it is stroked.
    pub dash: Dash,
    /// Words on it; empty for none.
    pub label: String,
    /// The words' color.
    pub ink: &'static str,
    /// Whether it points against the flow.
    pub back: bool,
    /// How much it should be short and straight: 1 to 60.
    pub weight: u32,
    /// All of it in words.
    pub tooltip: String,
}

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The sample line's color; none for words alone.
    pub color: Option<(&'static str, Dash)>,
    /// What it means.
    pub text: String,
}

/// A map ready for a sink: boxes, arrows, words; no positions, no escapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// The title.
    pub title: String,
    /// Lines under it: facts, what is drawn of what, bases of percentages.
    pub facts: Vec<String>,
    /// What colors, widths and signs mean.
    pub legend: Vec<Key>,
    /// Boxes: the start first (if anything is drawn), stages by id, exit stubs.
    pub shapes: Vec<Shape>,
    /// Arrows: starts, transitions by (from, to), exits.
    pub lines: Vec<Line>,
    /// Whether the map shows differences (its boxes are then not shaded).
    pub kind: MapKind,
    /// The colors of its theme.
    pub colors: &'static Palette,
}
