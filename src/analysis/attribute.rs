//! Attribute: the credit of every channel under every model, side by side.
//!
//! All sums are whole numbers (10^-12 conversions, minor units of money), so
//! credit adds up to the conversions exactly, whatever the order of customers.
//! How a model splits a conversion is not known here.

use crate::base::money::{Total, apportion};
use crate::base::{Amount, Error, Result};
use crate::model::{Catalog, Conversion, Customer, Outcome, Report};

use super::attribution::last_non_direct::warning;
use super::attribution::markov::{Paths, Removals};
use super::attribution::{
    AttributionOptions, Method, ModelEntry, OpenJourneys, Rules, Splitter, UNITS,
};
use super::{Analysis, Evidence};

mod between;
mod tables;

use between::Between;

#[cfg(test)]
mod tests;

/// The credit of every channel under every model.
pub struct Attribute {
    models: Vec<&'static ModelEntry>,
    rules: Rules,
    open: OpenJourneys,
    channels: usize,
    removal: bool,
}

/// Credit over a run of customers.
pub struct AttributeState {
    conversions: u64,
    value: Total,
    unattributed: u64,
    unattributed_value: Total,
    channels: Vec<ChannelCount>,
    /// One row of channels for each model.
    credit: Vec<Vec<Credit>>,
    /// What channels earned as the only one of a conversion: the same under every
    /// model of touches, and counted once for all until `finish`.
    alone: Vec<Credit>,
    between: Between,
    paths: Paths,
    splitter: Splitter,
}

/// What a channel did, under no model.
#[derive(Debug, Clone, Copy, Default)]
struct ChannelCount {
    touches: u64,
    eligible: u64,
    conversions: u64,
}

/// What a channel earned under a model.
#[derive(Debug, Clone, Copy, Default)]
struct Credit {
    /// 10^-12 conversions.
    units: i128,
    /// Minor units, apportioned conversion by conversion.
    money: Total,
    /// 10^-12 minor units, before any rounding.
    unrounded: i128,
}

impl Credit {
    /// A whole conversion of a value.
    fn whole(value: Amount) -> Self {
        let (units, money) = (i128::from(UNITS), Total::from(value));
        Self { units, money, unrounded: units * money }
    }

    fn add(&mut self, more: &Self) {
        self.units += more.units;
        self.money += more.money;
        self.unrounded += more.unrounded;
    }
}

impl Analysis for Attribute {
    const NAME: &'static str = "attribute";
    const SECTION: &'static str = "attribution";
    const ABOUT: &'static str = "Which channels earned the conversions, under every model";
    type Options = AttributionOptions;
    type State = AttributeState;

    fn new(options: AttributionOptions, catalog: &Catalog) -> Result<Self> {
        let models = options.chosen()?;
        let removal = models.iter().any(|it| matches!(it.method, Method::Removal));
        let rules = options.rules(catalog)?;
        Ok(Self { models, rules, open: options.open, channels: catalog.channels.len(), removal })
    }

    fn start(&self) -> AttributeState {
        AttributeState {
            conversions: 0,
            value: 0,
            unattributed: 0,
            unattributed_value: 0,
            channels: vec![ChannelCount::default(); self.channels],
            credit: vec![vec![Credit::default(); self.channels]; self.models.len()],
            alone: vec![Credit::default(); self.channels],
            between: Between::new(self.models.len(), self.channels),
            paths: Paths::new(self.channels),
            splitter: Splitter::default(),
        }
    }

    fn visit(&self, state: &mut AttributeState, customer: &Customer<'_>) {
        for touch in customer.touches {
            state.channels[touch.channel.index()].touches += 1;
        }
        for conversion in customer.conversions {
            self.convert(state, customer, conversion);
        }
        state.between.close(customer.conversions.len() as u64);
        if self.removal {
            add_nulls(&mut state.paths, customer, self.open);
        }
    }

    fn merge(&self, into: &mut AttributeState, from: AttributeState) {
        into.conversions += from.conversions;
        into.value += from.value;
        into.unattributed += from.unattributed;
        into.unattributed_value += from.unattributed_value;
        for (own, more) in into.channels.iter_mut().zip(from.channels) {
            own.touches += more.touches;
            own.eligible += more.eligible;
            own.conversions += more.conversions;
        }
        for (own, more) in into.credit.iter_mut().flatten().zip(from.credit.iter().flatten()) {
            own.add(more);
        }
        for (own, more) in into.alone.iter_mut().zip(&from.alone) {
            own.add(more);
        }
        into.between.merge(from.between);
        into.paths.merge(from.paths);
    }

