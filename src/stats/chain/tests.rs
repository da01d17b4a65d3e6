//! Chains against the exact golden figures, brute force and the theorems.

use std::collections::BTreeMap;

use super::*;
use crate::stats::oracle::{self, close};
use proptest::prelude::*;
use serde_json::Value;

/// Counts that own their slices.
#[derive(Debug, Default, Clone)]
struct Owned {
    names: Vec<String>,
    starts: Vec<u64>,
    moves: Vec<(u32, u32, u64)>,
    conversions: Vec<u64>,
    nulls: Vec<u64>,
    values: Vec<i64>,
}

impl Owned {
    fn view(&self, valued: bool) -> ChainCounts<'_> {
        ChainCounts {
            starts: &self.starts,
            moves: &self.moves,
            conversions: &self.conversions,
            nulls: &self.nulls,
            values: valued.then_some(self.values.as_slice()),
        }
    }

    /// Adds walks along a path of states.
    fn walk(&mut self, path: &[usize], conversions: u64, nulls: u64, value: i64) {
        let states = path.iter().copied().max().map_or(0, |it| it + 1).max(self.starts.len());
        self.starts.resize(states, 0);
        self.conversions.resize(states, 0);
        self.nulls.resize(states, 0);
        self.values.resize(states, 0);
        let (first, last) = (path[0], path[path.len() - 1]);
        self.starts[first] += conversions + nulls;
        for pair in path.windows(2) {
            self.moves.push((pair[0] as u32, pair[1] as u32, conversions + nulls));
        }
        self.conversions[last] += conversions;
        self.nulls[last] += nulls;
        self.values[last] += value;
    }
}

/// The walks of a golden paths file, with or without those that ended in null.
fn walks(file: &str, with_nulls: bool) -> Owned {
    let mut ids = BTreeMap::new();
    let mut owned = Owned::default();
    for row in oracle::rows(file) {
        let number = |at: usize| row[at].parse::<u64>().unwrap();
        let (conversions, nulls) = (number(1), if with_nulls { number(2) } else { 0 });
        if conversions + nulls == 0 {
            continue;
        }
        let mut path = Vec::new();
        for name in row[0].split(" > ") {
            let next = ids.len();
            path.push(*ids.entry(name.to_owned()).or_insert(next));
        }
        owned.walk(&path, conversions, nulls, number(3) as i64);
    }
    owned.names = vec![String::new(); ids.len()];
    ids.into_iter().for_each(|(name, id)| owned.names[id] = name);
    owned
}

fn check_each(owned: &Owned, ours: &[f64], golden: &Value, what: &str) {
    assert_eq!(ours.len(), golden.as_object().unwrap().len(), "{what}");
    for (name, &figure) in owned.names.iter().zip(ours) {
        close(figure, &golden[name], 1e-12, &format!("{what} of {name}"));
    }
}

/// Credits are the total times the shares.
fn credits(total: f64, removal: &Removal) -> Vec<f64> {
    removal.shares.iter().map(|it| it * total).collect()
}

