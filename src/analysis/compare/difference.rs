//! The difference map: the pooled graph, colored by what the variant changed.

use std::collections::BTreeMap;

use crate::analysis::Evidence;
use crate::base::{Span, StageId};
use crate::model::map::{MapChange, MapKind};
use crate::model::{JourneyMap, MapEdge, MapNode, StageStat};

use super::edges::EdgeRow;

/// Rows by the stage that is left and the one that follows.
type Rows<'a> = BTreeMap<(StageId, Option<StageId>), &'a EdgeRow>;

/// The map of one variant's rows over the graph of all customers.
pub(super) fn map(title: String, rows: &[&EdgeRow], evidence: &Evidence<'_>) -> JourneyMap {
    let (catalog, graph) = (evidence.catalog, evidence.graph);
    let rows: Rows<'_> = rows.iter().map(|it| ((it.from, it.to), *it)).collect();
    let mut place = BTreeMap::new();
    let mut map = JourneyMap {
        title,
        subtitle: vec![
            "Figures: all customers; a share is a way's part of all ways out of its stage, exits \
             included"
                .to_owned(),
        ],
        kind: MapKind::Difference,
        journeys: graph.journeys,
        customers: graph.customers,
        converted: graph.converted,
        exits: graph.exits,
        open: graph.open,
        currency: catalog.currency,
        ..JourneyMap::default()
    };
    for (id, stat) in graph.stages().filter(|it| it.1.visits > 0) {
        place.insert(id, map.nodes.len());
        map.nodes.push(node(id, stat, &rows, evidence));
    }
    for (from, to, stat) in graph.transitions() {
        let (Some(&a), Some(&b)) = (place.get(&from), place.get(&to)) else { continue };
        if from == to {
            map.nodes[a].repeats = stat.moves;
            continue;
        }
        map.edges.push(MapEdge {
            from: a,
            to: b,
            moves: stat.moves,
            customers: stat.customers,
            share: stat.moves as f64 / graph.stage(from).visits.max(1) as f64,
            wait_median: Span(stat.wait.median.round() as i64),
            wait_p90: Span(stat.wait.p90.round() as i64),
            value: stat.value,
            change: change(rows.get(&(from, Some(to)))),
        });
    }
    map
}

fn node(id: StageId, stat: &StageStat, rows: &Rows<'_>, evidence: &Evidence<'_>) -> MapNode {
    MapNode {
        name: evidence.catalog.stage(id).to_owned(),
        visits: stat.visits,
        customers: stat.customers,
        starts: stat.starts,
        exits: stat.exits,
        open: stat.open,
        completed: stat.completed,
        goal: evidence.catalog.is_goal(id),
        position: stat.position_median as f64,
        exit_change: change(rows.get(&(id, None))).map(|it| it.share_b - it.share_a),
        value: stat.value,
        ..MapNode::default()
    }
}

/// What a row changed; `None` where an arm never left the stage.
fn change(row: Option<&&EdgeRow>) -> Option<MapChange> {
    let row = row?;
    Some(MapChange {
        share_a: row.control.ratio()?,
        share_b: row.variant.ratio()?,
        significant: row.significant(),
    })
}
