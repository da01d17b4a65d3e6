//! How tests make a study: files in a fresh folder, a journey file, the library.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::model::{Cell, Report, Table};
use touchpath::study::{LoadOptions, Study};

/// A fresh folder with some files.
pub struct Case {
    folder: TempDir,
}

impl Case {
    /// Writes the files of a case.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::with_prefix("touchpath-test-").unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder }
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Loads the study of `journey.toml`.
    pub fn study(&self) -> Study {
        study(self.folder.path())
    }
}

/// Loads the study of a folder.
pub fn study(folder: &Path) -> Study {
    let config = Config::read(folder).unwrap();
    Study::load(config, &LoadOptions::default(), &Unwatched).unwrap()
}

/// The report of one analysis with the options of the journey file.
pub fn report(study: &Study, name: &str) -> Report {
    let questions = study.questions(&[name]).unwrap();
    study.run(&questions, &Unwatched).unwrap().reports.remove(0)
}

/// All reports that the data can answer.
pub fn reports(study: &Study) -> Vec<Report> {
    study.run_what_fits(&study.every_question().unwrap(), &Unwatched).unwrap().reports
}

/// A cell of a table: the row where `key` has this text, and a column by key.
pub fn cell<'a>(table: &'a Table, key: &str, text: &str, column: &str) -> &'a Cell {
    let at = |key: &str| table.column(key).unwrap_or_else(|| panic!("no column {key}"));
    let row = table.rows.iter().find(|it| it[at(key)] == Cell::Text(text.to_owned()));
    &row.unwrap_or_else(|| panic!("no row {text} in {}", table.key))[at(column)]
}

/// A count of a table.
pub fn count(table: &Table, key: &str, text: &str, column: &str) -> u64 {
    match cell(table, key, text, column) {
        Cell::Count(it) => *it,
        other => panic!("{column} of {text} is {other:?}"),
    }
}

/// The folder of shared reference data, if it is there. It must be where CI runs.
pub fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(what);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none_or(|it| it != "true"), "no shared/{what} in CI");
    eprintln!("skipped: no shared/{what} beside this checkout");
    None
}
