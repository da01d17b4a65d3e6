//! Tests of `attribute`: by hand, against the golden figures, and the merge law.

use super::*;
use crate::analysis::fixture::{fixture, fixture_with};
use crate::model::{Cell, TouchOptions};
use crate::prepare::JourneyOptions;

const SHOP: &str = "ann: home~email@0s cart@1m home~ads@5d buy@6d=100.00#o1; \
    bob: home~ads@0s; cyd: home~Direct@1d buy@1d=10.01#o2 home~email@3d buy@4d=-5.00#o3; \
    dan: buy@2d=7.00#o4; eve: home~seo@0s home~ads@2d home~seo@4d buy@5d=0.05; fin: cart@90d";

fn options(change: impl Fn(&mut AttributionOptions)) -> AttributionOptions {
    let mut options = AttributionOptions::default();
    change(&mut options);
    options
}

fn cell(report: &Report, model: &str, channel: &str, column: &str) -> Cell {
    let table = report.table("credit").unwrap();
    let wanted = [Cell::text(model), Cell::text(channel)];
    let row = table.rows.iter().find(|it| it[..2] == wanted).unwrap();
    row[table.column(column).unwrap()].clone()
}

#[test]
fn any_cut_of_the_customers_gives_the_same_credit() {
    fixture(SHOP).assert_merges::<Attribute>(AttributionOptions::default);
    let null = || options(|it| it.open = OpenJourneys::Null);
    fixture(SHOP).assert_merges::<Attribute>(null);
}

#[test]
fn credit_and_what_no_channel_earned_are_everything() {
    let report = fixture(SHOP).run::<Attribute>(AttributionOptions::default()).unwrap();
    assert!(!report.negative);
    for row in &report.table("models").unwrap().rows {
        assert_eq!(row[4], Cell::Count(5));
        assert_eq!(row[7], Cell::Money(10_000 + 1_001 - 500 + 700 + 5));
        assert_eq!(row[8], Cell::Flag(true));
    }
    assert_eq!(cell(&report, "linear", "(unattributed)", "value"), Cell::Money(700));
    assert_eq!(cell(&report, "linear", "email", "value"), Cell::Money(5_000 - 500));
    assert_eq!(cell(&report, "last", "ads", "conversions"), Cell::Number(1.0));
    assert_eq!(cell(&report, "linear", "seo", "value"), Cell::Money(3));
    let channels = report.table("channels").unwrap();
    let ads = channels.rows.iter().find(|it| it[0] == Cell::text("ads")).unwrap();
    assert_eq!(ads[1..5], [Cell::Count(3), Cell::Count(2), Cell::Count(2), Cell::Share(0.4)]);
}

#[test]
fn touches_of_events_count_each_and_sessions_once() {
    let text = "ann: a~x@0s b~y@1m buy@2m=1.00";
    let weight = |touches| {
        let fixture = fixture_with(text, &JourneyOptions::default(), touches);
        let report = fixture.run::<Attribute>(AttributionOptions::default()).unwrap();
        cell(&report, "linear", "y", "conversions")
    };
    assert_eq!(weight(TouchOptions::Sessions), Cell::Number(0.0));
    assert_eq!(weight(TouchOptions::Events), Cell::Number(0.5));
}

#[test]
fn open_journeys_are_no_null_paths_unless_asked_for() {
    let text = "ann: home~x@0s buy@1m=1.00; bob: home~y@0s home~x@1d";
    let note = |open| {
        let report = fixture(text).run::<Attribute>(options(|it| it.open = open)).unwrap();
        report.notes.iter().find(|it| it.contains("converting paths")).unwrap().clone()
    };
    assert!(note(OpenJourneys::Leave).contains("1 converting paths and 0 without"));
    assert!(note(OpenJourneys::Null).contains("1 converting paths and 1 without"));
}

#[test]
fn only_the_chosen_models_are_shown_and_no_conversion_is_said() {
    let chosen = options(|it| it.models = vec!["last".to_owned()]);
    let report = fixture("ann: home~x@0s buy@90d; bob: home@1d").run::<Attribute>(chosen).unwrap();
    assert_eq!(report.table("models").unwrap().rows.len(), 1);
    assert_eq!(cell(&report, "last", "(unattributed)", "conversions"), Cell::Number(1.0));
    assert!(fixture("ann: home~x@0s").run::<Attribute>(AttributionOptions::default()).is_err());
}

#[test]
fn a_model_that_knows_no_direct_channel_says_so() {
    let warned = |text: &str| {
        let report = fixture(text).run::<Attribute>(AttributionOptions::default()).unwrap();
        report.notes.iter().any(|it| it.contains("equals last touch"))
    };
    assert!(warned("ann: home~(none)@0s buy@1m"));
    assert!(!warned("ann: home~DIRECT@0s buy@1m"));
}

#[test]
fn whole_conversions_survive_large_sums() {
    let units = (1i128 << 53) * i128::from(UNITS) + i128::from(UNITS) / 2;
    assert_eq!(conversions(units), (1i64 << 53) as f64);
    assert_eq!(conversions(-i128::from(UNITS) / 4), -0.25);
}
