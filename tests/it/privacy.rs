//! Privacy: ids hashed at the door, people forgotten, no address told unasked.

use std::path::Path;

use crate::case::Case;
use crate::cli::{Run, run};

/// What no report or message may hold.
const MARK: &str = "secret.person";

const JOURNEY: &str = "\
name = 'P'
currency = 'EUR'
[[source]]
path = 'web.csv'
time = 'ts'
event = 'event'
ids = { user = 'user', email = 'email', cookie = 'cookie' }
channel = 'channel'
value = 'value'
order = 'order'
[identity]
blocklist = ['secret.person.blocked@mail.example']
[journey]
conversion = 'buy'
";

/// Rows with addresses in every place where one could be told: customers named by them, an
/// address that many share, one that is blocked, and rows that are set aside for their time,
/// their value, their fields and their quotes.
fn rows() -> String {
    let mut text = String::from("ts,event,user,email,cookie,channel,value,order\n");
    let mut row = |it: &str| {
        text.push_str(it);
        text.push('\n');
    };
    for at in 0..8 {
        row(&format!("2026-01-0{}T10:00:00Z,home,,,c{at},mail,,", at + 1));
        row(&format!(
            "2026-01-0{}T10:01:00Z,cart,,secret.person{at}@mail.example,c{at},mail,,",
            at + 1
        ));
        row(&format!(
            "2026-01-0{}T10:02:00Z,buy,,secret.person{at}@mail.example,,search,12.50,o{at}",
            at + 1
        ));
    }
    for at in 0..30 {
        row(&format!("2026-01-20T10:00:00Z,home,u{at},secret.person.kiosk@mail.example,,mail,,"));
    }
    row("2026-01-21T10:00:00Z,home,,secret.person.blocked@mail.example,c1,mail,,");
    row("2026-01-21T10:00:00Z,home,,secret.person.blocked@mail.example,,mail,,");
    row("secret.person9@mail.example,home,,x@mail.example,c1,mail,,");
    row(
        "2026-01-21T10:00:00Z,buy,,secret.person9@mail.example,c1,mail,secret.person9@mail.example,o9",
    );
    row("2026-01-21T10:00:00Z,home,secret.person9@mail.example");
    row("2026-01-21T10:00:00Z,home,\"secret.person9@mail.example\"x,,,,,");
    text
}

fn case() -> Case {
    let key = "0123456789abcdef0123456789abcdef\n";
    let other = "another key of some length, and more\n";
    Case::new(&[
        ("journey.toml", JOURNEY),
        ("web.csv", &rows()),
        ("ids.key", key),
        ("other.key", other),
        ("short.key", "abc\n"),
    ])
}

fn folder(case: &Case) -> std::path::PathBuf {
    case.path("").to_owned()
}

fn clean(what: &str, text: &str) {
    let line = text.lines().find(|it| it.contains(MARK)).unwrap_or_default();
    assert!(!text.contains(MARK), "{what} tells an address: {line}");
    assert!(!text.contains("%40mail.example"), "{what}");
}

fn clean_run(folder: &Path, arguments: &[&str]) -> Run {
    let run = run(folder, arguments);
    let what = arguments.join(" ");
    clean(&what, &run.out());
    clean(&what, &run.err);
    run
}

