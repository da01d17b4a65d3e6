//! What a picture hides, stage by stage: the ways out and in that are not drawn, and dotted
//! bridges where hidden stages would cut drawn ones off.
//!
//! Reads the whole map and what was chosen of it; chooses nothing itself. Figures are
//! those of the whole map: hiding a way changes no number.

use std::collections::BTreeSet;

use super::filter::{Kept, Reached, backward, forward};
use super::limit::Shown;
use crate::model::JourneyMap;

/// The ways out of and into one drawn stage that are not drawn.
///
/// For each stage, in visits: `drawn out + moves_out + repeats + completed + exits + open`
/// and `drawn in + moves_in + repeats` are both all of its visits, where drawn arrows from the
/// start count as ways in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minor {
    /// How many transitions out are not drawn, also those to stages that are not.
    pub ways_out: u64,
    /// Their moves.
    pub moves_out: u64,
    /// How many ways in are not drawn: transitions, and the start.
    pub ways_in: u64,
    /// Their moves, and the journeys that begin here.
    pub moves_in: u64,
}

/// What is not drawn at each drawn stage, in the order of the drawn ones.
pub fn minor(whole: &JourneyMap, shown: &Shown<'_>, kept: &Kept) -> Vec<Minor> {
    let mut all = vec![Minor::default(); whole.nodes.len()];
    let drawn: BTreeSet<usize> = kept.edges.iter().map(|&it| shown.edges[it]).collect();
    for (_, edge) in whole.edges.iter().enumerate().filter(|it| !drawn.contains(&it.0)) {
        let from = &mut all[edge.from];
        (from.ways_out, from.moves_out) = (from.ways_out + 1, from.moves_out + edge.moves);
        let to = &mut all[edge.to];
        (to.ways_in, to.moves_in) = (to.ways_in + 1, to.moves_in + edge.moves);
    }
    let minor = shown.nodes.iter().enumerate().map(|(place, &id)| {
        let starts = whole.nodes[id].starts;
        let unseen = starts > 0 && kept.starts.binary_search(&place).is_err();
        let (ways, moves) = if unseen { (1, starts) } else { (0, 0) };
        let it = all[id];
        Minor { ways_in: it.ways_in + ways, moves_in: it.moves_in + moves, ..it }
    });
    minor.collect()
}

/// A dotted line between drawn stages that only hidden ones join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The drawn stage before, as a position among the drawn ones; none for the start.
    pub from: Option<usize>,
    /// The drawn stage after.
    pub to: usize,
    /// The hidden stages between, as positions in the whole map, in the order of the way.
    pub through: Vec<usize>,
}

/// The bridges without which a drawn stage would be cut off from the start or from the goals
/// although the whole map joins them, and transitions between drawn stages that do the same.
///
/// Each follows the widest path of the whole map, so that it says a way that customers
/// took; how many took it from end to end, the graph does not know: bridges carry no figure.
pub fn bridges(whole: &JourneyMap, shown: &Shown<'_>, kept: &mut Kept) -> Vec<Bridge> {
    if shown.hidden.stages.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut more = Vec::new();
    let joined = reached(shown, kept, &kept.starts, false);
    let tree = forward(whole);
    let before = |id: usize| whole.edges[id].from;
    for to in (0..shown.nodes.len()).filter(|it| !joined[*it]) {
        match walk(&tree, shown, to, before) {
            Some((None, through)) => found.push(Bridge { from: None, to, through }),
            Some((Some((from, edge)), through)) if through.is_empty() => {
                more.push((from, to, edge))
            }
            Some((Some((from, _)), through)) => {
                found.push(Bridge { from: Some(from), to, through })
            }
            None => {}
        }
    }
    let goals: Vec<usize> = (0..shown.nodes.len()).filter(|&it| shown.map.nodes[it].goal).collect();
    if !goals.is_empty() {
        let joined = reached(shown, kept, &goals, true);
        let tree = backward(whole);
        let after = |id: usize| whole.edges[id].to;
        for from in (0..shown.nodes.len()).filter(|it| !joined[*it]) {
            match walk(&tree, shown, from, after) {
                Some((Some((to, edge)), through)) if through.is_empty() => {
                    more.push((from, to, edge));
                }
                Some((Some((to, _)), mut through)) => {
                    through.reverse();
                    found.push(Bridge { from: Some(from), to, through });
                }
                _ => {}
            }
        }
    }
    draw_too(shown, kept, &more);
    found.iter_mut().for_each(|it| it.through.reverse());
    found.sort_by_key(|it| (it.from, it.to));
    found.dedup_by_key(|it| (it.from, it.to));
    found
}

