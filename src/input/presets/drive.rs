//! Parts of a file to rows, on all threads, in the order of the file.
//!
//! Knows neither what a part is nor what is in it.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::plan::Plan;
use super::sink::Sink;
use crate::base::{Issues, Result};
use crate::input::gather::Part;
use crate::input::jsonl::{CHUNK, Chunk, Lines, Outcome};
use crate::input::read::Job;

/// What came of a part: its rows and issues, and which columns had values.
type Read = (usize, Vec<(Part, Issues)>, Vec<bool>);

/// Reads lines, chunk by chunk, as [`drive`] does.
///
/// # Errors
/// The file cannot be read.
pub fn drive_lines(
    job: &Job<'_>,
    plan: &Plan<'_>,
    lines: &mut Lines<'_>,
    each: impl Fn(&Chunk, &mut Sink<'_>) + Sync,
) -> Result<Outcome> {
    let next = || lines.chunk(Vec::new(), CHUNK);
    drive(job, plan, next, |chunk, sink| {
        each(&chunk, sink);
        Ok(())
    })
}

/// Reads all parts that `next` gives; one after the other until the format of times is
/// known, the rest together.
///
/// # Errors
/// Those of `next` and `each`.
pub fn drive<C: Send>(
    job: &Job<'_>,
    plan: &Plan<'_>,
    mut next: impl FnMut() -> Result<Option<C>> + Send,
    each: impl Fn(C, &mut Sink<'_>) -> Result<()> + Sync,
) -> Result<Outcome> {
    let mut lead = Sink::new(plan, job);
    let (mut all, mut index, mut stop) = (Vec::new(), 0, false);
    while !stop && !lead.is_decided() {
        let Some(part) = next()? else { break };
        let mut sink = lead.fork();
        each(part, &mut sink)?;
        lead = sink.fork();
        stop = sink.stops();
        all.push(finished(job, index, sink));
        index += 1;
    }
    if !stop && lead.is_decided() {
        let stopped = AtomicBool::new(false);
        let mut failure = None;
        let feed = std::iter::from_fn(|| {
            if stopped.load(Ordering::Relaxed) {
                return None;
            }
            next().unwrap_or_else(|error| {
                failure = Some(error);
                None
            })
        });
        let read: Vec<Result<Read>> = feed
            .enumerate()
            .par_bridge()
            .map(|(at, part)| {
                let mut sink = lead.fork();
                let read = each(part, &mut sink);
                if read.is_err() || sink.stops() {
                    stopped.store(true, Ordering::Relaxed);
                }
                read.map(|()| finished(job, index + at, sink))
            })
            .collect();
        if let Some(error) = failure {
            return Err(error);
        }
        all.extend(read.into_iter().collect::<Result<Vec<_>>>()?);
    }
    all.sort_unstable_by_key(|it| it.0);
    let mut outcome = Outcome { parts: Vec::new(), seen: vec![false; plan.columns.len()] };
    for (_, parts, seen) in all {
        outcome.parts.extend(parts);
        outcome.seen.iter_mut().zip(seen).for_each(|(all, it)| *all |= it);
    }
    Ok(outcome)
}

fn finished(job: &Job<'_>, index: usize, sink: Sink<'_>) -> Read {
    job.progress.rows(sink.read());
    let (parts, seen) = sink.finish();
    (index, parts, seen)
}
