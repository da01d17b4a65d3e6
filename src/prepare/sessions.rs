//! Sessions: where a customer's events are cut into visits.
//!
//! One engine, presets by name: a session ends where the pause is longer than
//! the timeout (exactly the timeout stays together), where the local day
//! changes, where a new campaign arrives, or where the source's own session key
//! changes, as the rule says. Knows nothing of journeys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{ChannelId, Error, NONE, Result, Span, Timestamp};
use crate::model::{Events, Session};

/// Named session rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionPreset {
    /// 30 minutes, no cut at midnight, no cut at a new campaign.
    #[default]
    Ga4,
    /// 30 minutes, cut at midnight of the journey's zone and at a new campaign.
    Matomo,
    /// 30 minutes, cut at midnight of the journey's zone.
    Mixpanel,
    /// 30 minutes.
    AmplitudeWeb,
    /// 5 minutes.
    AmplitudeMobile,
    /// 30 minutes unless `timeout` says otherwise.
    Adobe,
    /// The session column of the source decides alone.
    Source,
}

/// How a customer's events are cut into sessions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionOptions {
    /// The rule by name.
    pub preset: SessionPreset,
    /// The longest pause within a session, such as "30m"; the preset's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// Whether a new day in the journey's zone starts a session; the preset's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub midnight: Option<bool>,
    /// Whether a new campaign starts a session; the preset's if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<bool>,
}

/// A session rule ready to run.
#[derive(Debug, Clone)]
pub struct SessionRule {
    timeout: Option<Span>,
    midnight: Option<jiff::tz::TimeZone>,
    campaign: bool,
    key: bool,
    direct: ChannelId,
}

impl SessionOptions {
    /// Makes the rule, for a zone and for whether the sources carry a session key.
    ///
    /// # Errors
    /// The preset `source` needs a session key.
    pub fn rule(&self, zone: &jiff::tz::TimeZone, has_key: bool) -> Result<SessionRule> {
        use SessionPreset as Preset;
        let (minutes, midnight, campaign) = match self.preset {
            Preset::Ga4 | Preset::AmplitudeWeb | Preset::Adobe => (30, false, false),
            Preset::Matomo => (30, true, true),
            Preset::Mixpanel => (30, true, false),
            Preset::AmplitudeMobile => (5, false, false),
            Preset::Source => (0, false, false),
        };
        let source = self.preset == Preset::Source;
        if source && !has_key {
            return Err(Error::new("session preset \"source\" needs a session column")
                .hint("name it in the source: session = \"COLUMN\""));
        }
        let timeout = self.timeout.or((!source).then_some(Span::seconds(minutes * 60)));
        let midnight = self.midnight.unwrap_or(midnight).then(|| zone.clone());
        let key = has_key && matches!(self.preset, Preset::Source | Preset::Ga4);
        let campaign = self.campaign.unwrap_or(campaign);
        Ok(SessionRule { timeout, midnight, campaign, key, direct: ChannelId::NONE })
    }
}

impl SessionRule {
    /// A rule with a timeout alone.
    pub fn timeout(timeout: Span) -> Self {
        Self {
            timeout: Some(timeout),
            midnight: None,
            campaign: false,
            key: false,
            direct: ChannelId::NONE,
        }
    }

    /// The channel of sessions whose sources know channels but name none.
    #[must_use]
    pub fn with_direct(mut self, direct: ChannelId) -> Self {
        self.direct = direct;
        self
    }

    /// Cuts the events `range` of a shard (one customer) into sessions.
    pub fn cut(&self, events: &Events, range: std::ops::Range<usize>, out: &mut Vec<Session>) {
        let keyed = self.key && !events.sessions.is_empty();
        if self.campaign || keyed || self.midnight.is_some() {
            let mut campaign = NONE;
            return self.cut_where(events, range, out, |at, first| {
                let new = first || self.cuts(events, at, campaign);
                let here = events.campaigns.get(at).copied().unwrap_or(NONE);
                if new || here != NONE {
                    campaign = here;
                }
                new
            });
        }
        let times = &events.times;
        let longest = self.timeout.unwrap_or(Span(i64::MAX));
        self.cut_where(events, range, out, |at, first| {
            first || Timestamp(times[at]).since(Timestamp(times[at - 1])) > longest
        });
    }

    /// Cuts before the events for which `new` says so; it is asked once for each,
    /// and told whether it is the first.
    #[inline]
    fn cut_where(
        &self,
        events: &Events,
        range: std::ops::Range<usize>,
        out: &mut Vec<Session>,
        mut new: impl FnMut(usize, bool) -> bool,
    ) {
        out.clear();
        let base = range.start;
        let mut open: Option<Session> = None;
        for at in range {
            let index = (at - base) as u32;
            if new(at, open.is_none()) {
                out.extend(open.take());
            }
            let session = open.get_or_insert(Session {
                first: index,
                end: index,
                start: Timestamp(events.times[at]),
                channel: ChannelId::NONE,
            });
            session.end = index + 1;
            self.see_channel(session, events, at);
        }
        out.extend(open);
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

    /// Whether event `at` starts a session, given the one before it.
    fn cuts(&self, events: &Events, at: usize, campaign: u32) -> bool {
        let pause = Timestamp(events.times[at]).since(Timestamp(events.times[at - 1]));
        if self.timeout.is_some_and(|it| pause > it) {
            return true;
        }
        if self.key && !events.sessions.is_empty() {
            let (before, here) = (events.sessions[at - 1], events.sessions[at]);
            if here != before && here != NONE {
                return true;
            }
        }
        if self.campaign {
            let here = events.campaigns.get(at).copied().unwrap_or(NONE);
            if here != NONE && campaign != NONE && here != campaign {
                return true;
            }
        }
        self.midnight.as_ref().is_some_and(|zone| {
            local_day(zone, events.times[at - 1]) != local_day(zone, events.times[at])
        })
    }
}

/// The civil day of an instant in a zone.
fn local_day(zone: &jiff::tz::TimeZone, micros: i64) -> Option<jiff::civil::Date> {
    let instant = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(zone.to_datetime(instant).date())
}
