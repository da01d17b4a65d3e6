//! Telling an export by the paths in its first records.
//!
//! Knows paths and presets; no file.

use std::collections::BTreeSet;

use super::PRESETS;
use super::table::Preset;

/// The preset of which all paths of one sign are there, and that sign; the one with the
/// most paths where several are.
pub(in crate::input) fn recognize(
    paths: &BTreeSet<String>,
) -> Option<(&'static Preset, &'static [&'static str])> {
    let lowered: BTreeSet<String>;
    let paths = if is_shouted(paths.iter().map(String::as_str)) {
        lowered = paths.iter().map(|it| it.to_lowercase()).collect();
        &lowered
    } else {
        paths
    };
    let mut best: Option<(&'static Preset, &'static [&'static str])> = None;
    for preset in PRESETS.iter().copied() {
        for sign in preset.signs {
            let all = sign.iter().all(|it| paths.contains(*it));
            if all && best.is_none_or(|it| sign.len() > it.1.len()) {
                best = Some((preset, sign));
            }
        }
    }
    best
}

/// Whether names of columns are all in capitals, as Snowflake writes those of everybody;
/// they are then read as if in small letters.
pub(in crate::input) fn is_shouted<'n>(names: impl Iterator<Item = &'n str>) -> bool {
    let (mut any, mut all) = (false, true);
    for letter in names.flat_map(str::chars) {
        any |= letter.is_uppercase();
        all &= !letter.is_lowercase();
    }
    any && all
}

/// The preset that knows a file by its first bytes, and by what.
pub(in crate::input) fn recognize_bytes(head: &[u8]) -> Option<(&'static Preset, &'static str)> {
    PRESETS.iter().copied().find_map(|it| Some((it, (it.knows?)(head)?)))
}

/// What told, in words: `it has a, b and c`.
pub(in crate::input) fn words(sign: &[&str]) -> String {
    match sign {
        [] => String::new(),
        [one] => format!("it has {one}"),
        [all @ .., last] => format!("it has {} and {last}", all.join(", ")),
    }
}
