//! `report`: everything in one pass, written as one folder.

use std::path::Path;

use clap::ArgMatches;

use crate::base::Result;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, load_options};
use crate::cli::ui::Ui;
use crate::config::Config;
use crate::output::{Style, atomic, bundle};
use crate::study::check::check;
use crate::study::manifest::manifest;
use crate::study::{LoadOptions, Study};

/// Writes the report of a journey.
///
/// # Errors
/// Unreadable input, wrong options, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let config = inputs::config(matches, ui)?;
    let mut options = load_options(matches)?;
    options.keep_rejects = true;
    let folder = matches.get_one::<String>("output").map_or("touchpath-report", String::as_str);
    let exit = write(config, &options, Path::new(folder), ui)?;
    Ok(exit)
}

/// Asks every question and writes all answers into a folder.
///
/// # Errors
/// As [`run`].
pub fn write(config: Config, options: &LoadOptions, folder: &Path, ui: &Ui) -> Result<Exit> {
    let study = Study::load(config, options, ui.progress())?;
    let asked = study.every_question()?;
    // Hashing the inputs is one thread's work: it runs beside the analyses.
    let (findings, manifest) = rayon::join(
        || study.run_what_fits(&asked, ui.progress()),
        || manifest(&study, options, &asked),
    );
    let (findings, manifest) = (findings?, manifest?);
    for (name, why) in &findings.left_out {
        ui.note(&format!("left out {name}: {why}"));
    }
    let quality = check(&study)?;
    let mut reports: Vec<_> = findings.reports.iter().collect();
    reports.push(&quality);
    ui.progress().stage("writing", 0);
    let name = match study.config.sections.name.as_str() {
        "" => "Customer journeys",
        name => name,
    };
    let rejects = study.raw.issues.rejects();
    let style = Style::default();
    let files = bundle::bundle(name, &reports, rejects, &manifest, &style)?;
    atomic::write_folder(folder, &files)?;
    ui.done();
    let page = folder.join("index.html");
    inputs::stdout(format!("{}\n", page.display()).as_bytes())?;
    Ok(if study.catalog.events == 0 { Exit::No } else { Exit::Answered })
}
