//! Counted multisets of whole numbers: exact, mergeable, short where values repeat.
//!
//! Knows no analysis; what the numbers mean (steps, microseconds) is the caller's.

use crate::stats::{quantile_at, quantiles_of_runs};

/// Values below this one are counted in place.
const SMALL: i64 = 4096;
/// Values gathered before they make a run of their own.
const RUN: usize = 1 << 14;
/// The least number of values worth looking for repeats.
const TIDY_FROM: usize = 1 << 18;

/// A list as long as this is worth a second thread.
const LONG: usize = 1 << 18;

/// A multiset that grows: 8 bytes a value, or 16 a distinct one where most repeat.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    small: Vec<u64>,
    /// Values as they came, eight bytes each.
    open: Vec<i64>,
    runs: Vec<Vec<i64>>,
    /// How many values the runs hold, and how many are worth a look for repeats.
    in_runs: usize,
    tidy_from: usize,
    /// Values that repeat, ascending, each with its count.
    joined: Vec<(i64, u64)>,
}

/// What is usually told of a multiset.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// How many values there are, repeats counted.
    pub count: u64,
    /// The arithmetic mean.
    pub mean: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// The 90 % quantile.
    pub p90: Option<f64>,
    /// The largest value.
    pub max: Option<i64>,
}

impl Counted {
    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: i64) {
        if (0..SMALL).contains(&value) {
            let at = value as usize;
            if self.small.len() <= at {
                self.small.resize(at + 1, 0);
            }
            self.small[at] += 1;
        } else {
            self.open.push(value);
            if self.open.len() >= RUN {
                self.close();
            }
        }
    }

    /// Adds all values of another multiset. Whether values repeat was looked at in both: that
    /// they come together is no reason to look again.
    pub fn merge(&mut self, mut other: Self) {
        if self.small.len() < other.small.len() {
            self.small.resize(other.small.len(), 0);
        }
        for (own, more) in self.small.iter_mut().zip(other.small) {
            *own += more;
        }
        self.runs.append(&mut other.runs);
        self.in_runs += other.in_runs;
        self.tidy_from = self.tidy_from.max(TIDY_FROM) + other.tidy_from.max(TIDY_FROM);
        if !other.joined.is_empty() {
            let own = std::mem::take(&mut self.joined);
            self.joined = joined(own, other.joined);
        }
        self.open.append(&mut other.open);
        self.close();
    }

    /// The values in order, each with its count.
    pub fn finish(mut self) -> Counts {
        self.runs.push(std::mem::take(&mut self.open));
        let mut values = self.runs.concat();
        drop(self.runs);
        sort(&mut values);
        let small = self.small.iter().enumerate().filter(|it| *it.1 > 0);
        let small: Vec<(i64, u64)> = small.map(|(value, &count)| (value as i64, count)).collect();
        if self.joined.is_empty() && values.first().is_none_or(|&it| it >= SMALL) {
            return Counts { counted: small, rest: values };
        }
        let others = joined(counted(&values), self.joined);
        Counts { counted: joined(small, others), rest: Vec::new() }
    }

    /// Count, mean, median, 90 % quantile and maximum, as [`finish`](Self::finish)
    /// would tell them, but without sorting.
    pub fn figures(mut self) -> Figures {
        let few: u64 = self.small.iter().sum();
        if !self.joined.is_empty() || few > (self.in_runs + self.open.len()) as u64 {
            return self.finish().figures();
        }
        self.runs.push(std::mem::take(&mut self.open));
        let small = self.small.iter().enumerate();
        let small = small.flat_map(|(value, &count)| (0..count).map(move |_| value as i64));
        self.runs.push(small.collect());
        let runs: Vec<&[i64]> = self.runs.iter().map(Vec::as_slice).collect();
        let count: u64 = runs.iter().map(|it| it.len() as u64).sum();
        let (mut sum, mut max) = (0, None);
        for run in &runs {
            sum += run.iter().map(|&it| i128::from(it)).sum::<i128>();
            max = max.max(run.iter().copied().max());
        }
        let quantiles = quantiles_of_runs(&runs, [0.5, 0.9]);
        Figures {
            count,
            mean: (count > 0).then(|| sum as f64 / count as f64),
            median: quantiles.map(|it| it[0]),
            p90: quantiles.map(|it| it[1]),
            max,
        }
    }

    /// Makes a run of what was gathered, and joins runs where that saves room.
    fn close(&mut self) {
        if self.open.len() >= RUN {
            self.in_runs += self.open.len();
            self.runs.push(std::mem::replace(&mut self.open, Vec::with_capacity(RUN)));
        }
        if self.in_runs >= self.tidy_from.max(TIDY_FROM) {
            self.tidy();
        }
    }

    /// Whether values in runs have less than four of each kind, to judge by a sample: one of
    /// sixteen values then meets its like in the sample less than once in eight times.
    fn seldom_repeats(&self) -> bool {
        let runs = self.runs.iter().flat_map(|it| it.iter().step_by(16));
        let mut sample: Vec<i64> = runs.copied().collect();
        sample.sort_unstable();
        distinct(&sample) > sample.len() / 8 * 7
    }

    fn tidy(&mut self) {
        if self.seldom_repeats() {
            // A count beside each value would take more room.
            self.tidy_from = self.in_runs * 2;
            return;
        }
        let mut values = std::mem::take(&mut self.runs).concat();
        values.sort_unstable();
        let own = std::mem::take(&mut self.joined);
        self.joined = joined(own, counted(&values));
        (self.in_runs, self.tidy_from) = (0, self.joined.len());
    }
}

