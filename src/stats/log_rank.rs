//! The log-rank test: do groups have the same survival curve?
//!
//! Takes counted durations as [`super::survival`] does. Knows no group by name.

use super::lu::Lu;
use super::survival::{CountedDuration, checked, total};
use super::tails::chi_square_sf;

/// The result of a log-rank test.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRank {
    /// Events observed in each group.
    pub observed: Vec<u64>,
    /// Events expected in each group if all had the same curve.
    pub expected: Vec<f64>,
    /// Chi-square statistic, without continuity correction.
    pub chi_square: f64,
    /// Degrees of freedom: groups minus one.
    pub df: u32,
    /// Probability of a statistic at least this large if the curves are the same.
    pub p: f64,
}

/// The unweighted log-rank test of two or more groups.
///
/// U′ V⁻¹ U over all groups but the last: U the observed minus expected events,
/// V their hypergeometric covariance, summed over event times. Source: N.
/// Mantel, Cancer Chemotherapy Reports 50 (1966); R. Peto and J. Peto, Journal
/// of the Royal Statistical Society A 135 (1972). `None` with fewer than two
/// groups, an empty group, durations out of order, or when some groups cannot be
/// compared: they were never at risk together at the time of an event, not even
/// by way of other groups.
///
/// ```
/// # use touchpath::stats::log_rank;
/// let early = [(1, 1, 0), (2, 1, 0)];
/// let late = [(3, 1, 0), (4, 0, 1)];
/// let it = log_rank(&[&early, &late]).unwrap();
/// assert_eq!(it.observed, [2, 1]);
/// // Expected early: 2/4 + 1/3; variance: 1/4 + 2/9.
/// assert!((it.expected[0] - 5.0 / 6.0).abs() < 1e-15);
/// assert!((it.chi_square - (7.0f64 / 6.0).powi(2) / (17.0 / 36.0)).abs() < 1e-14);
/// ```
pub fn log_rank(groups: &[&[CountedDuration]]) -> Option<LogRank> {
    let k = groups.len();
    if k < 2 {
        return None;
    }
    let mut tracks = groups.iter().map(|it| Track::new(it)).collect::<Option<Vec<_>>>()?;
    let mut times: Vec<i64> = tracks.iter().flat_map(|it| it.counts.iter().map(|c| c.0)).collect();
    times.sort_unstable();
    times.dedup();
    let mut sums = Sums::new(k);
    for time in times {
        let now: Vec<(u64, u64)> = tracks.iter_mut().map(|it| it.step(time)).collect();
        sums.add(&now);
    }
    if sums.linked.iter().any(|&it| it != 0) {
        return None;
    }
    let u: Vec<f64> = (0..k - 1).map(|i| sums.observed[i] as f64 - sums.expected[i]).collect();
    let solved = Lu::factor(sums.covariance, k - 1)?.solve(&u);
    let chi_square = u.iter().zip(&solved).map(|(a, b)| a * b).sum::<f64>().max(0.0);
    let df = u32::try_from(k - 1).ok()?;
    let p = chi_square_sf(chi_square, df)?;
    Some(LogRank { observed: sums.observed, expected: sums.expected, chi_square, df, p })
}

/// One group, walked through time.
struct Track {
    counts: Vec<CountedDuration>,
    next: usize,
    at_risk: u64,
}

impl Track {
    fn new(counts: &[CountedDuration]) -> Option<Self> {
        let counts = checked(counts)?;
        let at_risk = total(&counts)?;
        (at_risk > 0).then_some(Self { counts, next: 0, at_risk })
    }

    /// At risk and events at this time; then moves past it.
    fn step(&mut self, time: i64) -> (u64, u64) {
        let at_risk = self.at_risk;
        match self.counts.get(self.next) {
            Some(&(at, events, censored)) if at == time => {
                self.next += 1;
                self.at_risk -= events + censored;
                (at_risk, events)
            }
            _ => (at_risk, 0),
        }
    }
}

/// Sums over event times; the covariance row by row, without the last group.
struct Sums {
    observed: Vec<u64>,
    expected: Vec<f64>,
    covariance: Vec<f64>,
    /// For each group the first one that it can be compared with.
    linked: Vec<usize>,
}

impl Sums {
    fn new(k: usize) -> Self {
        let covariance = vec![0.0; (k - 1) * (k - 1)];
        Self { observed: vec![0; k], expected: vec![0.0; k], covariance, linked: (0..k).collect() }
    }

    fn add(&mut self, now: &[(u64, u64)]) {
        let n = now.iter().map(|it| it.0 as f64).sum::<f64>();
        let d = now.iter().map(|it| it.1 as f64).sum::<f64>();
        if d == 0.0 {
            return;
        }
        let shares: Vec<f64> = now.iter().map(|it| it.0 as f64 / n).collect();
        for (i, &(_, events)) in now.iter().enumerate() {
            self.observed[i] += events;
            self.expected[i] += d * shares[i];
        }
        if n <= d {
            return;
        }
        self.link(now);
        let spread = d * (n - d) / (n - 1.0);
        let rest = now.len() - 1;
        for i in 0..rest {
            for j in 0..rest {
                let same = if i == j { 1.0 } else { 0.0 };
                self.covariance[i * rest + j] += spread * shares[i] * (same - shares[j]);
            }
        }
    }

    /// Marks the groups at risk now, and those linked to them before, as comparable.
    fn link(&mut self, now: &[(u64, u64)]) {
        let at_risk = |i: &usize| now[*i].0 > 0;
        let labels: Vec<usize> = (0..now.len()).filter(at_risk).map(|i| self.linked[i]).collect();
        let first = labels.iter().copied().min().unwrap_or(0);
        self.linked.iter_mut().filter(|it| labels.contains(it)).for_each(|it| *it = first);
    }
}
