//! PostHog: batch exports of events and of persons, as JSON lines or Parquet.
//!
//! In Parquet the properties are JSON in a text; here they are read as JSON in either.
//! A person's row joins a distinct id to its person, as of the export; an event's own
//! `person_id` may be an older one, which then joins all the same. Merging calls are
//! links, and calls that only set properties are no events.

use super::record::{Found, Record};
use super::shop::{REFUNDS, SALES, elsewhere};
use super::table::{Link, NOTHING, Preset, Row, Take, Tuple, When};

const MERGES: When = When::Is("event", &["$identify", "$create_alias", "$merge_dangerously"]);
const PERSON: When = When::All(&[
    When::Lacks("event"),
    When::Any(&[
        When::Has("person_distinct_id_version"),
        When::Has("person_version"),
        When::Has("is_deleted"),
    ]),
]);
const OTHER: &[Take] = &[
    Take::At("properties.$anon_distinct_id"),
    Take::If(
        When::Is("event", &["$create_alias", "$merge_dangerously"]),
        &Take::At("properties.alias"),
    ),
];
const PAIR: &[Take] = &[
    // The event's own id rather than the people's, which may have to be forgotten.
    Take::If(MERGES, &Take::At("uuid")),
    Take::If(MERGES, &Take::Joined(&["properties.$anon_distinct_id", "distinct_id"])),
    Take::If(
        When::Is("event", &["$create_alias", "$merge_dangerously"]),
        &Take::Joined(&["properties.alias", "distinct_id"]),
    ),
];
const REFUND: When = When::Is("event", REFUNDS);
const SOLD: When = When::Is("event", SALES);

/// See the module.
pub(super) const POSTHOG: Preset = Preset {
    name: "posthog",
    about: "PostHog, batch exports of events and persons (JSON lines, Parquet)",
    signs: &[
        &["uuid", "event", "distinct_id", "properties", "timestamp"],
        &["event", "distinct_id", "person_id", "properties", "timestamp"],
        &["distinct_id", "person_id", "person_distinct_id_version"],
        &["distinct_id", "person_id", "is_deleted"],
    ],
    keys: &[
        ("time", &[Take::Utc("timestamp")]),
        ("event", &[Take::At("event")]),
        ("ids.person", &[Take::At("person_id")]),
        ("ids.distinct", &[Take::At("distinct_id")]),
        ("ids.alias", PAIR),
        ("session", &[Take::At("properties.$session_id")]),
        ("event_id", &[Take::At("uuid")]),
        (
            "value",
            &[
                Take::If(REFUND, &Take::Below("properties.revenue")),
                Take::If(REFUND, &Take::Below("properties.$revenue")),
                Take::If(REFUND, &Take::Below("properties.total")),
                Take::If(REFUND, &Take::Below("properties.value")),
                Take::At("properties.revenue"),
                Take::At("properties.$revenue"),
                Take::If(SOLD, &Take::At("properties.total")),
                Take::If(SOLD, &Take::At("properties.amount")),
                Take::If(SOLD, &Take::At("properties.value")),
            ],
        ),
        ("currency", &[Take::At("properties.currency"), Take::At("properties.$currency")]),
        (
            "order",
            &[
                Take::At("properties.order_id"),
                Take::At("properties.orderId"),
                Take::At("properties.transaction_id"),
            ],
        ),
        ("variant", &[Take::By(flag)]),
        ("properties.device", &[Take::At("properties.$device_type")]),
        ("properties.country", &[Take::At("properties.$geoip_country_code")]),
        ("properties.page", &[Take::At("properties.$pathname")]),
    ],
    tuples: &[Tuple {
        keys: &["utm_source", "utm_medium", "campaign"],
        places: &[
            &[
                Take::At("properties.utm_source"),
                Take::At("properties.utm_medium"),
                Take::At("properties.utm_campaign"),
            ],
            &[
                Take::If(When::Has("properties.gclid"), &Take::Text("google")),
                Take::If(When::Has("properties.gclid"), &Take::Text("cpc")),
            ],
            &[Take::At("properties.$search_engine"), Take::Text("organic")],
            &[Take::By(referrer), Take::Text("referral")],
        ],
    }],
    dedupe: &["event_id"],
    needs: &["event"],
    rows: &[
        (
            When::All(&[PERSON, When::Is("is_deleted", &["true", "1", "True"])]),
            Row::Out("deleted persons"),
        ),
        (PERSON, Row::Link),
        (MERGES, Row::Link),
        (
            When::Is("event", &["$set", "$groupidentify", "$unset"]),
            Row::Out("calls that only set properties"),
        ),
    ],
    links: &[Link { when: MERGES, ids: &[("distinct", OTHER), ("alias", PAIR)] }],
    json: &["properties", "person_properties"],
    ..NOTHING
};

/// The arm: the answer of a flag that was called, or the one flag that the event carries.
/// Of several flags none is taken, for which is the experiment's nobody knows here: name
/// it as `variant = "properties.$feature/KEY"`.
fn flag(record: &Record<'_, '_>) -> Found<String> {
    if record.holds(&When::Is("event", &["$feature_flag_called"]))? {
        return Ok(record.text("properties.$feature_flag_response")?.map(|it| it.into_owned()));
    }
    let mut flags = record.keys_with("properties", "$feature/")?;
    match (flags.pop(), flags.pop()) {
        (Some(one), None) => Ok(record.text(&one)?.map(|it| it.into_owned())),
        _ => Ok(None),
    }
}

fn referrer(record: &Record<'_, '_>) -> Found<String> {
    elsewhere(record, "properties.$referring_domain", "properties.$host")
}
