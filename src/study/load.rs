//! Loading: files to stitched, grouped events with their catalog.

use std::path::Path;

use serde_json::Value;

use crate::base::filter::Filter;
use crate::base::{Error, Names, Progress, Result, Timestamp};
use crate::config::Config;
use crate::input::nobody::Blocklist;
use crate::input::open::Found;
use crate::input::{self, ReadSettings};
use crate::model::Catalog;
use crate::prepare::channels::Channels;
use crate::prepare::group::Shards;
use crate::prepare::identity::Exclusions;
use crate::prepare::partition::{Partition, Seen};
use crate::prepare::rows::{Layout, Making, Selection};
use crate::prepare::stages::Stages;
use crate::prepare::stitch::{Asked, Stitched, stitch};
use crate::prepare::{JourneyRule, TouchRule, Walking};
use crate::store::memory::Memory;
use crate::store::{Keep, RawEvents};

use super::goals::goals;
use super::select::row_test;
use super::{LoadOptions, Study};

impl Study {
    /// Reads, stitches and groups the events of a journey.
    ///
    /// # Errors
    /// Files that cannot be read, columns that are missing, names that do not
    /// occur; with `strict`, the first rejected row.
    pub fn load(config: Config, options: &LoadOptions, progress: &dyn Progress) -> Result<Self> {
        let wishes = Wishes::new(&config, options)?;
        let exclusions = exclusions(&config, options)?;
        let mut settings = wishes.settings(&config, options);
        settings.lines |= exclusions.has_rows();
        let mut raw = input::read(&config.sections.source, &settings, progress)?;
        progress.check()?;
        progress.stage("stitching", 0);
        let asked = Asked { exclusions: Some(&exclusions), until: None };
        let mut stitched = stitch(&mut raw, &config.sections.identity, asked)
            .map_err(|it| identity_error(&config, it))?;
        progress.check()?;
        let meaning = Meaning::new(&config, &wishes, &raw)?;
        progress.stage("grouping", raw.batches.rows() as u64);
        let partition = meaning.partition(&mut raw, &wishes, options, &stitched, progress)?;
        stitched.settle_names(&raw);
        let mut guesses = Vec::new();
        let (catalog, ranks) =
            meaning.catalog(&config, &wishes, &raw, &partition.seen, &mut guesses)?;
        let unmapped = partition.seen.unmapped;
        let shards = Shards::new(partition, ranks, std::mem::take(&mut raw.sequence_texts));
        let walking = meaning.walking(&config, &wishes, &catalog)?;
        Ok(Self { config, catalog, shards, walking, stitched, raw, unmapped, guesses, exclusions })
    }
}

/// What the journey's exclusion file says; nothing if it names none.
///
/// # Errors
/// The file cannot be read, or has a line that is no exclusion.
pub(super) fn exclusions(config: &Config, options: &LoadOptions) -> Result<Exclusions> {
    let name = &config.sections.identity.exclude;
    if name.is_empty() {
        return Ok(Exclusions::default());
    }
    let location = config.folder.join(name);
    if options.inside && Path::new(name).is_relative() {
        let found = Found { name: name.clone(), location: location.clone() };
        input::open::check_inside(&found, &config.folder)?;
    }
    let text = fs_err::read_to_string(location).map_err(|it| {
        Error::from(it).hint(
            "[identity] exclude is looked for beside the journey file; a partial keeps only its \
             name, which then begins where you are",
        )
    })?;
    Exclusions::parse(&text, name)
}

/// An error about a key of `[identity]`, with the place where the key stands.
pub(super) fn identity_error(config: &Config, error: Error) -> Error {
    let key = error.message().strip_prefix("[identity] ").and_then(|it| it.split_once(':'));
    match key.map(|it| it.0.to_owned()) {
        Some(key) => config.placed(error, &["identity", &key]),
        None => error,
    }
}

/// What journey file and options ask for, before anything is read.
pub(super) struct Wishes {
    zone: jiff::tz::TimeZone,
    /// Properties that analyses may ask for.
    properties: Vec<String>,
    /// Properties that must be in the data.
    keep: Vec<String>,
    filter: Option<Filter>,
    /// The options of attribution, of which touches and direct are needed here.
    attribution: Value,
}

impl Wishes {
    pub fn new(config: &Config, options: &LoadOptions) -> Result<Self> {
        let experiment = config.options("experiment")?;
        let arm = experiment.get("property").and_then(Value::as_str).map(str::to_owned);
        let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
        let mut keep = options.properties.clone();
        // An experiment that the journey file names must be in the data; the default one may be.
        if config.analyses.contains_key("experiment") {
            keep.extend(arm.clone());
        }
        keep.extend(filter.iter().flat_map(|it| it.names().iter().cloned()));
        let rules = config.sections.stage.iter().chain(&config.sections.channel);
        keep.extend(rules.filter_map(|it| it.property.clone()));
        Ok(Self {
            zone: config.zone()?,
            properties: options.properties.iter().cloned().chain(arm).collect(),
            keep,
            filter,
            attribution: config.options("attribution")?,
        })
    }

