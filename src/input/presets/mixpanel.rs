//! Mixpanel: the raw export of events, as JSON lines.
//!
//! Times are seconds or, where the export was asked for them, milliseconds: the first of
//! a file tells. A `distinct_id` of `$device:…` is that device. Projects from before 2023
//! count times on the clock of their own zone, which no file says and nothing here mends.

use super::record::{Found, Record};
use super::shop::{REFUNDS, SALES, elsewhere};
use super::table::{Link, NOTHING, Preset, Row, Take, Tuple, When};
use crate::input::TimeFormat;

const MERGES: When = When::Is("event", &["$identify", "$create_alias", "$merge"]);
const REFUND: When = When::Is("event", REFUNDS);
const SOLD: When = When::Is("event", SALES);
const DEVICE: &str = "$device:";
const PAIR: &[Take] = &[
    // The event's own id rather than the people's, which may have to be forgotten.
    Take::If(MERGES, &Take::At("properties.$insert_id")),
    Take::If(MERGES, &Take::Joined(&["properties.$identified_id", "properties.$anon_id"])),
    Take::If(MERGES, &Take::Joined(&["properties.alias", "properties.distinct_id"])),
    Take::If(MERGES, &Take::Joined(&["properties.$distinct_ids.0", "properties.$distinct_ids.1"])),
];
const ONE: &[Take] = &[
    Take::At("properties.$identified_id"),
    Take::At("properties.alias"),
    Take::At("properties.$distinct_ids.0"),
];
const OTHER: &[Take] =
    &[Take::NotBehind("properties.$anon_id", DEVICE), Take::At("properties.$distinct_ids.1")];
const OTHER_DEVICE: &[Take] = &[Take::Behind("properties.$anon_id", DEVICE)];

/// See the module.
pub(super) const MIXPANEL: Preset = Preset {
    name: "mixpanel",
    about: "Mixpanel, raw export (JSON lines)",
    signs: &[
        &["event", "properties.time", "properties.distinct_id"],
        &["event", "properties.time", "properties.$insert_id"],
    ],
    time_format: TimeFormat::Auto,
    keys: &[
        ("time", &[Take::At("properties.time")]),
        ("event", &[Take::At("event")]),
        ("ids.user", &[Take::At("properties.$user_id")]),
        ("ids.distinct", &[Take::NotBehind("properties.distinct_id", DEVICE)]),
        (
            "ids.device",
            &[Take::At("properties.$device_id"), Take::Behind("properties.distinct_id", DEVICE)],
        ),
        ("ids.alias", PAIR),
        ("session", &[Take::At("properties.$session_id")]),
        ("event_id", &[Take::At("properties.$insert_id")]),
        (
            "value",
            &[
                Take::If(REFUND, &Take::Below("properties.revenue")),
                Take::If(REFUND, &Take::Below("properties.$amount")),
                Take::If(REFUND, &Take::Below("properties.total")),
                Take::If(REFUND, &Take::Below("properties.value")),
                Take::At("properties.revenue"),
                Take::At("properties.$revenue"),
                Take::At("properties.$amount"),
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
        (
            "variant",
            &[
                Take::If(
                    When::Is("event", &["$experiment_started"]),
                    &Take::At("properties.Variant name"),
                ),
                Take::At("properties.variant"),
            ],
        ),
        ("properties.device", &[Take::At("properties.$device"), Take::At("properties.$os")]),
        ("properties.country", &[Take::At("properties.mp_country_code")]),
        ("properties.page", &[Take::At("properties.$current_url")]),
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
    // The id comes first: a row without one is no duplicate.
    dedupe: &["event_id", "event", "properties.distinct_id", "time"],
    needs: &["event"],
    rows: &[(MERGES, Row::Link)],
    links: &[
        Link { when: MERGES, ids: &[("distinct", ONE), ("alias", PAIR)] },
        Link { when: MERGES, ids: &[("distinct", OTHER), ("alias", PAIR)] },
        Link { when: MERGES, ids: &[("device", OTHER_DEVICE), ("alias", PAIR)] },
    ],
    ..NOTHING
};

fn referrer(record: &Record<'_, '_>) -> Found<String> {
    elsewhere(record, "properties.$referring_domain", "properties.$current_url")
}
