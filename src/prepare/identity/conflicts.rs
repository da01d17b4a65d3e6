//! Customers in which a rule is broken: found without looking at rows, settled by a replay.
//!
//! Union-find knows no rules, so its customers are the largest that there can be: where
//! none is broken in the end, none was broken on the way, and nothing else is to be done.

use rayon::prelude::*;

use super::devices::{Devices, SharedDevice};
use super::nodes::{NodeSet, Nodes};
use super::replay::{Replayed, Scene, replay};
use super::rules::Rules;
use crate::base::NONE;
use crate::prepare::components::Components;

/// Unites what may be linked by pairs, and gives the roots of the sets in which a rule is
/// broken, ascending.
pub(in crate::prepare) fn unite(
    nodes: &Nodes,
    rules: &Rules,
    sets: &Components,
    pairs: &[(u32, u32)],
    links: &(impl Fn(u32, u32) -> bool + Sync),
) -> Vec<u32> {
    let personal = |it: u32| rules.is_personal(nodes.id_type(it));
    let guarded = rules.guarded();
    // Personal evidence comes first where it can say that two logins are one person.
    let types = rules.devices.iter().filter(|it| !**it).count();
    let first = types > 1 && guarded.iter().any(|&it| !rules.unique[it]);
    let is_first = |&(a, b): &(u32, u32)| first && personal(a) && personal(b);
    let mut persons: Vec<Vec<u32>> = vec![Vec::new(); guarded.len()];
    if first {
        let early = pairs.par_iter().filter(|&it| is_first(it));
        early.filter(|it| links(it.0, it.1)).for_each(|it| sets.union(it.0, it.1));
        for (persons, &guard) in persons.iter_mut().zip(&guarded) {
            *persons = nodes.of_type(guard).into_par_iter().map(|it| sets.find(it)).collect();
        }
    }
    let late = pairs.par_iter().filter(|&it| !is_first(it));
    late.filter(|it| links(it.0, it.1)).for_each(|it| sets.union(it.0, it.1));
    let mut broken = Vec::new();
    for (persons, &guard) in persons.iter().zip(&guarded) {
        let base = nodes.of_type(guard).start;
        let unique = rules.unique[guard];
        let value = |it: u32| match persons.get((it - base) as usize) {
            Some(&person) if !unique => person,
            _ => it,
        };
        broken.extend(several(nodes, sets, guard, &value));
    }
    broken.extend(too_many(nodes, rules, sets));
    broken.extend(too_many_partners(nodes, rules, sets, pairs, links));
    broken.sort_unstable();
    broken.dedup();
    broken
}

/// The roots of sets with several values among their nodes of a type.
fn several(
    nodes: &Nodes,
    sets: &Components,
    id_type: usize,
    value: &(impl Fn(u32) -> u32 + Sync),
) -> Vec<u32> {
    let own = nodes.of_type(id_type);
    // A root of the type speaks for itself when another node meets it.
    let inner = own.clone().into_par_iter().filter_map(|it| {
        let root = sets.find(it);
        (root != it).then(|| (root, value(it)))
    });
    let mut inner: Vec<(u32, u32)> = inner.collect();
    inner.par_sort_unstable();
    let differs = |run: &&[(u32, u32)]| {
        let (root, first) = run[0];
        let first = if own.contains(&root) { value(root) } else { first };
        run.iter().any(|it| it.1 != first)
    };
    inner.chunk_by(|a, b| a.0 == b.0).filter(differs).map(|it| it[0].0).collect()
}

/// The roots of sets with more nodes of a type than a customer may have.
fn too_many(nodes: &Nodes, rules: &Rules, sets: &Components) -> Vec<u32> {
    let mut broken = Vec::new();
    for (id_type, quota) in rules.per_customer.iter().enumerate() {
        let Some(quota) = quota else { continue };
        let roots = nodes.of_type(id_type).into_par_iter().map(|it| sets.find(it));
        let mut roots: Vec<u32> = roots.collect();
        roots.par_sort_unstable();
        let runs = roots.chunk_by(|a, b| a == b);
        broken.extend(runs.filter(|it| it.len() as u64 > quota.most).map(|it| it[0]));
    }
    broken
}

