//! `report`: everything in one pass, written as one folder.

use std::path::Path;

use clap::ArgMatches;

use crate::base::Result;
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, Journey};
use crate::cli::ui::Ui;
use crate::output::{Style, bundle};
use crate::study::check::check;
use crate::study::manifest;
use crate::study::{LoadOptions, Study};

/// Writes the report of a journey.
///
/// # Errors
/// Unreadable input, wrong options, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let Journey { config, options, .. } = &inputs::journey(matches, ui)?;
    let options = LoadOptions { keep_rejects: true, ..options.clone() };
    let style = Style {
        csv_raw: matches.get_flag("csv-raw"),
        map: answers::map_style(matches)?,
        ..Style::default()
    };
    let folder = matches.get_one::<String>("output").map_or("touchpath-report", String::as_str);
    let study = Study::load(config.clone(), &options, ui.progress())?;
    inputs::tell(&study, matches, ui)?;
    write(&study, &options, Path::new(folder), &style, ui)?;
    Ok(inputs::exit(&study, matches, study.catalog.events == 0))
}

/// Asks every question and writes all answers into a folder.
///
/// # Errors
/// As [`run`].
pub fn write(
    study: &Study,
    options: &LoadOptions,
    folder: &Path,
    style: &Style,
    ui: &Ui,
) -> Result<()> {
    let asked = study.every_question()?;
    // Hashing the inputs is one thread's work: it runs beside the analyses.
    let (findings, hashes) = rayon::join(
        || study.run_what_fits(&asked, ui.progress()),
        || manifest::input_hashes(study, ui.progress()),
    );
    let (findings, hashes) = (findings?, hashes?);
    let manifest = manifest::manifest(study, options, &asked, &hashes)?;
    for (name, why) in &findings.left_out {
        ui.note(&format!("left out {name}: {why}"));
    }
    let quality = check(study)?;
    let mut reports: Vec<_> = findings.reports.iter().collect();
    reports.push(&quality);
    let name = match study.config.sections.name.as_str() {
        "" => "Customer journeys",
        name => name,
    };
    let rejects = study.raw.issues.rejects();
    bundle::write(folder, name, &reports, rejects, &manifest, style, ui.progress())?;
    ui.done();
    let page = folder.join("index.html");
    answers::stdout(format!("{}\n", page.display()).as_bytes())?;
    Ok(())
}
