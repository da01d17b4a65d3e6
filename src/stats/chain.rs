//! Absorbing Markov chains of first order, solved exactly from counts.
//!
//! Every walk starts in a state, moves between states, and ends in conversion
//! or in null. Asked: how probable is conversion, and how much of it would be
//! lost if a state were removed (walks that reach it go to null instead). No
//! simulation: one factorization gives all states. Knows nothing of channels or
//! customers; states are numbers from 0.

use rayon::prelude::*;

use self::steps::{Hits, Solved, Steps};
use super::lu::Lu;

mod steps;

/// Above this many states the chain is solved by sweeps, not by factorization.
const DENSE_STATES: usize = 1500;

/// How often walks did what. All slices but `moves` have one entry per state.
#[derive(Debug, Clone, Copy)]
pub struct ChainCounts<'a> {
    /// Walks that began in the state.
    pub starts: &'a [u64],
    /// Moves `(from, to, count)`; any order, repeats are added up.
    pub moves: &'a [(u32, u32, u64)],
    /// Walks that converted from the state.
    pub conversions: &'a [u64],
    /// Walks that ended in the state without conversion.
    pub nulls: &'a [u64],
    /// Summed value of the conversions from the state, in minor units; conversions
    /// from a state then count with their mean value. `None`: no value asked for.
    pub values: Option<&'a [i64]>,
}

/// What becomes of moves from a state to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SelfLoops {
    /// Dropped: a state repeated in a row is one visit. Removal effects, shares
    /// and conversion probabilities are the same either way.
    #[default]
    Drop,
    /// Kept: each repeat is a visit.
    Keep,
}

/// Effects for one reward: conversions, or their value.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// Expected reward of a walk: the conversion probability, or minor units.
    pub per_walk: f64,
    /// Expected reward of a walk that is in the state.
    pub from_state: Vec<f64>,
    /// Share of the expected reward lost if the state (or group) were removed; all 0 when
    /// there is none to lose. They do not sum to 1: a walk counts for all its
    /// states.
    pub effects: Vec<f64>,
    /// The effects divided by their sum: each state's share of the credit. Sums
    /// to 1, or all 0 when the effects sum to 0.
    pub shares: Vec<f64>,
}

/// A solved chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// Expected visits to each state per walk.
    pub visits: Vec<f64>,
    /// Conversion probability and what removals do to it.
    pub conversion: Removal,
    /// The same for value, when values were given.
    pub value: Option<Removal>,
}

impl Chain {
    /// Solves the chain.
    ///
    /// With Q the probabilities between states, r those of conversion and s
    /// those of starting: N = (I − Q)⁻¹, v′ = s′N, h = Nr, P = s′h, and removing
    /// state k loses v_k h_k / (N_kk P) of P: a walk reaches k at all with
    /// probability v_k / N_kk and converts from there with h_k. For value, r is
    /// multiplied by the mean value per conversion of its state. The idea of
    /// removal effects: E. Anderl, I. Becker, F. von Wangenheim, J. H. Schumann,
    /// International Journal of Research in Marketing 33 (2016).
    ///
    /// If every walk is counted from its start to its end, P is exactly
    /// conversions / (conversions + nulls). A state without counted ways out
    /// counts as null. Walks that visit no state are not part of the chain.
    ///
    /// `None` when slices differ in length, a move names an unknown state, values
    /// lie where there are no conversions, or some states are never left (no
    /// probability is defined). Without starts or conversions the figures are 0.
    ///
    /// O(n³) to 1,500 states (1 s there on one core, measured); above it O(n ·
    /// sweeps · moves). In parallel, with the same bits on any number of threads.
    ///
    /// ```
    /// # use touchpath::stats::{Chain, ChainCounts, SelfLoops};
    /// // Ten walks begin in state 0: two convert there, four end, four move to
    /// // state 1, where one converts and three end.
    /// let chain = Chain::solve(&ChainCounts {
    ///     starts: &[10, 0],
    ///     moves: &[(0, 1, 4)],
    ///     conversions: &[2, 1],
    ///     nulls: &[4, 3],
    ///     values: None,
    /// }, SelfLoops::Drop).unwrap();
    /// assert!((chain.conversion.per_walk - 0.3).abs() < 1e-15);
    /// assert_eq!(chain.visits, [1.0, 0.4]);
    /// // All walks pass state 0; a third of the conversions pass state 1.
    /// assert!((chain.conversion.effects[0] - 1.0).abs() < 1e-15);
    /// assert!((chain.conversion.effects[1] - 1.0 / 3.0).abs() < 1e-15);
    /// assert!((chain.conversion.shares[0] - 0.75).abs() < 1e-15);
    /// ```
    pub fn solve(counts: &ChainCounts<'_>, self_loops: SelfLoops) -> Option<Self> {
        Self::solve_within(counts, self_loops, DENSE_STATES)
    }

