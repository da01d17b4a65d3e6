//! Sessions: where a customer's events are cut into visits.
//!
//! One engine, presets by name: a session ends where the pause is longer than
//! the timeout (exactly the timeout stays together), where the local day
//! changes, where a new campaign arrives, at an event that starts one, or where
//! the source's own session key changes, as the rule says. `cut` runs a rule.
//! Knows nothing of journeys.

mod cut;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::names::nearest;
use crate::base::{ChannelId, Error, NONE, Names, Result, Span, StageId};
use crate::model::Events;
use crate::model::raw::OUT_OF_SESSION;
use crate::store::RawEvents;

pub use cut::{End as SessionEnd, Sessions};

/// Named session rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionPreset {
    /// 30 minutes, no cut at midnight, no cut at a new campaign. Where a source has a session
    /// column, a session is the pair of cookie and session number, never the number alone.
    #[default]
    Ga4,
    /// 30 minutes, cut at midnight of the journey's zone and at a new campaign. Also called `ua`.
    #[serde(alias = "ua")]
    Matomo,
    /// 30 minutes, cut at midnight of the journey's zone; `excluded_events` neither start a
    /// session nor make one longer.
    Mixpanel,
    /// 30 minutes. Where a source has a session column, it decides too: one session a device
    /// and number; events with -1 or none are out of session. Also called `amplitude`.
    #[serde(alias = "amplitude")]
    AmplitudeWeb,
    /// 5 minutes, else as `amplitude-web`.
    AmplitudeMobile,
    /// 30 minutes unless `timeout` says otherwise, and a cut at each of `start_events`.
    Adobe,
    /// The session column of the source decides alone: rows of one customer with the same key
    /// are one session, also where two sessions interleave; rows without a key are in none.
    Source,
}

/// What Mixpanel's sessions leave out unless `excluded_events` says otherwise: its own
/// bookkeeping, which nobody does.
const MIXPANEL_EXCLUDED: [&str; 5] =
    ["$identify", "$create_alias", "$merge", "$session_start", "$session_end"];

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
    /// Whether a campaign other than the session's starts a new one; the preset's if not
    /// given. Events without a campaign change nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<bool>,
    /// Events that always start a session, by their own name or their stage's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start_events: Vec<String>,
    /// Events that neither start a session nor make one longer, by their own name or their
    /// stage's; they belong to none. The preset's if not given: for `mixpanel` its own
    /// $identify, $create_alias, $merge, $session_start and $session_end, for others nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_events: Option<Vec<String>>,
}

/// The columns that a session rule asks for besides times, campaigns and the session key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionColumns {
    /// The events' own names.
    pub names: bool,
    /// The cookie or device within which a session key means one session.
    pub scopes: bool,
}

/// A session rule ready to run.
#[derive(Debug, Clone)]
pub struct SessionRule {
    timeout: Option<Span>,
    midnight: Option<jiff::tz::TimeZone>,
    campaign: bool,
    key: Option<KeyRule>,
    starts: Marked,
    excluded: Marked,
    direct: ChannelId,
}

/// What the source's own session key says.
#[derive(Debug, Clone, Copy)]
struct KeyRule {
    /// Whether rows without a key are out of session; else they follow the other rules.
    strict: bool,
    /// The key that means out of session.
    nobody: u32,
}

/// Events that a rule names: by codes of their own names, and by stages.
#[derive(Debug, Clone, Default)]
struct Marked {
    names: Vec<u32>,
    stages: Vec<StageId>,
}

impl Marked {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.stages.is_empty()
    }

    fn has(&self, events: &Events, at: usize) -> bool {
        self.names.contains(&events.names.get(at).copied().unwrap_or(NONE))
            || self.stages.contains(&events.stages[at])
    }

    /// The events of these names; `required` says that an unknown name is an error.
    fn new(
        key: &str,
        texts: &[&str],
        required: bool,
        raw: &RawEvents,
        stages: &Names,
    ) -> Result<Self> {
        let mut marked = Self::default();
        let events = raw.fields.text("event").map(|it| &raw.texts[it]);
        for &text in texts {
            let name = events.and_then(|it| it.code(text));
            let stage = stages.id(text).map(StageId);
            let mut known = events.into_iter().flat_map(|it| it.iter()).chain(stages.iter());
            // Names cannot occur where nothing does.
            let first = known.by_ref().next();
            if required && name.is_none() && stage.is_none() && first.is_some() {
                let known = known.chain(first);
                return Err(Error::new(format!("[session] {key}: no event is called \"{text}\""))
                    .suggest(nearest(text, known)));
            }
            marked.names.extend(name);
            marked.stages.extend(stage);
        }
        Ok(marked)
    }
}

