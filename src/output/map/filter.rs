//! Which transitions of a map are drawn: few, heavy, and never a stage cut off.
//!
//! The disparity filter keeps transitions that stand out at one of their ends, or that are
//! heavy in the whole map;
//! widest-path trees from the start and to the end keep every stage connected. The
//! result is a heuristic for the sound and spanning filter of Chapela-Campa, Dumas,
//! Mucientes and Lama, Information Sciences 2022. What is hidden is always told.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::{JourneyMap, Metric};

/// Which transitions to keep beside those that hold the map together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Keep {
    /// Those that the disparity filter finds significant at this level.
    Significant(f64),
    /// The most significant ones until this share of all moves is covered.
    Coverage(f64),
    /// So many with the most moves.
    Top(usize),
    /// All.
    All,
}

impl Default for Keep {
    /// Level 0.05.
    fn default() -> Self {
        Self::Significant(0.05)
    }
}

/// What is drawn of a map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Positions in [`JourneyMap::edges`], ascending.
    pub edges: Vec<usize>,
    /// Positions in [`JourneyMap::nodes`] that get an arrow from the start, ascending.
    pub starts: Vec<usize>,
    /// Moves of the transitions drawn.
    pub moves: u64,
    /// Moves of all transitions.
    pub all_moves: u64,
    /// Journeys whose start arrow is drawn.
    pub started: u64,
    /// All journeys' starts.
    pub all_started: u64,
    /// How many transitions were to be drawn, where that is more than a picture can hold.
    pub wanted: Option<usize>,
}

impl Kept {
    /// The share of moves that the drawn transitions stand for; 1 where nothing moves.
    pub fn coverage(&self) -> f64 {
        if self.all_moves == 0 { 1.0 } else { self.moves as f64 / self.all_moves as f64 }
    }
}

/// Chooses the transitions of a map that are drawn.
///
/// Every stage stays reachable from the start, and keeps a way to a goal, wherever
/// the whole map has one (without goals: to a stage where journeys end). Work grows
/// as `E log E`. Equal weights are told apart by position, so that the choice never
/// depends on anything but the map.
pub fn filter(map: &JourneyMap, keep: Keep) -> Kept {
    Ranking::new(map, keep).kept(keep, usize::MAX)
}

/// The transitions of a map in the order in which they are drawn: those that hold the map
/// together, then the others, the most significant (or the most frequent) first. What is
/// drawn is always a beginning of it, so that more coverage adds and never replaces.
#[derive(Debug, Clone)]
pub struct Ranking<'a> {
    map: &'a JourneyMap,
    /// Positions in [`JourneyMap::edges`].
    order: Vec<usize>,
    /// How many of these hold the map together.
    trees: usize,
    scores: Vec<f64>,
    started: Vec<bool>,
}

impl<'a> Ranking<'a> {
    /// Ranks the transitions of a map: by moves for [`Keep::Top`], else by significance.
    pub fn new(map: &'a JourneyMap, keep: Keep) -> Self {
        let scores = scores(map);
        let mut held = vec![false; map.edges.len()];
        let mut started = vec![false; map.nodes.len()];
        for (node, way) in forward(map).into_iter().enumerate() {
            match way {
                Reached::By(edge) => held[edge] = true,
                Reached::Start => started[node] = true,
                Reached::Not | Reached::Alone => {}
            }
        }
        for way in backward(map) {
            if let Reached::By(edge) = way {
                held[edge] = true;
            }
        }
        let mut order: Vec<usize> = (0..map.edges.len()).collect();
        order.sort_by(|&a, &b| {
            let moves = map.edges[b].moves.cmp(&map.edges[a].moves);
            let by_score = match keep {
                Keep::Top(_) => std::cmp::Ordering::Equal,
                _ => scores[a].total_cmp(&scores[b]),
            };
            held[b].cmp(&held[a]).then(by_score).then(moves).then(a.cmp(&b))
        });
        let trees = held.iter().filter(|it| **it).count();
        keep_starts(map, keep, &mut started);
        Self { map, order, trees, scores, started }
    }

