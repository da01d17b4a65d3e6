//! A preset compiled against a study: which takes give which column of a mapping.
//!
//! Knows columns and presets; no record.

use super::resolve::column;
use super::table::{Preset, Take, Tuple};
use crate::base::Result;
use crate::input::mapping::Mapping;
use crate::input::read::Job;
use crate::input::{Role, SourceOptions};

/// Where the value of a column comes from.
#[derive(Debug, Clone)]
pub(super) enum Column {
    /// A path that the user, or a filter, names; whether it must be a single value.
    Path(String, bool),
    /// A key of the preset.
    Key(&'static [Take]),
    /// One of several keys that go together.
    Part(&'static Tuple, usize),
}

/// A preset for one file.
pub struct Plan<'m> {
    pub(super) preset: &'static Preset,
    pub(super) mapping: &'m Mapping,
    /// For each of [`Mapping::columns`] where its value comes from.
    pub(super) columns: Vec<Column>,
    /// The columns that events need, and their keys.
    pub(super) needs: Vec<(usize, &'static str)>,
    /// The same file's rows that only link ids.
    pub(super) links: Mapping,
    pub(super) link_columns: Vec<Column>,
    /// The types of the ids in [`Self::links`], and the column of each.
    pub(super) link_types: Vec<(String, usize)>,
    /// The file's name up to its first point.
    pub(super) file: String,
}

impl<'m> Plan<'m> {
    /// The plan of a job whose source names this preset.
    ///
    /// # Errors
    /// None that is known: the mapping was compiled before.
    pub fn new(preset: &'static Preset, job: &Job<'m>) -> Result<Self> {
        let (mapping, source) = (job.mapping, job.source);
        let own = SourceOptions {
            path: source.path.clone(),
            name: source.name.clone(),
            role: Role::Links,
            time: source.time.clone(),
            time_format: source.time_format,
            ids: source.ids.clone(),
            ..SourceOptions::default()
        };
        let links = Mapping::new(&own, &mapping.common)?;
        let columns = |it: &Mapping| {
            let one = |(at, name): (usize, &String)| {
                compiled(preset, name, it.ids.iter().any(|id| id.1 == at))
            };
            it.columns().iter().enumerate().map(one).collect()
        };
        let position =
            |mapping: &Mapping, name: &str| mapping.columns().iter().position(|it| it == name);
        let types = own.ids.iter().filter_map(|it| Some((it.0.clone(), position(&links, it.1)?)));
        let needs = preset.needs.iter().filter_map(|key| {
            let takes = preset.keys.iter().find(|it| it.0 == *key)?.1;
            Some((position(mapping, &column(key, takes))?, *key))
        });
        Ok(Self {
            preset,
            mapping,
            columns: columns(mapping),
            needs: needs.collect(),
            link_columns: columns(&links),
            link_types: types.collect(),
            links,
            file: super::look::stem(&job.file.name),
        })
    }
}

fn compiled(preset: &'static Preset, name: &str, id: bool) -> Column {
    let path = || Column::Path(name.to_owned(), id);
    if let Some((_, takes)) = preset.keys.iter().find(|it| column(it.0, it.1) == name) {
        return Column::Key(takes);
    }
    let Some(key) = name.strip_prefix('@') else { return path() };
    for tuple in preset.tuples {
        if let Some(part) = tuple.keys.iter().position(|it| *it == key) {
            return Column::Part(tuple, part);
        }
    }
    path()
}
