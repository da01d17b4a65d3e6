//! One vector for each rule of each preset: events as text, sessions as text.

use jiff::tz::TimeZone;

use super::*;
use crate::base::Dictionary;
use crate::model::Fields;
use crate::model::raw::IdTable;

/// Events of one customer: `TIME NAME key=K scope=N campaign=C`, one a line.
struct Shard {
    events: Events,
    raw: RawEvents,
    stages: Names,
}

fn shard(text: &str) -> Shard {
    let mut dictionaries: Vec<Dictionary> = vec![Dictionary::default(); 3];
    let mut events = Events::default();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|it| it.split_whitespace().collect())
        .filter(|it: &Vec<_>| !it.is_empty())
        .collect();
    let stages = Names::new(rows.iter().map(|it| it[1].to_owned()));
    for row in &rows {
        let value =
            |name: &str| row[2..].iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        let mut code =
            |at: usize, text: Option<&str>| text.map_or(NONE, |it| dictionaries[at].intern(it));
        let time: jiff::Timestamp = row[0].parse().unwrap();
        events.times.push(time.as_microsecond());
        events.stages.push(StageId(stages.id(row[1]).unwrap()));
        events.names.push(code(0, Some(row[1])));
        events.sessions.push(code(1, value("key")));
        events.campaigns.push(code(2, value("campaign")));
        events.session_scopes.push(value("scope").map_or(NONE, |it| it.parse().unwrap()));
    }
    events.offsets = vec![0, events.times.len() as u32];
    let has = |name: &str| text.contains(&format!("{name}="));
    let mut texts = vec!["event".to_owned()];
    let mut kept = vec![std::mem::take(&mut dictionaries[0])];
    for (at, name) in ["key", "campaign"].into_iter().enumerate() {
        if has(name) {
            texts.push(if name == "key" { "session".into() } else { name.into() });
            kept.push(std::mem::take(&mut dictionaries[at + 1]));
        }
    }
    if !has("key") {
        events.sessions.clear();
    }
    if !has("scope") {
        events.session_scopes.clear();
    }
    let fields =
        Fields { id_types: vec!["user".into(), "cookie".into()], texts, ..Fields::default() };
    let ids = vec![IdTable::default(), IdTable::default()];
    Shard { events, raw: RawEvents { fields, texts: kept, ids, ..RawEvents::default() }, stages }
}

/// The sessions of events under options: the positions of the events of each, from 1.
fn sessions(options: &str, zone: &str, text: &str) -> String {
    let shard = shard(text);
    let options: SessionOptions = toml::from_str(options).unwrap();
    let zone = TimeZone::get(zone).unwrap();
    let rule = options.rule(&zone, &shard.raw, &shard.stages).unwrap();
    let mut found = Sessions::default();
    rule.cut(&shard.events, 0..shard.events.len(), &mut found);
    let of = |at: usize| match found.of.get(at) {
        Some(&it) => (it != NONE).then_some(it as usize),
        None => found.list.iter().position(|it| (it.first as usize..it.end as usize).contains(&at)),
    };
    let one = |number: usize| {
        let own: Vec<usize> =
            (0..shard.events.len()).filter(|&at| of(at) == Some(number)).map(|it| it + 1).collect();
        let session = &found.list[number];
        assert_eq!(session.events as usize, own.len());
        assert_eq!(
            (session.first as usize + 1, session.end as usize),
            (own[0], own[own.len() - 1])
        );
        assert_eq!(session.start.0, shard.events.times[session.first as usize]);
        own.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
    };
    (0..found.list.len()).map(one).collect::<Vec<_>>().join(" | ")
}

/// Events at these times of day in UTC, all called `view`.
fn views(times: &[&str]) -> String {
    times.iter().map(|it| format!("{it} view\n")).collect()
}

#[test]
fn thirty_minutes_exactly_stay_and_a_millisecond_more_cuts() {
    let times = views(&[
        "2026-01-10T10:00:00Z",
        "2026-01-10T10:30:00.000Z",
        "2026-01-10T11:00:00.001Z",
        "2026-01-10T11:05:00.001Z",
        "2026-01-10T11:10:00.002Z",
    ]);
    for preset in ["ga4", "ua", "matomo", "mixpanel", "amplitude-web", "adobe"] {
        assert_eq!(
            sessions(&format!("preset = '{preset}'"), "UTC", &times),
            "1 2 | 3 4 5",
            "{preset}"
        );
    }
    assert_eq!(sessions("preset = 'amplitude-mobile'", "UTC", &times), "1 | 2 | 3 4 | 5");
    assert_eq!(sessions("preset = 'adobe'\ntimeout = '31m'", "UTC", &times), "1 2 3 4 5");
}