fn check_file(letter: char, dense_states: usize) {
    let Some(oracle) = oracle::read(&format!("markov_exact_{letter}.json")) else { return };
    let golden = &oracle.output["1"];
    let owned = walks(&format!("paths_{letter}.csv"), true);
    let solve = |owned: &Owned, valued, self_loops| {
        Chain::solve_within(&owned.view(valued), self_loops, dense_states).unwrap()
    };
    let chain = solve(&owned, true, SelfLoops::Drop);
    let total = owned.conversions.iter().sum::<u64>() as f64;
    let value_total = owned.values.iter().sum::<i64>() as f64;
    let value = chain.value.as_ref().unwrap();
    close(chain.conversion.per_walk, &golden["p_conversion"], 1e-13, "p");
    close(value.per_walk, &golden["expected_value_per_path_minor"], 1e-12, "value");
    let figures = [
        (&chain.conversion.effects, "removal_effect_conversions"),
        (&value.effects, "removal_effect_value"),
        (&credits(total, &chain.conversion), "attributed_conversions"),
        (&credits(value_total, value), "attributed_value_minor"),
        (&chain.visits, "expected_visits_per_path"),
        (&chain.conversion.from_state, "conversion_probability_from_state"),
    ];
    for (ours, key) in figures {
        check_each(&owned, ours, &golden[key], key);
    }
    let kept = solve(&owned, true, SelfLoops::Keep);
    check_each(&owned, &kept.conversion.effects, &golden["removal_effect_conversions"], "kept");
    check_each(&owned, &kept.value.unwrap().effects, &golden["removal_effect_value"], "kept");

    let golden = &golden["without_null_paths"];
    let owned = walks(&format!("paths_{letter}.csv"), false);
    let chain = solve(&owned, false, SelfLoops::Drop);
    assert_eq!(chain.value, None);
    close(chain.conversion.per_walk, &golden["p_conversion"], 1e-13, "p");
    let key = "removal_effect_conversions";
    check_each(&owned, &chain.conversion.effects, &golden[key], key);
    let key = "attributed_conversions";
    check_each(&owned, &credits(total, &chain.conversion), &golden[key], key);
}

#[test]
fn paths_a_agree_with_exact_algebra() {
    check_file('a', DENSE_STATES);
}

#[test]
fn paths_b_agree_with_exact_algebra() {
    check_file('b', DENSE_STATES);
}

#[test]
fn sweeps_agree_with_exact_algebra() {
    check_file('a', 0);
    check_file('b', 0);
}

/// Walks over windows of the last `order` touches, equal neighbors collapsed,
/// and for each channel the windows that contain it.
fn windows(file: &str, order: usize, with_nulls: bool) -> (Owned, Vec<Vec<u32>>) {
    let mut ids: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut owned = Owned::default();
    for row in oracle::rows(file) {
        let number = |at: usize| row[at].parse::<u64>().unwrap();
        let (conversions, nulls) = (number(1), if with_nulls { number(2) } else { 0 });
        if conversions + nulls == 0 {
            continue;
        }
        let path: Vec<String> = row[0].split(" > ").map(str::to_owned).collect();
        let mut states: Vec<usize> = Vec::new();
        for window in path.windows(order.min(path.len())) {
            let next = ids.len();
            states.push(*ids.entry(window.to_vec()).or_insert(next));
        }
        states.dedup();
        owned.walk(&states, conversions, nulls, number(3) as i64);
    }
    let mut channels: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (window, id) in ids {
        window.into_iter().for_each(|name| channels.entry(name).or_default().push(id as u32));
    }
    owned.names = channels.keys().cloned().collect();
    (owned, channels.into_values().collect())
}

#[test]
fn orders_one_to_three_agree_with_exact_algebra() {
    for letter in ['a', 'b'] {
        let Some(oracle) = oracle::read(&format!("markov_exact_{letter}.json")) else { return };
        let file = format!("paths_{letter}.csv");
        for (order, golden) in ["1", "2", "3"].into_iter().map(|it| (it, &oracle.output[it])) {
            let order = order.parse().unwrap();
            let (owned, groups) = windows(&file, order, true);
            let chain = Chain::solve_grouped(&owned.view(true), SelfLoops::Keep, &groups).unwrap();
            let n = golden["n_states_excluding_start_absorbing"].as_u64().unwrap();
            assert_eq!(chain.visits.len() as u64, n);
            let figures = [
                (&chain.conversion, "removal_effect_conversions"),
                (chain.value.as_ref().unwrap(), "removal_effect_value"),
            ];
            for (removal, key) in figures {
                check_each(&owned, &removal.effects, &golden[key], key);
            }
            let golden = &golden["without_null_paths"];
            let (owned, groups) = windows(&file, order, false);
            let chain = Chain::solve_grouped(&owned.view(false), SelfLoops::Drop, &groups).unwrap();
            let key = "removal_effect_conversions";
            check_each(&owned, &chain.conversion.effects, &golden[key], key);
        }
    }
}

