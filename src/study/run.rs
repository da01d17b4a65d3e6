//! Asking: any number of questions in one pass over the customers.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::analysis::graph::{GraphFold, GraphState};
use crate::analysis::{self, Analysis, AnyState, Evidence, Running};
use crate::base::fold::{Fold, fold_all};
use crate::base::privacy::shown;
use crate::base::{Error, Progress, Result, Unwatched};
use crate::model::Report;
use crate::prepare::group::{Scratch, Shards};
use crate::prepare::{SelectOptions, Walker, Walking};

use super::load::selector;
use super::{CONFIDENCE, Findings, Question, Study, select};

impl Study {
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
    /// The spill file cannot be read; a customer has more events than memory allows; the
    /// work was cancelled.
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
        let mut findings = self.answer(&running, progress)?;
        left_out.append(&mut findings.left_out);
        Ok(Findings { left_out, ..findings })
    }

    /// Answers one question of your own: any [`Analysis`], in the registry or not.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn ask<A: Analysis>(&self, options: A::Options) -> Result<Report> {
        let running: Vec<Box<dyn Running>> = vec![Box::new(A::new(options, &self.catalog)?)];
        let mut findings = self.answer(&running, &Unwatched)?;
        match (findings.reports.pop(), findings.left_out.pop()) {
            (Some(report), _) => Ok(report),
            (None, Some((_, error))) => Err(error),
            (None, None) => Err(Error::new(format!("{} gave no answer", A::NAME))),
        }
    }

    /// Looks at other journeys than before; the properties that the predicates ask for must have
    /// been carried since the study was loaded ([`super::LoadOptions::properties`]).
    ///
    /// # Errors
    /// A stage or property that does not occur, with the nearest one.
    pub fn select(&mut self, options: SelectOptions) -> Result<()> {
        self.config.sections.select = options;
        self.walking.select = selector(&self.config, &self.catalog, &self.config.zone()?)?;
        Ok(())
    }

    fn answer(&self, running: &[Box<dyn Running>], progress: &dyn Progress) -> Result<Findings> {
        progress.stage("analyzing", self.shards.len() as u64);
        let fold = StudyFold {
            graph: GraphFold::new(&self.catalog),
            running,
            walking: &self.walking,
            progress,
            shards: &self.shards,
            trouble: Mutex::default(),
        };
        let shards: Vec<usize> = (0..self.shards.len()).collect();
        let State { graph, mut states, mut walker, .. } = fold_all(&fold, &shards);
        // Shards may be missing.
        progress.check()?;
        if let Some(error) = fold.trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        progress.stage("answering", 0);
        let settle =
            || running.par_iter().zip(&mut states).for_each(|(it, state)| it.settle(state));
        let (graph, ()) = rayon::join(|| fold.graph.finish(graph), settle);
        let plain = self.config.sections.identity.show_contacts;
        let customer_name = |it| {
            let name = self.stitched.name(&self.raw, it);
            match name.split_once(':').filter(|_| !plain) {
                Some((id_type, id)) => format!("{id_type}:{}", shown(id_type, id)),
                None => name,
            }
        };
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
            .with_max_len(1)
            .zip(states)
            .map(|(analysis, state)| {
                progress.check()?;
                analysis.finish(state, &evidence)
            })
            .collect();
        progress.check()?;
        let selected = self.walking.select.as_ref().map(|by| walker.keeper().selected(by));
        let mut reports = Vec::new();
        let mut left_out = Vec::new();
        for (analysis, answer) in running.iter().zip(answers) {
            match answer {
                Ok(mut report) => {
                    if let Some(selected) = &selected {
                        select::mark(&mut report, selected);
                    }
                    reports.push(report);
                }
                Err(error) => left_out.push((analysis.name(), error)),
            }
        }
        Ok(Findings { graph, reports, left_out, selected })
    }
}

/// All questions of a run as one fold over shards.
struct StudyFold<'a> {
    graph: GraphFold,
    running: &'a [Box<dyn Running>],
    walking: &'a Walking,
    progress: &'a dyn Progress,
    shards: &'a Shards,
    trouble: Mutex<Option<Error>>,
}

/// What shards fold to, and the scratch space for it.
struct State {
    scratch: Scratch,
    walker: Walker,
    graph: GraphState,
    states: Vec<AnyState>,
}

impl StudyFold<'_> {
    fn visit_shard(&self, state: &mut State, shard: usize) -> Result<()> {
        let State { scratch, walker, graph, states } = state;
        let events = self.shards.events(shard, scratch)?;
        walker.walk_groups(self.walking, events, |customers| {
            customers.iter().for_each(|it| self.graph.visit(graph, it));
            for (analysis, state) in self.running.iter().zip(states.iter_mut()) {
                analysis.visit(state, customers);
            }
        });
        self.progress.advance(1);
        Ok(())
    }
}

impl Fold for StudyFold<'_> {
    type State = State;
    type Item = usize;

    fn start(&self) -> State {
        State {
            scratch: Scratch::default(),
            walker: Walker::default(),
            graph: self.graph.start(),
            states: self.running.iter().map(|it| it.start()).collect(),
        }
    }

    fn visit(&self, state: &mut State, shard: &usize) {
        let lock = || self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if lock().is_some() || self.progress.is_cancelled() {
            return;
        }
        if let Err(error) = self.visit_shard(state, *shard) {
            lock().get_or_insert(error);
        }
    }

    fn merge(&self, into: &mut State, mut from: State) {
        into.walker.keeper().merge(from.walker.keeper());
        self.graph.merge(&mut into.graph, from.graph);
        for ((analysis, into), from) in self.running.iter().zip(&mut into.states).zip(from.states) {
            analysis.merge(into, from);
        }
    }
}