    pub fn settings(&self, config: &Config, options: &LoadOptions) -> ReadSettings {
        ReadSettings {
            folder: config.folder.clone(),
            zone: self.zone.clone(),
            currency: config.sections.currency,
            blocklist: Blocklist {
                texts: config.sections.identity.blocklist.clone(),
                patterns: config.sections.identity.block_patterns.clone(),
                allow: config.sections.identity.allow.clone(),
            },
            priority: config.sections.identity.priority.clone(),
            keep_all_rejects: options.keep_rejects,
            strict: options.strict,
            keep: self.keep.clone(),
            inside: options.inside,
            stdin: options.stdin.clone(),
            keep_rows: Keep::new(
                options.memory.unwrap_or_else(Memory::usual),
                options.spill.clone(),
            )
            .into(),
            partials: options.partials.clone(),
            lines: options.lines,
        }
    }

    /// The name of the channel that stands for no channel.
    fn direct(&self) -> &str {
        self.attribution.get("direct").and_then(Value::as_str).unwrap_or("Direct")
    }
}

/// What rows mean: their stages and channels, and which columns they carry.
struct Meaning {
    stages: Stages,
    channels: Channels,
    layout: Layout,
}

impl Meaning {
    fn new(config: &Config, wishes: &Wishes, raw: &RawEvents) -> Result<Self> {
        let stages = Stages::new(&config.sections.stage, raw).map_err(|error| {
            let rules = &config.sections.stage;
            let fails = |it: &usize| Stages::new(&rules[..=*it], raw).is_err();
            let first = (0..rules.len()).find(fails).unwrap_or(0).to_string();
            config.placed(error, &["stage", &first])
        })?;
        let channels = Channels::new(&config.sections.channel, wishes.direct(), raw)?;
        let layout = Layout::new(raw, &channels, &wishes.properties);
        Ok(Self { stages, channels, layout })
    }

    /// The rows that the run uses, by shard; uses the batches of `raw` up.
    fn partition(
        &self,
        raw: &mut RawEvents,
        wishes: &Wishes,
        options: &LoadOptions,
        stitched: &Stitched,
        progress: &dyn Progress,
    ) -> Result<Partition> {
        let mut batches = std::mem::take(&mut raw.batches);
        let test = wishes.filter.clone().map(|it| row_test(it, raw)).transpose()?;
        let filter = test.as_ref().map(|it| it.bind(raw));
        let selection = Selection {
            since: options.since,
            until: options.until,
            filter: filter.as_ref().map(|it| it as _),
        };
        let making = Making {
            layout: &self.layout,
            stitched,
            stages: &self.stages,
            channels: &self.channels,
            selection: &selection,
        };
        Partition::new(
            &mut batches,
            &making,
            (stitched.customers(), self.stages.names.len()),
            progress,
        )
    }

    /// Names and facts of the rows, and the rank of each code of the carried properties.
    fn catalog(
        &self,
        config: &Config,
        wishes: &Wishes,
        raw: &RawEvents,
        seen: &Seen,
        guesses: &mut Vec<String>,
    ) -> Result<(Catalog, Vec<Vec<u32>>)> {
        let ranked = self.layout.properties.iter().map(|&it| self.layout.ranked(raw, it));
        let (names, ranks): (Vec<Names>, Vec<Vec<u32>>) = ranked.unzip();
        let carried = wishes.properties.iter().filter(|it| raw.fields.text(it).is_some()).cloned();
        let catalog = Catalog {
            channels: self.channels.names.clone(),
            properties: carried.zip(names).collect(),
            currency: config.sections.currency,
            span: seen.span.map(|it| (Timestamp(it.0), Timestamp(it.1))),
            goals: goals(config, &self.stages.names, seen, guesses)?,
            gap: config.sections.journey.gap.0,
            lookback: config.sections.journey.lookback.0,
            customers: seen.customers,
            events: seen.events,
            stages: self.stages.names.clone(),
        };
        Ok((catalog, ranks))
    }

    /// The rules of sessions, touches and journeys.
    fn walking(&self, config: &Config, wishes: &Wishes, catalog: &Catalog) -> Result<Walking> {
        let touches = wishes.attribution.get("touches").cloned();
        let touches = touches.and_then(|it| serde_json::from_value(it).ok()).unwrap_or_default();
        let has_key = self.layout.session.is_some();
        let sessions = config.sections.session.rule(&wishes.zone, has_key)?;
        Ok(Walking {
            sessions: sessions.with_direct(self.channels.direct(wishes.direct())),
            touches: TouchRule(touches),
            journeys: JourneyRule::new(&config.sections.journey, catalog),
        })
    }
}
