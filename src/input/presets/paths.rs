//! Counted paths: `path, conversions, nulls, value`, as ChannelAttribution takes them and
//! the multi-channel exports of Google Analytics give them.
//!
//! See [`read_paths`]: each journey that a row counts is made, and is a case of its own;
//! its times are made too, an hour between touches, so that each is a session.

use super::table::{NOTHING, Preset, Take};
use crate::input::TimeFormat;
use crate::input::csv::read_paths;

/// See the module.
pub(super) const PATHS: Preset = Preset {
    name: "paths",
    about: "paths of channels, counted: path, conversions, nulls, value (CSV)",
    signs: &[
        &["path", "total_conversions", "total_null"],
        &["path", "total_conversions", "total_conversion_value"],
        &["path", "conversions", "nulls"],
        &["path", "conversions", "null"],
        &["path", "conversions", "value"],
        &["Path", "Conversions", "Value"],
        &["Path", "Conversions", "Conversion Value"],
        &["MCF Channel Grouping Path", "Conversions", "Conversion Value"],
        &["Default Channel Grouping Path", "Conversions", "Conversion Value"],
    ],
    read: Some(read_paths),
    endings: &["csv"],
    time_format: TimeFormat::Auto,
    keys: &[
        ("time", &[Take::At("journey.time")]),
        ("event", &[Take::At("journey.event")]),
        ("channel", &[Take::At("journey.channel")]),
        ("ids.case", &[Take::At("journey.id")]),
        ("value", &[Take::At("journey.value")]),
        ("order", &[Take::At("journey.id")]),
    ],
    ..NOTHING
};
