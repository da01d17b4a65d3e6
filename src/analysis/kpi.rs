//! KPIs: the figures that events alone can give, each with its two counts.
//!
//! Formulas are the usual ones (conversion rate, average order value, repeat
//! rate, abandonment …), each a quotient of two sums that stand beside it. Costs,
//! margins and refunds are not in the events and not here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::money::Total;
use crate::base::numerals::{count, counted, money};
use crate::base::{Result, StageId};
use crate::model::{Catalog, Customer, Report, Session};
use crate::stats::RatioSums;

use super::cells::{no_goal_note, percent};
use super::counted::Counted;
use super::{Analysis, Evidence, stages};

mod table;
mod targets;

pub use targets::Target;

/// Which stages the KPIs of the cart read, and what the figures should be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KpiOptions {
    /// The stage of something put into the cart; guessed from the names (cart, basket)
    /// if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart: Option<String>,
    /// The stage where a checkout begins; guessed from the names (checkout) if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout: Option<String>,
    /// What KPIs should be, by their names: conversion_rate_per_customer = 0.18,
    /// average_order_value = 98.50, purchase_journey_duration_median = "5d".
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, Target>,
}

/// The KPIs that events alone can give.
#[derive(Debug, Clone)]
pub struct Kpi {
    cart: Option<StageId>,
    checkout: Option<StageId>,
    guessed: bool,
    targets: BTreeMap<String, Target>,
}

/// Counts of customers, and sums over customers of what each has several of.
#[derive(Debug, Default)]
pub struct KpiState {
    customers: u64,
    buyers: u64,
    repeat_buyers: u64,
    returning: u64,
    orders: u64,
    revenue: Total,
    /// Sessions with a conversion, of sessions.
    converting: RatioSums,
    /// Sessions of a single event, of sessions.
    bounced: RatioSums,
    /// Sessions with a cart but no conversion, of sessions with a cart.
    abandoned: RatioSums,
    /// Sessions with a checkout and a conversion, of sessions with a checkout.
    completed: RatioSums,
    /// Value of valued conversions, of their number.
    order_value: RatioSums,
    /// Conversions of a buyer, of 1.
    orders_per_buyer: RatioSums,
    /// Value of a customer, of 1.
    customer_value: RatioSums,
    /// First event to first conversion, of buyers, in microseconds.
    durations: Counted,
}

/// One customer's sessions, counted.
#[derive(Debug, Default)]
struct SessionCounts {
    converting: i64,
    bounced: i64,
    cart: u64,
    abandoned: i64,
    checkout: u64,
    completed: i64,
}

/// What a session holds.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    cart: bool,
    checkout: bool,
    converted: bool,
}

impl SessionCounts {
    fn add(&mut self, session: &Session, met: Met) {
        self.converting += i64::from(met.converted);
        self.bounced += i64::from(is_single(session));
        if met.cart {
            self.cart += 1;
            self.abandoned += i64::from(!met.converted);
        }
        if met.checkout {
            self.checkout += 1;
            self.completed += i64::from(met.converted);
        }
    }
}

impl Analysis for Kpi {
    const NAME: &'static str = "kpi";
    const SECTION: &'static str = "kpi";
    const ABOUT: &'static str = "Conversion rates, order values, repeat and abandonment rates";
    type Options = KpiOptions;
    type State = KpiState;

    fn new(options: KpiOptions, catalog: &Catalog) -> Result<Self> {
        let stage = |name: &Option<String>, words| {
            stages::named_or_guessed(catalog, name.as_deref(), words)
        };
        let cart = stage(&options.cart, stages::CART)?;
        let checkout = stage(&options.checkout, stages::CHECKOUT)?;
        let guessed = (options.cart.is_none() && cart.is_some())
            || (options.checkout.is_none() && checkout.is_some());
        targets::check(&options.targets)?;
        Ok(Self { cart, checkout, guessed, targets: options.targets })
    }

    fn start(&self) -> KpiState {
        KpiState::default()
    }

    fn visit(&self, state: &mut KpiState, customer: &Customer<'_>) {
        let sessions = customer.sessions.len() as u64;
        let counts = self.count_sessions(customer);
        state.customers += 1;
        state.returning += u64::from(sessions >= 2);
        if sessions > 0 {
            state.converting.add(counts.converting, sessions);
            state.bounced.add(counts.bounced, sessions);
        }
        if counts.cart > 0 {
            state.abandoned.add(counts.abandoned, counts.cart);
        }
        if counts.checkout > 0 {
            state.completed.add(counts.completed, counts.checkout);
        }
        visit_orders(state, customer);
    }

    fn merge(&self, into: &mut KpiState, from: KpiState) {
        into.customers += from.customers;
        into.buyers += from.buyers;
        into.repeat_buyers += from.repeat_buyers;
        into.returning += from.returning;
        into.orders += from.orders;
        into.revenue += from.revenue;
        into.converting.merge(&from.converting);
        into.bounced.merge(&from.bounced);
        into.abandoned.merge(&from.abandoned);
        into.completed.merge(&from.completed);
        into.order_value.merge(&from.order_value);
        into.orders_per_buyer.merge(&from.orders_per_buyer);
        into.customer_value.merge(&from.customer_value);
        into.durations.merge(from.durations);
    }

