//! Guards of identity: what keeps two people apart, and when what was known.
//!
//! `stitch` unites whatever was seen together and asks this room only about the few
//! customers in which a rule is broken; their rows are then replayed in order of time.
//! Knows ids as nodes; never a file's bytes, and nothing of what customers do.

pub(super) mod conflicts;
pub mod devices;
pub mod evidence;
pub mod exclude;
pub mod history;
pub mod nodes;
pub mod options;
mod profiles;
pub mod quota;
pub mod replay;
pub mod rules;
pub mod visits;

pub use devices::SharedDevice;
pub use evidence::Evidence;
pub use exclude::Exclusions;
pub use history::History;
pub use nodes::Nodes;
pub use options::{Guards, IdentityOptions};
pub use quota::{Quota, Window};
pub use rules::Rules;
