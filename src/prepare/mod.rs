//! Floor 3, room `prepare`: from rows as read to customers with journeys.
//!
//! Pure: no files, no printing. `stitch` makes customers of ids, `group` brings
//! each customer's events together in order, `walk` finds a customer's
//! sessions, touches, conversions and journeys, of which `select` may leave some out, and
//! feeds every fold.

pub mod channel_groups;
pub mod channels;
pub mod components;
pub mod group;
pub mod identity;
pub mod journeys;
pub mod partition;
pub mod pile;
pub mod rows;
pub mod rules;
pub mod select;
pub mod sessions;
pub mod stages;
pub mod stitch;
pub mod touches;
pub mod walk;

pub use journeys::{AfterConversion, EndOfData, JourneyOptions, JourneyRule};
pub use select::{SelectOptions, Selector};
pub use sessions::{SessionOptions, SessionPreset, SessionRule};
pub use touches::TouchRule;
pub use walk::{Walker, Walking};
