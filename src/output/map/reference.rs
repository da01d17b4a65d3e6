//! A map read back from the JSON that an earlier run wrote, so that another map can be drawn
//! with the same layout.
//!
//! Reads the keys that layout depends on and is content without the others; knows no file.

use serde::Deserialize;
use serde_json::Value;

use crate::base::money::Total;
use crate::base::{Error, Result, Span};
use crate::model::map::{MapChange, MapKind};
use crate::model::{JourneyMap, MapEdge, MapNode, Metric};

#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metric: Metric,
    second: Option<Metric>,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    journeys: u64,
    #[serde(default)]
    customers: u64,
    #[serde(default)]
    value_minor: Value,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Deserialize)]
struct Node {
    name: String,
    #[serde(default)]
    goal: bool,
    #[serde(default)]
    position: f64,
    visits: u64,
    #[serde(default)]
    customers: u64,
    #[serde(default)]
    journeys: u64,
    #[serde(default)]
    starts: u64,
    #[serde(default)]
    exits: u64,
    #[serde(default)]
    open: u64,
    #[serde(default)]
    completed: u64,
    #[serde(default)]
    repeats: u64,
    exit_change: Option<Change>,
    #[serde(default)]
    value_minor: Value,
    #[serde(default)]
    lost_minor: Value,
}

#[derive(Deserialize)]
struct Edge {
    from: usize,
    to: usize,
    moves: u64,
    #[serde(default)]
    customers: u64,
    #[serde(default)]
    journeys: u64,
    #[serde(default)]
    share: f64,
    #[serde(default)]
    share_in: f64,
    #[serde(default)]
    wait_median: f64,
    #[serde(default)]
    wait_p90: f64,
    #[serde(default)]
    wait_mean: f64,
    #[serde(default)]
    value_minor: Value,
    #[serde(default)]
    lost_minor: Value,
    change: Option<Change>,
}

#[derive(Deserialize)]
struct Change {
    share_a: f64,
    share_b: f64,
    significant: bool,
}

/// The first map of a report's JSON (`map.json`, `report.json`), or of a map's alone.
///
/// # Errors
/// No JSON; no map in it; a transition of a stage that is not there.
pub fn read(json: &[u8]) -> Result<JourneyMap> {
    let all: Value = serde_json::from_slice(json)
        .map_err(|error| Error::new(format!("this is no JSON: {error}")))?;
    let Some(map) = find(&all) else {
        return Err(Error::new("there is no map in it")
            .hint("write one with: touchpath map INPUT -o map.json"));
    };
    let whole = Whole::deserialize(map)
        .map_err(|error| Error::new(format!("the map in it cannot be read: {error}")))?;
    let nodes = whole.nodes.len();
    if let Some(edge) = whole.edges.iter().find(|it| it.from.max(it.to) >= nodes) {
        let (from, to) = (edge.from, edge.to);
        return Err(Error::new(format!(
            "the map in it has a transition from {from} to {to}, but only {nodes} stages"
        )));
    }
    Ok(whole.into())
}

/// The first object with nodes and edges: itself, or of `maps`, or of `reports`.
fn find(value: &Value) -> Option<&Value> {
    if value.get("nodes").is_some() && value.get("edges").is_some() {
        return Some(value);
    }
    let maps = value.get("maps").and_then(Value::as_object);
    let reports = value.get("reports").and_then(Value::as_array);
    maps.and_then(|it| it.values().find_map(find))
        .or_else(|| reports.and_then(|it| it.iter().find_map(find)))
}

/// Minor units, which are text where they outgrow 64 bits.
fn minor(value: &Value) -> Total {
    let number = value.as_i64().map(Total::from);
    number.or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

fn change(it: Option<Change>) -> Option<MapChange> {
    it.map(|it| MapChange { share_a: it.share_a, share_b: it.share_b, significant: it.significant })
}

impl From<Whole> for JourneyMap {
    fn from(it: Whole) -> Self {
        let kind = match it.kind.as_str() {
            "difference" => MapKind::Difference,
            "wait" => MapKind::Wait,
            _ => MapKind::Frequency,
        };
        Self {
            kind,
            metric: it.metric,
            second: it.second,
            nodes: it.nodes.into_iter().map(MapNode::from).collect(),
            edges: it.edges.into_iter().map(MapEdge::from).collect(),
            journeys: it.journeys,
            customers: it.customers,
            value: minor(&it.value_minor),
            currency: it.currency.parse().unwrap_or_default(),
            ..Self::default()
        }
    }
}

impl From<Node> for MapNode {
    fn from(it: Node) -> Self {
        Self {
            name: it.name,
            visits: it.visits,
            customers: it.customers,
            journeys: it.journeys,
            starts: it.starts,
            exits: it.exits,
            open: it.open,
            completed: it.completed,
            repeats: it.repeats,
            goal: it.goal,
            position: it.position,
            exit_change: change(it.exit_change),
            value: minor(&it.value_minor),
            lost: minor(&it.lost_minor),
        }
    }
}

impl From<Edge> for MapEdge {
    fn from(it: Edge) -> Self {
        // As the writer made seconds of it.
        let span = |seconds: f64| Span((seconds * 1e6).round() as i64);
        Self {
            from: it.from,
            to: it.to,
            moves: it.moves,
            customers: it.customers,
            journeys: it.journeys,
            share: it.share,
            share_in: it.share_in,
            wait_median: span(it.wait_median),
            wait_p90: span(it.wait_p90),
            wait_mean: span(it.wait_mean),
            value: minor(&it.value_minor),
            lost: minor(&it.lost_minor),
            change: change(it.change),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{FORMATS, Style, sample};
    use super::*;

    #[test]
    fn a_map_comes_back_from_a_report_as_it_was() {
        let report = sample::report();
        let format = FORMATS.iter().find(|it| it.name == "json").unwrap();
        for reports in [&[&report][..], &[&report, &report]] {
            let mut json = Vec::new();
            (format.write)(reports, &Style::default(), &mut json).unwrap();
            let map = read(&json).unwrap();
            let before = &report.maps[0].1;
            assert!(map.nodes == before.nodes);
            for (edge, known) in map.edges.iter().zip(&before.edges) {
                // Shares are read to the last digits but one.
                assert!((edge.share - known.share).abs() < 1e-12);
                assert!((edge.share_in - known.share_in).abs() < 1e-12);
                let (share, share_in) = (known.share, known.share_in);
                assert_eq!(MapEdge { share, share_in, ..edge.clone() }, *known);
            }
            assert_eq!(
                (map.metric, map.second, map.kind),
                (before.metric, before.second, before.kind)
            );
            assert_eq!((map.value, map.currency), (before.value, before.currency));
        }
    }

    #[test]
    fn what_is_no_map_is_told() {
        let message = |json: &str| read(json.as_bytes()).unwrap_err().message().to_owned();
        assert!(message("{").starts_with("this is no JSON: "));
        assert_eq!(message("[1]"), "there is no map in it");
        let edge = r#"{"nodes": [{"name": "a", "visits": 1}], "edges": [{"from": 0, "to": 1, "moves": 2}]}"#;
        assert_eq!(message(edge), "the map in it has a transition from 0 to 1, but only 1 stages");
        assert!(
            message(r#"{"nodes": 3, "edges": []}"#).starts_with("the map in it cannot be read")
        );
    }
}
