//! Rows that are left out or mended before anything is asked: duplicates, bots, clocks
//! that were wrong, rows that came late.

use std::path::Path;

use touchpath::model::{Cell, Table};
use touchpath::study::Study;
use touchpath::study::check::check;

use crate::case::{Case, reports};
use crate::crossing::{load, merged, partials};
use crate::determinism::{assert_same, file, journey, outputs, rows, whole};

/// The journey of the log, whose event ids are keys.
fn keyed(path: &str) -> String {
    journey(path).replace("event_id = 'id'\n", "event_id = 'id'\ndedupe = ['id']\n")
}

/// The log with copies of some rows, which came later and say something else; mixed up.
fn doubled() -> Vec<String> {
    let mut all = Vec::new();
    for (at, row) in rows().into_iter().enumerate() {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        for copy in 0..(at % 5).saturating_sub(2) {
            let time: u64 = cells[1].parse().unwrap();
            cells[1] = (time + 7 + copy as u64).to_string();
            cells[4] = "help".to_owned();
            (cells[7], cells[8]) = Default::default();
            all.push(cells.join(","));
        }
        all.push(row);
    }
    // A step that shares no factor with their number visits all.
    let count = all.len();
    (0..count).map(|it| all[it * 1009 % count].clone()).collect()
}

fn left_out(study: &Study) -> Vec<(String, u64)> {
    let issues = &study.raw.issues;
    assert_eq!(issues.read, issues.used() + issues.filtered + issues.rejected());
    issues.left_out().iter().map(|it| (it.0.clone(), *it.1)).collect()
}

#[test]
fn of_rows_with_one_key_the_first_in_time_is_used_whatever_the_files() {
    let (expected, rows) = (whole(), doubled());
    let copies = rows.len() as u64 - crate::determinism::rows().len() as u64;
    let case = Case::new(&[("journey.toml", &keyed("log-*.csv"))]);
    for (shard, part) in rows.chunks(rows.len().div_ceil(4)).enumerate() {
        std::fs::write(case.path(&format!("log-{shard}.csv")), file(part)).unwrap();
    }
    let (journey, merged) = (case.path("journey.toml"), merged(&partials(&case, "csv")));
    for memory in [None, Some(50_000)] {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for partials in [None, Some(std::sync::Arc::clone(&merged))] {
                let what = format!("{memory:?}, {threads} threads, {}", partials.is_some());
                let study = pool.install(|| load(&journey, partials, memory));
                let reason = "duplicate: another row has its key".to_owned();
                assert_eq!(left_out(&study), [(reason, copies)], "{what}");
                assert_same(&expected, &pool.install(|| outputs(&study)), &what);
            }
        }
    }
}

const LOG: &str = "ts,user,event,agent,key,sent,got\n\
    2026-01-01T10:00:00Z,a,home,Mozilla/5.0,1,,\n\
    2026-01-01T10:00:05Z,a,cart,Mozilla/5.0,2,2026-01-01T10:00:06Z,2026-01-01T12:00:06Z\n\
    2026-01-01T09:59:00Z,a,late,Mozilla/5.0,3,,\n\
    2026-01-01T10:00:05Z,a,cart,Mozilla/5.0,2,2026-01-01T10:00:06Z,2026-01-01T12:00:06Z\n\
    2026-01-01T10:00:07Z,b,home,Googlebot/2.1,4,,\n\
    2026-01-01T10:00:08Z,b,home,Mozilla/5.0,,,\n\
    2026-01-01T10:00:09Z,b,home,Mozilla/5.0,,,\n\
    2026-01-01T10:00:10Z,b,home,Mozilla/5.0,5,soon,2026-01-01T10:00:10Z\n";

fn study(keys: &str, sections: &str) -> Study {
    let toml = format!(
        "[[source]]\npath = 'log.csv'\ntime = 'ts'\nevent = 'event'\nids = {{ user = 'user' }}\n\
         {keys}\n[journey]\nconversion = []\ngap = 'none'\n{sections}\n"
    );
    Case::new(&[("log.csv", LOG), ("journey.toml", &toml)]).study()
}

fn table(study: &Study, key: &str) -> Table {
    check(study).unwrap().table(key).unwrap().clone()
}

