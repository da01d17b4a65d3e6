//! Floor 3, room `store`: what the program keeps between runs, or out of memory.
//!
//! `column` packs flat columns into bytes and back; a [`Partial`] keeps what
//! reading made of input files, and [`Merged`] joins partials. Knows no input
//! format, no customers and no analysis; bytes that it reads back may be anybody's.

pub mod block;
pub mod column;
pub mod marks;
pub mod merge;
pub mod partial;
pub mod piece;
pub mod sections;

pub use merge::{Merged, Rules};
pub use partial::{Head, Partial, Totals, Writer, is_partial};
pub use piece::Piece;
