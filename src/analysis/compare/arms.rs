//! One arm of an experiment: integer sums over its customers.
//!
//! For a clustered error of a share Σy/Σn, five sums over customers suffice:
//! Σy, Σn, Σy², Σyn, Σn². A customer who never took an edge adds nothing to its
//! y sums, so the n sums are kept once a stage and the y sums once an edge.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::base::{NONE, StageId};
use crate::model::{Customer, Outcome};
use crate::stats::{Moments, RatioSums};

/// Where an exit leads: no stage.
pub const EXIT: StageId = StageId::NONE;

/// Sums over the customers of one arm.
#[derive(Debug, Default)]
pub struct Arm {
    /// Customers.
    pub customers: u64,
    /// Customers who converted at least once.
    pub converted: u64,
    /// Conversions.
    pub conversions: u64,
    /// Journeys.
    pub journeys: u64,
    /// Value a customer, those without conversion at 0, in minor units.
    pub value: Moments,
    outs: HashMap<u32, OutSums, FixedState>,
    edges: HashMap<u64, EdgeSums, FixedState>,
}

/// Ways out of one stage: n of each customer who left it at least once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutSums {
    /// Such customers.
    pub customers: u64,
    /// Σ n.
    pub ways: i128,
    /// Σ n².
    pub squared: i128,
}

/// One way out of a stage: y of each customer who took it at least once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EdgeSums {
    /// Such customers.
    pub customers: u64,
    /// Σ y.
    pub taken: i128,
    /// Σ y².
    pub squared: i128,
    /// Σ y n, with n the customer's ways out of the stage.
    pub product: i128,
}

impl Arm {
    /// Takes in one customer. `ways` is scratch space.
    pub fn add(&mut self, customer: &Customer<'_>, ways: &mut Vec<u64>) {
        self.customers += 1;
        self.converted += u64::from(!customer.conversions.is_empty());
        self.conversions += customer.conversions.len() as u64;
        self.journeys += customer.journeys.len() as u64;
        let value = customer.conversions.iter().fold(0i64, |sum, it| sum.saturating_add(it.value));
        self.value.add(value);
        ways.clear();
        for journey in customer.journeys {
            let steps = customer.steps_of(journey);
            ways.extend(steps.windows(2).map(|it| edge(it[0].stage, it[1].stage)));
            if let (Outcome::Exit, Some(last)) = (journey.outcome, steps.last()) {
                ways.push(edge(last.stage, EXIT));
            }
        }
        self.add_ways(ways);
    }

    /// Takes in all ways of one customer, each `edge(from, to)`; sorts them.
    pub fn add_ways(&mut self, ways: &mut [u64]) {
        ways.sort_unstable();
        for own in ways.chunk_by(|a, b| a >> 32 == b >> 32) {
            let n = own.len() as i128;
            let out = self.outs.entry((own[0] >> 32) as u32).or_default();
            out.customers += 1;
            out.ways += n;
            out.squared += n * n;
            for taken in own.chunk_by(|a, b| a == b) {
                let y = taken.len() as i128;
                let edge = self.edges.entry(taken[0]).or_default();
                edge.customers += 1;
                edge.taken += y;
                edge.squared += y * y;
                edge.product += y * n;
            }
        }
    }

    /// Takes in the sums of the customers that follow.
    pub fn merge(&mut self, from: Self) {
        self.customers += from.customers;
        self.converted += from.converted;
        self.conversions += from.conversions;
        self.journeys += from.journeys;
        self.value.merge(&from.value);
        for (stage, more) in from.outs {
            let own = self.outs.entry(stage).or_default();
            own.customers += more.customers;
            own.ways += more.ways;
            own.squared += more.squared;
        }
        for (edge, more) in from.edges {
            let own = self.edges.entry(edge).or_default();
            own.customers += more.customers;
            own.taken += more.taken;
            own.squared += more.squared;
            own.product += more.product;
        }
    }

    /// The edges that were taken at least once, in no order.
    pub fn edges(&self) -> impl Iterator<Item = u64> {
        self.edges.keys().copied()
    }

    /// The sums of an edge over all customers who left its first stage.
    pub fn ratio(&self, edge: u64) -> RatioSums {
        let out = self.outs.get(&((edge >> 32) as u32)).copied().unwrap_or_default();
        let own = self.edges.get(&edge).copied().unwrap_or_default();
        RatioSums {
            customers: out.customers,
            part: own.taken,
            base: out.ways,
            part_squared: own.squared,
            product: own.product,
            base_squared: out.squared,
        }
    }
}

/// An edge as one number, ordered by first stage, then second, exits last.
pub fn edge(from: StageId, to: StageId) -> u64 {
    u64::from(from.0) << 32 | u64::from(to.0)
}

/// The stages of an edge; `None`: the way out is an exit.
pub fn stages(edge: u64) -> (StageId, Option<StageId>) {
    let to = edge as u32;
    (StageId((edge >> 32) as u32), (to != NONE).then_some(StageId(to)))
}
