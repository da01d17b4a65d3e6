//! Last non-direct touch: who came back by typing the address is credited to
//! what brought them before.

use super::{Method, Model, Path, Rules, last::only};

/// Last non-direct touch; where all touches are direct, the last.
///
/// Source: Google Analytics' "last click", which ignores direct traffic unless
/// the whole path is direct.
#[derive(Debug, Clone, Copy)]
pub struct LastNonDirect;

impl Model for LastNonDirect {
    const NAME: &'static str = "last_non_direct";
    const ABOUT: &'static str =
        "all credit to the last touch that is not direct; to the last if all are direct";
    const METHOD: Method = Method::Touches(weigh);
}

fn weigh(path: &Path<'_>, rules: &Rules, out: &mut Vec<f64>) {
    let touches = path.touches;
    let chosen = touches.iter().rposition(|it| !rules.direct.contains(&it.channel));
    only(touches.len(), chosen.unwrap_or(touches.len().saturating_sub(1)), out);
}

/// What a report must say where no channel is direct, so that the model is plain last touch.
pub fn warning(model: &str, rules: &Rules) -> Option<String> {
    (model == LastNonDirect::NAME && rules.direct.is_empty()).then(|| {
        "last_non_direct: no channel of the data is direct, so it equals last touch. If one means \
         \"no channel\", name it: direct = \"NAME\" in [attribution]."
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use crate::analysis::attribution::{AttributionOptions, Rules, weights_of};
    use crate::base::ChannelId;

    #[test]
    fn direct_touches_pass_the_credit_back_unless_all_are_direct() {
        let rules = Rules { direct: vec![ChannelId(9)], ..AttributionOptions::default().plain() };
        let weights = |touches: &[(u32, i64)]| weights_of("last_non_direct", touches, &rules);
        assert_eq!(weights(&[(1, 0), (2, 1), (9, 2), (9, 3)]), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(weights(&[(9, 0), (9, 1)]), [0.0, 1.0]);
    }
}
