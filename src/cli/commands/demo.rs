//! `demo`: the sample shop and its report.

use std::path::Path;

use clap::ArgMatches;

use crate::base::{Error, Result};
use crate::cli::commands::report::What;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::config::Config;
use crate::demo;
use crate::output::Style;
use crate::study::{LoadOptions, Study};

/// Makes the sample and reports on it.
///
/// # Errors
/// A failed write.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let folder = matches.get_one::<String>("folder").map_or("touchpath-demo", String::as_str);
    let number = |name: &str| matches.get_one::<u64>(name).copied().unwrap_or_default();
    let customers = u32::try_from(number("customers"))
        .map_err(|error| Error::new("--customers: too many").caused_by(error))?;
    let shop = Path::new(folder).join("shop");
    demo::write_shop_watched(&shop, customers, number("seed"), ui.progress())?;
    ui.note(&format!("the sample shop is in {}", shop.display()));
    let config = Config::read(&shop)?;
    let options = LoadOptions { keep_rejects: true, ..LoadOptions::default() };
    let study = Study::load(config, &options, ui.progress())?;
    let what = What { only: &[], options: &options, style: &Style::default() };
    what.write_folder(&study, &Path::new(folder).join("report"), ui)?;
    Ok(Exit::Answered)
}
