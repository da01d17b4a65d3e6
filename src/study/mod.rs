//! Floor 4: a whole study as library calls: load, then ask.
//!
//! `Study::load` reads, stitches and groups; `Study::run` answers any number of
//! questions in one pass over the customers.
//!
//! ```no_run
//! use touchpath::base::Unwatched;
//! use touchpath::study::{LoadOptions, Study};
//! use touchpath::config::Config;
//!
//! # fn main() -> touchpath::base::Result<()> {
//! let config = Config::read("journeys/grocer".as_ref())?;
//! let study = Study::load(config, &LoadOptions::default(), &Unwatched)?;
//! let findings = study.run(&study.questions(&["overview"])?, &Unwatched)?;
//! assert_eq!(findings.reports[0].name, "overview");
//! # Ok(())
//! # }
//! ```

pub mod check;
pub mod manifest;

use rayon::prelude::*;
use serde_json::Value;

use crate::analysis::graph::{GraphFold, GraphState};
use crate::analysis::{self, Analysis, AnyState, Evidence, Running};
use crate::base::filter::Filter;
use crate::base::fold::{Fold, fold_all};
use crate::base::{Error, NONE, Names, Progress, Result, StageId, Timestamp, Unwatched};
use crate::config::Config;
use crate::input::{self, ReadSettings};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Batch, Catalog, Events, RawEvents, Report, StageGraph, TouchOptions};
use crate::prepare::channels::Channels;
use crate::prepare::group::{Grouped, group};
use crate::prepare::rows::{Layout, Rows, Selection, rows};
use crate::prepare::stages::Stages;
use crate::prepare::stitch::{Stitched, stitch};
use crate::prepare::{JourneyRule, TouchRule, Walker, Walking};

/// The confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// What of the data a study uses, besides what the journey file says.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Only events at or after this time.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
    /// Only events for which this filter holds; names are properties.
    pub filter: Option<String>,
    /// Whether to keep every rejected row, not only the first of each kind.
    pub keep_rejects: bool,
    /// Whether the first rejected row is an error.
    pub strict: bool,
    /// Properties to carry to the analyses, besides the experiment's.
    pub properties: Vec<String>,
    /// Whether files outside of the journey file's folder are refused.
    pub inside: bool,
    /// The file that standard input was saved to, if it was.
    pub stdin: Option<std::path::PathBuf>,
}

