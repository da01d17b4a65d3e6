//! Progress: what long work tells whoever watches.

/// Someone who watches long work. All methods may be called from any thread.
pub trait Progress: Sync {
    /// A stage of work begins; `total` units of it are expected, 0 if unknown.
    fn stage(&self, what: &'static str, total: u64);
    /// So many more units are done.
    fn advance(&self, units: u64);
    /// So many more rows were read.
    fn rows(&self, rows: u64);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn stage(&self, _: &'static str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn rows(&self, _: u64) {}
}
