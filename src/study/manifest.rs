//! The manifest: what a result was made of, without any clock.

use std::io::Read;

use rayon::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::base::{Error, Place, Progress, Result};
use crate::model::raw::InputFile;

use super::{LoadOptions, Question, Study};
use crate::model::{Selected, Tally};

/// The SHA-256 of each input file, where there is one to open.
///
/// # Errors
/// An input file that can no longer be read, or changed since; the work was cancelled.
pub fn input_hashes(study: &Study, progress: &dyn Progress) -> Result<Vec<Option<String>>> {
    let hash = |it: &InputFile| match (it.sha256.as_str(), it.location.as_os_str().is_empty()) {
        ("", true) => Ok(None),
        ("", false) => hash(it, progress).map(Some),
        (known, _) => Ok(Some(known.to_owned())),
    };
    study.raw.inputs.par_iter().map(hash).collect()
}

/// The manifest of a run: tool, inputs and their hashes, configuration, counts, options.
///
/// # Errors
/// The spill file cannot be read.
pub fn manifest(
    study: &Study,
    options: &LoadOptions,
    questions: &[Question],
    hashes: &[Option<String>],
    selected: Option<&Selected>,
) -> Result<Value> {
    let inputs =
        study.raw.inputs.iter().zip(hashes).map(|(file, hash)| input(file, hash.as_deref()));
    let inputs: Vec<Value> = inputs.collect();
    let issues = &study.raw.issues;
    let exclusions = study.exclusions.text();
    let exclusions = (!exclusions.is_empty()).then(|| hex(&Sha256::digest(exclusions.as_bytes())));
    let asked: serde_json::Map<String, Value> =
        questions.iter().map(|(entry, options)| (entry.name.to_owned(), options.clone())).collect();
    let mut manifest = json!({
        "tool": "touchpath",
        "version": env!("CARGO_PKG_VERSION"),
        "journey": study.config.sections.name,
        "configuration_sha256": hex(&Sha256::digest(study.config.text.as_bytes())),
        "configuration": study.config.sections,
        "exclusions_sha256": exclusions,
        "inputs": inputs,
        "rows": {
            "read": issues.read,
            "used": issues.used(),
            "filtered": issues.filtered,
            "no_events": issues.left_out(),
            "set_aside": issues.rejected(),
        },
        "events": study.catalog.events,
        "customers": study.catalog.customers,
        "events_ordered_by_place_alone": study.shards.ties()?,
        "guesses": study.guesses,
        "options": {
            "since": options.since.map(|it| it.to_string()),
            "until": options.until.map(|it| it.to_string()),
            "where": options.filter,
            "strict": options.strict,
            "ids_hashed_by": options.hash_ids.as_ref().map(|it| it.fingerprint()),
        },
        "analyses": asked,
    });
    if let (Some(selected), Some(manifest)) = (selected, manifest.as_object_mut()) {
        let tally = |it: &Tally| {
            let value = study.catalog.currency.format(it.value);
            json!({
                "customers": it.customers, "journeys": it.journeys,
                "conversions": it.orders, "value": value,
            })
        };
        manifest.insert(
            "journeys".to_owned(),
            json!({
                "chosen": selected.words,
                "all": tally(&selected.all),
                "kept": tally(&selected.kept),
                "customers_without_journey": selected.without_journey,
            }),
        );
    }
    Ok(manifest)
}

fn input(file: &InputFile, hash: Option<&str>) -> Value {
    json!({
        "path": file.path,
        "format": file.format,
        "bytes": file.bytes,
        "rows": file.rows,
        "times": file.times_as,
        "sha256": hash,
    })
}

/// The SHA-256 of a file as stored.
fn hash(file: &InputFile, progress: &dyn Progress) -> Result<String> {
    let mut input = fs_err::File::open(&file.location)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    let mut bytes = 0u64;
    loop {
        progress.check()?;
        let count = input.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        hasher.update(&buffer[..count]);
    }
    if bytes != file.bytes {
        return Err(Error::new("the file changed while it was being read")
            .at(Place::file(&file.path))
            .hint("run again when nothing writes to it"));
    }
    Ok(hex(&hasher.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