    /// What is drawn: at most so many transitions, but always those that hold the map together.
    pub fn kept(&self, keep: Keep, most: usize) -> Kept {
        let wanted = self.count(keep).max(self.trees);
        let count = wanted.min(most.max(self.trees));
        Kept { wanted: (count < wanted).then_some(wanted), ..self.first(count) }
    }

    /// Only what holds the map together.
    pub fn bare(&self) -> Kept {
        self.first(self.trees)
    }

    /// So many transitions from the beginning of the ranking.
    fn first(&self, count: usize) -> Kept {
        let (map, mut edges) = (self.map, self.order[..count].to_vec());
        edges.sort_unstable();
        let starts: Vec<usize> = (0..self.started.len()).filter(|&it| self.started[it]).collect();
        Kept {
            moves: edges.iter().map(|&it| map.edges[it].moves).sum(),
            all_moves: map.edges.iter().map(|it| it.moves).sum(),
            started: starts.iter().map(|&it| map.nodes[it].starts).sum(),
            all_started: map.nodes.iter().map(|it| it.starts).sum(),
            edges,
            starts,
            wanted: None,
        }
    }

    /// How many transitions from the beginning of the ranking a choice draws.
    fn count(&self, keep: Keep) -> usize {
        let rest = &self.order[self.trees..];
        match keep {
            Keep::All => self.order.len(),
            Keep::Significant(level) => {
                self.trees + rest.iter().take_while(|&&it| self.scores[it] < level).count()
            }
            Keep::Top(count) => {
                let edges = &self.map.edges;
                let mut ranked: Vec<usize> = (0..edges.len()).collect();
                ranked.sort_by_key(|&it| (Reverse(edges[it].moves), it));
                ranked.truncate(count);
                ranked.sort_unstable();
                let more = rest.iter().filter(|it| ranked.binary_search(it).is_ok()).count();
                self.trees + more
            }
            Keep::Coverage(share) => self.covering(share),
        }
    }

    /// How many transitions cover a share of all moves.
    fn covering(&self, share: f64) -> usize {
        let moves = |it: &usize| self.map.edges[*it].moves;
        let all: u64 = self.order.iter().map(moves).sum();
        let mut covered: u64 = self.order[..self.trees].iter().map(moves).sum();
        let mut count = self.trees;
        while count < self.order.len() && (covered as f64) < share * all as f64 {
            covered += moves(&self.order[count]);
            count += 1;
        }
        count
    }
}

/// A transition with this share of all moves is drawn whatever its ends say: there are fifty
/// of them at most, and who reads the map misses them.
const HEAVY: f64 = 0.02;

/// The heaviest way out of (or into) a stage is drawn where it is this share of its visits.
const MAIN: f64 = 0.25;

/// So many transitions that lose the most are drawn on a map of lost value.
const COSTLY: usize = 8;

/// How much transitions stand out, the least score the most: [`disparity`], and 0 for those
/// that are heavy in the whole map, the main way of a stage, or among the costliest
/// on a map of lost value.
fn scores(map: &JourneyMap) -> Vec<f64> {
    let all = map.edges.iter().map(|it| it.moves).sum::<u64>() as f64;
    let mut scores = disparity(map);
    let (mut out, mut into) = (vec![None; map.nodes.len()], vec![None; map.nodes.len()]);
    for (id, edge) in map.edges.iter().enumerate() {
        for best in [&mut out[edge.from], &mut into[edge.to]] {
            if best.is_none_or(|it: usize| map.edges[it].moves < edge.moves) {
                *best = Some(id);
            }
        }
    }
    let main = |node: usize, moves: u64| moves as f64 >= MAIN * map.nodes[node].visits as f64;
    for (id, edge) in map.edges.iter().enumerate().filter(|it| it.1.moves > 0) {
        let first = out[edge.from] == Some(id) && main(edge.from, edge.moves);
        let last = into[edge.to] == Some(id) && main(edge.to, edge.moves);
        if first || last || edge.moves as f64 >= HEAVY * all {
            scores[id] = 0.0;
        }
    }
    if map.metric == Metric::Lost {
        let mut costly: Vec<usize> =
            (0..map.edges.len()).filter(|&it| map.edges[it].lost > 0).collect();
        costly.sort_by_key(|&it| (Reverse(map.edges[it].lost), it));
        costly.into_iter().take(COSTLY).for_each(|it| scores[it] = 0.0);
    }
    scores
}