#[test]
fn each_row_left_out_is_counted_with_its_reason_and_place() {
    let study = study("dedupe = ['key']\nuser_agent = 'agent'", "");
    let table = table(&study, "left_out");
    let shown: Vec<String> = table
        .rows
        .iter()
        .map(|it| match (&it[0], &it[1], &it[3]) {
            (Cell::Text(reason), Cell::Count(rows), Cell::Text(places)) => {
                format!("{reason} {rows} {places}")
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "bot: its user agent says so 1 log.csv:6",
            "duplicate: another row has its key 1 log.csv:5"
        ]
    );
    // Rows without a key are no duplicates of each other.
    assert_eq!((study.catalog.events, left_out(&study).len()), (6, 2));
}

#[test]
fn ids_with_too_many_events_in_an_hour_are_bots() {
    let too_fast = "bot: an id with more events in an hour than [bots] rate".to_owned();
    // Of a there are three in one hour and one in the hour before; of b four.
    assert_eq!(left_out(&study("", "[bots]\nrate = 4")), []);
    let study = study("", "[bots]\nrate = 3");
    assert_eq!(left_out(&study), [(too_fast, 4)]);
    assert_eq!((study.catalog.events, study.catalog.customers), (4, 1));
}

#[test]
fn a_clock_that_was_wrong_is_put_right_by_when_rows_were_sent_and_received() {
    let study = study("sent = 'sent'\nreceived = 'got'", "");
    assert_eq!(study.raw.issues.rejected(), 1);
    assert_eq!(study.raw.issues.rejects()[0].place.line, 9);
    let end = study.catalog.span.unwrap().1;
    assert_eq!(end.to_string(), "2026-01-01T12:00:05Z");
}

#[test]
fn rows_that_come_late_or_out_of_order_are_taken_in_their_time() {
    let sorted = || {
        let mut lines: Vec<&str> = LOG.lines().skip(1).collect();
        lines.sort_unstable();
        format!("{}\n{}\n", LOG.lines().next().unwrap(), lines.join("\n"))
    };
    let toml = "[[source]]\npath = 'log.csv'\ntime = 'ts'\nevent = 'event'\n\
                ids = { user = 'user' }\n[journey]\nconversion = 'late'\ngap = 'none'\n";
    let of = |log: &str| Case::new(&[("log.csv", log), ("journey.toml", toml)]).study();
    assert_eq!(reports(&of(LOG)), reports(&of(&sorted())));
}

#[test]
fn sources_of_one_preset_share_their_keys_and_others_do_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/presets/snowplow");
    let events = std::fs::read_to_string(folder.join("events.tsv")).unwrap();
    let source = |name: &str| format!("[[source]]\npath = '{name}'\npreset = 'snowplow'\n");
    let toml = format!("currency = 'EUR'\n{}{}", source("a.tsv"), source("b.tsv"));
    let both = [("a.tsv", &*events), ("b.tsv", &*events), ("journey.toml", &*toml)];
    let alone = format!("currency = 'EUR'\n{}", source("a.tsv"));
    let one = [("a.tsv", &*events), ("journey.toml", &*alone)];
    let (both, one) = (Case::new(&both).study(), Case::new(&one).study());
    assert_eq!(both.catalog.events, one.catalog.events);
    let csv = |name: &str| {
        format!(
            "[[source]]\npath = '{name}'\ntime = 'ts'\nevent = 'event'\ndedupe = ['key']\n\
             ids = {{ user = 'user' }}\n"
        )
    };
    let toml = format!("{}{}", csv("a.csv"), csv("b.csv"));
    let two = Case::new(&[("a.csv", LOG), ("b.csv", LOG), ("journey.toml", &toml)]).study();
    assert_eq!(two.catalog.events, 14);
}

/// A copy with another user would join two people, if it counted.
#[test]
fn rows_that_are_left_out_do_not_tell_who_is_who() {
    let log = "ts,user,cookie,event,key\n2026-01-01T10:00:00Z,a,c1,home,1\n\
               2026-01-01T10:00:01Z,b,c2,home,2\n2026-01-01T10:00:09Z,b,c1,home,1\n";
    for (dedupe, customers) in [("dedupe = ['key']", 2), ("", 1)] {
        let toml = format!(
            "[[source]]\npath = 'log.csv'\ntime = 'ts'\nevent = 'event'\n{dedupe}\n\
             ids = {{ user = 'user', cookie = 'cookie' }}\n\
             [identity]\nguards = 'loose'\n[journey]\nconversion = []\n"
        );
        let study = Case::new(&[("log.csv", log), ("journey.toml", &toml)]).study();
        assert_eq!(study.catalog.customers, customers, "{dedupe}");
    }
}
