//! Transitions, starts and bridges as arrows: widths, colors, dashes and labels.
//!
//! Which of them are drawn was chosen before; where they run is the sink's business.

use super::Scene;
use crate::base::numerals::counted;
use crate::model::map::MapKind;
use crate::model::{MapEdge, Metric};
use crate::output::map::drawing::{Dash, Line, Look};
use crate::output::map::facts;
use crate::output::map::figures::{self, THIN, weight};
use crate::output::map::filter::Kept;
use crate::output::map::hidden::Bridge;
use crate::output::map::theme::Palette;

impl Scene<'_> {
    /// The first level at which a transition is drawn, from 1.
    fn level_of(&self, edge: usize) -> usize {
        let drawn = |it: &Kept| it.edges.binary_search(&edge).is_ok();
        self.levels.iter().position(drawn).unwrap_or(self.levels.len()) + 1
    }

    pub(super) fn start_line(&self, id: usize) -> Line {
        let (map, colors) = (self.shown.map.as_ref(), self.colors);
        let starts = map.nodes[id].starts;
        let color = if map.kind == MapKind::Difference { colors.same } else { colors.line };
        let width = |metric| figures::start_width(map, id, metric, &self.scale);
        let several = if self.metrics.len() > 1 { &self.metrics[..] } else { &[] };
        let look = |metric| Look {
            metric,
            width: width(metric),
            color,
            label: String::new(),
            ink: colors.ink,
        };
        Line {
            width: width(map.metric),
            color,
            ink: colors.ink,
            weight: weight(starts, self.scale.most(Metric::Moves)),
            looks: several.iter().map(|it| look(it.0)).collect(),
            tooltip: format!(
                "Start → {}: {} {} here",
                map.nodes[id].name,
                counted(starts, "journey"),
                if starts == 1 { "begins" } else { "begin" }
            ),
            ..plain((0, id + 1), colors)
        }
    }

    pub(super) fn bridge(&self, bridge: &Bridge) -> Line {
        let map = self.shown.map.as_ref();
        let from = bridge.from.map_or("Start", |it| map.nodes[it].name.as_str());
        let names = bridge.through.iter().map(|&it| self.whole.nodes[it].name.as_str());
        Line {
            dash: Dash::Dotted,
            width: 1.4,
            back: bridge.from.is_some_and(|it| self.ranks[it] > self.ranks[bridge.to]),
            tooltip: format!(
                "{from} → {} by way of stages that are not drawn: {}",
                map.nodes[bridge.to].name,
                names.collect::<Vec<_>>().join(" → "),
            ),
            ..plain((bridge.from.map_or(0, |it| it + 1), bridge.to + 1), self.colors)
        }
    }

    pub(super) fn line(&self, id: usize) -> Line {
        let (map, colors) = (self.shown.map.as_ref(), self.colors);
        let edge: &MapEdge = &map.edges[id];
        let back = self.ranks[edge.from] > self.ranks[edge.to];
        let look = |it| figures::look(map, edge, it, back, &self.scale, colors);
        let mut dash = if back { Dash::Dashed } else { Dash::Solid };
        let shown = match map.kind {
            MapKind::Difference => {
                let (look, kind) = figures::change(edge, colors);
                dash = kind;
                look
            }
            _ => look((map.metric, map.second)),
        };
        let several = if self.metrics.len() > 1 { &self.metrics[..] } else { &[] };
        Line {
            width: shown.width,
            color: shown.color,
            dash,
            label: shown.label,
            ink: shown.ink,
            back,
            weight: if back { 1 } else { weight(edge.moves, self.scale.most(Metric::Moves)) },
            level: self.level_of(id),
            looks: several.iter().map(|&it| look(it)).collect(),
            tooltip: facts::line_words(map, edge),
            ..plain((edge.from + 1, edge.to + 1), colors)
        }
    }
}

/// A line that says nothing yet.
pub(super) fn plain((from, to): (usize, usize), colors: &Palette) -> Line {
    Line {
        from,
        to,
        width: THIN,
        color: colors.line,
        dash: Dash::Solid,
        label: String::new(),
        ink: colors.ink,
        back: false,
        weight: 1,
        level: 1,
        looks: Vec::new(),
        tooltip: String::new(),
    }
}
