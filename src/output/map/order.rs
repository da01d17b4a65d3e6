//! Which way is forward: the order of stages that leaves the fewest moves backward.
//!
//! Stages start in the order of their median step; then single stages are moved
//! while the moves that point backward get fewer (a greedy feedback-arc heuristic,
//! after Eades, Lin and Smyth 1993). Goals stand last.

use crate::model::JourneyMap;

/// The rank of each stage, by its position in [`JourneyMap::nodes`]: 0 is first.
///
/// Up to some hundred stages instant: each round is quadratic in stages, and rounds
/// are limited; ties stay in the order of median step, then of id.
pub fn ranks(map: &JourneyMap) -> Vec<usize> {
    let count = map.nodes.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| {
        let (left, right) = (&map.nodes[a], &map.nodes[b]);
        let position = left.position.total_cmp(&right.position);
        left.goal.cmp(&right.goal).then(position).then(a.cmp(&b))
    });
    let movable = order.iter().filter(|&&it| !map.nodes[it].goal).count();
    if count <= MOST {
        repair(&mut order[..movable], &net_moves(map));
    }
    let mut ranks = vec![0; count];
    order.iter().enumerate().for_each(|(rank, &id)| ranks[id] = rank);
    ranks
}

/// The most stages for which the order is repaired; a larger map is not readable anyway.
const MOST: usize = 2000;
/// The most rounds over all stages.
const ROUNDS: usize = 40;

/// For each pair of stages the moves from the first to the second.
fn net_moves(map: &JourneyMap) -> Vec<Vec<i64>> {
    let mut moves = vec![vec![0i64; map.nodes.len()]; map.nodes.len()];
    for edge in &map.edges {
        moves[edge.from][edge.to] += i64::try_from(edge.moves).unwrap_or(i64::MAX / 4);
    }
    moves
}

/// Moves single stages to their best place until no move helps.
fn repair(order: &mut [usize], moves: &[Vec<i64>]) {
    for _ in 0..ROUNDS {
        let mut moved = false;
        let stages = order.to_vec();
        for &stage in &stages {
            let Some(at) = order.iter().position(|&it| it == stage) else { continue };
            let to = best_place(order, at, moves);
            if to != at {
                if to < at {
                    order[to..=at].rotate_right(1);
                } else {
                    order[at..=to].rotate_left(1);
                }
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
}

/// Where the stage at a place should stand so that fewest moves point backward;
/// its own place unless another is truly better.
fn best_place(order: &[usize], at: usize, moves: &[Vec<i64>]) -> usize {
    let stage = order[at];
    let (mut best, mut least) = (at, 0);
    let mut change = 0;
    for place in (0..at).rev() {
        let other = order[place];
        // Standing before `other`: other → stage becomes backward, stage → other forward.
        change += moves[other][stage] - moves[stage][other];
        if change < least {
            (best, least) = (place, change);
        }
    }
    change = 0;
    for (place, &other) in order.iter().enumerate().skip(at + 1) {
        change += moves[stage][other] - moves[other][stage];
        if change < least {
            (best, least) = (place, change);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;

    /// Moves that point backward under an order.
    fn backward(map: &JourneyMap, ranks: &[usize]) -> u64 {
        map.edges.iter().filter(|it| ranks[it.from] > ranks[it.to]).map(|it| it.moves).sum()
    }

    #[test]
    fn the_repair_turns_moves_forward() {
        let map = sample::shop(MapKind::Frequency);
        let mut by_position: Vec<usize> = (0..map.nodes.len()).collect();
        by_position.sort_by(|&a, &b| map.nodes[a].position.total_cmp(&map.nodes[b].position));
        let mut raw = vec![0; map.nodes.len()];
        by_position.iter().enumerate().for_each(|(rank, &id)| raw[id] = rank);
        let ranks = ranks(&map);
        assert!(backward(&map, &ranks) < backward(&map, &raw));
        // Category list stands before Product page although its median step is later.
        assert!(ranks[6] < ranks[8]);
        assert_eq!(ranks[20], map.nodes.len() - 1, "the goal is last");
    }

    #[test]
    fn each_rank_is_given_once() {
        for map in [sample::dense(30, 200), sample::row(&["a"]), JourneyMap::default()] {
            let mut ranks = ranks(&map);
            ranks.sort_unstable();
            assert_eq!(ranks, (0..map.nodes.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_row_stays_a_row() {
        let map = sample::row(&["a", "b", "c", "d"]);
        assert_eq!(ranks(&map), [0, 1, 2, 3]);
        assert_eq!(backward(&map, &ranks(&map)), 0);
    }
}