/// One question of a run: an analysis and its options as JSON.
pub type Question = (&'static analysis::Entry, Value);

/// Events stitched and grouped, ready for any question.
pub struct Study {
    /// The journey file.
    pub config: Config,
    /// Names and facts of the whole data.
    pub catalog: Catalog,
    /// Whole customers in shards.
    pub shards: Vec<Events>,
    /// The rules of sessions, touches and journeys.
    pub walking: Walking,
    /// Who is who.
    pub stitched: Stitched,
    /// What was read: ids, texts, rejected rows, files. Its batches are used up.
    pub raw: RawEvents,
    /// Events whose place in the file alone says which of two equal times is first.
    pub ties: u64,
    /// Events that no stage rule names.
    pub unmapped: u64,
    /// What was guessed, in words.
    pub guesses: Vec<String>,
}

/// The answers of a run.
pub struct Findings {
    /// The stage graph.
    pub graph: StageGraph,
    /// One report a question, in the order asked.
    pub reports: Vec<Report>,
    /// Questions that the data cannot answer, and why.
    pub left_out: Vec<(&'static str, Error)>,
}

impl Study {
    /// Reads, stitches and groups the events of a journey.
    ///
    /// # Errors
    /// Files that cannot be read, columns that are missing, names that do not
    /// occur; with `strict`, the first rejected row.
    pub fn load(config: Config, options: &LoadOptions, progress: &dyn Progress) -> Result<Self> {
        let zone = config.zone()?;
        let experiment = config.options("experiment")?;
        let arm = experiment.get("property").and_then(Value::as_str).map(str::to_owned);
        let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
        let mut keep = options.properties.clone();
        // An experiment that the journey file names must be in the data; the default one may be.
        if config.analyses.contains_key("experiment") {
            keep.extend(arm.clone());
        }
        let properties: Vec<String> = options.properties.iter().cloned().chain(arm).collect();
        keep.extend(filter.iter().flat_map(|it| it.names().iter().cloned()));
        let rules = config.sections.stage.iter().chain(&config.sections.channel);
        keep.extend(rules.filter_map(|it| it.property.clone()));
        let settings = ReadSettings {
            folder: config.folder.clone(),
            zone: zone.clone(),
            currency: config.sections.currency,
            blocklist: config.sections.identity.blocklist.clone(),
            priority: config.sections.identity.priority.clone(),
            keep_all_rejects: options.keep_rejects,
            strict: options.strict,
            keep,
            inside: options.inside,
            stdin: options.stdin.clone(),
        };
        let raw = input::read(&config.sections.source, &settings, progress)?;
        Self::prepare(config, options, raw, &zone, filter, properties, progress)
    }

    fn prepare(
        config: Config,
        options: &LoadOptions,
        mut raw: RawEvents,
        zone: &jiff::tz::TimeZone,
        filter: Option<Filter>,
        properties: Vec<String>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        progress.stage("stitching", 0);
        let stitched = stitch(&raw, &config.sections.identity)
            .map_err(|it| config.placed(it, &["identity", "limit"]))?;
        let stages = Stages::new(&config.sections.stage, &raw).map_err(|error| {
            let rules = &config.sections.stage;
            let fails = |it: &usize| Stages::new(&rules[..=*it], &raw).is_err();
            let first = (0..rules.len()).find(fails).unwrap_or(0).to_string();
            config.placed(error, &["stage", &first])
        })?;
        let attribution = config.options("attribution")?;
        let direct = attribution.get("direct").and_then(Value::as_str).unwrap_or("Direct");
        let channels = Channels::new(&config.sections.channel, direct, &raw)?;
        let layout = Layout::new(&raw, &channels, &properties);
        let test = filter.map(|it| row_test(it, &raw)).transpose()?;
        let batches = std::mem::take(&mut raw.batches);
        let rows = {
            let filter = test.as_ref().map(|it| it.bind(&raw));
            let selection = Selection {
                since: options.since,
                until: options.until,
                filter: filter.as_ref().map(|it| it as _),
            };
            rows(batches, &layout, &stitched, &stages, &channels, &selection)
        };
        let mut guesses = Vec::new();
        let goals = goals(&config, &stages.names, &rows, &mut guesses)?;
        let span = rows.iter().flat_map(|it| &it.times);
        let span =
            span.clone().min().zip(span.max()).map(|it| (Timestamp(*it.0), Timestamp(*it.1)));
        let ranked: Vec<(Names, Vec<u32>)> =
            layout.properties.iter().map(|&it| layout.ranked(&raw, it)).collect();
        let (names, ranks): (Vec<Names>, Vec<Vec<u32>>) = ranked.into_iter().unzip();
        let carried = properties.iter().filter(|it| raw.fields.text(it).is_some()).cloned();
        let unmapped = rows.iter().flat_map(|it| &it.stages).filter(|&&it| it == NONE).count();
        let mut catalog = Catalog {
            channels: channels.names.clone(),
            properties: carried.zip(names).collect(),
            currency: config.sections.currency,
            span,
            goals,
            gap: config.sections.journey.gap.0,
            lookback: config.sections.journey.lookback.0,
            customers: 0,
            events: rows.iter().map(|it| it.times.len() as u64).sum(),
            stages: stages.names,
        };
        progress.stage("grouping", 0);
        let Grouped { shards, ties } =
            group(rows, stitched.customers(), &layout, &ranks, &raw.sequence_texts);
        let active = |it: &Events| it.offsets.windows(2).filter(|it| it[0] < it[1]).count() as u64;
        catalog.customers = shards.iter().map(active).sum();
        let touches: TouchOptions = attribution
            .get("touches")
            .and_then(|it| serde_json::from_value(it.clone()).ok())
            .unwrap_or_default();
        let sessions = config.sections.session.rule(zone, layout.session.is_some())?;
        let walking = Walking {
            sessions: sessions.with_direct(channels.direct(direct)),
            touches: TouchRule(touches),
            journeys: JourneyRule::new(&config.sections.journey, &catalog),
        };
        let unmapped = unmapped as u64;
        Ok(Self { config, catalog, shards, walking, stitched, raw, ties, unmapped, guesses })
    }

    /// Analyses by name with the options of the journey file, ready to ask.
    ///
    /// # Errors
    /// There is no analysis of that name.
    pub fn questions(&self, names: &[&str]) -> Result<Vec<Question>> {
        let question = |name: &&str| {
            let entry = analysis::entry(name)?;
            Ok((entry, self.config.options(entry.section)?))
        };
        names.iter().map(question).collect()
    }

    /// Every analysis of the registry with the options of the journey file.
    ///
    /// # Errors
    /// None for a registry in order.
    pub fn every_question(&self) -> Result<Vec<Question>> {
        let names: Vec<&str> = analysis::ANALYSES.iter().map(|it| it.name).collect();
        self.questions(&names)
    }

    /// Answers all questions in one pass over the customers.
    ///
    /// # Errors
    /// A name in the options that does not occur; a question that the data
    /// cannot answer.
    pub fn run(&self, questions: &[Question], progress: &dyn Progress) -> Result<Findings> {
        let mut findings = self.run_what_fits(questions, progress)?;
        match findings.left_out.pop() {
            Some((_, error)) => Err(error),
            None => Ok(findings),
        }
    }

    /// Answers the questions that the data can answer, and names the others.
    ///
    /// # Errors
    /// None today.
    pub fn run_what_fits(
        &self,
        questions: &[Question],
        progress: &dyn Progress,
    ) -> Result<Findings> {
        let mut left_out = Vec::new();
        let mut running: Vec<Box<dyn Running>> = Vec::new();
        for (entry, options) in questions {
            match (entry.build)(options.clone(), &self.catalog) {
                Ok(it) => running.push(it),
                Err(error) => left_out.push((entry.name, error)),
            }
        }
        let mut findings = self.answer(&running, progress);
        left_out.append(&mut findings.left_out);
        Ok(Findings { left_out, ..findings })
    }

    /// Answers one question of your own: any [`Analysis`], in the registry or not.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn ask<A: Analysis>(&self, options: A::Options) -> Result<Report> {
        let running: Vec<Box<dyn Running>> = vec![Box::new(A::new(options, &self.catalog)?)];
        let mut findings = self.answer(&running, &Unwatched);
        match (findings.reports.pop(), findings.left_out.pop()) {
            (Some(report), _) => Ok(report),
            (None, Some((_, error))) => Err(error),
            (None, None) => Err(Error::new(format!("{} gave no answer", A::NAME))),
        }
    }

    fn answer(&self, running: &[Box<dyn Running>], progress: &dyn Progress) -> Findings {
        progress.stage("analyzing", self.shards.len() as u64);
        let fold = StudyFold {
            graph: GraphFold::new(&self.catalog),
            running,
            walking: &self.walking,
            progress,
        };
        let (_, graph, states) = fold_all(&fold, &self.shards);
        progress.stage("answering", 0);
        let graph = fold.graph.finish(graph);
        let customer_name = |it| self.stitched.name(&self.raw, it);
        let no_orders = crate::base::Dictionary::default();
        let orders = self.raw.fields.text("order").map_or(&no_orders, |it| &self.raw.texts[it]);
        let evidence = Evidence {
            catalog: &self.catalog,
            graph: &graph,
            orders,
            customer_name: &customer_name,
            confidence: CONFIDENCE,
        };
        let answers: Vec<Result<Report>> = running
            .par_iter()
            .zip(states)
            .map(|(analysis, state)| analysis.finish(state, &evidence))
            .collect();
        let mut reports = Vec::new();
        let mut left_out = Vec::new();
        for (analysis, answer) in running.iter().zip(answers) {
            match answer {
                Ok(report) => reports.push(report),
                Err(error) => left_out.push((analysis.name(), error)),
            }
        }
        Findings { graph, reports, left_out }
    }
}

/// All questions of a run as one fold over shards.
struct StudyFold<'a> {
    graph: GraphFold,
    running: &'a [Box<dyn Running>],
    walking: &'a Walking,
    progress: &'a dyn Progress,
}

