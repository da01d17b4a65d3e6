//! What a way out of a stage costs: one estimate for transitions and exits alike.
//!
//! Exact counts in, minor units out; knows no graph.

use crate::base::money::Total;

/// Journeys that are judged (converted or ended, not open), and what they brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judged {
    /// How many, each counted once.
    pub journeys: u64,
    /// The sum of their values in minor units.
    pub value: Total,
}

/// An estimate of the value lost on one way out of a stage, in minor units.
///
/// `way.journeys × mean value of a judged journey through the stage − way.value`, and 0 where
/// that is negative: what the journeys on this way would have brought had they fared like the
/// average journey through the stage, less what they did bring. An exit brings nothing, so
/// for exits it is the value at stake of `dropoff`. Open journeys are in neither part.
///
/// The assumption is in its name: journeys that take a way may differ from those that do
/// not, so this ranks ways, and forecasts nothing. Losses of several ways overlap (one journey
/// takes many) and must not be added up. The idea, to price a transition by what its cases
/// would have been worth on average, is that of a conditional mean against the stage's; no
/// model of what comes after is needed.
///
/// ```
/// use touchpath::analysis::lost::{Judged, lost};
/// // Ten judged journeys came through the cart and brought 200.00: 20.00 each. Four went on
/// // to an error page and brought 20.00 in all, where 80.00 were to be expected.
/// let cart = Judged { journeys: 10, value: 20_000 };
/// assert_eq!(lost(Judged { journeys: 4, value: 2_000 }, cart), 6_000);
/// // Three left: 60.00. The other three brought 180.00, more than average: nothing is lost.
/// assert_eq!(lost(Judged { journeys: 3, value: 0 }, cart), 6_000);
/// assert_eq!(lost(Judged { journeys: 3, value: 18_000 }, cart), 0);
/// assert_eq!(lost(Judged::default(), Judged::default()), 0);
/// ```
pub fn lost(way: Judged, stage: Judged) -> Total {
    if stage.journeys == 0 {
        return 0;
    }
    // Rounded once, at the end: (n · value − own · journeys) / journeys.
    let journeys = Total::from(stage.journeys);
    let expected = Total::from(way.journeys).saturating_mul(stage.value);
    let missing = expected.saturating_sub(way.value.saturating_mul(journeys));
    divide(missing.max(0), stage.journeys)
}

/// A quotient rounded to the nearest, halves away from zero.
pub(super) fn divide(total: Total, by: u64) -> Total {
    let by = Total::from(by.max(1));
    total.saturating_add(total.signum() * (by / 2)) / by
}
