//! Stages: which named place of the journey an event is.

use crate::base::{NONE, Names, Result, StageId};
use crate::model::Batch;
use crate::store::RawEvents;

use super::rules::{RuleOptions, Rules};

/// How rows become stages.
pub struct Stages {
    /// All stage names.
    pub names: Names,
    rules: Rules,
    by_rule: Vec<StageId>,
    by_event: Vec<u32>,
    event: Option<usize>,
}

impl Stages {
    /// Stages by rules in order; without rules, the event's name is the stage.
    ///
    /// # Errors
    /// A bad rule.
    pub fn new(options: &[RuleOptions], raw: &RawEvents) -> Result<Self> {
        let rules = Rules::new(options, "event", "stage", raw)?;
        let event = raw.fields.text("event").filter(|_| rules.is_empty());
        let events = || event.into_iter().flat_map(|it| raw.texts[it].iter());
        let texts = rules.names().iter().map(String::as_str).chain(events());
        let names = Names::new(texts.map(str::to_owned).filter(|it| !it.is_empty()));
        let id = |name: &str| StageId(names.id(name).unwrap_or(NONE));
        let by_rule = rules.names().iter().map(|it| id(it)).collect();
        let by_event = events().map(|it| id(it).0).collect();
        Ok(Self { rules, by_rule, by_event, event, names })
    }

    /// The stage of a row, or `StageId::NONE`.
    #[inline]
    pub fn of(&self, batch: &Batch, row: usize) -> StageId {
        let by =
            |table: &[StageId], at: u32| table.get(at as usize).copied().unwrap_or(StageId::NONE);
        match self.event {
            Some(event) => {
                let code = batch.texts[event].code(row) as usize;
                self.by_event.get(code).map_or(StageId::NONE, |it| StageId(*it))
            }
            None => by(&self.by_rule, self.rules.first(batch, row)),
        }
    }

    /// Where the event's name is the stage: the column of names, and the stage of each.
    pub fn by_event(&self) -> Option<(usize, &[u32])> {
        self.event.map(|it| (it, &self.by_event[..]))
    }
}
