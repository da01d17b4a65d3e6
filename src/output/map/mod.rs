//! Journey maps: which transitions are drawn, in which order, how they look, where.
//!
//! `filter` chooses transitions, `order` says which way is forward, `look` turns
//! figures into the widths, colors (of a `theme`) and words of a `drawing`, which
//! `dot`, `svg`, `mermaid` and `term` write, and `png` by way of `svg`; `graphml` and `gexf` hold
//! the `whole` map with what is drawn as a flag.
//! All figures were counted before: hiding a transition changes no number.

pub mod dot;
pub mod drawing;
mod facts;
mod figures;
pub mod filter;
pub mod gexf;
pub mod graphml;
pub mod hidden;
pub mod labels;
pub mod layout;
pub mod limit;
pub mod look;
pub mod measure;
pub mod mermaid;
pub mod order;
mod paint;
mod places;
#[cfg(feature = "png")]
pub mod png;
pub mod reference;
pub mod svg;
pub mod term;
pub mod theme;
pub mod whole;

pub use drawing::Drawing;
pub use filter::{Keep, Kept};
pub use look::{Room, draw, draw_page, draw_within, left_out};
pub use svg::ROOM;
pub use theme::Theme;

use std::sync::Arc;

use crate::model::JourneyMap;

/// Which way a map flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Top to bottom: best for pages.
    #[default]
    Down,
    /// Left to right: best for slides and few stages.
    Right,
}

/// How maps are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct MapStyle {
    /// Which transitions are drawn.
    pub keep: Keep,
    /// How many stages are drawn, the most visited first; 0 for all. By default as
    /// many as the sink can show.
    pub stages: Option<usize>,
    /// If any: only these stages are drawn, by name. Others are left out of the picture alone:
    /// their ways count as minor flow, and dotted arrows lead past them where drawn stages
    /// would be cut off.
    pub only_stages: Vec<String>,
    /// Stages that are not drawn, likewise.
    pub hide_stages: Vec<String>,
    /// A map whose layout is taken: stages of the same name stand where they stand when that
    /// map is drawn in this style; others beside or below.
    pub layout_from: Option<Arc<JourneyMap>>,
    /// Which way the map flows.
    pub direction: Direction,
    /// How many of the largest exits get a stub of their own; by default 6 on maps
    /// of waits and of lost value, and none elsewhere (each stage has its badge anyway).
    pub exits: Option<usize>,
    /// Which colors the map wears.
    pub theme: Theme,
    /// Pixels of a PNG to a pixel of the SVG.
    pub scale: f64,
    /// A font for letters of a PNG that ours lack, as the bytes of its file.
    pub font: Option<Arc<[u8]>>,
    /// DOT with plain labels, for readers that know no HTML-like ones.
    pub plain_labels: bool,
    /// Characters of a stage's name shown in its box; all of it is in the tooltip.
    pub name_length: usize,
}

impl Default for MapStyle {
    fn default() -> Self {
        Self {
            keep: Keep::default(),
            stages: None,
            only_stages: Vec::new(),
            hide_stages: Vec::new(),
            layout_from: None,
            direction: Direction::Down,
            exits: None,
            theme: Theme::Light,
            scale: 2.0,
            font: None,
            plain_labels: false,
            name_length: 32,
        }
    }
}

impl MapStyle {
    /// This style, with the layout of another map of the same journey, so that the two can
    /// be compared; the layout that the style names already goes before.
    #[must_use]
    pub fn beside(&self, other: &JourneyMap) -> Self {
        let layout_from = self.layout_from.clone().unwrap_or_else(|| Arc::new(other.clone()));
        Self { layout_from: Some(layout_from), ..self.clone() }
    }
}
