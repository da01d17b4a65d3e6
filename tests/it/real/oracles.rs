//! Golden figures that no room's own tests read.
//!
//! The others are met where the figure is made: `ab_proportions`, `ab_srm`,
//! `ab_revenue`, `multiple_testing`, `survival_*` and `transition_compare` in
//! `stats`; `heuristics_*`, `markov_exact_*`, `touch_models`, `kpi` and the
//! table of `survival_time_to_purchase` in `analysis`.

use touchpath::base::money::apportion;

use super::json;
use crate::case::shared;

/// A weight written as `3`, `0.25` or `1/3`, as numerator and denominator.
fn fraction(text: &str) -> (u64, u64) {
    if let Some((above, below)) = text.split_once('/') {
        return (above.parse().unwrap(), below.parse().unwrap());
    }
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    let scale = 10u64.pow(digits.len() as u32);
    let digits: u64 = if digits.is_empty() { 0 } else { digits.parse().unwrap() };
    (whole.parse::<u64>().unwrap() * scale + digits, scale)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Weights over their least common denominator: whole numbers in the same proportion.
fn whole(weights: &[&str]) -> Vec<u64> {
    let weights: Vec<(u64, u64)> = weights.iter().map(|it| fraction(it)).collect();
    let common = weights.iter().fold(1, |all, it| all / gcd(all, it.1) * it.1);
    weights.iter().map(|it| it.0 * (common / it.1)).collect()
}

#[test]
fn apportionment_is_that_of_exact_fractions() {
    let Some(path) = shared("oracles/apportion_largest_remainder.json") else { return };
    let golden = json(&path);
    let cases = golden["output"].as_array().unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let weights = case["weights"].as_array().unwrap();
        let weights: Vec<&str> = weights.iter().map(|it| it.as_str().unwrap()).collect();
        let total = case["total_minor"].as_i64().unwrap();
        let parts = serde_json::Value::from(apportion(total, &whole(&weights)));
        assert_eq!(parts, case["parts"], "{total} over {weights:?}");
    }
}
