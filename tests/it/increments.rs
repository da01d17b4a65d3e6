//! Increments: shards folded and merged, in any grouping, equal one run over all
//! files, byte for byte; what would count twice in silence is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use touchpath::base::{Error, Result, Unwatched};
use touchpath::config::Config;
use touchpath::demo;
use touchpath::output::{FORMATS, Style};
use touchpath::store::{Merged, Partial, Rules};
use touchpath::study::check::check;
use touchpath::study::fold::{self, FoldOptions};
use touchpath::study::manifest::{input_hashes, manifest};
use touchpath::study::{LoadOptions, Study};

use crate::case::{Case, reports};
use crate::determinism::outputs;

/// Folds the files of a journey that match; all if there is no pattern.
fn fold(folder: &Path, only: &[&str], by_customer: bool) -> Result<Vec<u8>> {
    let config = Config::read(folder)?;
    let only = only.iter().map(|it| (*it).to_owned()).collect();
    let how = FoldOptions { only, by_customer };
    let mut bytes = Vec::new();
    fold::fold(&config, &LoadOptions::default(), &how, &Unwatched, &mut bytes)?;
    Ok(bytes)
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn merged(paths: &[PathBuf], rules: Rules) -> Result<Merged> {
    let partials = paths.iter().map(|it| Partial::open(it)).collect::<Result<Vec<_>>>()?;
    Merged::new(partials, rules)
}

/// Merges into a file.
fn merge(paths: &[PathBuf], to: &Path) -> PathBuf {
    let mut bytes = Vec::new();
    merged(paths, Rules::default()).unwrap().write(&mut bytes).unwrap();
    std::fs::write(to, bytes).unwrap();
    to.to_owned()
}

fn study(paths: &[PathBuf]) -> Result<Study> {
    let merged = merged(paths, Rules::default())?;
    let config = fold::journey(&merged.head)?;
    let options = LoadOptions { partials: Some(Arc::new(merged)), ..LoadOptions::default() };
    Study::load(config, &options, &Unwatched)
}

/// All reports in all formats, data quality and manifest.
fn everything(study: &Study) -> BTreeMap<String, Vec<u8>> {
    let mut all = outputs(study);
    let quality = check(study).unwrap();
    for format in FORMATS.iter().filter(|it| it.name == "json") {
        let mut bytes = Vec::new();
        (format.write)(&[&quality], &Style::default(), &mut bytes).unwrap();
        all.insert("check".into(), bytes);
    }
    let asked = study.every_question().unwrap();
    let hashes = input_hashes(study, &Unwatched).unwrap();
    let manifest = manifest(study, &LoadOptions::default(), &asked, &hashes, None).unwrap();
    all.insert("manifest".into(), manifest.to_string().into_bytes());
    all
}

fn assert_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert!(one.keys().eq(other.keys()), "{what}");
    for (name, bytes) in one {
        let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
        assert!(
            bytes == &other[name],
            "{name} differs: {what}\n{}\n---\n{}",
            text(bytes),
            text(&other[name])
        );
    }
}

const JOURNEY: &str = "\
name = 'Shards'
currency = 'EUR'
timezone = 'Europe/Berlin'
[[source]]
path = 'log-*.csv'
time = 'at'
event = 'stage'
ids = { user = 'user', cookie = 'cookie' }
channel = 'channel'
order = 'order'
value = 'value'
properties = { device = 'device' }
[[source]]
path = 'links.csv'
role = 'links'
ids = { user = 'user', cookie = 'cookie' }
[journey]
conversion = 'purchase'
gap = '10d'
[funnel]
steps = ['home', 'cart', 'purchase']
";

/// One row of the log, bad ones among them.
fn row(it: &(u8, u8, u8, u8, u16)) -> String {
    let &(person, stage, minute, more, day) = it;
    let stages = ["home", "list", "cart", "purchase", ""];
    let stage = stages[stage as usize % stages.len()];
    let at = match more {
        0..4 => "soon".to_owned(),
        _ => format!("2026-01-{:02} 10:{:02}:00", day % 28 + 1, minute % 4),
    };
    let user = if more % 3 == 0 { format!("u{}", person % 40) } else { String::new() };
    let cookie = if more % 11 == 0 { "null".to_owned() } else { format!("c{person}") };
    let (order, value) = match stage {
        "purchase" => (format!("o{person}{minute}"), format!("{minute}.{more:03}")),
        _ => Default::default(),
    };
    let channel = ["email", "search", ""][more as usize % 3];
    let device = ["app", "web", ""][person as usize % 3];
    format!("{at},{stage},{user},{cookie},{channel},{order},{value},{device}")
}

