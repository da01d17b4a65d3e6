//! The `[attribution]` section: options that all credit shares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{ChannelId, Error, Result, Span};
use crate::model::Catalog;
use crate::model::TouchOptions;

use super::{MODELS, ModelEntry, Rules, model};

/// What journeys that are still open count as in models that need journeys without conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenJourneys {
    /// Left out: too early to judge.
    #[default]
    Leave,
    /// Counted as journeys without conversion.
    Null,
}

/// Who earns the credit, and how it is split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AttributionOptions {
    /// What counts as a touch: each session with a channel, or each event with a channel.
    pub touches: TouchOptions,
    /// The models to compare.
    pub models: Vec<String>,
    /// The model of the ledger.
    pub ledger_model: String,
    /// Time decay: the time after which a touch counts half as much, such as "7d".
    pub half_life: Span,
    /// Position: weights of the first touch, of all between together, and of the last.
    pub position: [f64; 3],
    /// The channel that means "no channel", whatever its case (last non-direct).
    pub direct: String,
    /// Markov: whether journeys still open are left out, or count as not converting.
    pub open: OpenJourneys,
}

impl Default for AttributionOptions {
    fn default() -> Self {
        Self {
            touches: TouchOptions::default(),
            models: MODELS.iter().map(|it| it.name.to_owned()).collect(),
            ledger_model: "linear".to_owned(),
            half_life: Span::days(7),
            position: [40.0, 20.0, 40.0],
            direct: "Direct".to_owned(),
            open: OpenJourneys::default(),
        }
    }
}

impl AttributionOptions {
    /// What the models are told, for the channels of a catalog.
    ///
    /// # Errors
    /// A half-life that is not positive; position weights that are negative or all 0.
    pub fn rules(&self, catalog: &Catalog) -> Result<Rules> {
        if self.half_life.0 <= 0 {
            return Err(Error::new(format!("half_life is {}, not a time", self.half_life))
                .hint("write a positive span, such as half_life = \"7d\""));
        }
        let valid = self.position.iter().all(|it| it.is_finite() && *it >= 0.0);
        if !valid || self.position.iter().sum::<f64>() <= 0.0 {
            return Err(Error::new("position must hold three weights that are not negative")
                .hint("write position = [40, 20, 40]"));
        }
        let wanted = self.direct.to_lowercase();
        let names = catalog.channels.iter().enumerate();
        let direct = names.filter(|it| it.1.to_lowercase() == wanted);
        let direct = direct.map(|it| ChannelId::at(it.0)).collect();
        Ok(Rules { direct, ..self.plain() })
    }

    /// The rules without any channel's name.
    pub(super) fn plain(&self) -> Rules {
        Rules { half_life: self.half_life, position: self.position, direct: Vec::new() }
    }

    /// The chosen models, each once, in the registry's order.
    ///
    /// # Errors
    /// An unknown model, or none.
    pub fn chosen(&self) -> Result<Vec<&'static ModelEntry>> {
        for name in &self.models {
            model(name)?;
        }
        let chosen: Vec<_> =
            MODELS.iter().filter(|it| self.models.iter().any(|name| name == it.name)).collect();
        if chosen.is_empty() {
            return Err(Error::new("no attribution model is chosen")
                .hint("leave `models` out for all of them"));
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_options_are_refused_with_a_hint() {
        let catalog = Catalog::default();
        let rules = |change: fn(&mut AttributionOptions)| {
            let mut options = AttributionOptions::default();
            change(&mut options);
            options.rules(&catalog).and_then(|it| options.chosen().map(|_| it))
        };
        assert!(rules(|_| {}).is_ok());
        assert!(rules(|it| it.half_life = Span(0)).is_err());
        assert!(rules(|it| it.position = [0.0; 3]).is_err());
        assert!(rules(|it| it.position = [1.0, -1.0, 1.0]).is_err());
        assert!(rules(|it| it.models = vec!["frist".to_owned()]).is_err());
        assert!(rules(|it| it.models.clear()).is_err());
    }

    #[test]
    fn whole_numbers_are_read_as_position_weights() {
        let options: AttributionOptions =
            toml::from_str("position = [30, 40, 30]\nopen = \"null\"").unwrap();
        assert_eq!(options.position, [30.0, 40.0, 30.0]);
        assert_eq!(options.open, OpenJourneys::Null);
    }
}
