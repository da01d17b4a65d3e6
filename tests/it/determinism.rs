//! The same events give the same bytes: any order of rows, any split into
//! files, any number of threads; over every analysis and every format.

use std::collections::BTreeMap;

use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::model::raw::NO_AMOUNT;
use touchpath::output::{FORMATS, Style};
use touchpath::prepare::group::Scratch;
use touchpath::store::memory::Memory;
use touchpath::study::{LoadOptions, Study};

use crate::case::{Case, reports};
use crate::cli::run;

/// A small log with two id types, ties, orders, channels and variants.
pub fn rows() -> Vec<String> {
    let mut rows = Vec::new();
    let mut state = 42u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let stages = ["home", "list", "product", "cart", "checkout", "purchase", "help"];
    let channels = ["email", "search", "direct", "social"];
    for event in 0..3_000u64 {
        let person = random(150);
        let cookie = person * 2 + random(2);
        let user = if random(3) == 0 { format!("u{person}") } else { String::new() };
        let stage = stages[random(7) as usize];
        let channel = channels[(person as usize + random(2) as usize) % 4];
        let variant = if person % 2 == 0 { "A" } else { "B" };
        // Few distinct seconds: many ties, which the event id must decide.
        let at = 1_750_000_000 + random(40) * 86_400 + random(5) * 60;
        let (order, value) = match stage {
            "purchase" => (format!("o{event}"), format!("{}.{:02}", random(200), random(100))),
            _ => Default::default(),
        };
        rows.push(format!(
            "{event},{at},c{cookie},{user},{stage},{channel},{variant},{order},{value}"
        ));
    }
    rows
}

pub const HEADER: &str = "id,at,cookie,user,stage,channel,variant,order,value";

pub fn journey(path: &str) -> String {
    format!(
        "name = 'Same'\ncurrency = 'EUR'\n[[source]]\npath = '{path}'\ntime = 'at'\n\
         time_format = 'epoch_s'\nevent = 'stage'\nids = {{ user = 'user', cookie = 'cookie' }}\n\
         event_id = 'id'\nchannel = 'channel'\nvariant = 'variant'\norder = 'order'\n\
         value = 'value'\n[journey]\nconversion = 'purchase'\ngap = '10d'\n\
         [funnel]\nsteps = ['home', 'cart', 'purchase']\n[kpi]\ncart = 'cart'\ncheckout = 'checkout'\n"
    )
}

pub fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// Every report of a study in every format.
pub fn outputs(study: &Study) -> BTreeMap<String, Vec<u8>> {
    let mut outputs = BTreeMap::new();
    for report in reports(study) {
        // A PNG is made of the SVG alone, slowly: once it says the same twice, see its own tests.
        for format in FORMATS.iter().filter(|it| it.name != "png") {
            let mut bytes = Vec::new();
            // A format that cannot hold this report says so in the same words each time.
            if let Err(error) = (format.write)(&[&report], &Style::default(), &mut bytes) {
                bytes = error.to_string().into_bytes();
            }
            outputs.insert(format!("{} as {}", report.name, format.name), bytes);
        }
    }
    outputs
}

pub fn assert_same(
    left: &BTreeMap<String, Vec<u8>>,
    right: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in left {
        assert!(bytes == &right[name], "{name} differs: {what}");
    }
}

pub fn whole() -> BTreeMap<String, Vec<u8>> {
    let case = Case::new(&[("journey.toml", &journey("log.csv")), ("log.csv", &file(&rows()))]);
    outputs(&case.study())
}

#[test]
fn every_analysis_answers_on_the_sample_log() {
    let outputs = whole();
    for entry in touchpath::analysis::ANALYSES {
        let key = format!("{} as json", entry.name);
        assert!(outputs.contains_key(&key), "{} did not answer", entry.name);
    }
}

#[test]
fn shuffled_rows_change_no_byte() {
    let mut rows = rows();
    // A fixed permutation: 1789 and the number of rows share no factor.
    let count = rows.len();
    rows = (0..count).map(|it| rows[it * 1789 % count].clone()).collect();
    let case = Case::new(&[("journey.toml", &journey("log.csv")), ("log.csv", &file(&rows))]);
    assert_same(&whole(), &outputs(&case.study()), "shuffled rows");
}

