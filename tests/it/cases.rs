//! Each folder of `journeys/` is a case: every analysis over it, held to
//! `journeys/<case>/expected/`, one Markdown text an analysis and each map as DOT.
//!
//! Expected texts hold the first rows of each table, so that a change can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;
use touchpath::base::Unwatched;
use touchpath::demo::{SHOP_CUSTOMERS, SHOP_SEED, write_shop};
use touchpath::model::Report;
use touchpath::output::{self, MapStyle, Style, map::dot};
use touchpath::study::{Study, check::check};

use crate::{case, golden};

#[path = "../../examples/gallery.rs"]
#[allow(dead_code)]
mod gallery;

/// Rows of a table that an expected text shows.
const ROWS: usize = 20;

/// The sample shop, made and read once for all tests of this module.
static SHOP: LazyLock<(TempDir, Study)> = LazyLock::new(|| {
    let folder = TempDir::with_prefix("touchpath-shop-").unwrap();
    write_shop(folder.path(), SHOP_CUSTOMERS, SHOP_SEED).unwrap();
    let study = case::study(folder.path());
    (folder, study)
});

fn journeys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys")
}

/// Every report and map as texts by file name.
fn texts(study: &Study) -> BTreeMap<String, String> {
    let findings = study.run_what_fits(&study.every_question().unwrap(), &Unwatched).unwrap();
    let mut files = BTreeMap::new();
    let quality = check(study).unwrap();
    for report in findings.reports.iter().chain([&quality]) {
        for (key, map) in &report.maps {
            let mut bytes = Vec::new();
            dot::write(map, &MapStyle::default(), &mut bytes).unwrap();
            files.insert(format!("{}-{key}.dot", report.name), text(bytes));
        }
        files.insert(format!("{}.md", report.name), markdown(report));
    }
    let left_out = findings.left_out.iter().map(|(name, why)| format!("{name}: {why}\n"));
    files.insert("left-out.txt".to_owned(), left_out.collect());
    files
}

fn markdown(report: &Report) -> String {
    let mut report = report.clone();
    for table in &mut report.tables {
        table.shown = if table.shown == 0 { ROWS } else { table.shown.min(ROWS) };
    }
    let mut bytes = Vec::new();
    let format = output::format("md").unwrap();
    (format.write)(&[&report], &Style::default(), &mut bytes).unwrap();
    text(bytes)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_shop_gives_what_is_expected() {
    golden::hold(&journeys().join("shop/expected"), &texts(&SHOP.1));
}

#[test]
fn the_grocer_gives_what_is_expected() {
    let folder = journeys().join("grocer");
    golden::hold(&folder.join("expected"), &texts(&case::study(&folder)));
}

#[test]
fn every_sample_is_a_case() {
    let mut names: Vec<String> = std::fs::read_dir(journeys())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["grocer", "shop"], "add a test to cases.rs for a new sample");
}

#[test]
fn expected_files_stay_small_enough_to_read() {
    let size = |folder: &str| -> u64 {
        let files = std::fs::read_dir(journeys().join(folder).join("expected")).unwrap();
        files.map(|it| it.unwrap().metadata().unwrap().len()).sum()
    };
    let bytes = size("shop") + size("grocer");
    assert!(bytes < 300_000, "{bytes} bytes of expected files");
}

#[test]
fn the_pictures_of_the_readme_are_what_is_drawn_now() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, picture) in gallery::pictures(&SHOP.1).unwrap() {
        golden::hold_file(&docs.join(name), &picture);
    }
}

/// Ids that a stitcher puts together, against ids that belong together.
struct Agreement {
    together: usize,
    right: usize,
    due: usize,
}

/// Pairs of ids, those of one customer against those of one true person.
fn agreement(study: &Study, truth: &Path) -> Agreement {
    let mut reader = csv::Reader::from_path(truth).unwrap();
    let mut people: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let id = (row[0].to_owned(), row[1].trim().to_lowercase());
        let id = if &row[0] == "email" { id } else { (row[0].to_owned(), row[1].to_owned()) };
        people.entry(row[2].to_owned()).or_default().insert(id);
    }
    let mut customers: BTreeMap<u32, BTreeSet<&(String, String)>> = BTreeMap::new();
    let mut due = BTreeSet::new();
    for ids in people.values() {
        let found = |(id_type, id): &(String, String)| study.stitched.find(&study.raw, id_type, id);
        let known: Vec<_> = ids.iter().filter_map(|it| found(it).map(|to| (it, to.0))).collect();
        for &(id, to) in &known {
            customers.entry(to).or_default().insert(id);
        }
        due.extend(pairs(&known.iter().map(|it| it.0).collect::<Vec<_>>()));
    }
    let together: BTreeSet<_> =
        customers.values().flat_map(|it| pairs(&it.iter().copied().collect::<Vec<_>>())).collect();
    Agreement {
        together: together.len(),
        right: together.intersection(&due).count(),
        due: due.len(),
    }
}

fn pairs<'a, T>(ids: &[&'a T]) -> Vec<(&'a T, &'a T)> {
    ids.iter().enumerate().flat_map(|(at, a)| ids[at + 1..].iter().map(|b| (*a, *b))).collect()
}

#[test]
fn customers_are_the_people_of_the_shop_as_far_as_the_data_can_tell() {
    let (folder, study) = &*SHOP;
    // An independent union-find finds 24,229: five pairs of people used one browser or device.
    // 23 visits to these in which nobody was known count as customers of their own.
    assert_eq!(study.catalog.customers, 24_257);
    let Agreement { together, right, due } = agreement(study, &folder.path().join("truth.csv"));
    let (precision, recall) = (right as f64 / together as f64, right as f64 / due as f64);
    eprintln!(
        "identity: {together} pairs put together, {right} of {due} right: precision {precision:.5}, \
         recall {recall:.5}"
    );
    assert!(precision > 0.995, "precision {precision}");
    // The others have no row that links them: two browsers of somebody who never logs in.
    assert!(recall > 0.75, "recall {recall}");
}
