//! Adjusting p values for how many tests were made.
//!
//! Pass every test that was made, not only the small ones. Knows nothing of
//! what was tested.

/// Benjamini-Hochberg q values, in the order of the input.
///
/// q of the i-th smallest of m: the smallest m p₍ⱼ₎ / j over j ≥ i, at most 1.
/// Calling everything with q ≤ 0.1 a finding keeps the expected share of false
/// findings at 0.1, for independent or positively dependent tests. Source: Y.
/// Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57
/// (1995). Ties get equal q. `None` when a p value is not within 0 and 1; no
/// tests give no q values. O(m log m).
///
/// ```
/// # use touchpath::stats::benjamini_hochberg;
/// let q = benjamini_hochberg(&[0.03, 0.01, 0.5]).unwrap();
/// assert_eq!(q, [0.03 * 3.0 / 2.0, 0.03, 0.5]);
/// assert_eq!(benjamini_hochberg(&[1.5]), None);
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Option<Vec<f64>> {
    let order = ascending(p_values)?;
    let m = p_values.len() as f64;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest = 1.0f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[at] * m / (rank + 1) as f64);
        adjusted[at] = smallest;
    }
    Some(adjusted)
}

/// Holm's adjusted p values, in the order of the input.
///
/// Of the i-th smallest of m: the largest (m − j + 1) p₍ⱼ₎ over j ≤ i, at most 1.
/// Bounds the probability of any false finding, whatever the dependence.
/// Source: S. Holm, Scandinavian Journal of Statistics 6 (1979). `None` as for
/// [`benjamini_hochberg`].
///
/// ```
/// # use touchpath::stats::holm;
/// assert_eq!(holm(&[0.03, 0.01, 0.5]), Some(vec![0.06, 0.03, 0.5]));
/// ```
pub fn holm(p_values: &[f64]) -> Option<Vec<f64>> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0f64;
    for (rank, &at) in order.iter().enumerate() {
        largest = largest.max(p_values[at] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[at] = largest;
    }
    Some(adjusted)
}

/// Positions by ascending p value, equal ones in input order; `None` when one
/// is not a probability.
fn ascending(p_values: &[f64]) -> Option<Vec<usize>> {
    if !p_values.iter().all(|p| (0.0..=1.0).contains(p)) {
        return None;
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle::{self, close};
    use proptest::prelude::*;

    #[test]
    fn adjusted_values_agree_with_statsmodels() {
        let Some(oracle) = oracle::read("multiple_testing.json") else { return };
        let p_values = oracle.params["pvalues"].as_array().unwrap();
        let p_values: Vec<f64> = p_values.iter().map(|it| it.as_f64().unwrap()).collect();
        let pairs = [("fdr_bh", benjamini_hochberg(&p_values)), ("holm", holm(&p_values))];
        for (name, ours) in pairs {
            let wanted = oracle.output[name]["adjusted"].as_array().unwrap();
            let ours = ours.unwrap();
            assert_eq!(ours.len(), wanted.len());
            for (q, wanted) in ours.iter().zip(wanted) {
                close(*q, wanted, 1e-12, name);
            }
        }
    }

    #[test]
    fn edges_are_defined() {
        assert_eq!(benjamini_hochberg(&[]), Some(vec![]));
        assert_eq!(holm(&[f64::NAN]), None);
        assert_eq!(benjamini_hochberg(&[-0.1]), None);
        assert_eq!(benjamini_hochberg(&[0.2]), Some(vec![0.2]));
        assert_eq!(benjamini_hochberg(&[1.0, 1.0]), Some(vec![1.0, 1.0]));
    }

    proptest! {
        #[test]
        fn adjusting_raises_and_keeps_order(p in prop::collection::vec(0.0..=1.0f64, 0..40)) {
            let (q, h) = (benjamini_hochberg(&p).unwrap(), holm(&p).unwrap());
            for i in 0..p.len() {
                prop_assert!(p[i] <= q[i] * (1.0 + 1e-15) && q[i] <= h[i] * (1.0 + 1e-15) && h[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || (q[i] <= q[j] && h[i] <= h[j]));
                }
            }
        }
    }
}
