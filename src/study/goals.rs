//! The goal: which stages count as a conversion.
//!
//! Named in the journey file, or guessed from amounts and names; a guess is said.

use crate::base::{Error, NONE, Names, Result, StageId};
use crate::config::Config;
use crate::input;
use crate::model::raw::NO_AMOUNT;
use crate::prepare::rows::Rows;

/// The goal stages: named in the journey file, or guessed from amounts and names.
pub(super) fn goals(
    config: &Config,
    stages: &Names,
    rows: &[Rows],
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
        if rows.iter().all(|it| it.times.is_empty()) {
            return Ok(Vec::new());
        }
        let mut goals: Vec<StageId> = named.as_slice().iter().map(goal).collect::<Result<_>>()?;
        goals.sort_unstable();
        goals.dedup();
        return Ok(goals);
    }
    let valued = valued_stages(stages.len(), rows);
    let by_value: Vec<u32> = (0..stages.len() as u32).filter(|&it| valued[it as usize]).collect();
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

fn valued_stages(stages: usize, rows: &[Rows]) -> Vec<bool> {
    let mut valued = vec![false; stages];
    for batch in rows {
        for (&stage, &amount) in batch.stages.iter().zip(&batch.amounts) {
            if amount != NO_AMOUNT && amount != 0 && stage != NONE {
                valued[stage as usize] = true;
            }
        }
    }
    valued
}
