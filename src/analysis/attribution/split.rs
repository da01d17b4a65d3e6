//! From a model's weights to whole numbers that sum exactly.
//!
//! A conversion is 10^12 units of credit. Weights are summed by channel, made
//! whole, and from there on credit is counted, not added up: any order of
//! conversions gives the same sums. Knows no model by name.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::base::money::{Apportion, apportion, quantise, quantise_into};
use crate::base::{Amount, ChannelId, Timestamp};
use crate::model::Touch;

use super::{Path, Rules};

/// The units of credit in one conversion.
pub const UNITS: u64 = 1_000_000_000_000;

/// Shares as whole numbers that sum to exactly [`UNITS`]; all 0 if there is none.
///
/// ```
/// use touchpath::analysis::attribution::whole;
/// assert_eq!(whole(&[1.0, 1.0, 1.0]), [333_333_333_334, 333_333_333_333, 333_333_333_333]);
/// assert_eq!(whole(&[0.0]), [0]);
/// ```
pub fn whole(shares: &[f64]) -> Vec<u64> {
    let near = quantise(shares);
    if near.iter().sum::<u64>() == UNITS {
        return near;
    }
    apportion(UNITS as Amount, &near).into_iter().map(|it| it.unsigned_abs()).collect()
}

/// One channel's part in a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Who.
    pub channel: ChannelId,
    /// How many of the conversion's touches it had.
    pub touches: u32,
}

/// Splits conversions, one after another: scratch space for doing so.
#[derive(Debug, Default)]
pub struct Splitter {
    parts: Vec<Split>,
    part_of_touch: Vec<u32>,
    /// The part of each channel, once a conversion has many.
    part_of: HashMap<ChannelId, u32, FixedState>,
    weights: Vec<f64>,
    sums: Vec<f64>,
    units: Vec<u64>,
    money: Apportion,
}

/// Up to this many channels of a conversion are searched one by one.
const FEW: usize = 16;

impl Splitter {
    /// Takes in a conversion's touches; gives its channels in order of first appearance.
    pub fn read(&mut self, touches: &[Touch]) -> &[Split] {
        self.parts.clear();
        self.part_of_touch.clear();
        for touch in touches {
            let part = self.part(touch.channel);
            self.parts[part].touches += 1;
            self.part_of_touch.push(part as u32);
        }
        if self.parts.len() > FEW {
            // A new one: to clear one that has grown would cost each conversion that follows.
            self.part_of = HashMap::default();
        }
        &self.parts
    }

    fn part(&mut self, channel: ChannelId) -> usize {
        let next = self.parts.len();
        let known = match next {
            0..=FEW => self.parts.iter().position(|it| it.channel == channel),
            _ => self.part_of.get(&channel).map(|&it| it as usize),
        };
        known.unwrap_or_else(|| {
            self.parts.push(Split { channel, touches: 0 });
            if next == FEW {
                let parts = self.parts.iter().zip(0..);
                self.part_of.extend(parts.map(|(it, part)| (it.channel, part)));
            } else if next > FEW {
                self.part_of.insert(channel, next as u32);
            }
            next
        })
    }

    /// The channels of the conversion that was read last.
    pub fn parts(&self) -> &[Split] {
        &self.parts
    }

