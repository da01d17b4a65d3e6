//! Loading: files to stitched, grouped events with their catalog.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::base::filter::Filter;
use crate::base::{Currency, Error, Names, Progress, Result, Timestamp};
use crate::config::Config;
use crate::input::nobody::Blocklist;
use crate::input::open::{Found, check_inside};
use crate::input::privacy::ForgetList;
use crate::input::{self, ReadSettings, presets};
use crate::model::Catalog;
use crate::prepare::channels::Channels;
use crate::prepare::group::Shards;
use crate::prepare::identity::Exclusions;
use crate::prepare::partition::{Partition, Seen};
use crate::prepare::rows::{Layout, Making, Selection};
use crate::prepare::stages::Stages;
use crate::prepare::stitch::{Asked, Stitched, stitch};
use crate::prepare::{JourneyRule, Selector, TouchRule, Walking};
use crate::store::memory::Memory;
use crate::store::{Keep, RawEvents};

use super::goals::goals;
use super::reading::Reading;
use super::select::row_test;
use super::{LoadOptions, Study};

impl Study {
    /// Reads, stitches and groups the events of a journey.
    ///
    /// # Errors
    /// Files that cannot be read, columns that are missing, names that do not
    /// occur; with `strict`, the first rejected row.
    pub fn load(config: Config, options: &LoadOptions, progress: &dyn Progress) -> Result<Self> {
        let mut reading = Reading::new(config, options, progress)?;
        progress.stage("stitching", 0);
        let asked = Asked { exclusions: Some(&reading.exclusions), until: None };
        let mut stitched = stitch(&mut reading.raw, &reading.config.sections.identity, asked)
            .map_err(|it| identity_error(&reading.config, it))?;
        progress.check()?;
        let Reading { config, wishes, mut raw, exclusions, guesses } = reading;
        let meaning = Meaning::new(&config, &wishes, &raw)?;
        progress.stage("grouping", raw.batches.rows() as u64);
        let mut batches = std::mem::take(&mut raw.batches);
        let partition = meaning.partition(&raw, &wishes, options, &stitched, |making, sizes| {
            Partition::new(&mut batches, making, sizes, progress)
        })?;
        stitched.settle_names(&raw);
        meaning.study(config, &wishes, (raw, exclusions), (stitched, partition), guesses)
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
        check_inside(&found, &config.folder)?;
    }
    let text = fs_err::read_to_string(location).map_err(|it| {
        Error::from(it).hint(
            "[identity] exclude is looked for beside the journey file; a partial keeps only its \
             name, which then begins where you are",
        )
    })?;
    let exclusions = Exclusions::parse(&text, name)?;
    Ok(match &options.hash_ids {
        Some(hash) => exclusions.with_names(|it| hash.name(it)),
        None => exclusions,
    })
}

/// An error about a key of `[identity]`, with the place where the key stands.
pub(super) fn identity_error(config: &Config, error: Error) -> Error {
    let key = error.message().strip_prefix("[identity] ").and_then(|it| it.split_once(':'));
    match key.map(|it| it.0.to_owned()) {
        Some(key) => config.placed(error, &["identity", &key]),
        None => error,
    }
}

/// Checks the names of presets, and takes the currency of the journey from their data
/// where it names none.
///
/// # Errors
/// An unknown preset, with the nearest one.
pub(super) fn settle_presets(
    config: &mut Config,
    options: &LoadOptions,
    guesses: &mut Vec<String>,
) -> Result<()> {
    for (at, source) in config.sections.source.iter().enumerate() {
        presets::of(source)
            .map_err(|it| config.placed(it, &["source", &at.to_string(), "preset"]))?;
    }
    if config.sections.currency != Currency::UNNAMED || options.partials.is_some() {
        return Ok(());
    }
    let settings = Wishes::new(config, options)?.settings(config, options);
    let found = config.sections.source.iter().find_map(|it| input::sniff::currency(it, &settings));
    if let Some(currency) = found.and_then(|it| it.parse::<Currency>().ok()) {
        guesses.push(format!("currency = \"{currency}\" (the journey names none, the data does)"));
        config.sections.currency = currency;
    }
    Ok(())
}

/// What journey file and options ask for, before anything is read.
pub(super) struct Wishes {
    zone: jiff::tz::TimeZone,
    /// Properties that analyses may ask for.
    properties: Vec<String>,
    /// Properties that must be in the data.
    keep: Vec<String>,
    filter: Option<Filter>,
    /// Who is to be forgotten.
    forget: Option<Arc<ForgetList>>,
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
        let asked = config.sections.select.properties();
        keep.extend(asked.iter().cloned());
        let rules = config.sections.stage.iter().chain(&config.sections.channel);
        keep.extend(rules.filter_map(|it| it.property.clone()));
        Ok(Self {
            zone: config.zone()?,
            properties: options.properties.iter().cloned().chain(arm).chain(asked).collect(),
            keep,
            filter,
            forget: forget(config, options)?,
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
            bots: config.sections.bots.clone(),
            hash_ids: options.hash_ids.clone(),
            forget: self.forget.clone(),
            lines: options.lines,
        }
    }

