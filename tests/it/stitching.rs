//! Who is who: every vector of the field's identity rules, and what must hold of any data.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use touchpath::base::{Timestamp, Unwatched};
use touchpath::config::Config;
use touchpath::model::raw::NO_TIME;
use touchpath::prepare::stitch::Stitched;
use touchpath::store::RawEvents;
use touchpath::study::LoadOptions;
use touchpath::study::identity::Identities;

use crate::case::Case;

const HEAD: &str = "t,event,user,email,device,cookie";

/// A journey file with an `[identity]` section.
fn journey(identity: &str) -> String {
    format!(
        "[[source]]\npath = 'log*.csv'\ntime = 't'\nevent = 'event'\n\
         ids = {{ user = 'user', email = 'email', device = 'device', cookie = 'cookie' }}\n\
         [identity]\n{identity}\n"
    )
}

/// The ids of rows: `"12:01 - - d1 -"` is time of day, user, email, device, cookie; `-` is none.
fn log(rows: &[&str]) -> String {
    let mut text = format!("{HEAD}\n");
    for row in rows {
        let cells: Vec<&str> = row.split(' ').map(|it| if it == "-" { "" } else { it }).collect();
        let time = if cells[0].len() > 5 {
            cells[0].to_owned()
        } else {
            format!("2026-01-05T{}:00Z", cells[0])
        };
        writeln!(text, "{time},e,{}", cells[1..].join(",")).unwrap();
    }
    text
}

pub fn case(identity: &str, rows: &[&str]) -> Case {
    Case::new(&[("journey.toml", &journey(identity)), ("log.csv", &log(rows))])
}

pub fn load(case: &Case, until: Option<Timestamp>) -> Identities {
    let config = Config::read(&case.path("")).unwrap();
    Identities::load(config, &LoadOptions::default(), until, &Unwatched).unwrap()
}

/// The customer of each row, by place.
fn rows(stitched: &Stitched, raw: &RawEvents) -> Vec<String> {
    let mut names = Vec::new();
    for batch in raw.batches.all().unwrap() {
        let name = |row| stitched.name(raw, stitched.customer(&batch, row));
        names.extend((0..batch.len()).map(name));
    }
    names
}

/// The customer of each row of a case, loaded as a study's identities.
pub fn customers(identity: &str, them: &[&str]) -> Vec<String> {
    let case = case(identity, them);
    let all = load(&case, None);
    let names = rows(&all.stitched, &all.raw);
    agrees(&all);
    names
}

/// The history's last word is what stitching says.
fn agrees(all: &Identities) {
    let nodes = all.stitched.nodes();
    for it in all.history.as_of.iter().filter(|it| it.superseded_at.is_none()) {
        let said = all.stitched.name(&all.raw, all.stitched.customer_of(it.node));
        assert_eq!(nodes.name(&all.raw, it.customer), said, "{}", nodes.name(&all.raw, it.node));
    }
}

#[test]
fn segment_demotes_the_email_and_makes_a_new_profile() {
    let rows = ["10:00 abc123 jane@ - -", "10:01 abc456 jane@ - -", "10:02 - jane@ - -"];
    let names =
        customers("priority = ['user', 'email']\nper_customer = { user = 1, email = 5 }", &rows);
    assert_eq!(names, ["user:abc123", "user:abc456", "user:abc123"]);
    let case = case("per_customer = { user = 1 }", &rows);
    assert_eq!(
        said(&case.path(""), &["journey.toml", "--part", "left_out"]),
        "id,why,rows,first_at,row\nemail:jane@,the customer has too many ids of a type,1,\
         2026-01-05T10:01:00Z,log.csv:3\n"
    );
    // Without a limit an address is one person's, whatever the logins.
    assert_eq!(customers("", &rows), ["user:abc123"; 3]);
}

