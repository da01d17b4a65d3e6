//! How an arrow looks by the figure that the map shows: width, color, label.
//!
//! Knows one transition at a time; which ones are drawn is decided elsewhere.

use super::super::format::{percent, short, short_money};
use super::drawing::Look;
use super::theme::Palette;
use crate::base::Span;
use crate::model::map::MapKind;
use crate::model::{JourneyMap, MapEdge, Metric};

/// Waits: up to this many seconds, and in words.
pub(super) const WAITS: [(i64, &str); 4] =
    [(600, "under 10 min"), (3_600, "10–60 min"), (86_400, "1–24 h"), (i64::MAX, "over a day")];

/// Widths of arrows for waits of these lengths.
const WAIT_WIDTHS: [f64; 4] = [1.2, 2.6, 4.2, 6.0];

/// Arrows that carry nothing of what is shown.
pub(super) const THIN: f64 = 0.9;

/// The most that an arrow of a map stands for, by metric.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    metrics: Vec<f64>,
    visits: f64,
}

impl Scale {
    /// The scale of a map: of all transitions, drawn or not, of starts where they are moves,
    /// and of exits where these lose value.
    pub(super) fn new(map: &JourneyMap) -> Self {
        let most = |metric: Metric| {
            let edges = map.edges.iter().map(|it| amount(it, metric)).fold(0.0, f64::max);
            let others = match metric {
                Metric::Lost => map.nodes.iter().map(|it| it.lost.max(0)).max().unwrap_or(0) as f64,
                Metric::Moves | Metric::Customers | Metric::Journeys => {
                    map.nodes.iter().map(|it| it.starts).max().unwrap_or(0) as f64
                }
                _ => 0.0,
            };
            nice(edges.max(others))
        };
        let visits = map.nodes.iter().map(|it| it.visits).max().unwrap_or(0);
        Self { metrics: Metric::ALL.map(most).to_vec(), visits: nice(visits as f64) }
    }

    /// The most of a metric, a round number; never 0.
    pub(super) fn most(&self, metric: Metric) -> f64 {
        self.metrics[metric as usize]
    }

    /// The most visits of a stage, likewise.
    pub(super) fn visits(&self) -> f64 {
        self.visits
    }
}

/// The next round number: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten.
///
/// Widths are measured against it, so that one more of the most does not change each of them.
fn nice(most: f64) -> f64 {
    if most <= 0.0 || !most.is_finite() {
        return 1.0;
    }
    let mut unit = 1.0;
    while unit * 10.0 <= most {
        unit *= 10.0;
    }
    while unit > most {
        unit /= 10.0;
    }
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];
    steps.map(|it| it * unit).into_iter().find(|it| *it >= most).unwrap_or(unit * 10.0)
}

/// How much of a metric a transition carries; money in minor units, waits in seconds.
pub(super) fn amount(edge: &MapEdge, metric: Metric) -> f64 {
    match metric {
        Metric::Moves => edge.moves as f64,
        Metric::Customers => edge.customers as f64,
        Metric::Journeys => edge.journeys as f64,
        Metric::Revenue => edge.value.max(0) as f64,
        Metric::Lost => edge.lost.max(0) as f64,
        Metric::Wait | Metric::WaitP90 | Metric::WaitMean => wait(edge, metric).as_seconds(),
        Metric::ShareOut => edge.share,
        Metric::ShareIn => edge.share_in,
    }
}

fn wait(edge: &MapEdge, metric: Metric) -> Span {
    match metric {
        Metric::WaitP90 => edge.wait_p90,
        Metric::WaitMean => edge.wait_mean,
        _ => edge.wait_median,
    }
}

/// The figure as it stands on a label.
pub(super) fn figure(map: &JourneyMap, edge: &MapEdge, metric: Metric) -> String {
    match metric {
        Metric::Moves => short(edge.moves),
        Metric::Customers => short(edge.customers),
        Metric::Journeys => short(edge.journeys),
        Metric::Revenue => short_money(edge.value, map.currency),
        Metric::Lost => short_money(edge.lost, map.currency),
        Metric::Wait | Metric::WaitP90 | Metric::WaitMean => wait(edge, metric).human(),
        Metric::ShareOut => percent(edge.share),
        Metric::ShareIn => percent(edge.share_in),
    }
}

/// Square root, so that ink is to a count as area is: 344 stays thin beside 13,000 and is seen.
pub(super) fn breadth(amount: f64, most: f64) -> f64 {
    0.8 + 5.7 * (amount / most).max(0.0).sqrt()
}

/// How much an arrow should be short and straight, 1 to 60.
pub(super) fn weight(moves: u64, most: f64) -> u32 {
    1 + (59.0 * moves as f64 / most).round() as u32
}

/// Which of the four lengths of waits this is.
fn bucket(wait: Span) -> usize {
    let seconds = wait.as_seconds();
    WAITS.iter().position(|it| seconds < it.0 as f64).unwrap_or(WAITS.len() - 1)
}