/// A sparse chain of many states, by a fixed congruential generator.
fn large(states: u32) -> Owned {
    let mut seed = 31u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let n = states as usize;
    let mut owned = Owned { starts: vec![1; n], ..Owned::default() };
    for from in 0..states {
        for _ in 0..8 {
            owned.moves.push((from, next(u64::from(states)) as u32, 1 + next(20)));
        }
        owned.conversions.push(1 + next(3));
        owned.nulls.push(next(20));
        // Refunds too: value may be negative.
        owned.values.push(next(2000) as i64 - 700);
    }
    owned
}

#[test]
fn sweeps_and_factors_agree_on_a_large_chain() {
    let owned = large(150);
    let dense = Chain::solve_within(&owned.view(true), SelfLoops::Keep, 1000).unwrap();
    let swept = Chain::solve_within(&owned.view(true), SelfLoops::Keep, 0).unwrap();
    let (a, b) = (dense.value.as_ref().unwrap(), swept.value.as_ref().unwrap());
    for k in 0..owned.starts.len() {
        assert!((dense.visits[k] / swept.visits[k] - 1.0).abs() < 1e-13);
        assert!((dense.conversion.effects[k] - swept.conversion.effects[k]).abs() < 1e-14);
        assert!((a.effects[k] - b.effects[k]).abs() < 1e-13);
    }
    // The same bits again, whatever the threads did.
    assert_eq!(swept, Chain::solve_within(&owned.view(true), SelfLoops::Keep, 0).unwrap());
}

#[test]
fn without_conversions_everything_is_zero() {
    let mut owned = Owned::default();
    owned.walk(&[0, 1, 0], 0, 7, 0);
    let chain = Chain::solve(&owned.view(true), SelfLoops::Drop).unwrap();
    assert_eq!(chain.conversion.per_walk, 0.0);
    assert_eq!(chain.conversion.effects, [0.0, 0.0]);
    assert_eq!(chain.conversion.shares, [0.0, 0.0]);
    assert_eq!(chain.value.unwrap().shares, [0.0, 0.0]);
    let empty = Owned::default();
    let chain = Chain::solve(&empty.view(false), SelfLoops::Keep).unwrap();
    assert_eq!((chain.conversion.per_walk, chain.visits.len()), (0.0, 0));
}

#[test]
fn a_state_without_ways_out_counts_as_null() {
    let counts = ChainCounts {
        starts: &[2, 0],
        moves: &[(0, 1, 1)],
        conversions: &[1, 0],
        nulls: &[0, 0],
        values: None,
    };
    let chain = Chain::solve(&counts, SelfLoops::Drop).unwrap();
    assert_eq!(chain.conversion.per_walk, 0.5);
    assert_eq!(chain.conversion.effects, [1.0, 0.0]);
}

#[test]
fn what_is_undefined_is_none() {
    let base = ChainCounts {
        starts: &[1, 1],
        moves: &[],
        conversions: &[1, 1],
        nulls: &[0, 0],
        values: None,
    };
    let none = |counts: ChainCounts<'_>| assert_eq!(Chain::solve(&counts, SelfLoops::Keep), None);
    none(ChainCounts { nulls: &[0], ..base });
    none(ChainCounts { moves: &[(0, 2, 1)], ..base });
    none(ChainCounts { moves: &[(2, 0, 1)], ..base });
    none(ChainCounts { values: Some(&[1]), ..base });
    none(ChainCounts { conversions: &[0, 1], nulls: &[1, 0], values: Some(&[5, 5]), ..base });
    let grouped = |group: Vec<u32>| Chain::solve_grouped(&base, SelfLoops::Keep, &[group]);
    assert_eq!(grouped(vec![2]), None);
    assert_eq!(grouped(vec![]).unwrap().conversion.effects, [0.0]);
    assert_eq!(grouped(vec![1, 0, 1]).unwrap().conversion.effects, [1.0]);
    // Two states that only lead to each other.
    none(ChainCounts { conversions: &[0, 0], moves: &[(0, 1, 1), (1, 0, 1)], ..base });
}

