//! What a map says in words: facts, legend, tooltips; every share with its base.
//!
//! Says what others decided and counted; nothing here is escaped (that is the sink's).

use super::super::format::{percent, short, short_money};
use super::drawing::{Dash, Key};
use super::figures::WAITS;
use super::filter::Kept;
use super::hidden::Minor;
use super::limit::Hidden;
use super::theme::Palette;
use crate::base::Currency;
use crate::base::numerals::{count, counted, money};
use crate::model::map::MapKind;
use crate::model::{JourneyMap, MapEdge, MapNode, Metric};

pub(super) fn ratio(part: u64, base: u64) -> Option<f64> {
    (base > 0).then(|| part as f64 / base as f64)
}

/// `12%`, or nothing where the base is 0.
fn share(part: u64, base: u64) -> String {
    ratio(part, base).map_or_else(String::new, percent)
}

/// How many customers and journeys, and how these ended.
pub(super) fn sizes(map: &JourneyMap) -> String {
    let mut sizes =
        format!("{} · {}", counted(map.customers, "customer"), counted(map.journeys, "journey"));
    for (part, what) in
        [(map.converted, "converted"), (map.exits, "left"), (map.open, "still open")]
    {
        if part > 0 {
            sizes.push_str(&format!(" · {} {what}", count(part)));
            if let Some(share) = ratio(part, map.journeys) {
                sizes.push_str(&format!(" ({:.1} %)", share * 100.0));
            }
        }
    }
    sizes
}

/// The share of all moves between stages that is drawn.
pub(super) fn coverage(kept: &Kept, hidden: &Hidden) -> f64 {
    ratio(kept.moves, kept.all_moves + hidden.moves).unwrap_or(1.0)
}

/// What is drawn of what: transitions, start arrows, stubs of exits.
pub(super) fn drawn(map: &JourneyMap, kept: &Kept, hidden: &Hidden, stubs: (usize, u64)) -> String {
    let mut drawn = format!(
        "{} of {} transitions drawn = {} of all moves between stages",
        count(kept.edges.len() as u64),
        count((map.edges.len() + hidden.edges) as u64),
        percent(coverage(kept, hidden)),
    );
    let starts = kept.all_started + hidden.starts;
    if kept.started < starts {
        drawn.push_str(&format!(" · start arrows = {} of journeys", share(kept.started, starts)));
    }
    if let (1.., exits) = stubs {
        let share = share(exits, map.exits);
        drawn.push_str(&format!(" · red = {} exits = {share} of all exits", stubs.0));
    }
    drawn
}

/// Which stages are not drawn, and that more was asked for than a picture holds.
pub(super) fn limits(whole: &JourneyMap, kept: &Kept, hidden: &Hidden) -> Vec<String> {
    let mut lines = Vec::new();
    if !hidden.stages.is_empty() {
        let all = whole.nodes.iter().map(|it| it.visits).sum::<u64>();
        let names = hidden.stages.iter().take(3).map(|&it| {
            let name = super::super::escape::one_line(&whole.nodes[it].name, 24);
            format!("\"{name}\"")
        });
        let mut names = names.collect::<Vec<_>>().join(", ");
        if hidden.stages.len() > 3 {
            names.push_str(&format!(" and {} more", count(hidden.stages.len() as u64 - 3)));
        }
        lines.push(format!(
            "{} of {} stages not drawn = {} of all visits: {names}",
            count(hidden.stages.len() as u64),
            count(whole.nodes.len() as u64),
            share(hidden.visits, all),
        ));
    }
    if let Some(wanted) = kept.wanted {
        lines.push(format!(
            "{} transitions would be drawn, more than can be read: the {} that matter most are",
            count(wanted as u64),
            count(kept.edges.len() as u64),
        ));
    }
    lines
}

