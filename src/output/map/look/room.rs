//! How much of a map is drawn: what a sink has room for, and the levels of detail of a page.
//!
//! Knows no box and no color.

use crate::model::JourneyMap;
use crate::output::map::MapStyle;
use crate::output::map::filter::{Keep, Kept, Ranking};

/// How much a sink can show; 0 is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Stages of a map of many that it shows where nobody chose anything.
    pub stages: usize,
    /// Stages that it shows where transitions were chosen, but not how many stages.
    pub asked_stages: usize,
    /// Stages that it shows at most, whatever the style says.
    pub most_stages: usize,
    /// Transitions that it shows at most, beside those that hold the map together.
    pub most_lines: usize,
}

/// Up to so many stages all of them are drawn.
const FEW: usize = 50;
/// Of more stages at least so many are drawn.
const FEWEST: usize = 12;
/// And no more than hold this share of all visits.
const BUSIEST: f64 = 0.8;

/// The levels of detail of a page: shares of all moves, beside what the style draws.
const LEVELS: [f64; 8] = [0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 1.0];
/// So many transitions can be read however few the stages.
const READABLE: usize = 60;

/// How many stages hold most of all visits.
fn busiest(map: &JourneyMap) -> usize {
    let mut visits: Vec<u64> = map.nodes.iter().map(|it| it.visits).collect();
    visits.sort_unstable_by(|a, b| b.cmp(a));
    let enough = visits.iter().sum::<u64>() as f64 * BUSIEST;
    let mut seen = 0;
    let before = visits.iter().take_while(|&&it| {
        let short = (seen as f64) < enough;
        seen += it;
        short
    });
    before.count()
}

impl Room {
    /// What people can read in one picture, and as much as a program that draws can place if
    /// they ask for more.
    pub const READABLE: Self =
        Self { stages: 30, asked_stages: 1000, most_stages: 0, most_lines: 0 };

    /// The most stages of a map that are drawn.
    pub(super) fn stages(self, style: &MapStyle, map: &JourneyMap) -> usize {
        let bound = |it: usize| if it == 0 { usize::MAX } else { it };
        let stages = match (style.stages, style.keep) {
            (Some(stages), _) => stages,
            (None, Keep::Significant(_)) if map.nodes.len() > FEW => match self.stages {
                0 => 0,
                most => most.min(busiest(map).max(FEWEST)),
            },
            (None, _) => self.asked_stages,
        };
        bound(stages).min(bound(self.most_stages))
    }

    /// The most transitions that are drawn of a map with so many stages.
    pub(super) fn lines(self, keep: Keep, stages: usize) -> usize {
        let most = if self.most_lines == 0 { usize::MAX } else { self.most_lines };
        match keep {
            // Nobody chose: a picture that can be read.
            Keep::Significant(_) if self.stages > 0 => most.min(READABLE.max(2 * stages)),
            _ => most,
        }
    }
}

/// What is drawn at each level, the barest first, and which level the style asks for.
pub(super) fn levels(map: &JourneyMap, keep: Keep, most: usize, page: bool) -> (Vec<Kept>, usize) {
    let ranking = Ranking::new(map, keep);
    let chosen = ranking.kept(keep, most);
    if !page {
        return (vec![chosen], 0);
    }
    let room = (chosen.edges.len() * 3 / 2).max(READABLE).min(most.max(chosen.edges.len()));
    let mut levels = vec![ranking.bare()];
    levels.extend(LEVELS.map(|it| ranking.kept(Keep::Coverage(it), usize::MAX)));
    levels.retain(|it| it.edges.len() <= room);
    levels.push(chosen.clone());
    levels.sort_by_key(|it| it.edges.len());
    // A few more or less are no level of their own: the chosen one stays, else the barest.
    let size = |it: &Kept| it.edges.len();
    let mut kept: Vec<Kept> = Vec::new();
    for level in levels {
        match kept.last_mut() {
            Some(last) if size(&level) < size(last) + (size(last) / 10).max(2) => {
                if size(&level) == size(&chosen) {
                    *last = level;
                }
            }
            _ => kept.push(level),
        }
    }
    let level = kept.iter().position(|it| size(it) == size(&chosen)).unwrap_or(0);
    (kept, level)
}
