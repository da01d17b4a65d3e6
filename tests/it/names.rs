//! By which of its ids a customer is named.

use touchpath::base::CustomerId;

use crate::case::Case;

const JOURNEY: &str = r#"
[[source]]
path = "events.csv"
time = "time"
event = "event"
ids = { user = "user", email = "email", cookie = "cookie" }
[identity]
guards = "loose"
"#;

fn names(rows: &str) -> Vec<String> {
    let events = format!("time,event,user,email,cookie\n{rows}");
    let study = Case::new(&[("journey.toml", JOURNEY), ("events.csv", &events)]).study();
    let name = |it: usize| study.stitched.name(&study.raw, CustomerId::at(it));
    let mut names: Vec<String> = (0..study.stitched.customers()).map(name).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_strongest_id_seen_first_names_a_customer() {
    // Three users share the cookie c: u2 came first. v has no rival, d is only a cookie; of
    // the emails that e links, y was seen before x.
    let rows = "2026-01-03,view,u1,,c\n2026-01-01,view,u2,,c\n2026-01-02,view,u3,,c\n\
                2026-01-01,view,,,d\n2026-01-05,view,v,,\n2026-01-09,view,,x,e\n\
                2026-01-08,view,,y,e\n";
    assert_eq!(names(rows), ["cookie:d", "email:y", "user:u2", "user:v"]);
}

#[test]
fn of_ids_seen_at_once_the_least_text_names_the_customer() {
    let forth = "2026-01-01,view,b,,c\n2026-01-01,view,a,,c\n2026-01-02,view,a,z,\n";
    let back = "2026-01-02,view,a,z,\n2026-01-01,view,a,,c\n2026-01-01,view,b,,c\n";
    assert_eq!(names(forth), ["user:a"]);
    assert_eq!(names(back), ["user:a"]);
}
