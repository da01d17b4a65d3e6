//! Whose the rows of shared devices are, once it is known who was there when.

use super::Stitched;
use crate::base::NONE;
use crate::prepare::identity::visits::Turn;

/// How many people may use a device that is still a household's.
const HOUSEHOLD: usize = 2;

/// Gives each turn's rows to whoever is known in it, and those of a visit of nobody known to
/// a customer of its own: a stranger at a kiosk.
///
/// A household's device is used by two people, who are known in half of the visits to it or
/// more. There a visit of nobody known is more likely of one of them than of a stranger: of
/// who was known last before, or of the first if nobody was (unless rows do not wait for a
/// login so long).
pub(super) fn take_turns(stitched: &mut Stitched, turns: &[Turn], waits: bool) {
    let mut owned = Vec::with_capacity(turns.len());
    for device in turns.chunk_by(|a, b| a.device == b.device) {
        let known = |it: &Turn| (it.known != NONE).then_some(it.known);
        let owner = |it: &Turn| known(it).map(|known| stitched.customer_at(known, it.since).0);
        let mut owners: Vec<Option<u32>> = device.iter().map(owner).collect();
        if is_household(device, &owners) {
            let mut last = owners.iter().find_map(|it| *it).filter(|_| !waits);
            for owner in &mut owners {
                last = owner.or(last);
                *owner = last;
            }
        }
        for (turn, owner) in device.iter().zip(owners) {
            let owner = owner.unwrap_or_else(|| stitched.visitor(turn));
            owned.push((turn.device, turn.since, owner));
        }
    }
    if !owned.is_empty() {
        stitched.devices.take_turns(owned.into_iter());
    }
}

fn is_household(turns: &[Turn], owners: &[Option<u32>]) -> bool {
    let mut people: Vec<u32> = owners.iter().flatten().copied().collect();
    people.sort_unstable();
    people.dedup();
    let visits = turns.iter().filter(|it| it.opens).count();
    let known = turns.iter().filter(|it| it.opens && it.known != NONE).count();
    people.len() <= HOUSEHOLD && 2 * known >= visits
}
