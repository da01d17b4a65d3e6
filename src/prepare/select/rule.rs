//! The predicates ready to run: stages by number, ways as bits, ranges as numbers.
//!
//! What is cheap is asked first, so that most journeys are decided by their outcome,
//! length or time; stages in one pass over the steps, each way in another. Only a filter
//! of events looks beyond the steps.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::asked::EventTest;
use super::marks::{Mark, Wrong, marks, named, of};
use super::options::SelectOptions;
use super::path::PathPattern;
use super::range::{Minute, Within};
use super::way::Way;
use super::words;
use crate::base::privacy::masked;
use crate::base::{Error, StageId, Timestamp};
use crate::model::{Catalog, Events, Outcome, Step};

/// A journey that may be kept.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// Its steps; at least one.
    pub steps: &'a [Step],
    /// How it ended.
    pub outcome: Outcome,
    /// The shard that holds its events.
    pub shard: &'a Events,
    /// Where in the shard these stand.
    pub events: Range<usize>,
}

/// Says which journeys are kept.
#[derive(Debug, Clone)]
pub struct Selector {
    /// For each stage its mark; 0 for those that no predicate names.
    mark_of: Vec<u16>,
    marks: Vec<Mark>,
    /// The bits of all stages that must be met.
    with: u64,
    without: bool,
    starts: bool,
    ends: bool,
    ways: Vec<Way>,
    between: Option<(StageId, StageId)>,
    length: Option<(u64, u64)>,
    lasting: Option<(i64, i64)>,
    began: Option<(Timestamp, Timestamp)>,
    hours: Option<(Within<Minute>, TimeZone)>,
    outcome: Option<[bool; 3]>,
    having: Option<EventTest>,
    lacking: Option<EventTest>,
    others: bool,
    words: String,
    part: Option<String>,
}

impl Selector {
    /// Looks everything up; none where nothing is said, so that all journeys are kept.
    ///
    /// # Errors
    /// A stage or property that does not occur, with the nearest one; a range that leaves
    /// the calendar; with the key that says so.
    pub fn new(
        options: &SelectOptions,
        catalog: &Catalog,
        zone: &TimeZone,
    ) -> std::result::Result<Option<Self>, Wrong> {
        if options.is_empty() {
            if options.others {
                let error = Error::new("there are no others where nothing is chosen");
                return Err(("others", error.hint("say which journeys, too: --with STAGE")));
            }
            return Ok(None);
        }
        let between = between(options)?;
        let names = named(options, catalog)?;
        let ways = options.path.iter().map(|it| of("path", Way::new(it, &names)));
        let between_way = between.as_ref().map(|it| of("between", Way::new(it, &names)));
        let began = options.began.map(|it| of("began", it.instants(zone))).transpose()?;
        let test = |key, filter: &Option<_>| {
            filter.as_ref().map(|it| of(key, EventTest::new(it, catalog))).transpose()
        };
        let mut mark_of = vec![0; catalog.stages.len()];
        for (stage, &mark) in &names.of {
            mark_of[stage.index()] = mark as u16;
        }
        let (marks, with) = marks(options, &names)?;
        let stretch = options.between.iter().map(|it| of("between", names.stage(it)));
        let stretch: Vec<Option<StageId>> = stretch.collect::<std::result::Result<_, _>>()?;
        Ok(Some(Self {
            mark_of,
            marks,
            with,
            without: !options.without.is_empty(),
            starts: !options.starts.is_empty(),
            ends: !options.ends.is_empty(),
            ways: ways.chain(between_way).collect::<std::result::Result<_, _>>()?,
            between: match stretch[..] {
                [Some(from), Some(to)] if !options.others => Some((from, to)),
                _ => None,
            },
            length: options
                .length
                .map(|it| (it.from.map_or(0, |it| it.0), it.to.map_or(u64::MAX, |it| it.0))),
            lasting: options
                .lasting
                .map(|it| (it.from.map_or(0, |it| it.0), it.to.map_or(i64::MAX, |it| it.0))),
            began,
            hours: options.hours.map(|it| (it, zone.clone())),
            outcome: (!options.outcome.is_empty()).then(|| {
                [Outcome::Converted, Outcome::Exit, Outcome::Open]
                    .map(|it| options.outcome.iter().any(|own| own.outcome() == it))
            }),
            having: test("having", &options.having)?,
            lacking: test("lacking", &options.lacking)?,
            others: options.others,
            // It stands on pages that are passed on, and whom it asks for is nobody else's business.
            words: masked(&words::words(options)).into_owned(),
            part: words::part(options),
        }))
    }