/// The chance that a transition of a share this large comes about when its stage's
/// moves are spread over its ways at random: `(1 - p)^(k - 1)`, the smaller of both
/// ends; 1 (no verdict) where an end has one way only.
///
/// Source: Serrano, Boguñá and Vespignani, PNAS 106:6483, 2009, equation 2, for
/// directed graphs. Example: a way with 80 % of the moves of a stage of three ways
/// scores `0.2² = 0.04`, below the usual level of 0.05.
pub fn disparity(map: &JourneyMap) -> Vec<f64> {
    let nodes = map.nodes.len();
    let (mut out, mut into) = (vec![(0u64, 0u32); nodes], vec![(0u64, 0u32); nodes]);
    for edge in &map.edges {
        out[edge.from] = (out[edge.from].0 + edge.moves, out[edge.from].1 + 1);
        into[edge.to] = (into[edge.to].0 + edge.moves, into[edge.to].1 + 1);
    }
    let score = |moves: u64, (all, ways): (u64, u32)| match ways {
        0 | 1 => 1.0,
        _ if all == 0 => 1.0,
        _ => power(1.0 - moves as f64 / all as f64, ways - 1),
    };
    map.edges
        .iter()
        .map(|it| score(it.moves, out[it.from]).min(score(it.moves, into[it.to])))
        .collect()
}

/// `base^exponent` by squaring: the same bits on every platform, unlike `powi`.
fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    result
}

/// Start arrows: those of the tree, and those that stand out among all starts.
fn keep_starts(map: &JourneyMap, keep: Keep, started: &mut [bool]) {
    let all: u64 = map.nodes.iter().map(|it| it.starts).sum();
    let ways = map.nodes.iter().filter(|it| it.starts > 0).count() as u32;
    let level = match keep {
        Keep::Significant(level) => level,
        Keep::All => f64::INFINITY,
        Keep::Coverage(_) | Keep::Top(_) => 0.05,
    };
    for (node, started) in map.nodes.iter().zip(started) {
        let share = node.starts as f64 / all.max(1) as f64;
        // Where starts are spread evenly none stands out: a fiftieth of all is enough.
        let stands_out = share >= 0.02 || power(1.0 - share, ways.saturating_sub(1)) < level;
        *started |= node.starts > 0 && stands_out;
    }
}

/// How a widest-path tree comes to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Not at all.
    Not,
    /// Directly: from the start, or because it is an end.
    Start,
    /// It does not, but others are reached from here (a cut in the data).
    Alone,
    /// By a transition, a position in [`JourneyMap::edges`].
    By(usize),
}

/// The widest-path tree from the start: each stage by the way whose narrowest
/// transition is widest (Prim's algorithm with a largest-first heap).
pub fn forward(map: &JourneyMap) -> Vec<Reached> {
    let mut ways = vec![Vec::new(); map.nodes.len()];
    map.edges.iter().enumerate().for_each(|(id, it)| ways[it.from].push((id, it.to)));
    let mut reached = vec![Reached::Not; map.nodes.len()];
    let mut heap = BinaryHeap::new();
    for (id, node) in map.nodes.iter().enumerate().filter(|it| it.1.starts > 0) {
        heap.push((node.starts, Reverse(id), None));
    }
    grow(map, &ways, &mut heap, &mut reached);
    // Stages that no start leads to (a cut in the data) grow their own tree.
    for id in 0..reached.len() {
        if reached[id] == Reached::Not {
            reached[id] = Reached::Alone;
            push_ways(map, &ways[id], &mut heap);
            grow(map, &ways, &mut heap, &mut reached);
        }
    }
    reached
}

