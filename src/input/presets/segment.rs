//! Segment: calls as JSON lines by their specification, and the tables of a warehouse.
//!
//! A call's `type` says what it is; rows of a warehouse have none, so that their columns
//! and the file's name do. The time is `timestamp`, which Segment has corrected by the
//! device's clock; only where it is absent the same correction is made here. Names of
//! events are those that were sent (`event_text`), not the tables' spelling of them.

use super::record::{Found, Record};
use super::table::{Link, NOTHING, Preset, Row, Take, Tuple, When};

const ALIAS: When = When::Any(&[When::Is("type", &["alias"]), When::Has("previous_id")]);
/// Rows of Profiles Sync: `id_graph_updates`, `profile_merges`, `user_identifiers` and
/// `external_id_mapping_updates`.
const PROFILE: When =
    When::Any(&[When::Has("canonical_segment_id"), When::Has("external_id_value")]);
const MERGED: When = When::All(&[When::Has("segment_id"), When::Has("canonical_segment_id")]);
const PAGE: When = When::Any(&[
    When::Is("type", &["page"]),
    When::All(&[When::Lacks("type"), When::Lacks("event"), When::Lacks("event_text")]),
]);
const SCREEN: When = When::Any(&[When::Is("type", &["screen"]), When::Is("@file", &["screens"])]);
const REFUND: When = When::Any(&[
    When::Is("event", &["Order Refunded", "order_refunded", "refund"]),
    When::Is("event_text", &["Order Refunded"]),
]);
const SALE: &[&str] = &[
    "Order Completed",
    "Completed Order",
    "order_completed",
    "completed_order",
    "purchase",
    "Purchase",
];
const SOLD: When = When::Any(&[When::Is("event", SALE), When::Is("event_text", SALE)]);

const PREVIOUS: &[Take] = &[Take::At("previousId"), Take::At("previous_id")];
const PAIR: &[Take] = &[
    // The call's own id rather than the people's, which may have to be forgotten.
    Take::If(ALIAS, &Take::At("messageId")),
    Take::If(ALIAS, &Take::At("id")),
    Take::If(ALIAS, &Take::Joined(&["previousId", "userId"])),
    Take::If(ALIAS, &Take::Joined(&["previous_id", "user_id"])),
    Take::If(MERGED, &Take::Joined(&["segment_id", "canonical_segment_id"])),
];
const USER: &[&str] = &["user_id"];
const COOKIE: &[&str] = &["anonymous_id"];
const EMAIL: &[&str] = &["email"];

