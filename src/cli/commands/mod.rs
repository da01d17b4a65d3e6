//! One file a command; an analysis' command comes from the registry.

mod analyze;
mod check;
mod demo;
mod explain;
mod fold;
mod init;
mod merge;
mod paper;
mod reconcile;
mod report;
mod stitch;

use clap::ArgMatches;

use crate::base::{Error, Result};

use super::exit::Exit;
use super::ui::Ui;

/// Runs the chosen command.
///
/// # Errors
/// As the command.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let Some((name, own)) = matches.subcommand() else {
        return Err(Error::new("no command given").hint("touchpath --help lists them"));
    };
    // What `explain` explains is a command of its own.
    threads(own.subcommand().map_or(own, |it| it.1))?;
    match name {
        "demo" => demo::run(own, ui),
        "init" => init::run(own, ui),
        "check" => check::run(own, ui),
        "report" => report::run(own, ui),
        "explain" => match own.subcommand() {
            Some((what, own)) => explain::run(what, own, ui),
            None => Err(Error::new("nothing to explain").hint("touchpath explain --help")),
        },
        "stitch" => stitch::run(own, ui),
        "fold" => fold::run(own, ui),
        "merge" => merge::run(own, ui),
        "reconcile" => reconcile::run(own, ui),
        "schema" => paper::schema(),
        "completions" => paper::completions(own),
        "man" => paper::man(own),
        analysis => analyze::run(analysis, own, ui),
    }
}

/// Sizes the pool of threads.
fn threads(matches: &ArgMatches) -> Result<()> {
    let threads = matches.try_get_one::<u64>("threads").ok().flatten().copied().unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::try_from(threads).unwrap_or(0));
    pool.build_global().map_err(|error| Error::new("cannot start threads").caused_by(error))
}
