//! Touches: the steps or sessions that carry a channel and may earn credit.

use crate::base::{ChannelId, StageId, Timestamp};
use crate::model::{Events, Session, Touch, TouchOptions};

use super::pile::Pile;

/// A touch rule ready to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct TouchRule(pub TouchOptions);

impl TouchRule {
    /// Finds the touches of one customer: the events `range` of a shard; adds them to those
    /// that are there.
    pub fn find(
        self,
        events: &Events,
        range: std::ops::Range<usize>,
        sessions: &[Session],
        goals: &[StageId],
        out: &mut Pile<Touch>,
    ) {
        if events.channels.is_empty() {
            return;
        }
        let any = Touch { event: 0, time: Timestamp(0), channel: ChannelId::NONE };
        let mut found = 0;
        match self.0 {
            TouchOptions::Sessions => {
                let room = out.room(sessions.len(), any);
                for it in sessions {
                    room[found] = Touch { event: it.first, time: it.start, channel: it.channel };
                    found += usize::from(it.channel.is_some());
                }
            }
            TouchOptions::Events => {
                let room = out.room(range.len(), any);
                for (event, at) in range.enumerate() {
                    let (channel, time) = (events.channels[at], Timestamp(events.times[at]));
                    let goal = goals.binary_search(&events.stages[at]).is_ok();
                    room[found] = Touch { event: event as u32, time, channel };
                    found += usize::from(channel.is_some() & !goal);
                }
            }
        }
        out.add(found);
    }
}
