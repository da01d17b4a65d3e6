//! Events by customer: shards of flat columns, each customer's rows in order of time.

use crate::base::{ChannelId, Currency, Names, Span, StageId, Timestamp, ValueId};

/// The names behind the ids, and the facts about the whole data that every
/// analysis may need. Small, and shared by all shards.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Stage names; a `StageId` is a rank.
    pub stages: Names,
    /// Channel names; a `ChannelId` is a rank.
    pub channels: Names,
    /// Kept properties: name, and the names of its values (a `ValueId` is a rank).
    pub properties: Vec<(String, Names)>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The zone of calendar days, as its IANA name; empty: UTC.
    pub timezone: String,
    /// The first and last time of any event, if there is one.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The goal stages, sorted.
    pub goals: Vec<StageId>,
    /// How long silence may last before a journey ends; `None`: silence ends nothing.
    pub gap: Option<Span>,
    /// How long before a conversion a touch may lie to earn credit; `None`: any time.
    pub lookback: Option<Span>,
    /// Customers after stitching.
    pub customers: u64,
    /// Events after reading and stitching.
    pub events: u64,
}

impl Catalog {
    /// Whether a stage is a goal.
    #[inline]
    pub fn is_goal(&self, stage: StageId) -> bool {
        self.goals.binary_search(&stage).is_ok()
    }

    /// The position of a kept property.
    pub fn property(&self, name: &str) -> Option<usize> {
        self.properties.iter().position(|it| it.0 == name)
    }

    /// The name of a stage.
    pub fn stage(&self, id: StageId) -> &str {
        self.stages.get(id.0)
    }

    /// The name of a channel.
    pub fn channel(&self, id: ChannelId) -> &str {
        self.channels.get(id.0)
    }
}

/// A shard of events: whole customers, each with its events in order.
///
/// All columns have one entry an event, or are empty where nothing was read for
/// them. Customers are consecutive: customer `i` of the shard owns the events
/// `offsets[i]..offsets[i + 1]`, ordered by time, then sequence, then place.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// The global number of the shard's first customer.
    pub first_customer: u32,
    /// `customers + 1` positions.
    pub offsets: Vec<u32>,
    /// Microseconds since the epoch, UTC.
    pub times: Vec<i64>,
    /// The stage, or `StageId::NONE` where no rule names one.
    pub stages: Vec<StageId>,
    /// The channel, or `ChannelId::NONE`.
    pub channels: Vec<ChannelId>,
    /// Minor units or [`NO_AMOUNT`](super::raw::NO_AMOUNT).
    pub amounts: Vec<i64>,
    /// Codes of the source's own session key.
    pub sessions: Vec<u32>,
    /// The cookie or device within which a session key means one session: a number of its
    /// own; empty unless the session rule asks.
    pub session_scopes: Vec<u32>,
    /// Codes of the events' own names; empty unless the session rule asks.
    pub names: Vec<u32>,
    /// Codes of order ids, into the dictionary of orders that travels with the shards.
    pub orders: Vec<u32>,
    /// Codes of campaigns (raw dictionary codes; compared, never shown).
    pub campaigns: Vec<u32>,
    /// One column for each kept property of the [`Catalog`].
    pub properties: Vec<Vec<ValueId>>,
}

impl Events {
    /// How many customers the shard holds.
    pub fn customers(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many events the shard holds.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether the shard holds no event.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The events of one customer of the shard.
    pub fn range(&self, customer: usize) -> std::ops::Range<usize> {
        self.offsets[customer] as usize..self.offsets[customer + 1] as usize
    }
}
