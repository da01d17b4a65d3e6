//! Reads golden figures for the tests of this room; compiled for tests only.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// One golden file: what a peer computed from which inputs.
pub(crate) struct Oracle {
    /// What the peer was asked.
    pub params: Value,
    /// The figures.
    pub output: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles"))
}

/// A file of the folder; `None`, with a line to stderr, when it is absent.
/// With `CI=true` its absence fails the test.
fn bytes(name: &str) -> Option<Vec<u8>> {
    match fs_err::read(folder().join(name)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "golden figures: {error}");
            writeln!(std::io::stderr(), "skipped: no golden figures {name}").ok();
            None
        }
    }
}

/// Reads a golden file and checks the hashes of the inputs that it names.
pub(crate) fn read(name: &str) -> Option<Oracle> {
    let mut all: Value = serde_json::from_slice(&bytes(name)?).unwrap();
    for (input, hash) in all["inputs"].as_object().unwrap() {
        let found: String =
            Sha256::digest(bytes(input)?).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(Some(found.as_str()), hash.as_str(), "{input} is not what {name} was made from");
    }
    Some(Oracle { params: all["params"].take(), output: all["output"].take() })
}

/// The rows of an input file, each as its fields.
pub(crate) fn rows(name: &str) -> Vec<csv::StringRecord> {
    let bytes = bytes(name).unwrap_or_default();
    csv::Reader::from_reader(bytes.as_slice()).records().map(|row| row.unwrap()).collect()
}

/// Asserts that a figure is the golden one, to an absolute or relative bound.
#[track_caller]
pub(crate) fn close(ours: f64, expected: &Value, bound: f64, what: &str) {
    let wanted = expected.as_f64().unwrap_or_else(|| panic!("{what}: no golden figure"));
    let off = (ours - wanted).abs();
    assert!(off <= bound.max(bound * wanted.abs()), "{what}: {ours:e}, golden {wanted:e}");
}