    /// Which journeys are kept, as what follows the word "journeys".
    pub fn words(&self) -> &str {
        &self.words
    }

    /// What of a kept journey is shown, where that is not all of it.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// Whether only a part of each kept journey is shown.
    pub fn trims(&self) -> bool {
        self.between.is_some()
    }

    /// Whether a journey is kept.
    pub fn keeps(&self, it: &Seen<'_>) -> bool {
        self.meets(it) != self.others
    }

    /// The steps of a kept journey that are shown.
    pub fn shown(&self, steps: &[Step]) -> Range<usize> {
        let stretch = self.between.and_then(|(from, to)| {
            let first = steps.iter().position(|it| it.stage == from)?;
            let later = steps[first + 1..].iter().position(|it| it.stage == to)?;
            Some(first..first + later + 2)
        });
        stretch.unwrap_or(0..steps.len())
    }

    fn meets(&self, it: &Seen<'_>) -> bool {
        let (Some(first), Some(last)) = (it.steps.first(), it.steps.last()) else { return false };
        let within = |range: Option<(i64, i64)>, value: i64| {
            range.is_none_or(|(from, to)| from <= value && value <= to)
        };
        let steps = it.steps.len() as u64;
        self.outcome.is_none_or(|own| own[it.outcome as usize])
            && self.length.is_none_or(|(from, to)| from <= steps && steps <= to)
            && within(self.lasting, last.time.since(first.time).0)
            && self.began.is_none_or(|(from, to)| from <= first.time && first.time <= to)
            && (!self.starts || self.mark(first).starts)
            && (!self.ends || self.mark(last).ends)
            && self.comes_to(it.steps)
            && self.ways.iter().all(|way| way.goes(it.steps.iter().map(|it| self.number(it))))
            && self.hours.as_ref().is_none_or(|(own, zone)| own.has(first.time, zone))
            && self.having.as_ref().is_none_or(|own| own.holds(it.shard, it.events.clone()))
            && self.lacking.as_ref().is_none_or(|own| !own.holds(it.shard, it.events.clone()))
    }

    /// Whether steps come to all stages that must be met, and to none that must not.
    fn comes_to(&self, steps: &[Step]) -> bool {
        if self.with == 0 && !self.without {
            return true;
        }
        let mut met = 0;
        for step in steps {
            let mark = self.mark(step);
            met |= mark.with;
            if mark.without {
                return false;
            }
        }
        met == self.with
    }

    fn number(&self, step: &Step) -> usize {
        self.mark_of.get(step.stage.index()).map_or(0, |&it| usize::from(it))
    }

    fn mark(&self, step: &Step) -> Mark {
        self.marks.get(self.number(step)).copied().unwrap_or_default()
    }
}

/// The two ends of a stretch as a way; none if there is no stretch.
fn between(options: &SelectOptions) -> std::result::Result<Option<PathPattern>, Wrong> {
    match options.between.as_slice() {
        [] => Ok(None),
        [from, to] => Ok(Some(PathPattern::eventually(from, to))),
        it => {
            let given = it.len();
            let error = Error::new(format!("a stretch is between two stages, not {given}"));
            Err(("between", error.hint("write --between Cart,Purchase")))
        }
    }
}
