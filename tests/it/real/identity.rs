//! Snowplow's own trackers: sessions and users against what their dbt packages expect.
//!
//! Read by the preset. Sessions are made of page views there (of screen views on mobile),
//! and here by a filter. Not shared, so ours are more, each with its reason in [`WEB`] and
//! [`MOBILE`]: rows sent late and page views without an id are dropped there, rows with one
//! `event_id` and one time of the collector are all dropped (here one of them is used), page
//! views with one page-view id are counted once, a session is cut off after three days, and
//! a user without a cookie is none.

use std::collections::BTreeMap;

use touchpath::prepare::Walker;
use touchpath::prepare::group::Scratch;
use touchpath::study::Study;

use super::study_of;
use crate::case::shared;

/// Users whose sessions the package counts by a rule of its own: ours and theirs in page views.
const WEB: [(&str, &[usize], &[usize]); 7] = [
    ("dupe: event_id same collector_tstamp", &[6], &[5]),
    ("dupe: page_view_id different derived_tstamp", &[8], &[7]),
    ("long session", &[4], &[2]),
    ("Unexpired session", &[2], &[1]),
    // No session there: sent more than three days after it was made; no page-view id.
    ("late arriving: device created/sent >3 days", &[1], &[]),
    ("NULL page_view_id", &[1], &[]),
    // The same session, but no user there, where a user is a cookie.
    ("NULL domain_userid", &[1], &[1]),
];

/// A session: when it starts, and its page views.
type Sessions = Vec<(String, usize)>;

const SOURCE: &str = "preset = 'snowplow'";
const SECTIONS: &str = "[session]\npreset = 'source'\n[journey]\nconversion = []\ngap = 'none'\n\
                        [identity]\nshared_device = 'latest-user'";

fn records(name: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let mut reader = csv::Reader::from_path(shared(name)?).unwrap();
    Some(reader.deserialize().map(Result::unwrap).collect())
}

/// Our sessions by the name of the customer, in order of time.
fn sessions(study: &Study) -> BTreeMap<String, Sessions> {
    let mut all = BTreeMap::new();
    let mut scratch = Scratch::default();
    for shard in 0..study.shards.len() {
        let shard = study.shards.events(shard, &mut scratch).unwrap();
        Walker::default().walk(&study.walking, shard, |customer| {
            let name = study.stitched.name(&study.raw, customer.id);
            let session = |it: &touchpath::model::Session| {
                let start = jiff::Timestamp::from_microsecond(it.start.0).unwrap();
                (format!("{start:.3}"), (it.end - it.first) as usize)
            };
            all.insert(name, customer.sessions.iter().map(session).collect());
        });
    }
    all
}

#[test]
fn sessions_of_shared_rules_start_and_count_as_snowplow_expects() {
    let Some(data) = shared("data/identity-snowplow/web_events.csv") else { return };
    let Some(rows) = records("data/identity-snowplow/web_sessions_expected.csv") else { return };
    let pages = format!("{SOURCE}\nwhere = \"event_name == 'page_view'\"");
    let mut ours = sessions(&study_of(&data, &pages, SECTIONS));
    let mut theirs: BTreeMap<String, Sessions> = BTreeMap::new();
    for row in &rows {
        let user = match row["stitched_user_id"].as_str() {
            "" => row["user_id"].as_str(),
            user => user,
        };
        let start = format!("{}Z", row["start_tstamp"].trim_end_matches(" UTC").replace(' ', "T"));
        let session = (start, row["page_views"].parse().unwrap());
        theirs.entry(format!("user:{user}")).or_default().push(session);
    }
    assert_eq!((rows.len(), ours.values().map(Vec::len).sum::<usize>()), (15, 17));
    for (user, our_views, their_views) in WEB {
        let views = |it: Option<Sessions>| -> Vec<usize> {
            it.unwrap_or_default().into_iter().map(|it| it.1).collect()
        };
        let user = format!("user:{user}");
        assert_eq!(views(ours.remove(&user)), our_views, "{user}");
        assert_eq!(views(theirs.remove(&user)), their_views, "{user}");
    }
    theirs.values_mut().for_each(|it| it.sort());
    assert_eq!(ours, theirs);
}