/// See the module.
pub(super) const SEGMENT: Preset = Preset {
    name: "segment",
    about: "Segment, calls (JSON lines), warehouse and profile tables (CSV, Parquet)",
    signs: &[
        &["messageId", "type", "anonymousId"],
        &["messageId", "type", "userId"],
        &["id", "anonymous_id", "received_at", "sent_at", "original_timestamp"],
        &["id", "anonymous_id", "received_at", "sent_at", "timestamp"],
        &["id", "previous_id", "user_id", "received_at"],
        &["segment_id", "canonical_segment_id"],
        &["segment_id", "external_id_type", "external_id_value"],
        &["canonical_segment_id", "type", "value"],
    ],
    keys: &[
        (
            "time",
            &[
                Take::Utc("timestamp"),
                Take::By(corrected),
                Take::Utc("originalTimestamp"),
                Take::Utc("original_timestamp"),
            ],
        ),
        (
            "event",
            &[
                Take::At("event_text"),
                Take::At("event"),
                Take::If(SCREEN, &Take::At("name")),
                Take::If(SCREEN, &Take::Text("screen")),
                Take::If(PAGE, &Take::At("name")),
                Take::If(PAGE, &Take::Text("page")),
            ],
        ),
        (
            "ids.user",
            &[
                Take::At("userId"),
                Take::At("user_id"),
                Take::If(When::Is("@file", &["users"]), &Take::At("id")),
                Take::If(When::Is("type", USER), &Take::At("value")),
                Take::If(When::Is("external_id_type", USER), &Take::At("external_id_value")),
            ],
        ),
        (
            "ids.email",
            &[
                Take::At("traits.email"),
                Take::At("context.traits.email"),
                Take::At("context_traits_email"),
                Take::If(When::Is("@file", &["identifies", "users"]), &Take::At("email")),
                Take::If(When::Is("type", EMAIL), &Take::At("value")),
                Take::If(When::Is("external_id_type", EMAIL), &Take::At("external_id_value")),
            ],
        ),
        (
            "ids.cookie",
            &[
                Take::At("anonymousId"),
                Take::At("anonymous_id"),
                Take::If(When::Is("type", COOKIE), &Take::At("value")),
                Take::If(When::Is("external_id_type", COOKIE), &Take::At("external_id_value")),
            ],
        ),
        ("ids.profile", &[Take::At("segment_id"), Take::At("canonical_segment_id")]),
        ("ids.alias", PAIR),
        (
            "session",
            &[
                Take::Joined(&["anonymousId", "context.sessionId"]),
                Take::Joined(&["anonymous_id", "context_session_id"]),
            ],
        ),
        ("event_id", &[Take::At("messageId"), Take::At("message_id"), Take::At("id")]),
        (
            "value",
            &[
                Take::If(REFUND, &Take::Below("properties.revenue")),
                Take::If(REFUND, &Take::Below("properties.total")),
                Take::If(REFUND, &Take::Below("properties.value")),
                Take::If(REFUND, &Take::Below("revenue")),
                Take::If(REFUND, &Take::Below("total")),
                Take::At("properties.revenue"),
                Take::At("revenue"),
                Take::If(SOLD, &Take::At("properties.total")),
                Take::If(SOLD, &Take::At("properties.value")),
                Take::If(SOLD, &Take::At("total")),
                Take::If(SOLD, &Take::At("value")),
            ],
        ),
        ("currency", &[Take::At("properties.currency"), Take::At("currency")]),
        (
            "order",
            &[
                Take::At("properties.order_id"),
                Take::At("properties.orderId"),
                Take::At("order_id"),
            ],
        ),
        (
            "variant",
            &[
                Take::At("properties.variation_name"),
                Take::At("properties.variation_id"),
                Take::At("variation_name"),
                Take::At("variation_id"),
            ],
        ),
        ("properties.device", &[Take::At("context.device.type"), Take::At("context_device_type")]),
        (
            "properties.page",
            &[
                Take::At("properties.path"),
                Take::At("context.page.path"),
                Take::At("path"),
                Take::At("context_page_path"),
            ],
        ),
    ],
    tuples: &[Tuple {
        keys: &["utm_source", "utm_medium", "campaign"],
        places: &[
            &[
                Take::At("context.campaign.source"),
                Take::At("context.campaign.medium"),
                Take::At("context.campaign.name"),
            ],
            &[
                Take::At("context_campaign_source"),
                Take::At("context_campaign_medium"),
                Take::At("context_campaign_name"),
            ],
        ],
    }],
    dedupe: &["event_id"],
    needs: &["event"],
    rows: &[
        (When::Is("type", &["identify", "alias"]), Row::Link),
        (PROFILE, Row::Link),
        (When::Is("type", &["group"]), Row::Out("group calls")),
        (
            When::All(&[When::Is("type", &["track"]), When::Lacks("event")]),
            Row::Wrong("a track call without an event"),
        ),
        (When::Is("type", &["track", "page", "screen"]), Row::Event),
        // A column of a warehouse's table may be called so too.
        (
            When::All(&[When::Has("type"), When::Lacks("received_at")]),
            Row::Wrong("its type is none of identify, track, page, screen, group and alias"),
        ),
        (
            When::Any(&[When::Has("messageId"), When::Has("anonymousId"), When::Has("userId")]),
            Row::Wrong("it has no type"),
        ),
        (When::Has("previous_id"), Row::Link),
        (When::Any(&[When::Has("event"), When::Has("event_text")]), Row::Event),
        (When::Is("@file", &["identifies", "users", "aliases"]), Row::Link),
        (When::Is("@file", &["pages", "screens"]), Row::Event),
        (
            When::Any(&[When::Is("@file", &["groups", "accounts"]), When::Has("group_id")]),
            Row::Out("group calls"),
        ),
        (When::Any(&[When::Has("url"), When::Has("path")]), Row::Event),
        (When::Has("@file"), Row::Link),
    ],
    // An alias (and a merge of profiles) names two ids of one type, which no row holds: the pair stands between.
    links: &[
        Link { when: ALIAS, ids: &[("user", PREVIOUS), ("alias", PAIR)] },
        Link { when: ALIAS, ids: &[("cookie", PREVIOUS), ("alias", PAIR)] },
        Link {
            when: MERGED,
            ids: &[("profile", &[Take::At("canonical_segment_id")]), ("alias", PAIR)],
        },
    ],
    ..NOTHING
};

/// `originalTimestamp` on the server's clock: what the device's clock was off is
/// `receivedAt − sentAt`.
///
/// Source: Segment, "Spec: Common fields" (timestamps). A call sent at 09:59:58 of a
/// device and received at 10:00:00 of the server, made at 09:59:00 of the device, was
/// made at 09:59:02. None of the three may be missing.
fn corrected(record: &Record<'_, '_>) -> Found<String> {
    let time = |takes: &[Take]| -> Found<jiff::Timestamp> {
        Ok(record.first(takes)?.and_then(|it| it.parse().ok()))
    };
    let original = time(&[Take::Utc("originalTimestamp"), Take::Utc("original_timestamp")])?;
    let sent = time(&[Take::Utc("sentAt"), Take::Utc("sent_at")])?;
    let received = time(&[Take::Utc("receivedAt"), Take::Utc("received_at")])?;
    let (Some(original), Some(sent), Some(received)) = (original, sent, received) else {
        return Ok(None);
    };
    Ok(original.checked_add(received.duration_since(sent)).ok().map(|it| it.to_string()))
}