impl SessionOptions {
    /// The columns that the rule asks of these rows.
    pub fn columns(&self, raw: &RawEvents) -> SessionColumns {
        use SessionPreset as Preset;
        let events = raw.fields.text("event").map(|it| &raw.texts[it]);
        let occurs = |it: &str| events.is_some_and(|own| own.code(it).is_some());
        let mut named = self.excluded().into_iter().chain(self.start_events.iter().map(|it| &**it));
        let scoped =
            matches!(self.preset, Preset::Ga4 | Preset::AmplitudeWeb | Preset::AmplitudeMobile);
        SessionColumns {
            names: named.any(occurs),
            scopes: scoped && raw.fields.text("session").is_some() && raw.fields.id_types.len() > 1,
        }
    }

    fn excluded(&self) -> Vec<&str> {
        match &self.excluded_events {
            Some(it) => it.iter().map(String::as_str).collect(),
            None if self.preset == SessionPreset::Mixpanel => MIXPANEL_EXCLUDED.to_vec(),
            None => Vec::new(),
        }
    }

    /// Makes the rule, for a zone and for rows with these texts and stages.
    ///
    /// # Errors
    /// The preset `source` needs a session key; a start or excluded event that does not occur.
    pub fn rule(
        &self,
        zone: &jiff::tz::TimeZone,
        raw: &RawEvents,
        stages: &Names,
    ) -> Result<SessionRule> {
        use SessionPreset as Preset;
        let (minutes, midnight, campaign) = match self.preset {
            Preset::Ga4 | Preset::AmplitudeWeb | Preset::Adobe => (30, false, false),
            Preset::Matomo => (30, true, true),
            Preset::Mixpanel => (30, true, false),
            Preset::AmplitudeMobile => (5, false, false),
            Preset::Source => (0, false, false),
        };
        let source = self.preset == Preset::Source;
        let keys = raw.fields.text("session").map(|it| &raw.texts[it]);
        if source && keys.is_none() {
            return Err(Error::new("session preset \"source\" needs a session column")
                .hint("name it in the source: session = \"COLUMN\""));
        }
        let key = |strict| {
            let nobody = |it: &crate::base::Dictionary| it.code(OUT_OF_SESSION).unwrap_or(NONE);
            keys.map(|it| KeyRule { strict, nobody: if source { NONE } else { nobody(it) } })
        };
        let starts: Vec<&str> = self.start_events.iter().map(String::as_str).collect();
        let (excluded, own) = (self.excluded(), self.excluded_events.is_some());
        Ok(SessionRule {
            timeout: self.timeout.or((!source).then_some(Span::seconds(minutes * 60))),
            midnight: self.midnight.unwrap_or(midnight).then(|| zone.clone()),
            campaign: self.campaign.unwrap_or(campaign),
            key: match self.preset {
                Preset::Ga4 => key(false),
                Preset::Source | Preset::AmplitudeWeb | Preset::AmplitudeMobile => key(true),
                Preset::Matomo | Preset::Mixpanel | Preset::Adobe => None,
            },
            starts: Marked::new("start_events", &starts, true, raw, stages)?,
            excluded: Marked::new("excluded_events", &excluded, own, raw, stages)?,
            direct: ChannelId::NONE,
        })
    }
}

impl SessionRule {
    /// A rule with a timeout alone.
    pub fn timeout(timeout: Span) -> Self {
        Self {
            timeout: Some(timeout),
            midnight: None,
            campaign: false,
            key: None,
            starts: Marked::default(),
            excluded: Marked::default(),
            direct: ChannelId::NONE,
        }
    }

    /// The channel of sessions whose sources know channels but name none.
    #[must_use]
    pub fn with_direct(mut self, direct: ChannelId) -> Self {
        self.direct = direct;
        self
    }
}

#[cfg(test)]
mod tests;