    fn finish(&self, mut state: AttributeState, evidence: &Evidence<'_>) -> Result<Report> {
        if evidence.catalog.goals.is_empty() {
            return Err(Error::new("there is nothing to credit: no stage is a goal")
                .hint("name the goal: conversion = \"STAGE\" in [journey]"));
        }
        let mut models = self.models.clone();
        let too_long = state.paths.too_long().filter(|_| self.removal);
        let mut left_out = None;
        if let Some(why) = too_long {
            left_out = Some(format!("Left out: {why}; join channels by rules ([[channel]])."));
            let is_rule = |it: &ModelEntry| !matches!(it.method, Method::Removal);
            let mut kept = self.models.iter().map(|it| is_rule(it));
            state.credit.retain(|_| kept.next().unwrap_or(true));
            let mut kept = self.models.iter().map(|it| is_rule(it));
            state.between.retain(|| kept.next().unwrap_or(true));
            models.retain(|it| is_rule(it));
            if models.is_empty() {
                return Err(why);
            }
        }
        let solved = self.removal && left_out.is_none();
        let removals = if solved { Some(state.paths.solve()?) } else { None };
        for (model, credit) in models.iter().zip(&mut state.credit) {
            match (model.method, &removals) {
                (Method::Removal, Some(removals)) => spread(credit, &state.paths, removals)?,
                _ => credit.iter_mut().zip(&state.alone).for_each(|(own, more)| own.add(more)),
            }
        }
        let mut report = tables::report(&state, &models, removals.as_ref(), evidence);
        let warnings = models.iter().filter_map(|it| warning(it.name, &self.rules));
        report.notes.extend(warnings);
        report.notes.extend(left_out);
        Ok(report)
    }
}

impl Attribute {
    fn convert(&self, state: &mut AttributeState, customer: &Customer<'_>, it: &Conversion) {
        let touches = customer.touches_for(it);
        state.conversions += 1;
        state.value += Total::from(it.value);
        if touches.is_empty() {
            state.unattributed += 1;
            state.unattributed_value += Total::from(it.value);
            state.between.whole(self.channels);
            return;
        }
        for part in state.splitter.read(touches) {
            let channel = &mut state.channels[part.channel.index()];
            channel.eligible += u64::from(part.touches);
            channel.conversions += 1;
        }
        if self.removal {
            state.paths.add(touches, Some(Total::from(it.value)));
        }
        if let [part] = state.splitter.parts() {
            state.alone[part.channel.index()].add(&Credit::whole(it.value));
            state.between.whole(part.channel.index());
            return;
        }
        for (number, (model, credit)) in self.models.iter().zip(&mut state.credit).enumerate() {
            let Method::Touches(weigh) = model.method else { continue };
            state.splitter.units(weigh, touches, it.time, &self.rules);
            if let Some(channel) = state.splitter.winner() {
                state.between.part(number, channel.index(), UNITS as i64);
                credit[channel.index()].add(&Credit::whole(it.value));
                continue;
            }
            let (parts, units, money) = state.splitter.money(it.value);
            for ((part, &units), &money) in parts.iter().zip(units).zip(money) {
                state.between.part(number, part.channel.index(), units as i64);
                credit[part.channel.index()].add(&Credit {
                    units: i128::from(units),
                    money: Total::from(money),
                    unrounded: i128::from(units) * i128::from(it.value),
                });
            }
        }
    }
}

/// Adds a customer's journeys without conversion as paths that led nowhere.
pub(super) fn add_nulls(paths: &mut Paths, customer: &Customer<'_>, open: OpenJourneys) {
    for journey in customer.journeys {
        let null = match journey.outcome {
            Outcome::Exit => true,
            Outcome::Open => open == OpenJourneys::Null,
            Outcome::Converted => false,
        };
        if null {
            paths.add(customer.touches_of(journey), None);
        }
    }
}

/// Spreads all converting paths over the channels in proportion to removal effects.
fn spread(credit: &mut [Credit], paths: &Paths, removals: &Removals) -> Result<()> {
    let value = Amount::try_from(paths.value)
        .map_err(|_| Error::new("the value of all conversions is too large to split"))?;
    let money = apportion(value, &removals.value_shares);
    for (channel, own) in credit.iter_mut().enumerate() {
        own.units = i128::from(removals.shares[channel]) * i128::from(paths.conversions);
        own.money = Total::from(money[channel]);
        own.unrounded = i128::from(removals.value_shares[channel]) * paths.value;
    }
    Ok(())
}

/// Units of credit as a number of conversions.
pub(super) fn conversions(units: i128) -> f64 {
    let scale = i128::from(UNITS);
    // Whole conversions first: an i128 beyond 2^53 would lose them to its own tail.
    (units / scale) as f64 + (units % scale) as f64 / scale as f64
}
