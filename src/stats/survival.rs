//! Kaplan-Meier: the share still without the event after a time, when some were
//! watched for less than that time.
//!
//! Durations are integers in the caller's unit and come counted, so a million
//! customers fold into a short list first. Knows no clock, customer or event.
//!
//! Conventions: at one time events precede censorings; the table opens with a
//! row at time 0; durations of 0 are legal.

use std::iter::Enumerate;
use std::slice::Iter;

use super::interval::{Interval, ZTest};
use super::normal;

/// How many had the event, and how many were last seen without it, at one
/// duration: `(duration, events, censored)`.
pub type CountedDuration = (i64, u64, u64);

/// A [`CountedDuration`] in small figures: there are long lists of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasted {
    /// The duration.
    pub time: i64,
    /// How many had the event.
    pub events: u32,
    /// How many were last seen without it.
    pub censored: u32,
}

impl Lasted {
    fn new(&(time, events, censored): &CountedDuration) -> Option<Self> {
        Some(Self { time, events: events.try_into().ok()?, censored: censored.try_into().ok()? })
    }

    /// How many lasted so long.
    fn all(self) -> u64 {
        u64::from(self.events) + u64::from(self.censored)
    }
}

/// Survival shares within this distance of a threshold count as reaching it, so
/// that rounding never moves a median by a row.
const ROUNDING: f64 = 1e-12;

/// Rounding never moves a limit by as much.
const FAR: f64 = 1e-9;

/// One row of the survival table: the state just after `time`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalRow {
    /// Duration, in the caller's unit.
    pub time: i64,
    /// How many were still watched and without the event just before `time`.
    pub at_risk: u64,
    /// Events at `time`.
    pub events: u64,
    /// Last seen without the event at `time`.
    pub censored: u64,
    /// Estimated share without the event after `time`.
    pub survival: f64,
    /// Greenwood's sum Σ d / (n (n − d)), the variance of ln S; undefined once
    /// the share is 0.
    pub greenwood: Option<f64>,
    /// What stands for the curve's confidence.
    z: f64,
}

impl SurvivalRow {
    /// Interval of `survival`: \[1, 1\] before the first event, undefined once
    /// the share is 0. Found when it is asked for: a curve has far more rows than are shown.
    pub fn interval(&self) -> Option<Interval> {
        limits(self.survival, self.greenwood?, self.z)
    }
}

/// A time at which survival falls to a threshold, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurvivalTime {
    /// First time with survival at or below the threshold; `None`: not reached.
    pub time: Option<i64>,
    /// First time at which the lower limit of the curve is.
    pub low: Option<i64>,
    /// First time at which the upper limit of the curve is; `None`: not reached.
    pub high: Option<i64>,
}

/// Mean time without the event up to a horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMean {
    /// Area under the survival curve from 0 to the horizon, in the caller's unit.
    pub mean: f64,
    /// Variance of that estimate (its squared standard error).
    pub variance: f64,
}

/// The difference of two restricted means, first minus second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMeanDifference {
    /// The difference, in the caller's unit.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Its normal test against zero; `None` when the standard error is 0.
    pub test: Option<ZTest>,
    /// Its interval.
    pub interval: Interval,
}

/// A fitted survival curve.
///
/// S(t) = Π (1 − d/n) over the event times up to t. Source: E. L. Kaplan and P.
/// Meier, Journal of the American Statistical Association 53 (1958). Interval:
/// Greenwood's variance on the ln(−ln S) scale ("exponential Greenwood", J. D.
/// Kalbfleisch and R. L. Prentice 1980), which stays within 0 and 1.
///
/// ```
/// # use touchpath::stats::KaplanMeier;
/// // Bought on day 1, on day 3; one was last seen on day 2, one on day 5.
/// let curve = KaplanMeier::fit(&[(1, 1, 0), (2, 0, 1), (3, 1, 0), (5, 0, 1)], 0.95).unwrap();
/// assert_eq!(curve.survival_at(1).unwrap().survival, 0.75);
/// assert_eq!(curve.survival_at(3).unwrap().survival, 0.375);
/// assert_eq!(curve.median().time, Some(3));
/// // Area under the curve up to day 5: 1·1 + 0.75·2 + 0.375·2.
/// assert_eq!(curve.restricted_mean(5).unwrap().mean, 3.25);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    counts: Vec<Lasted>,
    /// The times of events: between them nothing but the number at risk changes.
    steps: Vec<Step>,
    watched: u64,
    confidence: f64,
    z: f64,
}

