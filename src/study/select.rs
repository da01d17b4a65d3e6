//! Which events a run uses: the filter of `--where` over kept properties; and what is said
//! in a report where only some journeys were looked at.

use crate::analysis::Analysis;
use crate::analysis::compare::Compare;
use crate::base::filter::Filter;
use crate::base::names::nearest;
use crate::base::{Error, NONE, Result};
use crate::model::{Batch, Report, Selected};
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

/// Says in a report and on its maps which journeys were looked at.
pub(super) fn mark(report: &mut Report, selected: &Selected) {
    report.notes.insert(0, selected.sentence(report.currency));
    if report.name == Compare::NAME {
        report.notes.insert(
            1,
            "Journeys are chosen by what customers did after they were given a variant: those \
             who are left are no longer alike by chance, and sample ratio, effects and tests \
             compare them as they are. For the effect of the variant, compare all journeys."
                .to_owned(),
        );
    }
    for (_, map) in &mut report.maps {
        map.subtitle.splice(0..0, selected.lines());
    }
    report.selected = Some(selected.clone());
}