#[test]
fn no_command_tells_an_address_unasked() {
    let case = case();
    let folder = folder(&case);
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["check", "."],
        vec!["check", ".", "--all-rows", "--format", "json"],
        vec!["check", "web.csv"],
        vec!["init", "web.csv"],
        vec!["report", ".", "-o", "out"],
        vec!["report", "web.csv", "-o", "all.html"],
        vec!["report", ".", "-o", "all.json"],
        vec!["check", ".", "--strict"],
        vec!["fold", ".", "-o", "a.part"],
        vec!["merge", "a.part", "-o", "b.part"],
        vec!["ledger", "b.part"],
        vec!["check", "b.part"],
        vec!["funnel", ".", "--steps", "home,hme"],
        vec!["map", ".", "--where", "nothing == 'secret.person1@mail.example'"],
        vec!["ledger", ".", "--format", "csv", "--all-rows", "-o", "ledger.csv"],
        vec!["reconcile", "ledger.csv", "web.csv"],
    ];
    let formats = ["table", "csv", "json", "md", "html"];
    for entry in touchpath::analysis::ANALYSES {
        commands.extend(formats.map(|it| vec![entry.name, ".", "--all-rows", "--format", it]));
        commands.push(vec![entry.name, "web.csv", "-v"]);
    }
    for command in &commands {
        clean_run(&folder, command);
    }
    for name in [
        "out/index.html",
        "out/report.json",
        "out/rejects.csv",
        "out/check-places.csv",
        "out/check-blocked.csv",
        "out/map.svg",
        "out/ledger-ledger.csv",
        "all.html",
        "all.json",
        "ledger.csv",
    ] {
        clean(name, &std::fs::read_to_string(folder.join(name)).unwrap());
    }
}

#[test]
fn who_asks_for_addresses_gets_them() {
    let case = case();
    let plain = run(&folder(&case), &["ledger", ".", "--set", "identity.show_contacts=true"]);
    assert!(plain.out().contains("email:secret.person1@mail.example"), "{}", plain.out());
    let shown = run(&folder(&case), &["ledger", "."]).out();
    assert!(shown.contains("email:~"), "{shown}");
}

#[test]
fn hashed_ids_join_and_are_the_same_in_every_run_and_file() {
    let case = case();
    let folder = folder(&case);
    let hashed = |arguments: &[&str]| {
        let run = clean_run(&folder, &[arguments, &["--hash-ids", "ids.key"]].concat());
        assert!(run.code < 2, "{}", run.err);
        run.out()
    };
    let once = hashed(&["ledger", ".", "--format", "csv"]);
    assert_eq!(once, hashed(&["ledger", ".", "--format", "csv"]));
    let plain = run(&folder, &["overview", ".", "--format", "csv"]).out();
    assert_eq!(hashed(&["overview", ".", "--format", "csv"]), plain);
    // A partial that is folded with the key holds no id, and is asked with or without it.
    hashed(&["fold", ".", "-o", "h.part", "--rejects", "h.csv"]);
    clean("rejects", &std::fs::read_to_string(folder.join("h.csv")).unwrap());
    assert_eq!(run(&folder, &["ledger", "h.part", "--format", "csv"]).out(), once);
    assert_eq!(hashed(&["ledger", "h.part", "--format", "csv"]), once);
    let other = run(&folder, &["ledger", "h.part", "--hash-ids", "other.key"]);
    assert!(other.code == 2 && other.err.contains("ids_hashed_by"), "{}", other.err);
    // One that is not is hashed as it is read.
    run(&folder, &["fold", ".", "-o", "p.part"]);
    assert_eq!(hashed(&["ledger", "p.part", "--format", "csv"]), once);
    let mixed = run(&folder, &["merge", "h.part", "p.part", "-o", "m.part"]);
    assert!(mixed.code == 2, "{}", mixed.err);
    // Other keys, other hashes; the same orders.
    let other = run(&folder, &["ledger", ".", "--format", "csv", "--hash-ids", "other.key"]).out();
    assert_eq!(once.lines().count(), other.lines().count());
    assert_ne!(once, other);
    hashed(&["check", ".", "--all-rows", "--format", "json"]);
    hashed(&["report", ".", "-o", "out"]);
    for name in
        ["out/rejects.csv", "out/check-blocked.csv", "out/report.json", "out/ledger-ledger.csv"]
    {
        clean(name, &std::fs::read_to_string(folder.join(name)).unwrap());
    }
}

#[test]
fn a_key_must_be_there_and_long_enough() {
    let case = case();
    let folder = folder(&case);
    let short = run(&folder, &["check", ".", "--hash-ids", "short.key"]);
    assert_eq!(short.code, 2);
    assert!(short.err.contains("short.key: the key has 3 bytes, too few"), "{}", short.err);
    assert!(short.err.contains("hint: "), "{}", short.err);
    let missing = run(&folder, &["check", ".", "--hash-ids", "no.key"]);
    assert!(missing.code == 2 && missing.err.contains("no.key"), "{}", missing.err);
}