/// Draws transitions that join what the choice of transitions left apart.
fn draw_too(shown: &Shown<'_>, kept: &mut Kept, more: &[(usize, usize, usize)]) {
    for &(_, _, edge) in more {
        let Ok(place) = shown.edges.binary_search(&edge) else { continue };
        if let Err(at) = kept.edges.binary_search(&place) {
            kept.edges.insert(at, place);
            kept.moves += shown.map.edges[place].moves;
        }
    }
}

/// Which drawn stages the drawn transitions lead to from some (backward: from which they
/// lead there).
fn reached(shown: &Shown<'_>, kept: &Kept, from: &[usize], back: bool) -> Vec<bool> {
    let mut ways = vec![Vec::new(); shown.nodes.len()];
    for edge in kept.edges.iter().map(|&it| &shown.map.edges[it]) {
        let (a, b) = if back { (edge.to, edge.from) } else { (edge.from, edge.to) };
        ways[a].push(b);
    }
    let mut seen = vec![false; shown.nodes.len()];
    from.iter().for_each(|&it| seen[it] = true);
    let mut queue = from.to_vec();
    while let Some(id) = queue.pop() {
        for &next in &ways[id] {
            if !seen[next] {
                seen[next] = true;
                queue.push(next);
            }
        }
    }
    seen
}

/// A drawn stage and the transition of the whole map next to it; none for the start.
type Joint = Option<(usize, usize)>;

