//! Markov, first order: a channel earns by what would be lost without it.
//!
//! Paths, converting and not, are walks over channels. Counts of their moves are
//! all that is kept, so that paths may arrive in any order; the chain itself is
//! solved by `stats::chain`, exactly and without simulation.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::base::money::Total;
use crate::base::numerals::counted;
use crate::base::{Error, Result};
use crate::model::Touch;
use crate::stats::{Chain, ChainCounts, SelfLoops};

use super::{Method, Model, whole};

/// Markov removal effects, first order.
///
/// Credit of a channel: all conversions times its removal effect over the sum of
/// all removal effects. Source: E. Anderl, I. Becker, F. von Wangenheim, J. H.
/// Schumann, International Journal of Research in Marketing 33 (2016).
#[derive(Debug, Clone, Copy)]
pub struct Markov;

impl Model for Markov {
    const NAME: &'static str = "markov";
    const ABOUT: &'static str =
        "credit in proportion to the conversions that would be lost if a channel led nowhere";
    const METHOD: Method = Method::Removal;
}

/// How paths went between channels: integers only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    channels: Vec<ChannelEnds>,
    moves: Moves,
    /// Converting paths.
    pub conversions: u64,
    /// Paths without conversion.
    pub nulls: u64,
    /// The value of the converting paths in minor units.
    pub value: Total,
}

/// Up to this many channels, moves are counted in a square.
const SQUARE_CHANNELS: usize = 128;
/// Channels times channels and moves: more than this takes too long to solve
/// (some ten seconds).
const MOST_WORK: usize = 1_000_000_000;
/// So many channels are solved at once, however many moves there are.
const DIRECT_CHANNELS: usize = 1500;

/// Moves between two channels, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Moves {
    Square { channels: usize, counts: Vec<u64> },
    Map(HashMap<u64, u64, FixedState>),
}

impl Default for Moves {
    fn default() -> Self {
        Self::Map(HashMap::default())
    }
}

impl Moves {
    fn new(channels: usize) -> Self {
        if channels <= SQUARE_CHANNELS {
            Self::Square { channels, counts: vec![0; channels * channels] }
        } else {
            Self::default()
        }
    }

    #[inline]
    fn add(&mut self, from: u32, to: u32, count: u64) {
        match self {
            Self::Square { channels, counts } => {
                counts[from as usize * *channels + to as usize] += count;
            }
            Self::Map(map) => {
                *map.entry(u64::from(from) << 32 | u64::from(to)).or_default() += count;
            }
        }
    }

    fn merge(&mut self, from: Self) {
        match (self, from) {
            (Self::Square { counts, .. }, Self::Square { counts: more, .. }) => {
                counts.iter_mut().zip(more).for_each(|(own, more)| *own += more);
            }
            (own, more) => {
                more.sorted().into_iter().for_each(|(from, to, count)| own.add(from, to, count));
            }
        }
    }

    /// How many pairs there are.
    fn len(&self) -> usize {
        match self {
            Self::Square { counts, .. } => counts.iter().filter(|&&it| it > 0).count(),
            Self::Map(map) => map.len(),
        }
    }

    /// The pairs in order, each with its count.
    fn sorted(&self) -> Vec<(u32, u32, u64)> {
        let mut moves: Vec<(u32, u32, u64)> = match self {
            Self::Square { channels, counts } => {
                let counted = counts.iter().enumerate().filter(|it| *it.1 > 0);
                counted
                    .map(|(at, &n)| ((at / channels) as u32, (at % channels) as u32, n))
                    .collect()
            }
            Self::Map(map) => {
                map.iter().map(|(&it, &count)| ((it >> 32) as u32, it as u32, count)).collect()
            }
        };
        moves.sort_unstable();
        moves
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ChannelEnds {
    starts: u64,
    conversions: u64,
    nulls: u64,
    value: Total,
}

/// What a channel's removal does, for each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Removals {
    /// Share of conversions lost without the channel; these do not sum to 1.
    pub effects: Vec<f64>,
    /// Each channel's share of the credit for conversions, in units that sum to 10^12.
    pub shares: Vec<u64>,
    /// Each channel's share of the credit for value, in units that sum to 10^12.
    pub value_shares: Vec<u64>,
    /// Probability that a path converts.
    pub probability: f64,
}

impl Paths {
    /// No path, over so many channels.
    pub fn new(channels: usize) -> Self {
        let moves = Moves::new(channels);
        Self { channels: vec![ChannelEnds::default(); channels], moves, ..Self::default() }
    }

