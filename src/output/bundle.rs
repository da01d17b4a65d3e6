//! The files of `report -o DIR`: one page, maps, a CSV per table, JSON, rejects, manifest.
//!
//! Makes and hashes bytes on their way; [`atomic::Staged`] writes them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use rayon::prelude::*;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{MapStyle, Style, atomic, csv, escape, html, map};
use crate::base::{Error, Progress, Reject, Result};
use crate::model::{JourneyMap, Report, Table};

/// Writes the files of a report folder, none of them held in memory: all, or the old ones stay.
///
/// `index.html`, `map.dot` and `map.svg` (of the first map; further ones as
/// `<report>-<key>.dot` and `.svg`), `<report>-<table>.csv`, `report.json`,
/// `rejects.csv`, and `manifest.json`: the manifest given, with `files` added, the
/// SHA-256 of every other file.
///
/// # Errors
/// A map too large to lay out; two tables that would share a file; the file system's; the
/// work was cancelled before the first file was moved: from then on it runs to its end.
pub fn write(
    folder: &Path,
    title: &str,
    reports: &[&Report],
    rejects: &[Reject],
    manifest: &Value,
    style: &Style,
    progress: &dyn Progress,
) -> Result<()> {
    let parts = parts(reports)?;
    progress.stage("writing", parts.len() as u64);
    let staged = atomic::Staged::new(folder)?;
    let written: Vec<Result<(String, String)>> = parts
        .into_par_iter()
        .map(|(name, part)| {
            progress.check()?;
            let mut hash = Sha256::new();
            staged.write(&name, |out| {
                let mut out = Hashing { out, hash: &mut hash };
                part.write(title, reports, rejects, style, &mut out)
            })?;
            progress.advance(1);
            Ok((name, hex(&hash.finalize())))
        })
        .collect();
    // Not collected by rayon: of several errors the first in order is told, not the first in time.
    let hashes = written.into_iter().collect::<Result<Vec<_>>>()?;
    let mut names: Vec<String> = hashes.iter().map(|it| it.0.clone()).collect();
    let manifest = with_hashes(manifest, hashes)?;
    staged.write(atomic::MANIFEST, |out| Ok(out.write_all(&manifest)?))?;
    names.push(atomic::MANIFEST.to_owned());
    progress.check()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    staged.keep(&names)
}

/// A writer that hashes what passes.
struct Hashing<'a> {
    out: &'a mut dyn Write,
    hash: &'a mut Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// One file of the folder, before it is written.
enum Part<'a> {
    Page,
    Dot(&'a JourneyMap),
    Svg(&'a JourneyMap),
    Table(&'a Report, &'a Table),
    Json,
    Rejects,
}

/// All files but the manifest, in the order in which they are written.
///
/// # Errors
/// Two parts that would share a file.
fn parts<'a>(reports: &[&'a Report]) -> Result<Vec<(String, Part<'a>)>> {
    let mut parts = vec![("index.html".to_owned(), Part::Page)];
    let maps = reports.iter().flat_map(|it| it.maps.iter().map(move |map| (*it, map)));
    for (index, (report, (key, map))) in maps.enumerate() {
        let stem = if index == 0 { "map".to_owned() } else { stem(&report.name, key) };
        parts.push((format!("{stem}.dot"), Part::Dot(map)));
        parts.push((format!("{stem}.svg"), Part::Svg(map)));
    }
    for &report in reports {
        for table in &report.tables {
            let name = format!("{}.csv", stem(&report.name, &table.key));
            parts.push((name, Part::Table(report, table)));
        }
    }
    parts.push(("report.json".to_owned(), Part::Json));
    parts.push(("rejects.csv".to_owned(), Part::Rejects));
    unique(&parts)?;
    Ok(parts)
}

impl Part<'_> {
    fn write(
        &self,
        title: &str,
        reports: &[&Report],
        rejects: &[Reject],
        style: &Style,
        out: &mut dyn Write,
    ) -> Result<()> {
        match self {
            Self::Page => {
                let titled = Style { title: Some(title.to_owned()), ..style.clone() };
                html::write(reports, &titled, out)
            }
            Self::Dot(map) => map::dot::write(map, &map_style(map, reports, style), out),
            Self::Svg(map) => map::svg::write(map, &map_style(map, reports, style), out),
            Self::Table(report, table) => {
                csv::write_table(table, report.currency, style.csv_raw, out)
            }
            Self::Json => (super::json::FORMAT.write)(reports, style, out),
            Self::Rejects => write_rejects(rejects, style.csv_raw, out),
        }
    }
}

/// How a map of several is drawn: all but the first keep the layout of the first.
fn map_style(map: &JourneyMap, reports: &[&Report], style: &Style) -> MapStyle {
    let first = reports.iter().flat_map(|it| it.maps.iter()).map(|it| &it.1).next();
    match first.filter(|it| !std::ptr::eq(*it, map)) {
        Some(first) => style.map.beside(first),
        None => style.map.clone(),
    }
}

/// A file's stem of names that are ours; anything odd becomes `_`.
fn stem(report: &str, part: &str) -> String {
    let tame = |it: &str| -> String {
        it.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
    };
    format!("{}-{}", tame(report), tame(part))
}

