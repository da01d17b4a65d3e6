//! Channels: through which door an event came.
//!
//! Rules of the journey file first; else the source's channel column; else the
//! GA4 default channel groups of source, medium and campaign.

use std::sync::Mutex;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use indexmap::IndexSet;

use crate::base::{ChannelId, NONE, Names, Result};
use crate::model::Batch;
use crate::store::RawEvents;

use super::channel_groups::channel_group;
use super::rules::{RuleOptions, Rules};

/// A row's utm_source, utm_medium and campaign.
type Triple = [u32; 3];

/// How rows become channels.
pub struct Channels {
    /// All channel names.
    pub names: Names,
    rules: Rules,
    column: Option<usize>,
    utm: [Option<usize>; 3],
    by_rule: Vec<ChannelId>,
    by_column: Vec<u32>,
    by_triple: HashMap<Triple, ChannelId, FixedState>,
}

impl Channels {
    /// Makes channels of rules, of a column, or of source, medium and campaign.
    ///
    /// `direct` is what sessions without any source are called.
    ///
    /// # Errors
    /// A bad rule; the spill file cannot be read.
    pub fn new(options: &[RuleOptions], direct: &str, raw: &RawEvents) -> Result<Self> {
        let rules = Rules::new(options, "channel", "channel", raw)?;
        let column = raw.fields.text("channel");
        let utm = ["utm_source", "utm_medium", "campaign"].map(|it| raw.fields.text(it));
        let grouped = utm[0].is_some() || utm[1].is_some();
        let triples = if grouped { triples(&utm, raw)? } else { IndexSet::default() };
        let group = |triple: &Triple| {
            let text = |at: usize| utm[at].map_or("", |it| raw.texts[it].get(triple[at]));
            channel_group(text(0), text(1), text(2), direct)
        };
        let mut names: Vec<String> = rules.names().to_vec();
        names.extend(column.into_iter().flat_map(|it| raw.texts[it].iter()).map(str::to_owned));
        names.extend(triples.iter().map(|it| group(it).to_owned()));
        if grouped {
            names.push(direct.to_owned());
        }
        names.retain(|it| !it.is_empty());
        let names = Names::new(names);
        let id = |name: &str| ChannelId(names.id(name).unwrap_or(NONE));
        Ok(Self {
            by_rule: rules.names().iter().map(|it| id(it)).collect(),
            by_column: column
                .map_or(Vec::new(), |it| raw.texts[it].iter().map(|it| id(it).0).collect()),
            by_triple: triples.iter().map(|it| (*it, id(group(it)))).collect(),
            names,
            rules,
            column,
            utm,
        })
    }

    /// The id of the channel that stands for "no source at all".
    pub fn direct(&self, name: &str) -> ChannelId {
        let mut names = self.names.iter();
        names.position(|it| it.eq_ignore_ascii_case(name)).map_or(ChannelId::NONE, ChannelId::at)
    }

    /// The channel of a row, `ChannelId::NONE`, or `ChannelId::UNNAMED`.
    #[inline]
    pub fn of(&self, batch: &Batch, row: usize) -> ChannelId {
        if !self.rules.is_empty() {
            let rule = self.rules.first(batch, row);
            if rule != NONE {
                return self.by_rule[rule as usize];
            }
        }
        if let Some(column) = self.column {
            let code = batch.texts[column].code(row);
            if code != NONE {
                return ChannelId(self.by_column[code as usize]);
            }
        }
        let triple = triple(&self.utm, batch, row);
        if triple[0] != NONE || triple[1] != NONE {
            return self.by_triple.get(&triple).copied().unwrap_or(ChannelId::NONE);
        }
        let knows = |it: &Option<usize>| it.is_some_and(|it| !batch.texts[it].codes.is_empty());
        if self.utm[..2].iter().any(knows) { ChannelId::UNNAMED } else { ChannelId::NONE }
    }

    /// Where a column alone says the channel: that column, and the channel of each text.
    pub fn by_column(&self) -> Option<(usize, &[u32])> {
        let alone = self.rules.is_empty() && self.utm[..2] == [None; 2];
        self.column.filter(|_| alone).map(|it| (it, &self.by_column[..]))
    }

    /// A number above every code that [`Self::of`] gives.
    pub fn kinds(&self) -> usize {
        if self.by_column().is_some() { self.names.len() } else { usize::MAX }
    }
}

#[inline]
fn triple(utm: &[Option<usize>; 3], batch: &Batch, row: usize) -> Triple {
    utm.map(|it| it.map_or(NONE, |column| batch.texts[column].code(row)))
}

/// All distinct triples of the rows.
///
/// # Errors
/// The spill file cannot be read.
fn triples(utm: &[Option<usize>; 3], raw: &RawEvents) -> Result<IndexSet<Triple, FixedState>> {
    let all = Mutex::new(IndexSet::default());
    raw.batches.for_each(|batch| {
        let own: IndexSet<Triple, FixedState> =
            (0..batch.len()).map(|row| triple(utm, batch, row)).collect();
        if let Ok(mut all) = all.lock() {
            all.extend(own);
        }
    })?;
    Ok(all.into_inner().unwrap_or_default())
}