#[test]
fn ten_files_change_no_byte() {
    let rows = rows();
    let mut files = vec![("journey.toml".to_owned(), journey("part-*.csv"))];
    for (number, part) in rows.chunks(rows.len() / 10).enumerate() {
        files.push((format!("part-{}.csv", 9 - number.min(9)), file(part)));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
    assert_same(&whole(), &outputs(&Case::new(&files).study()), "ten files");
}

#[test]
fn little_memory_changes_no_byte() {
    let rows = rows();
    let case = Case::new(&[("journey.toml", &journey("log.csv")), ("log.csv", &file(&rows))]);
    for memory in [0, 40_000, 90_000] {
        let options = LoadOptions { memory: Some(Memory::of(memory)), ..LoadOptions::default() };
        let config = Config::read(&case.path("journey.toml")).unwrap();
        let study = Study::load(config, &options, &Unwatched);
        if memory == 0 {
            // Not even one customer fits: that is said, and nothing else happens.
            let refused = study.unwrap().run(&[], &Unwatched).err().expect("no memory");
            assert!(refused.to_string().contains("of one customer"), "{refused}");
            continue;
        }
        let study = study.unwrap();
        assert!(study.shards.len() > 4 && study.shards.spilled() > 0, "{memory}");
        assert_same(&whole(), &outputs(&study), &format!("{memory} bytes of memory"));
    }
}

/// Amounts of few rows wait otherwise than those of many: in one run of rows there are both.
#[test]
fn amounts_of_few_rows_add_up_in_little_memory_too() {
    let mut rows = rows();
    for (at, row) in rows.iter_mut().enumerate().filter(|it| it.0 < 2_000) {
        if at % 5 > 0 {
            row.truncate(row.rfind(',').unwrap() + 1);
        }
    }
    let cents =
        |row: &String| row.rsplit(',').next().unwrap().replace('.', "").parse().unwrap_or(0);
    let wanted: i64 = rows.iter().map(cents).sum();
    let case = Case::new(&[("journey.toml", &journey("log.csv")), ("log.csv", &file(&rows))]);
    let expected = outputs(&case.study());
    for memory in [60_000, 200_000, 1 << 30] {
        let options = LoadOptions { memory: Some(Memory::of(memory)), ..LoadOptions::default() };
        let config = Config::read(&case.path("journey.toml")).unwrap();
        let study = Study::load(config, &options, &Unwatched).unwrap();
        assert_eq!(study.shards.spilled() > 0, memory < 1 << 20);
        assert_same(&expected, &outputs(&study), &format!("{memory} bytes of memory"));
        let mut sum = 0;
        let mut scratch = Scratch::default();
        for shard in 0..study.shards.len() {
            let events = study.shards.events(shard, &mut scratch).unwrap();
            sum += events.amounts.iter().filter(|it| **it != NO_AMOUNT).sum::<i64>();
        }
        assert_eq!(sum, wanted, "{memory} bytes of memory");
    }
}

#[test]
fn threads_change_no_byte() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(whole)
    };
    let one = with(1);
    for threads in [2, 5] {
        assert_same(&one, &with(threads), &format!("{threads} threads"));
    }
}

/// A row that alone says where its visit is from, among others over several parts of a file.
#[test]
fn where_the_only_campaign_stands_changes_nothing() {
    let others = (0..6_000u32).map(|it| {
        let (hour, minute) = (it / 60 % 24, it % 60);
        format!("2026-03-{:02}T{hour:02}:{minute:02}:00Z,u{},view,,", 1 + it / 1440, it % 500)
    });
    let others: Vec<String> = others.collect();
    let campaign = "2026-03-29T00:00:00Z,zz,view,google,cpc".to_owned();
    let names = ["at", "user", "event", "source", "medium"];
    let csv = |rows: &[&[String]]| format!("{}\n{}\n", names.join(","), rows.concat().join("\n"));
    let jsonl = |rows: &[&[String]]| -> String {
        let line = |row: &String| {
            let cells = names.iter().zip(row.split(',')).filter(|it| !it.1.is_empty());
            let cells: Vec<String> = cells.map(|it| format!("\"{}\":\"{}\"", it.0, it.1)).collect();
            format!("{{{}}}\n", cells.join(","))
        };
        rows.concat().iter().map(line).collect()
    };
    let first = [std::slice::from_ref(&campaign), &others[..]];
    let last = [&others[..], std::slice::from_ref(&campaign)];
    let files = [
        ("a.csv", csv(&first)),
        ("b.csv", csv(&last)),
        ("a.jsonl", jsonl(&first)),
        ("b.jsonl", jsonl(&last)),
    ];
    let answers = files.map(|(name, text)| {
        let journey = format!(
            "[[source]]\npath = '{name}'\ntime = 'at'\nevent = 'event'\nids = {{ user = 'user' }}\n\
             utm_source = 'source'\nutm_medium = 'medium'\n[journey]\nconversion = 'view'\n"
        );
        let case = Case::new(&[(name, &text), ("journey.toml", &journey)]);
        let part = case.path("a.part").display().to_string();
        let whole = overview(&case, ".");
        assert_eq!(run(&case.path(""), &["fold", ".", "-o", &part]).code, 0);
        assert_eq!(whole, overview(&case, &part), "{name}, folded");
        whole
    });
    assert!(answers[0].contains("Direct") || answers[0].contains("\"touches\""), "{}", answers[0]);
    answers.iter().for_each(|it| assert_eq!(*it, answers[0]));
}

fn overview(case: &Case, input: &str) -> String {
    let run = run(&case.path(""), &["overview", input, "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out()
}