/// What an event changes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    /// Which of the counts.
    index: usize,
    at_risk: u64,
    survival: f64,
    /// Greenwood's sum, as long as survival is above 0.
    greenwood: f64,
}

impl Step {
    fn greenwood(&self) -> Option<f64> {
        (self.survival > 0.0).then_some(self.greenwood)
    }
}

impl KaplanMeier {
    /// Fits the curve. `None` when nobody was watched, a duration is negative,
    /// durations are not strictly ascending, a count passes 2^32, or unless
    /// 0 < confidence < 1. Entries without events and censorings are ignored. O(n).
    pub fn fit(counts: &[CountedDuration], confidence: f64) -> Option<Self> {
        Self::of(counts.iter().map(Lasted::new).collect::<Option<_>>()?, confidence)
    }

    /// As [`fit`](Self::fit), of counts that are given away: a long list needs no copy.
    pub fn of(mut counts: Vec<Lasted>, confidence: f64) -> Option<Self> {
        let z = normal::z_for(confidence)?;
        let (mut watched, mut times, mut empty, mut before) = (0, 0, false, -1);
        for it in &counts {
            if it.time <= before {
                return None;
            }
            before = it.time;
            watched += it.all();
            times += usize::from(it.events > 0);
            empty |= it.all() == 0;
        }
        if watched == 0 {
            return None;
        }
        if empty {
            counts.retain(|it| it.all() > 0);
        }
        let steps = steps(&counts, watched, times);
        Some(Self { counts, steps, watched, confidence, z })
    }

