//! Which events a run uses: the filter of `--where` over kept properties.

use crate::base::filter::Filter;
use crate::base::names::nearest;
use crate::base::{Error, NONE, Result};
use crate::model::Batch;
use crate::store::RawEvents;

/// A filter over the kept texts of rows.
pub(super) struct RowTest {
    filter: Filter,
    columns: Vec<usize>,
}

/// Looks the names of a filter up.
///
/// # Errors
/// A name that no source has, with the nearest one.
pub(super) fn row_test(filter: Filter, raw: &RawEvents) -> Result<RowTest> {
    let column = |name: &String| {
        raw.fields.text(name).ok_or_else(|| {
            let known = raw.fields.texts.iter().map(String::as_str);
            Error::new(format!("--where: no source has the property \"{name}\""))
                .suggest(nearest(name, known))
        })
    };
    let columns = filter.names().iter().map(column).collect::<Result<_>>()?;
    Ok(RowTest { filter, columns })
}

impl RowTest {
    /// The test of a row of the batches of `raw`.
    pub(super) fn bind<'a>(
        &'a self,
        raw: &'a RawEvents,
    ) -> impl Fn(&Batch, usize) -> bool + Sync + 'a {
        move |batch, row| {
            let text = |&column: &usize| {
                let code = batch.texts[column].code(row);
                (code != NONE).then(|| raw.texts[column].get(code))
            };
            let values: Vec<Option<&str>> = self.columns.iter().map(text).collect();
            self.filter.matches(&values)
        }
    }
}