impl Fold for StudyFold<'_> {
    type State = (Walker, GraphState, Vec<AnyState>);
    type Item = Events;

    fn start(&self) -> Self::State {
        let states = self.running.iter().map(|it| it.start()).collect();
        (Walker::default(), self.graph.start(), states)
    }

    fn visit(&self, state: &mut Self::State, shard: &Events) {
        let (walker, graph, states) = state;
        walker.walk(self.walking, shard, |customer| {
            self.graph.visit(graph, customer);
            for (analysis, state) in self.running.iter().zip(states.iter_mut()) {
                analysis.visit(state, customer);
            }
        });
        self.progress.advance(1);
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        self.graph.merge(&mut into.1, from.1);
        for ((analysis, into), from) in self.running.iter().zip(&mut into.2).zip(from.2) {
            analysis.merge(into, from);
        }
    }
}

/// A filter over the kept texts of rows.
struct RowTest {
    filter: Filter,
    columns: Vec<usize>,
}

fn row_test(filter: Filter, raw: &RawEvents) -> Result<RowTest> {
    let column = |name: &String| {
        raw.fields.text(name).ok_or_else(|| {
            let known = raw.fields.texts.iter().map(String::as_str);
            Error::new(format!("--where: no source has the property \"{name}\""))
                .suggest(crate::base::names::nearest(name, known))
        })
    };
    let columns = filter.names().iter().map(column).collect::<Result<_>>()?;
    Ok(RowTest { filter, columns })
}

