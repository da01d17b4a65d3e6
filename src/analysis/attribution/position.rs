//! Position: the first and the last touch earn most, those between share the rest.

use super::{Method, Model, Path, Rules};

/// Position based ("U"): by default 40 % first, 20 % shared between, 40 % last.
///
/// One touch earns all. Of two, the share of the middle is dropped and the ends
/// keep their ratio (40 : 40 gives half each); should both ends be 0, half each.
/// Source: position-based model of the Google Ads API, 40/20/40.
#[derive(Debug, Clone, Copy)]
pub struct Position;

impl Model for Position {
    const NAME: &'static str = "position";
    const ABOUT: &'static str =
        "most credit to the first and the last touch, the rest shared by those between";
    const METHOD: Method = Method::Touches(weigh);
}

fn weigh(path: &Path<'_>, rules: &Rules, out: &mut Vec<f64>) {
    let [first, middle, last] = rules.position;
    match path.touches.len() {
        0 => {}
        1 => out.push(1.0),
        2 if first + last > 0.0 => out.extend([first, last]),
        2 => out.extend([1.0, 1.0]),
        n => {
            out.push(first);
            out.extend((0..n - 2).map(|_| middle / (n - 2) as f64));
            out.push(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::attribution::{AttributionOptions, Rules, weights_of};

    #[test]
    fn ends_earn_most_and_short_paths_are_defined() {
        let options = AttributionOptions::default();
        let weights = |n: i64| {
            let touches: Vec<_> = (0..n).map(|it| (0, it)).collect();
            weights_of("position", &touches, &options.plain())
        };
        assert_eq!(weights(1), [1.0]);
        assert_eq!(weights(2), [40.0, 40.0]);
        assert_eq!(weights(6), [40.0, 5.0, 5.0, 5.0, 5.0, 40.0]);
        let middle = Rules { position: [0.0, 1.0, 0.0], ..options.plain() };
        assert_eq!(weights_of("position", &[(0, 0), (1, 1)], &middle), [1.0, 1.0]);
    }
}
