//! From figures to widths, colors and words: the drawing that DOT and SVG share.
//!
//! Color is never the only channel: width, dashes, words and badges say the same.
//! Nothing here escapes (that is the sink's) and nothing knows where boxes stand.

use crate::base::Span;
use crate::base::numerals::{count, counted};
use crate::model::map::MapKind;
use crate::model::{JourneyMap, MapEdge, MapNode};

use super::super::escape::one_line;
use super::super::format::{percent, short};
use super::drawing::{Badge, Dash, Drawing, Key, Line, Role, Shape};
use super::limit::{Hidden, limit};
use super::theme::Palette;
use super::{Kept, MapStyle, filter, order};

/// Waits: up to this many seconds, and in words.
const WAITS: [(i64, &str); 4] =
    [(600, "under 10 min"), (3_600, "10–60 min"), (86_400, "1–24 h"), (i64::MAX, "over a day")];

/// Chooses what is drawn of a map and how it looks.
///
/// `most` is how many stages the sink can show, unless the style says otherwise.
pub fn draw(map: &JourneyMap, style: &MapStyle, most: usize) -> Drawing {
    let (map, hidden) = limit(map, style.stages.unwrap_or(most));
    let map = map.as_ref();
    let kept = filter::filter(map, style.keep);
    let ranks = order::ranks(map);
    let colors = style.theme.palette();
    let mut drawing = Drawing {
        title: map.title.clone(),
        facts: Vec::new(),
        legend: legend(map.kind, colors),
        shapes: Vec::new(),
        lines: Vec::new(),
        kind: map.kind,
        colors,
    };
    if !map.nodes.is_empty() {
        drawing.shapes.push(start(map, colors));
    }
    let most_visits = map.nodes.iter().map(|it| it.visits).max().unwrap_or(0);
    for (node, rank) in map.nodes.iter().zip(&ranks) {
        drawing.shapes.push(stage(map, node, *rank, most_visits, style));
    }
    let widest = widest(map);
    for &id in &kept.starts {
        drawing.lines.push(start_line(map, id, widest, colors));
    }
    for &id in &kept.edges {
        let edge = &map.edges[id];
        let back = ranks[edge.from] > ranks[edge.to];
        drawing.lines.push(line(map, edge, back, widest, colors));
    }
    let default = if map.kind == MapKind::Wait { 6 } else { 0 };
    tell_hidden(map, &kept, &mut drawing.shapes);
    let stubs = stubs(map, style.exits.unwrap_or(default), widest, &ranks, &mut drawing);
    drawing.facts = facts(map, &kept, &hidden, stubs);
    if map.kind == MapKind::Frequency {
        // A sign that the map does not show needs no explanation.
        let lines = &drawing.lines;
        drawing.legend.retain(|key| match key.color {
            Some((color, _)) => lines.iter().any(|it| it.color == color),
            None => true,
        });
    }
    drawing
}

/// Says at each stage what its ways that are not drawn amount to: hiding is never silent.
fn tell_hidden(map: &JourneyMap, kept: &Kept, shapes: &mut [Shape]) {
    let mut hidden = vec![(0u64, 0u64); map.nodes.len()];
    for (id, edge) in map.edges.iter().enumerate() {
        if kept.edges.binary_search(&id).is_err() {
            hidden[edge.from].0 += 1;
            hidden[edge.from].1 += edge.moves;
        }
    }
    // The first shape is the start.
    for ((node, (ways, moves)), shape) in
        map.nodes.iter().zip(hidden).zip(shapes.iter_mut().skip(1))
    {
        if ways > 0 {
            let share = ratio(moves, node.visits).map_or_else(String::new, percent);
            let count = count(moves);
            shape.tooltip.push_str(&format!(
                "; {ways} smaller ways out are not drawn: {count} moves ({share} of visits)"
            ));
        }
    }
}

/// The most that any arrow stands for.
fn widest(map: &JourneyMap) -> u64 {
    let moves = map.edges.iter().map(|it| it.moves).max().unwrap_or(0);
    let starts = map.nodes.iter().map(|it| it.starts).max().unwrap_or(0);
    moves.max(starts).max(1)
}

/// Square root, so that ink is to a count as area is: 344 stays thin beside 13,000 and is seen.
fn breadth(count: u64, widest: u64) -> f64 {
    0.8 + 5.7 * (count as f64 / widest as f64).sqrt()
}