const HEADER: &str = "at,stage,user,cookie,channel,order,value,device";

/// The files of a log cut into shards.
fn files(rows: &[(u8, u8, u8, u8, u16)], shard: impl Fn(usize) -> usize) -> Vec<(String, String)> {
    let mut files: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (place, it) in rows.iter().enumerate() {
        files.entry(shard(place)).or_default().push(row(it));
    }
    let text = |(shard, rows): (usize, Vec<String>)| {
        (format!("log-{shard:02}.csv"), format!("{HEADER}\n{}\n", rows.join("\n")))
    };
    let mut files: Vec<_> = files.into_iter().map(text).collect();
    files.push(("links.csv".into(), "user,cookie\nu1,c2\nu3,c4\nu5,c9\n".into()));
    files.push(("journey.toml".into(), JOURNEY.into()));
    files
}

fn case(files: &[(String, String)]) -> Case {
    let files: Vec<(&str, &str)> = files.iter().map(|it| (&*it.0, &*it.1)).collect();
    Case::new(&files)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn folds_merged_in_any_grouping_equal_one_run(
        rows in prop::collection::vec(any::<(u8, u8, u8, u8, u16)>(), 1..400),
        by in 0u8..3,
        shards in 1usize..8,
        picks in prop::collection::vec((any::<u16>(), any::<u16>()), 10),
    ) {
        // The journey's goal must occur.
        let rows = [rows, vec![(0, 3, 0, 5, 0)]].concat();
        let shard = |place: usize| match by {
            0 => rows[place].4 as usize % 28 * shards / 28,
            1 => rows[place].0 as usize % shards,
            _ => (place * 7919 + 13) % shards,
        };
        let files = files(&rows, shard);
        let case = case(&files);
        let folder = case.path("");
        let mut parts = Vec::new();
        for (name, _) in files.iter().filter(|it| it.0.ends_with(".csv")) {
            let bytes = fold(&folder, &[name], false).unwrap();
            parts.push(save(&folder, &format!("{name}.part"), &bytes));
        }
        let direct = study(&parts).unwrap();
        let all = fold(&folder, &[], false).unwrap();
        // Two at a time, any two.
        for (round, (a, b)) in picks.iter().enumerate() {
            if parts.len() < 2 {
                break;
            }
            let one = parts.remove(*a as usize % parts.len());
            let other = parts.remove(*b as usize % parts.len());
            parts.push(merge(&[one, other], &folder.join(format!("{round}.merged"))));
        }
        let last = merge(&parts, &folder.join("all.part"));
        prop_assert_eq!(std::fs::read(&last).unwrap(), all, "one fold over all files");
        let whole = everything(&case.study());
        assert_same(&whole, &everything(&study(&[last]).unwrap()), "merged");
        assert_same(&whole, &everything(&direct), "as they are");
    }
}

/// The sample shop with its web log cut by day, 90 files.
fn shop() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    demo::write_shop(folder.path(), 400, 7).unwrap();
    let web = std::fs::read_to_string(folder.path().join("web.csv")).unwrap();
    let (head, rows) = web.split_once('\n').unwrap();
    let mut days: BTreeMap<String, String> = BTreeMap::new();
    let mut last = "2025-01-01".to_owned();
    for row in rows.split_inclusive('\n') {
        let day = row.split(',').nth(1).and_then(|it| it.get(..10)).unwrap_or_default();
        if day.len() == 10 && day.starts_with("2025-") {
            last = day.to_owned();
        }
        days.entry(last.clone()).or_insert_with(|| format!("{head}\n")).push_str(row);
    }
    let mut names = Vec::new();
    for (day, text) in &days {
        let name = format!("web-{day}.csv");
        std::fs::write(folder.path().join(&name), text).unwrap();
        names.push(name);
    }
    let journey = std::fs::read_to_string(folder.path().join("journey.toml")).unwrap();
    let journey = journey.replace("path = \"web.csv\"", "path = \"web-*.csv\"");
    std::fs::write(folder.path().join("journey.toml"), journey).unwrap();
    (folder, names)
}

