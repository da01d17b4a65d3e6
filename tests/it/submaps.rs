//! Chosen journeys: the figures of a command are those of journeys that are picked out one by
//! one and counted by hand; kept and left out make up all; files, partials, memory and
//! threads change no byte; and what is left out is told.

use std::collections::{BTreeMap, BTreeSet};

use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::model::{Cell, Outcome, Report, StageGraph};
use touchpath::output::{Style, json};
use touchpath::prepare::group::Scratch;
use touchpath::prepare::{SelectOptions, Walker};
use touchpath::study::{LoadOptions, Study};

use crate::case::{Case, study};
use crate::cli::{Run, folder, run};
use crate::conservation::{assert_conserved, graph};
use crate::crossing::{FORMATS, case, load, merged, partials};
use crate::determinism::{assert_same, outputs};

/// One journey, taken down by name.
struct Taken {
    customer: u32,
    stages: Vec<String>,
    outcome: Outcome,
    value: i64,
}

/// Every journey of a study that looks at all.
fn journeys(study: &Study) -> Vec<Taken> {
    let mut taken = Vec::new();
    let mut scratch = Scratch::default();
    for shard in 0..study.shards.len() {
        let events = study.shards.events(shard, &mut scratch).unwrap();
        Walker::default().walk(&study.walking, events, |customer| {
            for journey in customer.journeys {
                let steps = customer.steps_of(journey).iter();
                taken.push(Taken {
                    customer: customer.id.0,
                    stages: steps.map(|it| study.catalog.stage(it.stage).to_owned()).collect(),
                    outcome: journey.outcome,
                    value: journey.value,
                });
            }
        });
    }
    taken
}

/// The map's figures by name, as a graph has them and as one counts them by hand.
type Figures = BTreeMap<String, u64>;

fn of_graph(study: &Study, graph: &StageGraph) -> Figures {
    let mut figures = Figures::new();
    figures.insert("journeys".into(), graph.journeys);
    figures.insert("customers".into(), graph.customers);
    figures.insert("value".into(), graph.value.try_into().unwrap());
    for (id, it) in graph.stages() {
        let name = study.catalog.stage(id);
        let counts = [("visits", it.visits), ("starts", it.starts), ("exits", it.exits)];
        let others = [("open", it.open), ("customers", it.customers)];
        for (what, count) in counts.into_iter().chain(others).filter(|it| it.1 > 0) {
            figures.insert(format!("{name} {what}"), count);
        }
    }
    for (from, to, it) in graph.transitions() {
        let (from, to) = (study.catalog.stage(from), study.catalog.stage(to));
        figures.insert(format!("{from} > {to}"), it.moves);
    }
    figures
}

fn by_hand<'a>(journeys: impl Iterator<Item = &'a Taken>) -> Figures {
    let mut figures = Figures::from([("journeys".into(), 0), ("value".into(), 0)]);
    let mut customers: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    customers.entry("customers".into()).or_default();
    let mut add = |name: String, count: u64| *figures.entry(name).or_default() += count;
    for it in journeys {
        add("journeys".into(), 1);
        add("value".into(), it.value.try_into().unwrap());
        customers.entry("customers".into()).or_default().insert(it.customer);
        for stage in &it.stages {
            add(format!("{stage} visits"), 1);
            customers.entry(format!("{stage} customers")).or_default().insert(it.customer);
        }
        it.stages.windows(2).for_each(|it| add(format!("{} > {}", it[0], it[1]), 1));
        add(format!("{} starts", it.stages[0]), 1);
        match it.outcome {
            Outcome::Exit => add(format!("{} exits", it.stages[it.stages.len() - 1]), 1),
            Outcome::Open => add(format!("{} open", it.stages[it.stages.len() - 1]), 1),
            Outcome::Converted => {}
        }
    }
    figures.extend(customers.into_iter().map(|(name, them)| (name, them.len() as u64)));
    figures
}

