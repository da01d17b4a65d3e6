//! Snowplow: enriched events, 131 columns between tabs without a header, or a warehouse's
//! table of them (CSV, TSV, JSON lines, Parquet) by the same names.
//!
//! The time is `derived_tstamp`, which corrects the device's clock; all times are UTC.
//! Page pings only say that a page is still open, and are left out. `network_userid` is a
//! cookie of the collector's domain, which networks and proxies share: it counts only where
//! an event has no other id of a browser or device. What the list of spiders and robots of
//! the enrichment names is left out. Two rows with one `event_id` and one fingerprint are
//! one event that was sent twice.

mod columns;
mod tsv;

use super::record::{Found, Record};
use super::table::{NOTHING, Preset, Row, Take, Tuple, When};
use super::{Plan, by_form};
use crate::base::Result;
use crate::input::jsonl::Outcome;
use crate::input::read::Job;

/// Servers of one's own send by libraries, which are no bots.
const WEB: When = When::Is("platform", &["web"]);
const STRUCT: When = When::Is("event", &["struct", "se"]);
const SALE: When = When::Is("event", &["transaction", "tr"]);
const GOOGLE: When =
    When::All(&[When::Has("mkt_clickid"), When::Is("mkt_network", &["Google", "DoubleClick"])]);
const MICROSOFT: When =
    When::All(&[When::Has("mkt_clickid"), When::Is("mkt_network", &["Microsoft"])]);
const SEARCH: When = When::Is("refr_medium", &["search"]);
const SOCIAL: When = When::Is("refr_medium", &["social"]);
const EMAIL: When = When::Is("refr_medium", &["email"]);
const PAID: When = When::Is("refr_medium", &["paid"]);
const UNKNOWN: When = When::Is("refr_medium", &["unknown"]);

/// Columns of warehouses with the session of a mobile device.
const SESSIONS: [&str; 5] = [
    "contexts_com_snowplowanalytics_snowplow_client_session_1",
    "contexts_com_snowplowanalytics_snowplow_client_session_1_0_0",
    "contexts_com_snowplowanalytics_snowplow_client_session_1_0_1",
    "contexts_com_snowplowanalytics_snowplow_client_session_1_0_2",
    "CONTEXTS_COM_SNOWPLOWANALYTICS_SNOWPLOW_CLIENT_SESSION_1",
];
/// A warehouse's column of the enrichment by the IAB's list.
const ROBOTS: &str = "contexts_com_iab_snowplow_spiders_and_robots_1_0_0";

