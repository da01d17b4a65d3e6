//! The 2,290 polluted files of the Pollock benchmark (Vitagliano et al., PVLDB
//! 16(8), 2023): no row may come out that is not in the clean file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tests::{rows_of, table};
use crate::base::IssueKind;
use crate::store::RawEvents;

const COLUMNS: [&str; 9] = [
    "DATE",
    "TIME",
    "Qty",
    "PRODUCTID",
    "Price",
    "ProductType",
    "ProductDescription",
    "URL",
    "Comments",
];

/// The unpacked files, or none where the test data is not at hand.
fn files(folder: &Path) -> Option<PathBuf> {
    let packed =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pollock/polluted_files.tar.xz");
    if !packed.exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", packed.display());
        return None;
    }
    let mut tar = Command::new("tar");
    tar.arg("xJf").arg(&packed).arg("-C").arg(folder);
    assert!(tar.status().is_ok_and(|it| it.success()), "cannot unpack {}", packed.display());
    Some(folder.join("polluted_files"))
}

/// How often each row of the clean file comes.
fn clean_rows(bytes: &[u8]) -> BTreeMap<Vec<String>, usize> {
    let mut rows = BTreeMap::new();
    for record in csv::ReaderBuilder::new().flexible(true).from_reader(bytes).records() {
        let mut row: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        let id = row.get(3).cloned().unwrap_or_default();
        row.push(id);
        *rows.entry(row).or_default() += 1;
    }
    rows
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn no_row_of_a_polluted_file_is_damaged_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = files(folder.path()) else {
        eprintln!("skipped: the Pollock files are not at hand");
        return;
    };
    let mut names: Vec<_> = fs_err::read_dir(files.join("csv"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let (mut refused, mut read) = (0, 0);
    for name in &names {
        let bytes = fs_err::read(files.join("csv").join(name)).unwrap();
        let clean = clean_rows(&fs_err::read(files.join("clean").join(name)).unwrap());
        match rows_of(&bytes, "PRODUCTID", &COLUMNS, None, 1 << 16) {
            Err(_) => refused += 1,
            Ok(raw) => {
                read += 1;
                check(name, &raw, clean);
            }
        }
    }
    // Those whose header is polluted, and seven with another shape throughout.
    assert_eq!((read, refused), (2265, 25));
}

fn check(name: &str, raw: &RawEvents, mut clean: BTreeMap<Vec<String>, usize>) {
    // One file has a second table of the same shape below the first; the header
    // that comes again is reported, and the rows under it are read as they stand.
    let twice = raw.issues.count(IssueKind::RepeatedHeader) > 0;
    for row in table(raw) {
        match clean.get_mut(&row) {
            Some(it) if *it > 0 => *it -= 1,
            _ => assert!(twice, "{name}: {row:?} is damaged"),
        }
    }
    let (lost, rejected) = (clean.values().sum::<usize>() as u64, raw.issues.rejected());
    assert!(lost <= rejected, "{name}: {lost} rows lost, {rejected} reported");
    // A polluted row costs itself alone; a header with a field too many costs all.
    let exact = name.starts_with("row_").then_some(&[1, 83][..]);
    assert!(exact.is_none_or(|it| it.contains(&rejected)), "{name}: {rejected} rejected");
}
