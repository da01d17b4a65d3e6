//! The predicates ready to run: stages by number, ways as bits, ranges as numbers.
//!
//! What is cheap is asked first, so that most journeys are decided by their outcome,
//! length or time; stages in one pass over the steps, each way in another. Only a filter
//! of events looks beyond the steps.

use std::ops::Range;

use indexmap::IndexMap;
use jiff::tz::TimeZone;

use super::asked::EventTest;
use super::options::SelectOptions;
use super::path::{Link, PathPattern};
use super::range::{Minute, Within};
use super::words;
use crate::base::{Error, Result, StageId, Timestamp};
use crate::model::{Catalog, Events, Outcome, Step};

/// The most stages that one journey must have: one bit each.
const MOST: usize = 64;

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

/// What the predicates say of a stage.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    /// Its bit among the stages that must be met, if it is one.
    with: u64,
    without: bool,
    starts: bool,
    ends: bool,
}

/// A way through stages as an automaton: bit i stands for "came as far as stage i of the way".
#[derive(Debug, Clone)]
struct Way {
    /// For each mark, the places of the way at which its stage stands.
    places: Vec<u64>,
    /// The places that must follow at the very next step.
    directly: u64,
    /// The last place.
    end: u64,
}

impl Way {
    fn new(way: &PathPattern, marks: &Marks<'_>) -> Result<Self> {
        let mut own = Self { places: vec![0; marks.count()], directly: 0, end: 0 };
        for (place, (link, name)) in way.links().iter().enumerate() {
            own.end = 1 << place;
            if *link == Link::Directly {
                own.directly |= own.end;
            }
            if let Some(mark) = marks.find(name)? {
                own.places[mark] |= own.end;
            }
        }
        Ok(own)
    }

    /// Whether steps with these marks go this way. O(steps), without a branch on the way:
    /// the bit-parallel simulation of an automaton (Baeza-Yates and Gonnet 1992).
    fn goes(&self, marks: impl Iterator<Item = usize>) -> bool {
        let (mut ever, mut last) = (0u64, 0u64);
        for mark in marks {
            let next = 1 | ((last << 1) & self.directly) | ((ever << 1) & !self.directly);
            last = next & self.places[mark];
            if last & self.end != 0 {
                return true;
            }
            ever |= last;
        }
        false
    }
}

/// The stages that predicates name, each with a number from 1.
struct Marks<'a> {
    catalog: &'a Catalog,
    of: IndexMap<StageId, usize>,
}

impl Marks<'_> {
    fn count(&self) -> usize {
        self.of.len() + 1
    }

    /// The stage of a name; none where there is no event at all.
    fn stage(&self, name: &str) -> Result<Option<StageId>> {
        match self.catalog.stages.id(name) {
            Some(id) => Ok(Some(StageId(id))),
            // Names cannot occur where nothing does.
            None if self.catalog.events == 0 => Ok(None),
            None => Err(Error::new(format!("there is no stage \"{name}\""))
                .suggest(self.catalog.stages.nearest(name))),
        }
    }

    fn find(&self, name: &str) -> Result<Option<usize>> {
        Ok(self.stage(name)?.and_then(|it| self.of.get(&it).copied()))
    }

    fn name(&mut self, name: &str) -> Result<()> {
        let next = self.count();
        if let Some(stage) = self.stage(name)? {
            self.of.entry(stage).or_insert(next);
        }
        match u16::try_from(next) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::new("more stages are named than can be told apart")),
        }
    }
}

/// What is wrong, and the key of `[select]` in which it stands.
pub type Wrong = (&'static str, Error);

fn of<T>(key: &'static str, result: Result<T>) -> std::result::Result<T, Wrong> {
    result.map_err(|error| (key, error))
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
            words: words::words(options),
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

/// Gives each stage that is named a number.
fn named<'a>(
    options: &SelectOptions,
    catalog: &'a Catalog,
) -> std::result::Result<Marks<'a>, Wrong> {
    let mut marks = Marks { catalog, of: IndexMap::new() };
    let lists = [
        ("with", &options.with),
        ("without", &options.without),
        ("starts", &options.starts),
        ("ends", &options.ends),
        ("between", &options.between),
    ];
    for (key, names) in lists {
        names.iter().try_for_each(|it| of(key, marks.name(it)))?;
    }
    let mut stages = options.path.iter().flat_map(PathPattern::stages);
    stages.try_for_each(|it| of("path", marks.name(it)))?;
    Ok(marks)
}

/// What is said of each stage by its number, and the bits that must be met.
fn marks(
    options: &SelectOptions,
    names: &Marks<'_>,
) -> std::result::Result<(Vec<Mark>, u64), Wrong> {
    let mut marks = vec![Mark::default(); names.count()];
    let mut bits = 0usize;
    for name in &options.with {
        match of("with", names.find(name))? {
            Some(at) if marks[at].with != 0 => continue,
            Some(at) if bits < MOST => marks[at].with = 1 << bits,
            None if bits < MOST => {}
            _ => {
                let error = format!("a journey must come to {MOST} stages at most");
                return Err(("with", Error::new(error)));
            }
        }
        bits += 1;
    }
    let flags: [(&str, &[String], fn(&mut Mark)); 3] = [
        ("without", &options.without, |it| it.without = true),
        ("starts", &options.starts, |it| it.starts = true),
        ("ends", &options.ends, |it| it.ends = true),
    ];
    for (key, list, flag) in flags {
        for name in list {
            if let Some(at) = of(key, names.find(name))? {
                flag(&mut marks[at]);
            }
        }
    }
    Ok((marks, if bits == MOST { u64::MAX } else { (1 << bits) - 1 }))
}
