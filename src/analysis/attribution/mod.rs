//! Attribution models: which touches earn a conversion's credit, one model a file.
//!
//! A model says weights; `split` makes whole numbers of them, so that every sum
//! of credit is exact and in any order. To add a model: its file, and one line in
//! the `models!` list below. Models know no money, no currency and no report.

use crate::base::{ChannelId, Error, Result, Span, Timestamp};
use crate::model::Touch;

pub mod options;
pub mod split;

#[cfg(test)]
pub(crate) mod oracle;

pub use options::{AttributionOptions, OpenJourneys};
pub use split::{Split, Splitter, UNITS, whole};

/// What every descriptive split of credit must say about itself.
pub const CAVEAT: &str = "Credit describes observed conversions; it is not incremental: it does \
    not say what would be lost without a channel. People who meant to buy anyway, touches that \
    were not recorded and channels that stand in for each other all bias it; only an experiment \
    (a holdout) measures effect.";

/// The name of the row that keeps the credit of conversions without any touch.
pub const UNATTRIBUTED: &str = "(unattributed)";

/// A conversion with its eligible touches in order of time; at least one.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    /// The touches, first to last.
    pub touches: &'a [Touch],
    /// When it converted.
    pub conversion: Timestamp,
}

/// What the models may be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The time after which a touch counts half as much (time decay).
    pub half_life: Span,
    /// Weights of the first touch, of all between, of the last (position).
    pub position: [f64; 3],
    /// The channels that stand for "came by no channel" (last non-direct).
    pub direct: Vec<ChannelId>,
}

/// How a model finds its weights.
#[derive(Clone, Copy)]
pub enum Method {
    /// From the touches of one conversion: pushes one weight a touch, none negative,
    /// at least one positive; they are scaled to sum to 1 afterwards.
    Touches(fn(&Path<'_>, &Rules, &mut Vec<f64>)),
    /// From all paths, converting and not: the share of conversions lost if a channel went.
    Removal,
}

/// One model.
pub trait Model {
    /// Its name in options and tables.
    const NAME: &'static str;
    /// What it holds, in one sentence.
    const ABOUT: &'static str;
    /// How it finds weights.
    const METHOD: Method;
}

/// One line of the registry.
#[derive(Clone, Copy)]
pub struct ModelEntry {
    /// Its name in options and tables.
    pub name: &'static str,
    /// What it holds, in one sentence.
    pub about: &'static str,
    /// How it finds weights.
    pub method: Method,
}

macro_rules! models {
    ($($module:ident :: $model:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// Every model, in the order in which tables show them.
        pub const MODELS: &[ModelEntry] = &[$(ModelEntry {
            name: <$module::$model as Model>::NAME,
            about: <$module::$model as Model>::ABOUT,
            method: <$module::$model as Model>::METHOD,
        }),*];
    };
}

models![
    first::First,
    last::Last,
    last_non_direct::LastNonDirect,
    linear::Linear,
    position::Position,
    time_decay::TimeDecay,
    markov::Markov,
];

/// The registry's line of a model.
///
/// # Errors
/// No model has that name.
pub fn model(name: &str) -> Result<&'static ModelEntry> {
    MODELS.iter().find(|it| it.name == name).ok_or_else(|| {
        let names = MODELS.iter().map(|it| it.name);
        let nearest = crate::base::names::nearest(name, names.clone());
        let error = Error::new(format!("there is no attribution model \"{name}\""));
        match nearest {
            Some(_) => error.suggest(nearest),
            None => error.hint(format!("models: {}", names.collect::<Vec<_>>().join(", "))),
        }
    })
}

/// The weights of a model for touches at days, for the tests of models.
#[cfg(test)]
pub(crate) fn weights_of(name: &str, touches: &[(u32, i64)], rules: &Rules) -> Vec<f64> {
    let at = |day: i64| Timestamp(day * crate::base::time::DAY);
    let touches: Vec<Touch> = touches
        .iter()
        .enumerate()
        .map(|(n, it)| Touch { event: n as u32, time: at(it.1), channel: ChannelId(it.0) })
        .collect();
    let conversion = touches.last().map_or(at(0), |it| it.time);
    let mut out = Vec::new();
    if let Method::Touches(weigh) = model(name).unwrap().method {
        weigh(&Path { touches: &touches, conversion }, rules, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn weights_are_one_a_touch_and_sum_to_more_than_nothing(
            touches in prop::collection::vec((0u32..4, 0i64..4000), 1..30),
            position in [0.0..1.0f64, 0.0..1.0f64, 0.01..1.0f64],
        ) {
            let mut touches = touches;
            touches.sort_by_key(|it| it.1);
            let rules =
                Rules { half_life: Span::days(1), position, direct: vec![ChannelId(0)] };
            for entry in MODELS.iter().filter(|it| matches!(it.method, Method::Touches(_))) {
                let weights = weights_of(entry.name, &touches, &rules);
                prop_assert_eq!(weights.len(), touches.len());
                prop_assert!(weights.iter().all(|it| it.is_finite() && *it >= 0.0));
                prop_assert!(weights.iter().sum::<f64>() > 0.0, "{}", entry.name);
            }
        }
    }

    #[test]
    fn an_unknown_model_is_answered_with_the_nearest() {
        assert_eq!(model("linaer").err().unwrap().hint_text(), Some("did you mean \"linear\"?"));
        assert!(model("qqq").err().unwrap().hint_text().unwrap().contains("time_decay"));
    }
}