    /// The table, by ascending time, opening at time 0.
    pub fn rows(&self) -> Rows<'_> {
        let opening = self.counts.first().is_some_and(|it| it.time > 0);
        Rows {
            opening: opening.then(|| opening_row(self.watched, self.z)),
            counts: self.counts.iter().enumerate(),
            steps: &self.steps,
            last: opening_row(self.watched, self.z),
            left: self.watched,
        }
    }

    /// How many were watched: the base of every share of this curve.
    pub fn watched(&self) -> u64 {
        self.watched
    }

    /// How many had the event.
    pub fn events(&self) -> u64 {
        self.steps.iter().map(|it| u64::from(self.counts[it.index].events)).sum()
    }

    /// The longest duration watched.
    pub fn last_time(&self) -> i64 {
        self.counts.last().map_or(0, |it| it.time)
    }

    /// The confidence of the intervals.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// The row in force at time `t`: its survival, interval and Greenwood sum
    /// hold at `t`. `None` for negative times, and after the last watched one
    /// (nobody was there to see) unless survival had reached 0.
    pub fn survival_at(&self, t: i64) -> Option<SurvivalRow> {
        if !self.covers(t) {
            return None;
        }
        let Some(index) = self.counts.partition_point(|it| it.time <= t).checked_sub(1) else {
            return Some(opening_row(self.watched, self.z));
        };
        let Lasted { time, events, censored } = self.counts[index];
        let known = self.steps.partition_point(|it| it.index <= index).checked_sub(1);
        let (from, at_risk, known) = match known.map(|it| &self.steps[it]) {
            Some(it) => (it.index, it.at_risk, (it.survival, it.greenwood())),
            None => {
                let row = opening_row(self.watched, self.z);
                (0, self.watched, (row.survival, row.greenwood))
            }
        };
        let gone: u64 = self.counts[from..index].iter().map(|it| it.all()).sum();
        let (survival, greenwood) = known;
        let (at_risk, z) = (at_risk - gone, self.z);
        let (events, censored) = (events.into(), censored.into());
        Some(SurvivalRow { time, at_risk, events, censored, survival, greenwood, z })
    }

    /// The time by which a share `p` has had the event: the first time with
    /// survival at or below 1 − p. Interval: where the limits of the curve cross
    /// 1 − p; where survival is 0 its upper limit is undefined and crosses
    /// nothing. All `None` unless 0 < p ≤ 1.
    ///
    /// ```
    /// # use touchpath::stats::KaplanMeier;
    /// let curve = KaplanMeier::fit(&[(1, 5, 0), (9, 0, 5)], 0.95).unwrap();
    /// assert_eq!(curve.quantile(0.25).time, Some(1));
    /// assert_eq!(curve.quantile(0.75).time, None);
    /// ```
    pub fn quantile(&self, p: f64) -> SurvivalTime {
        if !(p > 0.0 && p <= 1.0) {
            return SurvivalTime { time: None, low: None, high: None };
        }
        let threshold = 1.0 - p + ROUNDING;
        if threshold >= 1.0 {
            // A share this small is rounding: the first row has it.
            let time = self.rows().next().map(|it| it.time);
            return SurvivalTime { time, low: time, high: time };
        }
        let time = |step: usize| self.steps.get(step).map(|it| self.counts[it.index].time);
        // Survival never rises; its limits may.
        let above = |level: f64| self.steps.partition_point(|it| it.survival > level);
        let (reached, near) = (above(threshold), above(threshold + FAR));
        let low = self.steps.iter().position(|it| self.low_reaches(it, threshold));
        let high = self.steps[near..].iter().position(|it| self.high_reaches(it, threshold));
        SurvivalTime {
            time: time(reached),
            low: low.and_then(time),
            high: high.and_then(|it| time(near + it)),
        }
    }

    fn low_reaches(&self, row: &Step, threshold: f64) -> bool {
        // No steeper than 1/e is the way from ln(−ln S) to S, and |ln S| is more than 1 − S: the
        // limit lies no further below S than this, which is told without a logarithm.
        let width = self.z * row.greenwood().unwrap_or_default().sqrt() / (1.0 - row.survival);
        if row.survival - 0.37 * width > threshold + FAR {
            return false;
        }
        self.limits(row).map_or(0.0, |it| it.low) <= threshold
    }

    /// Whether the upper limit does, where survival is near enough.
    fn high_reaches(&self, row: &Step, threshold: f64) -> bool {
        self.limits(row).is_some_and(|it| it.high <= threshold)
    }

    fn limits(&self, row: &Step) -> Option<Interval> {
        limits(row.survival, row.greenwood()?, self.z)
    }

    /// The time by which half have had the event.
    pub fn median(&self) -> SurvivalTime {
        self.quantile(0.5)
    }

    /// The mean time without the event up to `horizon`.
    ///
    /// Area A under the curve; variance Σ A(t, horizon)² d / (n (n − d)) over the
    /// event times t, with A(t, horizon) the area right of t. `None` unless
    /// 0 < horizon, and the horizon is within the watched time (or survival
    /// reached 0).
    pub fn restricted_mean(&self, horizon: i64) -> Option<RestrictedMean> {
        if horizon <= 0 || !self.covers(horizon) {
            return None;
        }
        let (mut area, mut variance, mut end) = (0.0, 0.0, horizon);
        // From the right, so that the area right of each time is at hand.
        let mut steps = self.steps.iter().rev().peekable();
        for (index, &Lasted { time, events, .. }) in self.counts.iter().enumerate().rev() {
            let events = u64::from(events);
            while steps.next_if(|it| it.index > index).is_some() {}
            if time >= horizon {
                continue;
            }
            let (survival, at_risk) = steps.peek().map_or((1.0, 0), |it| (it.survival, it.at_risk));
            area += survival * (end - time) as f64;
            end = time;
            // Censorings add nothing: their share of events is 0.
            if events > 0 && at_risk > events {
                let left = at_risk - events;
                variance += area * area * (events as f64 / at_risk as f64 / left as f64);
            }
        }
        if self.counts.first().is_some_and(|it| it.time > 0) {
            area += end as f64;
        }
        Some(RestrictedMean { mean: area, variance })
    }

    /// The difference of restricted means, this curve minus the other, with a
    /// normal interval of this curve's confidence. `None` as for
    /// [`restricted_mean`](Self::restricted_mean) of either.
    pub fn restricted_mean_difference(
        &self,
        other: &Self,
        horizon: i64,
    ) -> Option<RestrictedMeanDifference> {
        let z = normal::z_for(self.confidence)?;
        let (a, b) = (self.restricted_mean(horizon)?, other.restricted_mean(horizon)?);
        let difference = a.mean - b.mean;
        let standard_error = (a.variance + b.variance).sqrt();
        let half = z * standard_error;
        Some(RestrictedMeanDifference {
            difference,
            standard_error,
            test: ZTest::of(difference, standard_error),
            interval: Interval { low: difference - half, high: difference + half },
        })
    }

    /// Whether the curve is known at time `t`.
    fn covers(&self, t: i64) -> bool {
        let ended = self.steps.last().is_some_and(|it| it.survival == 0.0);
        t >= 0 && (t <= self.last_time() || ended)
    }
}

