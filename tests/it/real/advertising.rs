//! ChannelAttribution's example: 88,387 journeys of advertising, counted by path.

use std::fmt::Write as _;

use super::{at, close, figure, journey, json, known, study_of, table};
use crate::case::{Case, shared};

/// A customer for each conversion and for each journey without one, touches a second apart.
fn events(file: std::fs::File) -> String {
    let mut events = String::from("customer,at,event,channel\n");
    let rows = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file)).into_records();
    let mut customer = 0;
    for row in rows.map(Result::unwrap) {
        let count = |at: usize| row[at].parse::<u64>().unwrap();
        let (converted, lost) = (count(1), count(3));
        for journey in 0..converted + lost {
            customer += 1;
            for (second, channel) in (1_700_000_000..).zip(row[0].split(" > ")) {
                let _ = writeln!(events, "{customer},{second},view,{channel}");
            }
            if journey < converted {
                let _ = writeln!(events, "{customer},1700001000,buy,");
            }
        }
    }
    events
}

const JOURNEY: &str = "[[source]]\npath = 'events.csv'\ntime = 'at'\ntime_format = 'epoch_s'\n\
    event = 'event'\nids = { customer = 'customer' }\nchannel = 'channel'\n\
    [journey]\nconversion = 'buy'\ngap = 'none'\nend_of_data = 'exit'\n\
    [attribution]\ntouches = 'events'\n";

/// The counted paths as they are, without a detour.
const COUNTED: &str = "format = 'paths'\ntime = 'journey.time'\nevent = 'journey.event'\n\
    channel = 'journey.channel'\nids = { case = 'journey.id' }\norder = 'journey.id'\n\
    value = 'journey.value'";

const CLOSED: &str = "[journey]\nconversion = '(conversion)'\ngap = 'none'\n\
    end_of_data = 'exit'\n[attribution]\ntouches = 'events'\n";

#[test]
fn counted_paths_agree_with_channel_attribution_and_exact_algebra() {
    let Some((data, expected)) = known("attribution-pathdata", "paths.csv.gz") else { return };
    let study = study_of(&data, COUNTED, CLOSED);
    let of = |key: &str| expected[key].as_u64().unwrap();
    assert_eq!(study.catalog.customers, of("conversions") + of("nulls"));
    assert_eq!(study.raw.issues.rejected(), 0);
    let credit = table(&study, "attribute", "credit");
    for (model, channels) in expected["heuristics_conversions"].as_object().unwrap() {
        for (channel, known) in channels.as_object().unwrap() {
            close(figure(at(&credit, &[model, channel], "conversions")), known, 1e-8, channel);
        }
    }
    for (channel, known) in expected["markov1"]["removal_effect"].as_object().unwrap() {
        let effect = figure(at(&credit, &["markov", channel], "removal_effect"));
        close(effect, known, 1e-12, channel);
    }
}

/// A currency without minor units, so that the values of the oracle are exact.
#[test]
fn values_of_counted_paths_are_spread_and_credited_to_the_unit() {
    let Some(data) = shared("oracles/paths_a.csv") else { return };
    let Some(golden) = shared("oracles/heuristics_a.json") else { return };
    let golden = json(&golden);
    let source = format!("{COUNTED}\npaths = {{ value = 'value_minor' }}");
    let toml = format!("currency = 'JPY'\n{}", journey(&data, &source, CLOSED));
    let study = Case::new(&[("journey.toml", &toml)]).study();
    let credit = table(&study, "attribute", "credit");
    let channels = golden["output"]["channels"].as_object().unwrap();
    for (channel, known) in channels {
        for (model, bound) in [("first", 0.0), ("last", 0.0), ("linear", 20.0)] {
            let of = |column| figure(at(&credit, &[model, channel], column));
            close(of("conversions"), &known[format!("{model}_touch_conversions")], 1e-8, channel);
            close(of("value"), &known[format!("{model}_touch_value")], bound, channel);
        }
    }
    let sum: f64 = channels.keys().map(|it| figure(at(&credit, &["linear", it], "value"))).sum();
    close(sum, &golden["output"]["total_value_minor"], 0.0, "the sum");
}

#[test]
fn rows_that_count_nothing_are_set_aside() {
    let rows = "path,conversions,nulls,value\na > b,2,1,10\na >  > b,1,0,1\na,0,0,\na,x,0,1\n\
                a,1.5,0,1\na,0,3,5\na,1,0,9 EUR\n\"a, b > c\",1,,3\na,1\n";
    let toml = format!("{}{CLOSED}", journey(std::path::Path::new("p.csv"), COUNTED, ""));
    let study = Case::new(&[("p.csv", rows), ("journey.toml", &toml)]).study();
    let issues = &study.raw.issues;
    let places: Vec<String> =
        issues.rejects().iter().map(|it| format!("{} {}", it.place.line, it.kind.key())).collect();
    assert_eq!(
        places,
        [
            "3 bad_path",
            "4 bad_count",
            "5 bad_count",
            "6 bad_count",
            "7 bad_value",
            "8 bad_value",
            "10 field_count"
        ]
    );
    // Three journeys of the first row and one of the last good one.
    assert_eq!((study.catalog.customers, issues.used()), (4, 2 * 3 + 2 + 2 + 1));
    assert_eq!(issues.read, issues.used() + 7);
}

#[test]
fn credit_and_removal_effects_agree_with_an_exact_solve() {
    let Some((data, expected)) = known("attribution-pathdata", "paths.csv.gz") else { return };
    let log = events(std::fs::File::open(data).unwrap());
    let study = Case::new(&[("events.csv", &log), ("journey.toml", JOURNEY)]).study();
    let customers = expected["conversions"].as_u64().unwrap() + expected["nulls"].as_u64().unwrap();
    assert_eq!(study.catalog.customers, customers);
    let credit = table(&study, "attribute", "credit");
    for (model, channels) in expected["heuristics_conversions"].as_object().unwrap() {
        for (channel, known) in channels.as_object().unwrap() {
            close(figure(at(&credit, &[model, channel], "conversions")), known, 1e-8, channel);
        }
    }
    let markov = &expected["markov1"];
    for (channel, known) in markov["removal_effect"].as_object().unwrap() {
        let of = |column| figure(at(&credit, &["markov", channel], column));
        close(of("removal_effect"), known, 1e-12, channel);
        close(of("conversions"), &markov["attributed_conversions"][channel], 1e-8, channel);
    }
}
