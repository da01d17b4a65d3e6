//! touchpath: customer-journey graphs from raw events.
//!
//! Data flows one way, and imports go the other way:
//! `bytes → RawEvents → (stitch) → Events → Customers → folds → Report → bytes`.
//! See `docs/architecture.md` for the floors and how to add to one.

pub mod analysis;
pub mod base;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod demo;
pub mod input;
pub mod model;
pub mod output;
pub mod prepare;
pub mod stats;
pub mod store;
pub mod study;
