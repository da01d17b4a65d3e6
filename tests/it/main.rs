//! The integration tests: one crate, so that it links once.
//!
//! `case` alone knows how a study is made; the other modules are tables of cases.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods)]

mod case;
mod conservation;
mod determinism;
mod floors;
mod names;
