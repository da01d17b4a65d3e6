//! How many stages a map draws: the most visited, and word of the rest.
//!
//! A log can have more stages than any picture; figures were counted before, so
//! leaving a stage out of the picture changes no number on it.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::model::{JourneyMap, MapEdge, MapNode};

/// What stages that are not drawn stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    /// Stages.
    pub stages: usize,
    /// Their visits.
    pub visits: u64,
    /// Transitions from or to them.
    pub edges: usize,
    /// The moves of these.
    pub moves: u64,
    /// Journeys that begin at them.
    pub starts: u64,
}

/// The map of the `most` most visited stages, goals before all others; ties go to
/// the lower id. 0 draws all.
pub fn limit(map: &JourneyMap, most: usize) -> (Cow<'_, JourneyMap>, Hidden) {
    if most == 0 || map.nodes.len() <= most {
        return (Cow::Borrowed(map), Hidden::default());
    }
    let mut order: Vec<usize> = (0..map.nodes.len()).collect();
    order.sort_by_key(|&it| (Reverse(map.nodes[it].goal), Reverse(map.nodes[it].visits), it));
    let mut drawn = order[..most].to_vec();
    drawn.sort_unstable();
    let mut hidden = Hidden { stages: map.nodes.len() - most, ..Hidden::default() };
    for &it in &order[most..] {
        hidden.visits += map.nodes[it].visits;
        hidden.starts += map.nodes[it].starts;
    }
    let place = |node: usize| drawn.binary_search(&node).ok();
    let mut edges = Vec::new();
    for edge in &map.edges {
        if let (Some(from), Some(to)) = (place(edge.from), place(edge.to)) {
            let mut edge = edge.clone();
            (edge.from, edge.to) = (from, to);
            edges.push(edge);
        } else {
            hidden.edges += 1;
            hidden.moves += edge.moves;
        }
    }
    let nodes = drawn.iter().map(|&it| map.nodes[it].clone()).collect();
    (Cow::Owned(with(map, nodes, edges)), hidden)
}

/// The same map with other stages and transitions.
fn with(map: &JourneyMap, nodes: Vec<MapNode>, edges: Vec<MapEdge>) -> JourneyMap {
    JourneyMap {
        title: map.title.clone(),
        subtitle: map.subtitle.clone(),
        nodes,
        edges,
        ..*map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::map::MapKind;
    use crate::output::sample::shop;

    #[test]
    fn the_most_visited_stages_and_the_goals_stay() {
        let map = shop(MapKind::Frequency);
        let (small, hidden) = limit(&map, 5);
        assert_eq!((small.nodes.len(), hidden.stages), (5, map.nodes.len() - 5));
        assert!(small.nodes.iter().any(|it| it.goal));
        let visits = |map: &JourneyMap| map.nodes.iter().map(|it| it.visits).sum::<u64>();
        let moves = |map: &JourneyMap| map.edges.iter().map(|it| it.moves).sum::<u64>();
        assert_eq!(visits(&small) + hidden.visits, visits(&map));
        assert_eq!(moves(&small) + hidden.moves, moves(&map));
        assert_eq!(small.edges.len() + hidden.edges, map.edges.len());
        let name = |map: &JourneyMap, it: usize| map.nodes[it].name.clone();
        for edge in &small.edges {
            let (from, to) = (name(&small, edge.from), name(&small, edge.to));
            let same = |it: &&crate::model::MapEdge| {
                name(&map, it.from) == from && name(&map, it.to) == to
            };
            assert_eq!(map.edges.iter().find(same).map(|it| it.moves), Some(edge.moves));
        }
    }

    #[test]
    fn a_small_map_is_left_alone() {
        let map = shop(MapKind::Frequency);
        for most in [0, map.nodes.len()] {
            let (same, hidden) = limit(&map, most);
            assert_eq!((same.as_ref(), hidden), (&map, Hidden::default()));
        }
    }
}