#[test]
fn snowplow_lets_unique_ids_never_merge_and_leaves_the_ambiguous_alone() {
    let rows = ["10:00 alice - idfv -", "10:01 bob - idfv -", "10:02 - - idfv -"];
    let names = customers("unique = ['user']\nshared_device = 'none'", &rows);
    assert_eq!(names, ["user:alice", "user:bob", "device:idfv"]);
    let names = customers("guards = 'strict'", &rows);
    assert_eq!(names, ["user:alice", "user:bob", "device:idfv"]);
    assert_eq!(customers("guards = 'loose'", &rows), ["user:alice"; 3]);
}

const ADOBE: [&str; 6] = [
    "12:01 - - 1234 -",
    "12:02 - - 1234 -",
    "12:03 ryan - 1234 -",
    "12:07 - - 1234 -",
    "12:08 cassidy - 1234 -",
    "2026-01-06T11:08:00Z - - 1234 -",
];

#[test]
fn adobes_device_split_and_last_auth_never_overwrite_a_login() {
    let (ryan, cassidy) = ("user:ryan", "user:cassidy");
    let split = [ryan, ryan, ryan, ryan, cassidy, cassidy];
    assert_eq!(customers("shared_device = 'device-split'", &ADOBE), split);
    assert_eq!(customers("", &ADOBE), split, "the default");
    let last = [cassidy, cassidy, ryan, cassidy, cassidy, cassidy];
    assert_eq!(customers("shared_device = 'last-auth'", &ADOBE), last);
    let own = "device:1234";
    let none = [own, own, ryan, own, cassidy, own];
    assert_eq!(customers("shared_device = 'none'", &ADOBE), none);
    // Snowplow's package gives all rows to the latest user.
    assert_eq!(customers("shared_device = 'latest-user'", &ADOBE), [cassidy; 6]);
    let all = load(&case("", &ADOBE), None);
    assert_eq!(all.stitched.exposed(), 4);
    assert_eq!(all.stitched.blocked.len(), 1);
    assert_eq!(all.stitched.blocked[0].why.words(), "several people use it");
}

#[test]
fn rows_wait_for_a_login_no_longer_than_the_replay_window() {
    let rows = [
        "2026-01-01T10:00:00Z - - - c",
        "2026-01-05T10:00:00Z - - - c",
        "2026-01-06T10:00:00Z u - - c",
        "2026-01-07T10:00:00Z - - - c",
    ];
    let (own, known) = ("cookie:c", "user:u");
    assert_eq!(customers("", &rows), [known; 4]);
    let case = case("replay = '24h'", &rows);
    let all = load(&case, None);
    assert_eq!(self::rows(&all.stitched, &all.raw), [own, known, known, known]);
    let all = load(&self::case("replay = '7d'", &rows), None);
    assert_eq!(self::rows(&all.stitched, &all.raw), [known; 4]);
}

#[test]
fn limits_have_windows() {
    let rows = [
        "2026-01-01T10:00:00Z u - - c1",
        "2026-01-02T10:00:00Z u - - c2",
        "2026-01-03T10:00:00Z u - - c3",
        "2026-01-20T10:00:00Z u - - c4",
        "2026-01-21T10:00:00Z - - - c3",
        "2026-01-21T10:00:00Z - - - c4",
    ];
    let last = |identity: &str| customers(identity, &rows)[4..].to_vec();
    assert_eq!(last(""), ["user:u", "user:u"]);
    assert_eq!(last("per_customer = { cookie = 2 }"), ["cookie:c3", "cookie:c4"]);
    assert_eq!(last("per_customer = { cookie = '2 weekly' }"), ["cookie:c3", "user:u"]);
    assert_eq!(last("per_customer = { cookie = '2 monthly' }"), ["cookie:c3", "cookie:c4"]);
}

#[test]
fn cardinality_has_a_direction() {
    let rows = [
        "10:00 u1 - - c1",
        "10:01 u1 - - c2",
        "10:02 u1 - - c3",
        "10:03 - - - c3",
        "10:04 - - - c2",
    ];
    let last = |identity: &str| customers(identity, &rows)[3..].to_vec();
    let two = "cardinality = { 'cookie per user' = 2 }";
    assert_eq!(last(two), ["cookie:c3", "user:u1"]);
    assert_eq!(last("cardinality = { 'user per cookie' = 1 }"), ["user:u1", "user:u1"]);
}