/// How a transition looks while a metric is shown, with another figure in brackets.
pub(super) fn look(
    map: &JourneyMap,
    edge: &MapEdge,
    (metric, second): (Metric, Option<Metric>),
    back: bool,
    scale: &Scale,
    colors: &Palette,
) -> Look {
    let (color, ink) = if back {
        (colors.back, colors.back_ink)
    } else if map.nodes[edge.to].goal {
        (colors.goal_line, colors.line_ink)
    } else {
        (colors.line, colors.line_ink)
    };
    let mut label = figure(map, edge, metric);
    if let Some(second) = second {
        label.push_str(&format!(" ({})", figure(map, edge, second)));
    }
    let width = breadth(amount(edge, metric), scale.most(metric));
    let mut look = Look { metric, width, color, label, ink };
    if metric.is_wait() {
        let bucket = bucket(wait(edge, metric));
        (look.color, look.ink) = colors.waits()[bucket];
        look.width = WAIT_WIDTHS[bucket];
    } else if metric == Metric::Lost && edge.lost == 0 {
        (look.color, look.width) = (colors.same, THIN);
        look.label.clear();
    } else if metric == Metric::Lost {
        (look.color, look.ink) = (colors.less, colors.less_ink);
    }
    look
}

/// How a transition looks on a map of differences.
pub(super) fn change(edge: &MapEdge, colors: &Palette) -> (Look, super::drawing::Dash) {
    use super::drawing::Dash;
    let (color, ink) = (colors.same, colors.line_ink);
    let mut look = Look { metric: Metric::Moves, width: THIN, color, label: String::new(), ink };
    let Some(change) = edge.change.filter(|it| it.significant) else {
        return (look, Dash::Solid);
    };
    let delta = change.share_b - change.share_a;
    look.width = 1.4 + (delta.abs() * 45.0).min(5.0);
    let (a, b) = (change.share_a * 100.0, change.share_b * 100.0);
    look.label = format!("{a:.0} → {b:.0}% ({:+.1})", delta * 100.0);
    if delta >= 0.0 {
        (look.color, look.ink) = (colors.more, colors.more_ink);
        (look, Dash::Solid)
    } else {
        (look.color, look.ink) = (colors.less, colors.less_ink);
        (look, Dash::Dashed)
    }
}

/// The width of an arrow from the start while a metric is shown.
pub(super) fn start_width(map: &JourneyMap, node: usize, metric: Metric, scale: &Scale) -> f64 {
    if map.kind == MapKind::Difference {
        return THIN;
    }
    let node = &map.nodes[node];
    let starts = node.starts as f64;
    let amount = match metric {
        Metric::Moves | Metric::Customers | Metric::Journeys => starts,
        Metric::ShareOut => starts / map.journeys.max(1) as f64,
        Metric::ShareIn => starts / node.visits.max(1) as f64,
        // Nobody waits before the start, and nothing is lost there.
        _ => return THIN,
    };
    breadth(amount, scale.most(metric))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::theme::Theme;
    use super::*;

    #[test]
    fn lines_are_wide_by_the_square_root() {
        assert!((breadth(100.0, 100.0) - 6.5).abs() < 1e-12);
        assert!((breadth(25.0, 100.0) - 3.65).abs() < 1e-12);
        assert_eq!((weight(0, 100.0), weight(100, 100.0)), (1, 60));
    }

    #[test]
    fn the_scale_is_a_round_number_not_below_the_most() {
        let shown = [0.0, 1.0, 1.1, 13_000.0, 15_001.0, 81.0, 0.33, 0.01].map(nice);
        assert_eq!(shown, [1.0, 1.0, 1.2, 15_000.0, 20_000.0, 100.0, 0.4, 0.01]);
        for most in 1..2000 {
            let most = f64::from(most);
            assert!(nice(most) >= most && nice(most) <= most * 1.51);
        }
    }

    #[test]
    fn every_metric_says_its_own_figure() {
        let map = sample::shop(MapKind::Frequency);
        let (edge, colors) = (&map.edges[0], Theme::Light.palette());
        let scale = Scale::new(&map);
        let labels: Vec<String> = Metric::ALL
            .into_iter()
            .map(|it| look(&map, edge, (it, it.usual_second()), false, &scale, colors).label)
            .collect();
        let expected = [
            "3.5k (22%)",
            "3.5k",
            "3.5k",
            "44k EUR",
            "",
            "30 s (3.5k)",
            "2.5 min (3.5k)",
            "1.0 min (3.5k)",
            "22%",
            "27%",
        ];
        assert_eq!(labels, expected);
        let cart = map.edges.iter().find(|it| it.moves == 13_000).unwrap();
        let lost = look(&map, cart, (Metric::Lost, None), false, &scale, colors);
        assert_eq!((lost.label.as_str(), lost.color), ("40k EUR", colors.less));
        for metric in Metric::ALL {
            for edge in &map.edges {
                let look = look(&map, edge, (metric, None), false, &scale, colors);
                assert!((0.8..=6.5).contains(&look.width), "{metric:?} {}", look.width);
            }
        }
    }
}
