//! XES event logs (IEEE 1849): a trace is a customer, its events are rows.
//!
//! One pass, in bounded memory. An event's attributes are columns by their keys, those
//! inside others by dotted paths (`cost.total`); a trace's are columns of all its events,
//! named `case:KEY`. Globals, classifiers and extensions say nothing of events and are
//! passed over. Never opens anything that a file names, and expands no entity but the
//! five of XML itself. Never sees what values mean; [`Rows`](super::rows::Rows) does.

mod bytes;
mod deliver;
mod sample;
mod walk;

use super::jsonl::{Fill, Outcome, check_seen};
use super::mapping::Mapping;
use super::read::Job;
use super::rows::FileId;
use crate::base::{Place, Progress, Result};
use bytes::Bytes;
use deliver::Delivery;

pub(super) use sample::{knows, look};

/// What columns of traces begin with.
const TRACE: &str = "case:";

/// Reads the file of a job as XES.
///
/// # Errors
/// As [`read`]; the file cannot be opened.
pub fn read_xes(job: &Job<'_>) -> Result<Outcome> {
    let mut opened = job.open()?.text()?;
    let mut fill = |buffer: &mut [u8]| opened.fill_all(buffer);
    let how = How { keep_all: job.keep_all, strict: job.strict, progress: job.progress };
    read(&mut fill, job.mapping, &job.file, how)
}

/// What is kept of rejected rows, whether the first ends the reading, and who watches.
#[derive(Clone, Copy)]
struct How<'h> {
    keep_all: bool,
    strict: bool,
    progress: &'h dyn Progress,
}

/// Reads XES.
///
/// # Errors
/// The bytes cannot be read; they are not well-formed UTF-8 XML or no XES; they have a
/// document type, or elements too deep or too long to be those of a log; no event has the
/// time, or none any id, that the mapping names.
fn read(fill: Fill<'_>, mapping: &Mapping, file: &FileId, how: How<'_>) -> Result<Outcome> {
    let mut delivery = Delivery::new(mapping, file, how);
    let place = |it: crate::base::Error| it.or_at(Place::file(&*file.name));
    let whole = walk::walk(Bytes::new(fill), &file.name, &mut delivery).map_err(place)?;
    let (outcome, keys) = delivery.finish()?;
    if whole {
        check_seen(mapping, file, &outcome, &keys)?;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