#[test]
fn midnight_of_the_zone_cuts_for_matomo_and_mixpanel_alone() {
    // Midnight in Berlin is 23:00 UTC in winter.
    let times =
        views(&["2026-01-10T22:59:59.999999Z", "2026-01-10T23:00:00Z", "2026-01-11T00:10:00Z"]);
    for (preset, berlin, utc) in [
        ("ua", "1 | 2 | 3", "1 2 | 3"),
        ("matomo", "1 | 2 | 3", "1 2 | 3"),
        ("mixpanel", "1 | 2 | 3", "1 2 | 3"),
        ("ga4", "1 2 | 3", "1 2 | 3"),
        ("amplitude-web", "1 2 | 3", "1 2 | 3"),
        ("adobe", "1 2 | 3", "1 2 | 3"),
    ] {
        let options = format!("preset = '{preset}'");
        assert_eq!(sessions(&options, "Europe/Berlin", &times), berlin, "{preset}");
        assert_eq!(sessions(&options, "UTC", &times), utc, "{preset}");
    }
}

#[test]
fn a_day_of_23_hours_ends_at_its_own_midnight() {
    // 2026-03-29 in Berlin: midnight is 23:00 UTC before and 22:00 UTC after the change.
    let times = views(&[
        "2026-03-28T22:50:00Z", // 23:50
        "2026-03-28T23:00:00Z", // 00:00, the short day begins
        "2026-03-29T00:59:59Z", // 01:59:59
        "2026-03-29T01:00:00Z", // 03:00
        "2026-03-29T21:59:59Z", // 23:59:59
        "2026-03-29T22:00:00Z", // 00:00
        "2026-03-29T22:10:00Z", // 00:10: no cut an hour later, where a day of 24 hours would end
    ]);
    let options = "preset = 'matomo'\ntimeout = '30m'";
    assert_eq!(sessions(options, "Europe/Berlin", &times), "1 | 2 | 3 4 | 5 | 6 7");
    let late = views(&["2026-03-29T22:50:00Z", "2026-03-29T23:10:00Z"]);
    assert_eq!(sessions(options, "Europe/Berlin", &late), "1 2");
}

#[test]
fn a_day_of_25_hours_ends_at_its_own_midnight() {
    // 2026-10-25 in Berlin: 02:00 to 03:00 comes twice, midnight is 22:00 and then 23:00 UTC.
    let times = views(&[
        "2026-10-24T21:59:00Z", // 23:59
        "2026-10-24T22:01:00Z", // 00:01
        "2026-10-25T00:50:00Z", // 02:50 summer time
        "2026-10-25T01:10:00Z", // 02:10 winter time, 20 minutes later
        "2026-10-25T22:05:00Z", // 23:05
        "2026-10-25T22:30:00Z", // 23:30
        "2026-10-25T23:00:00Z", // 00:00
    ]);
    for preset in ["matomo", "mixpanel"] {
        let options = format!("preset = '{preset}'");
        assert_eq!(
            sessions(&options, "Europe/Berlin", &times),
            "1 | 2 | 3 4 | 5 6 | 7",
            "{preset}"
        );
    }
}

#[test]
fn a_day_whose_midnight_the_clocks_skip_still_begins() {
    // Beirut, 2026-03-29: clocks go from 00:00 to 01:00, the day begins at 22:00 UTC.
    let times = views(&["2026-03-28T21:59:59Z", "2026-03-28T22:00:00Z", "2026-03-28T22:10:00Z"]);
    assert_eq!(sessions("preset = 'ua'", "Asia/Beirut", &times), "1 | 2 3");
}

#[test]
fn a_new_campaign_cuts_and_none_changes_nothing() {
    let text = "
        2026-01-10T10:00:00Z view
        2026-01-10T10:01:00Z view campaign=spring
        2026-01-10T10:02:00Z view
        2026-01-10T10:03:00Z view campaign=spring
        2026-01-10T10:04:00Z view campaign=autumn
        2026-01-10T10:05:00Z view campaign=spring";
    assert_eq!(sessions("preset = 'ua'", "UTC", text), "1 | 2 3 4 | 5 | 6");
    assert_eq!(sessions("preset = 'matomo'\ncampaign = false", "UTC", text), "1 2 3 4 5 6");
    assert_eq!(sessions("preset = 'mixpanel'", "UTC", text), "1 2 3 4 5 6");
    assert_eq!(sessions("preset = 'ga4'", "UTC", text), "1 2 3 4 5 6");
}

#[test]
fn excluded_events_neither_start_nor_prolong() {
    let text = "
        2026-01-10T09:59:00Z push
        2026-01-10T10:00:00Z view
        2026-01-10T10:20:00Z push
        2026-01-10T10:30:00Z view
        2026-01-10T10:50:00Z push
        2026-01-10T11:00:00.001Z view
        2026-01-10T11:10:00Z push";
    let options = "preset = 'mixpanel'\nexcluded_events = ['push']";
    assert_eq!(sessions(options, "UTC", text), "2 4 | 6");
    // Mixpanel's own bookkeeping is left out unless a list says otherwise.
    let own = text.replace("push", "$identify");
    assert_eq!(sessions("preset = 'mixpanel'", "UTC", &own), "2 4 | 6");
    assert_eq!(sessions("preset = 'mixpanel'\nexcluded_events = []", "UTC", &own), "1 2 3 4 5 6 7");
    assert_eq!(sessions("preset = 'ga4'", "UTC", &own), "1 2 3 4 5 6 7");
}