/// See the module.
pub(super) const SNOWPLOW: Preset = Preset {
    name: "snowplow",
    about: "Snowplow, enriched events (TSV without header, warehouse tables)",
    signs: &[
        &["event_id", "derived_tstamp", "domain_userid", "event_name"],
        &["event_id", "derived_tstamp", "collector_tstamp", "event_fingerprint"],
    ],
    knows: Some(tsv::knows),
    look: Some(tsv::look),
    read: Some(read),
    endings: &["tsv", "txt", "csv"],
    json: &["contexts", SESSIONS[0], SESSIONS[1], SESSIONS[2], SESSIONS[3], SESSIONS[4], ROBOTS],
    dedupe: &["event_id", "event_fingerprint"],
    needs: &["event"],
    rows: &[
        (
            When::Any(&[
                When::Is("event", &["page_ping", "pp"]),
                When::Is("event_name", &["page_ping"]),
            ]),
            Row::Out("page ping: the page was still open"),
        ),
        (
            When::Is(
                "contexts_com_iab_snowplow_spiders_and_robots_1_0_0.0.spider_or_robot",
                &["true", "True", "TRUE"],
            ),
            Row::Out("bot: on the list of spiders and robots"),
        ),
    ],
    keys: &[
        ("time", &[Take::Utc("derived_tstamp"), Take::Utc("collector_tstamp")]),
        (
            "event",
            &[Take::If(STRUCT, &Take::At("se_action")), Take::At("event_name"), Take::At("event")],
        ),
        ("event_id", &[Take::At("event_id")]),
        ("ids.user", &[Take::At("user_id")]),
        ("ids.cookie", &[Take::At("domain_userid")]),
        ("ids.device", &[Take::By(device)]),
        ("ids.network", &[Take::By(network)]),
        ("session", &[Take::At("domain_sessionid"), Take::By(session)]),
        ("value", &[Take::If(SALE, &Take::At("tr_total"))]),
        ("currency", &[Take::If(SALE, &Take::At("tr_currency"))]),
        ("order", &[Take::At("tr_orderid"), Take::At("ti_orderid")]),
        ("user_agent", &[Take::If(WEB, &Take::At("useragent"))]),
        ("properties.platform", &[Take::At("platform")]),
        ("properties.device", &[Take::At("dvce_type")]),
        ("properties.country", &[Take::At("geo_country")]),
        ("properties.page", &[Take::At("page_urlpath")]),
        ("properties.category", &[Take::At("se_category")]),
    ],
    tuples: &[Tuple {
        keys: &["utm_source", "utm_medium", "campaign"],
        places: &[
            &[Take::At("mkt_source"), Take::At("mkt_medium"), Take::At("mkt_campaign")],
            &[Take::If(GOOGLE, &Take::Text("google")), Take::If(GOOGLE, &Take::Text("cpc"))],
            &[Take::If(MICROSOFT, &Take::Text("bing")), Take::If(MICROSOFT, &Take::Text("cpc"))],
            &[Take::If(SEARCH, &Take::At("refr_source")), Take::If(SEARCH, &Take::Text("organic"))],
            &[Take::If(SOCIAL, &Take::At("refr_source")), Take::If(SOCIAL, &Take::Text("social"))],
            &[Take::If(EMAIL, &Take::At("refr_source")), Take::If(EMAIL, &Take::Text("email"))],
            &[Take::If(PAID, &Take::At("refr_source")), Take::If(PAID, &Take::Text("cpc"))],
            &[
                Take::If(UNKNOWN, &Take::At("refr_urlhost")),
                Take::If(UNKNOWN, &Take::Text("referral")),
            ],
        ],
    }],
    ..NOTHING
};

fn read(job: &Job<'_>) -> Result<Outcome> {
    let plan = Plan::new(&SNOWPLOW, job)?;
    match tsv::is_raw(job)? {
        true => tsv::read(job, &plan),
        false => by_form(job, &plan),
    }
}

/// The most contexts of an event that are looked at.
const MOST_CONTEXTS: usize = 100;

/// A value of the session of a mobile device, by its key as warehouses and as trackers
/// write it.
fn client_session(record: &Record<'_, '_>, keys: [&str; 2]) -> Found<String> {
    for column in SESSIONS {
        for key in keys {
            if let Some(it) = record.text(&format!("{column}.0.{key}"))? {
                return Ok(Some(it.into_owned()));
            }
        }
    }
    for at in 0..MOST_CONTEXTS {
        let Some(schema) = record.text(&format!("contexts.data.{at}.schema"))? else { break };
        if schema.contains("/client_session/") {
            let value = record.text(&format!("contexts.data.{at}.data.{}", keys[1]))?;
            return Ok(value.map(|it| it.into_owned()));
        }
    }
    Ok(None)
}

fn device(record: &Record<'_, '_>) -> Found<String> {
    client_session(record, ["user_id", "userId"])
}

fn session(record: &Record<'_, '_>) -> Found<String> {
    client_session(record, ["session_id", "sessionId"])
}

fn network(record: &Record<'_, '_>) -> Found<String> {
    match record.text("domain_userid")?.is_some() || device(record)?.is_some() {
        true => Ok(None),
        false => Ok(record.text("network_userid")?.map(|it| it.into_owned())),
    }
}