    /// Takes in a path: with the value of its conversion, or `None` if it did not
    /// convert. A path without touches is none.
    pub fn add(&mut self, touches: &[Touch], converted: Option<Total>) {
        let (Some(first), Some(last)) = (touches.first(), touches.last()) else { return };
        self.channels[first.channel.index()].starts += 1;
        let end = &mut self.channels[last.channel.index()];
        if let Some(value) = converted {
            end.conversions += 1;
            end.value += value;
            self.conversions += 1;
            self.value += value;
        } else {
            end.nulls += 1;
            self.nulls += 1;
        }
        for pair in touches.windows(2) {
            let (from, to) = (pair[0].channel, pair[1].channel);
            if from != to {
                self.moves.add(from.0, to.0, 1);
            }
        }
    }

    /// Takes in the paths of the customers that follow.
    pub fn merge(&mut self, from: Self) {
        for (own, more) in self.channels.iter_mut().zip(from.channels) {
            own.starts += more.starts;
            own.conversions += more.conversions;
            own.nulls += more.nulls;
            own.value += more.value;
        }
        self.moves.merge(from.moves);
        self.conversions += from.conversions;
        self.nulls += from.nulls;
        self.value += from.value;
    }

    /// Why solving would take too long, if it would: its time grows with the
    /// channels times the channels and their moves.
    pub fn too_long(&self) -> Option<Error> {
        let (channels, moves) = (self.channels.len(), self.moves.len());
        if channels <= DIRECT_CHANNELS || channels.saturating_mul(channels + moves) <= MOST_WORK {
            return None;
        }
        let error = Error::new(format!(
            "markov over {} with {} between them takes too long",
            counted(channels as u64, "channel"),
            counted(moves as u64, "different move"),
        ));
        Some(error.hint("join channels by rules ([[channel]]), or leave markov out of models"))
    }

    /// Solves the chain. Value counts by its mean over the conversions from a
    /// channel; where it splits into nothing meaningful (no value, or more
    /// refunded than sold), conversions' shares are used for value too.
    ///
    /// # Errors
    /// The chain has no solution: never, for counts of whole paths. More channels
    /// than can be solved, see [`too_long`](Self::too_long).
    pub fn solve(&self) -> Result<Removals> {
        if let Some(why) = self.too_long() {
            return Err(why);
        }
        let moves = self.moves.sorted();
        let column = |of: fn(&ChannelEnds) -> u64| self.channels.iter().map(of).collect::<Vec<_>>();
        let clamp =
            |it: Total| i64::try_from(it).unwrap_or(if it < 0 { i64::MIN } else { i64::MAX });
        let values: Vec<i64> = self.channels.iter().map(|it| clamp(it.value)).collect();
        let counts = ChainCounts {
            starts: &column(|it| it.starts),
            moves: &moves,
            conversions: &column(|it| it.conversions),
            nulls: &column(|it| it.nulls),
            values: Some(&values),
        };
        let chain = Chain::solve(&counts, SelfLoops::Drop)
            .ok_or_else(|| Error::new("the chain of channels has no solution"))?;
        let shares = whole(&chain.conversion.shares);
        let sensible = |it: &[f64]| {
            it.iter().all(|it| it.is_finite() && *it >= 0.0) && it.iter().sum::<f64>() > 0.0
        };
        let value_shares = match &chain.value {
            Some(it) if self.value > 0 && sensible(&it.shares) => whole(&it.shares),
            _ => shares.clone(),
        };
        let probability = chain.conversion.per_walk;
        Ok(Removals { effects: chain.conversion.effects, shares, value_shares, probability })
    }
}
