//! Floor 1: numbers on slices.
//!
//! Intervals, tests, survival, absorbing chains, quantiles. Each function
//! returns a named struct. Knows nothing of journeys, events or files.
//!
//! House rules of this room: sums run in the order of the slice, so the same
//! input gives the same bits; counts stay integers until the last division;
//! what is undefined is `None`, never NaN.

pub mod chain;
pub mod cluster;
pub mod interval;
pub mod log_rank;
mod lu;
pub mod means;
pub mod multiple;
pub mod normal;
#[cfg(test)]
pub(crate) mod oracle;
pub mod quantile;
pub mod ratio_check;
pub mod survival;
mod sweep;
pub mod tails;

pub use chain::{Chain, ChainCounts, Removal, SelfLoops};
pub use cluster::{RatioDifference, RatioSums};
pub use interval::{Interval, Proportion, ProportionDifference, ZTest, newcombe, pooled_z, wilson};
pub use log_rank::{LogRank, log_rank};
pub use means::{MeanDifference, Moments, welch};
pub use multiple::{benjamini_hochberg, holm};
pub use quantile::{
    Quantity, quantile, quantile_at, quantile_counted, quantiles_of_both, quantiles_of_runs,
};
pub use ratio_check::{RATIO_ALARM, RatioCheck, sample_ratio};
pub use survival::{CountedDuration, KaplanMeier, Lasted, SurvivalRow, SurvivalTime};
