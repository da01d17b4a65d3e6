//! Ledger: every conversion's value, split over channels in whole minor units.
//!
//! One row a conversion and channel; the rows sum to the orders, and the report
//! proves it. Rows stay compact until `finish`, where they are sorted, so that
//! neither threads nor files decide their order. Knows no model's formula.

use rayon::prelude::*;

use crate::base::money::Total;
use crate::base::{Amount, ChannelId, CustomerId, Error, Result, Timestamp};
use crate::model::{Catalog, Customer, Report};

use super::attribute::add_nulls;
use super::attribution::markov::Paths;
use super::attribution::{
    AttributionOptions, Method, ModelEntry, OpenJourneys, Rules, Splitter, UNITS, model, whole,
};
use super::{Analysis, Evidence};

mod tables;

#[cfg(test)]
mod tests;

/// Every conversion's value, split over channels.
pub struct Ledger {
    model: &'static ModelEntry,
    rules: Rules,
    open: OpenJourneys,
    channels: usize,
}

/// Compact rows over a run of customers.
pub struct LedgerState {
    entries: Vec<Entry>,
    parts: Vec<Part>,
    paths: Paths,
    conversions: u64,
    /// Summed apart from the rows: what they must add up to.
    value: Total,
    splitter: Splitter,
}

/// One conversion.
#[derive(Debug, Clone, Copy)]
struct Entry {
    time: Timestamp,
    customer: CustomerId,
    /// Which of the customer's conversions.
    number: u32,
    order: u32,
    value: Amount,
    /// How many of the parts are its.
    parts: u32,
}

/// One channel's part in a conversion.
#[derive(Debug, Clone, Copy)]
struct Part {
    channel: ChannelId,
    touches: u32,
    /// 10^-12 of the conversion; 0 until `finish` under a model that needs all paths.
    units: u64,
}

impl Analysis for Ledger {
    const NAME: &'static str = "ledger";
    const SECTION: &'static str = "attribution";
    const ABOUT: &'static str =
        "Credit of every order in whole minor units, and proof that it sums";
    type Options = AttributionOptions;
    type State = LedgerState;

    fn new(options: AttributionOptions, catalog: &Catalog) -> Result<Self> {
        Ok(Self {
            model: model(&options.ledger_model)?,
            rules: options.rules(catalog)?,
            open: options.open,
            channels: catalog.channels.len(),
        })
    }

    fn start(&self) -> LedgerState {
        LedgerState {
            entries: Vec::new(),
            parts: Vec::new(),
            paths: Paths::new(self.channels),
            conversions: 0,
            value: 0,
            splitter: Splitter::default(),
        }
    }

    fn visit(&self, state: &mut LedgerState, customer: &Customer<'_>) {
        for (number, it) in customer.conversions.iter().enumerate() {
            let touches = customer.touches_for(it);
            state.conversions += 1;
            state.value += Total::from(it.value);
            let parts = state.splitter.read(touches).len();
            let first = state.parts.len();
            state.parts.extend(state.splitter.parts().iter().map(|part| Part {
                channel: part.channel,
                touches: part.touches,
                units: 0,
            }));
            match self.model.method {
                Method::Touches(_) if parts == 0 => {}
                Method::Touches(weigh) => {
                    let units = state.splitter.units(weigh, touches, it.time, &self.rules);
                    let own = state.parts[first..].iter_mut().zip(units);
                    own.for_each(|(part, &units)| part.units = units);
                }
                Method::Removal => state.paths.add(touches, Some(Total::from(it.value))),
            }
            state.entries.push(Entry {
                time: it.time,
                customer: customer.id,
                number: number as u32,
                order: it.order,
                value: it.value,
                parts: parts as u32,
            });
        }
        if matches!(self.model.method, Method::Removal) {
            add_nulls(&mut state.paths, customer, self.open);
        }
    }

    fn merge(&self, into: &mut LedgerState, mut from: LedgerState) {
        into.entries.append(&mut from.entries);
        into.parts.append(&mut from.parts);
        into.paths.merge(from.paths);
        into.conversions += from.conversions;
        into.value += from.value;
    }

    fn finish(&self, mut state: LedgerState, evidence: &Evidence<'_>) -> Result<Report> {
        if evidence.catalog.goals.is_empty() {
            return Err(Error::new("there is nothing to credit: no stage is a goal")
                .hint("name the goal: conversion = \"STAGE\" in [journey]"));
        }
        if matches!(self.model.method, Method::Removal) {
            allocate(&mut state)?;
        }
        Ok(tables::report(&state, self.model, &self.rules, evidence))
    }
}

impl LedgerState {
    /// The conversions with their parts, in order of time, order id, customer.
    fn sorted(&self, evidence: &Evidence<'_>) -> Vec<(&Entry, &[Part])> {
        let mut rest = self.parts.as_slice();
        let mut rows: Vec<(&Entry, &[Part])> = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let (own, more) = rest.split_at(entry.parts as usize);
            rows.push((entry, own));
            rest = more;
        }
        // By the texts of order and customer: their numbers may depend on which file was read
        // first. Names are made for ties alone.
        let order = |it: &Entry| evidence.orders.get(it.order);
        let name = |it: &Entry| ((evidence.customer_name)(it.customer), it.customer);
        rows.par_sort_unstable_by(|(a, _), (b, _)| {
            let tied = || match a.customer == b.customer {
                true => a.number.cmp(&b.number),
                false => name(a).cmp(&name(b)),
            };
            a.time.cmp(&b.time).then_with(|| order(a).cmp(order(b))).then_with(tied)
        });
        rows
    }
}

/// Gives each conversion's channels units in proportion to their removal effects.
///
/// Where all effects are 0 (which no converting path can bring about but by
/// rounding) the channels share alike, so that no credit vanishes.
fn allocate(state: &mut LedgerState) -> Result<()> {
    let removals = state.paths.solve()?;
    let mut rest = state.parts.as_mut_slice();
    for entry in &state.entries {
        let (own, more) = rest.split_at_mut(entry.parts as usize);
        let effects: Vec<f64> = own.iter().map(|it| removals.effects[it.channel.index()]).collect();
        let mut units = whole(&effects);
        if units.iter().sum::<u64>() != UNITS {
            units = whole(&vec![1.0; own.len()]);
        }
        own.iter_mut().zip(units).for_each(|(part, units)| part.units = units);
        rest = more;
    }
    Ok(())
}