#[test]
fn ninety_daily_folds_of_the_shop_equal_one_run() {
    let (folder, days) = shop();
    let folder = folder.path();
    assert!(days.len() >= 85, "{} days", days.len());
    let mut parts = Vec::new();
    for day in &days {
        let bytes = fold(folder, &[day], false).unwrap();
        parts.push(save(folder, &format!("{day}.part"), &bytes));
    }
    let others = fold(folder, &["app.jsonl", "crm.csv", "pos.tsv", "links.csv"], false).unwrap();
    parts.insert(30, save(folder, "others.part", &others));
    // Month by month, then the months.
    let months: Vec<PathBuf> = parts
        .chunks(30)
        .enumerate()
        .map(|(at, it)| merge(it, &folder.join(format!("month{at}.part"))))
        .collect();
    let all = merge(&months, &folder.join("all.part"));
    assert_eq!(
        std::fs::read(&all).unwrap(),
        fold(folder, &[], false).unwrap(),
        "one fold over all files"
    );
    let whole = everything(&crate::case::study(folder));
    assert_same(&whole, &everything(&study(&[all]).unwrap()), "90 days");
}

/// Two days and their partials.
fn two_days() -> (Case, PathBuf, PathBuf) {
    let rows: Vec<(u8, u8, u8, u8, u16)> = (0..60u8)
        .map(|it| (it % 9, it, it / 2, it.wrapping_mul(37) | 4, u16::from(it / 30)))
        .collect();
    let case = case(&files(&rows, |place| place / 30));
    let folder = case.path("");
    let part = |name: &str| {
        let bytes = fold(&folder, &[name], false).unwrap();
        save(&folder, &format!("{name}.part"), &bytes)
    };
    let (one, other) = (part("log-00.csv"), part("log-01.csv"));
    (case, one, other)
}

fn refused(paths: &[PathBuf], rules: Rules) -> String {
    let error: Error = merged(paths, rules).map(|_| ()).unwrap_err();
    assert!(error.hint_text().is_some(), "{error} has no hint");
    error.to_string()
}

#[test]
fn a_shard_twice_is_dropped_or_refused() {
    let (case, one, other) = two_days();
    let both = merge(&[one.clone(), other.clone()], &case.path("both.part"));
    let copy = case.path("copy.part");
    std::fs::copy(&one, &copy).unwrap();
    for twice in [[one.clone(), copy.clone()], [both.clone(), one.clone()]] {
        let once = merged(&twice, Rules::default()).unwrap();
        assert_eq!(once.notes.len(), 1);
        assert!(once.notes[0].ends_with("dropped"), "{}", once.notes[0]);
        assert!(
            refused(&twice, Rules { strict: true, ..Rules::default() }).contains("all of it is in")
        );
    }
    let mut bytes = Vec::new();
    merged(&[copy, both.clone(), other], Rules::default()).unwrap().write(&mut bytes).unwrap();
    assert_eq!(bytes, std::fs::read(both).unwrap());
}

