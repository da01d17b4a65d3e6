//! IEEE XES event logs: traces are cases, and a case is a customer.
//!
//! Two traces of one name are one case. An event without a trace, or in a trace without
//! a name, has no id and is set aside. Events of equal times keep their order in the file.

use super::table::{NOTHING, Preset, Take};
use crate::input::TimeFormat;
use crate::input::xes;

/// See the module.
pub(super) const XES: Preset = Preset {
    name: "xes",
    about: "IEEE XES event log",
    knows: Some(xes::knows),
    look: Some(xes::look),
    read: Some(xes::read_xes),
    endings: &["xes"],
    time_format: TimeFormat::Auto,
    keys: &[
        ("time", &[Take::At("time:timestamp")]),
        ("event", &[Take::At("concept:name")]),
        ("ids.case", &[Take::At("case:concept:name")]),
        ("properties.lifecycle", &[Take::At("lifecycle:transition")]),
        ("properties.resource", &[Take::At("org:resource")]),
    ],
    ..NOTHING
};