#[test]
fn a_device_joins_people_without_logins_and_personal_ids_join_logins() {
    let rows = ["10:00 u1 a@x - -", "10:01 u2 a@x - -", "10:02 - b@x - c1", "10:03 u1 - - c1"];
    assert_eq!(customers("", &rows), ["user:u1"; 4]);
    // An address known by a device alone goes with the login that claims it.
    let rows = ["10:00 alice - - k", "10:01 - e@x - k", "10:02 bob e@x - -", "10:03 - e@x - -"];
    let names = customers("", &rows);
    assert_eq!(names, ["user:alice", "user:bob", "user:bob", "user:bob"]);
}

#[test]
fn a_kiosk_of_five_thousand_merges_none_and_is_named() {
    let mut text = format!("{HEAD}\n");
    for it in 0..5000 {
        let (hour, minute, second) = (it / 3600, it / 60 % 60, it % 60);
        writeln!(text, "2026-01-05T{hour:02}:{minute:02}:{second:02}Z,e,u{it},,,kiosk").unwrap();
        writeln!(text, "2026-01-06T{hour:02}:{minute:02}:{second:02}Z,e,u{it},,d{it},").unwrap();
    }
    for guards in ["default", "strict"] {
        let identity = format!("guards = '{guards}'");
        let case = Case::new(&[("journey.toml", &journey(&identity)), ("log.csv", &text)]);
        let study = case.study();
        assert_eq!(study.catalog.customers, 5000, "{guards}");
        let check = touchpath::study::check::check(&study).unwrap();
        let blocked = check.table("blocked").unwrap();
        assert!(blocked.rows.iter().any(|it| format!("{it:?}").contains("kiosk")), "{guards}");
    }
    // Even where no limit holds it back.
    let case =
        Case::new(&[("journey.toml", &journey("limit = { cookie = 100000 }")), ("log.csv", &text)]);
    assert_eq!(case.study().catalog.customers, 5000);
}

#[test]
fn ids_that_look_alike_stay_apart_or_together_as_documented() {
    let apart = ["NA", "00001", "1", "1e5", "100000", "9007199254740993", "9007199254740992"];
    let mut rows: Vec<String> = apart.iter().map(|it| format!("10:00 {it} - - -")).collect();
    rows.push("10:01 caf\u{e9} - - -".into());
    rows.push("10:01 cafe\u{301} - - -".into());
    rows.push("10:02 - Ada@Example.com - -".into());
    rows.push("10:03 - \u{a0}ada@example.COM - -".into());
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let names = customers("", &rows);
    let distinct: std::collections::BTreeSet<&String> = names[..apart.len()].iter().collect();
    assert_eq!(distinct.len(), apart.len());
    assert_eq!(names[7], names[8], "composed and decomposed letters are the same");
    assert_eq!(names[9], names[10]);
}

#[test]
fn the_blocklist_takes_texts_patterns_and_exceptions() {
    let rows = ["10:00 0 - - -", "10:01 test-7 - - -", "10:02 kiosk - - -", "10:03 u - - -"];
    let identity = "blocklist = ['kiosk']\nblock_patterns = ['^test-']\nallow = ['0']";
    let case = case(identity, &rows);
    let all = load(&case, None);
    assert_eq!(self::rows(&all.stitched, &all.raw), ["user:0", "user:u"]);
    let blocked: Vec<&str> = all.raw.blocked.keys().map(|it| it.1.as_str()).collect();
    assert_eq!(blocked, ["kiosk", "test-7"]);
}

