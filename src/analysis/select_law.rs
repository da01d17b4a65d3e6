//! The laws of chosen journeys, on random customers: those that are kept and those that are
//! left out make up all, in every figure that adds up; what is kept of all is all; and each
//! analysis merges as ever.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::ANALYSES;
use super::attribution::AttributionOptions;
use super::fixture::{Fixture, fixture};
use super::law::{customers, finish, fold, graph};
use super::ledger::Ledger;
use crate::base::money::Total;
use crate::model::{Cell, Events, Report, StageGraph, Tally};
use crate::prepare::{SelectOptions, Selector, Walker};

/// Predicates of every kind; those that name what does not occur are passed over.
const CHOICES: [&str; 16] = [
    "with = ['cart']",
    "without = ['home', 'checkout']",
    "with = ['home']\nwithout = ['buy']",
    "starts = ['home', 'product']",
    "ends = ['buy', 'cart']",
    "path = ['home >> buy']",
    "path = ['home > product']",
    "path = ['product > cart >> buy']",
    "length = '2..4'",
    "lasting = '1m..2h'",
    "began = '2026-01-01T00:10:00Z..'",
    "hours = '00:00..00:30'",
    "outcome = ['exit', 'open']",
    "having = \"channel == email\"",
    "lacking = \"variant == 'A'\"",
    "having = \"value > 1 and stage == buy\"",
];

fn selector(fixture: &Fixture, options: &str, others: bool) -> Option<Selector> {
    let options: SelectOptions = toml::from_str(options).expect(options);
    let options = SelectOptions { others, ..options };
    Selector::new(&options, &fixture.catalog, &TimeZone::UTC).ok().flatten()
}

/// What adds up over journeys, of the whole graph and of each stage and transition.
fn figures(graph: &StageGraph) -> BTreeMap<String, Total> {
    let mut all = BTreeMap::new();
    let mut add = |name: String, it: Total| {
        if it != 0 {
            all.insert(name, it);
        }
    };
    add("journeys".into(), graph.journeys.into());
    add("converted".into(), graph.converted.into());
    add("exits".into(), graph.exits.into());
    add("open".into(), graph.open.into());
    add("value".into(), graph.value);
    for (id, it) in graph.stages() {
        let counts = [it.visits, it.journeys, it.starts, it.arrivals, it.departures];
        let ends = [it.completed, it.exits, it.open, it.conversions];
        for (at, count) in counts.into_iter().chain(ends).enumerate() {
            add(format!("stage {id:?} {at}"), count.into());
        }
        add(format!("stage {id:?} value"), it.value);
        assert_eq!(it.arrivals + it.starts, it.departures + it.exits + it.open);
        assert_eq!(it.visits, it.arrivals + it.starts);
    }
    for (from, to, it) in graph.transitions() {
        let name = format!("{from:?} to {to:?}");
        add(format!("{name} moves"), it.moves.into());
        add(format!("{name} journeys"), it.journeys.into());
        add(format!("{name} value"), it.value);
        add(format!("{name} wait"), it.wait.sum);
    }
    all
}

fn plus(
    mut left: BTreeMap<String, Total>,
    right: BTreeMap<String, Total>,
) -> BTreeMap<String, Total> {
    for (name, more) in right {
        *left.entry(name).or_default() += more;
    }
    left
}

/// The rows of the ledger under a model of touches, in an order of their own.
fn credit(fixture: &Fixture) -> Vec<String> {
    let options = AttributionOptions { ledger_model: "linear".into(), ..Default::default() };
    let report = fixture.run::<Ledger>(options).expect("ledger");
    assert!(!report.negative, "{:?}", report.findings);
    let rows = &report.table("ledger").expect("ledger").rows;
    let mut rows: Vec<String> = rows.iter().map(|it| format!("{it:?}")).collect();
    rows.sort_unstable();
    rows
}

/// What the walk itself counts: all, and kept.
fn tallies(fixture: &Fixture) -> (Tally, Tally) {
    let by = fixture.walking.select.as_ref().expect("predicates");
    let mut walker = Walker::default();
    for shard in &fixture.shards {
        walker.walk(&fixture.walking, shard, |_| {});
    }
    let selected = walker.keeper().selected(by);
    (selected.all, selected.kept)
}

