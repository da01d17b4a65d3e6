//! Tests of `funnel`: by hand, against the golden figures, and the merge law.

use proptest::prelude::*;

use super::*;
use crate::analysis::fixture::fixture;
use crate::base::{Names, Timestamp};

fn options(steps: &[&str], window: &str) -> FunnelOptions {
    FunnelOptions {
        steps: steps.iter().map(|&it| it.to_owned()).collect(),
        window: window.parse().expect("span"),
        ..FunnelOptions::default()
    }
}

/// Customers by step, of one line of customers.
fn reached(text: &str, steps: &[&str], window: &str) -> Vec<u64> {
    let report = fixture(text).run::<Funnel>(options(steps, window)).expect("report");
    let count = |row: &Vec<Cell>| match row[2] {
        Cell::Count(it) => it,
        _ => unreachable!("customers is a count"),
    };
    report.tables[0].rows.iter().map(count).collect()
}

#[test]
fn the_window_runs_from_the_entry_and_includes_its_end() {
    let text = "a: home@0s cart@30m buy@1h";
    assert_eq!(reached(text, &["home", "cart", "buy"], "1h"), [1, 1, 1]);
    assert_eq!(reached(text, &["home", "cart", "buy"], "59m59s"), [1, 1, 0]);
}

#[test]
fn a_later_entry_replaces_an_older_one() {
    // The second home carries cart and buy; the cart of the first entry stays reached.
    assert_eq!(reached("a: home@0s home@2h cart@3h", &["home", "cart"], "1h"), [1, 1]);
    assert_eq!(
        reached("a: home@0s cart@30m home@2h buy@2h10m", &["home", "cart", "buy"], "1h"),
        [1, 1, 0]
    );
}

#[test]
fn other_stages_and_conversions_between_do_not_matter() {
    let text = "a: home@0s buy@1m other@2m cart@3m buy@4m; b: cart@0s home@1m; c: other@0s";
    assert_eq!(reached(text, &["home", "cart", "buy"], "7d"), [2, 1, 1]);
}

#[test]
fn equal_times_count_in_order_of_the_steps() {
    assert_eq!(reached("a: cart@1m home@1m", &["home", "cart"], "7d"), [1, 1]);
    // One visit reaches two steps only where both name its stage.
    assert_eq!(reached("a: home@1m", &["home", "home"], "7d"), [1, 1]);
    assert_eq!(reached("a: home@1m cart@2m", &["home", "home", "cart"], "7d"), [1, 1, 1]);
}

#[test]
fn times_and_shares_are_those_of_the_customers_who_reach_a_step() {
    let fixture =
        fixture("a: home@0s cart@10m; b: home@0s home@5m cart@25m; c: home@1m; d: cart@0s");
    let report = fixture.run::<Funnel>(options(&["home", "cart"], "7d")).expect("report");
    let row = &report.tables[0].rows[1];
    assert_eq!(
        row[..5],
        [
            Cell::Count(2),
            Cell::text("cart"),
            Cell::Count(2),
            Cell::Count(1),
            Cell::Share(2.0 / 3.0)
        ]
    );
    // 10 minutes, and 20 from the newer entry.
    assert_eq!(row[10], Cell::Span(Span::seconds(900)));
    fixture.assert_merges::<Funnel>(|| options(&["home", "cart"], "7d"));
}

#[test]
fn steps_are_guessed_or_the_report_says_how_to_name_them() {
    let shop = fixture("a: product_view@0s add_to_cart@1m begin_checkout@2m buy@3m");
    let report = shop.run::<Funnel>(FunnelOptions::default()).expect("report");
    assert_eq!(report.tables[0].rows.len(), 4);
    let blog = fixture("a: home@0s post@1m");
    let report = blog.run::<Funnel>(FunnelOptions::default()).expect("report");
    assert!(report.tables.is_empty() && report.notes[0].starts_with("No funnel"));
    blog.assert_merges::<Funnel>(FunnelOptions::default);
    let error = blog.run::<Funnel>(options(&["hom"], "7d")).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean \"home\"?"));
}

/// All chains up to step `step`, as (entry, end), without looking at the window.
fn chains(visits: &[(i64, u32)], stages: &[u32], step: usize) -> Vec<(i64, i64)> {
    let here = visits.iter().filter(|it| it.1 == stages[step]).map(|it| it.0);
    if step == 0 {
        return here.map(|it| (it, it)).collect();
    }
    let mut all = Vec::new();
    for time in here {
        for (entry, end) in chains(visits, stages, step - 1) {
            if end <= time && !all.contains(&(entry, time)) {
                all.push((entry, time));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_walk_finds_what_trying_every_chain_finds(
        mut visits in prop::collection::vec((0i64..12, 0u32..4), 0..14),
        stages in prop::collection::vec(0u32..4, 1..5),
        window in 0i64..12,
    ) {
        visits.sort_by_key(|it| it.0);
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let catalog = Catalog { stages: Names::new(names), ..Catalog::default() };
        let named = stages.iter().map(|&it| catalog.stage(StageId(it)).to_owned()).collect();
        let options =
            FunnelOptions { steps: named, window: Span(window), ..FunnelOptions::default() };
        let funnel = Funnel::new(options, &catalog).expect("funnel");
        let steps: Vec<Step> = visits
            .iter()
            .enumerate()
            .map(|(event, it)| Step {
                event: event as u32,
                stage: StageId(it.1),
                time: Timestamp(it.0),
            })
            .collect();
        let mut scratch = Scratch::default();
        let level = funnel.walk(&mut scratch, &steps);
        for step in 0..stages.len() {
            let within = chains(&visits, &stages, step);
            let within = within.iter().filter(|it| it.1 - it.0 <= window);
            // The first time it is reached, from the newest entry that gets there.
            let best = within.min_by_key(|it| (it.1, std::cmp::Reverse(it.0)));
            let wanted = best.map(|it| it.1 - it.0);
            let found = scratch.first[..level].get(step).copied();
            prop_assert_eq!(wanted, found, "step {}", step);
        }
    }
}
