//! Folding and taking up again: a journey to a partial, a partial to its journey.

use std::io::Write;

use serde_json::{Value, json};

use crate::base::{Error, Issues, Progress, Result};
use crate::config::Config;
use crate::input::partial::{self, FoldSettings};
use crate::store::{Head, Totals};

use super::LoadOptions;
use super::load::{Wishes, settle_presets};

/// What of a journey a fold reads, and what it says of it.
#[derive(Debug, Clone, Default)]
pub struct FoldOptions {
    /// Only files whose name matches one of these patterns; all if there is none.
    pub only: Vec<String>,
    /// Whether the files hold whole customers, as a merge will check.
    pub by_customer: bool,
}

/// Reads the events of a journey into a partial; properties of `options` are carried.
///
/// # Errors
/// Files that cannot be read; a failed write; with `strict`, the first rejected row.
pub fn fold(
    config: &Config,
    options: &LoadOptions,
    how: &FoldOptions,
    progress: &dyn Progress,
    out: &mut dyn Write,
) -> Result<(Totals, Issues)> {
    if options.since.is_some() || options.until.is_some() || options.filter.is_some() {
        return Err(Error::new("a partial holds all rows").hint(
            "--since, --until and --where apply to questions: rows outside tell who is who",
        ));
    }
    let mut config = config.clone();
    settle_presets(&mut config, options, &mut Vec::new())?;
    let config = &config;
    let settings = Wishes::new(config, options)?.settings(config, options);
    let ranked = config.file.is_some();
    let how = FoldSettings {
        only: how.only.clone(),
        by_customer: how.by_customer,
        ranked,
        journey: journey_text(config, ranked)?,
    };
    partial::fold(&config.sections.source, &settings, &how, progress, out)
}

/// The journey as a partial keeps it; of bare data files without their paths.
fn journey_text(config: &Config, ranked: bool) -> Result<String> {
    let mut sections = config.sections.clone();
    if !ranked {
        sections.source.iter_mut().for_each(|it| it.path.clear());
        sections.source.dedup();
    }
    let sections = serde_json::to_value(sections).map_err(wrong)?;
    Ok(json!({ "text": config.text, "sections": sections, "analyses": config.analyses })
        .to_string())
}

/// The journey that partials were folded with.
///
/// # Errors
/// There are several, or it cannot be read by this version.
pub fn journey(head: &Head) -> Result<Config> {
    let mut journeys = head.journeys.iter();
    let (Some(text), None) = (journeys.next(), journeys.next()) else {
        return Err(Error::new("the partials were folded with different journeys")
            .hint("name the one to use with --journey FILE"));
    };
    let mut value: Value = serde_json::from_str(text).map_err(wrong)?;
    // It was heeded when the rows were read, and its place is not known here.
    if let Some(it) = value.pointer_mut("/sections/identity").and_then(Value::as_object_mut) {
        it.remove("forget");
    }
    let mut part = |key: &str| value.get_mut(key).map(Value::take).unwrap_or_default();
    Ok(Config {
        sections: serde_json::from_value(part("sections")).map_err(wrong)?,
        analyses: serde_json::from_value(part("analyses")).map_err(wrong)?,
        text: serde_json::from_value(part("text")).map_err(wrong)?,
        ..Config::default()
    })
}

fn wrong(error: serde_json::Error) -> Error {
    Error::new(format!("cannot take up the journey of the partial: {error}"))
        .hint("name the journey with --journey FILE")
        .caused_by(error)
}