#[test]
fn amplitude_trusts_its_session_ids_and_minus_one_is_out() {
    let text = "
        2026-01-10T10:00:00Z view scope=1 key=1768039200000
        2026-01-10T10:01:00Z sync scope=1 key=-1
        2026-01-10T10:02:00Z view scope=1 key=1768039200000
        2026-01-10T10:03:00Z view scope=1 key=1768039380000
        2026-01-10T10:04:00Z sync scope=1
        2026-01-10T10:09:00Z view scope=1 key=1768039380000";
    assert_eq!(sessions("preset = 'amplitude-web'", "UTC", text), "1 3 | 4 6");
    assert_eq!(sessions("preset = 'amplitude'", "UTC", text), "1 3 | 4 6");
    // Five minutes on a phone: 10:03 to 10:09 is longer.
    assert_eq!(sessions("preset = 'amplitude-mobile'", "UTC", text), "1 3 | 4 | 6");
}

#[test]
fn adobes_start_events_cut() {
    let text = "
        2026-01-10T10:00:00Z view
        2026-01-10T10:01:00Z launch
        2026-01-10T10:02:00Z view
        2026-01-10T10:03:00Z launch
        2026-01-10T10:04:00Z launch";
    assert_eq!(sessions("preset = 'adobe'", "UTC", text), "1 2 3 4 5");
    let options = "preset = 'adobe'\nstart_events = ['launch']";
    assert_eq!(sessions(options, "UTC", text), "1 | 2 3 | 4 | 5");
}

#[test]
fn the_source_decides_alone_also_where_sessions_interleave() {
    let text = "
        2026-01-10T10:00:00Z view key=a
        2026-01-10T10:01:00Z view key=b
        2026-01-10T10:02:00Z view key=a
        2026-01-10T10:03:00Z view
        2026-01-12T10:00:00Z view key=a
        2026-01-12T10:01:00Z view key=-1
        2026-01-12T10:02:00Z view key=b
        2026-01-12T10:03:00Z view key=c
        2026-01-12T10:04:00Z view key=c";
    assert_eq!(sessions("preset = 'source'", "UTC", text), "1 3 5 | 2 7 | 6 | 8 9");
    // A timeout that is asked for holds besides.
    let options = "preset = 'source'\ntimeout = '1d'";
    assert_eq!(sessions(options, "UTC", text), "1 3 | 2 | 5 | 6 | 7 | 8 9");
}

#[test]
fn one_ga4_number_on_two_cookies_is_two_sessions() {
    let text = "
        2026-01-10T10:00:00Z view scope=1 key=17
        2026-01-10T10:01:00Z view scope=2 key=17
        2026-01-10T10:02:00Z view scope=1 key=17
        2026-01-10T10:03:00Z view scope=2 key=17
        2026-01-10T10:04:00Z view scope=2 key=18
        2026-01-10T10:05:00Z till
        2026-01-10T10:36:00Z till
        2026-01-10T10:40:00Z view scope=1 key=17";
    assert_eq!(sessions("preset = 'ga4'", "UTC", text), "1 3 | 2 4 | 5 6 | 7 | 8");
}

#[test]
fn unbroken_sessions_need_no_list_of_events() {
    let shard = shard("2026-01-10T10:00:00Z view key=a\n2026-01-10T10:01:00Z view key=b");
    let options = SessionOptions { preset: SessionPreset::Source, ..SessionOptions::default() };
    let rule = options.rule(&TimeZone::UTC, &shard.raw, &shard.stages).unwrap();
    let mut found = Sessions::default();
    rule.cut(&shard.events, 0..2, &mut found);
    assert_eq!((found.list.len(), found.of.len()), (2, 0));
}

#[test]
fn names_that_do_not_occur_are_errors_and_so_is_a_missing_key() {
    let shard = shard("2026-01-10T10:00:00Z launch");
    let error = |options: &str| {
        let options: SessionOptions = toml::from_str(options).unwrap();
        let raw = RawEvents {
            fields: shard.raw.fields.clone(),
            texts: shard.raw.texts.clone(),
            ..RawEvents::default()
        };
        options.rule(&TimeZone::UTC, &raw, &shard.stages).map(|_| ()).unwrap_err().to_string()
    };
    assert!(error("preset = 'source'").contains("needs a session column"));
    let unknown = "[session] start_events: no event is called \"lunch\"";
    assert_eq!(error("preset = 'adobe'\nstart_events = ['lunch']"), unknown);
}
