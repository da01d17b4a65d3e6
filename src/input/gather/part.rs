//! A batch as readers hand it on, gathered or not.
//!
//! Knows nothing of dictionaries.

use std::mem::take;
use std::ops::Deref;

use crate::model::raw::{Batch, Keys};

/// A batch as readers hand it on: its rows, or what is left when they are gathered.
#[derive(Debug, Default)]
pub struct Part {
    pub(super) batch: Batch,
    pub(super) ticket: Option<u32>,
    pub(super) rows: usize,
}

impl Deref for Part {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl Part {
    /// How many rows there are, gathered or not.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The keys of the rows, which stay with the part.
    pub fn take_keys(&mut self) -> Keys {
        take(&mut self.batch.keys)
    }

    /// The rows; none where they are gathered.
    pub fn into_batch(self) -> Batch {
        self.batch
    }
}

impl From<Batch> for Part {
    fn from(batch: Batch) -> Self {
        Self { rows: batch.len(), batch, ticket: None }
    }
}
