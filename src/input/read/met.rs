//! Which columns any file had: a property that none has is a mistyped name.
//!
//! Knows no values.

use std::collections::BTreeSet;

use crate::base::names::nearest;
use crate::base::{Error, Result};
use crate::input::options::SourceOptions;

/// Which columns any file had.
#[derive(Default)]
pub(in crate::input) struct Met {
    columns: BTreeSet<String>,
    rows: u64,
}

impl Met {
    pub fn note(&mut self, columns: &[String], seen: &[bool], rows: u64) {
        self.rows += rows;
        let met = columns.iter().zip(seen).filter(|it| *it.1);
        self.columns.extend(met.map(|it| it.0.clone()));
    }

    /// A property that was asked for and that no file has is a mistyped name.
    pub fn check(&self, sources: &[SourceOptions], keep: &[String]) -> Result<()> {
        let given = |name: &str| {
            let gives = |it: &SourceOptions| {
                it.text_column(name).is_some() || it.constants.contains_key(name)
            };
            sources.iter().any(gives) || self.columns.contains(name)
        };
        let Some(name) = keep.iter().find(|it| !given(it)).filter(|_| self.rows > 0) else {
            return Ok(());
        };
        let mapped = sources.iter().flat_map(|it| it.properties.keys().chain(it.constants.keys()));
        let known: Vec<&str> = mapped.chain(&self.columns).map(String::as_str).collect();
        Err(Error::new(format!("no source has a property \"{name}\""))
            .suggest(nearest(name, known.iter().copied())))
    }
}
