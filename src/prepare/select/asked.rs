//! A filter asked of the events of a journey: does one of them pass?
//!
//! Names are properties that rows carry, or the event's own stage, channel and value. A
//! filter of one name is answered once for each value that occurs, not for each event.

use std::ops::Range;

use super::options::OWN_NAMES;
use crate::base::filter::Filter;
use crate::base::money::Total;
use crate::base::names::nearest;
use crate::base::{Currency, Error, NONE, Names, Result};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Catalog, Events};

/// A filter over events, its names looked up.
#[derive(Debug, Clone)]
pub(super) struct EventTest {
    filter: Filter,
    asks: Vec<Ask>,
    /// For a filter of one name: its answer for each value, and for none.
    answers: Option<(Vec<bool>, bool)>,
}

/// Where the value of a name stands.
#[derive(Debug, Clone)]
enum Ask {
    Stage(Names),
    Channel(Names),
    Property(usize, Names),
    Value(Currency),
}

impl Ask {
    fn new(name: &str, catalog: &Catalog) -> Result<Self> {
        match (name, catalog.property(name)) {
            ("stage", _) => Ok(Self::Stage(catalog.stages.clone())),
            ("channel", _) => Ok(Self::Channel(catalog.channels.clone())),
            ("value", _) => Ok(Self::Value(catalog.currency)),
            (_, Some(at)) => Ok(Self::Property(at, catalog.properties[at].1.clone())),
            (_, None) => {
                let known = catalog.properties.iter().map(|it| it.0.as_str()).chain(OWN_NAMES);
                Err(Error::new(format!("no source has a property \"{name}\""))
                    .suggest(nearest(name, known)))
            }
        }
    }

    /// The names of its values; none where values are numbers.
    fn names(&self) -> Option<&Names> {
        match self {
            Self::Stage(it) | Self::Channel(it) | Self::Property(_, it) => Some(it),
            Self::Value(_) => None,
        }
    }

    /// The number of its value at an event, or [`NONE`].
    fn code(&self, shard: &Events, at: usize) -> u32 {
        let code = match self {
            Self::Stage(_) => shard.stages.get(at).map(|it| it.0),
            Self::Channel(_) => shard.channels.get(at).map(|it| it.0),
            Self::Property(own, _) => {
                shard.properties.get(*own).and_then(|it| it.get(at)).map(|it| it.0)
            }
            Self::Value(_) => None,
        };
        code.unwrap_or(NONE)
    }

    /// Its amount at an event as a decimal, if it is one and the event carries it.
    fn amount(&self, shard: &Events, at: usize) -> Option<String> {
        let Self::Value(currency) = self else { return None };
        let amount = shard.amounts.get(at).copied().filter(|&it| it != NO_AMOUNT)?;
        Some(currency.format(Total::from(amount)))
    }
}

impl EventTest {
    /// Looks the names of a filter up.
    ///
    /// # Errors
    /// A name that no source has, with the nearest one.
    pub fn new(filter: &Filter, catalog: &Catalog) -> Result<Self> {
        let asks = filter.names().iter().map(|it| Ask::new(it, catalog));
        let asks: Vec<Ask> = asks.collect::<Result<_>>()?;
        let answers = match asks.as_slice() {
            [one] => one.names().map(|names| {
                let of = |value| filter.matches(&[value]);
                (names.iter().map(|it| of(Some(it))).collect(), of(None))
            }),
            _ => None,
        };
        Ok(Self { filter: filter.clone(), asks, answers })
    }

    /// Whether one of these events of a shard passes.
    pub fn holds(&self, shard: &Events, mut events: Range<usize>) -> bool {
        let (Some((answers, missing)), [one]) = (&self.answers, self.asks.as_slice()) else {
            return events.any(|at| self.passes(shard, at));
        };
        events.any(|at| answers.get(one.code(shard, at) as usize).copied().unwrap_or(*missing))
    }

    fn passes(&self, shard: &Events, at: usize) -> bool {
        let amount = self.asks.iter().find_map(|it| it.amount(shard, at));
        let values = self.asks.iter().map(|ask| match (ask.names(), ask.code(shard, at)) {
            (None, _) => amount.as_deref(),
            (Some(_), NONE) => None,
            (Some(names), code) => Some(names.get(code)),
        });
        // A name more than the first few is rare, and worth an allocation.
        let mut few = [None; 4];
        match few.get_mut(..self.asks.len()) {
            Some(own) => {
                own.iter_mut().zip(values).for_each(|(own, it)| *own = it);
                self.filter.matches(own)
            }
            None => self.filter.matches(&values.collect::<Vec<_>>()),
        }
    }
}
