//! Reports and maps to test renderers with: a shop of 21 stages, and the odd sizes.

use std::io::Write;

use crate::base::{Result, Span};
use crate::model::map::{MapChange, MapKind};
use crate::model::report::Chart;
use crate::model::{Cell, Column, JourneyMap, Kind, MapEdge, MapNode, Metric, Report, Table};

/// What a writer of maps writes.
pub fn written<S>(
    write: impl Fn(&JourneyMap, &S, &mut dyn Write) -> Result<()>,
    map: &JourneyMap,
    style: &S,
) -> String {
    let mut out = Vec::new();
    write(map, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Name, customers, visits, exits, repeats, median step.
const STAGES: [(&str, u64, u64, u64, u64, f64); 21] = [
    ("Organic search", 15_729, 15_768, 2_712, 0, 0.0),
    ("Direct", 9_735, 9_769, 1_348, 0, 0.0),
    ("Social ad", 9_617, 9_633, 3_978, 0, 0.0),
    ("Email", 9_827, 10_363, 1_668, 0, 0.0),
    ("Paid search", 18_279, 18_358, 3_929, 0, 0.0),
    ("Home page", 12_657, 13_030, 2_202, 0, 1.0),
    ("Category list", 20_153, 24_413, 6_103, 0, 3.0),
    ("Site search", 6_908, 8_150, 1_198, 734, 2.0),
    ("Product page", 37_142, 64_965, 12_993, 7_796, 2.0),
    ("Reviews", 10_139, 11_768, 2_236, 0, 4.0),
    ("Wishlist", 4_880, 5_192, 1_423, 0, 4.0),
    ("Size guide", 4_247, 4_527, 751, 0, 4.0),
    ("Cart", 20_232, 24_601, 5_338, 0, 5.0),
    ("Promo code", 1_982, 2_042, 341, 0, 6.0),
    ("Guest form", 6_501, 6_759, 1_710, 0, 6.0),
    ("Sign in", 7_638, 8_006, 1_249, 0, 6.0),
    ("Shipping", 10_483, 11_124, 1_402, 0, 7.0),
    ("Support chat", 1_704, 1_729, 628, 0, 6.0),
    ("Payment", 8_946, 9_701, 572, 0, 8.0),
    ("Payment error", 943, 1_014, 306, 0, 9.0),
    ("Purchase", 7_929, 7_931, 0, 0, 9.0),
];

/// From, to, moves, median wait in seconds.
const MOVES: [(usize, usize, u64, i64); 36] = [
    (0, 8, 5_500, 31),
    (0, 6, 3_800, 30),
    (0, 5, 3_500, 30),
    (1, 5, 6_500, 18),
    (2, 8, 4_500, 35),
    (3, 8, 4_100, 10_800),
    (3, 6, 3_100, 60),
    (4, 8, 9_600, 24),
    (5, 6, 5_100, 36),
    (5, 7, 3_300, 36),
    (6, 8, 15_000, 90),
    (6, 7, 2_100, 90),
    (7, 8, 5_400, 48),
    (8, 12, 13_000, 162),
    (8, 9, 12_000, 156),
    (8, 6, 7_000, 156),
    (8, 11, 4_500, 162),
    (8, 10, 3_900, 156),
    (8, 17, 955, 162),
    (9, 8, 4_900, 186),
    (9, 12, 4_000, 186),
    (10, 8, 1_600, 190_080),
    (11, 8, 2_100, 72),
    (12, 15, 6_600, 2_580),
    (12, 14, 5_900, 2_580),
    (12, 13, 1_900, 2_580),
    (13, 15, 597, 282),
    (13, 14, 591, 276),
    (14, 16, 4_600, 210),
    (15, 16, 6_000, 84),
    (16, 18, 8_600, 132),
    (17, 8, 505, 1_020),
    (17, 12, 344, 1_020),
    (18, 20, 7_900, 108),
    (18, 19, 909, 102),
    (19, 18, 625, 348),
];

/// The shop: 36 ways that matter and some 150 that do not.
pub(crate) fn shop(kind: MapKind) -> JourneyMap {
    let mut map = JourneyMap {
        metric: if kind == MapKind::Wait { Metric::Wait } else { Metric::Moves },
        second: if kind == MapKind::Wait { Metric::Wait } else { Metric::Moves }.usual_second(),
        value: 7_931 * 6_210,
        title: "Customer journey: visits to purchase".to_owned(),
        subtitle: vec!["shop, January 2026".to_owned()],
        kind,
        journeys: 60_412,
        customers: 60_000,
        converted: 7_929,
        exits: 52_087,
        open: 396,
        currency: "EUR".parse().unwrap(),
        ..JourneyMap::default()
    };
    for (id, (name, customers, visits, exits, repeats, position)) in STAGES.into_iter().enumerate()
    {
        map.nodes.push(MapNode {
            name: name.to_owned(),
            visits,
            customers,
            starts: if id < 5 { customers } else { 0 },
            exits,
            open: 18,
            completed: if id == 20 { 7_931 } else { 0 },
            repeats,
            goal: id == 20,
            position,
            exit_change: (kind == MapKind::Difference && id % 4 == 0).then(|| MapChange {
                share_a: 0.2,
                share_b: 0.2 + [-0.031, 0.067, -0.105][id / 4 % 3],
                significant: id != 12,
            }),
            value: i128::from(customers) * 1_250,
            journeys: visits - repeats,
            lost: i128::from(exits) * 830,
        });
    }
    for from in 0..20 {
        for to in 0..20 {
            let known = MOVES.iter().find(|it| (it.0, it.1) == (from, to));
            let noise = (from * 7 + to * 13) % 5 < 2 && from != to && to > 4;
            match known {
                Some(&(_, _, moves, wait)) => push(&mut map, from, to, moves, wait),
                None if noise => {
                    push(&mut map, from, to, 3 + (from * 31 + to * 17) as u64 % 140, 60)
                }
                None => {}
            }
        }
        if from == 18 {
            push(&mut map, 18, 20, 7_900, 108);
        }
    }
    map
}

fn push(map: &mut JourneyMap, from: usize, to: usize, moves: u64, wait: i64) {
    let share = moves as f64 / map.nodes[from].visits.max(1) as f64;
    let delta = [0.092, -0.065, 0.0, 0.023, -0.009, 0.0][(from + to) % 6];
    let change = MapChange {
        share_a: share,
        share_b: (share + delta).clamp(0.0, 1.0),
        significant: moves > 3_000 && delta != 0.0,
    };
    map.edges.push(MapEdge {
        from,
        to,
        moves,
        customers: moves,
        share,
        wait_median: Span::seconds(wait),
        wait_p90: Span::seconds(wait * 5),
        wait_mean: Span::seconds(wait * 2),
        journeys: moves,
        share_in: moves as f64 / map.nodes[to].visits.max(1) as f64,
        lost: if wait > 120 { i128::from(moves) * 310 } else { 0 },
        value: i128::from(moves) * 1_250,
        change: (map.kind == MapKind::Difference).then_some(change),
    });
}

/// A map of some stages in a row, the last one the goal.
pub(crate) fn row(names: &[&str]) -> JourneyMap {
    let mut map = JourneyMap {
        title: "A row".to_owned(),
        journeys: 100,
        customers: 90,
        converted: 10,
        exits: 90,
        ..JourneyMap::default()
    };
    for (id, name) in names.iter().enumerate() {
        map.nodes.push(MapNode {
            name: (*name).to_owned(),
            visits: 100u64.saturating_sub(id as u64 * 10),
            customers: 90u64.saturating_sub(id as u64 * 10),
            starts: if id == 0 { 100 } else { 0 },
            exits: 10,
            goal: id + 1 == names.len() && id > 0,
            position: id as f64,
            ..MapNode::default()
        });
    }
    for id in 1..names.len() {
        push(&mut map, id - 1, id, 90u64.saturating_sub(id as u64 * 10), 60);
    }
    map
}

/// A dense map without goal: `stages` stages, about `edges` transitions of odd sizes.
pub(crate) fn dense(stages: usize, edges: usize) -> JourneyMap {
    let mut map = JourneyMap {
        title: "Loan applications".to_owned(),
        journeys: 13_087,
        customers: 13_087,
        exits: 13_087,
        ..JourneyMap::default()
    };
    for id in 0..stages {
        map.nodes.push(MapNode {
            name: format!("W_Stage number {id}"),
            visits: 26_000 / (id as u64 + 1) + 50,
            customers: 13_000 / (id as u64 + 1),
            starts: if id == 0 { 13_087 } else { 0 },
            exits: if id % 4 == 3 { 1_000 } else { 0 },
            position: (id * id % 17) as f64,
            ..MapNode::default()
        });
    }
    let mut seed: u64 = 7;
    let mut ways = std::collections::BTreeMap::new();
    while ways.len() < edges {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (from, to) = ((seed >> 33) as usize % stages, (seed >> 17) as usize % stages);
        if from != to {
            ways.insert((from, to), (seed >> 40) % 97 * ((seed >> 50) % 97) + 1);
        }
    }
    for ((from, to), moves) in ways {
        push(&mut map, from, to, moves, 3_600);
    }
    map
}

/// Every attack string is a stage, and moves lead from each to the next.
pub(crate) fn hostile() -> JourneyMap {
    let attacks = super::escape::attacks::all();
    let names: Vec<&str> = attacks.iter().map(String::as_str).collect();
    let mut map = row(&names);
    map.title = "</title><script>alert(1)</script>\"".to_owned();
    map.subtitle = attacks;
    map.nodes.iter_mut().for_each(|it| it.visits = 100);
    map
}

/// A report with the shop's stages as a table and its map.
pub(crate) fn report() -> Report {
    let mut report = Report::new("dropoff", "Where customers leave", "EUR".parse().unwrap());
    report
        .findings
        .push("Most leave at Product page: 12,993 of 64,965 visits (20.0 %).".to_owned());
    report.notes.push("A journey still open is never counted as an exit.".to_owned());
    let map = shop(MapKind::Frequency);
    let columns = vec![
        Column::new("stage", Kind::Text, "the stage"),
        Column::new("visits", Kind::Count, "steps at the stage"),
        Column::new("exit_share", Kind::Share, "exits over visits"),
        Column::new("wait", Kind::Span, "median wait before the next step"),
        Column::new("value", Kind::Money, "value of the journeys that came through"),
    ];
    let mut table = Table::new("stages", "Stages", "One row a stage; shares of visits.", columns);
    for node in &map.nodes {
        table.push(vec![
            Cell::text(node.name.as_str()),
            Cell::Count(node.visits),
            Cell::share(node.exits, node.visits),
            Cell::Span(Span::seconds(90)),
            Cell::Money(node.value),
        ]);
    }
    table.chart = Some(Chart::Bars { label: "stage", value: "exit_share" });
    report.tables.push(table);
    report.tables.push(curve());
    report.maps.push(("map".to_owned(), map));
    report
}

/// A curve with a band.
fn curve() -> Table {
    let columns = vec![
        Column::new("days", Kind::Span, "time since the first step"),
        Column::new("bought", Kind::Share, "share of journeys that bought by then"),
        Column::new("low", Kind::Share, "lower edge of the 95 % interval"),
        Column::new("high", Kind::Share, "upper edge of the 95 % interval"),
    ];
    let mut table = Table::new("curve", "Time to purchase", "Kaplan-Meier.", columns);
    for day in 0..30_i64 {
        let bought = 0.16 * (1.0 - 0.9_f64.powi(day as i32));
        table.push(vec![
            Cell::Span(Span::days(day)),
            Cell::Share(bought),
            Cell::Share((bought - 0.01).max(0.0)),
            Cell::Share(bought + 0.012),
        ]);
    }
    table.chart = Some(Chart::Curve { x: "days", y: "bought", band: Some(("low", "high")) });
    table.shown = 12;
    table
}

/// A funnel.
pub(crate) fn funnel() -> Report {
    let mut report = Report::new("funnel", "Funnel", "EUR".parse().unwrap());
    let columns = vec![
        Column::new("step", Kind::Text, "the stage"),
        Column::new("customers", Kind::Count, "customers who reached it in order"),
    ];
    let mut table = Table::new("funnel", "Funnel", "Customers, in order, within 7 days.", columns);
    for (name, count) in
        [("Product page", 37_142), ("Cart", 18_020), ("Payment", 8_100), ("Purchase", 7_929)]
    {
        table.push(vec![Cell::text(name), Cell::Count(count)]);
    }
    table.chart = Some(Chart::Funnel { label: "step", value: "customers" });
    report.tables.push(table);
    report
}

/// A small report of three rows, of which two are shown.
pub(crate) fn three_rows() -> Report {
    let mut report = Report::new("dropoff", "Where customers leave", "EUR".parse().unwrap());
    report.findings.push("Most leave at Cart.".to_owned());
    report.notes.push("open journeys are no exits".to_owned());
    let columns = vec![
        Column::new("stage", Kind::Text, "the stage"),
        Column::new("visits", Kind::Count, "steps"),
        Column::new("left", Kind::Share, "exits over visits"),
    ];
    let about = "Share of visits that ended at the stage.";
    let mut table = Table::new("stages", "Where customers leave", about, columns);
    table.push(vec![Cell::text("Product page"), Cell::Count(64_965), Cell::Share(0.2)]);
    table.push(vec![Cell::text("Cart"), Cell::Count(24_601), Cell::Share(0.217)]);
    table.push(vec![Cell::text("Payment"), Cell::Count(9_701), Cell::Share(0.059)]);
    table.shown = 2;
    report.tables.push(table);
    report
}