    /// Solves the chain with one removal per group of states, for channels that
    /// own several states (windows of the last touches, or campaigns of a channel).
    ///
    /// `effects` and `shares` have one entry per group, `visits` and `from_state`
    /// still one per state. Removing a group loses Σ f_a h_a / P over its states,
    /// f_a being the probability that the group is first reached in a. Groups may
    /// overlap; one of a single state has the effect of [`solve`](Self::solve).
    /// `None` also when a group names an unknown state. O(groups · sweeps · moves).
    ///
    /// ```
    /// # use touchpath::stats::{Chain, ChainCounts, SelfLoops};
    /// let counts = ChainCounts {
    ///     starts: &[6, 4],
    ///     moves: &[(0, 1, 2)],
    ///     conversions: &[1, 3],
    ///     nulls: &[3, 3],
    ///     values: None,
    /// };
    /// let chain = Chain::solve_grouped(&counts, SelfLoops::Drop, &[vec![0, 1], vec![1]]).unwrap();
    /// assert!((chain.conversion.effects[0] - 1.0).abs() < 1e-15);
    /// assert!((chain.conversion.effects[1] - 0.75).abs() < 1e-15);
    /// ```
    pub fn solve_grouped(
        counts: &ChainCounts<'_>,
        self_loops: SelfLoops,
        groups: &[Vec<u32>],
    ) -> Option<Self> {
        let steps = Steps::new(counts, self_loops)?;
        let hits = groups.par_iter().map(|it| steps.hits_of(it)).collect::<Option<Vec<_>>>()?;
        Some(Self::from_parts(&steps, Solved::by_sweeps(&steps)?, &hits))
    }

    fn solve_within(
        counts: &ChainCounts<'_>,
        self_loops: SelfLoops,
        dense_states: usize,
    ) -> Option<Self> {
        let steps = Steps::new(counts, self_loops)?;
        let n = counts.starts.len();
        let (solved, returns) = if n <= dense_states {
            let lu = Lu::factor(steps.moves.dense_complement(), n)?;
            (Solved::by_factors(&steps, &lu), lu.inverse_diagonal())
        } else {
            (Solved::by_sweeps(&steps)?, steps.returns()?)
        };
        let hits = solved.visits.iter().zip(&returns).map(|(visits, n_kk)| visits / n_kk);
        let hits: Vec<Hits> = hits.enumerate().map(|hit| vec![hit]).collect();
        Some(Self::from_parts(&steps, solved, &hits))
    }

    fn from_parts(steps: &Steps, solved: Solved, hits: &[Hits]) -> Self {
        let conversion = Removal::new(&steps.start, solved.conversion, hits).clamped();
        let value = solved.value.map(|it| Removal::new(&steps.start, it, hits));
        Self { visits: solved.visits, conversion, value }
    }
}

impl Removal {
    fn new(start: &[f64], from_state: Vec<f64>, hits: &[Hits]) -> Self {
        let per_walk = start.iter().zip(&from_state).map(|(s, h)| s * h).sum::<f64>();
        let lost = |hits: &Hits| hits.iter().map(|&(k, hit)| hit * from_state[k]).sum::<f64>();
        let effect = |it: &Hits| if per_walk == 0.0 { 0.0 } else { lost(it) / per_walk };
        let effects: Vec<f64> = hits.iter().map(effect).collect();
        let shares = shares(&effects);
        Self { per_walk, from_state, effects, shares }
    }

    /// Keeps probabilities within 0 and 1 where rounding left them.
    fn clamped(mut self) -> Self {
        self.per_walk = self.per_walk.clamp(0.0, 1.0);
        self.from_state.iter_mut().for_each(|it| *it = it.clamp(0.0, 1.0));
        self.effects.iter_mut().for_each(|it| *it = it.clamp(0.0, 1.0));
        self.shares = shares(&self.effects);
        self
    }
}

/// Each number's share of the sum; all 0 when the sum is 0.
fn shares(effects: &[f64]) -> Vec<f64> {
    let sum = effects.iter().sum::<f64>();
    effects.iter().map(|it| if sum == 0.0 { 0.0 } else { it / sum }).collect()
}

#[cfg(test)]
mod tests;
