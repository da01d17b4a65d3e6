//! Floor 0: ids, time, money, errors, names, bad rows, the fold.
//!
//! Knows nobody above it: no events, no journeys, no files.

pub mod dictionary;
pub mod error;
pub mod filter;
pub mod fold;
pub mod guard;
pub mod id;
pub mod issues;
pub mod money;
pub mod names;
pub mod numerals;
pub mod privacy;
pub mod progress;
pub mod text;
pub mod time;

pub use dictionary::Dictionary;
pub use error::{Error, Place, Result};
pub use id::{ChannelId, CustomerId, NONE, StageId, ValueId};
pub use issues::{IssueKind, Issues, Reject};
pub use money::{Amount, Currency};
pub use names::Names;
pub use progress::{Progress, Unwatched};
pub use time::{Span, Timestamp};