fn options(text: &str) -> SelectOptions {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn shop() -> (Case, Study) {
    let case = Case::new(&[]);
    touchpath::demo::write_shop(&case.path("shop"), 3_000, 11).unwrap();
    let study = study(&case.path("shop"));
    (case, study)
}

/// A choice, and the same said of the names of a journey's stages.
type Choice = (&'static str, fn(&[String]) -> bool);

const CHOICES: [Choice; 8] = [
    ("with = ['Cart']\nwithout = ['Purchase']", |it| has(it, "Cart") && !has(it, "Purchase")),
    ("starts = ['Newsletter', 'Search']", |it| it[0] == "Newsletter" || it[0] == "Search"),
    ("ends = ['Cart']", |it| it[it.len() - 1] == "Cart"),
    ("path = ['Home >> Cart']", |it| {
        it.iter().position(|it| it == "Home").is_some_and(|at| has(&it[at + 1..], "Cart"))
    }),
    ("path = ['Product page > Cart']", |it| {
        it.windows(2).any(|it| it[0] == "Product page" && it[1] == "Cart")
    }),
    ("path = ['Search >> Cart > Checkout']", |it| {
        let from = it.iter().position(|it| it == "Search").map_or(it.len(), |at| at + 1);
        it[from..].windows(2).any(|it| it[0] == "Cart" && it[1] == "Checkout")
    }),
    ("length = '3..8'", |it| (3..=8).contains(&it.len())),
    ("with = ['Cart']\nothers = true", |it| !has(it, "Cart")),
];

fn has(stages: &[String], name: &str) -> bool {
    stages.iter().any(|it| it == name)
}

#[test]
fn maps_of_chosen_journeys_equal_journeys_counted_one_by_one() {
    let (_case, mut study) = shop();
    let all = journeys(&study);
    for (choice, holds) in CHOICES {
        study.select(options(choice)).unwrap();
        let graph = graph(&study);
        assert_conserved(&graph, choice);
        let expected = by_hand(all.iter().filter(|it| holds(&it.stages)));
        assert!(expected["journeys"] > 20, "{choice}: {}", expected["journeys"]);
        assert_eq!(of_graph(&study, &graph), expected, "{choice}");
    }
    // Only the stretch is drawn, and it ends as the whole journey ends.
    study.select(options("between = ['Cart', 'Payment']")).unwrap();
    let stretch = |it: &Taken| -> Option<Taken> {
        let first = it.stages.iter().position(|it| it == "Cart")?;
        let last = first + 1 + it.stages[first + 1..].iter().position(|it| it == "Payment")?;
        Some(Taken { stages: it.stages[first..=last].to_vec(), ..*it })
    };
    let stretches: Vec<Taken> = all.iter().filter_map(stretch).collect();
    let graph = graph(&study);
    assert_conserved(&graph, "between");
    assert_eq!(of_graph(&study, &graph), by_hand(stretches.iter()));
}

/// The rows of a ledger by a model of touches, as texts.
fn credit(study: &Study) -> Vec<String> {
    let ledger = report(study, "ledger");
    assert!(!ledger.negative, "{:?}", ledger.findings);
    ledger.table("ledger").unwrap().rows.iter().map(|it| format!("{it:?}")).collect()
}

fn report(study: &Study, name: &str) -> Report {
    crate::case::report(study, name)
}

#[test]
fn kept_and_left_out_make_up_all_orders_and_their_credit() {
    let (_case, mut study) = shop();
    let mut all = credit(&study);
    assert!(all.len() > 500);
    all.sort_unstable();
    let choices = CHOICES.iter().map(|it| it.0).filter(|it| !it.contains("others"));
    for choice in choices.chain(["between = ['Cart', 'Purchase']", "having = \"variant == 'B'\""]) {
        study.select(options(choice)).unwrap();
        let mut rows = credit(&study);
        let own = rows.len();
        study.select(options(&format!("{choice}\nothers = true"))).unwrap();
        rows.extend(credit(&study));
        rows.sort_unstable();
        assert!(rows == all, "{choice}: {own} rows kept, {} with the others", rows.len());
    }
}

#[test]
fn a_choice_that_holds_for_all_changes_nothing_but_the_note() {
    let mut study = study(concat!(env!("CARGO_MANIFEST_DIR"), "/journeys/grocer").as_ref());
    let plain = outputs(&study);
    study.select(options("length = '1..'")).unwrap();
    let findings = study.run_what_fits(&study.every_question().unwrap(), &Unwatched).unwrap();
    let selected = findings.selected.unwrap();
    assert_eq!(selected.all, selected.kept);
    assert_eq!(selected.without_journey, 0);
    for mut report in findings.reports {
        assert!(report.notes.remove(0).starts_with("Only journeys of 1.. steps: "));
        report.notes.retain(|it| !it.starts_with("Journeys are chosen by what customers did"));
        report.maps.iter_mut().for_each(|it| drop(it.1.subtitle.remove(0)));
        report.selected = None;
        let mut bytes = Vec::new();
        json::write_report(&report, &Style::default(), &mut bytes).unwrap();
        bytes.push(b'\n');
        assert!(bytes == plain[&format!("{} as json", report.name)], "{}", report.name);
    }
}

/// What chooses journeys in the tests of bytes: stages, ways and events.
const CHOSEN: &str = "[select]\nwith = ['cart']\nwithout = ['help']\npath = ['home >> product']\n\
                      having = \"channel == 'email' or variant == 'B'\"\nlength = '..40'\n";

#[test]
fn formats_partials_memory_and_threads_change_no_byte_of_chosen_journeys() {
    let mut expected = None;
    for (ending, encode) in FORMATS {
        let plain = case(ending, encode, "");
        // Folded by a journey that looks at all, and asked by one that chooses.
        let merged = merged(&partials(&plain, ending));
        let case = case(ending, encode, CHOSEN);
        let journey = case.path("journey.toml");
        for (partials, memory, threads) in
            [(false, None, 1), (true, None, 3), (false, Some(50_000), 3), (true, Some(50_000), 1)]
        {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let partials = partials.then(|| std::sync::Arc::clone(&merged));
            let what = format!("{ending}, {memory:?}, {threads}, {}", partials.is_some());
            let study = pool.install(|| load(&journey, partials, memory));
            let found = pool.install(|| outputs(&study));
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_same(expected, &found, &what);
        }
    }
    let texts = expected.unwrap();
    let map = String::from_utf8(texts["map as json"].clone()).unwrap();
    let map: serde_json::Value = serde_json::from_str(&map).unwrap();
    let kept = map["journeys"]["kept"]["journeys"].as_u64().unwrap();
    assert!(kept > 5 && kept < map["journeys"]["all"]["journeys"].as_u64().unwrap(), "{map}");
}

fn answer(run: &Run) -> serde_json::Value {
    serde_json::from_slice(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err))
}

#[test]
fn every_command_says_which_journeys_it_looks_at() {
    let folder = folder();
    for name in touchpath::analysis::ANALYSES.iter().map(|it| it.name) {
        let arguments = [name, ".", "--with", "cart", "--without", "purchase", "--format", "json"];
        let run = run(folder.path(), &arguments);
        assert_eq!(run.code, 0, "{name}: {}", run.err);
        let answer = answer(&run);
        assert_eq!(answer["journeys"]["kept"]["journeys"], 1, "{name}");
        assert_eq!(answer["journeys"]["all"]["journeys"], 3, "{name}");
        let note = answer["notes"][0].as_str().unwrap();
        let said = "Only journeys with \"cart\", without \"purchase\": 1 of 3 journeys, of 1 of 3 \
                    customers, with 0 of 2 conversions worth 0.00 EUR of 32.50 EUR.";
        assert!(note.starts_with(said), "{name}: {note}");
        assert!(run.err.contains("note: Of 3 journeys, 1 with \"cart\", without \"purchase\""));
        for map in answer["maps"].as_object().unwrap().values() {
            let line = map["subtitle"][0].as_str().unwrap();
            assert_eq!(line, "Of 3 journeys, 1 with \"cart\", without \"purchase\"", "{name}");
        }
        let cautions = answer["notes"].to_string().matches("no longer alike by chance").count();
        assert_eq!(cautions, usize::from(name == "compare"), "{name}");
    }
    let run = run(folder.path(), &["report", ".", "-o", "out", "--ends", "purchase"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let manifest = std::fs::read_to_string(folder.path().join("out/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["journeys"]["kept"]["value"], "32.50");
    assert_eq!(manifest["configuration"]["select"]["ends"][0], "purchase");
}

/// Flags, and what a map with them has: exit code, journeys, transitions.
type Asked = (&'static [&'static str], (i32, u64, usize));

#[test]
fn answers_of_chosen_journeys_from_the_command_line() {
    let folder = folder();
    let moves = |arguments: &[&str]| {
        let all = [&["map", ".", "--format", "json"], arguments].concat();
        let run = run(folder.path(), &all);
        let map = answer(&run)["maps"]["map"].clone();
        (run.code, map["journeys"].as_u64().unwrap(), map["edges"].as_array().unwrap().len())
    };
    let cases: [Asked; 12] = [
        (&[], (0, 3, 3)),
        (&["--path", "home>cart>purchase"], (0, 1, 2)),
        (&["--path", "home >> purchase"], (0, 2, 3)),
        (&["--between", "cart,purchase"], (0, 1, 1)),
        (&["--outcome", "converted", "--length", "2"], (0, 1, 1)),
        // The whole day in the journey's zone: 23:30 UTC is the day after in Berlin.
        (&["--began", "2026-01-02"], (0, 1, 1)),
        (&["--began", "2026-01-02..2026-01-03"], (0, 2, 2)),
        (&["--hours", "22:00..05:59"], (0, 1, 1)),
        (&["--lasting", "1h.."], (0, 1, 1)),
        (&["--having", "value > 15"], (0, 1, 1)),
        (&["--having", "channel == 'email'", "--others"], (0, 2, 2)),
        // No journey is kept: the answer is "no".
        (&["--with", "cart,purchase", "--starts", "cart"], (1, 0, 0)),
    ];
    for (arguments, expected) in cases {
        assert_eq!(moves(arguments), expected, "{arguments:?}");
    }
    // An event that --where leaves out never happened; --having only asks for it.
    let events = |flag| {
        answer(&run(
            folder.path(),
            &["overview", ".", "--format", "json", flag, "event == 'purchase'"],
        ))
    };
    let count = |it: &serde_json::Value| it["tables"]["overview"]["rows"][0]["value"].clone();
    assert_eq!((count(&events("--where")), count(&events("--having"))), (2.into(), 5.into()));
}

#[test]
fn mistakes_are_told_with_their_place_and_the_nearest_name() {
    let folder = folder();
    let cases: [(&[&str], &str, &str); 9] = [
        (&["map", ".", "--with", "crt"], "there is no stage \"crt\"", "\"cart\""),
        (&["kpi", ".", "--path", "home>>crt"], "there is no stage \"crt\"", "\"cart\""),
        (&["ledger", ".", "--between", "cart"], "a stretch is between two stages", "Cart,Purchase"),
        (&["map", ".", "--path", "home>"], "path:1:6: expected the name of a stage", "eventually"),
        (&["map", ".", "--length", "9..2"], "--length: \"9..2\" ends before it begins", "3..8"),
        (&["map", ".", "--having", "chanl == x"], "no source has a property \"chanl\"", "channel"),
        (&["map", ".", "--outcome", "exits"], "invalid value 'exits'", "exit"),
        (&["check", ".", "--with", "cart"], "unexpected argument '--with'", ""),
        (&["explain", "blocked", ".", "--ends", "cart"], "unexpected argument '--ends'", ""),
    ];
    for (arguments, message, hint) in cases {
        let run = run(folder.path(), arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.err);
        assert!(run.said().starts_with(&format!("error: {message}")), "{}", run.err);
        assert!(run.err.contains(hint), "{arguments:?}: {}", run.err);
    }
    let file = folder.path().join("chosen.toml");
    let journey = |select: &str| format!("{}[select]\n{select}\n", crate::cli::JOURNEY);
    let place = |select: &str, arguments: &[&str]| {
        std::fs::write(&file, journey(select)).unwrap();
        run(folder.path(), &[&["overview", "chosen.toml"], arguments].concat())
    };
    let cases = [
        ("with = ['cart']\nends = ['hme']", "chosen.toml:17:8: there is no stage \"hme\""),
        ("length = 'x..'", "chosen.toml:16:10: cannot read a number of steps from \"x\""),
        ("wiht = ['cart']", "chosen.toml:16:1: unknown key \"wiht\""),
        ("path = ['a >']", "chosen.toml:16:8: path:1:4: expected the name of a stage"),
    ];
    for (select, expected) in cases {
        let run = place(select, &[]);
        assert!(run.said().contains(expected), "{}", run.err);
    }
    // A flag takes the place of the file's key, and a wrong one is not looked for there.
    let run = place("with = ['cart']", &["--with", "hme"]);
    assert_eq!(run.said(), "error: there is no stage \"hme\"");
    assert_eq!(place("with = ['cart']", &["--with", "home"]).code, 0);
    assert_eq!(place("with = ['cart']", &["--set", "select.length=3.."]).code, 0);
}

#[test]
fn what_a_filter_of_journeys_asks_for_is_carried_through_partials() {
    let folder = folder();
    let events = crate::cli::EVENTS.replace(",variant", ",arm,variant").replace(",A\n", ",x,A\n");
    let events = events.replace(",B\n", ",y,B\n");
    std::fs::write(folder.path().join("e.csv"), events).unwrap();
    let fold = |extra: &[&str]| {
        let run = run(folder.path(), &[&["fold", ".", "-o", "e.part"], extra].concat());
        assert_eq!(run.code, 0, "{}", run.err);
    };
    let asked = |input: &str| {
        run(folder.path(), &["map", input, "--having", "arm == y", "--format", "json"])
    };
    let whole = asked(".");
    fold(&[]);
    assert!(asked("e.part").err.contains("fold again with --keep arm"), "{}", asked("e.part").err);
    fold(&["--keep", "arm"]);
    assert_eq!((whole.code, asked("e.part").out()), (0, whole.out()));
    assert_eq!(answer(&whole)["journeys"]["kept"]["journeys"], 1);
}

#[test]
fn explain_and_sensitivity_look_at_all_journeys() {
    let journey = format!("{}[select]\nwith = ['purchase']\n", crate::cli::JOURNEY);
    let case = Case::new(&[("journey.toml", &journey), ("e.csv", crate::cli::EVENTS)]);
    let of = |arguments: &[&str]| {
        let run = run(&case.path(""), arguments);
        assert_eq!(run.code, 0, "{}", run.err);
        answer(&run)
    };
    let it = of(&["explain", "customer", "user:u2", ".", "--format", "json"]);
    assert_eq!(it["tables"]["journeys"]["rows"].as_array().unwrap().len(), 1, "{it}");
    let it = of(&["check", ".", "--identity-sensitivity", "--format", "json"]);
    assert!(it["tables"].to_string().contains("\"journeys\""));
    let rows = it["tables"].as_object().unwrap().values().next().unwrap()["rows"].clone();
    let journeys =
        rows.as_array().unwrap().iter().find(|it| it.to_string().contains("\"journeys\""));
    assert!(journeys.unwrap().to_string().contains('3'), "{rows}");
    let config = Config::read(&case.path("")).unwrap();
    let study = Study::load(config, &LoadOptions::default(), &Unwatched).unwrap();
    let table = &report(&study, "overview").tables[0];
    assert_eq!(crate::case::cell(table, "measure", "journeys", "value"), &Cell::Count(2));
}
