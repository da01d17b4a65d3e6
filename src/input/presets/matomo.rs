//! Matomo: `Live.getLastVisitsDetails`, an array of visits (or one a line) with their actions.
//!
//! Each action is an event; what stands on the visit (ids, source, device) holds for all
//! of its actions. Orders and goals carry their revenue; that of an abandoned cart is no
//! revenue and is not taken.

use super::table::{Each, NOTHING, Preset, Take, Tuple, When};
use crate::input::TimeFormat;

const TYPE: &str = "action.type";

const fn came(by: &'static [&'static str]) -> When {
    When::Is("referrerType", by)
}

/// See the module.
pub(super) const MATOMO: Preset = Preset {
    name: "matomo",
    about: "Matomo, Live.getLastVisitsDetails (a JSON array, or a visit a line)",
    signs: &[&["idVisit", "visitorId", "actionDetails"]],
    time_format: TimeFormat::EpochS,
    each: Some(Each { list: "actionDetails", name: "action", empty: "visits without actions" }),
    keys: &[
        ("time", &[Take::At("action.timestamp")]),
        (
            "event",
            &[
                Take::If(When::Is(TYPE, &["action"]), &Take::Text("pageview")),
                Take::If(When::Is(TYPE, &["event"]), &Take::At("action.eventAction")),
                Take::If(When::Is(TYPE, &["goal"]), &Take::At("action.goalName")),
                Take::At(TYPE),
            ],
        ),
        ("ids.user", &[Take::At("userId")]),
        ("ids.cookie", &[Take::At("visitorId")]),
        ("session", &[Take::At("idVisit")]),
        ("sequence", &[Take::At("@index")]),
        (
            "value",
            &[Take::If(When::Is(TYPE, &["ecommerceOrder", "goal"]), &Take::At("action.revenue"))],
        ),
        ("currency", &[Take::At("siteCurrency")]),
        ("order", &[Take::At("action.orderId")]),
        ("properties.device", &[Take::At("deviceType")]),
        ("properties.country", &[Take::At("country")]),
        ("properties.page", &[Take::At("action.url")]),
    ],
    tuples: &[Tuple {
        keys: &["utm_source", "utm_medium", "campaign"],
        places: &[
            &[Take::At("campaignSource"), Take::At("campaignMedium"), Take::At("campaignName")],
            &[
                Take::If(came(&["campaign"]), &Take::At("referrerKeyword")),
                Take::If(came(&["campaign"]), &Take::Text("campaign")),
                Take::If(came(&["campaign"]), &Take::At("referrerName")),
            ],
            &[
                Take::If(came(&["search"]), &Take::At("referrerName")),
                Take::If(came(&["search"]), &Take::Text("organic")),
            ],
            &[
                Take::If(came(&["social"]), &Take::At("referrerName")),
                Take::If(came(&["social"]), &Take::Text("social")),
            ],
            &[
                Take::If(came(&["website"]), &Take::At("referrerName")),
                Take::If(came(&["website"]), &Take::Text("referral")),
            ],
            &[
                Take::If(came(&["direct"]), &Take::Text("(direct)")),
                Take::If(came(&["direct"]), &Take::Text("(none)")),
            ],
        ],
    }],
    dedupe: &["session", "sequence"],
    needs: &["event"],
    ..NOTHING
};
