//! From figures to boxes and arrows: the drawing that all sinks share.
//!
//! Color is never the only channel: width, dashes, words and badges say the same.
//! Nothing here escapes (that is the sink's) and nothing knows where boxes stand.
//! This file is the scene: what is drawn, put together; the folder makes its boxes and lines.

mod boxes;
mod lines;
mod room;

use super::drawing::{Drawing, Key, Level, Line};
use super::facts;
use super::figures::{self, Scale};
use super::filter::Kept;
use super::hidden::{self, Bridge, Minor};
use super::limit::{Hidden, Shown, limit};
use super::theme::Palette;
use super::{MapStyle, order};
use crate::model::map::MapKind;
use crate::model::{JourneyMap, Metric};
use boxes::start;
pub use room::Room;
use room::levels;

/// Chooses what is drawn of a map and how it looks.
///
/// `most` is how many stages the sink can show, unless the style says otherwise.
pub fn draw(map: &JourneyMap, style: &MapStyle, most: usize) -> Drawing {
    draw_within(map, style, Room { stages: most, asked_stages: most, ..Room::default() })
}

/// The same where a sink has its bounds.
pub fn draw_within(map: &JourneyMap, style: &MapStyle, room: Room) -> Drawing {
    let metrics = vec![(map.metric, map.second)];
    Scene::new(map, style, room, metrics, false).drawing()
}

/// A drawing for a page that switches: all levels of detail, each holding the one before,
/// and all metrics that the data has.
pub fn draw_page(map: &JourneyMap, style: &MapStyle, room: Room) -> Drawing {
    let metrics = Metric::ALL.into_iter().filter(|&it| it == map.metric || has(map, it));
    let second = |it: Metric| if it == map.metric { map.second } else { it.usual_second() };
    let metrics: Vec<_> = match map.kind {
        MapKind::Difference => vec![(map.metric, map.second)],
        _ => metrics.map(|it| (it, second(it))).collect(),
    };
    Scene::new(map, style, room, metrics, true).drawing()
}

/// What a picture leaves out of a map because it could not be read: stages, transitions.
pub fn left_out(map: &JourneyMap, style: &MapStyle, room: Room) -> Vec<String> {
    let scene = Scene::new(map, style, room, Vec::new(), false);
    let facts = |it: &Kept| facts::limits(map, it, &scene.shown.hidden);
    scene.levels.first().map(facts).unwrap_or_default()
}

/// Whether the data says anything of a metric: values need conversions with one, and
/// counted paths have no times.
fn has(map: &JourneyMap, metric: Metric) -> bool {
    !(metric.is_money() || metric.is_wait())
        || map.edges.iter().any(|it| figures::amount(it, metric) > 0.0)
}

/// What is drawn, before any of it looks like anything.
struct Scene<'a> {
    whole: &'a JourneyMap,
    shown: Shown<'a>,
    style: &'a MapStyle,
    colors: &'static Palette,
    /// Metrics with their figures in brackets.
    metrics: Vec<(Metric, Option<Metric>)>,
    scale: Scale,
    ranks: Vec<usize>,
    /// What is drawn at each level, the barest first.
    levels: Vec<Kept>,
    /// Which of them is shown.
    level: usize,
    /// What each level hides at each stage.
    minor: Vec<Vec<Minor>>,
    bridges: Vec<Bridge>,
}

impl<'a> Scene<'a> {
    fn new(
        whole: &'a JourneyMap,
        style: &'a MapStyle,
        room: Room,
        metrics: Vec<(Metric, Option<Metric>)>,
        page: bool,
    ) -> Self {
        let shown = limit(whole, style, room.stages(style, whole));
        let lines = room.lines(style.keep, shown.nodes.len());
        let (mut levels, level) = levels(&shown.map, style.keep, lines, page);
        let mut bridges = Vec::new();
        for kept in &mut levels {
            // The same at each level: what holds the map together is part of all of them.
            bridges = hidden::bridges(whole, &shown, kept);
        }
        let minor = levels.iter().map(|it| hidden::minor(whole, &shown, it)).collect();
        let (scale, ranks) = (Scale::new(whole), order::ranks(&shown.map));
        let colors = style.theme.palette();
        Self { whole, shown, style, colors, metrics, scale, ranks, levels, level, minor, bridges }
    }

    fn drawing(&self) -> Drawing {
        let (map, colors) = (self.shown.map.as_ref(), self.colors);
        let (mut shapes, mut lines) = (Vec::new(), Vec::new());
        if !map.nodes.is_empty() {
            shapes.push(start(map, colors));
        }
        shapes.extend((0..map.nodes.len()).map(|it| self.stage(it)));
        for &id in self.levels.last().map_or(&[][..], |it| &it.starts) {
            lines.push(self.start_line(id));
        }
        lines.extend(self.bridges.iter().map(|it| self.bridge(it)));
        for &id in self.levels.last().map_or(&[][..], |it| &it.edges) {
            lines.push(self.line(id));
        }
        let stubs = self.stubs(&mut shapes, &mut lines);
        let levels: Vec<Level> = self.levels.iter().map(|it| self.level(it, stubs)).collect();
        let mut facts = map.subtitle.clone();
        facts.push(facts::sizes(map));
        let drawn_fact = facts.len();
        facts.push(levels.get(self.level).map_or_else(String::new, |it| it.fact.clone()));
        if let Some(kept) = self.levels.get(self.level) {
            facts.extend(facts::limits(self.whole, kept, &self.shown.hidden));
        }
        let mut legends: Vec<_> =
            self.metrics.iter().map(|&it| (it.0, self.legend(it, &lines))).collect();
        let legend = legends.iter().find(|it| it.0 == map.metric).map(|it| it.1.clone());
        if legends.len() == 1 {
            legends.clear();
        }
        Drawing {
            title: map.title.clone(),
            facts,
            drawn_fact,
            legend: legend.unwrap_or_default(),
            legends,
            metric: map.metric,
            levels,
            level: self.level + 1,
            shapes,
            lines,
            kind: map.kind,
            colors,
        }
    }

