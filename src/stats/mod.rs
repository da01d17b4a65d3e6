//! Floor 1: numbers on slices.
//!
//! Intervals, tests, survival, absorbing chains, quantiles. Each function
//! returns a named struct. Knows nothing of journeys, events or files.
pub mod quantile;
