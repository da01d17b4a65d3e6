//! Touches: the steps or sessions that carry a channel and may earn credit.

use crate::base::{StageId, Timestamp};
use crate::model::{Events, Session, Touch, TouchOptions};

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
        out: &mut Vec<Touch>,
    ) {
        if events.channels.is_empty() {
            return;
        }
        match self.0 {
            TouchOptions::Sessions => {
                out.extend(sessions.iter().filter(|it| it.channel.is_some()).map(|it| Touch {
                    event: it.first,
                    time: it.start,
                    channel: it.channel,
                }))
            }
            TouchOptions::Events => {
                let base = range.start;
                out.extend(range.filter_map(|at| {
                    let channel = events.channels[at];
                    let goal = goals.binary_search(&events.stages[at]).is_ok();
                    (channel.is_some() && !goal).then_some(Touch {
                        event: (at - base) as u32,
                        time: Timestamp(events.times[at]),
                        channel,
                    })
                }));
            }
        }
    }
}