#[test]
fn the_merge_log_and_the_as_of_table_say_when_and_where() {
    let case = case(
        "",
        &[
            "10:00 - - - c1",
            "10:01 - - - c2",
            "10:02 - - c2d c2",
            "10:05 u1 - - c1",
            "10:06 u1 - - c2",
            "10:07 u2 - - c1",
        ],
    );
    let all = load(&case, None);
    let name = |node: u32| all.stitched.nodes().name(&all.raw, node);
    let merges: Vec<String> = all
        .history
        .merges
        .iter()
        .map(|it| format!("{} < {} {}", name(it.survivor), name(it.merged), it.row.place(&all.raw)))
        .collect();
    assert_eq!(
        merges,
        [
            "device:c2d < cookie:c2 log.csv:4",
            "user:u1 < cookie:c1 log.csv:5",
            "user:u1 < device:c2d log.csv:6",
        ]
    );
    let time = |it: i64| {
        if it == NO_TIME { String::new() } else { Timestamp(it).to_string()[11..16].to_owned() }
    };
    let spans: Vec<String> = all
        .history
        .as_of
        .iter()
        .map(|it| {
            let until = it.superseded_at.map(time).unwrap_or_default();
            format!("{} {} {}-{until}", name(it.node), name(it.customer), time(it.effective_at))
        })
        .collect();
    assert_eq!(
        spans,
        [
            "user:u1 user:u1 10:05-",
            "user:u2 user:u2 10:07-",
            "device:c2d device:c2d 10:02-10:06",
            "device:c2d user:u1 10:06-",
            "cookie:c1 cookie:c1 10:00-10:05",
            "cookie:c1 user:u1 10:05-10:07",
            "cookie:c1 cookie:c1 10:07-",
            "cookie:c2 cookie:c2 10:01-10:02",
            "cookie:c2 device:c2d 10:02-10:06",
            "cookie:c2 user:u1 10:06-",
        ]
    );
    assert_eq!(all.history.left.len(), 1);
    agrees(&all);
}

#[test]
fn the_as_of_table_is_the_world_as_known_then() {
    let rows = random(7, 120);
    let case = case_of(&rows, "");
    let all = load(&case, None);
    for minute in (0..120).step_by(9) {
        let at = Timestamp(START + i64::from(minute) * 60_000_000);
        let then = load(&case, Some(at));
        agrees(&then);
        let nodes = all.stitched.nodes();
        for it in &all.history.as_of {
            let holds = it.effective_at <= at.0 && it.superseded_at.is_none_or(|it| it > at.0);
            if holds {
                let node =
                    then.stitched.nodes().find(&then.raw, &nodes.name(&all.raw, it.node)).unwrap();
                let said = then.stitched.name(&then.raw, then.stitched.customer_of(node));
                assert_eq!(
                    nodes.name(&all.raw, it.customer),
                    said,
                    "{at} {}",
                    nodes.name(&all.raw, it.node)
                );
            }
        }
    }
}

const START: i64 = 1_767_571_200_000_000;

/// Rows with few ids, so that rules are broken: minute, user, email, device, cookie. Odd seeds
/// spread them over days, so that visits to a device end.
fn random(seed: u64, count: usize) -> Vec<String> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut rows = Vec::new();
    for minute in 0..count {
        let mut id = |kind: &str, share: u64, of: u64| match draw(100) < share {
            true => format!("{kind}{}", draw(of)),
            false => "-".to_owned(),
        };
        let ids = [id("u", 40, 12), id("e", 25, 12), id("d", 35, 12), id("c", 80, 25)];
        if ids.iter().any(|it| it != "-") {
            let step = if seed.is_multiple_of(2) { 120_000_000 } else { 1_200_000_000 };
            let time = Timestamp(START + (minute as i64 / 2) * step);
            rows.push(format!("{time} {}", ids.join(" ")));
        }
    }
    rows
}

fn case_of(rows: &[String], identity: &str) -> Case {
    case(identity, &rows.iter().map(String::as_str).collect::<Vec<_>>())
}

const RULES: [&str; 8] = [
    "",
    "guards = 'strict'",
    "guards = 'loose'",
    "unique = ['user', 'email']\nlimit = { cookie = 3 }",
    "per_customer = { user = 1, cookie = '3 weekly' }",
    "cardinality = { 'cookie per user' = 3, 'user per device' = 1 }",
    "shared_device = 'last-auth'\nlimit = { email = 2, device = 2, cookie = 2 }",
    "priority = ['email', 'user']\nunique = ['email']",
];

