//! Replay: rows in order of time, each of which may join customers unless a rule is broken.
//!
//! The ids of a row are taken strongest first: the strongest says whose the row is, and
//! each further one joins unless a guard forbids it. So the weakest ids are left out first
//! (Segment calls that demotion). What a device must not join tells that several people
//! use it: it leaves its customer and links nobody from then on (Snowplow Identities).
//! What was joined before stays so. Linear in rows and ids, but for the inverse of
//! Ackermann's function. Knows no texts.
//!
//! Sources: Segment, "Identity Resolution settings" (limits, priority); Snowplow,
//! "Identities" (unique identifiers); RudderStack Profiles (cardinality).

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::evidence::{Evidence, Seen};
use super::exclude::Excluded;
use super::nodes::Nodes;
use super::profiles::Profiles;
use super::quota::Quota;
use super::rules::Rules;

/// Why an id left its customer, or was left out of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A device, or with unique types any id, would join two that must stay apart.
    Shared,
    /// It belonged to another by a device alone, and now something stronger says whose it is.
    Moved,
    /// The customer has another id of its type, which is unique.
    Unique,
    /// The customer has too many ids of a type.
    PerCustomer,
    /// One of the ids is seen with too many of the other's type.
    Cardinality,
    /// Two logins would come together over a device.
    Logins,
}

impl Why {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Shared => "joins people that must stay apart",
            Self::Moved => "known by a device alone until stronger evidence came",
            Self::Unique => "the customer has another id of this unique type",
            Self::PerCustomer => "the customer has too many ids of a type",
            Self::Cardinality => "seen with too many ids of a type",
            Self::Logins => "two logins would come together over a device",
        }
    }
}

/// What a replay tells while it goes on; ids are local to it.
pub(in crate::prepare) trait Witness {
    /// A row comes; `ids` are those on it that count.
    fn row(&mut self, _row: &Seen, _ids: &[u32]) {}
    /// Two sets become one, by their roots, because a row shows `by` together.
    fn joined(&mut self, _kept: u32, _gone: u32, _row: &Seen, _by: (u32, u32)) {}
    /// An id leaves the set with this root and gets one of its own.
    fn left(&mut self, _id: u32, _roots: (u32, u32), _row: &Seen, _why: Why) {}
    /// An id of a row is left out of it.
    fn left_out(&mut self, _id: u32, _row: &Seen, _why: Why) {}
}

/// Nobody watches.
impl Witness for () {}

/// The nodes that a replay is about, and rows with them.
pub(in crate::prepare) struct Scene<'a> {
    pub nodes: &'a Nodes,
    pub rules: &'a Rules,
    pub evidence: &'a Evidence,
    /// The nodes, ascending; their positions are the local ids.
    pub scope: &'a [u32],
    /// Nodes that link nobody.
    pub refused: &'a dyn Fn(u32) -> bool,
    pub excluded: &'a Excluded,
}

impl Scene<'_> {
    /// The local id of a node, if it is in scope.
    pub fn local(&self, node: u32) -> Option<u32> {
        self.scope.binary_search(&node).ok().map(|it| it as u32)
    }
}

/// What a replay leaves.
pub(in crate::prepare) struct Replayed {
    profiles: Profiles,
    /// Ids that several people use.
    pub shared: Vec<bool>,
    /// How often an id was left out of a row.
    pub left_out: u64,
}

impl Replayed {
    /// The set of an id: ids are of one customer if theirs are the same.
    pub fn root(&mut self, id: u32) -> u32 {
        self.profiles.root(id)
    }
}

/// A position in lists of types that some rule is about, by type.
type Slots = Vec<Option<usize>>;

fn slots(types: usize, chosen: &[usize]) -> Slots {
    (0..types).map(|it| chosen.iter().position(|own| *own == it)).collect()
}

struct Replay<'a, W> {
    scene: &'a Scene<'a>,
    witness: &'a mut W,
    done: Replayed,
    /// The type of each id.
    types: Vec<u16>,
    guards: Slots,
    guarded: Vec<usize>,
    counts: Slots,
    counted: Vec<(usize, Quota)>,
    /// Whether an id came before.
    met: Vec<bool>,
    /// Sets of ids that personal evidence alone holds together.
    persons: Vec<u32>,
    partners: Partners,
}

/// With how many ids of a type each id was seen.
#[derive(Default)]
struct Partners {
    known: HashSet<(u32, u32), FixedState>,
    /// By rule and id: how many, and when they came.
    counts: HashMap<(u32, u32), (u64, VecDeque<i64>), FixedState>,
}