/// The roots of sets with a node that meets more of a type than it may.
fn too_many_partners(
    nodes: &Nodes,
    rules: &Rules,
    sets: &Components,
    pairs: &[(u32, u32)],
    links: &(impl Fn(u32, u32) -> bool + Sync),
) -> Vec<u32> {
    let mut broken = Vec::new();
    for rule in &rules.cardinality {
        let (has, had) = (nodes.of_type(rule.per), nodes.of_type(rule.of));
        let of = |&(a, b): &(u32, u32)| match (has.contains(&a), has.contains(&b)) {
            _ if !links(a, b) => None,
            (true, _) if had.contains(&b) => Some((a, b)),
            (_, true) if had.contains(&a) => Some((b, a)),
            _ => None,
        };
        let mut met: Vec<(u32, u32)> = pairs.par_iter().filter_map(of).collect();
        met.par_sort_unstable();
        let runs = met.chunk_by(|a, b| a.0 == b.0);
        let many = runs.filter(|it| it.len() as u64 > rule.quota.most);
        broken.extend(many.map(|it| sets.find(it[0].0)));
    }
    broken
}

/// What became of the customers in which a rule was broken.
pub(in crate::prepare) struct Conflicts {
    /// Ids that several people use, ascending.
    pub shared: Vec<u32>,
    /// Who was known on shared devices, as nodes.
    pub devices: Devices,
    /// How often an id was left out of a row.
    pub left_out: u64,
}

impl Conflicts {
    /// None yet.
    pub fn new(rules: &Rules) -> Self {
        let devices = Devices::new(rules.shared);
        Self { shared: Vec::new(), devices, left_out: 0 }
    }

    /// The nodes of the sets with these roots, ascending.
    pub fn scope(&self, nodes: &Nodes, sets: &Components, broken: &[u32]) -> Vec<u32> {
        let mut roots = NodeSet::new(nodes.len());
        broken.iter().for_each(|&it| roots.insert(it));
        let all = 0..nodes.len() as u32;
        all.into_par_iter().filter(|&it| roots.contains(sets.find(it))).collect()
    }

    /// Replays the rows of a scene and makes its sets anew.
    pub fn settle(&mut self, scene: &Scene<'_>, sets: &Components) {
        let mut replayed = replay(scene, &mut ());
        self.left_out = replayed.left_out;
        scene.scope.iter().for_each(|&it| sets.reset(it));
        let mut firsts: Vec<u32> = Vec::new();
        for (local, &node) in scene.scope.iter().enumerate() {
            let root = replayed.root(local as u32) as usize;
            if root >= firsts.len() {
                firsts.resize(root + 1, NONE);
            }
            match firsts[root] {
                NONE => firsts[root] = node,
                first => sets.union(first, node),
            }
        }
        let shared = replayed.shared.iter().zip(scene.scope).filter(|it| *it.0);
        self.shared = shared.map(|it| *it.1).collect();
        // By visit it counts what others did on a device too, which is not in the scene.
        if scene.rules.shared != SharedDevice::Visit {
            self.note_logins(scene, &replayed);
        }
    }

    /// Notes who was known on shared devices when.
    fn note_logins(&mut self, scene: &Scene<'_>, replayed: &Replayed) {
        let is_shared =
            |node: u32| scene.local(node).is_some_and(|it| replayed.shared[it as usize]);
        let is_device = |it: u32| !scene.rules.is_personal(scene.nodes.id_type(it));
        for row in scene.evidence.rows() {
            let ids = scene.evidence.nodes(row);
            let known = ids.iter().copied().find(|&it| !(scene.refused)(it) && !is_shared(it));
            let devices = ids.iter().copied().filter(|&it| is_device(it) && is_shared(it));
            let Some(known) = known.filter(|_| !scene.excluded.has_row(row)) else { continue };
            for device in devices.filter(|&it| !scene.excluded.has_pair(it, known)) {
                self.devices.note(device, row.time, known);
            }
        }
    }
}
