//! A chain of counts as probabilities, and what solving it gives.
//!
//! Knows the numbers, not what removals are for.

use rayon::prelude::*;

use super::{ChainCounts, SelfLoops};
use crate::stats::lu::Lu;
use crate::stats::sweep::Sparse;

/// States of a removed group, each with the probability that the group is first
/// reached there.
pub(super) type Hits = Vec<(usize, f64)>;

/// The chain as probabilities.
pub(super) struct Steps {
    /// s.
    pub start: Vec<f64>,
    /// Q.
    pub moves: Sparse,
    /// r.
    pub conversion: Vec<f64>,
    /// r times the mean value per conversion.
    pub value: Option<Vec<f64>>,
}

impl Steps {
    /// Checks the counts and divides them; `None` as for `Chain::solve`.
    pub fn new(counts: &ChainCounts<'_>, self_loops: SelfLoops) -> Option<Self> {
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

    /// The diagonal of N: expected visits to a state by walks that are in it.
    pub fn returns(&self) -> Option<Vec<f64>> {
        let n = self.start.len();
        let one = |k: usize| {
            let mut unit = vec![0.0; n];
            unit[k] = 1.0;
            Some(self.moves.solve(&unit)?[k])
        };
        (0..n).into_par_iter().map(one).collect()
    }

    /// Where a group is first reached: the visits, were walks to end on reaching it.
    pub fn hits_of(&self, group: &[u32]) -> Option<Hits> {
        let mut states: Vec<usize> = group.iter().map(|&it| it as usize).collect();
        states.sort_unstable();
        states.dedup();
        if states.last().is_some_and(|&it| it >= self.start.len()) {
            return None;
        }
        let visits = self.moves.without_rows(&states).transposed().solve(&self.start)?;
        Some(states.into_iter().map(|k| (k, visits[k])).collect())
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

/// v, h and, for value, h.
pub(super) struct Solved {
    pub visits: Vec<f64>,
    pub conversion: Vec<f64>,
    pub value: Option<Vec<f64>>,
}

impl Solved {
    pub fn by_factors(steps: &Steps, lu: &Lu) -> Self {
        Self {
            visits: lu.solve_transposed(&steps.start),
            conversion: lu.solve(&steps.conversion),
            value: steps.value.as_ref().map(|it| lu.solve(it)),
        }
    }

    pub fn by_sweeps(steps: &Steps) -> Option<Self> {
        let value = match &steps.value {
            Some(it) => Some(steps.moves.solve(it)?),
            None => None,
        };
        Some(Self {
            visits: steps.moves.transposed().solve(&steps.start)?,
            conversion: steps.moves.solve(&steps.conversion)?,
            value,
        })
    }
}
