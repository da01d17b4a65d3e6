//! Solving x = b + Q x by sweeps, for large sparse chains.
//!
//! Q holds probabilities whose rows sum to at most one, so sweeps from 0 climb
//! to the answer and never past it. Knows nothing of what the states mean.

/// A square matrix of which only the entries above 0 are kept.
pub(super) struct Sparse {
    rows: Vec<Vec<(usize, f64)>>,
}

/// A chain that needs more sweeps than this is given up.
const MOST_SWEEPS: usize = 100_000;

impl Sparse {
    /// Takes the rows, each by ascending column.
    pub(super) fn new(rows: Vec<Vec<(usize, f64)>>) -> Self {
        Self { rows }
    }

    /// Rows and columns exchanged.
    pub(super) fn transposed(&self) -> Self {
        let mut rows = vec![Vec::new(); self.rows.len()];
        for (i, row) in self.rows.iter().enumerate() {
            row.iter().for_each(|&(j, q)| rows[j].push((i, q)));
        }
        Self { rows }
    }

    /// The same with these rows emptied.
    pub(super) fn without_rows(&self, emptied: &[usize]) -> Self {
        let mut rows = self.rows.clone();
        emptied.iter().for_each(|&i| rows[i].clear());
        Self { rows }
    }

    /// I − Q, row by row.
    pub(super) fn dense_complement(&self) -> Vec<f64> {
        let n = self.rows.len();
        let mut a = vec![0.0; n * n];
        for (i, row) in self.rows.iter().enumerate() {
            a[i * n + i] = 1.0;
            row.iter().for_each(|&(j, q)| a[i * n + j] -= q);
        }
        a
    }

    /// Solves x = b + Q x by Gauss-Seidel sweeps over ascending rows; `None` when
    /// it does not settle. O(sweeps · entries).
    ///
    /// With b ≥ 0 every component climbs, also under rounding, since each
    /// operation of a sweep is monotone; so the sweeps end on a fixed point to
    /// the last bit and no tolerance is chosen. Signs are solved apart.
    pub(super) fn solve(&self, b: &[f64]) -> Option<Vec<f64>> {
        if b.iter().all(|&it| it >= 0.0) {
            return self.climb(b);
        }
        let gains: Vec<f64> = b.iter().map(|it| it.max(0.0)).collect();
        let losses: Vec<f64> = b.iter().map(|it| (-it).max(0.0)).collect();
        let (gains, losses) = (self.climb(&gains)?, self.climb(&losses)?);
        Some(gains.iter().zip(&losses).map(|(gain, loss)| gain - loss).collect())
    }

    fn climb(&self, b: &[f64]) -> Option<Vec<f64>> {
        let mut x = vec![0.0; b.len()];
        (0..MOST_SWEEPS).any(|_| !self.sweep(b, &mut x)).then_some(x)
    }

    /// One pass; whether anything changed.
    fn sweep(&self, b: &[f64], x: &mut [f64]) -> bool {
        let mut changed = false;
        for (i, row) in self.rows.iter().enumerate() {
            let (mut sum, mut stay) = (b[i], 0.0);
            for &(j, q) in row {
                if i == j {
                    stay = q;
                } else {
                    sum += q * x[j];
                }
            }
            let next = sum / (1.0 - stay);
            changed |= next != x[i];
            x[i] = next;
        }
        changed
    }
}