fn weight(count: u64, widest: u64) -> u32 {
    1 + (59.0 * count as f64 / widest as f64).round() as u32
}

fn start(map: &JourneyMap, colors: &Palette) -> Shape {
    Shape {
        role: Role::Start,
        name: "Start".to_owned(),
        detail: String::new(),
        repeats: None,
        badge: None,
        fill: colors.start,
        ink: colors.start_ink,
        border: 1.1,
        tooltip: format!("Start: {}", counted(map.journeys, "journey")),
        rank: 0,
    }
}

fn stage(map: &JourneyMap, node: &MapNode, rank: usize, most: u64, style: &MapStyle) -> Shape {
    let of_all = |part: u64| ratio(part, map.customers).map(percent);
    let colors = style.theme.palette();
    let shade = shade(node.visits, most);
    let (fill, ink) = match (node.goal, map.kind) {
        (true, _) => (colors.goal, colors.goal_ink),
        (_, MapKind::Difference) => (colors.flat, colors.flat_ink),
        _ => colors.shades()[shade],
    };
    let shaded = colors.outlined && map.kind != MapKind::Difference;
    let border = if shaded { 0.7 + 0.45 * shade as f64 } else { 1.1 };
    let mut detail = short(node.customers);
    if let Some(share) = of_all(node.customers) {
        detail.push_str(&format!(" · {share}"));
        if node.goal {
            detail.push_str(" of customers");
        }
    }
    let repeats = ratio(node.repeats, node.visits).filter(|&it| it >= 0.05).map(percent);
    Shape {
        role: if node.goal { Role::Goal } else { Role::Stage },
        name: one_line(&node.name, style.name_length.max(4)),
        detail,
        repeats,
        badge: badge(map.kind, node, colors),
        fill,
        ink,
        border,
        tooltip: stage_words(node),
        rank: rank + 1,
    }
}

fn ratio(part: u64, base: u64) -> Option<f64> {
    (base > 0).then(|| part as f64 / base as f64)
}

