//! Cutting: a session rule over one customer's events.
//!
//! A timeout alone is a loop of its own, since most studies have no more. Else each
//! event is asked for its key: rows of one key stay together while the rule allows,
//! whatever other sessions lie between.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::SessionRule;
use crate::base::{ChannelId, NONE, Timestamp};
use crate::model::{Events, Session};

/// The sessions of one customer, and scratch space to find them in.
#[derive(Debug, Default)]
pub struct Sessions {
    /// The sessions in order of their first events.
    pub list: Vec<Session>,
    /// For each event its session, or [`NONE`]; empty where each session is all events
    /// from its first to its last and every event is in one.
    pub of: Vec<u32>,
    /// Scratch space of [`SessionRule::cut_by_time`].
    pub begins: Vec<u32>,
    running: Vec<Running>,
    /// The last session of each key; filled once a customer has two.
    by_key: HashMap<Key, u32, FixedState>,
}

/// Keys of this many sessions are worth keeping room for.
const FEW_KEYS: usize = 1024;

/// A cookie or device, and the source's session key.
type Key = (u32, u32);

/// A session that may go on.
#[derive(Debug, Clone, Copy)]
struct Running {
    key: Option<Key>,
    /// Its last event.
    last: usize,
    campaign: u32,
}

/// Where an event stands before any other rule is asked.
enum Claim {
    /// In no session.
    Out,
    /// Wherever the latest session allows.
    Any,
    /// In the session of this key.
    Keyed(Key),
}

impl Sessions {
    fn clear(&mut self) {
        self.list.clear();
        self.of.clear();
        self.running.clear();
        if self.by_key.capacity() > FEW_KEYS {
            self.by_key = HashMap::default();
        } else if !self.by_key.is_empty() {
            self.by_key.clear();
        }
    }

    /// The last session of a key, of which the latest session is not one.
    fn find(&self, key: Key) -> Option<usize> {
        self.by_key.get(&key).map(|&it| it as usize)
    }

    /// Begins a session.
    fn begin(&mut self, running: Running, session: Session) {
        let number = self.list.len() as u32;
        if number == 1
            && let Some(key) = self.running[0].key
        {
            self.by_key.insert(key, 0);
        }
        if number > 0
            && let Some(key) = running.key
        {
            self.by_key.insert(key, number);
        }
        self.running.push(running);
        self.list.push(session);
    }
}

impl SessionRule {
    /// Cuts the events `range` of a shard (one customer) into sessions.
    pub fn cut(&self, events: &Events, range: Range<usize>, out: &mut Sessions) {
        if self.is_by_time(events) {
            out.clear();
            self.cut_by_time(events, range, &mut out.begins, &mut out.list);
        } else {
            self.cut_by_rule(events, range, out);
        }
    }

    /// Whether nothing but time cuts these events: then every event is in a session, and each
    /// session is all events from its first to its last.
    pub fn is_by_time(&self, events: &Events) -> bool {
        let keyed = self.key.is_some() && !events.sessions.is_empty();
        let marked = !self.starts.is_empty() || !self.excluded.is_empty();
        !(keyed || marked || self.campaign || self.midnight.is_some())
    }

    /// Cuts where the pause is longer than the timeout, and nowhere else; adds the sessions to
    /// those that are there. `begins` is scratch space.
    pub fn cut_by_time(
        &self,
        events: &Events,
        range: Range<usize>,
        begins: &mut Vec<u32>,
        out: &mut Vec<Session>,
    ) {
        let longest = self.timeout.map_or(i64::MAX, |it| it.0);
        let times = &events.times[range.clone()];
        let channels = events.channels.get(range).unwrap_or_default();
        if begins.len() <= times.len() {
            begins.resize(times.len() + 1, 0);
        }
        // Without branches: where a session ends is hard to foresee. The first begins at 0.
        let mut sessions = usize::from(!times.is_empty());
        for (at, pair) in (1..).zip(times.windows(2)) {
            begins[sessions] = at;
            sessions += usize::from(pair[1].saturating_sub(pair[0]) > longest);
        }
        begins[0] = 0;
        begins[sessions] = times.len() as u32;
        out.extend(begins[..=sessions].windows(2).map(|it| {
            let own = it[0] as usize..it[1] as usize;
            Session {
                first: it[0],
                end: it[1],
                events: it[1] - it[0],
                start: Timestamp(times[own.start]),
                channel: self.channel(channels.get(own).unwrap_or_default()),
            }
        }));
    }

