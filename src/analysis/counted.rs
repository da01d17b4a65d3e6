//! Counted multisets of whole numbers: exact, mergeable, short where values repeat.
//!
//! Knows no analysis; what the numbers mean (steps, microseconds) is the caller's.

use crate::stats::quantile_counted;

/// Values below this one are counted in place.
const SMALL: i64 = 4096;
/// The least number of entries worth a sort.
const SORT_FROM: usize = 1024;

/// A multiset that grows: entries are sorted and joined whenever they have doubled.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    small: Vec<u64>,
    entries: Vec<(i64, u64)>,
    joined: usize,
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
            self.entries.push((value, 1));
            self.tidy();
        }
    }

    /// Adds all values of another multiset.
    pub fn merge(&mut self, other: Self) {
        if self.small.len() < other.small.len() {
            self.small.resize(other.small.len(), 0);
        }
        for (own, more) in self.small.iter_mut().zip(other.small) {
            *own += more;
        }
        self.entries.extend(other.entries);
        self.tidy();
    }

    /// The values in order, each with its count.
    pub fn finish(mut self) -> Counts {
        let small = self.small.iter().enumerate().filter(|it| *it.1 > 0);
        self.entries.extend(small.map(|(value, &count)| (value as i64, count)));
        self.join();
        Counts(self.entries)
    }

    fn tidy(&mut self) {
        if self.entries.len() > SORT_FROM.max(self.joined * 2) {
            self.join();
        }
    }

    fn join(&mut self) {
        self.entries.sort_by_key(|it| it.0);
        self.entries.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        self.joined = self.entries.len();
    }
}

/// A finished multiset: `(value, count)`, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Vec<(i64, u64)>);

impl Counts {
    /// The values in order, each with its count.
    pub fn as_slice(&self) -> &[(i64, u64)] {
        &self.0
    }

    /// How many values there are, repeats counted.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|it| it.1).sum()
    }

    /// The arithmetic mean.
    pub fn mean(&self) -> Option<f64> {
        let sum: i128 = self.0.iter().map(|it| i128::from(it.0) * i128::from(it.1)).sum();
        (!self.0.is_empty()).then(|| sum as f64 / self.len() as f64)
    }

    /// The `p` quantile, linear interpolation.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        quantile_counted(&self.0, p)
    }

    /// The largest value.
    pub fn max(&self) -> Option<i64> {
        self.0.last().map(|it| it.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_of_a_small_multiset() {
        let mut counted = Counted::default();
        [7, 1, 1_000_000, 1].into_iter().for_each(|it| counted.push(it));
        let counts = counted.finish();
        assert_eq!(counts.as_slice(), [(1, 2), (7, 1), (1_000_000, 1)]);
        assert_eq!((counts.len(), counts.max()), (4, Some(1_000_000)));
        assert_eq!(counts.quantile(0.5), Some(4.0));
        assert_eq!(counts.mean(), Some(250_002.25));
        assert_eq!(Counted::default().finish().mean(), None);
    }

    proptest! {
        #[test]
        fn merging_in_any_cut_equals_the_whole(
            values in prop::collection::vec(-5000i64..5000, 0..5000),
            cut in 0.0..=1.0f64,
        ) {
            let cut = (values.len() as f64 * cut) as usize;
            let fold = |part: &[i64]| {
                let mut counted = Counted::default();
                part.iter().for_each(|&it| counted.push(it));
                counted
            };
            let mut merged = fold(&values[..cut]);
            merged.merge(fold(&values[cut..]));
            prop_assert_eq!(merged.finish(), fold(&values).finish());
        }
    }
}
