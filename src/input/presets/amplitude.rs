//! Amplitude: the export of events, as JSON lines.
//!
//! Times have no offset and are UTC. A session of `-1` is none; the number of any other
//! is its first millisecond, so that it counts only together with the device.

use super::shop::{REFUNDS, SALES};
use super::table::{NOTHING, Preset, Row, Take, Tuple, When};

const REFUND: When = When::Is("event_type", REFUNDS);
const SOLD: When = When::Is("event_type", SALES);
const OUT_OF_SESSION: When = When::Is("session_id", &["-1"]);

/// See the module.
pub(super) const AMPLITUDE: Preset = Preset {
    name: "amplitude",
    about: "Amplitude, event export (JSON lines)",
    signs: &[
        &["event_type", "event_time", "amplitude_id"],
        &["event_type", "event_time", "device_id", "event_properties"],
    ],
    keys: &[
        ("time", &[Take::Utc("event_time"), Take::Utc("client_event_time")]),
        ("event", &[Take::At("event_type")]),
        ("ids.user", &[Take::At("user_id")]),
        ("ids.amplitude", &[Take::At("amplitude_id")]),
        ("ids.device", &[Take::At("device_id")]),
        (
            "session",
            &[
                Take::If(When::Not(&OUT_OF_SESSION), &Take::Joined(&["device_id", "session_id"])),
                Take::If(When::Not(&OUT_OF_SESSION), &Take::Joined(&["user_id", "session_id"])),
            ],
        ),
        ("event_id", &[Take::Ordered(&["event_id"]), Take::At("$insert_id"), Take::At("uuid")]),
        ("dedupe.id", &[Take::At("$insert_id"), Take::At("uuid")]),
        (
            "value",
            &[
                Take::If(REFUND, &Take::Below("event_properties.$revenue")),
                Take::If(REFUND, &Take::Below("event_properties.revenue")),
                Take::If(REFUND, &Take::Below("event_properties.total")),
                Take::If(REFUND, &Take::Below("event_properties.value")),
                Take::At("event_properties.$revenue"),
                Take::At("event_properties.revenue"),
                Take::If(SOLD, &Take::At("event_properties.total")),
                Take::If(SOLD, &Take::At("event_properties.amount")),
                Take::If(SOLD, &Take::At("event_properties.value")),
            ],
        ),
        (
            "currency",
            &[Take::At("event_properties.$currency"), Take::At("event_properties.currency")],
        ),
        (
            "order",
            &[
                Take::At("event_properties.order_id"),
                Take::At("event_properties.orderId"),
                Take::At("event_properties.transaction_id"),
            ],
        ),
        (
            "variant",
            &[Take::If(
                When::Is("event_type", &["$exposure", "[Experiment] Exposure"]),
                &Take::At("event_properties.variant"),
            )],
        ),
        ("properties.device", &[Take::At("device_family"), Take::At("device_type")]),
        ("properties.platform", &[Take::At("platform")]),
        ("properties.country", &[Take::At("country")]),
    ],
    tuples: &[Tuple {
        keys: &["utm_source", "utm_medium", "campaign"],
        places: &[
            &[
                Take::At("event_properties.utm_source"),
                Take::At("event_properties.utm_medium"),
                Take::At("event_properties.utm_campaign"),
            ],
            &[
                Take::At("user_properties.utm_source"),
                Take::At("user_properties.utm_medium"),
                Take::At("user_properties.utm_campaign"),
            ],
            &[
                Take::If(When::Has("user_properties.gclid"), &Take::Text("google")),
                Take::If(When::Has("user_properties.gclid"), &Take::Text("cpc")),
            ],
            &[Take::At("user_properties.referring_domain"), Take::Text("referral")],
        ],
    }],
    // Amplitude tells duplicates of one device.
    dedupe: &["dedupe.id", "ids.device"],
    needs: &["event"],
    rows: &[
        (When::Is("event_type", &["$identify"]), Row::Link),
        (When::Is("event_type", &["$groupidentify"]), Row::Out("group calls")),
    ],
    ..NOTHING
};
