//! A map as it is drawn: boxes, arrows and words, without places.
//!
//! What `look` makes and the sinks `dot` and `svg` write; it holds no figure to
//! compute with, and its text has passed no escaper yet.

use super::theme::Palette;
use crate::model::Metric;
use crate::model::map::MapKind;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Its id in pictures: `start`, `n3` for stage 3 of [`JourneyMap::nodes`], `left3` for the
    /// exits of that stage. The same whatever is hidden.
    ///
    /// [`JourneyMap::nodes`]: crate::model::JourneyMap::nodes
    pub id: String,
    /// What it stands for.
    pub role: Role,
    /// The name shown, on one line, cut.
    pub name: String,
    /// Figures under the name.
    pub detail: String,
    /// The same for each metric of the drawing, where it has several.
    pub details: Vec<(Metric, String)>,
    /// The ways out and in that are not drawn, at each level of the drawing; empty where
    /// all are.
    pub minor: Vec<String>,
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
    /// The most important of it in words, for who listens.
    pub spoken: String,
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
    /// Dotted: by way of stages that are not drawn.
    Dotted,
}

/// How an arrow looks while one metric is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The metric.
    pub metric: Metric,
    /// The arrow's width in pixels.
    pub width: f64,
    /// Its color.
    pub color: &'static str,
    /// Words on it; empty for none.
    pub label: String,
    /// The words' color.
    pub ink: &'static str,
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
    /// The first level at which it is drawn, from 1.
    pub level: usize,
    /// How it looks for each metric of the drawing, where it has several.
    pub looks: Vec<Look>,
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

/// What a drawing says at one level of detail.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The share of all moves that its transitions stand for.
    pub coverage: f64,
    /// How many transitions are drawn.
    pub transitions: usize,
    /// What is drawn of what, in words.
    pub fact: String,
}

/// A map ready for a sink: boxes, arrows, words; no positions, no escapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// The title.
    pub title: String,
    /// Lines under it: facts, what is drawn of what, bases of percentages.
    pub facts: Vec<String>,
    /// Which of the facts says what is drawn at this level.
    pub drawn_fact: usize,
    /// What colors, widths and signs mean.
    pub legend: Vec<Key>,
    /// The same for each metric, where there are several.
    pub legends: Vec<(Metric, Vec<Key>)>,
    /// The figure that is shown.
    pub metric: Metric,
    /// Levels of detail, the barest first; each holds all of the one before.
    pub levels: Vec<Level>,
    /// The level that is shown, from 1.
    pub level: usize,
    /// Boxes: the start first (if anything is drawn), stages by id, exit stubs.
    pub shapes: Vec<Shape>,
    /// Arrows: starts, transitions by (from, to), exits.
    pub lines: Vec<Line>,
    /// Whether the map shows differences (its boxes are then not shaded).
    pub kind: MapKind,
    /// The colors of its theme.
    pub colors: &'static Palette,
}