    /// The channel of a session with events of these channels: the first that is named and not
    /// direct; else direct, if one is that or has no name; else none.
    #[inline]
    fn channel(&self, channels: &[ChannelId]) -> ChannelId {
        let mut found = ChannelId::NONE;
        for &here in channels {
            if here.is_some() && here != self.direct {
                return here;
            }
            if here.is_some() || here == ChannelId::UNNAMED {
                found = self.direct;
            }
        }
        found
    }

    fn cut_by_rule(&self, events: &Events, range: Range<usize>, out: &mut Sessions) {
        out.clear();
        let base = range.start;
        let mut latest: Option<usize> = None;
        let mut broken = false;
        for at in range {
            let claim = self.claim(events, at);
            let key = match claim {
                Claim::Out => {
                    out.of.push(NONE);
                    broken = true;
                    continue;
                }
                Claim::Any => None,
                Claim::Keyed(key) => Some(key),
            };
            let same = latest.filter(|&it| key.is_none() || out.running[it].key == key);
            let known = same.or_else(|| out.find(key?));
            let joined = known.filter(|&it| !self.cuts(events, at, &out.running[it]));
            let number = joined.unwrap_or(out.list.len());
            if joined.is_none() {
                let running = Running { key, last: at, campaign: NONE };
                out.begin(running, session(events, at, base));
            }
            broken |= joined.is_some() && joined != latest;
            latest = Some(number);
            out.of.push(number as u32);
            let campaign = events.campaigns.get(at).copied().unwrap_or(NONE);
            let running = &mut out.running[number];
            running.last = at;
            if campaign != NONE {
                running.campaign = campaign;
            }
            let session = &mut out.list[number];
            session.end = (at - base) as u32 + 1;
            session.events += 1;
            self.see_channel(session, events, at);
        }
        if !broken {
            out.of.clear();
        }
    }

    fn claim(&self, events: &Events, at: usize) -> Claim {
        if !self.excluded.is_empty() && self.excluded.has(events, at) {
            return Claim::Out;
        }
        let Some(rule) = self.key.filter(|_| !events.sessions.is_empty()) else {
            return Claim::Any;
        };
        match events.sessions[at] {
            NONE if rule.strict => Claim::Out,
            NONE => Claim::Any,
            key if key == rule.nobody && rule.strict => Claim::Out,
            key => Claim::Keyed((events.session_scopes.get(at).copied().unwrap_or(NONE), key)),
        }
    }

    /// Whether event `at` ends a session that its key would let it join.
    fn cuts(&self, events: &Events, at: usize, running: &Running) -> bool {
        let (before, here) = (events.times[running.last], events.times[at]);
        if self.timeout.is_some_and(|it| Timestamp(here).since(Timestamp(before)) > it) {
            return true;
        }
        if self.campaign {
            let campaign = events.campaigns.get(at).copied().unwrap_or(NONE);
            if campaign != NONE && campaign != running.campaign {
                return true;
            }
        }
        (!self.starts.is_empty() && self.starts.has(events, at))
            || self
                .midnight
                .as_ref()
                .is_some_and(|zone| local_day(zone, before) != local_day(zone, here))
    }

    /// The session's channel: the first that is named and not direct; else direct.
    #[inline]
    fn see_channel(&self, session: &mut Session, events: &Events, at: usize) {
        let Some(&here) = events.channels.get(at) else { return };
        if here == ChannelId::UNNAMED && !session.channel.is_some() {
            session.channel = self.direct;
        } else if here.is_some() && (!session.channel.is_some() || session.channel == self.direct) {
            session.channel = here;
        }
    }
}

/// A session that begins with an event, which is not counted yet.
#[inline]
fn session(events: &Events, at: usize, base: usize) -> Session {
    let index = (at - base) as u32;
    Session {
        first: index,
        end: index,
        events: 0,
        start: Timestamp(events.times[at]),
        channel: ChannelId::NONE,
    }
}

/// The civil day of an instant in a zone.
fn local_day(zone: &jiff::tz::TimeZone, micros: i64) -> Option<jiff::civil::Date> {
    let instant = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(zone.to_datetime(instant).date())
}