#[test]
fn the_same_events_under_another_name_are_found_by_their_fingerprint() {
    let (case, one, other) = two_days();
    // The same rows in another order and file.
    let text = std::fs::read_to_string(case.path("log-00.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let turned: Vec<&str> = rows.lines().rev().collect();
    std::fs::write(case.path("log-07.csv"), format!("{head}\n{}\n", turned.join("\n"))).unwrap();
    let again =
        save(&case.path(""), "again.part", &fold(&case.path(""), &["log-07.csv"], false).unwrap());
    let twins = [one.clone(), again.clone()];
    let once = merged(&twins, Rules::default()).unwrap();
    assert!(once.notes[0].contains("rows are those of"), "{}", once.notes[0]);
    assert!(
        refused(&twins, Rules { strict: true, ..Rules::default() }).contains("rows are those of")
    );
    // As a part of another it cannot be dropped.
    let both = merge(&[again, other], &case.path("both.part"));
    let said = refused(&[both.clone(), one.clone()], Rules::default());
    assert!(said.contains("rows are those of") || said.contains("has the events of"), "{said}");
    let allowed = merged(&[both, one], Rules { allow_overlap: true, strict: false }).unwrap();
    assert_eq!(allowed.entries().len(), 3);
}

#[test]
fn a_file_that_grew_between_two_folds_is_refused() {
    let (case, one, _) = two_days();
    let mut text = std::fs::read_to_string(case.path("log-00.csv")).unwrap();
    text.push_str("2026-01-09 10:00:00,home,u1,c1,email,,,app\n");
    std::fs::write(case.path("log-00.csv"), text).unwrap();
    let later =
        save(&case.path(""), "later.part", &fold(&case.path(""), &["log-00.csv"], false).unwrap());
    let said = refused(&[one, later], Rules::default());
    assert!(said.contains("log-00.csv is, with other content, also in"), "{said}");
}

#[test]
fn partials_that_were_read_otherwise_are_refused_and_say_why() {
    let (case, one, other) = two_days();
    let text = JOURNEY.replace("currency = 'EUR'", "currency = 'USD'");
    std::fs::write(case.path("journey.toml"), text).unwrap();
    let usd =
        save(&case.path(""), "usd.part", &fold(&case.path(""), &["log-01.csv"], false).unwrap());
    let said = refused(&[one.clone(), usd], Rules::default());
    assert!(said.contains("currency is \"EUR\" there and \"USD\" here"), "{said}");
    let config = Config::read(&case.path("journey.toml")).unwrap();
    let merged = merged(&[one, other], Rules::default()).unwrap();
    let options = LoadOptions { partials: Some(Arc::new(merged)), ..LoadOptions::default() };
    let said = Study::load(config, &options, &Unwatched).map(|_| ()).unwrap_err();
    assert!(said.to_string().contains("currency is \"EUR\" there and \"USD\" here"), "{said}");
}

#[test]
fn a_customer_in_two_shards_of_whole_customers_is_noticed() {
    let (case, ..) = two_days();
    let part = |name: &str, to: &str| {
        let bytes = fold(&case.path(""), &[name], true).unwrap();
        save(&case.path(""), to, &bytes)
    };
    let split = [part("log-00.csv", "a.part"), part("log-01.csv", "b.part")];
    let said = refused(&split, Rules::default());
    assert!(said.starts_with("a customer is split: the "), "{said}");
    assert!(said.contains("…\" of ") && said.contains("(bucket "), "{said}");
    // Each alone is whole.
    assert_eq!(merged(&split[..1], Rules::default()).unwrap().entries().len(), 1);
}

#[test]
fn one_partial_merged_alone_or_with_one_without_rows_is_itself() {
    let (case, one, _) = two_days();
    std::fs::write(case.path("log-09.csv"), format!("{HEADER}\n")).unwrap();
    let empty =
        save(&case.path(""), "empty.part", &fold(&case.path(""), &["log-09.csv"], false).unwrap());
    let alone = merge(std::slice::from_ref(&one), &case.path("alone.part"));
    assert_eq!(std::fs::read(&alone).unwrap(), std::fs::read(&one).unwrap());
    let (a, b) = (study(&[one.clone(), empty]).unwrap(), study(&[one]).unwrap());
    let bytes =
        |it: &Study| format!("{:?}", reports(it).iter().map(|it| &it.tables).collect::<Vec<_>>());
    assert_eq!(bytes(&a), bytes(&b));
}

#[test]
fn every_changed_byte_and_every_cut_is_an_error() {
    let (case, one, _) = two_days();
    let bytes = std::fs::read(one).unwrap();
    let path = case.path("broken.part");
    let mut messages = BTreeMap::new();
    let mut broken = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).unwrap();
        let error = study(std::slice::from_ref(&path)).map(|_| ()).expect_err(what);
        *messages.entry(error.message().split(':').next().unwrap().to_owned()).or_insert(0) += 1;
    };
    for at in 0..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            broken(&changed, &format!("byte {at} changed"));
        }
    }
    for length in 0..bytes.len() {
        broken(&bytes[..length], &format!("cut at {length}"));
    }
    broken(&[&bytes[..], b"x"].concat(), "longer");
    for known in ["is not a partial", "the partial is damaged", "the partial is cut short"] {
        assert!(messages.contains_key(known), "{messages:?}");
    }
    assert!(messages.keys().any(|it| it.starts_with("is a partial of version")), "{messages:?}");
}

