//! The stages that predicates name: each a number, and what is said of it.

use indexmap::IndexMap;

use super::options::SelectOptions;
use super::path::PathPattern;
use crate::base::{Error, Result, StageId};
use crate::model::Catalog;

/// The most stages that one journey must have: one bit each.
const MOST: usize = 64;

/// What is wrong, and the key of `[select]` in which it stands.
pub type Wrong = (&'static str, Error);

/// Adds the key to an error.
pub fn of<T>(key: &'static str, result: Result<T>) -> std::result::Result<T, Wrong> {
    result.map_err(|error| (key, error))
}

/// What the predicates say of a stage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    /// Its bit among the stages that must be met, if it is one.
    pub with: u64,
    /// Whether no journey may come to it.
    pub without: bool,
    /// Whether journeys may start at it.
    pub starts: bool,
    /// Whether they may end at it.
    pub ends: bool,
}

/// The stages that predicates name, each with a number from 1.
pub struct Marks<'a> {
    pub catalog: &'a Catalog,
    pub of: IndexMap<StageId, usize>,
}

impl Marks<'_> {
    /// How many numbers there are: those of the stages, and 0.
    pub fn count(&self) -> usize {
        self.of.len() + 1
    }

    /// The stage of a name; none where there is no event at all.
    pub fn stage(&self, name: &str) -> Result<Option<StageId>> {
        match self.catalog.stages.id(name) {
            Some(id) => Ok(Some(StageId(id))),
            // Names cannot occur where nothing does.
            None if self.catalog.events == 0 => Ok(None),
            None => Err(Error::new(format!("there is no stage \"{name}\""))
                .suggest(self.catalog.stages.nearest(name))),
        }
    }

    /// The number of a stage by name.
    pub fn find(&self, name: &str) -> Result<Option<usize>> {
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

/// Gives each stage that is named a number.
pub fn named<'a>(
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
pub fn marks(
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
    let mut flag = |key, list: &[String], set: fn(&mut Mark)| {
        let mut each = list.iter();
        each.try_for_each(|name| {
            let at = of(key, names.find(name))?;
            at.into_iter().for_each(|at| set(&mut marks[at]));
            Ok(())
        })
    };
    flag("without", &options.without, |it| it.without = true)?;
    flag("starts", &options.starts, |it| it.starts = true)?;
    flag("ends", &options.ends, |it| it.ends = true)?;
    Ok((marks, if bits == MOST { u64::MAX } else { (1 << bits) - 1 }))
}
