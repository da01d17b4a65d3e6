//! Cutting: a session rule over one customer's events.
//!
//! A timeout alone is a loop of its own, since most studies have no more. Else each
//! event is asked for its key: rows of one key stay together while the rule allows,
//! whatever other sessions lie between.

use std::hint::select_unpredictable;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::super::pile::Pile;
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
    running: Vec<Running>,
    /// The last session of each key; filled once a customer has two.
    by_key: HashMap<Key, u32, FixedState>,
}

/// Where a session ends, and through which channel it came.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// One past its last event.
    end: u32,
    channel: ChannelId,
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
            let mut sessions = Pile::default();
            self.cut_by_time(events, range, &mut Vec::new(), &mut sessions);
            out.list.extend_from_slice(sessions.from(0));
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
    /// those that are there. `ends` is scratch space.
    pub fn cut_by_time(
        &self,
        events: &Events,
        range: Range<usize>,
        ends: &mut Vec<End>,
        out: &mut Pile<Session>,
    ) {
        let times = &events.times[range.clone()];
        let Some(&time) = times.first() else { return };
        if ends.len() < times.len() {
            ends.resize(times.len(), End { end: 0, channel: ChannelId::NONE });
        }
        let ends = match events.channels.get(range) {
            Some(channels) => self.ends::<true>(times, channels, ends),
            None => self.ends::<false>(times, &[], ends),
        };
        let (start, channel) = (Timestamp(time), ChannelId::NONE);
        let any = Session { first: 0, end: 0, events: 0, start, channel };
        let room = out.room(ends.len(), any);
        let mut first = 0;
        for (at, &End { end, channel }) in ends.iter().enumerate() {
            let start = Timestamp(times[first as usize]);
            room[at] = Session { first, end, events: end - first, start, channel };
            first = end;
        }
        out.add(ends.len());
    }

    /// Finds the ends of sessions that time alone cuts. One look at each event, and no branch:
    /// where a session ends is hard to foresee.
    #[inline(always)]
    fn ends<'e, const CHANNELS: bool>(
        &self,
        times: &[i64],
        channels: &[ChannelId],
        ends: &'e mut [End],
    ) -> &'e [End] {
        let ends = &mut ends[..times.len()];
        let channels = if CHANNELS { &channels[..times.len()] } else { channels };
        let longest = self.timeout.map_or(u64::MAX, |it| it.0.unsigned_abs());
        let (mut session, mut before, mut channel) = (0, times[0], ChannelId::NONE);
        for at in 0..times.len() {
            // No time is before the one before.
            let cut = times[at].wrapping_sub(before).cast_unsigned() > longest;
            before = times[at];
            session += usize::from(cut);
            if CHANNELS {
                let known = select_unpredictable(cut, ChannelId::NONE, channel);
                channel = self.channel(known, channels[at]);
            }
            ends[session] = End { end: at as u32 + 1, channel };
        }
        &ends[..=session]
    }

    /// The channel of a session whose events so far came through one, with an event more: the
    /// first that is named and not direct; else direct, if one is that or has no name; else none.
    #[inline(always)]
    fn channel(&self, known: ChannelId, here: ChannelId) -> ChannelId {
        let names = |it: ChannelId| it.is_some() & (it != self.direct);
        let direct = here.is_some() | (here == ChannelId::UNNAMED);
        let weak = select_unpredictable(direct, self.direct, known);
        let own = select_unpredictable(names(here), here, weak);
        select_unpredictable(names(known), known, own)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Span;

    proptest! {
        #[test]
        fn time_alone_cuts_as_any_rule_does(
            events in prop::collection::vec((0i64..50, 0u32..6), 0..40),
            direct in prop_oneof![Just(ChannelId::NONE), Just(ChannelId(1))],
            timeout in prop_oneof![Just(None), (0i64..40).prop_map(|it| Some(Span(it)))],
            channels in any::<bool>(),
        ) {
            let mut time = 0;
            let channel = |it: u32| match it {
                4 => ChannelId::NONE,
                5 => ChannelId::UNNAMED,
                it => ChannelId(it),
            };
            let mut shard = Events::default();
            for &(pause, it) in &events {
                time += pause;
                shard.times.push(time);
                if channels {
                    shard.channels.push(channel(it));
                }
            }
            let rule = SessionRule { timeout, ..SessionRule::timeout(Span(0)).with_direct(direct) };
            let begin = events.len() / 3;
            let (mut wanted, mut found) = (Sessions::default(), Pile::default());
            rule.cut_by_rule(&shard, begin..events.len(), &mut wanted);
            rule.cut_by_time(&shard, begin..events.len(), &mut Vec::new(), &mut found);
            prop_assert_eq!(found.from(0), wanted.list);
        }
    }
}
