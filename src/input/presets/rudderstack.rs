//! RudderStack: calls as JSON lines and the tables of a warehouse.
//!
//! The specification is Segment's. Its session ids are the second in which a session
//! began, so that they count only together with the browser.

use super::segment::SEGMENT;
use super::table::Preset;

/// See the module.
pub(super) const RUDDERSTACK: Preset = Preset {
    name: "rudderstack",
    about: "RudderStack, calls (JSON lines) and warehouse tables (CSV, Parquet)",
    signs: &[
        &["messageId", "type", "anonymousId", "rudderId"],
        &["messageId", "type", "anonymousId", "originalTimestamp", "context.sessionId"],
        &["id", "anonymous_id", "received_at", "sent_at", "timestamp", "context_session_id"],
        &["id", "anonymous_id", "received_at", "sent_at", "timestamp", "rudder_id"],
    ],
    ..SEGMENT
};
