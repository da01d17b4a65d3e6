//! `explain`: why a customer is one, why two ids are the same or not, which ids are refused.

use clap::ArgMatches;

use crate::base::Result;
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::inputs::{self, Journey};
use crate::cli::ui::Ui;
use crate::study::explain;
use crate::study::identity::Identities;

/// Explains what is asked; "no" where two ids are not the same customer.
///
/// # Errors
/// Unreadable input, an id that no row carries, a failed write.
pub fn run(what: &str, matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let Journey { config, options, .. } = &inputs::journey(matches, ui)?;
    let identities = Identities::load(config.clone(), options, None, ui.progress())?;
    inputs::spare(&identities.raw, config, matches)?;
    inputs::rejects_of(&identities.raw, matches)?;
    let bad = matches.get_flag("fail-if-rejects") && identities.raw.issues.faults() > 0;
    let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
    let hash = options.hash_ids.as_deref();
    let find = |name: &str| explain::find(&identities, text(name), hash);
    let report = match what {
        "customer" => {
            let node = find("id")?;
            explain::customer(identities, node, options, ui.progress())?
        }
        "same" => explain::same(&identities, find("one")?, find("other")?)?,
        _ => explain::blocked(&identities),
    };
    ui.done();
    answers::write(&[&report], matches, ui)?;
    Ok(if report.negative || bad { Exit::No } else { Exit::Answered })
}