    /// The name of the channel that stands for no channel.
    fn direct(&self) -> &str {
        self.attribution.get("direct").and_then(Value::as_str).unwrap_or("Direct")
    }
}

/// Who is to be forgotten: as the journey file says, and as the command line does.
fn forget(config: &Config, options: &LoadOptions) -> Result<Option<Arc<ForgetList>>> {
    let mut all = options.forget.clone();
    if let Some(name) = &config.sections.identity.forget {
        let found = Found { name: name.clone(), location: config.folder.join(name) };
        let list = ForgetList::read(&found.location)
            .map_err(|it| config.placed(it, &["identity", "forget"]))?;
        if options.inside && std::path::Path::new(name).is_relative() {
            check_inside(&found, &config.folder)?;
        }
        all.extend(list);
    }
    Ok((!all.is_empty()).then(|| Arc::new(all)))
}

/// What rows mean: their stages and channels, and which columns they carry.
pub(super) struct Meaning {
    stages: Stages,
    channels: Channels,
    layout: Layout,
}

impl Meaning {
    pub fn new(config: &Config, wishes: &Wishes, raw: &RawEvents) -> Result<Self> {
        let stages = Stages::new(&config.sections.stage, raw).map_err(|error| {
            let rules = &config.sections.stage;
            let fails = |it: &usize| Stages::new(&rules[..=*it], raw).is_err();
            let first = (0..rules.len()).find(fails).unwrap_or(0).to_string();
            config.placed(error, &["stage", &first])
        })?;
        let channels = Channels::new(&config.sections.channel, wishes.direct(), raw)?;
        let sessions = config.sections.session.columns(raw);
        let layout = Layout::new(raw, &channels, &wishes.properties, sessions);
        Ok(Self { stages, channels, layout })
    }

    /// The rows that the run uses, by shard, as `make` makes them for so many customers and
    /// stages.
    pub fn partition(
        &self,
        raw: &RawEvents,
        wishes: &Wishes,
        options: &LoadOptions,
        stitched: &Stitched,
        make: impl FnOnce(&Making<'_>, (usize, usize)) -> Result<Partition>,
    ) -> Result<Partition> {
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
        make(&making, (stitched.customers(), self.stages.names.len()))
    }

    /// Everything that questions need.
    pub fn study(
        self,
        config: Config,
        wishes: &Wishes,
        (mut raw, exclusions): (RawEvents, Exclusions),
        (stitched, partition): (Stitched, Partition),
        mut guesses: Vec<String>,
    ) -> Result<Study> {
        let (catalog, ranks) =
            self.catalog(&config, wishes, &raw, &partition.seen, &mut guesses)?;
        let unmapped = partition.seen.unmapped;
        let shards = Shards::new(partition, ranks, std::mem::take(&mut raw.sequence_texts));
        let walking = self.walking(&config, wishes, &catalog, &raw)?;
        Ok(Study { config, catalog, shards, walking, stitched, raw, unmapped, guesses, exclusions })
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
            timezone: config.sections.timezone.clone(),
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
    fn walking(
        &self,
        config: &Config,
        wishes: &Wishes,
        catalog: &Catalog,
        raw: &RawEvents,
    ) -> Result<Walking> {
        let touches = wishes.attribution.get("touches").cloned();
        let touches = touches.and_then(|it| serde_json::from_value(it).ok()).unwrap_or_default();
        let sessions = config.sections.session.rule(&wishes.zone, raw, &self.stages.names);
        let sessions = sessions.map_err(|it| config.placed(it, &["session"]))?;
        Ok(Walking {
            select: selector(config, catalog, &wishes.zone)?,
            sessions: sessions.with_direct(self.channels.direct(wishes.direct())),
            touches: TouchRule(touches),
            journeys: JourneyRule::new(&config.sections.journey, catalog),
        })
    }
}

/// Which journeys are looked at, as the journey says.
pub(super) fn selector(
    config: &Config,
    catalog: &Catalog,
    zone: &jiff::tz::TimeZone,
) -> Result<Option<Selector>> {
    let options = &config.sections.select;
    Selector::new(options, catalog, zone).map_err(|(key, error)| {
        let own = Config::parse(&config.text, "").is_ok_and(|it| it.sections.select == *options);
        if own { config.placed(error, &["select", key]) } else { error }
    })
}