/// What money on the map is, where it shows any.
fn money_keys(map: &JourneyMap, metrics: &[Metric]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut key = |text: &str| keys.push(Key { color: None, text: text.to_owned() });
    if metrics.contains(&Metric::Lost) {
        key("estimate = judged journeys on the way × mean value of a judged journey through its \
             first stage − what they brought, at least 0; open journeys are not counted as lost");
    }
    if metrics.iter().any(|it| it.is_money()) {
        if map.value == 0 {
            key("no conversion carries a value: all money is 0");
        } else if map.currency == Currency::UNNAMED {
            key("values have no unit: the data names no currency");
        }
    }
    keys
}

/// `+14 minor out (3%), 9 in (2%)`: ways that are not drawn, shares of the stage's visits.
pub(super) fn minor_words(minor: &Minor, visits: u64) -> String {
    let parts = [(minor.ways_out, minor.moves_out, "out"), (minor.ways_in, minor.moves_in, "in")];
    let mut words = String::new();
    for (ways, moves, way) in parts.into_iter().filter(|it| it.0 > 0) {
        let (before, what) = if words.is_empty() { ("+", "minor ") } else { (", ", "") };
        let share = share(moves, visits);
        words.push_str(&format!("{before}{} {what}{way} ({share})", count(ways)));
    }
    words
}

/// The same in a sentence of a tooltip.
pub(super) fn minor_tooltip(minor: &Minor, visits: u64) -> String {
    let mut words = String::new();
    let parts = [(minor.ways_out, minor.moves_out, "out"), (minor.ways_in, minor.moves_in, "in")];
    for (ways, moves, way) in parts {
        if ways > 0 {
            words.push_str(&format!(
                "; {} smaller {} {way} not drawn: {} ({} of visits)",
                count(ways),
                if ways == 1 { "way" } else { "ways" },
                counted(moves, "move"),
                share(moves, visits),
            ));
        }
    }
    words
}

/// Figures under the name of a stage while a metric is shown.
pub(super) fn detail(map: &JourneyMap, node: &MapNode, metric: Metric) -> String {
    let customers = || {
        let mut detail = short(node.customers);
        if let Some(share) = ratio(node.customers, map.customers) {
            detail.push_str(&format!(" · {}", percent(share)));
            if node.goal {
                detail.push_str(" of customers");
            }
        }
        detail
    };
    match metric {
        _ if map.kind == MapKind::Difference => customers(),
        Metric::Journeys => {
            let share = share(node.journeys, map.journeys);
            format!("{} · {share}", short(node.journeys))
        }
        Metric::Revenue => {
            let share = if map.value > 0 && node.value >= 0 {
                format!(" · {}", percent(node.value as f64 / map.value as f64))
            } else {
                String::new()
            };
            short_money(node.value, map.currency) + &share
        }
        Metric::Lost if node.lost > 0 => {
            format!("≈ {} lost", short_money(node.lost, map.currency))
        }
        _ => customers(),
    }
}

/// The most important of a stage: `Cart: 20,232 customers, 34 % of all, 22 % leave here`.
pub(super) fn spoken(map: &JourneyMap, node: &MapNode) -> String {
    let percent = |it: f64| percent(it).replace('%', " %");
    let mut words = format!("{}: {}", node.name, counted(node.customers, "customer"));
    if let Some(share) = ratio(node.customers, map.customers) {
        words.push_str(&format!(", {} of all", percent(share)));
    }
    if let Some(share) = ratio(node.exits, node.visits).filter(|_| node.exits > 0) {
        words.push_str(&format!(", {} leave here", percent(share)));
    }
    words
}