#[test]
fn quick_stitching_is_the_replay_of_all_rows_and_knows_no_order_of_rows() {
    for seed in 0..8 {
        let rows = random(seed, 80);
        for identity in RULES {
            let case = case_of(&rows, identity);
            let all = load(&case, None);
            agrees(&all);
            let by_row = |rows: &[String], names: Vec<String>| -> BTreeMap<String, String> {
                rows.iter().cloned().zip(names).collect()
            };
            let expected = by_row(&rows, self::rows(&all.stitched, &all.raw));
            let mut turned = rows.clone();
            turned.reverse();
            turned.rotate_left(17);
            let other = load(&case_of(&turned, identity), None);
            assert_eq!(
                by_row(&turned, self::rows(&other.stitched, &other.raw)),
                expected,
                "seed {seed}, {identity}"
            );
        }
    }
}

#[test]
fn no_customer_ever_breaks_a_rule() {
    let rules: [(&str, &str, usize); 4] = [
        ("guards = 'strict'", "user", 1),
        ("unique = ['email']\nguards = 'loose'", "email", 1),
        ("per_customer = { user = 2 }\nguards = 'loose'", "user", 2),
        ("per_customer = { cookie = 3 }", "cookie", 3),
    ];
    for seed in 40..50 {
        let rows = random(seed, 120);
        for (identity, id_type, most) in rules {
            let all = load(&case_of(&rows, identity), None);
            let mut had: BTreeMap<u32, usize> = BTreeMap::new();
            let id_type = all.raw.fields.id_type(id_type).unwrap();
            for node in all.stitched.nodes().of_type(id_type) {
                *had.entry(all.stitched.customer_of(node).0).or_default() += 1;
            }
            assert!(had.values().all(|it| *it <= most), "seed {seed}, {identity}: {had:?}");
        }
    }
}

#[test]
fn logins_of_one_customer_are_joined_by_personal_ids_alone() {
    for seed in 60..80 {
        let rows = random(seed, 120);
        let all = load(&case_of(&rows, ""), None);
        let personal: Vec<String> = rows
            .iter()
            .map(|it| it.split(' ').take(3).chain(["-", "-"]).collect::<Vec<_>>().join(" "))
            .collect();
        let known = load(&case_of(&personal, ""), None);
        let users: Vec<u32> = all.stitched.nodes().of_type(0).collect();
        let same = |it: &Identities, a: u32, b: u32| {
            let of = |node: u32| {
                let name = all.stitched.nodes().name(&all.raw, node);
                it.stitched.customer_of(it.stitched.nodes().find(&it.raw, &name).unwrap())
            };
            of(a) == of(b)
        };
        for &a in &users {
            for &b in users.iter().filter(|it| **it < a) {
                assert!(!same(&all, a, b) || same(&known, a, b), "seed {seed}");
            }
        }
    }
}

#[test]
fn an_excluded_link_undoes_a_merge_and_changes_nobody_else() {
    let rows = [
        "10:00 u1 - - c1",
        "10:01 u2 a@x - c2",
        "10:02 u1 a@x - -",
        "10:03 u3 - - c3",
        "10:04 - - - c1",
        "10:05 - - - c2",
        "10:06 - - - c3",
    ];
    let before = customers("", &rows);
    assert_eq!(
        before,
        ["user:u1", "user:u1", "user:u1", "user:u3", "user:u1", "user:u1", "user:u3"]
    );
    let undone = |exclusions: &str| {
        let case = case("exclude = 'no.csv'", &rows);
        std::fs::write(case.path("no.csv"), exclusions).unwrap();
        let all = load(&case, None);
        agrees(&all);
        let names = self::rows(&all.stitched, &all.raw);
        // A study says the same as the identities alone.
        let study = case.study();
        assert_eq!(study.stitched.customers(), all.stitched.customers());
        names
    };
    let apart = ["user:u1", "user:u2", "user:u1", "user:u3", "user:u1", "user:u2", "user:u3"];
    assert_eq!(undone("one,other\nuser:u1,email:a@x\n"), apart);
    assert_eq!(undone("email:A@X,,a shared mailbox\n"), apart);
    assert_eq!(undone("row:log.csv:4\n"), apart);
    assert_eq!(undone("# nothing\n"), before);
    assert_eq!(undone("user:u1,cookie:c2\nuser:nobody\n"), before, "not the link that counts");
}

