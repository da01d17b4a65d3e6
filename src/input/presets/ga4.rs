//! Google Analytics 4: the BigQuery export of events, as JSON lines or Parquet.
//!
//! A session is a browser's `ga_session_id`, which alone is only the second in which it
//! began. The traffic source of an event is one tuple taken whole; `traffic_source`
//! (how the browser first came) is never taken for it. Google names no key of an event,
//! so that nothing is dropped as a duplicate unless `dedupe` says so.

use super::table::{NOTHING, Preset, Take, Tuple, When};
use crate::input::TimeFormat;

const GONE: &[&str] = &["(not set)"];
const REFUND: When = When::Is("event_name", &["refund"]);
const PURCHASE: When =
    When::Is("event_name", &["purchase", "in_app_purchase", "ecommerce_purchase"]);

/// See the module.
pub(super) const GA4: Preset = Preset {
    name: "ga4",
    about: "Google Analytics 4, BigQuery export (JSON lines, Parquet)",
    signs: &[
        &["event_timestamp", "event_name", "user_pseudo_id", "event_params"],
        &["event_timestamp", "event_name", "user_pseudo_id", "event_date", "stream_id"],
    ],
    time_format: TimeFormat::EpochUs,
    keys: &[
        ("time", &[Take::At("event_timestamp")]),
        ("event", &[Take::At("event_name")]),
        ("ids.user", &[Take::At("user_id")]),
        ("ids.cookie", &[Take::At("user_pseudo_id")]),
        ("session", &[Take::Joined(&["user_pseudo_id", "event_params.ga_session_id"])]),
        (
            "event_id",
            &[Take::Ordered(&[
                "event_bundle_sequence_id",
                "batch_page_id",
                "batch_ordering_id",
                "batch_event_index",
            ])],
        ),
        (
            "value",
            &[
                Take::If(REFUND, &Take::Below("ecommerce.refund_value")),
                Take::If(REFUND, &Take::Below("ecommerce.purchase_revenue")),
                Take::If(REFUND, &Take::Below("event_params.value")),
                Take::If(PURCHASE, &Take::At("ecommerce.purchase_revenue")),
                Take::If(PURCHASE, &Take::At("event_params.value")),
            ],
        ),
        ("currency", &[Take::At("event_params.currency")]),
        (
            "order",
            &[
                Take::Unless("ecommerce.transaction_id", GONE),
                Take::Unless("event_params.transaction_id", GONE),
            ],
        ),
        (
            "variant",
            &[Take::At("event_params.experiment_variant"), Take::At("event_params.variant")],
        ),
        ("properties.device", &[Take::At("device.category")]),
        ("properties.country", &[Take::At("geo.country")]),
        ("properties.page", &[Take::At("event_params.page_location")]),
    ],
    tuples: &[Tuple {
        keys: &["utm_source", "utm_medium", "campaign"],
        places: &[
            &[
                Take::Unless("session_traffic_source_last_click.manual_campaign.source", GONE),
                Take::Unless("session_traffic_source_last_click.manual_campaign.medium", GONE),
                Take::Unless(
                    "session_traffic_source_last_click.manual_campaign.campaign_name",
                    GONE,
                ),
            ],
            &[
                Take::Unless(
                    "session_traffic_source_last_click.cross_channel_campaign.source",
                    GONE,
                ),
                Take::Unless(
                    "session_traffic_source_last_click.cross_channel_campaign.medium",
                    GONE,
                ),
                Take::Unless(
                    "session_traffic_source_last_click.cross_channel_campaign.campaign_name",
                    GONE,
                ),
            ],
            &[
                Take::Text("google"),
                Take::Text("cpc"),
                Take::Unless(
                    "session_traffic_source_last_click.google_ads_campaign.campaign_name",
                    GONE,
                ),
            ],
            &[
                Take::Unless("collected_traffic_source.manual_source", GONE),
                Take::Unless("collected_traffic_source.manual_medium", GONE),
                Take::Unless("collected_traffic_source.manual_campaign_name", GONE),
            ],
            &[
                Take::If(When::Has("collected_traffic_source.gclid"), &Take::Text("google")),
                Take::If(When::Has("collected_traffic_source.gclid"), &Take::Text("cpc")),
            ],
            &[
                Take::Unless("event_params.source", GONE),
                Take::Unless("event_params.medium", GONE),
                Take::Unless("event_params.campaign", GONE),
            ],
        ],
    }],
    needs: &["event"],
    ..NOTHING
};