    fn finish(&self, state: KpiState, evidence: &Evidence<'_>) -> Result<Report> {
        let mut report = Report::new(Self::NAME, "KPIs", evidence.catalog.currency);
        report.findings = findings(&state, evidence);
        report.notes = self.notes(&state, evidence.catalog);
        report.notes.extend(no_goal_note(evidence.catalog));
        let mut table = table::table(self, state, evidence.confidence);
        targets::add(&mut table, &self.targets, evidence.catalog.currency);
        report.tables.push(table);
        Ok(report)
    }
}

impl Kpi {
    fn count_sessions(&self, customer: &Customer<'_>) -> SessionCounts {
        if !customer.session_of.is_empty() {
            return self.count_broken_sessions(customer);
        }
        let mut counts = SessionCounts::default();
        let (mut steps, mut conversions) = (customer.steps, customer.conversions);
        for session in customer.sessions {
            // Few a session: counting on is quicker than searching.
            let mut met = Met::default();
            while let [it, later @ ..] = steps
                && it.event < session.end
            {
                self.meet(&mut met, it.stage);
                steps = later;
            }
            while let [it, later @ ..] = conversions
                && it.event < session.end
            {
                met.converted = true;
                conversions = later;
            }
            counts.add(session, met);
        }
        counts
    }

    /// As [`Self::count_sessions`], where sessions interleave or events are in none.
    fn count_broken_sessions(&self, customer: &Customer<'_>) -> SessionCounts {
        let mut met = vec![Met::default(); customer.sessions.len()];
        for step in customer.steps {
            if let Some(session) = customer.session(step.event) {
                self.meet(&mut met[session], step.stage);
            }
        }
        for conversion in customer.conversions {
            if let Some(session) = customer.session(conversion.event) {
                met[session].converted = true;
            }
        }
        let mut counts = SessionCounts::default();
        customer.sessions.iter().zip(met).for_each(|(session, met)| counts.add(session, met));
        counts
    }

    fn meet(&self, met: &mut Met, stage: StageId) {
        met.cart |= Some(stage) == self.cart;
        met.checkout |= Some(stage) == self.checkout;
    }

    fn notes(&self, state: &KpiState, catalog: &Catalog) -> Vec<String> {
        let mut notes = vec![
            "Customers are all stitched customers, buyers those with a conversion; an order is a \
             conversion. Values are as the events carry them: refunds and costs are not taken off."
                .to_owned(),
            "Intervals: Wilson where the customer is counted; else normal with the variance \
             between customers, because sessions and orders of one customer are not independent; \
             it asks for some 30 customers."
                .to_owned(),
        ];
        let name = |it: Option<StageId>| it.map_or("none", |it| catalog.stage(it));
        if self.guessed {
            notes.push(format!(
                "Stages guessed from their names: cart \"{}\", checkout \"{}\"; the options cart \
                 and checkout set them.",
                name(self.cart),
                name(self.checkout)
            ));
        }
        let unvalued = i128::from(state.orders) - state.order_value.base;
        if unvalued > 0 && state.order_value.base > 0 {
            notes.push(format!(
                "Left out of the order value: {unvalued} of {} without a value.",
                counted(state.orders, "order")
            ));
        }
        notes
    }
}

fn is_single(session: &Session) -> bool {
    session.events == 1
}

fn visit_orders(state: &mut KpiState, customer: &Customer<'_>) {
    let orders = customer.conversions;
    let valued = orders.iter().filter(|it| it.valued);
    let (mut value, mut count) = (0i64, 0u64);
    for order in valued {
        value = value.saturating_add(order.value);
        count += 1;
        state.revenue += Total::from(order.value);
    }
    if count > 0 {
        state.order_value.add(value, count);
    }
    state.customer_value.add(value, 1);
    state.orders += orders.len() as u64;
    let Some(first) = orders.first() else { return };
    state.buyers += 1;
    state.repeat_buyers += u64::from(orders.len() >= 2);
    state.orders_per_buyer.add(orders.len() as i64, 1);
    state.durations.push(first.time.since(customer.first_time()).0);
}

fn findings(state: &KpiState, evidence: &Evidence<'_>) -> Vec<String> {
    let mut finding = format!(
        "{} of {} bought ({}), in {}",
        count(state.buyers),
        counted(state.customers, "customer"),
        percent(state.buyers, state.customers),
        counted(state.orders, "order"),
    );
    if state.order_value.base > 0 {
        finding.push_str(" worth ");
        finding.push_str(&money(state.revenue, evidence.catalog.currency));
    }
    finding.push('.');
    vec![finding]
}

#[cfg(test)]
mod tests;