#[test]
fn who_is_forgotten_leaves_no_trace_but_a_count() {
    let case = Case::new(&[
        ("journey.toml", &JOURNEY.replace("[identity]", "[identity]\nforget = 'forget.txt'")),
        ("web.csv", &rows()),
        ("forget.txt", "# asked on 3 May\n email:Secret.Person1@mail.example \n\nc2\n"),
        ("more.txt", "secret.person3@mail.example"),
        ("wrong.txt", "emial:secret.person3@mail.example"),
    ]);
    let folder = folder(&case);
    let overview =
        |more: &[&str]| run(&folder, &[&["overview", ".", "--format", "csv"], more].concat()).out();
    let figure = |text: &str, name: &str| {
        let line = text.lines().find(|it| it.starts_with(name)).unwrap_or_else(|| panic!("{text}"));
        line.split(',').nth(1).unwrap().parse::<u64>().unwrap()
    };
    // Of eight orders Ann's is gone (o1), and with the cookie of another its first two rows.
    let one = overview(&[]);
    assert_eq!(figure(&one, "conversions"), 7);
    assert_eq!(figure(&overview(&["--forget", "more.txt"]), "conversions"), 6);
    let check = run(&folder, &["check", ".", "--format", "csv", "--part", "reasons"]).out();
    assert!(check.contains("forgotten,4,"), "{check}");
    let wrong = run(&folder, &["check", ".", "--forget", "wrong.txt"]);
    assert!(wrong.code == 2 && wrong.err.contains("did you mean \"email\""), "{}", wrong.err);
    assert!(wrong.err.contains("wrong.txt:1"), "{}", wrong.err);
    // A partial folded before the request answers as one folded after it.
    run(&folder, &["fold", ".", "-o", "a.part"]);
    run(&folder, &["fold", ".", "-o", "b.part", "--forget", "more.txt"]);
    let late = run(&folder, &["overview", "a.part", "--format", "csv", "--forget", "more.txt"]);
    let early = run(&folder, &["overview", "b.part", "--format", "csv"]);
    assert_eq!(late.out(), early.out());
    assert_eq!(early.out(), overview(&["--forget", "more.txt"]));
    let report = run(&folder, &["report", "a.part", "-o", "out", "--forget", "more.txt"]);
    assert!(report.code < 2, "{}", report.err);
    let rejects = std::fs::read_to_string(folder.join("out/rejects.csv")).unwrap();
    assert!(!rejects.contains("person1@") && !rejects.contains("person3@"), "{rejects}");
    // Nobody is forgotten by mistake: to be forgotten is no fault of a row.
    let ok = Case::new(&[
        ("a.csv", "ts,event,user_id\n2026-01-01T10:00:00Z,home,u1\n2026-01-01T10:00:00Z,home,u2\n"),
        ("forget.txt", "user:u1"),
    ]);
    let strict = run(
        &ok.path(""),
        &["check", "a.csv", "--forget", "forget.txt", "--strict", "--fail-if-rejects"],
    );
    assert_eq!(strict.code, 0, "{}", strict.err);
}

#[test]
fn keys_of_sessions_that_begin_with_a_cookie_are_hashed_too() {
    let case = case();
    let folder = folder(&case);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/presets/ga4/events.jsonl");
    let cookie = "2000.2";
    let plain = run(&folder, &["stitch", sample, "--format", "csv"]).out();
    assert!(plain.contains(cookie), "{plain}");
    for part in ["events", "ids", "merges"] {
        let arguments =
            ["stitch", sample, "--format", "csv", "--part", part, "--hash-ids", "ids.key"];
        let run = run(&folder, &arguments);
        assert!(run.code == 0 && !run.out().contains(cookie), "{}", run.out());
    }
    let sessions = |more: &[&str]| {
        let arguments = [&["overview", sample, "--format", "csv"], more].concat();
        run(&folder, &arguments).out()
    };
    assert_eq!(sessions(&[]), sessions(&["--hash-ids", "ids.key"]));
}
