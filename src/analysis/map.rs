//! The journey map: every stage and transition with its figures.
//!
//! Reads the stage graph, which is folded once for all analyses, and counts
//! nothing itself. Hides nothing: what a picture leaves out is the renderer's choice.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::money::Total;
use crate::base::numerals::{count, counted};
use crate::model::map::MapKind;
use crate::model::{
    Catalog, Cell, Column, Customer, JourneyMap, Kind, MapEdge, MapNode, Metric, Report,
    StageGraph, StageStat, Table, TransitionStat,
};

use super::cells::{percent, span};
use super::lost::{Judged, lost};
use super::{Analysis, Evidence};

/// What the map shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MapOptions {
    /// The figure on each transition, which its width and color follow.
    #[serde(alias = "shows")]
    pub metric: Metric,
    /// Another figure in brackets after it; by default the share after moves and the moves
    /// after a wait. The same as `metric`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Metric>,
}

/// The journey map.
#[derive(Debug, Clone)]
pub struct Map {
    options: MapOptions,
}

impl Analysis for Map {
    const NAME: &'static str = "map";
    const SECTION: &'static str = "map";
    const ABOUT: &'static str = "The journey map: stages, and the moves between them";
    type Options = MapOptions;
    type State = ();

    fn new(options: MapOptions, _: &Catalog) -> Result<Self> {
        Ok(Self { options })
    }

    fn start(&self) {}

