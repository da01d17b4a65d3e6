//! Floor 3, room `store`: rows that wait, within a run or between runs.
//!
//! `column` packs flat columns into bytes and back. Within a run, `keep` holds packed
//! batches in memory or in a spill file. Between runs, a [`Partial`] keeps what reading
//! made of input files, and [`Merged`] joins partials. Knows no input format, no customers
//! and no analysis; bytes that it reads back may be anybody's.

pub mod batches;
pub mod block;
pub mod codes;
pub mod column;
pub mod keep;
pub mod kept;
pub mod marks;
pub mod memory;
pub mod merge;
pub mod narrow;
pub mod partial;
pub mod piece;
pub mod raw;
pub mod sections;
pub mod sparse;
pub mod steps;
pub mod waiting;

pub use batches::Batches;
pub use keep::{Held, Keep};
pub use merge::{Merged, Rules};
pub use partial::{Head, Partial, Totals, Writer, is_partial};
pub use piece::Piece;
pub use raw::RawEvents;
