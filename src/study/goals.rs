//! The goal: which stages count as a conversion.
//!
//! Named in the journey file, or guessed from amounts and names; a guess is said.

use crate::base::{Error, Names, Result, StageId};
use crate::config::Config;
use crate::input;
use crate::prepare::partition::Seen;

/// The goal stages: named in the journey file, or guessed from amounts and names.
pub(super) fn goals(
    config: &Config,
    stages: &Names,
    seen: &Seen,
    guesses: &mut Vec<String>,
) -> Result<Vec<StageId>> {
    if let Some(named) = &config.sections.journey.conversion {
        let goal = |name: &String| match stages.id(name) {
            Some(id) => Ok(StageId(id)),
            None => {
                let what = format!("[journey] conversion: no event has the stage \"{name}\"");
                let error = Error::new(what).suggest(stages.nearest(name));
                Err(config.placed(error, &["journey", "conversion"]))
            }
        };
        if seen.events == 0 {
            return Ok(Vec::new());
        }
        let mut goals: Vec<StageId> = named.as_slice().iter().map(goal).collect::<Result<_>>()?;
        goals.sort_unstable();
        goals.dedup();
        return Ok(goals);
    }
    let valued = (0u32..).zip(&seen.valued);
    let by_value: Vec<u32> = valued.filter(|it| *it.1).map(|it| it.0).collect();
    let named = || {
        let ranked = (0u32..).zip(stages.iter());
        let ranked = ranked.filter_map(|it| Some((input::goal_rank(it.1)?, it.0)));
        ranked.min().map(|it| it.1)
    };
    let (goal, why) = match by_value[..] {
        [only] => (Some(only), "the only stage with amounts"),
        _ => (named(), "by its name"),
    };
    Ok(match goal {
        Some(goal) => {
            guesses.push(format!("conversion = \"{}\" ({why})", stages.get(goal)));
            vec![StageId(goal)]
        }
        None => {
            guesses.push("no conversion: no stage looks like a goal".into());
            Vec::new()
        }
    })
}