/// All reports, or why there is none.
fn reports(fixture: &Fixture) -> Vec<Result<Report, String>> {
    let analyses =
        ANALYSES.iter().filter_map(|it| (it.build)(serde_json::Value::Null, &fixture.catalog).ok());
    analyses.map(|it| finish(fixture, &*it, fold(fixture, &*it, &fixture.shards))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn kept_and_left_out_make_up_all(text in customers()) {
        let mut fixture = fixture(&text);
        let all = figures(&graph(&fixture, &fixture.shards));
        let whole = fixture.catalog.goals.is_empty().then(Vec::new).unwrap_or_else(|| credit(&fixture));
        for choice in CHOICES {
            let Some(own) = selector(&fixture, choice, false) else { continue };
            fixture.walking.select = Some(own);
            let kept = figures(&graph(&fixture, &fixture.shards));
            let mut rows = if fixture.catalog.goals.is_empty() { Vec::new() } else { credit(&fixture) };
            let (tally, own) = tallies(&fixture);
            fixture.walking.select = selector(&fixture, choice, true);
            let others = figures(&graph(&fixture, &fixture.shards));
            if !fixture.catalog.goals.is_empty() {
                rows.extend(credit(&fixture));
            }
            rows.sort_unstable();
            let (again, rest) = tallies(&fixture);
            fixture.walking.select = None;
            prop_assert_eq!(&rows, &whole, "credit, {}", choice);
            prop_assert_eq!(plus(kept, others), all.clone(), "flow, {}", choice);
            prop_assert_eq!(tally, again);
            prop_assert_eq!(tally.journeys, own.journeys + rest.journeys);
            prop_assert_eq!(tally.orders, own.orders + rest.orders);
            prop_assert_eq!(tally.value, own.value + rest.value);
            prop_assert!(own.customers.max(rest.customers) <= tally.customers);
            prop_assert!(own.customers + rest.customers >= tally.customers);
        }
    }

    #[test]
    fn what_is_kept_of_all_is_all(text in customers()) {
        let mut fixture = fixture(&text);
        // Who made no journey is left out, whichever journeys are kept.
        let mut idle = Vec::new();
        for (at, shard) in fixture.shards.iter().enumerate() {
            Walker::default().walk(&fixture.walking, shard, |it| {
                if it.journeys.is_empty() {
                    idle.push(at);
                }
            });
        }
        idle.iter().rev().for_each(|&at| { fixture.shards.remove(at); });
        let all = reports(&fixture);
        fixture.walking.select = selector(&fixture, "length = '1..'", false);
        prop_assert_eq!(reports(&fixture), all);
    }

    #[test]
    fn chosen_journeys_merge_as_all_do(text in customers(), choice in prop::sample::select(&CHOICES)) {
        let mut fixture = fixture(&text);
        for between in [choice, "between = ['home', 'buy']"] {
            let Some(by) = selector(&fixture, between, false) else { continue };
            fixture.walking.select = Some(by);
            for entry in ANALYSES {
                let built = (entry.build)(serde_json::Value::Null, &fixture.catalog);
                let Ok(analysis) = built else { continue };
                let whole = finish(&fixture, &*analysis, fold(&fixture, &*analysis, &fixture.shards));
                let (left, right) = fixture.shards.split_at(fixture.shards.len() / 2);
                let mut state = fold(&fixture, &*analysis, right);
                analysis.merge(&mut state, fold(&fixture, &*analysis, left));
                let merged = finish(&fixture, &*analysis, state);
                prop_assert_eq!(&merged, &whole, "{} {}", entry.name, between);
            }
        }
    }
}

/// Customers whose sessions no two journeys share: who buys then pauses for an hour.
fn shoppers() -> impl Strategy<Value = String> {
    let event = (0usize..6, 0usize..4, 0usize..8, 0u32..300);
    let customer = prop::collection::vec(event, 0..12);
    prop::collection::vec(customer, 0..6).prop_map(|customers| {
        let mut text = String::new();
        for (number, events) in customers.into_iter().enumerate() {
            let (mut time, mut pause) = (0, 0);
            text.push_str(&format!("c{number}:"));
            for (stage, channel, wait, cents) in events {
                let wait = [0, 1, 60, 1800, 3600, 86_400, 864_000, 3_456_000][wait];
                time += wait.max(pause);
                pause = if stage == 4 { 3600 } else { 0 };
                let stage = ["home", "product", "cart", "checkout", "buy", "-"][stage];
                let channel = ["", "~email", "~ads", "~(direct)"][channel];
                let amount = if stage == "buy" { format!("={cents}.5") } else { String::new() };
                let variant = ["A", "B"][number % 2];
                text.push_str(&format!(" {stage}{channel}@{time}s{amount}/{variant}"));
            }
            text.push(';');
        }
        text
    })
}

/// Shards with the events of kept journeys alone.
fn without_others(fixture: &Fixture) -> Vec<Events> {
    let mut shards = Vec::new();
    for shard in &fixture.shards {
        let mut kept = None;
        Walker::default().walk(&fixture.walking, shard, |it| {
            let all = 0..it.times.len() as u32;
            let own = it.kept.unwrap_or(std::slice::from_ref(&all)).iter().cloned().flatten();
            kept = Some(own.map(|it| it as usize).collect::<Vec<_>>());
        });
        let Some(kept) = kept else { continue };
        shards.push(Events {
            first_customer: shard.first_customer,
            offsets: vec![0, kept.len() as u32],
            times: kept.iter().map(|&it| shard.times[it]).collect(),
            stages: kept.iter().map(|&it| shard.stages[it]).collect(),
            channels: kept.iter().map(|&it| shard.channels[it]).collect(),
            amounts: kept.iter().map(|&it| shard.amounts[it]).collect(),
            orders: kept.iter().map(|&it| shard.orders[it]).collect(),
            properties: vec![kept.iter().map(|&it| shard.properties[0][it]).collect()],
            ..Events::default()
        });
    }
    shards
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Holds for every analysis, and fails for one that looks at `Customer::times` instead of
    /// `Customer::event_times`.
    #[test]
    fn chosen_journeys_are_answered_as_though_the_others_had_never_been(
        text in shoppers(), choice in prop::sample::select(&CHOICES), others in any::<bool>(),
    ) {
        let mut fixture = fixture(&text);
        fixture.walking.select = selector(&fixture, choice, others);
        prop_assume!(fixture.walking.select.is_some());
        let chosen = reports(&fixture);
        fixture.shards = without_others(&fixture);
        fixture.walking.select = None;
        for (chosen, alone) in chosen.iter().zip(&reports(&fixture)) {
            prop_assert_eq!(chosen, alone, "{}", choice);
        }
    }
}

/// Ann buys, comes back and only looks; Bob looks twice with a month of silence between.
const SHOP: &str = "ann: home~ads@0s cart~email@1h buy@2h=30 home~email@3h -@4h; \
                    bob: home~ads@0s -~email@50d home@50d1m cart@50d2m -@120d";

fn chosen(options: &str) -> Fixture {
    let mut fixture = fixture(SHOP);
    fixture.walking.select = selector(&fixture, options, false);
    assert!(fixture.walking.select.is_some(), "{options}");
    fixture
}

fn measure(fixture: &Fixture, name: &str) -> Cell {
    let report = fixture.run::<super::overview::Overview>(Default::default()).expect("report");
    let row = report.tables[0].rows.iter().find(|it| it[0] == Cell::text(name));
    row.expect(name)[1].clone()
}

#[test]
fn a_customer_is_shown_as_though_the_kept_journeys_were_all() {
    let cases = [
        // Journeys, customers, events, sessions, touches, conversions: by hand.
        ("length = '1..'", [4, 2, 10, 8, 5, 1]),
        // Ann's first journey: three sessions of an event each, the last without channel.
        ("with = ['buy']", [1, 1, 3, 3, 2, 1]),
        // Ann's second, Bob's both: the event before and those after belong to a journey.
        ("without = ['buy']", [3, 2, 7, 5, 3, 0]),
        ("with = ['cart']\nwithout = ['buy']", [1, 1, 4, 2, 1, 0]),
        ("with = ['cart', 'home']\nstarts = ['cart']", [0, 0, 0, 0, 0, 0]),
    ];
    for (options, expected) in cases {
        let fixture = chosen(options);
        let names = ["journeys", "customers", "events", "sessions", "touches", "conversions"];
        let found = names.map(|it| measure(&fixture, it));
        assert_eq!(found, expected.map(Cell::Count), "{options}");
    }
}

#[test]
fn a_touch_of_a_journey_left_out_still_earns_its_part() {
    // Dee looks, is silent for eleven days (a journey of its own), and buys.
    let options = crate::prepare::JourneyOptions {
        gap: crate::prepare::journeys::Limit(Some(crate::base::Span::days(10))),
        ..Default::default()
    };
    let text = "dee: home~ads@0s home~email@11d buy@11d1h=10; eve: home~ads@0s; -: -@90d";
    let touches = crate::model::TouchOptions::Sessions;
    let mut fixture = super::fixture::fixture_with(text, &options, touches);
    let all = credit(&fixture);
    assert_eq!(all.len(), 2, "{all:?}");
    fixture.walking.select = selector(&fixture, "with = ['buy']", false);
    assert_eq!(credit(&fixture), all);
    assert_eq!(measure(&fixture, "journeys"), Cell::Count(1));
    assert_eq!(measure(&fixture, "touches"), Cell::Count(2));
    assert_eq!(measure(&fixture, "events"), Cell::Count(2));
}

#[test]
fn a_stretch_shows_the_steps_between_and_the_end_of_the_whole() {
    let fixture = chosen("between = ['home', 'cart']");
    let graph = graph(&fixture, &fixture.shards);
    let stage = |name: &str| {
        graph.stage(crate::base::StageId(fixture.catalog.stages.id(name).expect(name)))
    };
    assert_eq!((graph.journeys, graph.converted, graph.exits), (2, 1, 1));
    assert_eq!((stage("home").visits, stage("cart").visits, stage("buy").visits), (2, 2, 0));
    // Ann's journey converted later, Bob's ended.
    assert_eq!((stage("cart").completed, stage("cart").exits), (1, 1));
    assert_eq!(graph.value, 3000);
    assert_eq!(credit(&fixture), credit(&super::fixture::fixture(SHOP)));
}