/// Replays rows in order.
pub(in crate::prepare) fn replay<W: Witness>(scene: &Scene<'_>, witness: &mut W) -> Replayed {
    let rules = scene.rules;
    let guarded = rules.guarded();
    let counted: Vec<(usize, Quota)> = rules
        .per_customer
        .iter()
        .enumerate()
        .filter_map(|(it, &quota)| Some((it, quota?)))
        .collect();
    let types = rules.unique.len();
    let count_types: Vec<usize> = counted.iter().map(|it| it.0).collect();
    let ids = scene.scope.len();
    let mut replay = Replay {
        scene,
        witness,
        done: Replayed {
            profiles: Profiles::new(ids, guarded.len(), counted.len()),
            shared: vec![false; ids],
            left_out: 0,
        },
        types: scene.scope.iter().map(|&it| scene.nodes.id_type(it) as u16).collect(),
        guards: slots(types, &guarded),
        guarded,
        counts: slots(types, &count_types),
        counted,
        met: vec![false; ids],
        persons: (0..ids as u32).collect(),
        partners: Partners::default(),
    };
    let (mut local, mut joined) = (Vec::new(), Vec::new());
    for row in scene.evidence.rows() {
        local.clear();
        let counts = |&&it: &&u32| !(scene.refused)(it);
        let nodes = scene.evidence.nodes(row).iter().filter(counts);
        local.extend(nodes.filter_map(|&it| scene.local(it)));
        replay.row(row, &local, &mut joined);
    }
    replay.done
}

