//! Rows that were read and wait: stitched once, or again and again by other rules.

use crate::base::{Error, Progress, Result};
use crate::config::Config;
use crate::input;
use crate::prepare::identity::{Exclusions, IdentityOptions};
use crate::prepare::partition::Partition;
use crate::prepare::rows::Making;
use crate::prepare::stitch::{Asked, stitch_again};
use crate::store::RawEvents;

use super::identity::Identities;
use super::load::{Meaning, Wishes, exclusions, identity_error, settle_presets};
use super::{LoadOptions, Study};

/// What was read, before anybody knows whose it is.
pub(super) struct Reading {
    pub config: Config,
    pub wishes: Wishes,
    pub raw: RawEvents,
    pub exclusions: Exclusions,
    /// What the data said where the journey said nothing.
    pub guesses: Vec<String>,
}

impl Reading {
    /// Reads the rows of a journey.
    ///
    /// # Errors
    /// As [`Study::load`].
    pub fn new(mut config: Config, options: &LoadOptions, progress: &dyn Progress) -> Result<Self> {
        let mut guesses = Vec::new();
        settle_presets(&mut config, options, &mut guesses)?;
        let wishes = Wishes::new(&config, options)?;
        let exclusions = exclusions(&config, options)?;
        let mut settings = wishes.settings(&config, options);
        settings.lines |= exclusions.has_rows();
        let raw = input::read(&config.sections.source, &settings, progress)
            .map_err(|it| asked_of_journeys(it, &config))?;
        progress.check()?;
        Ok(Self { config, wishes, raw, exclusions, guesses })
    }

    /// The same rows as somebody else read them.
    ///
    /// # Errors
    /// A list of ids to forget that cannot be read any more.
    pub fn of(identities: Identities, options: &LoadOptions) -> Result<Self> {
        let Identities { config, raw, exclusions, .. } = identities;
        let wishes = Wishes::new(&config, options)?;
        Ok(Self { config, wishes, raw, exclusions, guesses: Vec::new() })
    }

    /// The types of ids, strongest first.
    pub fn id_types(&self) -> &[String] {
        &self.raw.fields.id_types
    }

    /// Asks of the same rows, stitched by other options of identity.
    ///
    /// # Errors
    /// As [`Study::load`]; what `ask` fails with.
    pub fn ask<T>(
        &mut self,
        identity: IdentityOptions,
        options: &LoadOptions,
        progress: &dyn Progress,
        ask: impl FnOnce(&Study) -> Result<T>,
    ) -> Result<T> {
        let mut config = self.config.clone();
        config.sections.identity = identity;
        progress.stage("stitching", 0);
        let asked = Asked { exclusions: Some(&self.exclusions), until: None };
        let mut stitched = stitch_again(&self.raw, &config.sections.identity, asked)
            .map_err(|it| identity_error(&config, it))?;
        progress.check()?;
        let meaning = Meaning::new(&config, &self.wishes, &self.raw)?;
        progress.stage("grouping", self.raw.batches.rows() as u64);
        let batches = &self.raw.batches;
        let make = |making: &Making<'_>, sizes| Partition::again(batches, making, sizes, progress);
        let partition = meaning.partition(&self.raw, &self.wishes, options, &stitched, make)?;
        stitched.settle_names(&self.raw);
        let texts = self.raw.sequence_texts.clone();
        let (raw, exclusions) = (std::mem::take(&mut self.raw), self.exclusions.clone());
        let (rows, groups) = ((raw, exclusions), (stitched, partition));
        let study = meaning.study(config, &self.wishes, rows, groups, self.guesses.clone())?;
        let answer = ask(&study);
        self.raw = RawEvents { sequence_texts: texts, ..study.raw };
        answer
    }
}

/// An error about a property, with what a filter of journeys may ask for besides.
fn asked_of_journeys(error: Error, config: &Config) -> Error {
    let asked = config.sections.select.properties();
    let unknown = asked.iter().any(|it| error.message().ends_with(&format!(" \"{it}\"")));
    match error.hint_text() {
        None if unknown => error.hint("having and lacking also know stage, channel and value"),
        _ => error,
    }
}
