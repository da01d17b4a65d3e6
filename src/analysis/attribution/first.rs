//! First touch: all credit to the touch that opened the path.

use super::{Method, Model, Path, Rules};

/// First touch.
///
/// Source: universal; checked against ChannelAttribution's `first_touch`.
#[derive(Debug, Clone, Copy)]
pub struct First;

impl Model for First {
    const NAME: &'static str = "first";
    const ABOUT: &'static str = "all credit to the first touch";
    const METHOD: Method = Method::Touches(weigh);
}

fn weigh(path: &Path<'_>, _: &Rules, out: &mut Vec<f64>) {
    out.extend((0..path.touches.len()).map(|it| if it == 0 { 1.0 } else { 0.0 }));
}