#[test]
fn users_are_those_of_snowplow_and_those_that_it_drops() {
    let Some(data) = shared("data/identity-snowplow/web_events.csv") else { return };
    let Some(rows) = records("data/identity-snowplow/web_users_expected.csv") else { return };
    let study = study_of(&data, SOURCE, SECTIONS);
    let ours: Vec<String> = sessions(&study).into_keys().collect();
    // A user there is named by its first user id, and belongs to the latest.
    let user = |it: &str| match it {
        "user stitch - session: 1st id: 1" => "user:user stitch - session: 2nd id: 10".to_owned(),
        user => format!("user:{user}"),
    };
    let mut theirs: Vec<String> = rows.iter().map(|it| user(&it["user_id"])).collect();
    // Dropped there: without a page view, late, without page-view id, without cookie.
    for dropped in [
        "NULL domain_sessionid",
        "late arriving: device created/sent >3 days",
        "NULL page_view_id",
        "NULL domain_userid",
    ] {
        theirs.push(format!("user:{dropped}"));
    }
    theirs.sort();
    assert_eq!(ours, theirs);
    // One cookie with ten user ids is the latest's, and three cookies of one user are one person.
    // The cookie of the collector's domain counts for the one event without another.
    let ids = study.stitched.ids.clone();
    let expected = [("user", 24), ("device", 0), ("cookie", 16), ("network", 1)];
    for (id_type, count) in expected {
        let own = ids.iter().find(|it| it.0 == id_type).map_or(0, |it| it.1);
        assert_eq!(own, count, "{id_type}");
    }
}

#[test]
fn duplicates_are_those_of_one_event_id_and_fingerprint() {
    for (file, rows, events) in [("web_events.csv", 94, 90), ("mobile_events.csv", 130, 129)] {
        let Some(data) = shared(&format!("data/identity-snowplow/{file}")) else { return };
        let study = study_of(&data, SOURCE, SECTIONS);
        let issues = &study.raw.issues;
        let pings = issues.left_out().get("page ping: the page was still open").copied();
        let copies = issues.left_out()["duplicate: another row has its key"];
        // Pings are left out before duplicates are told: one of the four copies is a ping.
        let (pings, copies) = (pings.unwrap_or(0), copies + u64::from(pings.is_some()));
        assert_eq!((issues.read, issues.read - copies), (rows, events));
        assert_eq!(issues.used(), rows - pings - copies + u64::from(pings > 0));
        assert_eq!(issues.rejected(), 0);
    }
}

/// Starts of sessions that the mobile package does not have, and why.
const MOBILE: [(&str, &str); 1] =
    [("2021-03-09T05:00:32.732Z", "dropped there: sent more than three days after it was made")];

#[test]
fn mobile_sessions_and_users_are_those_of_snowplow() {
    let Some(data) = shared("data/identity-snowplow/mobile_events.csv") else { return };
    let Some(rows) = records("data/identity-snowplow/mobile_sessions_expected.csv") else { return };
    let Some(users) = records("data/identity-snowplow/mobile_users_expected.csv") else { return };
    let study = study_of(&data, SOURCE, SECTIONS);
    // A user there is a device; ours is all that user ids and devices join.
    assert_eq!(study.catalog.customers, users.len() as u64);
    let ours = sessions(&study);
    let mut starts: Vec<String> = ours.into_values().flatten().map(|it| it.0).collect();
    let start =
        |it: &BTreeMap<String, String>| format!("{}Z", it["start_tstamp"].replace(' ', "T"));
    let mut theirs: Vec<String> = rows.iter().map(start).collect();
    theirs.extend(MOBILE.iter().map(|it| it.0.to_owned()));
    starts.sort();
    theirs.sort();
    assert_eq!(starts, theirs);
}
