//! Explanations: a customer's ids, chains of evidence, refused ids; what guards move.

use crate::case::Case;
use crate::cli::{Run, run};

const JOURNEY: &str = "\
currency = 'EUR'
[[source]]
path = 'web.csv'
time = 'ts'
event = 'event'
ids = { user = 'user', cookie = 'cookie' }
channel = 'channel'
value = 'value'
[[source]]
path = 'crm.csv'
role = 'links'
ids = { user = 'user', email = 'email' }
[[source]]
path = 'mail.csv'
time = 'ts'
event = 'event'
ids = { email = 'email', cookie = 'cookie' }
[journey]
conversion = 'buy'
";

const WEB: &str = "\
ts,event,user,cookie,channel,value
2026-01-01T10:00:00Z,home,,c1,mail,
2026-01-01T10:05:00Z,login,ann,c1,mail,
2026-01-02T10:05:00Z,buy,ann,c2,search,12.50
2026-01-03T10:00:00Z,home,bob,k1,,
2026-01-03T11:00:00Z,home,ann,k1,,
2026-01-03T12:00:00Z,home,,k1,,
2026-01-04T12:00:00Z,home,eve,c9,,
";

fn case() -> Case {
    Case::new(&[
        ("journey.toml", JOURNEY),
        ("web.csv", WEB),
        ("crm.csv", "user,email\nann,ann@x.org\nbob,bob@x.org\n"),
        (
            "mail.csv",
            "ts,event,email,cookie\n2026-01-05T10:00:00Z,open,Ann@X.org,m1\n\
             2026-01-05T10:01:00Z,open,null,m2\n",
        ),
        ("ids.key", "0123456789abcdef0123456789abcdef"),
        ("apart.csv", "row:mail.csv:2\n"),
    ])
}

fn explain(case: &Case, arguments: &[&str]) -> Run {
    let format = ["--format", "csv"];
    run(&case.path(""), &[&["explain"], arguments, &["."], &format].concat())
}

#[test]
fn a_customer_is_told_with_its_ids_merges_and_journeys() {
    let case = case();
    let part = |it: &str| explain(&case, &["customer", "email:ANN@x.org", "--part", it]);
    let ids = part("ids");
    assert_eq!(ids.code, 0, "{}", ids.err);
    assert_eq!(
        ids.out(),
        "id,joined,rows,first_place,links\n\
         user:ann,,4,crm.csv:2,yes\n\
         email:ann@x.org,,2,crm.csv:2,yes\n\
         cookie:c1,2026-01-01T10:05:00Z,2,web.csv:2,yes\n\
         cookie:c2,2026-01-02T10:05:00Z,1,web.csv:4,yes\n\
         cookie:m1,2026-01-05T10:00:00Z,1,mail.csv:2,yes\n"
    );
    assert_eq!(
        part("merges").out(),
        "time,survivor,merged,by,place\n\
         2026-01-01T10:05:00Z,user:ann,cookie:c1,\"user:ann, cookie:c1\",web.csv:3\n"
    );
    let journeys = part("journeys").out();
    assert_eq!(journeys.lines().count(), 3, "{journeys}");
    assert!(journeys.contains("converted,12.50"), "{journeys}");
    // The row without a login on the shared device is of who was last known on it.
    let said = run(&case.path(""), &["explain", "customer", "m1", "."]).out();
    assert!(said.contains("user:ann has 5 ids, joined by 1 merge."), "{said}");
    assert!(said.contains("6 events from 2026-01-01T10:00:00Z"), "{said}");
}

#[test]
fn the_same_customer_is_shown_by_the_shortest_chain_of_rows() {
    let case = case();
    let same = explain(&case, &["same", "cookie:m1", "cookie:c1"]);
    assert_eq!(same.code, 0, "{}", same.err);
    assert_eq!(
        same.out(),
        "from,to,time,place,row,counts\n\
         cookie:m1,email:ann@x.org,2026-01-05T10:00:00Z,mail.csv:2,event,yes\n\
         email:ann@x.org,user:ann,,crm.csv:2,link,yes\n\
         user:ann,cookie:c1,2026-01-01T10:05:00Z,web.csv:3,event,yes\n"
    );
    // An id is the same customer as itself, by no link at all.
    let itself = explain(&case, &["same", "user:ann", "user:ann"]);
    assert_eq!((itself.code, itself.out().lines().count()), (0, 1));
    let json = run(&case.path(""), &["explain", "same", "m1", "c1", ".", "--format", "json"]);
    assert!(json.out().contains("crm.csv:2"), "{}", json.out());
}

