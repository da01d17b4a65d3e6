//! touchpath: customer-journey graphs from raw events.
//!
//! Data flows one way, and imports go the other way:
//! `bytes → RawEvents → (stitch) → Events → Customers → folds → Report → bytes`.
//! See `docs/architecture.md` for the floors and how to add to one.

pub mod base;
pub mod demo;
pub mod stats;