    fn visit(&self, _: &mut (), _: &Customer<'_>) {}

    fn merge(&self, _: &mut (), _: ()) {}

    fn finish(&self, _: (), evidence: &Evidence<'_>) -> Result<Report> {
        let (catalog, graph) = (evidence.catalog, evidence.graph);
        let mut report = Report::new(Self::NAME, "Journey map", catalog.currency);
        report.findings = findings(catalog, graph);
        report.notes.push(
            "For each stage in + starts = out + exits + open; out holds moves on and journeys \
             completed here. The value of a journey counts once for each stage and transition \
             that it comes through, so these values do not add up to the total."
                .to_owned(),
        );
        report.notes.push(
            "Lost value is an estimate: what the judged journeys on a way (or exit) would have \
             brought had they fared like the average judged journey through the stage that they \
             left, less what they brought, at least 0. It ranks ways, forecasts nothing, and does \
             not add up over ways. Open journeys are not counted as lost."
                .to_owned(),
        );
        let MapOptions { metric, second } = self.options;
        let figures = [Some(metric), second];
        if figures.into_iter().flatten().any(Metric::is_money) && graph.value == 0 {
            let words = "No conversion carries a value: all money on the map is 0.";
            report.notes.push(words.to_owned());
        }
        report.tables = vec![stages(catalog, graph), transitions(catalog, graph)];
        report.maps.push((
            "map".to_owned(),
            journey_map(catalog, graph, MapKind::Frequency).showing(metric, second),
        ));
        Ok(report)
    }
}

fn findings(catalog: &Catalog, graph: &StageGraph) -> Vec<String> {
    let stages = graph.stages().filter(|it| it.1.visits > 0).count();
    let mut findings = vec![format!(
        "{} of {} made {} between {}, over {}.",
        counted(graph.journeys, "journey"),
        counted(graph.customers, "customer"),
        counted(graph.moves(), "move"),
        counted(stages as u64, "stage"),
        counted(graph.graph.edge_count() as u64, "transition"),
    )];
    // The first of the most frequent: later ties do not replace it.
    let most = graph.transitions().filter(|it| it.0 != it.1);
    let most = most.min_by_key(|it| (std::cmp::Reverse(it.2.moves), it.0, it.1));
    if let Some((from, to, stat)) = most {
        findings.push(format!(
            "The most frequent move is from \"{}\" to \"{}\": {} times, {} of the visits of \
             \"{}\".",
            catalog.stage(from),
            catalog.stage(to),
            count(stat.moves),
            percent(stat.moves, graph.stage(from).visits),
            catalog.stage(from),
        ));
    }
    findings
}

/// The map of a stage graph: stages with visits, self-moves as repeats.
///
/// The base of `share` is the visits of the first stage (moves out of it, completions, exits
/// and open ends), that of `share_in` the visits of the second stage (moves into it and
/// starts). Every figure is of all journeys: what a picture hides changes none.
pub fn journey_map(catalog: &Catalog, graph: &StageGraph, kind: MapKind) -> JourneyMap {
    let mut places = vec![usize::MAX; graph.graph.node_count()];
    let mut nodes = Vec::new();
    for (id, stat) in graph.stages().filter(|it| it.1.visits > 0) {
        places[id.index()] = nodes.len();
        nodes.push(node(catalog.stage(id).to_owned(), catalog.is_goal(id), stat));
    }
    let mut edges = Vec::new();
    for (from, to, stat) in graph.transitions() {
        let ends = (places[from.index()], places[to.index()]);
        if from == to {
            nodes[ends.0].repeats = stat.moves;
        } else {
            let mut edge = edge(ends, stat, &nodes);
            edge.lost = lost(judged_on(stat), judged_through(&graph.stage(from)));
            edges.push(edge);
        }
    }
    JourneyMap {
        title: "Journey map".to_owned(),
        // What is drawn states its own counts and bases.
        subtitle: Vec::new(),
        kind,
        nodes,
        edges,
        journeys: graph.journeys,
        customers: graph.customers,
        converted: graph.converted,
        exits: graph.exits,
        open: graph.open,
        value: graph.value,
        currency: catalog.currency,
        ..JourneyMap::default()
    }
}

/// The judged journeys through a stage.
fn judged_through(stat: &StageStat) -> Judged {
    Judged { journeys: stat.journeys - stat.open_journeys, value: stat.value - stat.open_value }
}

/// The judged journeys with a move.
fn judged_on(stat: &TransitionStat) -> Judged {
    Judged { journeys: stat.journeys - stat.open_journeys, value: stat.value - stat.open_value }
}

/// The value lost by the exits of a stage; a goal loses nothing.
fn lost_here(stat: &StageStat, goal: bool) -> Total {
    let exits = Judged { journeys: stat.exits, value: 0 };
    if goal { 0 } else { lost(exits, judged_through(stat)) }
}

fn node(name: String, goal: bool, stat: &StageStat) -> MapNode {
    MapNode {
        name,
        visits: stat.visits,
        customers: stat.customers,
        journeys: stat.journeys,
        starts: stat.starts,
        exits: stat.exits,
        open: stat.open,
        completed: stat.completed,
        repeats: 0,
        goal,
        position: stat.position_median as f64,
        exit_change: None,
        value: stat.value,
        lost: lost_here(stat, goal),
    }
}

fn edge((from, to): (usize, usize), stat: &TransitionStat, nodes: &[MapNode]) -> MapEdge {
    let share = |visits: u64| if visits == 0 { 0.0 } else { stat.moves as f64 / visits as f64 };
    MapEdge {
        from,
        to,
        moves: stat.moves,
        customers: stat.customers,
        journeys: stat.journeys,
        share: share(nodes[from].visits),
        share_in: share(nodes[to].visits),
        wait_median: span(stat.wait.median),
        wait_p90: span(stat.wait.p90),
        wait_mean: stat.mean_wait(),
        value: stat.value,
        lost: 0,
        change: None,
    }
}

fn stages(catalog: &Catalog, graph: &StageGraph) -> Table {
    let count = |key, about| Column::new(key, Kind::Count, about);
    let columns = vec![
        Column::new("stage", Kind::Text, "the stage"),
        count("visits", "steps at the stage: in + starts"),
        count("customers", "distinct customers with a step here"),
        count("journeys", "journeys with a step here"),
        count("starts", "journeys that began here"),
        count("in", "steps here that came from another step"),
        count("out", "steps that moved on or completed their journey"),
        count("completed", "journeys completed here by converting; part of out"),
        count("exits", "journeys that ended here without conversion"),
        count("open", "journeys last seen here that the data ends too early to judge"),
        count("conversions", "conversions at the stage"),
        Column::new("value", Kind::Money, "value of the journeys that came through, each once"),
        count("repeats", "moves from the stage to itself; part of in and out"),
        Column::new("lost", Kind::Money, "estimate of the value lost by the exits here"),
    ];
    let about = "Every stage with a visit; in + starts = out + exits + open.";
    let mut table = Table::new("stages", "Stages", about, columns);
    let mut repeats = vec![0; graph.graph.node_count()];
    for (from, _, stat) in graph.transitions().filter(|it| it.0 == it.1) {
        repeats[from.index()] = stat.moves;
    }
    for (id, stat) in graph.stages().filter(|it| it.1.visits > 0) {
        let mut row = vec![Cell::text(catalog.stage(id))];
        row.extend(
            [
                stat.visits,
                stat.customers,
                stat.journeys,
                stat.starts,
                stat.arrivals,
                stat.departures,
                stat.completed,
                stat.exits,
                stat.open,
                stat.conversions,
            ]
            .map(Cell::Count),
        );
        row.extend([Cell::Money(stat.value), Cell::Count(repeats[id.index()])]);
        row.push(match (catalog.is_goal(id), graph.value) {
            (true, _) => Cell::Empty("goal"),
            (_, 0) => Cell::Empty("no values"),
            _ => Cell::Money(lost_here(stat, false)),
        });
        table.push(row);
    }
    table
}

fn transitions(catalog: &Catalog, graph: &StageGraph) -> Table {
    let columns = vec![
        Column::new("from", Kind::Text, "the stage left"),
        Column::new("to", Kind::Text, "the stage reached"),
        Column::new("moves", Kind::Count, "two steps in a row, how often"),
        Column::new("share", Kind::Share, "moves / visits of the stage left"),
        Column::new("customers", Kind::Count, "distinct customers"),
        Column::new("journeys", Kind::Count, "journeys with such a move"),
        Column::new("wait_median", Kind::Span, "median time between the two steps"),
        Column::new("wait_p90", Kind::Span, "90 % quantile of that time"),
        Column::new("wait_mean", Kind::Span, "mean of that time"),
        Column::new("value", Kind::Money, "value of the journeys with such a move, each once"),
        Column::new("share_in", Kind::Share, "moves / visits of the stage reached"),
        Column::new("lost", Kind::Money, "estimate of the value lost on this way"),
    ];
    let about = "Every transition, most moves first; each share states its base.";
    let mut table = Table::new("transitions", "Transitions", about, columns);
    let mut all: Vec<_> = graph.transitions().collect();
    all.sort_by_key(|it| (std::cmp::Reverse(it.2.moves), it.0, it.1));
    for (from, to, stat) in all {
        table.push(vec![
            Cell::text(catalog.stage(from)),
            Cell::text(catalog.stage(to)),
            Cell::Count(stat.moves),
            Cell::share(stat.moves, graph.stage(from).visits),
            Cell::Count(stat.customers),
            Cell::Count(stat.journeys),
            Cell::Span(span(stat.wait.median)),
            Cell::Span(span(stat.wait.p90)),
            Cell::Span(stat.mean_wait()),
            Cell::Money(stat.value),
            Cell::share(stat.moves, graph.stage(to).visits),
            match graph.value {
                0 => Cell::Empty("no values"),
                _ => Cell::Money(lost(judged_on(stat), judged_through(&graph.stage(from)))),
            },
        ]);
    }
    table.shown = 30;
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixture::fixture;
    use crate::base::Span;

    const TEXT: &str = "ann: home@0s home@1m cart@3m buy@2h=12.50#o1 home@3h; \
                        bob: home@5s cart@8h -@9h; cid: cart@1d buy@2d=3; dot: -@90d";

    #[test]
    fn stages_and_moves_are_counted_by_hand() {
        let report = fixture(TEXT).run::<Map>(MapOptions::default()).expect("report");
        let map = &report.maps[0].1;
        let names: Vec<_> = map.nodes.iter().map(|it| (it.name.as_str(), it.visits)).collect();
        assert_eq!(names, [("buy", 2), ("cart", 3), ("home", 4)]);
        assert_eq!((map.nodes[2].repeats, map.nodes[0].goal, map.nodes[1].exits), (1, true, 1));
        // Edges are cart → buy and home → cart, by (from, to).
        assert_eq!((map.edges[1].from, map.edges[1].to, map.edges[1].moves), (2, 1, 2));
        assert_eq!((map.edges[1].share, map.edges[0].share), (0.5, 2.0 / 3.0));
        // Waits of 2 minutes, and of 8 hours less 5 seconds.
        assert_eq!(map.edges[1].wait_median, "4h57s500ms".parse::<Span>().expect("span"));
        assert_eq!((map.journeys, map.converted, map.exits, map.open), (4, 2, 2, 0));
    }

    /// Eight judged journeys come through the cart and bring 120.00: 15.00 each.
    const CARTS: &str = "a: cart@0s pay@1m buy@2m=60; b: cart@0s pay@1m buy@2m=60; \
                         c: cart@0s fail@1m; d: cart@0s fail@1m; e: cart@0s fail@1m pay@2m; \
                         f: cart@0s; g: cart@0s; h: cart@0s; i: cart@90d; j: cart@89d fail@90d";

    #[test]
    fn lost_value_is_priced_by_hand() {
        let report = fixture(CARTS).run::<Map>(MapOptions::default()).expect("report");
        let map = &report.maps[0].1;
        let id = |name: &str| map.nodes.iter().position(|it| it.name == name).expect("stage");
        let way = |from, to| {
            let ends = (id(from), id(to));
            map.edges.iter().find(|it| (it.from, it.to) == ends).expect("transition")
        };
        // Three left the cart: 3 × 15.00. Two journeys are open, and no loss.
        assert_eq!(map.nodes[id("cart")].lost, 4_500);
        // Three judged journeys failed, and brought nothing; on to pay brought more than average.
        assert_eq!((way("cart", "fail").lost, way("cart", "fail").journeys), (4_500, 4));
        assert_eq!(way("cart", "pay").lost, 0);
        // All that pay after a failure brought nothing: none is lost that was expected of them.
        assert_eq!(way("fail", "pay").lost, 0);
        // Pay: three judged, 120.00 in all; one left there.
        assert_eq!((map.nodes[id("pay")].lost, map.nodes[id("buy")].lost), (4_000, 0));
        assert_eq!(way("cart", "fail").share_in, 1.0);
        assert_eq!((way("cart", "pay").share_in, way("cart", "pay").share), (2.0 / 3.0, 0.2));
    }

    #[test]
    fn the_lost_value_of_exits_is_what_dropoff_says_is_at_stake() {
        use crate::analysis::dropoff::{Dropoff, DropoffOptions};
        let fixture = fixture(CARTS);
        let drop = fixture.run::<Dropoff>(DropoffOptions::default()).expect("report");
        let map = &fixture.run::<Map>(MapOptions::default()).expect("report").maps[0].1;
        let table = &drop.tables[0];
        let (stage, stake) = (table.column("stage"), table.column("value_at_stake"));
        for row in &table.rows {
            let (stage, stake) = (&row[stage.expect("stage")], &row[stake.expect("stake")]);
            let node = map.nodes.iter().find(|it| Cell::text(it.name.as_str()) == *stage);
            let lost = node.expect("node").lost;
            assert!(*stake == Cell::Money(lost) || *stake == Cell::Empty("goal") && lost == 0);
        }
    }

    #[test]
    fn a_map_without_values_says_so() {
        let options = || MapOptions { metric: Metric::Lost, second: Some(Metric::Moves) };
        let report =
            fixture("a: home@0s buy@1m; b: home@0s").run::<Map>(options()).expect("report");
        assert!(report.notes.iter().any(|it| it.starts_with("No conversion carries a value")));
        let map = &report.maps[0].1;
        assert_eq!(
            (map.metric, map.second, map.nodes[1].lost),
            (Metric::Lost, Some(Metric::Moves), 0)
        );
    }

    #[test]
    fn the_old_name_of_the_option_is_read() {
        let options: MapOptions = serde_json::from_str(r#"{"shows": "frequency"}"#).expect("old");
        assert_eq!(options, MapOptions::default());
        let options: MapOptions = serde_json::from_str(r#"{"shows": "wait"}"#).expect("old");
        assert_eq!(options.metric, Metric::Wait);
    }

    #[test]
    fn flow_is_conserved_and_runs_merge() {
        let fixture = fixture(TEXT);
        let report = fixture.run::<Map>(MapOptions::default()).expect("report");
        let table = report.table("stages").expect("stages");
        for row in &table.rows {
            let count = |key: &str| match row[table.column(key).expect(key)] {
                Cell::Count(it) => it,
                _ => unreachable!("{key} is a count"),
            };
            assert_eq!(count("in") + count("starts"), count("visits"));
            assert_eq!(count("visits"), count("out") + count("exits") + count("open"));
        }
        fixture.assert_merges::<Map>(|| MapOptions { metric: Metric::Wait, second: None });
    }
}