/// The widest-path tree to the end: goals, else every stage where journeys end.
pub fn backward(map: &JourneyMap) -> Vec<Reached> {
    let mut ways = vec![Vec::new(); map.nodes.len()];
    map.edges.iter().enumerate().for_each(|(id, it)| ways[it.to].push((id, it.from)));
    let mut reached = vec![Reached::Not; map.nodes.len()];
    let mut heap = BinaryHeap::new();
    let any_goal = map.nodes.iter().any(|it| it.goal);
    for (id, node) in map.nodes.iter().enumerate() {
        let ends = node.exits + node.open + node.completed;
        let width = if any_goal { if node.goal { u64::MAX } else { 0 } } else { ends };
        if width > 0 {
            heap.push((width, Reverse(id), None));
        }
    }
    grow(map, &ways, &mut heap, &mut reached);
    reached
}

type Ways = Vec<Vec<(usize, usize)>>;
type Heap = BinaryHeap<(u64, Reverse<usize>, Option<Reverse<usize>>)>;

fn grow(map: &JourneyMap, ways: &Ways, heap: &mut Heap, reached: &mut [Reached]) {
    while let Some((_, Reverse(id), edge)) = heap.pop() {
        if reached[id] == Reached::Not {
            reached[id] = edge.map_or(Reached::Start, |it| Reached::By(it.0));
            push_ways(map, &ways[id], heap);
        }
    }
}

