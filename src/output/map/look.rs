//! From figures to boxes and arrows: the drawing that all sinks share.
//!
//! Color is never the only channel: width, dashes, words and badges say the same.
//! Nothing here escapes (that is the sink's) and nothing knows where boxes stand.

use super::super::escape::one_line;
use super::super::format::{percent, short, short_money};
use super::drawing::{Badge, Dash, Drawing, Level, Line, Look, Role, Shape};
use super::facts::{self, ratio};
use super::figures::{self, Scale, THIN, breadth, weight};
use super::filter::{Keep, Kept, Ranking};
use super::hidden::{self, Bridge, Minor};
use super::limit::{Hidden, Shown, limit};
use super::theme::Palette;
use super::{MapStyle, order};
use crate::base::numerals::{count, counted};
use crate::model::map::MapKind;
use crate::model::{JourneyMap, MapEdge, MapNode, Metric};

/// How much a sink can show; 0 is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Stages of a map of many that it shows where nobody chose anything.
    pub stages: usize,
    /// Stages that it shows where transitions were chosen, but not how many stages.
    pub asked_stages: usize,
    /// Stages that it shows at most, whatever the style says.
    pub most_stages: usize,
    /// Transitions that it shows at most, beside those that hold the map together.
    pub most_lines: usize,
}

/// Up to so many stages all of them are drawn.
const FEW: usize = 50;
/// Of more stages at least so many are drawn.
const FEWEST: usize = 12;
/// And no more than hold this share of all visits.
const BUSIEST: f64 = 0.8;

/// How many stages hold most of all visits.
fn busiest(map: &JourneyMap) -> usize {
    let mut visits: Vec<u64> = map.nodes.iter().map(|it| it.visits).collect();
    visits.sort_unstable_by(|a, b| b.cmp(a));
    let enough = visits.iter().sum::<u64>() as f64 * BUSIEST;
    let mut seen = 0;
    let before = visits.iter().take_while(|&&it| {
        let short = (seen as f64) < enough;
        seen += it;
        short
    });
    before.count()
}

impl Room {
    /// What people can read in one picture, and as much as a program that draws can place if
    /// they ask for more.
    pub const READABLE: Self =
        Self { stages: 30, asked_stages: 1000, most_stages: 0, most_lines: 0 };

    /// The most stages of a map that are drawn.
    fn stages(self, style: &MapStyle, map: &JourneyMap) -> usize {
        let bound = |it: usize| if it == 0 { usize::MAX } else { it };
        let stages = match (style.stages, style.keep) {
            (Some(stages), _) => stages,
            (None, Keep::Significant(_)) if map.nodes.len() > FEW => match self.stages {
                0 => 0,
                most => most.min(busiest(map).max(FEWEST)),
            },
            (None, _) => self.asked_stages,
        };
        bound(stages).min(bound(self.most_stages))
    }

    /// The most transitions that are drawn of a map with so many stages.
    fn lines(self, keep: Keep, stages: usize) -> usize {
        let most = if self.most_lines == 0 { usize::MAX } else { self.most_lines };
        match keep {
            // Nobody chose: a picture that can be read.
            Keep::Significant(_) if self.stages > 0 => most.min(READABLE.max(2 * stages)),
            _ => most,
        }
    }
}

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

/// The levels of detail of a page: shares of all moves, beside what the style draws.
const LEVELS: [f64; 8] = [0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 1.0];
/// So many transitions can be read however few the stages.
const READABLE: usize = 60;

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

    fn legend(&self, metric: (Metric, Option<Metric>), lines: &[Line]) -> Vec<super::drawing::Key> {
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

    fn id(&self, place: usize) -> String {
        format!("n{}", self.shown.nodes[place])
    }

    fn stage(&self, place: usize) -> Shape {
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

    /// The first level at which a transition is drawn, from 1.
    fn level_of(&self, edge: usize) -> usize {
        let drawn = |it: &Kept| it.edges.binary_search(&edge).is_ok();
        self.levels.iter().position(drawn).unwrap_or(self.levels.len()) + 1
    }

    fn start_line(&self, id: usize) -> Line {
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

    fn bridge(&self, bridge: &Bridge) -> Line {
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

    fn line(&self, id: usize) -> Line {
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

    /// Stubs of the largest exits; how many, and the exits they stand for.
    fn stubs(&self, shapes: &mut Vec<Shape>, lines: &mut Vec<Line>) -> (usize, u64) {
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

/// What is drawn at each level, the barest first, and which level the style asks for.
fn levels(map: &JourneyMap, keep: Keep, most: usize, page: bool) -> (Vec<Kept>, usize) {
    let ranking = Ranking::new(map, keep);
    let chosen = ranking.kept(keep, most);
    if !page {
        return (vec![chosen], 0);
    }
    let room = (chosen.edges.len() * 3 / 2).max(READABLE).min(most.max(chosen.edges.len()));
    let mut levels = vec![ranking.bare()];
    levels.extend(LEVELS.map(|it| ranking.kept(Keep::Coverage(it), usize::MAX)));
    levels.retain(|it| it.edges.len() <= room);
    levels.push(chosen.clone());
    levels.sort_by_key(|it| it.edges.len());
    // A few more or less are no level of their own: the chosen one stays, else the barest.
    let size = |it: &Kept| it.edges.len();
    let mut kept: Vec<Kept> = Vec::new();
    for level in levels {
        match kept.last_mut() {
            Some(last) if size(&level) < size(last) + (size(last) / 10).max(2) => {
                if size(&level) == size(&chosen) {
                    *last = level;
                }
            }
            _ => kept.push(level),
        }
    }
    let level = kept.iter().position(|it| size(it) == size(&chosen)).unwrap_or(0);
    (kept, level)
}

/// A line that says nothing yet.
fn plain((from, to): (usize, usize), colors: &Palette) -> Line {
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

fn start(map: &JourneyMap, colors: &Palette) -> Shape {
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

#[cfg(test)]
mod tests {
    use super::super::super::sample;
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
