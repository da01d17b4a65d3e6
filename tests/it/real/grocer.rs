//! Complete Journey: purchases and campaigns of 2,379 households, against pandas.

use std::collections::BTreeMap;

use serde_json::Value;
use touchpath::model::{Cell, Table};
use touchpath::study::Study;

use super::{at, close, figure, known, same, study_of, table};
use crate::case::study;

/// The sample journey, whose data are those of the shared folder.
fn grocer() -> Option<(Study, Value)> {
    let (_, expected) = known("completejourney", "events.csv.gz")?;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer");
    Some((study(folder.as_ref()), expected))
}

fn minor(known: &Value) -> f64 {
    (known.as_f64().unwrap() * 100.0).round()
}

/// Orders, revenue and the shares made of them; a cell of money is rounded, its parts are not.
fn check_orders(kpi: &Table, expected: &Value) {
    let value = |name| figure(at(kpi, &[name], "value"));
    let part = |name, column| figure(at(kpi, &[name], column));
    close(value("orders"), &expected["orders"], 0.0, "orders");
    assert_eq!(value("revenue"), minor(&expected["revenue"]));
    let mean =
        part("average order value", "numerator") / part("average order value", "denominator");
    close(mean / 100.0, &expected["avg_order_value"], 1e-6, "average order value");
    assert_eq!(value("average order value"), mean.round());
    for (name, key) in [
        ("repeat purchase rate", "repeat_purchase_rate"),
        ("orders per active customer", "orders_per_customer"),
    ] {
        close(value(name), &expected[key], 1e-6, name);
        let buyers = part(name, "denominator");
        close(buyers, &expected["purchasing_customers"], 0.0, "buyers");
    }
    let repeat = part("repeat purchase rate", "numerator");
    close(repeat, &expected["customers_with_2plus_orders"], 0.0, "repeat buyers");
}

#[test]
fn the_grocer_sample_is_the_shared_data() {
    let Some((data, _)) = known("completejourney", "events.csv.gz") else { return };
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer/events.csv.gz");
    assert!(std::fs::read(data).unwrap() == std::fs::read(ours).unwrap());
}

#[test]
fn households_orders_and_revenue_agree_with_pandas() {
    let Some((study, expected)) = grocer() else { return };
    let issues = &study.raw.issues;
    assert_eq!(Value::from(issues.read), expected["rows"]);
    assert_eq!(Value::from(issues.used()), expected["rows"]);
    let overview = table(&study, "overview", "overview");
    let of = |measure| figure(at(&overview, &[measure], "value"));
    close(of("customers"), &expected["customers"], 0.0, "customers");
    close(of("converting customers"), &expected["purchasing_customers"], 0.0, "buyers");
    for (measure, key) in [("first event", "first"), ("last event", "last")] {
        let Cell::Time(time) = at(&overview, &[measure], "value") else { panic!("no time") };
        let time = jiff::Timestamp::from_microsecond(time.0).unwrap();
        assert_eq!(Value::from(time.to_string()), expected[key]);
    }
    check_orders(&table(&study, "kpi", "kpi"), &expected);
    let stages = table(&study, "map", "stages");
    for (stage, event, households) in [
        ("Campaign", "campaign_received", "households_with_campaign"),
        ("Coupon", "coupon_redeemed", "households_redeeming"),
        ("Purchase", "purchase", "purchasing_customers"),
    ] {
        let of = |column| figure(at(&stages, &[stage], column));
        close(of("visits"), &expected["by_event"][event], 0.0, event);
        close(of("customers"), &expected[households], 0.0, households);
    }
}

/// Campaigns and coupons of a type are its touches: each event that names one is a touch.
#[test]
fn touches_by_campaign_type_agree_with_pandas() {
    let Some((study, expected)) = grocer() else { return };
    let channels = table(&study, "attribute", "channels");
    for (channel, received) in expected["campaign_type_touches"].as_object().unwrap() {
        let redeemed = expected["redemptions_by_type"][channel].as_f64().unwrap();
        let touches = figure(at(&channels, &[channel], "touches"));
        close(touches - redeemed, received, 0.0, channel);
    }
}

#[test]
fn campaigns_and_coupons_by_type_agree_one_by_one() {
    let Some((data, expected)) = known("completejourney", "events.csv.gz") else { return };
    for (event, key) in
        [("campaign_received", "campaign_type_touches"), ("coupon_redeemed", "redemptions_by_type")]
    {
        let source = format!(
            "time = 'timestamp'\nevent = 'campaign_type'\nids = {{ household = 'household_id' }}\n\
             where = \"event == '{event}'\""
        );
        let study = study_of(&data, &source, "[journey]\nconversion = []\ngap = 'none'");
        same(&table(&study, "map", "stages"), "visits", &expected[key]);
    }
}

/// Every order of the file has credit rows that sum to its value, and no other order has.
#[test]
fn the_ledger_sums_to_each_order_of_the_file() {
    let Some((data, _)) = known("completejourney", "events.csv.gz") else { return };
    let Some((study, _)) = grocer() else { return };
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(data).unwrap());
    let mut orders: BTreeMap<String, i128> = BTreeMap::new();
    for row in csv::Reader::from_reader(file).records().map(Result::unwrap) {
        if &row[2] == "purchase" {
            let minor = (row[6].parse::<f64>().unwrap() * 100.0).round() as i128;
            orders.insert(row[5].to_owned(), minor);
        }
    }
    let ledger = table(&study, "ledger", "ledger");
    let (order, credit) = (ledger.column("order").unwrap(), ledger.column("credit").unwrap());
    let mut credited: BTreeMap<String, i128> = BTreeMap::new();
    for row in &ledger.rows {
        let (Cell::Text(order), Cell::Money(credit)) = (&row[order], &row[credit]) else {
            panic!("a row without order or credit: {row:?}");
        };
        *credited.entry(order.clone()).or_default() += credit;
    }
    assert_eq!(credited, orders);
    let proof = table(&study, "ledger", "proof");
    assert_eq!(at(&proof, &["value"], "exact"), &Cell::Flag(true));
    assert_eq!(at(&proof, &["conversions"], "exact"), &Cell::Flag(true));
}

/// Lines of one basket are one order. One line's amount is written `4.440892e-16`: amounts
/// with exponents are not read, so the line is set aside; it is worth nothing.
#[test]
fn order_lines_become_orders() {
    let Some((data, expected)) = known("completejourney", "transactions_sample.csv.gz") else {
        return;
    };
    let source = "time = 'transaction_timestamp'\nids = { household = 'household_id' }\n\
                  order = 'basket_id'\nvalue = 'sales_value'\nconstants = { event = 'purchase' }";
    let study = study_of(&data, source, "[journey]\nconversion = 'purchase'\ngap = 'none'");
    assert_eq!((study.raw.issues.read, study.raw.issues.used()), (75_000, 74_999));
    let rejects = study.raw.issues.rejects();
    assert_eq!(rejects[0].kind.key(), "bad_value");
    assert!(rejects[0].detail.contains("4.440892e-16"), "{}", rejects[0].detail);
    check_orders(&table(&study, "kpi", "kpi"), &expected);
    let steps = at(&table(&study, "overview", "overview"), &["steps"], "value").clone();
    close(figure(&steps), &expected["orders"], 0.0, "steps");
}
