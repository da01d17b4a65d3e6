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