/// The rows of a survival table, by ascending time.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    opening: Option<SurvivalRow>,
    counts: Enumerate<Iter<'a, Lasted>>,
    steps: &'a [Step],
    last: SurvivalRow,
    left: u64,
}

impl Iterator for Rows<'_> {
    type Item = SurvivalRow;

    fn next(&mut self) -> Option<SurvivalRow> {
        if let Some(it) = self.opening.take() {
            return Some(it);
        }
        let (index, &Lasted { time, events, censored }) = self.counts.next()?;
        let (events, censored) = (u64::from(events), u64::from(censored));
        if let [step, rest @ ..] = self.steps
            && step.index == index
        {
            self.steps = rest;
            self.last.survival = step.survival;
            self.last.greenwood = step.greenwood();
        }
        let row = SurvivalRow { time, at_risk: self.left, events, censored, ..self.last };
        self.left -= events + censored;
        Some(row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rows = self.counts.len() + usize::from(self.opening.is_some());
        (rows, Some(rows))
    }
}

impl ExactSizeIterator for Rows<'_> {}

/// Survival after each of so many times with an event.
fn steps(counts: &[Lasted], watched: u64, times: usize) -> Vec<Step> {
    let mut at_risk = watched;
    // S after the last censoring, and how many were at risk then: between
    // censorings S is one division and carries no product of roundings.
    let (mut base, mut base_risk) = (1.0, at_risk);
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut steps = Vec::with_capacity(times);
    for (index, it) in counts.iter().enumerate() {
        let (events, censored) = (u64::from(it.events), u64::from(it.censored));
        let left = at_risk - events;
        if events > 0 {
            survival = base * (left as f64 / base_risk as f64);
            if left > 0 {
                greenwood += events as f64 / at_risk as f64 / left as f64;
            }
            steps.push(Step { index, at_risk, survival, greenwood });
        }
        at_risk = left - censored;
        if censored > 0 {
            (base, base_risk) = (survival, at_risk.max(1));
        }
    }
    steps
}

/// The counts without empty entries; `None` when they are not in order.
pub(super) fn checked(counts: &[CountedDuration]) -> Option<Vec<CountedDuration>> {
    in_order(counts).then(|| counts.iter().filter(|it| it.1 > 0 || it.2 > 0).copied().collect())
}

fn in_order(counts: &[CountedDuration]) -> bool {
    let ascending = counts.windows(2).all(|pair| pair[0].0 < pair[1].0);
    ascending && counts.first().is_none_or(|it| it.0 >= 0)
}

/// How many were watched; `None` past 2^64.
pub(super) fn total(counts: &[CountedDuration]) -> Option<u64> {
    counts.iter().try_fold(0u64, |sum, it| sum.checked_add(it.1)?.checked_add(it.2))
}

fn opening_row(at_risk: u64, z: f64) -> SurvivalRow {
    SurvivalRow { time: 0, at_risk, events: 0, censored: 0, survival: 1.0, greenwood: Some(0.0), z }
}

/// The exponential-Greenwood limits of a survival share above 0.
fn limits(survival: f64, greenwood: f64, z: f64) -> Option<Interval> {
    if survival >= 1.0 {
        return Some(Interval { low: 1.0, high: 1.0 });
    }
    let log = survival.ln();
    let center = (-log).ln();
    let half = z * greenwood.sqrt() / log;
    let limit = |theta: f64| (-theta.exp()).exp();
    let it = Interval { low: limit(center - half), high: limit(center + half) };
    (it.low <= it.high).then_some(it)
}

#[cfg(test)]
mod tests;