    /// The units of those channels under a model: they sum to exactly [`UNITS`].
    ///
    /// Weights are summed by channel before they are made whole, so that equal
    /// shares stay equal and a split cent falls to the channel met first.
    pub fn units(
        &mut self,
        weigh: fn(&Path<'_>, &Rules, &mut Vec<f64>),
        touches: &[Touch],
        conversion: Timestamp,
        rules: &Rules,
    ) -> &[u64] {
        self.units.clear();
        if self.parts.len() == 1 {
            self.units.push(UNITS);
            return &self.units;
        }
        self.weights.clear();
        weigh(&Path { touches, conversion }, rules, &mut self.weights);
        self.sums.clear();
        self.sums.resize(self.parts.len(), 0.0);
        for (&part, &weight) in self.part_of_touch.iter().zip(&self.weights) {
            self.sums[part as usize] += weight;
        }
        if let Some(part) = only(&self.sums) {
            self.units.resize(self.parts.len(), 0);
            self.units[part] = UNITS;
            return &self.units;
        }
        quantise_into(&self.sums, &mut self.units);
        if self.units.iter().sum::<u64>() != UNITS {
            // As `whole` has it.
            let units = self.money.split(UNITS as Amount, &self.units);
            self.units.clear();
            self.units.extend(units.iter().map(|it| it.unsigned_abs()));
        }
        &self.units
    }

    /// The channel that has all of the units that were told last, if one has.
    pub fn winner(&self) -> Option<ChannelId> {
        let part = self.units.iter().position(|&it| it > 0)?;
        (self.units[part] == UNITS).then(|| self.parts[part].channel)
    }

    /// The channels, the units that were told last, and an amount split by them.
    pub fn money(&mut self, amount: Amount) -> (&[Split], &[u64], &[Amount]) {
        (&self.parts, &self.units, self.money.split(amount, &self.units))
    }
}

/// The place of the only share above 0, if there is one alone.
fn only(shares: &[f64]) -> Option<usize> {
    let mut above = shares.iter().enumerate().filter(|it| !(*it.1 == 0.0));
    let (place, share) = above.next()?;
    (above.next().is_none() && *share > 0.0 && share.is_finite()).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::attribution::{AttributionOptions, Method, model};
    use proptest::prelude::*;

    fn touches(channels: &[u32]) -> Vec<Touch> {
        let touch = |(n, &channel): (usize, &u32)| Touch {
            event: n as u32,
            time: Timestamp(n as i64),
            channel: ChannelId(channel),
        };
        channels.iter().enumerate().map(touch).collect()
    }

    #[test]
    fn a_cent_that_cannot_be_split_falls_to_the_channel_met_first() {
        // Linear over A B B B A A: half each, although thirds of sixths do not sum to it exactly.
        let touches = touches(&[4, 2, 2, 2, 4, 4]);
        let mut splitter = Splitter::default();
        assert_eq!(splitter.read(&touches)[0], Split { channel: ChannelId(4), touches: 3 });
        let Method::Touches(weigh) = model("linear").unwrap().method else { panic!("a rule") };
        let rules = AttributionOptions::default().plain();
        let units = splitter.units(weigh, &touches, Timestamp(9), &rules);
        assert_eq!(units, [UNITS / 2, UNITS / 2]);
        assert_eq!(apportion(101, units), [51, 50]);
    }

    #[test]
    fn many_channels_are_told_apart_as_few_are() {
        let channels: Vec<u32> = (0..100).flat_map(|it| [it % 40, 7, it / 3]).collect();
        let mut splitter = Splitter::default();
        for _ in 0..2 {
            let parts = splitter.read(&touches(&channels)).to_vec();
            let mut wanted: Vec<Split> = Vec::new();
            for &it in &channels {
                let channel = ChannelId(it);
                match wanted.iter_mut().find(|it| it.channel == channel) {
                    Some(it) => it.touches += 1,
                    None => wanted.push(Split { channel, touches: 1 }),
                }
            }
            assert_eq!(parts, wanted);
        }
    }

    proptest! {
        #[test]
        fn every_conversion_is_split_without_remainder(
            channels in prop::collection::vec(0u32..6, 1..40),
        ) {
            let touches = touches(&channels);
            let mut splitter = Splitter::default();
            splitter.read(&touches);
            let rules = AttributionOptions::default().plain();
            for entry in crate::analysis::attribution::MODELS {
                if let Method::Touches(weigh) = entry.method {
                    let units = splitter.units(weigh, &touches, Timestamp(99), &rules);
                    prop_assert_eq!(units.iter().sum::<u64>(), UNITS, "{}", entry.name);
                }
            }
            let counted: u32 = splitter.parts().iter().map(|it| it.touches).sum();
            prop_assert_eq!(counted as usize, touches.len());
        }
    }
}
