//! Which stages a map draws: those named, the most visited of these, and word of the rest.
//!
//! A log can have more stages than any picture; figures were counted before, so
//! leaving a stage out of the picture changes no number on it. Ways to and from stages
//! that are not drawn count as minor flow at those that are.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::MapStyle;
use crate::base::names::nearest;
use crate::base::{Error, Result};
use crate::model::{JourneyMap, MapEdge, MapNode};

/// The stages that are drawn, and what the others stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown<'a> {
    /// The map of these stages alone.
    pub map: Cow<'a, JourneyMap>,
    /// Where each of its stages stands in the whole map, ascending.
    pub nodes: Vec<usize>,
    /// Where each of its transitions stands in the whole map, ascending.
    pub edges: Vec<usize>,
    /// What is not drawn.
    pub hidden: Hidden,
}

/// What stages that are not drawn stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hidden {
    /// Their positions in the whole map, the most visited first.
    pub stages: Vec<usize>,
    /// Their visits.
    pub visits: u64,
    /// Transitions from or to them.
    pub edges: usize,
    /// The moves of these.
    pub moves: u64,
    /// Journeys that begin at them.
    pub starts: u64,
}

/// Refuses names of stages that the map does not have.
///
/// # Errors
/// Such a name, with the nearest one.
pub fn check(map: &JourneyMap, style: &MapStyle) -> Result<()> {
    let flags = [("--only-stages", &style.only_stages), ("--hide-stages", &style.hide_stages)];
    for (flag, names) in flags {
        for name in names {
            if !map.nodes.iter().any(|it| it.name == *name) {
                let known = map.nodes.iter().map(|it| it.name.as_str());
                return Err(Error::new(format!("{flag}: the map has no stage \"{name}\""))
                    .suggest(nearest(name, known)));
            }
        }
    }
    Ok(())
}

/// The stages that a style draws, and of these the `most` most visited, goals before all
/// others; ties go to the lower id. 0 draws all.
pub fn limit<'a>(map: &'a JourneyMap, style: &MapStyle, most: usize) -> Shown<'a> {
    let most = if most == 0 { usize::MAX } else { most };
    let named = |it: &MapNode| {
        (style.only_stages.is_empty() || style.only_stages.contains(&it.name))
            && !style.hide_stages.contains(&it.name)
    };
    let mut order: Vec<usize> = (0..map.nodes.len()).collect();
    order.sort_by_key(|&it| {
        let node = &map.nodes[it];
        (!named(node), !node.goal, Reverse(node.visits), it)
    });
    let drawn = map.nodes.iter().filter(|it| named(it)).count().min(most);
    if drawn == map.nodes.len() {
        let (nodes, edges) = ((0..map.nodes.len()).collect(), (0..map.edges.len()).collect());
        return Shown { map: Cow::Borrowed(map), nodes, edges, hidden: Hidden::default() };
    }
    let mut stages = order.split_off(drawn);
    stages.sort_by_key(|&it| (Reverse(map.nodes[it].visits), it));
    order.sort_unstable();
    part(map, order, stages)
}

/// The part of a map with some of its stages.
fn part(map: &JourneyMap, nodes: Vec<usize>, stages: Vec<usize>) -> Shown<'_> {
    let mut hidden = Hidden { stages, ..Hidden::default() };
    for &it in &hidden.stages {
        hidden.visits += map.nodes[it].visits;
        hidden.starts += map.nodes[it].starts;
    }
    let place = |node: usize| nodes.binary_search(&node).ok();
    let (mut edges, mut kept): (Vec<usize>, Vec<MapEdge>) = (Vec::new(), Vec::new());
    for (id, edge) in map.edges.iter().enumerate() {
        if let (Some(from), Some(to)) = (place(edge.from), place(edge.to)) {
            edges.push(id);
            kept.push(MapEdge { from, to, ..edge.clone() });
        } else {
            hidden.edges += 1;
            hidden.moves += edge.moves;
        }
    }
    let map = JourneyMap {
        title: map.title.clone(),
        subtitle: map.subtitle.clone(),
        nodes: nodes.iter().map(|&it| map.nodes[it].clone()).collect(),
        edges: kept,
        ..*map
    };
    Shown { map: Cow::Owned(map), nodes, edges, hidden }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::map::MapKind;
    use crate::output::sample::shop;

    #[test]
    fn the_most_visited_stages_and_the_goals_stay() {
        let map = shop(MapKind::Frequency);
        let Shown { map: small, nodes, edges, hidden } = limit(&map, &MapStyle::default(), 5);
        assert_eq!((small.nodes.len(), hidden.stages.len()), (5, map.nodes.len() - 5));
        assert!(small.nodes.iter().any(|it| it.goal));
        let visits = |map: &JourneyMap| map.nodes.iter().map(|it| it.visits).sum::<u64>();
        let moves = |map: &JourneyMap| map.edges.iter().map(|it| it.moves).sum::<u64>();
        assert_eq!(visits(&small) + hidden.visits, visits(&map));
        assert_eq!(moves(&small) + hidden.moves, moves(&map));
        assert_eq!(small.edges.len() + hidden.edges, map.edges.len());
        for (edge, id) in small.edges.iter().zip(edges) {
            let whole = &map.edges[id];
            assert_eq!((nodes[edge.from], nodes[edge.to]), (whole.from, whole.to));
            assert_eq!(edge.moves, whole.moves);
        }
        let most = map.nodes[hidden.stages[0]].visits;
        assert!(hidden.stages.iter().all(|&it| map.nodes[it].visits <= most));
    }

    #[test]
    fn a_small_map_is_left_alone() {
        let map = shop(MapKind::Frequency);
        for most in [0, map.nodes.len()] {
            let same = limit(&map, &MapStyle::default(), most);
            assert_eq!((same.map.as_ref(), &same.hidden), (&map, &Hidden::default()));
            assert_eq!((same.nodes.len(), same.edges.len()), (map.nodes.len(), map.edges.len()));
        }
    }

    #[test]
    fn stages_are_chosen_by_name() {
        let map = shop(MapKind::Frequency);
        let names = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let style = |only: &[&str], hide: &[&str]| MapStyle {
            only_stages: names(only),
            hide_stages: names(hide),
            ..MapStyle::default()
        };
        let drawn = |style: &MapStyle, most| {
            let shown = limit(&map, style, most);
            shown.map.nodes.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
        };
        let chosen = style(&["Purchase", "Cart", "Payment"], &["Payment"]);
        assert_eq!(drawn(&chosen, 0), ["Cart", "Purchase"]);
        assert_eq!(drawn(&chosen, 1), ["Purchase"]);
        assert_eq!(drawn(&style(&[], &["Cart"]), 0).len(), map.nodes.len() - 1);
        assert!(check(&map, &chosen).is_ok());
        let error = check(&map, &style(&[], &["Paymnt"])).unwrap_err();
        assert_eq!(error.message(), "--hide-stages: the map has no stage \"Paymnt\"");
        assert_eq!(error.hint_text(), Some("did you mean \"Payment\"?"));
    }
}
