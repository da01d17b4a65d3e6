//! Progress: what long work tells whoever watches, and asks: whether to go on.

use super::error::{Error, Result};

/// Someone who watches long work. All methods may be called from any thread.
pub trait Progress: Sync {
    /// A stage of work begins; `total` units of it are expected, 0 if unknown.
    fn stage(&self, what: &'static str, total: u64);
    /// So many more units are done.
    fn advance(&self, units: u64);
    /// So many more rows were read.
    fn rows(&self, rows: u64);

    /// Whether the work is no longer wanted. Never turns back to false.
    ///
    /// Readers ask at each chunk and folds at each shard; they may then leave their
    /// work undone, for whoever called them asks [`check`](Self::check) before
    /// anything is made of it.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Ends the work with an error where it is no longer wanted, so that whatever it
    /// holds is dropped in order: temporary files go with it.
    ///
    /// # Errors
    /// [`Error::cancelled`].
    fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn stage(&self, _: &'static str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn rows(&self, _: u64) {}
}
