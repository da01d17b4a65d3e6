//! Absorbing Markov chains of first order, solved exactly from counts.
//!
//! Every walk starts in a state, moves between states, and ends in conversion
//! or in null. Asked: how probable is conversion, and how much of it would be
//! lost if a state were removed (walks that reach it go to null instead). No
//! simulation: one factorization gives all states. Knows nothing of channels or
//! customers; states are numbers from 0.

use rayon::prelude::*;

use super::lu::Lu;
use super::sweep::Sparse;

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
    /// Share of the expected reward lost if the state were removed; all 0 when
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
    /// O(n³) to 1,500 states; above, O(n · sweeps · moves), in parallel, with
    /// the same bits on any number of threads.
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

    fn solve_within(
        counts: &ChainCounts<'_>,
        self_loops: SelfLoops,
        dense_states: usize,
    ) -> Option<Self> {
        let steps = Steps::new(counts, self_loops)?;
        let solved = if counts.starts.len() <= dense_states {
            Solved::by_factors(&steps)?
        } else {
            Solved::by_sweeps(&steps)?
        };
        let removal = |from_state: Vec<f64>| Removal::new(&steps.start, &solved, from_state);
        let conversion = removal(solved.conversion.clone()).clamped();
        let value = solved.value.clone().map(removal);
        Some(Self { visits: solved.visits, conversion, value })
    }
}

impl Removal {
    fn new(start: &[f64], solved: &Solved, from_state: Vec<f64>) -> Self {
        let per_walk = start.iter().zip(&from_state).map(|(s, h)| s * h).sum::<f64>();
        let effect = |k: usize| solved.visits[k] * from_state[k] / (solved.returns[k] * per_walk);
        let effects: Vec<f64> = match per_walk {
            0.0 => vec![0.0; start.len()],
            _ => (0..start.len()).map(effect).collect(),
        };
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

/// The chain as probabilities.
struct Steps {
    start: Vec<f64>,
    moves: Sparse,
    conversion: Vec<f64>,
    value: Option<Vec<f64>>,
}

impl Steps {
    fn new(counts: &ChainCounts<'_>, self_loops: SelfLoops) -> Option<Self> {
        let n = counts.starts.len();
        let lengths = [counts.conversions.len(), counts.nulls.len()];
        let valued = counts.values.is_none_or(|values| {
            values.len() == n
                && values.iter().zip(counts.conversions).all(|(&v, &c)| v == 0 || c > 0)
        });
        if lengths != [n, n] || !valued {
            return None;
        }
        let rows = gathered(counts.moves, n, self_loops)?;
        let ends = |i: usize| u128::from(counts.conversions[i]) + u128::from(counts.nulls[i]);
        let leaving = |i: usize| ends(i) + rows[i].iter().map(|it| it.1).sum::<u128>();
        let totals: Vec<u128> = (0..n).map(leaving).collect();
        let open: Vec<bool> = (0..n).map(|i| ends(i) > 0 || totals[i] == 0).collect();
        if !all_end(&rows, open) {
            return None;
        }
        let share =
            |part: f64, i: usize| if totals[i] == 0 { 0.0 } else { part / totals[i] as f64 };
        let walks = counts.starts.iter().map(|&it| u128::from(it)).sum::<u128>().max(1) as f64;
        let value = |values: &[i64]| (0..n).map(|i| share(values[i] as f64, i)).collect();
        let scaled = |(i, row): (usize, &Vec<(usize, u128)>)| {
            row.iter().map(|&(to, count)| (to, share(count as f64, i))).collect()
        };
        Some(Self {
            start: counts.starts.iter().map(|&it| it as f64 / walks).collect(),
            conversion: (0..n).map(|i| share(counts.conversions[i] as f64, i)).collect(),
            value: counts.values.map(value),
            moves: Sparse::new(rows.iter().enumerate().map(scaled).collect()),
        })
    }
}

/// Moves by row, ascending, added up; `None` when one names an unknown state.
fn gathered(
    moves: &[(u32, u32, u64)],
    n: usize,
    self_loops: SelfLoops,
) -> Option<Vec<Vec<(usize, u128)>>> {
    let mut rows: Vec<Vec<(usize, u128)>> = vec![Vec::new(); n];
    for &(from, to, count) in moves {
        let to = usize::try_from(to).ok().filter(|&to| to < n)?;
        let row = rows.get_mut(usize::try_from(from).ok()?)?;
        let dropped = self_loops == SelfLoops::Drop && from as usize == to;
        if count > 0 && !dropped {
            row.push((to, u128::from(count)));
        }
    }
    for row in &mut rows {
        row.sort_unstable();
        row.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
    }
    Some(rows)
}

/// Whether every state leads to one of the open ones (which end walks).
fn all_end(rows: &[Vec<(usize, u128)>], mut open: Vec<bool>) -> bool {
    let mut before = vec![Vec::new(); rows.len()];
    for (from, row) in rows.iter().enumerate() {
        row.iter().for_each(|it| before[it.0].push(from));
    }
    let mut todo: Vec<usize> = (0..rows.len()).filter(|&i| open[i]).collect();
    while let Some(state) = todo.pop() {
        for &from in &before[state] {
            if !open[from] {
                open[from] = true;
                todo.push(from);
            }
        }
    }
    open.into_iter().all(|it| it)
}

/// v, h, h for value, and the diagonal of N.
struct Solved {
    visits: Vec<f64>,
    conversion: Vec<f64>,
    value: Option<Vec<f64>>,
    returns: Vec<f64>,
}

impl Solved {
    fn by_factors(steps: &Steps) -> Option<Self> {
        let lu = Lu::factor(steps.moves.dense_complement(), steps.start.len())?;
        Some(Self {
            visits: lu.solve_transposed(&steps.start),
            conversion: lu.solve(&steps.conversion),
            value: steps.value.as_ref().map(|it| lu.solve(it)),
            returns: lu.inverse_diagonal(),
        })
    }

    fn by_sweeps(steps: &Steps) -> Option<Self> {
        let n = steps.start.len();
        let visits_to_itself = |k: usize| {
            let mut unit = vec![0.0; n];
            unit[k] = 1.0;
            Some(steps.moves.solve(&unit)?[k])
        };
        let value = match &steps.value {
            Some(it) => Some(steps.moves.solve(it)?),
            None => None,
        };
        Some(Self {
            visits: steps.moves.transposed().solve(&steps.start)?,
            conversion: steps.moves.solve(&steps.conversion)?,
            value,
            returns: (0..n).into_par_iter().map(visits_to_itself).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