impl<W: Witness> Replay<'_, W> {
    /// Takes a row; `joined` is scratch space.
    fn row(&mut self, row: &Seen, ids: &[u32], joined: &mut Vec<u32>) {
        self.witness.row(row, ids);
        for &id in ids {
            self.meet(id, row.time);
        }
        if ids.len() < 2 || self.scene.excluded.has_row(row) {
            return;
        }
        joined.clear();
        let mut waiting: Vec<u32> =
            ids.iter().copied().filter(|&it| !self.done.shared[it as usize]).collect();
        // Only an excluded pair makes an id wait for another partner.
        loop {
            let before = joined.len();
            let round = std::mem::take(&mut waiting);
            for id in round {
                match joined.iter().copied().find(|&it| self.may_pair(it, id)) {
                    None if joined.is_empty() => joined.push(id),
                    None => waiting.push(id),
                    Some(partner) if self.join(partner, id, joined, row) => joined.push(id),
                    Some(_) => {}
                }
            }
            if waiting.is_empty() || joined.len() == before {
                return;
            }
        }
    }

    fn may_pair(&self, a: u32, b: u32) -> bool {
        let scope = self.scene.scope;
        !self.scene.excluded.has_pair(scope[a as usize], scope[b as usize])
    }

    /// Notes an id when it comes first.
    fn meet(&mut self, id: u32, time: i64) {
        if std::mem::replace(&mut self.met[id as usize], true) {
            return;
        }
        let id_type = self.types[id as usize] as usize;
        if let Some(guard) = self.guards[id_type] {
            self.done.profiles.set_holder(id, guard, id);
        }
        if let Some(slot) = self.counts[id_type] {
            let windowed = self.counted[slot].1.window.length().is_some();
            self.done.profiles.add(id, slot, time, windowed);
        }
    }

    /// Joins an id to the customer of `partner`, unless a guard forbids it; says whether
    /// it is of the row.
    fn join(&mut self, partner: u32, id: u32, joined: &[u32], row: &Seen) -> bool {
        if !self.scene.rules.cardinality.is_empty() && !self.pairs_fit(id, joined, row.time) {
            self.leave_out(id, row, Why::Cardinality);
            return false;
        }
        let ally = (self.is_personal(id) && self.is_personal(partner)).then_some(partner);
        let profiles = &mut self.done.profiles;
        let (own, other) = (profiles.root(partner), profiles.root(id));
        if own != other {
            match self.conflict(own, other, id, ally, row.time) {
                None => {}
                Some(Why::Shared) => {
                    self.leave(id, row, Why::Shared);
                    self.done.shared[id as usize] = true;
                    return false;
                }
                Some(Why::Moved) => self.leave(id, row, Why::Moved),
                Some(why) => {
                    self.leave_out(id, row, why);
                    return false;
                }
            }
            let other = self.done.profiles.root(id);
            let (kept, gone) = self.done.profiles.unite(own, other);
            self.witness.joined(kept, gone, row, (partner, id));
        }
        if let Some(ally) = ally {
            self.same_person(ally, id);
        }
        if !self.scene.rules.cardinality.is_empty() {
            self.note_pairs(id, joined, row.time);
        }
        true
    }

    fn is_personal(&self, id: u32) -> bool {
        self.scene.rules.is_personal(self.types[id as usize] as usize)
    }

    fn leave_out(&mut self, id: u32, row: &Seen, why: Why) {
        self.done.left_out += 1;
        self.witness.left_out(id, row, why);
    }

    fn leave(&mut self, id: u32, row: &Seen, why: Why) {
        let id_type = self.types[id as usize] as usize;
        let roots = self.done.profiles.leave(id, self.guards[id_type], self.counts[id_type]);
        self.witness.left(id, roots, row, why);
    }

    /// Why the set of `id` must not join another, if so; `ally` is the personal id of the
    /// row that stands for the other set.
    fn conflict(
        &mut self,
        own: u32,
        other: u32,
        id: u32,
        ally: Option<u32>,
        time: i64,
    ) -> Option<Why> {
        for guard in 0..self.guarded.len() {
            let id_type = self.guarded[guard];
            let profiles = &self.done.profiles;
            let (Some(a), Some(b)) = (profiles.holder(own, guard), profiles.holder(other, guard))
            else {
                continue;
            };
            if self.scene.rules.unique[id_type] {
                return Some(if b == id { Why::Unique } else { Why::Shared });
            }
            if !self.are_one_person(a, b, id, ally) {
                return Some(match self.is_personal(id) {
                    false => Why::Shared,
                    true if self.guards[self.types[id as usize] as usize].is_some() => Why::Logins,
                    true => Why::Moved,
                });
            }
        }
        for slot in 0..self.counted.len() {
            let quota = self.counted[slot].1;
            let window = quota.window.length().map(|it| (time, it));
            let profiles = &mut self.done.profiles;
            let both = profiles.count(own, slot, window) + profiles.count(other, slot, window);
            if both > quota.most && profiles.count(other, slot, window) > 0 {
                return Some(Why::PerCustomer);
            }
        }
        None
    }

    /// Whether two logins are one person by personal evidence, once `id` and `ally` are.
    fn are_one_person(&mut self, a: u32, b: u32, id: u32, ally: Option<u32>) -> bool {
        let (a, b) = (self.person(a), self.person(b));
        if a == b {
            return true;
        }
        let Some(ally) = ally else { return false };
        let (id, ally) = (self.person(id), self.person(ally));
        (a, b) == (id, ally) || (a, b) == (ally, id)
    }

    fn person(&mut self, id: u32) -> u32 {
        let mut at = id;
        while self.persons[at as usize] != at {
            let above = self.persons[self.persons[at as usize] as usize];
            self.persons[at as usize] = above;
            at = above;
        }
        at
    }

    fn same_person(&mut self, a: u32, b: u32) {
        let (a, b) = (self.person(a), self.person(b));
        self.persons[a.max(b) as usize] = a.min(b);
    }

    /// The pairs of an id and those that joined the row before it, as rules of cardinality
    /// see them: rule, the id that has, the id that is had.
    fn ruled_pairs(&self, id: u32, joined: &[u32]) -> Vec<(u32, u32, u32)> {
        let mut pairs = Vec::new();
        let id_type = |it: u32| self.types[it as usize] as usize;
        for (rule, it) in self.scene.rules.cardinality.iter().enumerate() {
            for &other in joined {
                for (has, had) in [(id, other), (other, id)] {
                    if id_type(has) == it.per && id_type(had) == it.of {
                        pairs.push((rule as u32, has, had));
                    }
                }
            }
        }
        pairs
    }

    fn pairs_fit(&mut self, id: u32, joined: &[u32], time: i64) -> bool {
        self.ruled_pairs(id, joined).into_iter().all(|(rule, has, had)| {
            if self.partners.known.contains(&(has, had)) {
                return true;
            }
            let quota = self.scene.rules.cardinality[rule as usize].quota;
            let Some((count, times)) = self.partners.counts.get_mut(&(rule, has)) else {
                return quota.most > 0;
            };
            match quota.window.length() {
                None => *count < quota.most,
                Some(length) => {
                    while times.front().is_some_and(|&it| it <= time.saturating_sub(length)) {
                        times.pop_front();
                    }
                    (times.len() as u64) < quota.most
                }
            }
        })
    }

    fn note_pairs(&mut self, id: u32, joined: &[u32], time: i64) {
        for (rule, has, had) in self.ruled_pairs(id, joined) {
            if self.partners.known.insert((has, had)) {
                let own = self.partners.counts.entry((rule, has)).or_default();
                own.0 += 1;
                if self.scene.rules.cardinality[rule as usize].quota.window.length().is_some() {
                    own.1.push_back(time);
                }
            }
        }
    }
}
