//! Sessions through the whole program: keys, cookies, interleaving, events left out.

use crate::case::{Case, count, report};

const ROWS: &str = "\
ts,event,user,cookie,session,channel
2026-01-10T10:00:00Z,view,ann,c1,17,mail
2026-01-10T10:01:00Z,view,ann,c2,17,search
2026-01-10T10:02:00Z,view,ann,c1,17,mail
2026-01-10T10:03:00Z,cart,ann,c2,17,search
2026-01-10T10:04:00Z,buy,ann,c2,17,search
2026-01-10T10:05:00Z,view,bob,c3,-1,mail
2026-01-10T10:06:00Z,view,bob,c3,18,mail
2026-01-10T10:06:30Z,view,bob,c3,,
";

fn overview(session: &str, what: &str) -> Option<u64> {
    let journey = format!(
        "[[source]]\npath = 'a.csv'\ntime = 'ts'\nevent = 'event'\nsession = 'session'\n\
         channel = 'channel'\nids = {{ user = 'user', cookie = 'cookie' }}\n\
         [journey]\nconversion = 'buy'\n[session]\n{session}\n"
    );
    let case = Case::new(&[("journey.toml", &journey), ("a.csv", ROWS)]);
    let report = report(&case.study(), "overview");
    let table = &report.tables[0];
    let known = table.rows.iter().any(|it| it[0] == touchpath::model::Cell::text(what));
    known.then(|| count(table, "measure", what, "value"))
}

#[test]
fn one_session_number_on_two_cookies_is_two_sessions_for_ga4_alone() {
    // Ann's two cookies, Bob's -1, which means nothing to GA4, and his 18 with a row without one.
    assert_eq!(overview("preset = 'ga4'", "sessions"), Some(4));
    assert_eq!(overview("preset = 'ga4'", "touches"), Some(4));
    assert_eq!(overview("preset = 'ga4'", "events out of session"), None);
    assert_eq!(overview("preset = 'source'", "sessions"), Some(3));
    assert_eq!(overview("preset = 'source'", "events out of session"), Some(1));
    assert_eq!(overview("preset = 'amplitude-web'", "sessions"), Some(3));
    assert_eq!(overview("preset = 'amplitude-web'", "events out of session"), Some(2));
    assert_eq!(overview("preset = 'mixpanel'\nexcluded_events = ['view']", "sessions"), Some(1));
}

#[test]
fn a_session_that_interleaves_with_another_keeps_its_own_cart_and_sale() {
    let journey = "[[source]]\npath = 'a.csv'\ntime = 'ts'\nevent = 'event'\nsession = 'session'\n\
                   ids = { user = 'user', cookie = 'cookie' }\n[journey]\nconversion = 'buy'\n";
    let case = Case::new(&[("journey.toml", journey), ("a.csv", ROWS)]);
    let report = report(&case.study(), "kpi");
    let text = format!("{:?}", report.tables[0].rows);
    // One of Ann's two sessions has the sale; the other has none of the cart.
    let row = report.tables[0]
        .rows
        .iter()
        .find(|it| it[0] == touchpath::model::Cell::text("conversion rate per session"))
        .unwrap_or_else(|| panic!("{text}"));
    let shown = format!("{row:?}");
    assert!(shown.contains("part: 1, of: 4") || shown.contains("0.25"), "{shown}");
}
