//! Floor 3, room `input`: files in, rows out.
//!
//! Opens, splits, checks and codes records; every record ends up used, filtered
//! or set aside with a reason. Knows nothing of customers, stages or journeys.

pub mod bots;
mod columns;
pub mod csv;
pub mod decimal;
mod dedupe;
pub mod gather;
mod guess;
mod guess_names;
mod ids;
pub mod init;
pub mod jsonl;
pub mod mapping;
mod marks;
pub mod nobody;
pub mod open;
pub mod options;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod partial;
mod paths;
pub mod presets;
pub mod privacy;
pub mod read;
pub mod rows;
mod sample;
mod scan;
pub mod sniff;
pub mod stdin;
pub mod time;
mod xes;

/// How likely an event's name is that of a goal: 0 the likeliest; none if it is not.
///
/// ```
/// use touchpath::input::goal_rank;
/// assert!(goal_rank("purchase") < goal_rank("Signed up"));
/// assert_eq!(goal_rank("home"), None);
/// ```
pub fn goal_rank(name: &str) -> Option<usize> {
    guess::goal_rank(name)
}

pub use options::{Role, SourceOptions, TimeFormat};
pub use read::{ReadSettings, read};

#[cfg(all(test, feature = "parquet"))]
mod formats_tests;
