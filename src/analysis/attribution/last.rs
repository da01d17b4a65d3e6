//! Last touch: all credit to the touch nearest to the conversion.

use super::{Method, Model, Path, Rules};

/// Last touch.
///
/// Source: universal; checked against ChannelAttribution's `last_touch`.
#[derive(Debug, Clone, Copy)]
pub struct Last;

impl Model for Last {
    const NAME: &'static str = "last";
    const ABOUT: &'static str = "all credit to the last touch";
    const METHOD: Method = Method::Touches(weigh);
}

fn weigh(path: &Path<'_>, _: &Rules, out: &mut Vec<f64>) {
    only(path.touches.len(), path.touches.len().saturating_sub(1), out);
}

/// All weight on one touch.
pub(super) fn only(touches: usize, chosen: usize, out: &mut Vec<f64>) {
    out.extend((0..touches).map(|it| if it == chosen { 1.0 } else { 0.0 }));
}