#[test]
fn who_is_apart_is_told_why() {
    let case = case();
    let apart = explain(&case, &["same", "user:ann", "user:bob"]);
    assert_eq!(apart.code, 1, "{}", apart.err);
    let rows: Vec<String> = apart.out().lines().map(str::to_owned).collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[1].contains("web.csv:6") && rows[2].contains("web.csv:5"), "{rows:?}");
    assert!(rows[1].contains("no: cookie:k1 links nobody: several people use it"), "{rows:?}");
    let never = run(&case.path(""), &["explain", "same", "user:ann", "user:eve", "."]);
    assert_eq!(never.code, 1);
    assert!(never.out().contains("no chain of rows leads"), "{}", never.out());
    // What the exclusion file undoes is told as such.
    let undone = run(
        &case.path(""),
        &["explain", "same", "m1", "user:ann", ".", "--set", "identity.exclude='apart.csv'"],
    );
    assert_eq!(undone.code, 1, "{}", undone.err);
    assert!(undone.out().contains("no: excluded by the journey's file"), "{}", undone.out());
}

#[test]
fn refused_ids_are_listed_with_their_reasons() {
    let case = case();
    let blocked = explain(&case, &["blocked", "--part", "blocked"]);
    assert_eq!(blocked.code, 0, "{}", blocked.err);
    assert_eq!(
        blocked.out(),
        "id_type,id,count,why\ncookie,k1,2,several people use it\nemail,null,1,nobody's id\n"
    );
    let refused = explain(&case, &["blocked", "--part", "refused"]).out();
    assert!(refused.contains("cookie:k1,user:bob,joins people that must stay apart,web.csv:6"));
}

#[test]
fn an_unknown_id_is_named_with_the_nearest() {
    let case = case();
    let cases = [
        ("user:anm", "no row carries the id \"user:anm\"", "did you mean user:ann?"),
        ("usr:ann", "no source has ids of type \"usr\"", "did you mean \"user\"?"),
        ("zz", "no row carries the id \"zz\"", "types are user, email, cookie"),
        ("user:zebra", "no row carries the id", "of 3 ids of this type none is like it"),
    ];
    for (id, message, hint) in cases {
        let run = explain(&case, &["customer", id]);
        assert_eq!(run.code, 2, "{id}");
        assert!(run.err.contains(message) && run.err.contains(hint), "{id}: {}", run.err);
    }
}

#[test]
fn hashed_ids_are_explained_by_their_plain_names_and_told_as_hashes() {
    let case = case();
    let said = explain(&case, &["same", "m1", "email:ann@x.org", "--hash-ids", "ids.key"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.out().contains("m1") && !said.out().contains('@'), "{}", said.out());
    assert!(said.out().contains("mail.csv:2"), "{}", said.out());
    let undone = [
        "same",
        "m1",
        "user:ann",
        "--hash-ids",
        "ids.key",
        "--set",
        "identity.exclude='apart.csv'",
    ];
    assert_eq!(explain(&case, &undone).code, 1);
}

#[test]
fn guards_are_compared_side_by_side() {
    let case = case();
    let figures = |more: &[&str]| {
        let base = ["check", ".", "--identity-sensitivity", "--format", "csv", "--part", "figures"];
        let run = run(&case.path(""), &[&base, more].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        run.out()
    };
    let text = figures(&[]);
    let row = |name: &str| {
        text.lines().find(|it| it.starts_with(name)).unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert!(text.starts_with("measure,none,loose,default,strict,spread\n"), "{text}");
    // Nothing joined: c1's first row and m1 are of their own; loose: the kiosk joins Ann and Bob.
    assert!(row("customers,").starts_with("customers,7,3,4,5,"), "{text}");
    assert!(row("conversions,").starts_with("conversions,1,1,1,1,"), "{text}");
    assert!(row("mean steps").starts_with("mean steps to a conversion,2,3,3,3,"), "{text}");
    // The column of the journey's own guards is what its reports say.
    let own = run(&case.path(""), &["overview", ".", "--format", "csv"]).out();
    assert!(own.contains("\ncustomers,4,"), "{own}");
    let base = ["check", ".", "--identity-sensitivity", "--format", "csv", "--part", "credit"];
    let credit = run(&case.path(""), &base).out();
    assert!(credit.starts_with("channel,none,loose,default,strict,spread\n"), "{credit}");
}