/// Sorts values, long lists on several threads.
fn sort(values: &mut [i64]) {
    if values.len() < LONG {
        return values.sort_unstable();
    }
    let (low, _, high) = values.select_nth_unstable(values.len() / 2);
    rayon::join(|| sort(low), || sort(high));
}

/// How many different values there are among sorted ones.
fn distinct(sorted: &[i64]) -> usize {
    sorted.len().min(1) + sorted.windows(2).filter(|it| it[0] != it[1]).count()
}

/// Sorted values, each with its count.
fn counted(sorted: &[i64]) -> Vec<(i64, u64)> {
    let mut counts: Vec<(i64, u64)> = Vec::with_capacity(distinct(sorted));
    for run in sorted.chunk_by(|a, b| a == b) {
        counts.push((run[0], run.len() as u64));
    }
    counts
}

/// Two ascending lists of values and counts as one.
fn joined(left: Vec<(i64, u64)>, right: Vec<(i64, u64)>) -> Vec<(i64, u64)> {
    if left.is_empty() || right.is_empty() {
        return if left.is_empty() { right } else { left };
    }
    let mut all = left;
    all.extend(right);
    all.sort_by_key(|it| it.0);
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    all
}

/// A finished multiset.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Values, ascending, each with its count.
    counted: Vec<(i64, u64)>,
    /// Values that are larger than these, ascending, each as often as it comes.
    rest: Vec<i64>,
}

