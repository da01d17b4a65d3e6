//! Parts of a file: room for their rows, the rows handed over, and the room again.
//!
//! Does not look into records.

use std::mem::take;
use std::sync::atomic::Ordering;

use super::{DISTINCT, MANY, Rows};
use crate::base::{Issues, NONE};
use crate::input::columns::EventIds;
use crate::input::gather::Part;
use crate::input::options::TimeFormat;
use crate::model::raw::{Batch, Sequence};

/// The texts that say where a visit is from.
const FROM: [&str; 2] = ["utm_source", "utm_medium"];

impl Rows<'_> {
    /// Sets room aside for about so many records, so that columns need not move as they grow.
    pub fn reserve(&mut self, records: usize) {
        self.times.reserve(records);
        self.ids.iter_mut().chain(&mut self.texts).for_each(|it| it.reserve(records));
        for (coder, distinct) in self.ids.iter_mut().zip(&*self.distinct) {
            // A little more, as parts differ.
            let distinct = distinct.load(Ordering::Relaxed) as usize * 17 / 16;
            coder.reserve_texts(records * distinct / MANY);
        }
        if self.mapping.value.is_some() {
            self.amounts.reserve(records);
        }
        if self.mapping.sequence.is_some() {
            self.numbers.reserve(records);
        }
        if self.mapping.event_id.is_some() {
            self.event_ids.reserve(records);
        }
    }

    /// The rows that were used, and what became of the others.
    pub fn finish(mut self) -> (Part, Issues) {
        self.hand_over()
    }

    /// As [`Self::finish`]; what comes then belongs to another part of the same file, and
    /// uses the memory of this one.
    pub fn hand_over(&mut self) -> (Part, Issues) {
        let mapping = self.mapping;
        let fresh = Issues::new(self.issues.keeps_all());
        let mut issues = std::mem::replace(&mut self.issues, fresh);
        issues.ambiguous += self.clock.ambiguous();
        self.clock.count_from(0);
        let mut batch = self.batch();
        mapping.common.privacy.hash_batch(&mut batch, &mapping.common.fields);
        let part = match &mapping.common.gather {
            Some(it) => {
                let part = it.take_from(&mut batch, mapping.event_id.is_some());
                self.reuse(batch);
                part
            }
            None => {
                self.reuse(Batch::default());
                batch.into()
            }
        };
        (part, issues)
    }

    /// All rows; none are left.
    fn batch(&mut self) -> Batch {
        let mapping = self.mapping;
        // A reader that notes the lines of some blocks alone has told nothing.
        let lines = self.lines.take().filter(|it| it.len() == self.times.len()).unwrap_or_default();
        let mut batch = Batch {
            links: mapping.links,
            lines,
            times_as: self.clock.decided().map_or("", TimeFormat::words),
            file_order: self.file.order,
            times: take(&mut self.times),
            sequence: match (mapping.sequence, mapping.event_id) {
                (Some(_), _) => Sequence::Numbers(take(&mut self.numbers)),
                (None, Some(_)) => take(&mut self.event_ids).finish(),
                (None, None) => Sequence::None,
            },
            amounts: take(&mut self.amounts),
            keys: take(&mut self.keys),
            blocked: take(&mut self.blocked),
            ..Batch::default()
        };
        batch.ids.resize_with(mapping.common.fields.id_types.len(), Default::default);
        for (coder, distinct) in self.ids.iter().zip(&*self.distinct) {
            let texts = (coder.texts() * MANY).div_ceil(batch.times.len().max(1));
            distinct.store(u32::try_from(texts).unwrap_or(DISTINCT), Ordering::Relaxed);
        }
        for (coder, &(id_type, _)) in self.ids.iter_mut().zip(&mapping.ids) {
            batch.ids[id_type] = coder.take();
        }
        batch.texts.resize_with(mapping.common.fields.texts.len(), Default::default);
        for (coder, plan) in self.texts.iter_mut().zip(&mapping.texts) {
            let column = &mut batch.texts[plan.field];
            *column = coder.take();
            // A source that says where visits are from says so of every row, also where a
            // part of a file happens to hold none that came from anywhere.
            let name = mapping.common.fields.texts[plan.field].as_str();
            if plan.column.is_some() && FROM.contains(&name) && column.codes.is_empty() {
                column.codes = vec![NONE; batch.times.len()];
            }
        }
        batch
    }

    /// Takes the memory of a batch of [`Self::batch`] back, for other rows.
    fn reuse(&mut self, mut batch: Batch) {
        let mapping = self.mapping;
        let room = |mut it: Vec<i64>| {
            it.clear();
            it
        };
        self.lines = mapping.notes_lines().then(|| room(batch.lines));
        self.times = room(batch.times);
        self.amounts = room(batch.amounts);
        if let Sequence::Numbers(it) = batch.sequence {
            match mapping.sequence {
                Some(_) => self.numbers = room(it),
                None => self.event_ids = EventIds::Numbers(room(it)),
            }
        }
        for (coder, &(id_type, _)) in self.ids.iter_mut().zip(&mapping.ids) {
            coder.reuse(batch.ids.get_mut(id_type).map(take).unwrap_or_default());
        }
        for (coder, plan) in self.texts.iter_mut().zip(&mapping.texts) {
            coder.reuse(batch.texts.get_mut(plan.field).map(take).unwrap_or_default());
        }
    }
}