/// Which of the seven shades a box wears, by the logarithm of its visits.
fn shade(visits: u64, most: u64) -> usize {
    let level = (visits as f64).ln_1p() / (most.max(1) as f64).ln_1p();
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

fn stage_words(node: &MapNode) -> String {
    let mut words = format!(
        "{}: {}, {}, {} left here",
        node.name,
        counted(node.customers, "customer"),
        counted(node.visits, "visit"),
        count(node.exits),
    );
    if let Some(share) = ratio(node.exits, node.visits) {
        words.push_str(&format!(" ({} of visits)", percent(share)));
    }
    if node.repeats > 0 {
        words.push_str(&format!(", {} repeated at once", count(node.repeats)));
    }
    if node.open > 0 {
        words.push_str(&format!(", {} still open", count(node.open)));
    }
    if node.completed > 0 {
        words.push_str(&format!(", {} completed here", count(node.completed)));
    }
    words
}

fn start_line(map: &JourneyMap, id: usize, widest: u64, colors: &Palette) -> Line {
    let starts = map.nodes[id].starts;
    let plain = map.kind == MapKind::Difference;
    Line {
        from: 0,
        to: id + 1,
        width: if plain { 0.9 } else { breadth(starts, widest) },
        color: if plain { colors.same } else { colors.line },
        dash: Dash::Solid,
        label: String::new(),
        ink: colors.ink,
        back: false,
        weight: weight(starts, widest),
        tooltip: format!(
            "Start → {}: {} {} here",
            map.nodes[id].name,
            counted(starts, "journey"),
            if starts == 1 { "begins" } else { "begin" }
        ),
    }
}

fn line(map: &JourneyMap, edge: &MapEdge, back: bool, widest: u64, colors: &Palette) -> Line {
    let goal = map.nodes[edge.to].goal;
    let mut line = Line {
        from: edge.from + 1,
        to: edge.to + 1,
        width: breadth(edge.moves, widest),
        color: colors.line,
        dash: if back { Dash::Dashed } else { Dash::Solid },
        label: String::new(),
        ink: colors.line_ink,
        back,
        weight: if back { 1 } else { weight(edge.moves, widest) },
        tooltip: line_words(map, edge),
    };
    match map.kind {
        MapKind::Frequency => {
            line.label = format!("{} · {}", short(edge.moves), percent(edge.share));
            if back {
                (line.color, line.ink) = (colors.back, colors.back_ink);
            } else if goal {
                line.color = colors.goal_line;
            }
        }
        MapKind::Wait => {
            (line.color, line.ink) = colors.waits()[bucket(edge.wait_median)];
            line.label = edge.wait_median.human();
        }
        MapKind::Difference => change_line(edge, &mut line, colors),
    }
    line
}

fn change_line(edge: &MapEdge, line: &mut Line, colors: &Palette) {
    (line.color, line.width, line.dash) = (colors.same, 0.9, Dash::Solid);
    let Some(change) = edge.change.filter(|it| it.significant) else { return };
    let delta = change.share_b - change.share_a;
    line.width = 1.4 + (delta.abs() * 45.0).min(5.0);
    (line.color, line.ink, line.dash) = match delta >= 0.0 {
        true => (colors.more, colors.more_ink, Dash::Solid),
        false => (colors.less, colors.less_ink, Dash::Dashed),
    };
    let (a, b) = (change.share_a * 100.0, change.share_b * 100.0);
    line.label = format!("{a:.0} → {b:.0}% ({:+.1})", delta * 100.0);
}

/// Which of the four lengths of waits this is.
fn bucket(wait: Span) -> usize {
    let seconds = wait.as_seconds();
    WAITS.iter().position(|it| seconds < it.0 as f64).unwrap_or(WAITS.len() - 1)
}

fn line_words(map: &JourneyMap, edge: &MapEdge) -> String {
    let mut words = format!(
        "{} → {}: {} moves, {} of visits to the first; median wait {}, 90 % within {}",
        map.nodes[edge.from].name,
        map.nodes[edge.to].name,
        count(edge.moves),
        percent(edge.share),
        edge.wait_median.human(),
        edge.wait_p90.human(),
    );
    if let Some(change) = edge.change {
        let verdict = if change.significant { "significant" } else { "not significant" };
        words.push_str(&format!(
            "; {:.1} % in A, {:.1} % in B, {verdict}",
            change.share_a * 100.0,
            change.share_b * 100.0
        ));
    }
    words
}

/// Stubs of the largest exits; how many, and the exits they stand for.
fn stubs(
    map: &JourneyMap,
    limit: usize,
    widest: u64,
    ranks: &[usize],
    drawing: &mut Drawing,
) -> (usize, u64) {
    let mut largest: Vec<usize> =
        (0..map.nodes.len()).filter(|&it| map.nodes[it].exits > 0).collect();
    largest.sort_by_key(|&it| (std::cmp::Reverse(map.nodes[it].exits), it));
    largest.truncate(limit);
    for &id in &largest {
        let node = &map.nodes[id];
        let share = ratio(node.exits, node.visits).map_or_else(String::new, percent);
        let words = format!("{} left at {}", count(node.exits), node.name);
        drawing.lines.push(Line {
            from: id + 1,
            to: drawing.shapes.len(),
            width: breadth(node.exits, widest),
            color: drawing.colors.left_line,
            dash: Dash::Solid,
            label: String::new(),
            ink: drawing.colors.ink,
            back: false,
            weight: 1,
            tooltip: words.clone(),
        });
        drawing.shapes.push(Shape {
            role: Role::Left,
            name: format!("left: {} · {share}", short(node.exits)),
            detail: String::new(),
            repeats: None,
            badge: None,
            fill: drawing.colors.left,
            ink: drawing.colors.left_ink,
            border: 1.0,
            tooltip: words,
            rank: ranks[id] + 2,
        });
    }
    (largest.len(), largest.iter().map(|&it| map.nodes[it].exits).sum())
}

fn facts(map: &JourneyMap, kept: &Kept, hidden: &Hidden, stubs: (usize, u64)) -> Vec<String> {
    let of_journeys = |part: u64| match ratio(part, map.journeys) {
        Some(share) => format!(" ({:.1} %)", share * 100.0),
        None => String::new(),
    };
    let mut lines: Vec<String> = map.subtitle.clone();
    let mut sizes =
        format!("{} · {}", counted(map.customers, "customer"), counted(map.journeys, "journey"));
    for (part, what) in
        [(map.converted, "converted"), (map.exits, "left"), (map.open, "still open")]
    {
        if part > 0 {
            sizes.push_str(&format!(" · {} {what}{}", count(part), of_journeys(part)));
        }
    }
    lines.push(sizes);
    let mut drawn = format!(
        "{} of {} transitions drawn = {} of all moves between stages",
        count(kept.edges.len() as u64),
        count((map.edges.len() + hidden.edges) as u64),
        ratio(kept.moves, kept.all_moves + hidden.moves).map_or_else(|| "100%".to_owned(), percent),
    );
    let starts = kept.all_started + hidden.starts;
    if kept.started < starts {
        let share = ratio(kept.started, starts).map_or_else(String::new, percent);
        drawn.push_str(&format!(" · start arrows = {share} of journeys"));
    }
    if let (1.., exits) = stubs {
        let share = ratio(exits, map.exits).map_or_else(String::new, percent);
        drawn.push_str(&format!(" · red = the {} largest exits = {share} of all exits", stubs.0));
    }
    lines.push(drawn);
    if hidden.stages > 0 {
        let visits = map.nodes.iter().map(|it| it.visits).sum::<u64>();
        lines.push(format!(
            "{} of {} stages drawn, the most visited = {} of all visits",
            count(map.nodes.len() as u64),
            count((map.nodes.len() + hidden.stages) as u64),
            ratio(visits, visits + hidden.visits).map_or_else(String::new, percent),
        ));
    }
    lines
}

fn legend(kind: MapKind, colors: &Palette) -> Vec<Key> {
    let key = |color, text: &str| Key { color, text: text.to_owned() };
    let words = |text: &str| Key { color: None, text: text.to_owned() };
    let boxes = words(
        "Box: customers · share of all customers; ▼ share of visits that ended here; \
         ↻ share of visits repeated at once",
    );
    match kind {
        MapKind::Frequency => vec![
            key(
                Some((colors.line, Dash::Solid)),
                "moves · share of the visits to the stage it leaves; width = moves",
            ),
            key(Some((colors.back, Dash::Dashed)), "going back"),
            key(Some((colors.goal_line, Dash::Solid)), "to the goal"),
            words(if colors.outlined { "Box border = visits" } else { "Box shade = visits" }),
            boxes,
        ],
        MapKind::Wait => {
            let mut keys = vec![words("Label and color = median wait before the next step:")];
            let waits = WAITS.iter().zip(colors.waits());
            keys.extend(waits.map(|(it, (color, _))| key(Some((color, Dash::Solid)), it.1)));
            keys.push(words("width = moves; dashed = going back"));
            keys.push(boxes);
            keys
        }
        MapKind::Difference => vec![
            key(Some((colors.more, Dash::Solid)), "more in B"),
            key(Some((colors.less, Dash::Dashed)), "less in B"),
            key(Some((colors.same, Dash::Solid)), "no significant change"),
            words("Label = share of the visits to the stage it leaves, A → B (points)"),
            words("▼ = significant change in the share of visits that end here (minus = fewer leave)"),
        ],
    }
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
        assert!(
            product.tooltip.contains("smaller ways out are not drawn: "),
            "{}",
            product.tooltip
        );
        let goal = &drawing.shapes[21];
        assert_eq!(goal.role, Role::Goal);
        assert_eq!(goal.detail, "7.9k · 13% of customers");
        let cart = drawing.lines.iter().find(|it| (it.from, it.to) == (9, 13)).unwrap();
        assert_eq!(cart.label, "13k · 20%");
        assert!(drawing.facts[2].contains("transitions drawn ="), "{:?}", drawing.facts);
        assert!(drawing.facts[1].contains("52,087 left (86.2 %)"), "{:?}", drawing.facts);
    }

    #[test]
    fn waits_have_stubs_and_differences_have_words() {
        let wait = draw(&sample::shop(MapKind::Wait), &MapStyle::default(), 0);
        assert_eq!(wait.shapes.iter().filter(|it| it.role == Role::Left).count(), 6);
        assert!(wait.lines.iter().any(|it| it.label == "43 min"));
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

    #[test]
    fn lines_are_wide_by_the_square_root() {
        assert!((breadth(100, 100) - 6.5).abs() < 1e-12);
        assert!((breadth(25, 100) - 3.65).abs() < 1e-12);
        assert_eq!((weight(0, 100), weight(100, 100)), (1, 60));
    }
}
