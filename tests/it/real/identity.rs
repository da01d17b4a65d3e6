//! Snowplow's own trackers: sessions and users against what their dbt package expects.
//!
//! Sessions are made of page views there, and here by a filter. Not shared, so ours
//! are more, each with its reason in [`OTHER`]: rows sent late and page views without
//! an id are dropped there, events with one `event_id` or one page-view id are counted
//! once or not at all, a session is cut off after three days, and a user without a
//! cookie is none. Mobile sessions and devices stand only inside a JSON text of a CSV
//! column, which is not looked into: of them only the events and their user ids are read.

use std::collections::BTreeMap;

use touchpath::prepare::Walker;
use touchpath::prepare::group::Scratch;
use touchpath::study::Study;

use super::study_of;
use crate::case::shared;

/// Users whose sessions the package counts by a rule of its own: ours and theirs in page views.
const OTHER: [(&str, &[usize], &[usize]); 7] = [
    ("dupe: event_id same collector_tstamp", &[7], &[5]),
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

const SOURCE: &str = "time = 'derived_tstamp'\nevent = 'event_name'\nevent_id = 'event_id'\n\
                      session = 'domain_sessionid'\n\
                      ids = { user = 'user_id', cookie = 'domain_userid' }";
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
    for (user, our_views, their_views) in OTHER {
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
    let ids = study.stitched.ids.clone();
    assert_eq!(ids, [("user".to_owned(), 24), ("cookie".to_owned(), 16)]);
}

/// The device and the session stand in a JSON text, which is not looked into.
#[test]
fn mobile_events_are_read_by_their_user_ids_alone() {
    let Some(data) = shared("data/identity-snowplow/mobile_events.csv") else { return };
    let source = "time = 'dvce_created_tstamp'\nevent = 'event_name'\nids = { user = 'user_id' }";
    let study = study_of(&data, source, "[journey]\nconversion = []");
    assert_eq!((study.catalog.events, study.catalog.customers), (130, 8));
}
