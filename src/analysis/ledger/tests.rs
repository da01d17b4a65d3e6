//! Tests of `ledger`: by hand, against the golden figures, and the merge law.

use proptest::prelude::*;

use super::*;
use crate::analysis::attribute::Attribute;
use crate::analysis::attribution::MODELS;
use crate::analysis::fixture::{Fixture, fixture};
use crate::analysis::reconcile::{OrderAmount, credits, reconcile};
use crate::model::Cell;

const SHOP: &str = "ann: home~email@0s cart@1m home~ads@5d buy@6d=100.01#o1; \
    bob: home~ads@0s; cyd: home~direct@1d buy@1d=10.01#o2 home~email@3d buy@4d=-5.00#o3; \
    dan: buy@2d=7.00#o4; eve: home~seo@0s home~ads@2d home~seo@4d buy@5d=0.05; \
    fay: home~ads@1d home~seo@5d buy@6d=1.00#o0; fin: cart@90d";

fn options(model: &str) -> AttributionOptions {
    AttributionOptions { ledger_model: model.to_owned(), ..AttributionOptions::default() }
}

fn ledger(fixture: &Fixture, model: &str) -> Report {
    fixture.run::<Ledger>(options(model)).unwrap()
}

#[test]
fn any_cut_of_the_customers_gives_the_same_ledger() {
    for entry in MODELS {
        fixture(SHOP).assert_merges::<Ledger>(|| options(entry.name));
    }
}

#[test]
fn rows_are_in_order_of_time_then_order_then_customer_and_name_everything() {
    let report = ledger(&fixture(SHOP), "linear");
    let rows = &report.table("ledger").unwrap().rows;
    let text: Vec<String> = rows
        .iter()
        .map(|it| match (&it[1], &it[2], &it[4], &it[7], &it[9]) {
            (
                Cell::Text(order),
                Cell::Text(customer),
                Cell::Text(channel),
                Cell::Money(credit),
                Cell::Text(kind),
            ) => format!("{order} {customer} {channel} {credit} {kind}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        text,
        [
            "o2 cyd direct 1001 sale",
            "o4 dan (unattributed) 700 sale",
            "o3 cyd email -500 refund",
            " eve seo 3 sale",
            " eve ads 2 sale",
            "o0 fay ads 50 sale",
            "o0 fay seo 50 sale",
            "o1 ann email 5001 sale",
            "o1 ann ads 5000 sale",
        ]
    );
}

#[test]
fn ties_of_time_are_ordered_by_the_customers_name() {
    let report = ledger(&fixture("zoe: buy@0s=1.00; amy: buy@0s=2.00"), "last");
    let names = report.table("ledger").unwrap().rows.iter().map(|it| it[2].clone());
    assert!(names.eq(["amy", "zoe"].map(Cell::text)));
}

#[test]
fn every_model_sums_to_the_orders_and_reconciles() {
    let fixture = fixture(SHOP);
    let order = |order: &str, amount| OrderAmount {
        order: order.to_owned(),
        amount,
        currency: fixture.catalog.currency,
    };
    let orders = [
        order("o0", 100),
        order("o1", 10_001),
        order("o2", 1_001),
        order("o3", -500),
        order("o4", 700),
        order("", 5),
    ];
    for entry in MODELS {
        let report = ledger(&fixture, entry.name);
        assert!(!report.negative, "{}", entry.name);
        let credits = credits(&report).unwrap();
        assert!(!reconcile(&credits, &orders).negative, "{}", entry.name);
        assert!(reconcile(&credits, &orders[1..]).negative, "{}", entry.name);
        for row in &report.table("proof").unwrap().rows {
            assert_eq!(row[4], Cell::Flag(true));
        }
    }
    assert!(credits(&Report::default()).is_err());
}

#[test]
fn totals_by_channel_are_those_of_attribute() {
    let fixture = fixture(SHOP);
    let credit = fixture.run::<Attribute>(AttributionOptions::default()).unwrap();
    for entry in MODELS.iter().filter(|it| matches!(it.method, Method::Touches(_))) {
        let totals = ledger(&fixture, entry.name);
        let totals = &totals.table("totals").unwrap().rows;
        let model = Cell::text(entry.name);
        let rows = credit.table("credit").unwrap().rows.iter().filter(|it| it[0] == model);
        for (row, total) in rows.zip(totals) {
            assert_eq!((&row[1], &row[6]), (&total[0], &total[5]), "{}", entry.name);
        }
    }
}

#[test]
fn markov_allocates_each_journey_by_removal_effects() {
    let text = "a: h~x@0s h~y@1d buy@2d=1.00; b: h~x@0s buy@2d=1.00; c: h~y@0s; z: h@90d";
    let report = ledger(&fixture(text), "markov");
    assert!(report.notes.iter().any(|it| it.contains("allocation = per_journey")));
    // x starts 2 walks (1 converts, 1 moves to y), y starts 1; y converts 1, ends 1.
    // P = 2/3 (1/2 + 1/2 · 1/2) + 1/3 · 1/2 = 2/3; without x 1/6, without y 1/3.
    // Effects 3/4 and 1/2: 60 % and 40 %.
    let rows = &report.table("ledger").unwrap().rows;
    let credit: Vec<_> = rows.iter().map(|it| (it[4].clone(), it[7].clone())).collect();
    let row = |channel: &str, credit| (Cell::text(channel), Cell::Money(credit));
    assert_eq!(credit, [row("x", 60), row("y", 40), row("x", 100)]);
}

#[test]
fn an_unknown_ledger_model_is_refused() {
    assert!(fixture(SHOP).run::<Ledger>(options("liner")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_orders_sum_under_every_model(
        events in prop::collection::vec((0usize..5, 0u32..4, -9999i64..9999, 1u32..9), 1..60),
    ) {
        // Five events in a row are a customer's; `0` of the first number is an order.
        let mut text = String::new();
        for (number, own) in events.chunks(5).enumerate() {
            text.push_str(&format!("c{number}: "));
            let mut day = 0;
            for (kind, channel, cents, days) in own {
                day += days;
                let sign = if *cents < 0 { "-" } else { "" };
                let (major, minor) = (cents.abs() / 100, cents.abs() % 100);
                text.push_str(&match kind {
                    0 => format!("buy@{day}d={sign}{major}.{minor:02} "),
                    _ => format!("home~ch{channel}@{day}d "),
                });
            }
            text.push(';');
        }
        text.push_str("end: buy@200d=0.01");
        let fixture = fixture(&text);
        for entry in MODELS {
            let report = ledger(&fixture, entry.name);
            prop_assert!(!report.negative, "{} {text}", entry.name);
        }
        let report = fixture.run::<Attribute>(AttributionOptions::default()).unwrap();
        prop_assert!(!report.negative, "{text}");
    }
}
