//! Partials as input: rows that an earlier run read, and reading rows into one.
//!
//! What reading made of a file does not depend on other files, so a piece of a
//! partial stands for its file: the same batches, issues and facts come out of it.
//! Knows how rows are read and joined; how partials are stored, `store` alone knows.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::columns::promoted;
use super::dedupe;
use super::gather::{Gather, Part};
use super::jsonl::Outcome;
use super::mapping::{Common, fields};
use super::options::{SourceOptions, TimeFormat};
use super::presets;
use super::privacy::Privacy;
use super::read::{Met, Planned, ReadSettings, plan, screened, strict_error};
use crate::base::{Dictionary, Error, IssueKind, Issues, Place, Progress, Reject, Result};
use crate::model::raw::{Batch, Blocked, Fields, InputFile, Sequence, TextColumn};
use crate::store::block::{blocks, gather, pack};
use crate::store::marks::Marks;
use crate::store::merge::difference;
use crate::store::partial::Entry;
use crate::store::{Head, Merged, Partial, Piece, RawEvents, Totals, Writer};

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

/// What reading depends on, so that two partials can be compared.
///
/// Paths and names of sources are left out: a day's file is read as any day's.
pub fn reading(
    sources: &[SourceOptions],
    settings: &ReadSettings,
    texts: &[String],
    ranked: bool,
) -> Value {
    let mut mappings: Vec<Value> = Vec::new();
    for source in sources {
        let mut mapping = serde_json::to_value(source).unwrap_or_default();
        if let Some(it) = mapping.as_object_mut() {
            it.remove("path");
            it.remove("name");
        }
        if !mappings.contains(&mapping) || ranked {
            mappings.push(mapping);
        }
    }
    if !ranked {
        mappings.sort_by_key(Value::to_string);
    }
    let sorted = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
    let blocklist = &settings.blocklist;
    let mut reading = json!({
        "ranked": ranked,
        "timezone": settings.zone.iana_name().unwrap_or_default(),
        "currency": settings.currency.code(),
        "blocklist": sorted(&blocklist.texts),
        "block_patterns": sorted(&blocklist.patterns),
        "allow": sorted(&blocklist.allow),
        "properties": texts,
        "source": mappings,
    });
    if let (Some(hash), Some(reading)) = (&settings.hash_ids, reading.as_object_mut()) {
        reading.insert(HASHED.to_owned(), hash.fingerprint().into());
    }
    reading
}

/// Where a partial says by which key its ids are hashed.
const HASHED: &str = "ids_hashed_by";

/// Reads files into a partial.
///
/// # Errors
/// As [`read`](super::read()); a failed write; a pattern that no file matches.
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
    let common = Common {
        privacy: Privacy::new(settings, &fields.id_types)?,
        fields,
        zone: settings.zone.clone(),
        currency: settings.currency,
        blocklist: settings.blocklist.clone(),
        gather: None,
    };
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

/// Writes what reading made of a file, and says what became of its rows.
fn write_piece(
    mut piece: Piece,
    planned: &Planned<'_>,
    outcome: Outcome,
    input: InputFile,
    fields: &Fields,
    writer: &mut Writer<'_>,
) -> Result<Issues> {
    let mut issues = Issues::new(true);
    let mut batches = Vec::with_capacity(outcome.parts.len());
    let event_ids = planned.mapping.event_id.is_some();
    let mut blocked = BTreeMap::new();
    for (part, more) in outcome.parts {
        issues.merge(more);
        let mut batch = part.into_batch();
        if !planned.mapping.dedupe.is_empty() {
            batch.texts.push(dedupe::to_texts(&std::mem::take(&mut batch.keys)));
        }
        for ((id_type, id), count) in &batch.blocked {
            *blocked.entry((fields.id_types[*id_type].clone(), id.clone())).or_default() += count;
        }
        batches.push(batch);
    }
    if event_ids {
        promote_event_ids(&mut batches);
    }
    let columns = planned.mapping.columns().iter().zip(&outcome.seen);
    piece.columns = columns.filter(|it| *it.1).map(|it| it.0.clone()).collect();
    piece.bytes = input.bytes;
    piece.format = input.format;
    piece.times_as = input.times_as;
    piece.event_ids = event_ids;
    piece.id_types.clone_from(&fields.id_types);
    piece.texts.clone_from(&fields.texts);
    if !planned.mapping.dedupe.is_empty() {
        piece.texts.push(dedupe::KEPT_AS.to_owned());
    }
    piece.blocked = blocked.into_iter().map(|((kind, id), count)| (kind, id, count)).collect();
    piece.set_issues(&issues);
    // A block holds events or links, and a preset's file may hold both.
    let (links, events): (Vec<Batch>, Vec<Batch>) = batches.into_iter().partition(|it| it.links);
    let mut runs = blocks(&events);
    runs.extend(blocks(&links));
    let packed: Vec<Packed> = runs
        .into_par_iter()
        .map(|runs| Packed::new(gather(&runs), &piece.id_types, &fields.texts))
        .collect::<Result<_>>()?;
    piece.rows = packed.iter().map(|it| it.rows).sum();
    piece.blocks = packed.len() as u64;
    packed.iter().for_each(|it| piece.marks.merge(&it.marks));
    piece.ids = distinct(&packed, &piece.id_types);
    writer.piece(&piece)?;
    for it in &packed {
        writer.block(&it.bytes)?;
    }
    Ok(issues)
}

