//! The difference map: the pooled graph, colored by what the variant changed.

use std::collections::BTreeMap;

use crate::analysis::Evidence;
use crate::analysis::map::journey_map;
use crate::base::StageId;
use crate::model::JourneyMap;
use crate::model::map::{MapChange, MapKind};

use super::edges::EdgeRow;

/// Rows by the stage that is left and the one that follows.
type Rows<'a> = BTreeMap<(StageId, Option<StageId>), &'a EdgeRow>;

/// The map of one variant's rows over the graph of all customers.
pub(super) fn map(title: String, rows: &[&EdgeRow], evidence: &Evidence<'_>) -> JourneyMap {
    let (catalog, graph) = (evidence.catalog, evidence.graph);
    let rows: Rows<'_> = rows.iter().map(|it| ((it.from, it.to), *it)).collect();
    let mut map = journey_map(catalog, graph, MapKind::Difference);
    map.title = title;
    map.subtitle.push(
        "figures: all customers; shares compared: of all ways out of a stage, exits included"
            .to_owned(),
    );
    // The map's stages and transitions are the graph's, in its order: those with visits, and
    // without moves of a stage to itself.
    let stages = graph.stages().filter(|it| it.1.visits > 0);
    for (node, (id, _)) in map.nodes.iter_mut().zip(stages) {
        node.exit_change = change(rows.get(&(id, None)));
    }
    let transitions = graph.transitions().filter(|it| it.0 != it.1);
    for (edge, (from, to, _)) in map.edges.iter_mut().zip(transitions) {
        edge.change = change(rows.get(&(from, Some(to))));
    }
    map
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
