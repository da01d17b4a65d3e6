//! Which journeys are looked at: predicates on whole journeys, chosen after these were cut
//! and before anything is counted.
//!
//! `options` is what a user writes, `rule` the same with names looked up, `keep` leaves out
//! of a customer what is not kept. Nothing here counts stages or knows an analysis: every
//! one sees the customer as though the kept journeys were all that happened.

mod asked;
mod keep;
mod marks;
mod options;
mod path;
mod range;
mod rule;
mod way;
mod words;

#[cfg(test)]
mod tests;

pub use keep::Keeper;
pub use options::{Ended, SelectOptions};
pub use path::PathPattern;
pub use range::{Bound, Minute, Steps, When, Within};
pub use rule::{Seen, Selector};
