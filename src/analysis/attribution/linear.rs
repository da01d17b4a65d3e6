//! Linear: every touch earns the same.

use super::{Method, Model, Path, Rules};

/// Linear: 1/n to each of n touches; a channel that is met twice earns twice.
///
/// Source: universal; checked against ChannelAttribution's `linear_touch`.
#[derive(Debug, Clone, Copy)]
pub struct Linear;

impl Model for Linear {
    const NAME: &'static str = "linear";
    const ABOUT: &'static str = "the same credit to every touch, repeats counted";
    const METHOD: Method = Method::Touches(weigh);
}

fn weigh(path: &Path<'_>, _: &Rules, out: &mut Vec<f64>) {
    out.extend(path.touches.iter().map(|_| 1.0));
}
