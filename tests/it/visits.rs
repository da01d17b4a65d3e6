//! Visits to devices that several people use.

use std::collections::BTreeSet;

use crate::stitching::{case, customers, load};

/// A kiosk on which three people log in, an hour apart, with rows of nobody known around.
const KIOSK: [&str; 9] = [
    "08:00 - - k -",
    "09:00 ann - k -",
    "09:20 - - k -",
    "10:00 bob - k -",
    "11:00 - - k -",
    "11:10 - - k -",
    "11:39 cid - k -",
    "12:30 - - k -",
    "13:00 - - k -",
];

#[test]
fn rows_are_of_who_is_known_in_the_same_visit_and_else_a_customer_of_their_own() {
    let (ann, bob, cid) = ("user:ann", "user:bob", "user:cid");
    let (early, late) = ("device:k@2026-01-05T08:00:00Z", "device:k@2026-01-05T12:30:00Z");
    let expected = [early, ann, ann, bob, cid, cid, cid, late, late];
    assert_eq!(customers("", &KIOSK), expected);
    assert_eq!(customers("shared_device = 'visit'\nguards = 'strict'", &KIOSK), expected);
    let split = [ann, ann, ann, bob, bob, bob, cid, cid, cid];
    assert_eq!(customers("shared_device = 'device-split'", &KIOSK), split);
    let case = case("", &KIOSK);
    assert_eq!(load(&case, None).stitched.exposed(), 6);
    let run = crate::cli::run(&case.path(""), &["explain", "customer", early, "journey.toml"]);
    assert!(run.code == 2 && run.err.contains("a visit of nobody known"), "{}", run.err);
}

#[test]
fn a_pause_of_half_an_hour_does_not_end_a_visit_and_a_longer_one_does() {
    let names = |pause: &str| {
        let row = format!("10:{pause} - - k -");
        customers("", &["08:00 ann - k -", "09:00 bob - k -", "10:00 cid - k -", &row])
    };
    assert_eq!(names("30")[3], "user:cid");
    assert_eq!(names("31")[3], "device:k@2026-01-05T10:31:00Z");
}

#[test]
fn a_device_of_two_is_a_household_where_they_are_known_in_half_of_the_visits() {
    let rows = ["08:00 ann - k -", "09:00 bob - k -", "10:00 - - k -", "11:00 - - k -"];
    let (ann, bob) = ("user:ann", "user:bob");
    assert_eq!(customers("", &rows), [ann, bob, bob, bob]);
    let mut more = rows.to_vec();
    more.push("12:00 - - k -");
    let names = customers("", &more);
    assert_eq!(names[2..].iter().collect::<BTreeSet<_>>().len(), 3, "{names:?}");
    // Before the first login of a household it is the first one's.
    let early = ["07:00 - - k -", "08:00 ann - k -", "09:00 bob - k -"];
    assert_eq!(customers("", &early), [ann, ann, bob]);
    assert_eq!(customers("replay = '24h'", &early)[0], "device:k@2026-01-05T07:00:00Z");
}

#[test]
fn rows_wait_for_a_login_no_longer_than_told() {
    let rows =
        ["07:40 - - k -", "08:00 - - k -", "08:09 ann - k -", "09:00 bob - k -", "09:50 c - k -"];
    let names = customers("replay = '10m'", &rows);
    assert_eq!(names[..3], ["device:k@2026-01-05T07:40:00Z", "user:ann", "user:ann"]);
}

#[test]
fn an_id_over_its_limit_is_taken_by_visits_and_an_excluded_one_is_nobodys() {
    let mut rows: Vec<String> = (0..5).map(|it| format!("0{it}:00 u{it} - k -")).collect();
    rows.extend(["04:10 - - k -".to_owned(), "06:00 - - k -".to_owned()]);
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let limit = "limit = { device = 3 }";
    assert_eq!(customers(limit, &rows)[5..], ["user:u4", "device:k@2026-01-05T06:00:00Z"]);
    let own = customers(&format!("{limit}\nshared_device = 'none'"), &rows);
    assert_eq!(own[5..], ["device:k", "device:k"]);
    let apart = case("exclude = 'apart.csv'", &rows);
    fs_err::write(apart.path("apart.csv"), "device:k\n").unwrap();
    let run = crate::cli::run(
        &apart.path(""),
        &["stitch", "journey.toml", "--part", "events", "--format", "csv"],
    );
    assert!(run.out().lines().rev().take(2).all(|it| it.starts_with("device:k,")), "{}", run.out());
}

#[test]
fn of_two_devices_the_one_counts_on_which_somebody_is_known() {
    let mut rows = KIOSK.to_vec();
    rows.extend(["12:30 ann - k2 -", "12:31 bob - k2 -", "12:32 cid - k2 -", "12:40 - - k k2"]);
    // The last row is on device k and on cookie k2, on which nobody logged in: its own.
    assert_eq!(customers("", &rows)[12], "cookie:k2");
}