/// All of a stage in words.
pub(super) fn stage_words(map: &JourneyMap, node: &MapNode) -> String {
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
    if node.lost > 0 {
        words.push_str(&format!(", estimate of value lost {}", money(node.lost, map.currency)));
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

/// All of a transition in words.
pub(super) fn line_words(map: &JourneyMap, edge: &MapEdge) -> String {
    let (from, to) = (&map.nodes[edge.from].name, &map.nodes[edge.to].name);
    let mut words = format!(
        "{from} → {to}: {} by {}, {} of visits of the first stage, {} of the second; \
         median wait {}, mean {}, 90 % within {}",
        counted(edge.moves, "move"),
        counted(edge.customers, "customer"),
        percent(edge.share),
        percent(edge.share_in),
        edge.wait_median.human(),
        edge.wait_mean.human(),
        edge.wait_p90.human(),
    );
    if edge.value != 0 {
        let value = money(edge.value, map.currency);
        words.push_str(&format!("; {} brought {value}", counted(edge.journeys, "journey")));
    }
    if edge.lost > 0 {
        words.push_str(&format!("; estimate of value lost {}", money(edge.lost, map.currency)));
    }
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

/// What colors, widths and signs mean while a metric is shown.
pub(super) fn legend(
    map: &JourneyMap,
    (metric, second): (Metric, Option<Metric>),
    colors: &Palette,
) -> Vec<Key> {
    let key = |color, text: &str| Key { color, text: text.to_owned() };
    let words = |text: &str| Key { color: None, text: text.to_owned() };
    if map.kind == MapKind::Difference {
        return difference(colors);
    }
    let mut label = format!("label = {}", metric.words());
    if let Some(second) = second {
        label.push_str(&format!(" ({})", second.words()));
    }
    let mut keys = Vec::new();
    if metric.is_wait() {
        keys.push(words(&label));
        keys.push(words("width and color = wait:"));
        let waits = WAITS.iter().zip(colors.waits());
        keys.extend(waits.map(|(it, (color, _))| key(Some((color, Dash::Solid)), it.1)));
        keys.push(words("dashed = going back"));
    } else if metric == Metric::Lost {
        keys.push(key(Some((colors.less, Dash::Solid)), &format!("{label}; width = the same")));
        keys.push(key(Some((colors.same, Dash::Solid)), "nothing lost on this way"));
        keys.push(words("dashed = going back"));
    } else {
        let width = match metric {
            Metric::Revenue => "value",
            Metric::ShareOut | Metric::ShareIn => "share",
            it => it.name(),
        };
        keys.push(key(Some((colors.line, Dash::Solid)), &format!("{label}; width = {width}")));
        keys.push(key(Some((colors.back, Dash::Dashed)), "going back"));
        keys.push(key(Some((colors.goal_line, Dash::Solid)), "to the goal"));
    }
    keys.extend(money_keys(map, &[metric, second.unwrap_or(metric)]));
    keys.push(words(if colors.outlined { "Box border = visits" } else { "Box shade = visits" }));
    keys.push(words(&format!(
        "Box: {}; ▼ share of visits that ended here; ↻ share of visits repeated at once",
        match metric {
            Metric::Journeys => "journeys · share of all journeys",
            Metric::Revenue => "value of the journeys through it · share of all value",
            Metric::Lost =>
                "customers · share of all customers · ≈ estimate of value lost by exits",
            _ => "customers · share of all customers",
        }
    )));
    keys
}

/// What the words on ways that are not drawn mean, and dotted arrows.
pub(super) fn hidden_keys(minor: bool, bridges: bool, colors: &Palette) -> Vec<Key> {
    let mut keys = Vec::new();
    if minor {
        let text = "+ minor = ways out and in that are not drawn (their share of the visits of the \
                    stage)";
        keys.push(Key { color: None, text: text.to_owned() });
    }
    if bridges {
        let text = "by way of stages that are not drawn";
        keys.push(Key { color: Some((colors.line, Dash::Dotted)), text: text.to_owned() });
    }
    keys
}

fn difference(colors: &Palette) -> Vec<Key> {
    let key = |color, text: &str| Key { color, text: text.to_owned() };
    vec![
        key(Some((colors.more, Dash::Solid)), "more in B"),
        key(Some((colors.less, Dash::Dashed)), "less in B"),
        key(Some((colors.same, Dash::Solid)), "no significant change"),
        key(None, "Label = share of the visits to the stage it leaves, A → B (points)"),
        key(
            None,
            "▼ = significant change in the share of visits that end here (minus = fewer leave)",
        ),
    ]
}