/// What `touchpath stitch` says, as CSV.
fn said(folder: &std::path::Path, arguments: &[&str]) -> String {
    let given = [&["stitch"], arguments, &["--format", "csv"]].concat();
    let run = crate::cli::run(folder, &given);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out()
}

#[test]
fn the_command_line_tells_who_is_who_and_when() {
    let case = case("", &["10:00 - - - c", "10:05 u1 - - c", "10:06 u2 - - c", "10:07 - - - c"]);
    let folder = case.path("");
    let part = |part: &str| said(&folder, &["journey.toml", "--part", part]);
    assert_eq!(
        part("merges"),
        "survivor,merged,merged_at,row,one,other\n\
         user:u1,cookie:c,2026-01-05T10:05:00Z,log.csv:3,user:u1,cookie:c\n"
    );
    assert_eq!(
        part("left"),
        "id,customer,left_at,row,why\n\
         cookie:c,user:u1,2026-01-05T10:06:00Z,log.csv:4,joins people that must stay apart\n"
    );
    assert_eq!(
        said(&folder, &["journey.toml"]),
        "customer,time,row,user,email,device,cookie,event\n\
         user:u1,2026-01-05T10:00:00Z,log.csv:2,,,,c,e\n\
         user:u1,2026-01-05T10:05:00Z,log.csv:3,u1,,,c,e\n\
         user:u2,2026-01-05T10:06:00Z,log.csv:4,u2,,,c,e\n\
         user:u2,2026-01-05T10:07:00Z,log.csv:5,,,,c,e\n"
    );
    let then = |at: &str| said(&folder, &["journey.toml", "--part", "ids", "--as-of", at]);
    assert_eq!(
        then("2026-01-05T10:05:00Z"),
        "id,customer,effective_at,superseded_at,now\n\
         user:u1,user:u1,2026-01-05T10:05:00Z,,user:u1\n\
         cookie:c,cookie:c,2026-01-05T10:00:00Z,2026-01-05T10:05:00Z,user:u1\n\
         cookie:c,user:u1,2026-01-05T10:05:00Z,,user:u1\n"
    );
    assert_eq!(then("2026-01-05"), part("ids"), "a date is all of its day");
    assert_eq!(then("2026-01-04"), "id,customer,effective_at,superseded_at,now\n");
    let run = crate::cli::run(&folder, &["stitch", "journey.toml", "--part", "nope"]);
    assert!(run.code == 2 && run.err.contains("no part \"nope\""), "{}", run.err);
}

#[test]
fn partials_say_the_same_lines_included() {
    let rows = random(3, 90);
    let (one, other) = rows.split_at(40);
    let text = |them: &[String]| log(&them.iter().map(String::as_str).collect::<Vec<_>>());
    let journey = journey("limit = { cookie = 3 }\nper_customer = { cookie = '3 weekly' }");
    let case = Case::new(&[
        ("journey.toml", &journey),
        ("log1.csv", &text(one)),
        ("log2.csv", &text(other)),
    ]);
    let folder = case.path("");
    let run = |arguments: &[&str]| {
        let run = crate::cli::run(&folder, arguments);
        assert_eq!(run.code, 0, "{}", run.err);
    };
    run(&["fold", "journey.toml", "--only", "log1.csv", "-o", "1.part"]);
    run(&["fold", "journey.toml", "--only", "log2.csv", "-o", "2.part"]);
    run(&["merge", "2.part", "1.part", "-o", "all.part"]);
    for part in touchpath::study::stitched::PARTS {
        let files = said(&folder, &["journey.toml", "--part", part]);
        assert!(files.contains("log1.csv:") || ["ids", "left_out"].contains(&part), "{files}");
        assert_eq!(said(&folder, &["all.part", "--part", part]), files, "{part}");
        assert_eq!(said(&folder, &["1.part", "2.part", "--part", part]), files, "{part}");
    }
}

