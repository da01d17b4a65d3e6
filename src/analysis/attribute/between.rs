//! How credit differs from customer to customer: what the intervals of shares rest on.
//!
//! A channel's share is a ratio of two sums over customers (its credit, all
//! conversions), so its variance is between customers. Knows no model by name.

use crate::analysis::attribution::UNITS;
use crate::stats::{Interval, RatioSums, normal};

/// Sums over the customers with a conversion; each channel has a place, and so has no channel.
#[derive(Debug, Default)]
pub(super) struct Between {
    customers: u64,
    base: i128,
    base_squared: i128,
    /// Of customers whose credit is the same under every model.
    alike: Vec<Squares>,
    /// Of the others, one row of places for each model.
    apart: Vec<Vec<Squares>>,
    own: Own,
}

/// Σ x² and Σ x n of a place's credit x and a customer's conversions n.
#[derive(Debug, Clone, Copy, Default)]
struct Squares {
    part_squared: i128,
    product: i128,
}

impl Squares {
    fn add(&mut self, credit: i64, conversions: u64) {
        let credit = i128::from(credit);
        self.merge(&Self {
            part_squared: credit.saturating_mul(credit),
            product: credit.saturating_mul(i128::from(conversions)),
        });
    }

    fn merge(&mut self, more: &Self) {
        self.part_squared = self.part_squared.saturating_add(more.part_squared);
        self.product = self.product.saturating_add(more.product);
    }
}

/// The customer at hand.
#[derive(Debug, Default)]
struct Own {
    met: Vec<usize>,
    is_met: Vec<bool>,
    alike: Vec<i64>,
    apart: Vec<Vec<i64>>,
    split: bool,
}

impl Own {
    fn meet(&mut self, place: usize) {
        if !std::mem::replace(&mut self.is_met[place], true) {
            self.met.push(place);
        }
    }
}

impl Between {
    pub(super) fn new(models: usize, channels: usize) -> Self {
        let places = channels + 1;
        Self {
            alike: vec![Squares::default(); places],
            apart: vec![vec![Squares::default(); places]; models],
            own: Own {
                is_met: vec![false; places],
                alike: vec![0; places],
                apart: vec![vec![0; places]; models],
                ..Own::default()
            },
            ..Self::default()
        }
    }

    /// A conversion of the customer at hand whose whole credit goes to one place; the
    /// place of no channel is one past the last channel.
    pub(super) fn whole(&mut self, place: usize) {
        self.own.meet(place);
        self.own.alike[place] = self.own.alike[place].saturating_add(UNITS as i64);
    }

    /// A part of a conversion of the customer at hand under one model.
    pub(super) fn part(&mut self, model: usize, place: usize, units: i64) {
        self.own.meet(place);
        self.own.split = true;
        let credit = &mut self.own.apart[model][place];
        *credit = credit.saturating_add(units);
    }

    /// The customer at hand is done.
    pub(super) fn close(&mut self, conversions: u64) {
        if conversions == 0 {
            return;
        }
        let count = i128::from(conversions);
        self.customers += 1;
        self.base += count;
        self.base_squared = self.base_squared.saturating_add(count.saturating_mul(count));
        let split = std::mem::take(&mut self.own.split);
        for place in self.own.met.drain(..) {
            self.own.is_met[place] = false;
            let alike = std::mem::take(&mut self.own.alike[place]);
            if !split {
                self.alike[place].add(alike, conversions);
                continue;
            }
            for (all, own) in self.apart.iter_mut().zip(&mut self.own.apart) {
                let credit = std::mem::take(&mut own[place]).saturating_add(alike);
                all[place].add(credit, conversions);
            }
        }
    }

    pub(super) fn merge(&mut self, from: Self) {
        self.customers += from.customers;
        self.base += from.base;
        self.base_squared = self.base_squared.saturating_add(from.base_squared);
        self.alike.iter_mut().zip(&from.alike).for_each(|(own, more)| own.merge(more));
        for (own, more) in self.apart.iter_mut().flatten().zip(from.apart.iter().flatten()) {
            own.merge(more);
        }
    }

    /// Keeps the rows of some models.
    pub(super) fn retain(&mut self, mut keep: impl FnMut() -> bool) {
        self.apart.retain(|_| keep());
    }

    /// The interval of the share that a place's credit has in all conversions; undefined
    /// with fewer than two customers, or where all are alike.
    pub(super) fn interval(
        &self,
        model: usize,
        place: usize,
        credit: i128,
        confidence: f64,
    ) -> Option<Interval> {
        let mut squares = *self.apart.get(model)?.get(place)?;
        squares.merge(self.alike.get(place)?);
        let sums = RatioSums {
            customers: self.customers,
            part: credit,
            base: self.base,
            part_squared: squares.part_squared,
            product: squares.product,
            base_squared: self.base_squared,
        };
        let (ratio, variance) = (sums.ratio()?, sums.variance()?);
        if variance <= 0.0 {
            return None;
        }
        let half = normal::z_for(confidence)? * variance.sqrt();
        let share = |it: f64| (it / UNITS as f64).clamp(0.0, 1.0);
        Some(Interval { low: share(ratio - half), high: share(ratio + half) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_is_between_customers() {
        // One model, one channel. Credit 1 of 1, and ½ + 0 of 2 conversions.
        let half = UNITS as i64 / 2;
        let mut between = Between::new(1, 1);
        between.whole(0);
        between.close(1);
        between.part(0, 0, half);
        between.whole(1);
        between.close(2);
        between.close(0);
        let credit = i128::from(UNITS) + i128::from(half);
        let found = between.interval(0, 0, credit, 0.95).unwrap();
        // R = ½; residuals ½ and −½; (¼ + ¼) / 3² · 2/(2 − 1) = 1/9.
        let wide: f64 = 1.959_963_984_540_054 / 3.0;
        assert!((found.low - (0.5 - wide).max(0.0)).abs() < 1e-9, "{found:?}");
        assert!((found.high - (0.5 + wide).min(1.0)).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn customers_who_are_all_alike_have_no_interval() {
        let mut between = Between::new(2, 1);
        for _ in 0..5 {
            between.whole(0);
            between.close(1);
        }
        assert_eq!(between.interval(1, 0, 5 * i128::from(UNITS), 0.95), None);
        assert_eq!(between.interval(2, 0, 0, 0.95), None, "there is no such model");
    }
}
