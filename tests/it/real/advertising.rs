//! ChannelAttribution's example: 88,387 journeys of advertising, counted by path.

use std::fmt::Write as _;

use super::{at, close, figure, known, table};
use crate::case::Case;

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