    fn level(&self, kept: &Kept, stubs: (usize, u64)) -> Level {
        let (map, hidden): (&JourneyMap, &Hidden) = (&self.shown.map, &self.shown.hidden);
        Level {
            coverage: facts::coverage(kept, hidden),
            transitions: kept.edges.len(),
            fact: facts::drawn(map, kept, hidden, stubs),
        }
    }

    fn legend(&self, metric: (Metric, Option<Metric>), lines: &[Line]) -> Vec<Key> {
        let mut keys = facts::legend(&self.shown.map, metric, self.colors);
        if self.shown.map.kind != MapKind::Difference && !metric.0.is_wait() {
            // A sign that the map does not show needs no explanation.
            let wears = |it: &Line| match it.looks.iter().find(|it| it.metric == metric.0) {
                Some(look) => look.color,
                None => it.color,
            };
            keys.retain(|key| match key.color {
                Some((color, _)) => lines.iter().any(|it| wears(it) == color),
                None => true,
            });
        }
        let minor = self.minor.iter().flatten().any(|it| *it != Minor::default());
        keys.extend(facts::hidden_keys(minor, !self.bridges.is_empty(), self.colors));
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::drawing::{Dash, Role};
    use super::super::theme::{self, Theme};
    use super::*;

    #[test]
    fn the_shop_reads_as_its_figures_say() {
        let drawing = draw(&sample::shop(MapKind::Frequency), &MapStyle::default(), 0);
        let product = &drawing.shapes[9];
        assert_eq!((product.name.as_str(), product.detail.as_str()), ("Product page", "37k · 62%"));
        assert_eq!(product.repeats.as_deref(), Some("12%"));
        assert_eq!(product.badge.as_ref().map(|it| it.text.as_str()), Some("20%"));
        assert_eq!(product.fill, "#2171b5");
        assert!(product.tooltip.contains("smaller ways out not drawn: "), "{}", product.tooltip);
        let goal = &drawing.shapes[21];
        assert_eq!(goal.role, Role::Goal);
        assert_eq!(goal.detail, "7.9k · 13% of customers");
        let cart = drawing.lines.iter().find(|it| (it.from, it.to) == (9, 13)).unwrap();
        assert_eq!(cart.label, "13k (20%)");
        assert!(drawing.facts[2].contains("transitions drawn ="), "{:?}", drawing.facts);
        assert!(drawing.facts[1].contains("52,087 left (86.2 %)"), "{:?}", drawing.facts);
    }

    #[test]
    fn waits_have_stubs_and_differences_have_words() {
        let wait = draw(&sample::shop(MapKind::Wait), &MapStyle::default(), 0);
        assert_eq!(wait.shapes.iter().filter(|it| it.role == Role::Left).count(), 6);
        assert!(wait.lines.iter().any(|it| it.label == "43 min (6.6k)"));
        let change = draw(&sample::shop(MapKind::Difference), &MapStyle::default(), 0);
        let Palette { more, less, .. } = *change.colors;
        for line in &change.lines {
            let colored = line.color == more || line.color == less;
            assert_eq!(colored, !line.label.is_empty());
            assert_eq!(line.color == less, line.dash == Dash::Dashed);
        }
        assert!(change.lines.iter().any(|it| it.color == more));
        assert!(change.lines.iter().any(|it| it.color == less));
    }

    #[test]
    fn all_words_can_be_read_in_every_theme() {
        for (name, theme) in theme::NAMES {
            for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
                let mut map = sample::shop(kind);
                for (id, node) in map.nodes.iter_mut().enumerate() {
                    node.visits = 3u64.pow(id as u32 % 12);
                }
                let drawing = draw(&map, &MapStyle { theme, ..MapStyle::default() }, 0);
                let paper = drawing.colors.paper;
                let mut pairs: Vec<(&str, &str)> =
                    drawing.lines.iter().map(|it| (it.ink, paper)).collect();
                for shape in &drawing.shapes {
                    pairs.push((shape.ink, shape.fill));
                    let badge = shape.badge.iter();
                    pairs.extend(badge.map(|it| (it.ink, it.fill.unwrap_or(shape.fill))));
                }
                for (ink, paper) in pairs {
                    let contrast = theme::contrast(ink, paper).unwrap();
                    assert!(contrast >= 4.5, "{name}: {ink} on {paper}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn borders_say_in_print_what_shades_say_elsewhere() {
        let style = MapStyle { theme: Theme::Print, ..MapStyle::default() };
        let print = draw(&sample::shop(MapKind::Frequency), &style, 0);
        let light = draw(&sample::shop(MapKind::Frequency), &MapStyle::default(), 0);
        let (busy, quiet) = (&print.shapes[9], &print.shapes[14]);
        assert!(busy.border > quiet.border && busy.fill == quiet.fill);
        assert!(light.shapes[9].border == light.shapes[14].border);
        assert!(print.legend.iter().any(|it| it.text == "Box border = visits"));
    }

    #[test]
    fn an_empty_map_has_no_box_and_says_so() {
        let drawing = draw(&JourneyMap::default(), &MapStyle::default(), 0);
        assert!(drawing.shapes.is_empty() && drawing.lines.is_empty());
        assert!(drawing.facts[1].starts_with("0 of 0 transitions"));
    }
}