impl Counts {
    /// The values in order, each with its count.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        let rest = self.rest.chunk_by(|a, b| a == b).map(|it| (it[0], it.len() as u64));
        self.counted.iter().copied().chain(rest)
    }

    /// How many different values there are at most.
    pub fn most(&self) -> usize {
        self.counted.len() + self.rest.len()
    }

    /// How many values there are, repeats counted.
    pub fn len(&self) -> u64 {
        self.in_counted() + self.rest.len() as u64
    }

    fn in_counted(&self) -> u64 {
        self.counted.iter().map(|it| it.1).sum()
    }

    /// The arithmetic mean.
    pub fn mean(&self) -> Option<f64> {
        let counted = self.counted.iter().map(|it| i128::from(it.0) * i128::from(it.1));
        let sum = counted.sum::<i128>() + self.rest.iter().map(|&it| i128::from(it)).sum::<i128>();
        let count = self.len();
        (count > 0).then(|| sum as f64 / count as f64)
    }

    /// The `p` quantile, linear interpolation.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let in_counted = self.in_counted();
        let counted = |mut rank: u64| {
            let found = self.counted.iter().find(|it| {
                let found = rank < it.1;
                rank = rank.saturating_sub(it.1);
                found
            });
            found.map(|it| it.0)
        };
        quantile_at(self.len(), p, |rank| match rank.checked_sub(in_counted) {
            Some(rank) => self.rest.get(rank as usize).copied(),
            None => counted(rank),
        })
    }

    /// The largest value.
    pub fn max(&self) -> Option<i64> {
        self.rest.last().copied().or_else(|| self.counted.last().map(|it| it.0))
    }

    /// What is usually told.
    pub fn figures(&self) -> Figures {
        Figures {
            count: self.len(),
            mean: self.mean(),
            median: self.quantile(0.5),
            p90: self.quantile(0.9),
            max: self.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::quantile;
    use proptest::prelude::*;

    fn list(counts: &Counts) -> Vec<(i64, u64)> {
        counts.iter().collect()
    }

    #[test]
    fn figures_of_a_small_multiset() {
        let mut counted = Counted::default();
        [7, 1, 1_000_000, 1].into_iter().for_each(|it| counted.push(it));
        let counts = counted.finish();
        assert_eq!(list(&counts), [(1, 2), (7, 1), (1_000_000, 1)]);
        assert_eq!((counts.len(), counts.max()), (4, Some(1_000_000)));
        assert_eq!(counts.quantile(0.5), Some(4.0));
        assert_eq!(counts.mean(), Some(250_002.25));
        assert_eq!(Counted::default().finish().mean(), None);
    }

    #[test]
    fn long_lists_are_sorted() {
        let mut values: Vec<i64> = (0..LONG as i64 * 3).map(|it| it * 7919 % 1_000_003).collect();
        let mut wanted = values.clone();
        wanted.sort_unstable();
        sort(&mut values);
        assert!(values == wanted);
    }

    #[test]
    fn values_that_repeat_take_little_room() {
        let mut counted = Counted::default();
        for value in 0..TIDY_FROM as i64 * 3 {
            counted.push(SMALL + value % 1000);
        }
        assert!(counted.joined.len() == 1000 && counted.in_runs < TIDY_FROM);
        let counts = counted.finish();
        assert_eq!((list(&counts).len(), counts.len()), (1000, TIDY_FROM as u64 * 3));
    }

    proptest! {
        #[test]
        fn merging_in_any_cut_equals_the_whole(
            values in prop::collection::vec(-5000i64..5000, 0..5000),
            from in prop_oneof![Just(-5000i64), Just(0)],
            cut in 0.0..=1.0f64,
        ) {
            let values: Vec<i64> = values.into_iter().filter(|&it| it >= from).collect();
            let cut = (values.len() as f64 * cut) as usize;
            let fold = |part: &[i64]| {
                let mut counted = Counted::default();
                part.iter().for_each(|&it| counted.push(it));
                counted
            };
            let mut merged = fold(&values[..cut]);
            merged.merge(fold(&values[cut..]));
            let whole = fold(&values).finish();
            let mut plain = values;
            plain.sort_unstable();
            prop_assert_eq!(list(&whole), counted(&plain));
            prop_assert_eq!(whole.quantile(0.3), quantile(&mut plain, 0.3));
            prop_assert_eq!(merged.clone().figures(), whole.figures());
            prop_assert_eq!(list(&merged.finish()), list(&whole));
        }

        #[test]
        fn large_values_are_told_without_sorting(
            values in prop::collection::vec(SMALL..9_000_000_000, 0..3000),
        ) {
            let mut counted = Counted::default();
            values.iter().for_each(|&it| counted.push(it));
            prop_assert_eq!(counted.clone().figures(), counted.finish().figures());
        }
    }
}