fn unique(files: &[(String, Part<'_>)]) -> Result<()> {
    let mut names: Vec<String> = files.iter().map(|it| it.0.to_ascii_lowercase()).collect();
    names.sort_unstable();
    match names.windows(2).find(|it| it[0] == it[1]) {
        Some(pair) => Err(Error::new(format!("two parts of the report would be \"{}\"", pair[0]))),
        None => Ok(()),
    }
}

/// The bytes of `rejects.csv`: see [`write_rejects`].
///
/// # Errors
/// None in practice: memory takes all bytes.
pub fn rejects(rejects: &[Reject]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_rejects(rejects, false, &mut bytes)?;
    Ok(bytes)
}

/// Writes rows set aside: where each stands, why, and the row itself.
///
/// # Errors
/// The writer's.
pub fn write_rejects(rejects: &[Reject], raw: bool, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "file,line,column,reason,detail,row")?;
    for it in rejects {
        let text = |it: &str| escape::csv_cell(it, raw);
        let place = |it: u64| if it == 0 { String::new() } else { it.to_string() };
        writeln!(
            out,
            "{},{},{},{},{},{}",
            text(&it.place.file),
            place(it.place.line),
            place(it.place.column),
            it.kind.key(),
            text(&it.detail),
            text(&it.raw),
        )?;
    }
    Ok(())
}

fn with_hashes(manifest: &Value, hashes: Vec<(String, String)>) -> Result<Vec<u8>> {
    let mut manifest = match manifest {
        Value::Object(it) => it.clone(),
        Value::Null => Map::new(),
        other => Map::from_iter([("run".to_owned(), other.clone())]),
    };
    let hashes: BTreeMap<String, String> = hashes.into_iter().collect();
    let hashes = hashes.into_iter().map(|it| (it.0, Value::from(it.1))).collect();
    manifest.insert("files".to_owned(), Value::Object(hashes));
    let mut bytes = serde_json::to_vec_pretty(&Value::Object(manifest))
        .map_err(|error| Error::from(std::io::Error::from(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::base::{IssueKind, Place, Unwatched};

    #[test]
    fn a_folder_is_one_page_maps_tables_and_a_manifest_of_hashes() {
        let (drop, funnel) = (sample::report(), sample::funnel());
        let manifest = serde_json::json!({"tool": "touchpath", "seed": 7});
        let folder = tempfile::tempdir().unwrap();
        let (out, style) = (folder.path(), Style::default());
        write(out, "Shop", &[&drop, &funnel], &[], &manifest, &style, &Unwatched).unwrap();
        let read = |name: &str| fs_err::read(out.join(name)).unwrap();
        let names: Vec<String> =
            parts(&[&drop, &funnel]).unwrap().into_iter().map(|it| it.0).collect();
        let expected = [
            "index.html",
            "map.dot",
            "map.svg",
            "dropoff-stages.csv",
            "dropoff-curve.csv",
            "funnel-funnel.csv",
            "report.json",
            "rejects.csv",
        ];
        assert_eq!(names, expected);
        assert_eq!(fs_err::read_dir(out).unwrap().count(), 9);
        let manifest: Value = serde_json::from_slice(&read(atomic::MANIFEST)).unwrap();
        assert_eq!(manifest["seed"], 7);
        assert_eq!(manifest["files"].as_object().unwrap().len(), 8);
        for name in expected {
            assert_eq!(manifest["files"][name], hex(&Sha256::digest(read(name))), "{name}");
        }
    }

    /// Wants the work for so many questions more.
    struct Patience(std::sync::atomic::AtomicI64);

    impl Progress for Patience {
        fn stage(&self, _: &'static str, _: u64) {}
        fn advance(&self, _: u64) {}
        fn rows(&self, _: u64) {}
        fn is_cancelled(&self) -> bool {
            self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0
        }
    }

    #[test]
    fn a_cancelled_folder_keeps_the_old_files_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let report = sample::funnel();
        let put = |folder: &Path, title: &str, patience: i64| {
            let (reports, patience) = ([&report], Patience(patience.into()));
            write(folder, title, &reports, &[], &Value::Null, &Style::default(), &patience)
        };
        put(folder.path(), "old", i64::MAX).unwrap();
        let names = |folder: &Path| -> Vec<std::ffi::OsString> {
            let mut names: Vec<_> =
                fs_err::read_dir(folder).unwrap().map(|it| it.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = names(folder.path());
        let page = || fs_err::read(folder.path().join("index.html")).unwrap();
        let old = page();
        let questions = before.len() as i64;
        for patience in 0..questions {
            assert!(put(folder.path(), "new", patience).unwrap_err().is_cancelled());
            assert_eq!(names(folder.path()), before);
            assert!(page() == old);
            // A folder that was made for nothing goes too.
            let fresh = folder.path().join("fresh");
            assert!(put(&fresh, "new", patience).is_err());
            assert!(!fresh.exists());
        }
        put(folder.path(), "new", questions).unwrap();
        assert!(page() != old);
    }

    #[test]
    fn two_tables_of_one_name_are_refused() {
        let (report, folder) = (sample::funnel(), tempfile::tempdir().unwrap());
        let (out, style) = (folder.path().join("out"), Style::default());
        let twice = [&report, &report];
        assert!(write(&out, "", &twice, &[], &Value::Null, &style, &Unwatched).is_err());
        assert!(!out.exists());
        assert_eq!(stem("a/../b", "c d"), "a____b-c_d");
    }

    #[test]
    fn rejects_are_guarded_rows() {
        let kind = IssueKind::FieldCount;
        let reject = Reject {
            file_order: 0,
            place: Place::line("e.csv", 7),
            kind,
            detail: "3 fields".to_owned(),
            raw: "=cmd,1,2".to_owned(),
        };
        let mut out = Vec::new();
        write_rejects(&[reject], false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let row = format!("e.csv,7,,{},3 fields,\"'=cmd,1,2\"\n", kind.key());
        assert_eq!(text, format!("file,line,column,reason,detail,row\n{row}"));
    }
}