fn push_ways(map: &JourneyMap, ways: &[(usize, usize)], heap: &mut Heap) {
    for &(edge, to) in ways {
        heap.push((map.edges[edge].moves, Reverse(to), Some(Reverse(edge))));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;
    use crate::model::{MapEdge, MapNode};

    /// The stages that what is drawn leads to from the start.
    fn reachable(map: &JourneyMap, kept: &Kept) -> BTreeSet<usize> {
        let mut seen: BTreeSet<usize> = kept.starts.iter().copied().collect();
        let mut queue: Vec<usize> = kept.starts.clone();
        while let Some(id) = queue.pop() {
            for &edge in &kept.edges {
                let edge = &map.edges[edge];
                if edge.from == id && seen.insert(edge.to) {
                    queue.push(edge.to);
                }
            }
        }
        seen
    }

    fn map(
        nodes: usize,
        starts: &[usize],
        goals: &[usize],
        edges: &[(usize, usize, u64)],
    ) -> JourneyMap {
        let mut map = JourneyMap::default();
        for id in 0..nodes {
            map.nodes.push(MapNode {
                starts: u64::from(starts.contains(&id)) * 100,
                exits: 1,
                visits: 1000,
                goal: goals.contains(&id),
                ..MapNode::default()
            });
        }
        for &(from, to, moves) in edges {
            map.edges.push(MapEdge { from, to, moves, ..MapEdge::default() });
        }
        map
    }

    #[test]
    fn disparity_is_the_published_formula() {
        let map = map(4, &[0], &[], &[(0, 1, 80), (0, 2, 10), (0, 3, 10)]);
        let scores = disparity(&map);
        assert!((scores[0] - 0.04).abs() < 1e-12);
        assert!((scores[1] - 0.81).abs() < 1e-12);
        let chain = self::map(2, &[0], &[], &[(0, 1, 5)]);
        assert_eq!(disparity(&chain), [1.0]);
    }

    #[test]
    fn the_shop_is_drawn_with_a_quarter_of_its_transitions() {
        let map = sample::shop(MapKind::Frequency);
        let kept = filter(&map, Keep::default());
        assert!(
            kept.edges.len() < map.edges.len() / 3,
            "{} of {}",
            kept.edges.len(),
            map.edges.len()
        );
        assert!(kept.coverage() > 0.85, "{}", kept.coverage());
        assert_eq!(kept.starts, [0, 1, 2, 3, 4]);
        assert_eq!(reachable(&map, &kept).len(), map.nodes.len());
    }

    #[test]
    fn coverage_is_met_with_the_fewest_of_the_ranking() {
        let map = sample::shop(MapKind::Frequency);
        for target in [0.5, 0.9, 0.95, 0.99, 1.0] {
            let kept = filter(&map, Keep::Coverage(target));
            assert!(kept.coverage() >= target, "{target}: {}", kept.coverage());
        }
        let (few, more) = (filter(&map, Keep::Coverage(0.9)), filter(&map, Keep::Coverage(0.99)));
        assert!(few.edges.len() < more.edges.len());
    }

    #[test]
    fn top_and_all_do_as_they_say() {
        let map = sample::shop(MapKind::Frequency);
        let bare = filter(&map, Keep::Top(0)).edges.len();
        assert!(filter(&map, Keep::Top(60)).edges.len() >= 60);
        assert!(bare < 60);
        assert_eq!(filter(&map, Keep::All).edges.len(), map.edges.len());
        assert_eq!(filter(&map, Keep::All).coverage(), 1.0);
    }

    #[test]
    fn an_empty_map_is_covered() {
        let kept = filter(&JourneyMap::default(), Keep::default());
        assert!(kept.edges.is_empty());
        assert_eq!(kept.coverage(), 1.0);
    }

    #[test]
    fn a_thin_bridge_to_the_goal_stays() {
        let edges = [(0, 1, 1000), (1, 0, 900), (1, 2, 1), (2, 3, 1), (0, 2, 1), (1, 3, 0)];
        let map = map(4, &[0], &[3], &edges);
        let kept = filter(&map, Keep::Top(1));
        assert_eq!(reachable(&map, &kept), BTreeSet::from([0, 1, 2, 3]));
    }

    fn reversed(map: &JourneyMap, goals: &[usize]) -> JourneyMap {
        let mut turned = map.clone();
        turned.edges.iter_mut().for_each(|it| std::mem::swap(&mut it.from, &mut it.to));
        turned.nodes.iter_mut().for_each(|it| it.starts = 0);
        goals.iter().for_each(|&it| turned.nodes[it].starts = 1);
        turned
    }

    proptest! {
        #[test]
        fn what_is_drawn_reaches_what_the_whole_map_reaches(
            edges in proptest::collection::vec((0usize..9, 0usize..9, 0u64..50), 0..60),
            level in 0.0f64..0.2,
        ) {
            let mut seen = BTreeSet::new();
            let edges: Vec<_> =
                edges.into_iter().filter(|it| it.0 != it.1 && seen.insert((it.0, it.1))).collect();
            let map = map(9, &[0, 3], &[8], &edges);
            let (kept, all) = (filter(&map, Keep::Significant(level)), filter(&map, Keep::All));
            prop_assert_eq!(reachable(&map, &kept), reachable(&map, &all));
            let back = reversed(&map, &[8]);
            let from_goal = |it: &Kept| reachable(&back, &Kept { starts: vec![8], ..it.clone() });
            prop_assert_eq!(from_goal(&kept), from_goal(&all));
            prop_assert!(kept.moves <= kept.all_moves);
            // More coverage adds, and never replaces.
            let ranking = Ranking::new(&map, Keep::default());
            let mut before = ranking.bare();
            for share in [0.3, 0.6, 0.9, 1.0] {
                let more = ranking.kept(Keep::Coverage(share), usize::MAX);
                prop_assert!(before.edges.iter().all(|it| more.edges.contains(it)));
                prop_assert!(more.coverage() >= share);
                prop_assert_eq!(&ranking.kept(Keep::Coverage(share), 0).edges, &ranking.bare().edges);
                before = more;
            }
        }
    }
}