/// P(conversion) when walks into `removed` end, by nalgebra.
fn brute_force(owned: &Owned, removed: Option<usize>) -> f64 {
    let n = owned.starts.len();
    let mut q = nalgebra::DMatrix::<f64>::zeros(n, n);
    let mut out = vec![0.0; n];
    for &(from, to, count) in &owned.moves {
        q[(from as usize, to as usize)] += count as f64;
        out[from as usize] += count as f64;
    }
    for (i, out) in out.iter_mut().enumerate() {
        *out += (owned.conversions[i] + owned.nulls[i]) as f64;
    }
    for i in 0..n {
        for j in 0..n {
            q[(i, j)] = if removed == Some(j) || out[i] == 0.0 { 0.0 } else { q[(i, j)] / out[i] };
        }
    }
    let r = nalgebra::DVector::from_fn(n, |i, _| {
        if out[i] == 0.0 { 0.0 } else { owned.conversions[i] as f64 / out[i] }
    });
    let h = (nalgebra::DMatrix::identity(n, n) - q).lu().solve(&r).unwrap();
    let walks = owned.starts.iter().sum::<u64>() as f64;
    let start = |i: usize| if removed == Some(i) { 0.0 } else { owned.starts[i] as f64 / walks };
    (0..n).map(|i| start(i) * h[i]).sum()
}

fn some_walks() -> impl Strategy<Value = Owned> {
    let one = (prop::collection::vec(0usize..7, 1..9), 0u64..4, 0u64..4);
    prop::collection::vec(one, 1..30).prop_map(|all| {
        let mut owned = Owned::default();
        for (path, conversions, nulls) in all {
            owned.walk(&path, conversions, nulls + 1, conversions as i64 * 100);
        }
        owned
    })
}

proptest! {
    #[test]
    fn removal_is_deletion(owned in some_walks()) {
        let chain = Chain::solve(&owned.view(true), SelfLoops::Drop).unwrap();
        let kept = Chain::solve(&owned.view(true), SelfLoops::Keep).unwrap();
        let swept = Chain::solve_within(&owned.view(true), SelfLoops::Keep, 0).unwrap();
        let singles: Vec<Vec<u32>> = (0..owned.starts.len()).map(|it| vec![it as u32]).collect();
        let grouped = Chain::solve_grouped(&owned.view(true), SelfLoops::Drop, &singles).unwrap();
        let whole = brute_force(&owned, None);
        let conversions = owned.conversions.iter().sum::<u64>() as f64;
        let walks = owned.starts.iter().sum::<u64>() as f64;
        prop_assert!((chain.conversion.per_walk - conversions / walks).abs() < 1e-13);
        for k in 0..owned.starts.len() {
            let lost = if whole == 0.0 { 0.0 } else { 1.0 - brute_force(&owned, Some(k)) / whole };
            prop_assert!((chain.conversion.effects[k] - lost).abs() < 1e-12);
            prop_assert!((kept.conversion.effects[k] - lost).abs() < 1e-12);
            prop_assert!((swept.conversion.effects[k] - lost).abs() < 1e-12);
            prop_assert!((grouped.conversion.effects[k] - lost).abs() < 1e-12);
            // One value per conversion makes value and conversions the same.
            prop_assert!((chain.value.as_ref().unwrap().effects[k] - lost).abs() < 1e-12);
        }
        let sum = chain.conversion.shares.iter().sum::<f64>();
        prop_assert!(sum == 0.0 || (sum - 1.0).abs() < 1e-14);
    }
}
