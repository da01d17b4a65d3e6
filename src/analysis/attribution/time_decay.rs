//! Time decay: a touch counts half as much for each half-life before the last.

use super::{Method, Model, Path, Rules};

/// Time decay: weight 2^(−Δ/h), continuous in time, with Δ the time to the last touch.
///
/// Measured from the last touch and not from the conversion, which scales all
/// weights alike and keeps them from vanishing in paths long past. h → ∞ gives
/// linear, h → 0 last touch. Source: time-decay model of the Google Ads API
/// (half-life of one week).
#[derive(Debug, Clone, Copy)]
pub struct TimeDecay;

impl Model for TimeDecay {
    const NAME: &'static str = "time_decay";
    const ABOUT: &'static str = "half the credit for each half-life that a touch lies further back";
    const METHOD: Method = Method::Touches(weigh);
}

fn weigh(path: &Path<'_>, rules: &Rules, out: &mut Vec<f64>) {
    let Some(last) = path.touches.last() else { return };
    out.extend(
        path.touches.iter().map(|it| half_to(last.time.since(it.time).0, rules.half_life.0)),
    );
}

/// 2^(−time/half_life) for `time ≥ 0` and `half_life > 0`.
///
/// In plain arithmetic: the exponential functions of different platforms may
/// differ in their last bit, and outputs must not. The whole halvings are exact;
/// the rest, e^(−x) with 0 ≤ x < ln 2, is the Taylor series to its 20th term
/// (error below 10^−22).
fn half_to(time: i64, half_life: i64) -> f64 {
    let (time, half_life) = (time.max(0), half_life.max(1));
    if time == 0 {
        return 1.0;
    }
    let halvings = time / half_life;
    if halvings > 1000 {
        return 0.0;
    }
    let x = (time % half_life) as f64 / half_life as f64 * std::f64::consts::LN_2;
    let rest = (1..=20).rev().fold(1.0, |sum, n| 1.0 - x / f64::from(n) * sum);
    (0..halvings).fold(rest, |weight, _| weight / 2.0)
}

#[cfg(test)]
mod tests {
    use super::half_to;
    use crate::analysis::attribution::{AttributionOptions, Rules, weights_of};
    use crate::base::Span;

    #[test]
    fn the_series_is_the_power_of_two() {
        for (time, half_life) in [(0, 7), (1, 7), (7, 7), (13, 7), (700, 7), (999_999, 1_000_000)] {
            let exact = (-(time as f64) / half_life as f64).exp2();
            assert!((half_to(time, half_life) / exact - 1.0).abs() < 4e-16, "{time}/{half_life}");
        }
        assert_eq!(half_to(i64::MAX, 1), 0.0);
    }

    #[test]
    fn older_touches_earn_less_as_in_the_adobe_example() {
        // Touches 9, 6, 0 and 0 days before the conversion; h = 7 days.
        let options = AttributionOptions::default();
        let weights = weights_of("time_decay", &[(0, 0), (1, 3), (2, 9), (3, 9)], &options.plain());
        let sum: f64 = weights.iter().sum();
        let shares: Vec<i64> =
            weights.iter().map(|it| (it / sum * 1000.0).round() as i64).collect();
        assert_eq!(shares, [138, 186, 338, 338]);
    }

    #[test]
    fn long_half_lives_give_linear_and_short_ones_last_touch() {
        let rules = |half_life| Rules { half_life, ..AttributionOptions::default().plain() };
        let touches = [(0, 0), (1, 3), (2, 9)];
        let long = weights_of("time_decay", &touches, &rules(Span(i64::MAX)));
        assert!(long.iter().all(|it| (it - 1.0).abs() < 1e-6));
        assert_eq!(weights_of("time_decay", &touches, &rules(Span(1))), [0.0, 0.0, 1.0]);
    }
}
