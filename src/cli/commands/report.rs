//! `report`: everything in one pass, written as one folder or one file.

use std::borrow::Cow;
use std::path::Path;

use clap::ArgMatches;

use crate::base::privacy::masked;
use crate::base::{Reject, Result};
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, Journey};
use crate::cli::ui::Ui;
use crate::model::Report;
use crate::output::{self, Format, Style, atomic, bundle};
use crate::study::check::check;
use crate::study::manifest;
use crate::study::{Findings, LoadOptions, Question, Study};

/// The formats that hold several answers in one file.
const WHOLE: [&str; 4] = ["table", "json", "md", "html"];

/// Writes the report of a journey.
///
/// # Errors
/// Unreadable input, wrong options, a failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let Journey { config, options, .. } = &inputs::journey(matches, ui)?;
    let style = Style {
        csv_raw: matches.get_flag("csv-raw"),
        map: answers::map_style(matches)?,
        ..Style::default()
    };
    let place = matches.get_one::<String>("output").map_or("touchpath-report", String::as_str);
    let file = output::by_ending(place).filter(|it| WHOLE.contains(&it.name));
    let file = file.filter(|_| !Path::new(place).is_dir());
    let options =
        LoadOptions { keep_rejects: file.is_none() || options.keep_rejects, ..options.clone() };
    let study = Study::load(config.clone(), &options, ui.progress())?;
    inputs::tell(&study, matches, ui)?;
    let only: Vec<&str> =
        matches.get_many::<String>("only").into_iter().flatten().map(String::as_str).collect();
    let what = What { only: &only, options: &options, style: &style };
    let any = match file {
        Some(format) => what.write_file(&study, format, Path::new(place), ui)?,
        None => what.write_folder(&study, Path::new(place), ui)?,
    };
    Ok(inputs::exit(&study, matches, study.catalog.events == 0 || !any))
}

/// What a report is to hold, and how it looks.
pub struct What<'a> {
    /// The analyses that are asked for; all of them if empty.
    pub only: &'a [&'a str],
    /// How the study was loaded.
    pub options: &'a LoadOptions,
    /// How it looks.
    pub style: &'a Style,
}

impl What<'_> {
    fn questions(&self, study: &Study) -> Result<Vec<Question>> {
        match self.only {
            [] => study.every_question(),
            // In the order of the registry, each once, however they were named.
            only => {
                let mut asked = study.every_question()?;
                asked.retain(|it| only.contains(&it.0.name));
                Ok(asked)
            }
        }
    }

    /// Who names a question wants it answered; of all of them, those that fit the data are.
    fn answers(&self, study: &Study, asked: &[Question], ui: &Ui) -> Result<Findings> {
        match self.only {
            [] => study.run_what_fits(asked, ui.progress()),
            _ => study.run(asked, ui.progress()),
        }
    }

    /// Asks the questions and writes their answers into one file: no manifest, no rejects.
    /// Says whether any journey was looked at.
    ///
    /// # Errors
    /// As [`run`].
    fn write_file(&self, study: &Study, format: &Format, file: &Path, ui: &Ui) -> Result<bool> {
        let findings = self.answers(study, &self.questions(study)?, ui)?;
        left_out(&findings, ui);
        ui.progress().stage("writing", 0);
        // Who asks some questions wants their answers alone.
        let quality = if self.only.is_empty() { Some(quality(study, &findings)?) } else { None };
        let reports: Vec<_> = findings.reports.iter().chain(&quality).collect();
        let style = Style { title: Some(title(study).to_owned()), ..self.style.clone() };
        let mut bytes = Vec::new();
        (format.write)(&reports, &style, &mut bytes)?;
        atomic::write_file(file, &bytes)?;
        ui.done();
        Ok(inputs::selected(&findings, ui))
    }

    /// Asks the questions and writes all answers into a folder; says whether any journey was
    /// looked at.
    ///
    /// # Errors
    /// As [`run`].
    pub fn write_folder(&self, study: &Study, folder: &Path, ui: &Ui) -> Result<bool> {
        let asked = self.questions(study)?;
        // Hashing the inputs is one thread's work: it runs beside the analyses.
        let (findings, hashes) = rayon::join(
            || self.answers(study, &asked, ui),
            || manifest::input_hashes(study, ui.progress()),
        );
        let (findings, hashes) = (findings?, hashes?);
        let manifest = {
            let selected = findings.selected.as_ref();
            manifest::manifest(study, self.options, &asked, &hashes, selected)?
        };
        left_out(&findings, ui);
        let quality = quality(study, &findings)?;
        let mut reports: Vec<_> = findings.reports.iter().collect();
        reports.push(&quality);
        let (rejects, progress) = (rejects(study), ui.progress());
        bundle::write(folder, title(study), &reports, &rejects, &manifest, self.style, progress)?;
        ui.done();
        let page = folder.join("index.html");
        answers::stdout(format!("{}\n", page.display()).as_bytes())?;
        Ok(inputs::selected(&findings, ui))
    }
}

/// Rows set aside, without the addresses in them unless these may be shown; `--rejects`
/// writes them as they are.
fn rejects(study: &Study) -> Cow<'_, [Reject]> {
    let rejects = study.raw.issues.rejects();
    if study.config.sections.identity.show_contacts {
        return Cow::Borrowed(rejects);
    }
    let mut rejects = rejects.to_vec();
    for it in &mut rejects {
        for text in [&mut it.detail, &mut it.raw] {
            if let Cow::Owned(shown) = masked(text) {
                *text = shown;
            }
        }
    }
    Cow::Owned(rejects)
}

fn title(study: &Study) -> &str {
    match study.config.sections.name.as_str() {
        "" => "Customer journeys",
        name => name,
    }
}

/// What was read, and which questions the data cannot answer.
fn quality(study: &Study, findings: &Findings) -> Result<Report> {
    let mut quality = check(study)?;
    for (name, why) in &findings.left_out {
        quality.notes.push(format!("Not answered: {name}: {why}."));
    }
    Ok(quality)
}

fn left_out(findings: &Findings, ui: &Ui) {
    for (name, why) in &findings.left_out {
        ui.note(&format!("left out {name}: {why}"));
    }
}
