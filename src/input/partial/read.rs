//! Partials read as if their files were: blocks in the place of rows, pieces of files.
//!
//! Whether they were read as the journey says, it asks before it begins.

use rayon::prelude::*;

use super::{HASHED, check_reading};
use crate::base::{IssueKind, Issues, Place, Progress, Reject, Result};
use crate::input::dedupe;
use crate::input::gather::{Gather, Part};
use crate::input::mapping::Common;
use crate::input::options::{SourceOptions, TimeFormat};
use crate::input::presets;
use crate::input::privacy::Privacy;
use crate::input::read::{Met, ReadSettings, screened, strict_error};
use crate::model::raw::{Batch, Blocked, Fields, InputFile, TextColumn};
use crate::store::partial::Entry;
use crate::store::{Merged, Partial, Piece, RawEvents};

/// Reads partials as if their files were read.
///
/// # Errors
/// They were read otherwise than the journey says, lack a property that is asked
/// for, or are damaged; with `strict`, the first row that was set aside.
pub(in crate::input) fn read(
    merged: &Merged,
    sources: &[SourceOptions],
    settings: &ReadSettings,
    common: &Common,
    gather: &Gather,
    progress: &dyn Progress,
) -> Result<RawEvents> {
    check_reading(merged, sources, settings, &common.fields)?;
    let privacy = common.privacy.for_partials(merged.head.reading.get(HASHED).is_some());
    let entries: Vec<_> = merged.entries().collect();
    let jobs: Vec<_> = entries
        .iter()
        .enumerate()
        .flat_map(|(order, (partial, entry))| {
            entry.blocks.iter().map(move |block| (order, *partial, *entry, block))
        })
        .collect();
    progress.stage("reading", jobs.iter().map(|it| it.3.bytes).sum());
    let taken: Vec<(Part, u64, u64)> = jobs
        .par_iter()
        .map(|(order, partial, entry, block)| {
            progress.check()?;
            let mut batch = partial.block(entry, block)?;
            let rows = batch.len() as u64;
            progress.advance(block.bytes);
            progress.rows(rows);
            let keys = entry.piece.texts.iter().position(|it| it == dedupe::KEPT_AS);
            if let Some(at) = keys {
                let keys = batch.texts.get(at).map(|it| dedupe::of_texts(it, batch.len()));
                batch.keys = keys.unwrap_or_default();
            }
            let mut batch = placed(batch, &entry.piece, *order as u32, &common.fields);
            let forgotten = privacy.forget_rows(&mut batch);
            privacy.hash_batch(&mut batch, &common.fields);
            Ok((gather.take(batch, entry.piece.event_ids), rows, forgotten))
        })
        .collect::<Result<_>>()?;
    let mut rows = vec![(0u64, 0u64); entries.len()];
    for (job, taken) in jobs.iter().zip(&taken) {
        rows[job.0].0 += taken.1;
        rows[job.0].1 += taken.2;
    }
    let facts = facts(&entries, &rows, sources, settings, (&common.fields, &privacy))?;
    progress.stage("coding", 0);
    let event_ids = jobs.iter().map(|it| it.2.piece.event_ids);
    let mut parts: Vec<(Part, bool)> = taken.into_iter().map(|it| it.0).zip(event_ids).collect();
    let mut keys = dedupe::Found::default();
    let none = SourceOptions::default();
    for (job, part) in jobs.iter().zip(&mut parts) {
        let rank = job.2.piece.rank as usize;
        keys.take(&mut part.0, dedupe::scope(sources.get(rank).unwrap_or(&none), rank));
    }
    parts.push((Batch { blocked: facts.blocked, ..Batch::default() }.into(), false));
    let raw = gather.finish(common.fields.clone(), parts, facts.issues, facts.inputs)?;
    screened(raw, keys, settings, progress)
}

/// What there is to say of files besides their rows.
struct Facts {
    issues: Issues,
    inputs: Vec<InputFile>,
    blocked: Blocked,
}

/// The facts of all pieces, of which so many rows were found and then forgotten.
fn facts(
    entries: &[(&Partial, &Entry)],
    rows: &[(u64, u64)],
    sources: &[SourceOptions],
    settings: &ReadSettings,
    (fields, privacy): (&Fields, &Privacy),
) -> Result<Facts> {
    let mut issues = Issues::new(settings.keep_all_rejects);
    let (mut inputs, mut met, mut blocked) = (Vec::new(), Met::default(), Blocked::new());
    for (order, (&(partial, entry), &(rows, forgotten))) in entries.iter().zip(rows).enumerate() {
        partial.check_rows(entry, rows)?;
        let piece = &entry.piece;
        let mut own = piece
            .issues(order as u32, settings.keep_all_rejects)
            .map_err(|it| it.at(Place::file(partial.path.display().to_string())))?;
        if let (true, Some(reject)) = (settings.strict, own.first_fault()) {
            return Err(strict_error(reject));
        }
        for _ in 0..forgotten {
            own.reject(IssueKind::Forgotten, || forgotten_row(order as u32, &piece.name));
        }
        own.keep(|it| privacy.keep_reject(it));
        issues.merge(own);
        met.note(&piece.columns, &vec![true; piece.columns.len()], piece.read);
        for (id, count) in privacy.hash_blocked(piece.blocked(&fields.id_types), &fields.id_types) {
            *blocked.entry(id).or_default() += count;
        }
        inputs.push(InputFile {
            path: piece.name.clone(),
            location: partial.path.clone(),
            format: piece.format.clone(),
            bytes: piece.bytes,
            rows: piece.read,
            times_as: piece.times_as.clone(),
            sha256: piece.sha256.clone(),
        });
    }
    met.check(&presets::resolved(sources)?, &settings.keep)?;
    Ok(Facts { issues, inputs, blocked })
}

/// A row that a partial has and that is forgotten as it is read; a partial knows no lines.
fn forgotten_row(file_order: u32, name: &str) -> Reject {
    let place = Place::file(name);
    let (detail, raw) = (String::new(), String::new());
    Reject { file_order, place, kind: IssueKind::Forgotten, detail, raw }
}

/// The rows of a piece with the columns of a study.
fn placed(mut batch: Batch, piece: &Piece, file_order: u32, fields: &Fields) -> Batch {
    let by_name = |columns: Vec<TextColumn>, own: &[String], wanted: &[String]| {
        let mut columns: Vec<Option<TextColumn>> = columns.into_iter().map(Some).collect();
        let mut take = |name: &String| {
            let at = own.iter().position(|it| it == name)?;
            columns.get_mut(at)?.take()
        };
        wanted.iter().map(|it| take(it).unwrap_or_default()).collect::<Vec<_>>()
    };
    batch.ids = by_name(std::mem::take(&mut batch.ids), &piece.id_types, &fields.id_types);
    batch.texts = by_name(std::mem::take(&mut batch.texts), &piece.texts, &fields.texts);
    batch.file_order = file_order;
    batch.times_as = TIME_FORMATS
        .into_iter()
        .map(TimeFormat::words)
        .find(|it| *it == piece.times_as)
        .unwrap_or_default();
    batch
}

const TIME_FORMATS: [TimeFormat; 7] = [
    TimeFormat::Rfc3339,
    TimeFormat::Local,
    TimeFormat::Date,
    TimeFormat::EpochS,
    TimeFormat::EpochMs,
    TimeFormat::EpochUs,
    TimeFormat::EpochNs,
];