/// Follows a tree from a drawn stage to the next drawn one, with the hidden ones passed;
/// `None` where the tree ends before.
fn walk(
    tree: &[Reached],
    shown: &Shown<'_>,
    at: usize,
    next: impl Fn(usize) -> usize,
) -> Option<(Joint, Vec<usize>)> {
    let mut through = Vec::new();
    let mut id = shown.nodes[at];
    loop {
        match tree[id] {
            Reached::Not | Reached::Alone => return None,
            Reached::Start => return Some((None, through)),
            Reached::By(edge) => {
                id = next(edge);
                if let Ok(place) = shown.nodes.binary_search(&id) {
                    return Some((Some((place, edge)), through));
                }
                through.push(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::filter::{Keep, filter};
    use super::super::limit::limit;
    use super::super::{MapStyle, Room, draw_within};
    use super::*;
    use crate::model::{MapEdge, MapNode};
    use crate::output::map::drawing::Dash;

    /// A map in which flow is conserved at every stage: each stage's name is its number.
    fn conserved(
        nodes: usize,
        edges: &[(usize, usize, u64)],
        starts: &[u64],
        goal: usize,
    ) -> JourneyMap {
        let mut map = JourneyMap::default();
        for (id, &starts) in starts.iter().enumerate().take(nodes) {
            map.nodes.push(MapNode {
                name: id.to_string(),
                starts,
                goal: id == goal,
                repeats: id as u64,
                ..MapNode::default()
            });
        }
        let mut seen = BTreeSet::new();
        for &(from, to, moves) in edges {
            if from != to && seen.insert((from, to)) {
                map.edges.push(MapEdge { from, to, moves, ..MapEdge::default() });
            }
        }
        for id in 0..nodes {
            let side = |pick: fn(&MapEdge) -> usize| {
                map.edges.iter().filter(|it| pick(it) == id).map(|it| it.moves).sum::<u64>()
            };
            let (into, out) = (side(|it| it.to), side(|it| it.from));
            let node = &mut map.nodes[id];
            // What came and did not go on ended here; what went on without having come began.
            node.starts += out.saturating_sub(into + node.starts);
            node.visits = into + node.starts + node.repeats;
            node.exits = into + node.starts - out;
        }
        map
    }

    /// The drawn stages that a start leads to, over transitions and bridges.
    fn led_to(shown: &Shown<'_>, kept: &Kept, bridges: &[Bridge]) -> BTreeSet<usize> {
        let mut seen: BTreeSet<usize> = kept.starts.iter().copied().collect();
        seen.extend(bridges.iter().filter(|it| it.from.is_none()).map(|it| it.to));
        loop {
            let before = seen.len();
            for edge in kept.edges.iter().map(|&it| &shown.map.edges[it]) {
                if seen.contains(&edge.from) {
                    seen.insert(edge.to);
                }
            }
            for bridge in bridges {
                if bridge.from.is_some_and(|it| seen.contains(&it)) {
                    seen.insert(bridge.to);
                }
            }
            if seen.len() == before {
                return seen;
            }
        }
    }

    proptest! {
        #[test]
        fn drawn_and_hidden_flow_are_all_flow_and_nothing_is_cut_off(
            edges in proptest::collection::vec((0usize..8, 0usize..8, 1u64..50), 0..40),
            starts in proptest::collection::vec(0u64..30, 8),
            hide in proptest::collection::btree_set(0usize..8, 0..6),
            share in 0.0f64..1.0,
        ) {
            let map = conserved(8, &edges, &starts, 7);
            let hide_stages = hide.iter().map(usize::to_string).collect();
            let style = MapStyle { hide_stages, ..MapStyle::default() };
            let shown = limit(&map, &style, 0);
            let mut kept = filter(&shown.map, Keep::Coverage(share));
            let bridges = bridges(&map, &shown, &mut kept);
            let minor = minor(&map, &shown, &kept);
            for (place, (node, minor)) in shown.map.nodes.iter().zip(&minor).enumerate() {
                let drawn = |pick: fn(&MapEdge) -> usize| {
                    let edges = kept.edges.iter().map(|&it| &shown.map.edges[it]);
                    edges.filter(|it| pick(it) == place).map(|it| it.moves).sum::<u64>()
                };
                let ends = node.repeats + node.completed + node.exits + node.open;
                prop_assert_eq!(drawn(|it| it.from) + minor.moves_out + ends, node.visits);
                let started = if kept.starts.contains(&place) { node.starts } else { 0 };
                let into = drawn(|it| it.to) + started + minor.moves_in + node.repeats;
                prop_assert_eq!(into, node.visits);
            }
            // Whatever the whole map leads to from the start is led to in the picture.
            let whole = limit(&map, &MapStyle::default(), 0);
            let all = led_to(&whole, &filter(&map, Keep::All), &[]);
            let drawn = led_to(&shown, &kept, &bridges);
            for (place, id) in shown.nodes.iter().enumerate() {
                prop_assert_eq!(all.contains(id), drawn.contains(&place), "stage {}", id);
            }
            for bridge in &bridges {
                prop_assert!(bridge.through.iter().all(|it| hide.contains(it)));
                prop_assert!(!bridge.through.is_empty());
            }
        }
    }

    #[test]
    fn a_stage_behind_a_hidden_one_is_reached_by_a_dotted_arrow() {
        let map = conserved(4, &[(0, 1, 9), (1, 2, 7), (2, 3, 5)], &[10, 0, 0, 0], 3);
        let style = MapStyle { hide_stages: vec!["1".to_owned()], ..MapStyle::default() };
        let shown = limit(&map, &style, 0);
        let mut kept = filter(&shown.map, Keep::All);
        let found = bridges(&map, &shown, &mut kept);
        assert_eq!(found, [Bridge { from: Some(0), to: 1, through: vec![1] }]);
        let minor = minor(&map, &shown, &kept);
        assert_eq!((minor[0].ways_out, minor[0].moves_out), (1, 9));
        assert_eq!((minor[1].ways_in, minor[1].moves_in), (1, 7));
        let drawing = draw_within(&map, &style, Room::default());
        let line = drawing.lines.iter().find(|it| it.dash == Dash::Dotted).unwrap();
        let ids = (drawing.shapes[line.from].id.as_str(), drawing.shapes[line.to].id.as_str());
        assert_eq!(ids, ("n0", "n2"));
        assert_eq!(line.tooltip, "0 → 2 by way of stages that are not drawn: 1");
        assert_eq!(drawing.shapes[1].minor, ["+1 minor out (90%)"]);
        assert_eq!(drawing.shapes[2].minor, ["+1 minor in (78%)"]);
        // All starts hidden: the start leads on all the same.
        let style = MapStyle { only_stages: vec!["2".to_owned(), "3".to_owned()], ..style };
        let drawing = draw_within(&map, &style, Room::default());
        assert!(drawing.lines.iter().any(|it| it.from == 0 && it.dash == Dash::Dotted));
    }
}
