//! The key figures as tiles, against their targets where they have some.
//!
//! Good and bad are said in words; a line at the tile's side only repeats them.

use serde::Serialize;

use super::facts::{Facts, Row};

/// The KPIs that stand first; any other with a target follows.
const CHOSEN: [&str; 8] = [
    "conversion rate per customer",
    "conversion rate per session",
    "orders",
    "revenue",
    "average order value",
    "revenue per customer",
    "repeat purchase rate",
    "cart abandonment rate",
];

#[derive(Debug, Serialize)]
pub(super) struct Tile {
    pub label: String,
    pub value: String,
    /// The interval, or why there is no figure.
    pub note: String,
    /// The target and whether it is met, in words.
    pub target: String,
    /// `met`, `missed` or nothing.
    pub verdict: &'static str,
}

/// Tiles of the KPI table.
pub(super) fn tiles(facts: Facts<'_>) -> Vec<Tile> {
    let Some(kpi) = facts.table("kpi", "kpi") else { return Vec::new() };
    let chosen = CHOSEN.iter().filter_map(|it| kpi.at("kpi", it));
    let others = kpi.all().filter(|it| {
        it.cell("target").is_some() && it.text("kpi").is_some_and(|it| !CHOSEN.contains(&it))
    });
    let told = |it: &Row<'_>| it.cell("value").is_some() || it.cell("target").is_some();
    chosen.chain(others).filter(told).filter_map(tile).collect()
}

fn tile(row: Row<'_>) -> Option<Tile> {
    let note = match (row.shown("low"), row.shown("high")) {
        (Some(low), Some(high)) => format!("95 % interval {low} to {high}"),
        _ => row.reason("value").unwrap_or_default().to_owned(),
    };
    let verdict = row.text("against_target").unwrap_or_default();
    let target = row.shown("target").map_or_else(String::new, |it| match verdict {
        "" => format!("target {it}"),
        _ => format!("target {it}: {verdict}"),
    });
    Some(Tile {
        label: row.shown("kpi")?,
        value: row.shown("value").unwrap_or_else(|| "–".to_owned()),
        note,
        target,
        verdict: match verdict.split(',').next() {
            Some("met") => "met",
            Some("missed") => "missed",
            _ => "",
        },
    })
}
