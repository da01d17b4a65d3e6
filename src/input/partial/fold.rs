//! Files read into a partial: which, in which order, and one piece for each.
//!
//! Knows no blocks of rows.

use std::io::{Read, Write};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::piece::write_piece;
use super::reading;
use crate::base::{Error, Issues, Place, Progress, Result};
use crate::input::mapping::fields;
use crate::input::options::SourceOptions;
use crate::input::presets;
use crate::input::read::{Met, Planned, ReadSettings, plan, strict_error};
use crate::store::{Head, Piece, Totals, Writer};

/// What a fold does besides reading.
#[derive(Debug, Clone, Default)]
pub struct FoldSettings {
    /// Only files whose name matches one of these patterns; all if there is none.
    pub only: Vec<String>,
    /// Whether the files hold whole customers, as a merge will check.
    pub by_customer: bool,
    /// Whether sources stand in the order of a journey file; else files are ordered by name.
    pub ranked: bool,
    /// The journey, to be found again in the partial; compared as text alone.
    pub journey: String,
}

/// Reads files into a partial.
///
/// # Errors
/// As [`read`](crate::input::read()); a failed write; a pattern that no file matches.
pub fn fold(
    sources: &[SourceOptions],
    settings: &ReadSettings,
    how: &FoldSettings,
    progress: &dyn Progress,
    out: &mut dyn Write,
) -> Result<(Totals, Issues)> {
    let settings = &ReadSettings { keep_all_rejects: true, ..settings.clone() };
    let resolved = &presets::resolved(sources)?;
    // Not by the journey's priority, which is no matter of reading.
    let fields = fields(resolved, &settings.keep);
    let common = settings.common(fields, None)?;
    let plan = chosen(plan(resolved, settings, &common)?, &how.only)?;
    let files = files(plan, resolved, how)?;
    let head = Head {
        tools: [env!("CARGO_PKG_VERSION").to_owned()].into(),
        reading: reading(sources, settings, &common.fields.texts, how.ranked),
        journeys: [how.journey.clone()].into(),
    };
    let total = files.iter().map(|it| it.1.stamp.bytes).sum();
    progress.stage("reading", total);
    let mut writer = Writer::new(&head, out)?;
    let (mut issues, mut met) = (Issues::new(false), Met::default());
    for (piece, planned) in files {
        let (outcome, input) = planned.read(0, settings, progress)?;
        met.note(planned.mapping.columns(), &outcome.seen, input.rows);
        let read = write_piece(piece, &planned, outcome, input, &common.fields, &mut writer)?;
        if let (true, Some(reject)) = (settings.strict, read.first_fault()) {
            return Err(strict_error(reject));
        }
        issues.merge(read);
    }
    // Some of the files need not have all that is asked of all of them.
    if how.only.is_empty() {
        met.check(resolved, &settings.keep)?;
    }
    Ok((writer.finish()?, issues))
}

/// The files in the order of a partial, with what is known of them unread.
fn files<'a>(
    plan: Vec<Planned<'a>>,
    sources: &[SourceOptions],
    how: &FoldSettings,
) -> Result<Vec<(Piece, Planned<'a>)>> {
    let rank = |it: &Planned<'_>| match how.ranked {
        true => sources.iter().position(|own| std::ptr::eq(own, it.source)).unwrap_or(0) as u32,
        false => 0,
    };
    let hashes: Vec<String> = plan.par_iter().map(sha256).collect::<Result<_>>()?;
    let piece = |(it, sha256): (Planned<'a>, String)| {
        let name = it.found.name.clone();
        (Piece { rank: rank(&it), name, sha256, ..Piece::default() }, it)
    };
    let mut files: Vec<(Piece, Planned<'a>)> = plan.into_iter().zip(hashes).map(piece).collect();
    let shard = how.by_customer.then(|| shard(files.iter().map(|it| &it.0)));
    files.iter_mut().for_each(|it| it.0.shard.clone_from(&shard));
    files.sort_by(|a, b| a.0.key().cmp(&b.0.key()));
    match files.windows(2).find(|it| it[0].0.key() == it[1].0.key()) {
        None => Ok(files),
        Some(twice) => Err(Error::new("the file is read twice")
            .at(Place::file(&twice[0].0.name))
            .hint("its events would count twice")),
    }
}

/// The files whose names match one of the patterns.
fn chosen<'a>(mut plan: Vec<Planned<'a>>, only: &[String]) -> Result<Vec<Planned<'a>>> {
    let mut patterns = Vec::new();
    for text in only {
        let pattern = glob::Pattern::new(text)
            .map_err(|it| Error::new(format!("--only {text}: cannot use the pattern: {it}")))?;
        if !plan.iter().any(|it| pattern.matches(&it.found.name)) {
            let some: Vec<&str> = plan.iter().take(5).map(|it| &*it.found.name).collect();
            return Err(Error::new(format!("--only {text}: no file of the journey matches"))
                .hint(format!("its files are named as in the journey: {}", some.join(", "))));
        }
        patterns.push(pattern);
    }
    plan.retain(|it| only.is_empty() || patterns.iter().any(|own| own.matches(&it.found.name)));
    Ok(plan)
}

fn shard<'a>(pieces: impl Iterator<Item = &'a Piece>) -> String {
    let mut keys: Vec<String> =
        pieces.map(|it| format!("{} {} {}\n", it.rank, it.name, it.sha256)).collect();
    keys.sort();
    hex(&Sha256::digest(keys.concat().as_bytes()))
}

/// The SHA-256 of a file as stored.
fn sha256(planned: &Planned<'_>) -> Result<String> {
    if planned.found.is_stdin() {
        return Err(Error::new("standard input cannot be folded from a journey file")
            .hint("name the file in the source, or fold it as a bare data file"));
    }
    let mut input = fs_err::File::open(&planned.found.location)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