impl RowTest {
    fn bind<'a>(&'a self, raw: &'a RawEvents) -> impl Fn(&Batch, usize) -> bool + Sync + 'a {
        move |batch, row| {
            let text = |&column: &usize| {
                let code = batch.texts[column].code(row);
                (code != NONE).then(|| raw.texts[column].get(code))
            };
            let values: Vec<Option<&str>> = self.columns.iter().map(text).collect();
            self.filter.matches(&values)
        }
    }
}

/// The goal stages: named in the journey file, or guessed from amounts and names.
fn goals(
    config: &Config,
    stages: &Names,
    rows: &[Rows],
    guesses: &mut Vec<String>,
) -> Result<Vec<StageId>> {
    if let Some(named) = &config.sections.journey.conversion {
        let goal = |name: &String| match stages.id(name) {
            Some(id) => Ok(StageId(id)),
            None => {
                let what = format!("[journey] conversion: no event has the stage \"{name}\"");
                let error = Error::new(what).suggest(stages.nearest(name));
                Err(config.placed(error, &["journey", "conversion"]))
            }
        };
        if rows.iter().all(|it| it.times.is_empty()) {
            return Ok(Vec::new());
        }
        let mut goals: Vec<StageId> = named.as_slice().iter().map(goal).collect::<Result<_>>()?;
        goals.sort_unstable();
        goals.dedup();
        return Ok(goals);
    }
    let valued = valued_stages(stages.len(), rows);
    let by_value: Vec<u32> = (0..stages.len() as u32).filter(|&it| valued[it as usize]).collect();
    let named = || {
        let ranked = (0u32..).zip(stages.iter());
        let ranked = ranked.filter_map(|it| Some((input::goal_rank(it.1)?, it.0)));
        ranked.min().map(|it| it.1)
    };
    let (goal, why) = match by_value[..] {
        [only] => (Some(only), "the only stage with amounts"),
        _ => (named(), "by its name"),
    };
    Ok(match goal {
        Some(goal) => {
            guesses.push(format!("conversion = \"{}\" ({why})", stages.get(goal)));
            vec![StageId(goal)]
        }
        None => {
            guesses.push("no conversion: no stage looks like a goal".into());
            Vec::new()
        }
    })
}

fn valued_stages(stages: usize, rows: &[Rows]) -> Vec<bool> {
    let mut valued = vec![false; stages];
    for batch in rows {
        for (&stage, &amount) in batch.stages.iter().zip(&batch.amounts) {
            if amount != NO_AMOUNT && amount != 0 && stage != NONE {
                valued[stage as usize] = true;
            }
        }
    }
    valued
}
