//! Dense LU factorization with partial pivoting, in one fixed order of sums.
//!
//! Own code, about eighty lines, because results must have the same bits on
//! every platform and thread count; general matrix crates block and vectorize
//! their sums. For systems up to some 1,500 unknowns. Knows nothing of what the
//! numbers mean.

use rayon::prelude::*;

/// A factored square matrix: P A = L U.
pub(super) struct Lu {
    /// L below the diagonal (its own diagonal is 1), U on and above; row by row.
    factors: Vec<f64>,
    /// Row `i` of the factors came from row `order[i]` of the matrix.
    order: Vec<usize>,
    n: usize,
}

impl Lu {
    /// Factors a matrix given row by row; `None` when it is singular or holds
    /// what is not finite. O(n³).
    pub(super) fn factor(mut a: Vec<f64>, n: usize) -> Option<Self> {
        debug_assert_eq!(a.len(), n * n);
        let mut order: Vec<usize> = (0..n).collect();
        for k in 0..n {
            let best = largest(&a, n, k);
            if best != k {
                order.swap(best, k);
                for j in 0..n {
                    a.swap(best * n + j, k * n + j);
                }
            }
            let pivot = a[k * n + k];
            if pivot == 0.0 || !pivot.is_finite() {
                return None;
            }
            let (above, below) = a.split_at_mut((k + 1) * n);
            let source = &above[k * n + k + 1..];
            for row in below.chunks_exact_mut(n) {
                let factor = row[k] / pivot;
                row[k] = factor;
                if factor != 0.0 {
                    row[k + 1..].iter_mut().zip(source).for_each(|(x, s)| *x -= factor * s);
                }
            }
        }
        Some(Self { factors: a, order, n })
    }

    /// Solves A x = b.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = self.order.iter().map(|&from| b[from]).collect();
        for i in 0..self.n {
            x[i] -= dot(&self.row(i)[..i], &x[..i]);
        }
        self.back_substitute(&mut x, 0);
        x
    }

    /// Solves A′ x = b.
    pub(super) fn solve_transposed(&self, b: &[f64]) -> Vec<f64> {
        let mut y = b.to_vec();
        for i in 0..self.n {
            y[i] /= self.row(i)[i];
            let known = y[i];
            y[i + 1..].iter_mut().zip(&self.row(i)[i + 1..]).for_each(|(x, u)| *x -= known * u);
        }
        for i in (0..self.n).rev() {
            let known = y[i];
            y[..i].iter_mut().zip(&self.row(i)[..i]).for_each(|(x, l)| *x -= known * l);
        }
        let mut x = vec![0.0; self.n];
        self.order.iter().zip(y).for_each(|(&to, value)| x[to] = value);
        x
    }

    /// The diagonal of the inverse. O(n³), each entry on its own, in parallel.
    pub(super) fn inverse_diagonal(&self) -> Vec<f64> {
        let mut place = vec![0; self.n];
        self.order.iter().enumerate().for_each(|(row, &from)| place[from] = row);
        let one = |k: usize| {
            // The unit vector starts at its permuted row; only rows from k up
            // to the end are needed to read component k.
            let first = place[k];
            let mut x = vec![0.0; self.n];
            x[first] = 1.0;
            for i in first + 1..self.n {
                x[i] = -dot(&self.row(i)[first..i], &x[first..i]);
            }
            self.back_substitute(&mut x, k);
            x[k]
        };
        (0..self.n).into_par_iter().map(one).collect()
    }

    /// Solves U x = y in place, for the components from `stop` on.
    fn back_substitute(&self, x: &mut [f64], stop: usize) {
        for i in (stop..self.n).rev() {
            let row = self.row(i);
            x[i] = (x[i] - dot(&row[i + 1..], &x[i + 1..])) / row[i];
        }
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.factors[i * self.n..(i + 1) * self.n]
    }
}

/// The row at or below `k` with the largest entry in column `k`, the first of
/// equals.
fn largest(a: &[f64], n: usize, k: usize) -> usize {
    let mut best = k;
    for i in k + 1..n {
        if a[i * n + k].abs() > a[best * n + k].abs() {
            best = i;
        }
    }
    best
}

/// Σ aᵢ bᵢ from left to right.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (x, y)| sum + x * y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solutions_agree_with_nalgebra(
            n in 1usize..8,
            entries in prop::collection::vec(-1.0..1.0f64, 64),
            right in prop::collection::vec(-1.0..1.0f64, 8),
        ) {
            // Off the diagonal at random, so that pivoting happens.
            let matrix = DMatrix::from_fn(n, n, |i, j| entries[i * 8 + j] + f64::from(u8::from((i + 1) % n == j)) * 9.0);
            let b = DVector::from_column_slice(&right[..n]);
            let Some(inverse) = matrix.clone().try_inverse() else { return Ok(()) };
            let lu = Lu::factor(matrix.transpose().as_slice().to_vec(), n).unwrap();
            let (x, y) = (&inverse * &b, inverse.transpose() * &b);
            for (ours, theirs) in lu.solve(b.as_slice()).iter().zip(x.iter()) {
                prop_assert!((ours - theirs).abs() < 1e-9);
            }
            for (ours, theirs) in lu.solve_transposed(b.as_slice()).iter().zip(y.iter()) {
                prop_assert!((ours - theirs).abs() < 1e-9);
            }
            for (k, ours) in lu.inverse_diagonal().iter().enumerate() {
                prop_assert!((ours - inverse[(k, k)]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_singular_matrix_has_no_factors() {
        assert!(Lu::factor(vec![1.0, 2.0, 2.0, 4.0], 2).is_none());
        assert!(Lu::factor(vec![f64::NAN], 1).is_none());
        assert!(Lu::factor(vec![], 0).is_some());
    }
}