#[test]
fn a_property_that_was_not_kept_is_asked_for_by_name() {
    let (_case, one, _) = two_days();
    let merged = merged(&[one], Rules::default()).unwrap();
    let config = fold::journey(&merged.head).unwrap();
    let options = LoadOptions {
        partials: Some(Arc::new(merged)),
        filter: Some("country == 'DE'".into()),
        ..LoadOptions::default()
    };
    let error = Study::load(config, &options, &Unwatched).map(|_| ()).unwrap_err();
    assert_eq!(error.message(), "the partials do not carry the property \"country\"");
    assert_eq!(error.hint_text(), Some("fold again with --keep country"));
}

const DAYS: [(&str, &str); 2] = [
    (
        "d1.csv",
        "timestamp,user_id,event,channel,revenue,order_id\n\
         2026-01-01T10:00:00Z,u1,home,email,,\n\
         2026-01-01T10:05:00Z,u1,cart,email,,\n\
         2026-01-01T10:06:00Z,u2,home,search,,\n\
         2026-01-01T10:07:00Z,,home,search,,\n\
         2026-01-01T11:00:00Z,u4,purchase,search,3.00,o0\n",
    ),
    (
        "d2.csv",
        "timestamp,user_id,event,channel,revenue,order_id\n\
         2026-01-02T10:00:00Z,u1,purchase,email,12.50,o1\n\
         2026-01-02T10:05:00Z,u3,home,direct,,\n",
    ),
];

#[test]
fn the_command_line_folds_merges_and_asks() {
    use crate::cli::run;
    let case = Case::new(&DAYS);
    let folder = case.path("");
    let answered = |arguments: &[&str]| {
        let run = run(&folder, arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.err);
        run
    };
    let first = answered(&["fold", "d1.csv", "-o", "d1.part"]);
    assert!(
        first.err.contains("5 rows of 1 file: 4 used, 0 filtered out, 1 set aside"),
        "{}",
        first.err
    );
    answered(&["fold", "d2.csv", "-o", "d2.part"]);
    let said = answered(&["merge", "d2.part", "d1.part", "-o", "all.part"]).err;
    assert!(said.contains("6 rows of 2 files"), "{said}");
    for question in ["overview", "map", "paths", "check"] {
        let files = answered(&[question, "d1.csv", "d2.csv", "--format", "json"]).out();
        let parts = answered(&[question, "all.part", "--format", "json"]).out();
        assert_eq!(files, parts, "{question}");
        assert_eq!(files, answered(&[question, "d1.part", "d2.part", "--format", "json"]).out());
    }
    answered(&["report", "all.part", "-o", "report"]);
    std::fs::write(case.path("ask.toml"), "[journey]\nconversion = 'cart'\n").unwrap();
    let cart = answered(&["overview", "all.part", "--journey", "ask.toml", "--format", "json"]);
    let set =
        answered(&["overview", "all.part", "--set", "journey.conversion=cart", "--format", "json"]);
    assert_eq!(cart.out(), set.out());
    let again = answered(&["merge", "all.part", "d1.part", "-o", "again.part"]);
    assert!(
        again.err.contains("d1.part: all of it is in all.part already: dropped"),
        "{}",
        again.err
    );
    let bytes = |name: &str| std::fs::read(case.path(name)).unwrap();
    assert_eq!(bytes("again.part"), bytes("all.part"));
}

#[test]
fn the_command_line_says_what_is_wrong_with_partials() {
    use crate::cli::run;
    let case = Case::new(&DAYS);
    let folder = case.path("");
    assert_eq!(run(&folder, &["fold", "d1.csv", "-o", "d1.part"]).code, 0);
    std::fs::copy(case.path("d1.part"), case.path("d2.part")).unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["fold", "d1.part", "-o", "x.part"], "error: partials are folded already"),
        (&["fold", "d1.csv"], "error: the following required arguments were not provided"),
        (&["overview", "d1.part", "d2.csv"], "error: d2.csv: is not a partial"),
        (&["merge", "d1.csv", "-o", "x.part"], "error: d1.csv: is not a partial"),
        (
            &["merge", "d1.part", "d2.part", "-o", "x.part", "--strict"],
            "error: d2.part: all of it is in d1.part already",
        ),
        (&["overview", "d1.csv", "--journey", "x.toml"], "error: --journey is for partials"),
        (
            &["fold", "d1.csv", "-o", "d1.csv"],
            "error: d1.csv: --output would replace a file that is read",
        ),
    ];
    for (arguments, said) in cases {
        let run = run(&folder, arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(said), "{arguments:?}: {}", run.err);
        assert!(!case.path("x.part").exists());
    }
}
