//! What goes in comes out: flow at every stage, steps, outcomes, value.

use proptest::prelude::*;
use touchpath::base::StageId;
use touchpath::base::Unwatched;
use touchpath::model::StageGraph;
use touchpath::study::Study;

use crate::case::{Case, shared, study};

/// Asserts that flow is conserved at every stage and over the whole graph.
pub fn assert_conserved(graph: &StageGraph, label: &str) {
    let (mut starts, mut ends, mut visits) = (0, 0, 0);
    for (id, stage) in graph.stages() {
        let came = stage.arrivals + stage.starts;
        let went = stage.departures + stage.exits + stage.open;
        assert_eq!(came, went, "{label}: flow at stage {id:?}");
        assert_eq!(came, stage.visits, "{label}: visits at stage {id:?}");
        let moved_in: u64 = moves(graph, |_, to| to == id);
        let moved_out: u64 = moves(graph, |from, _| from == id);
        assert_eq!(moved_in, stage.arrivals, "{label}: moves into {id:?}");
        assert_eq!(moved_out + stage.completed, stage.departures, "{label}: moves out of {id:?}");
        starts += stage.starts;
        ends += stage.completed + stage.exits + stage.open;
        visits += stage.visits;
    }
    assert_eq!(starts, graph.journeys, "{label}: starts");
    assert_eq!(ends, graph.journeys, "{label}: ends");
    assert_eq!(graph.converted + graph.exits + graph.open, graph.journeys, "{label}: outcomes");
    assert_eq!(visits, graph.moves() + graph.journeys, "{label}: visits");
}

fn moves(graph: &StageGraph, wanted: impl Fn(StageId, StageId) -> bool) -> u64 {
    graph.transitions().filter(|it| wanted(it.0, it.1)).map(|it| it.2.moves).sum()
}

/// The graph of a study alone.
pub fn graph(study: &Study) -> StageGraph {
    study.run(&[], &Unwatched).unwrap().graph
}

#[test]
fn flow_is_conserved_in_the_grocer_sample() {
    let study = study(concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer").as_ref());
    assert_conserved(&graph(&study), "grocer");
}

#[test]
fn flow_is_conserved_in_the_shop_sample() {
    let case = Case::new(&[]);
    touchpath::demo::write_shop(&case.path("shop"), 2_000, 7).unwrap();
    let study = study(&case.path("shop"));
    assert_conserved(&graph(&study), "shop");
}

#[test]
fn flow_is_conserved_in_a_log_of_closed_cases() {
    let Some(data) = shared("data/xes-logs/bpic2012.csv.gz") else { return };
    let journey = format!(
        "[[source]]\npath = '{}'\ntime = 'timestamp'\nevent = 'activity'\n\
         ids = {{ case = 'case_id' }}\n[journey]\nconversion = []\ngap = 'none'\n\
         end_of_data = 'exit'\n",
        data.display()
    );
    let case = Case::new(&[("journey.toml", &journey)]);
    assert_conserved(&graph(&case.study()), "bpic2012");
}

/// A random log: customer, second, stage, value.
fn log() -> impl Strategy<Value = Vec<(u8, u32, u8, u16)>> {
    prop::collection::vec((0u8..6, 0u32..8_000_000, 0u8..5, 0u16..500), 0..120)
}

fn rules() -> impl Strategy<Value = (&'static str, &'static str, &'static str)> {
    (
        prop::sample::select(vec!["none", "1d", "30d"]),
        prop::sample::select(vec!["open", "exit"]),
        prop::sample::select(vec!["new", "continue"]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn flow_is_conserved_in_random_journeys(log in log(), (gap, end, after) in rules()) {
        let mut text = String::from("who,at,what,worth\n");
        for (who, at, what, worth) in &log {
            let stage = ["home", "list", "cart", "buy", ""][*what as usize];
            text.push_str(&format!("c{who},{},{stage},{worth}.5\n", 1_700_000_000 + u64::from(*at)));
        }
        let journey = format!(
            "[[source]]\npath = 'log.csv'\ntime = 'at'\ntime_format = 'epoch_s'\nevent = 'what'\n\
             ids = {{ user = 'who' }}\nvalue = 'worth'\n[journey]\nconversion = {}\n\
             gap = '{gap}'\nend_of_data = '{end}'\nafter_conversion = '{after}'\n",
            if log.iter().any(|it| it.2 == 3) { "'buy'" } else { "[]" },
        );
        let case = Case::new(&[("journey.toml", &journey), ("log.csv", &text)]);
        let study = case.study();
        prop_assert_eq!(study.raw.issues.read, log.len() as u64);
        prop_assert_eq!(study.raw.issues.used(), log.len() as u64);
        assert_conserved(&graph(&study), "random");
    }
}
