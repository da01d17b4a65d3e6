//! Floor 3, room `store`: rows that wait, in memory or in files.
//!
//! A codec for columns, a place for packed bytes that goes to disk when memory is
//! short, and the batches that reading leaves there. Nothing else writes
//! temporary files. Knows no input format and no question.

pub mod batches;
pub mod column;
pub mod keep;
pub mod memory;
pub mod raw;

pub use batches::Batches;
pub use keep::{Held, Keep};
pub use raw::RawEvents;
