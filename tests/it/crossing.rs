//! The same bytes whatever the formats, the memory, the threads and the shards: all
//! of them crossed, over every analysis and every format of output.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::store::memory::Memory;
use touchpath::store::{Merged, Partial, Rules};
use touchpath::study::fold::{self, FoldOptions};
use touchpath::study::{LoadOptions, Study};

use crate::case::Case;
use crate::determinism::{HEADER, assert_same, file, journey, outputs, rows, whole};

/// How many files the log is cut into.
const SHARDS: usize = 4;

/// Makes the bytes of a file of rows.
pub type Encode = fn(&[String]) -> Vec<u8>;

pub const FORMATS: [(&str, Encode); 5] = [
    ("csv", csv),
    ("csv.gz", gz),
    ("csv.zst", zst),
    ("jsonl", jsonl),
    #[cfg(feature = "parquet")]
    ("parquet", parquet),
];

fn csv(rows: &[String]) -> Vec<u8> {
    file(rows).into_bytes()
}

fn gz(rows: &[String]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&csv(rows)).unwrap();
    encoder.finish().unwrap()
}

fn zst(rows: &[String]) -> Vec<u8> {
    zstd::bulk::compress(&csv(rows), 1).unwrap()
}

fn jsonl(rows: &[String]) -> Vec<u8> {
    let object = |row: &String| {
        let cells = HEADER.split(',').zip(row.split(',')).filter(|it| !it.1.is_empty());
        let object: Map<String, Value> = cells.map(|it| (it.0.to_owned(), it.1.into())).collect();
        Value::Object(object).to_string() + "\n"
    };
    rows.iter().map(object).collect::<String>().into_bytes()
}

#[cfg(feature = "parquet")]
fn parquet(rows: &[String]) -> Vec<u8> {
    use crate::written::{Cell, table};
    let cell =
        |row: &String, at: usize| Cell::from(row.split(',').nth(at).filter(|it| !it.is_empty()));
    let declare = |it: &str| format!("optional binary {it} (string);");
    let declared: Vec<String> = HEADER.split(',').map(declare).collect();
    let column = |(at, declared)| (declared, rows.iter().map(|row| cell(row, at)).collect());
    let columns: Vec<(&str, Vec<Cell>)> =
        declared.iter().map(String::as_str).enumerate().map(column).collect();
    table(&columns, 1000)
}

/// A folder with the log in files of one format, and its journey, to which `more` is added.
pub fn case(ending: &str, encode: Encode, more: &str) -> Case {
    let journey = journey(&format!("log-*.{ending}")) + more;
    let case = Case::new(&[("journey.toml", &journey)]);
    let rows = rows();
    for (shard, part) in rows.chunks(rows.len().div_ceil(SHARDS)).enumerate() {
        std::fs::write(case.path(&format!("log-{shard}.{ending}")), encode(part)).unwrap();
    }
    case
}

/// Folds each file of a case alone.
pub fn partials(case: &Case, ending: &str) -> Vec<PathBuf> {
    let fold = |shard: usize| {
        let only = vec![format!("log-{shard}.{ending}")];
        let how = FoldOptions { only, by_customer: false };
        let config = Config::read(&case.path("journey.toml")).unwrap();
        let mut bytes = Vec::new();
        fold::fold(&config, &LoadOptions::default(), &how, &Unwatched, &mut bytes).unwrap();
        let path = case.path(&format!("{shard}.part"));
        std::fs::write(&path, bytes).unwrap();
        path
    };
    // The last first: their order must not matter.
    (0..SHARDS).rev().map(fold).collect()
}

pub fn merged(paths: &[PathBuf]) -> Arc<Merged> {
    let open = |it: &PathBuf| Partial::open(it).unwrap();
    Arc::new(Merged::new(paths.iter().map(open).collect(), Rules::default()).unwrap())
}

pub fn load(journey: &Path, partials: Option<Arc<Merged>>, memory: Option<u64>) -> Study {
    let memory = memory.map(Memory::of);
    let options = LoadOptions { memory, partials, ..LoadOptions::default() };
    Study::load(Config::read(journey).unwrap(), &options, &Unwatched).unwrap()
}

#[test]
fn formats_memory_threads_and_shards_change_no_byte() {
    let expected = whole();
    for (ending, encode) in FORMATS {
        let case = case(ending, encode, "");
        let (journey, merged) = (case.path("journey.toml"), merged(&partials(&case, ending)));
        for memory in [None, Some(50_000)] {
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                for partials in [None, Some(Arc::clone(&merged))] {
                    let what = format!(
                        "{ending}, {memory:?} bytes of memory, {threads} threads, {}",
                        if partials.is_some() { "merged" } else { "at once" }
                    );
                    let study = pool.install(|| load(&journey, partials, memory));
                    assert_eq!(study.shards.spilled() > 0, memory.is_some(), "{what}");
                    assert_same(&expected, &pool.install(|| outputs(&study)), &what);
                }
            }
        }
    }
}
