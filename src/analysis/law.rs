//! The laws that every registered analysis keeps, on random customers.

use proptest::prelude::*;

use super::fixture::{Fixture, fixture};
use super::graph::GraphFold;
use super::{ANALYSES, AnyState, Evidence, Running};
use crate::base::CustomerId;
use crate::model::{Events, Report, StageGraph};
use crate::prepare::Walker;

/// Customers with repeats, ties, silences, orders, channels and values.
pub(super) fn customers() -> impl Strategy<Value = String> {
    let event =
        (0usize..6, 0usize..4, 0u32..9, 0u32..300).prop_map(|(stage, channel, wait, cents)| {
            let stage = ["home", "product", "cart", "checkout", "buy", "-"][stage];
            let channel = ["", "~email", "~ads", "~(direct)"][channel];
            // Days of silence now and then, so that some journeys exit.
            let wait = [0, 0, 1, 60, 1800, 3600, 86_400, 864_000, 3_456_000][wait as usize];
            let amount = if stage == "buy" && cents > 30 {
                format!("={}", cents as f64 / 100.0)
            } else {
                String::new()
            };
            let variant = if cents % 2 == 0 { "/A" } else { "/B" };
            (wait, format!("{stage}{channel}"), format!("{amount}{variant}"))
        });
    let customer = prop::collection::vec(event, 0..12).prop_map(|events| {
        let mut time = 0;
        let texts = events.into_iter().map(|(wait, stage, rest)| {
            time += wait;
            format!("{stage}@{time}s{rest}")
        });
        texts.collect::<Vec<_>>().join(" ")
    });
    prop::collection::vec(customer, 0..6).prop_map(|customers| {
        let named = customers.iter().enumerate().map(|(at, it)| format!("c{at}: {it}"));
        named.collect::<Vec<_>>().join("; ")
    })
}

pub(super) fn graph(fixture: &Fixture, shards: &[Events]) -> StageGraph {
    let fold = GraphFold::new(&fixture.catalog);
    let mut state = fold.start();
    for shard in shards {
        Walker::default().walk(&fixture.walking, shard, |it| fold.visit(&mut state, it));
    }
    fold.finish(state)
}

pub(super) fn fold(fixture: &Fixture, analysis: &dyn Running, shards: &[Events]) -> AnyState {
    let mut state = analysis.start();
    for shard in shards {
        Walker::default().walk_groups(&fixture.walking, shard, |it| analysis.visit(&mut state, it));
    }
    state
}

/// The report, or the words of the refusal.
pub(super) fn finish(
    fixture: &Fixture,
    analysis: &dyn Running,
    state: AnyState,
) -> Result<Report, String> {
    let graph = graph(fixture, &fixture.shards);
    let customer_name = |id: CustomerId| format!("user:{}", id.0);
    let evidence = Evidence {
        catalog: &fixture.catalog,
        graph: &graph,
        orders: &fixture.orders,
        customer_name: &customer_name,
        confidence: 0.95,
    };
    analysis.finish(state, &evidence).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_cut_of_the_customers_merges_to_the_whole(text in customers()) {
        let fixture = fixture(&text);
        for entry in ANALYSES {
            let Ok(analysis) = (entry.build)(serde_json::Value::Null, &fixture.catalog) else {
                continue;
            };
            let whole = finish(&fixture, &*analysis, fold(&fixture, &*analysis, &fixture.shards));
            for cut in 0..=fixture.shards.len() {
                let (left, right) = fixture.shards.split_at(cut);
                let mut state = fold(&fixture, &*analysis, left);
                analysis.merge(&mut state, fold(&fixture, &*analysis, right));
                let merged = finish(&fixture, &*analysis, state);
                prop_assert_eq!(&merged, &whole, "{} cut at {}", entry.name, cut);
                // Threads take customers as they come: the order must not matter either.
                let mut state = fold(&fixture, &*analysis, right);
                analysis.merge(&mut state, fold(&fixture, &*analysis, left));
                // And whether the state was settled is a matter of speed.
                analysis.settle(&mut state);
                let swapped = finish(&fixture, &*analysis, state);
                prop_assert_eq!(&swapped, &whole, "{} cut at {}, swapped", entry.name, cut);
            }
        }
    }

    #[test]
    fn flow_is_conserved_at_every_stage(text in customers()) {
        let fixture = fixture(&text);
        let graph = graph(&fixture, &fixture.shards);
        let (mut starts, mut ends) = (0, 0);
        for (_, it) in graph.stages() {
            prop_assert_eq!(it.arrivals + it.starts, it.departures + it.exits + it.open);
            prop_assert_eq!(it.visits, it.arrivals + it.starts);
            starts += it.starts;
            ends += it.completed + it.exits + it.open;
        }
        prop_assert_eq!(starts, graph.journeys);
        prop_assert_eq!(ends, graph.journeys);
        prop_assert_eq!(graph.converted + graph.exits + graph.open, graph.journeys);
    }
}

#[test]
fn every_analysis_answers_no_customers_and_its_defaults_read_back() {
    let nobody = fixture("");
    for entry in ANALYSES {
        let defaults = (entry.defaults)().expect(entry.name);
        let analysis = (entry.build)(defaults, &nobody.catalog);
        let Ok(analysis) = analysis else { continue };
        // A refusal is an answer too, where the question needs a goal or a variant.
        match finish(&nobody, &*analysis, analysis.start()) {
            Ok(report) => assert_eq!(report.name, entry.name),
            Err(words) => assert!(!words.is_empty(), "{}", entry.name),
        }
    }
}

#[test]
fn tables_have_unique_keys_and_full_rows() {
    let shop = fixture("a: home~ads@0s cart@1m checkout@2m buy@3m=10/A; b: home@0s/B; c: -@90d");
    for entry in ANALYSES {
        let Ok(analysis) = (entry.build)(serde_json::Value::Null, &shop.catalog) else { continue };
        let Ok(report) = finish(&shop, &*analysis, fold(&shop, &*analysis, &shop.shards)) else {
            continue;
        };
        let mut tables: Vec<_> = report.tables.iter().map(|it| it.key.as_str()).collect();
        tables.sort_unstable();
        assert!(tables.windows(2).all(|it| it[0] != it[1]), "{}: {tables:?}", entry.name);
        for table in &report.tables {
            let mut keys: Vec<_> = table.columns.iter().map(|it| it.key.as_str()).collect();
            keys.sort_unstable();
            assert!(keys.windows(2).all(|it| it[0] != it[1]), "{}: {keys:?}", table.key);
            assert!(table.rows.iter().all(|it| it.len() == table.columns.len()), "{}", table.key);
        }
    }
}