#[test]
fn undoing_a_link_changes_only_the_customer_that_it_was_in() {
    for seed in 20..26 {
        let rows = random(seed, 60);
        let case = case_of(&rows, "exclude = 'no.csv'\n");
        std::fs::write(case.path("no.csv"), "").unwrap();
        let before = load(&case, None);
        let Some(merge) = before.history.merges.last() else { continue };
        let name = |node: u32| before.stitched.nodes().name(&before.raw, node);
        let text = format!("{},{}\n", name(merge.by.0), name(merge.by.1));
        std::fs::write(case.path("no.csv"), text).unwrap();
        let after = load(&case, None);
        // Whatever was ever one customer with the two, by plain union-find.
        let config = touchpath::prepare::stitch::IdentityOptions {
            guards: touchpath::prepare::identity::Guards::Loose,
            ..Default::default()
        };
        let plain = before.stitch_by(&config).unwrap();
        let touched = plain.customer_of(merge.by.0);
        let lines = |all: &Identities| -> Vec<(bool, String)> {
            let names = self::rows(&all.stitched, &all.raw);
            let batches = all.raw.batches.all().unwrap();
            let inside = batches.iter().flat_map(|batch| {
                (0..batch.len()).map(|row| plain.customer(batch, row) == touched)
            });
            inside.zip(names).collect()
        };
        for (was, is) in lines(&before).into_iter().zip(lines(&after)) {
            assert!(was.0 || was == is, "seed {seed}: {was:?} is {is:?}");
        }
        agrees(&after);
    }
}

#[test]
fn a_link_that_is_excluded_is_named_if_it_does_not_occur_and_refused_if_it_is_none() {
    let case = case("exclude = 'no.csv'", &["10:00 u1 - - c1"]);
    std::fs::write(case.path("no.csv"), "one,other\nuser:u1,cookie:c9\n").unwrap();
    let check = touchpath::study::check::check(&case.study()).unwrap();
    assert!(check.notes.iter().any(|it| it.starts_with("no.csv:2: excludes")), "{:?}", check.notes);
    for (text, expected) in [
        ("usr:u1,cookie:c1\n", "no.csv:1: no source has ids of type \"usr\""),
        ("one,other\nuser:u1,c1\n", "no.csv:2: cannot read an exclusion"),
        ("row:log.csv:x\n", "no.csv:1: cannot read an exclusion"),
    ] {
        std::fs::write(case.path("no.csv"), text).unwrap();
        let run = crate::cli::run(&case.path(""), &["check", "journey.toml"]);
        assert!(run.code == 2 && run.err.contains(expected), "{}", run.err);
    }
    std::fs::remove_file(case.path("no.csv")).unwrap();
    let run = crate::cli::run(&case.path(""), &["check", "journey.toml"]);
    assert!(run.code == 2 && run.err.contains("no.csv"), "{}", run.err);
}

#[test]
fn options_that_say_nothing_are_told_where_they_stand() {
    for (identity, expected) in [
        (
            "unique = ['usr']",
            "journey.toml:7:10: [identity] unique: no source has ids of type \"usr\"",
        ),
        ("cardinality = { 'user' = 1 }", "[identity] cardinality: cannot read \"user\""),
        ("per_customer = { user = 'many' }", "cannot read a limit from \"many\""),
        ("block_patterns = ['(']", "[identity] block_patterns: cannot use a pattern"),
        ("shared_device = 'last'", "unknown value \"last\""),
    ] {
        let case = case(identity, &["10:00 u1 - - c1"]);
        let run = crate::cli::run(&case.path(""), &["check", "journey.toml"]);
        assert!(run.code == 2 && run.err.contains(expected), "{identity}: {}", run.err);
    }
}