/// Event ids are numbers only if they all are: as soon as one batch holds texts, every
/// batch does.
fn promote_event_ids(batches: &mut [Batch]) {
    if !batches.iter().any(|it| matches!(it.sequence, Sequence::Texts(_))) {
        return;
    }
    batches.par_iter_mut().for_each(|batch| {
        if let Sequence::Numbers(numbers) = &batch.sequence {
            batch.sequence = Sequence::Texts(promoted(numbers));
        }
    });
}

/// A block of a piece, and what there is to say of its rows.
struct Packed {
    rows: u64,
    bytes: Vec<u8>,
    marks: Marks,
    /// The distinct ids of each type.
    ids: Vec<Dictionary>,
}

impl Packed {
    fn new(batch: Batch, id_types: &[String], texts: &[String]) -> Result<Self> {
        let mut marks = Marks::default();
        marks.add(&batch, id_types, texts);
        let (rows, bytes) = (batch.len() as u64, pack(&batch)?);
        let ids = batch.ids.into_iter().map(|it| it.dictionary).collect();
        Ok(Self { rows, bytes, marks, ids })
    }
}

/// How many distinct ids of each type blocks have.
fn distinct(blocks: &[Packed], id_types: &[String]) -> BTreeMap<String, u64> {
    let of = |at: usize| {
        if let [one] = blocks {
            return one.ids[at].len();
        }
        let mut all = Dictionary::default();
        for text in blocks.iter().flat_map(|it| it.ids[at].iter()) {
            all.intern(text);
        }
        all.len()
    };
    id_types.iter().enumerate().map(|(at, it)| (it.clone(), of(at) as u64)).collect()
}

/// Reads partials as if their files were read.
///
/// # Errors
/// They were read otherwise than the journey says, lack a property that is asked
/// for, or are damaged; with `strict`, the first row that was set aside.
pub(super) fn read(
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

/// Checks that partials were read as the journey says, and have what it asks for.
fn check_reading(
    merged: &Merged,
    sources: &[SourceOptions],
    settings: &ReadSettings,
    fields: &Fields,
) -> Result<()> {
    let said = &merged.head.reading;
    let ranked = said["ranked"] == true;
    let carried = said["properties"].as_array().cloned().unwrap_or_default();
    let carried: Vec<String> =
        carried.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if let Some(name) = fields.texts.iter().find(|it| !carried.contains(it)) {
        return Err(Error::new(format!("the partials do not carry the property \"{name}\""))
            .hint(format!("fold again with --keep {name}")));
    }
    let mut own = reading(sources, settings, &carried, ranked);
    match (said.get(HASHED), own.as_object_mut()) {
        // Hashed before, and by no other key: nothing is left to hash.
        (Some(key), Some(own)) if !own.contains_key(HASHED) => {
            own.insert(HASHED.to_owned(), key.clone());
        }
        // Hashed as it is read.
        (None, Some(own)) => drop(own.remove(HASHED)),
        _ => {}
    }
    match difference(said, &own, "") {
        None => Ok(()),
        Some(what) => Err(Error::new(format!(
            "the partials were read otherwise than the journey says: {what}"
        ))
        .hint("fold again, or use the journey that they were folded with")),
    }
}

/// Partials to read instead of files.
pub type Partials = Option<Arc<Merged>>;
