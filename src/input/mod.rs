//! Floor 3, room `input`: files in, rows out.
//!
//! Opens, splits, checks and codes records; every record ends up used, filtered
//! or set aside with a reason. Knows nothing of customers, stages or journeys.

#[cfg(feature = "parquet")]
mod cells;
mod columns;
pub mod decimal;
pub mod jsonl;
pub mod mapping;
mod nobody;
pub mod options;
#[cfg(feature = "parquet")]
pub mod parquet;
mod paths;
pub mod rows;
pub mod time;
