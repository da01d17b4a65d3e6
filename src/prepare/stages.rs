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
    by_event: Vec<StageId>,
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
        let by_event = events().map(id).collect();
        Ok(Self { rules, by_rule, by_event, event, names })
    }

    /// The stage of a row, or `StageId::NONE`.
    #[inline]
    pub fn of(&self, batch: &Batch, row: usize) -> StageId {
        let by =
            |table: &[StageId], at: u32| table.get(at as usize).copied().unwrap_or(StageId::NONE);
        match self.event {
            Some(event) => by(&self.by_event, batch.texts[event].code(row)),
            None => by(&self.by_rule, self.rules.first(batch, row)),
        }
    }

    /// Adds the stages of all rows of a batch, as [`Self::of`] has them.
    pub fn add(&self, batch: &Batch, out: &mut Vec<u32>) {
        match self.event.map(|it| &batch.texts[it].codes) {
            Some(codes) if !codes.is_empty() => {
                let by = |it: &u32| self.by_event.get(*it as usize).map_or(NONE, |it| it.0);
                out.extend(codes.iter().map(by));
            }
            _ => out.extend((0..batch.len()).map(|it| self.of(batch, it).0)),
        }
    }
}
