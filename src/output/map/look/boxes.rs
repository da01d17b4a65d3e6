//! Stages, the start and stubs of exits as boxes: colors, words and badges.
//!
//! Where they stand and how large they are is the sink's business.

use super::Scene;
use super::lines::plain;
use crate::base::numerals::{count, counted};
use crate::model::map::MapKind;
use crate::model::{JourneyMap, MapNode, Metric};
use crate::output::escape::one_line;
use crate::output::format::{percent, short, short_money};
use crate::output::map::drawing::{Badge, Line, Role, Shape};
use crate::output::map::facts::{self, ratio};
use crate::output::map::figures::breadth;
use crate::output::map::hidden::Minor;
use crate::output::map::theme::Palette;

impl Scene<'_> {
    fn id(&self, place: usize) -> String {
        format!("n{}", self.shown.nodes[place])
    }

    pub(super) fn stage(&self, place: usize) -> Shape {
        let (map, colors, style) = (self.shown.map.as_ref(), self.colors, self.style);
        let node = &map.nodes[place];
        let shade = shade(node.visits, self.scale.visits());
        let (fill, ink) = match (node.goal, map.kind) {
            (true, _) => (colors.goal, colors.goal_ink),
            (_, MapKind::Difference) => (colors.flat, colors.flat_ink),
            _ => colors.shades()[shade],
        };
        let shaded = colors.outlined && map.kind != MapKind::Difference;
        let repeats = ratio(node.repeats, node.visits).filter(|&it| it >= 0.05).map(percent);
        let minor = |level: &Vec<Minor>| facts::minor_words(&level[place], node.visits);
        let hides = facts::minor_tooltip(&self.minor[self.level][place], node.visits);
        let details = if self.metrics.len() > 1 { &self.metrics[..] } else { &[] };
        Shape {
            id: self.id(place),
            role: if node.goal { Role::Goal } else { Role::Stage },
            name: one_line(&node.name, style.name_length.max(4)),
            detail: facts::detail(map, node, map.metric),
            details: details.iter().map(|it| (it.0, facts::detail(map, node, it.0))).collect(),
            minor: self.minor.iter().map(minor).collect(),
            repeats,
            badge: badge(map.kind, node, colors),
            fill,
            ink,
            border: if shaded { 0.7 + 0.45 * shade as f64 } else { 1.1 },
            tooltip: facts::stage_words(map, node) + &hides,
            spoken: facts::spoken(map, node),
            rank: self.ranks[place] + 1,
        }
    }

    /// Stubs of the largest exits; how many, and the exits they stand for.
    pub(super) fn stubs(&self, shapes: &mut Vec<Shape>, lines: &mut Vec<Line>) -> (usize, u64) {
        let (map, colors) = (self.shown.map.as_ref(), self.colors);
        let lost = map.metric == Metric::Lost && map.kind != MapKind::Difference;
        let usual = if map.kind == MapKind::Wait || lost { 6 } else { 0 };
        let mut largest: Vec<usize> =
            (0..map.nodes.len()).filter(|&it| map.nodes[it].exits > 0).collect();
        largest.sort_by_key(|&it| {
            let node = &map.nodes[it];
            (std::cmp::Reverse(if lost { node.lost } else { 0 }), std::cmp::Reverse(node.exits), it)
        });
        largest.truncate(self.style.exits.unwrap_or(usual));
        for &id in &largest {
            let node = &map.nodes[id];
            let (words, shape) = stub(map, node, lost, colors);
            let width = match lost {
                true => breadth(node.lost.max(0) as f64, self.scale.most(Metric::Lost)).min(6.5),
                false => breadth(node.exits as f64, self.scale.most(Metric::Moves)).min(6.5),
            };
            lines.push(Line {
                width,
                color: colors.left_line,
                ink: colors.ink,
                tooltip: words,
                ..plain((id + 1, shapes.len()), colors)
            });
            let id_of_stub = format!("left{}", self.shown.nodes[id]);
            shapes.push(Shape { id: id_of_stub, rank: self.ranks[id] + 2, ..shape });
        }
        (largest.len(), largest.iter().map(|&it| map.nodes[it].exits).sum())
    }
}

pub(super) fn start(map: &JourneyMap, colors: &Palette) -> Shape {
    let words = format!("Start: {}", counted(map.journeys, "journey"));
    Shape {
        id: "start".to_owned(),
        role: Role::Start,
        name: "Start".to_owned(),
        detail: String::new(),
        details: Vec::new(),
        minor: Vec::new(),
        repeats: None,
        badge: None,
        fill: colors.start,
        ink: colors.start_ink,
        border: 1.1,
        tooltip: words.clone(),
        spoken: words,
        rank: 0,
    }
}

/// The words and the box of a stage's exits.
fn stub(map: &JourneyMap, node: &MapNode, lost: bool, colors: &Palette) -> (String, Shape) {
    let mut words = format!("{} left at {}", count(node.exits), node.name);
    let mut name = format!("left: {}", short(node.exits));
    if lost {
        name.push_str(&format!(" · ≈ {} lost", short_money(node.lost, map.currency)));
        let exact = crate::base::numerals::money(node.lost, map.currency);
        words.push_str(&format!("; estimate of value lost {exact}"));
    } else if let Some(share) = ratio(node.exits, node.visits) {
        name.push_str(&format!(" · {}", percent(share)));
    }
    let shape = Shape {
        role: Role::Left,
        name,
        fill: colors.left,
        ink: colors.left_ink,
        border: 1.0,
        tooltip: words.clone(),
        spoken: words.clone(),
        ..start(map, colors)
    };
    (words, shape)
}

/// Which of the seven shades a box wears, by the logarithm of its visits.
fn shade(visits: u64, most: f64) -> usize {
    let level = (visits as f64).ln_1p() / most.ln_1p();
    let place = ((level - 0.55) / 0.45).clamp(0.0, 1.0);
    (place * 6.0).round() as usize
}

fn badge(kind: MapKind, node: &MapNode, colors: &Palette) -> Option<Badge> {
    if kind == MapKind::Difference {
        // As for transitions: what does not stand after adjustment is not shown as a change.
        let change = node.exit_change.filter(|it| it.significant && !node.goal)?;
        let change = change.share_b - change.share_a;
        let (fill, ink) = match change < 0.0 {
            true => (colors.fewer, colors.fewer_ink),
            false => (colors.many, colors.many_ink),
        };
        return Some(Badge { text: format!("{:+.1} pt", change * 100.0), fill: Some(fill), ink });
    }
    let share = ratio(node.exits, node.visits).filter(|_| node.exits > 0)?;
    let (fill, ink) = match share {
        it if it < 0.2 => (colors.few, colors.few_ink),
        it if it < 0.3 => (colors.some, colors.some_ink),
        _ => (colors.many, colors.many_ink),
    };
    Some(Badge { text: percent(share), fill: Some(fill), ink })
}
