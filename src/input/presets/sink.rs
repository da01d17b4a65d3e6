//! Records in, rows out: where the readers of presets deliver.
//!
//! Says of each record what it is, takes its values apart by the preset's table and
//! hands them to [`Rows`], which checks and counts them. Knows no form of bytes.

use std::borrow::Cow;

use super::json::{Inside, Json};
use super::plan::{Column, Plan};
use super::record::{Found, Record, Trouble};
use super::table::{Preset, Row, Take, Tuple};
use crate::base::{IssueKind, Issues};
use crate::input::gather::Part;
use crate::input::jsonl::reject_json;
use crate::input::read::Job;
use crate::input::rows::{Field, Rows};

/// Rows of events and rows of links, as they grow.
pub struct Sink<'p> {
    plan: &'p Plan<'p>,
    events: Rows<'p>,
    links: Rows<'p>,
    /// Which columns had a value in any record.
    seen: Vec<bool>,
    strict: bool,
}

/// Where a record stands, and how to get it as it stands there.
#[derive(Clone, Copy)]
struct Place<'r> {
    line: u64,
    raw: &'r dyn Fn() -> String,
}

impl<'p> Sink<'p> {
    /// No rows yet.
    pub fn new(plan: &'p Plan<'p>, job: &Job<'_>) -> Self {
        Self {
            plan,
            events: Rows::new(plan.mapping, job.file.clone(), job.keep_all),
            links: Rows::new(&plan.links, job.file.clone(), job.keep_all),
            seen: vec![false; plan.columns.len()],
            strict: job.strict,
        }
    }

    /// No rows yet, for another part of the same file.
    pub fn fork(&self) -> Self {
        Self {
            plan: self.plan,
            events: self.events.fork(),
            links: self.links.fork(),
            seen: vec![false; self.seen.len()],
            strict: self.strict,
        }
    }

    /// Takes a record: the number of its line (or row) from 1, its text as a JSON object,
    /// and how to get it as it stands in the file.
    pub fn take(&mut self, line: u64, text: &str, raw: &dyn Fn() -> String) {
        let text = spliced(text, self.plan.preset.json);
        match Json::object(&text) {
            Ok(root) => self.root(&root, Place { line, raw }),
            Err(error) => reject_json(line, &text, &error, &mut self.events),
        }
    }

    /// Counts a record that could not be taken apart.
    pub fn reject(
        &mut self,
        line: u64,
        column: u64,
        kind: IssueKind,
        detail: impl Into<String>,
        raw: &dyn Fn() -> String,
    ) {
        self.events.reject(line, column, kind, detail, raw);
    }

    /// Counts a record that is knowingly no event.
    pub fn leave_out(&mut self, reason: &'static str) {
        self.events.leave_out(reason);
    }

    /// How many rows came so far.
    pub fn read(&self) -> u64 {
        self.events.read() + self.links.read()
    }

    /// Whether the format of times is known, so that other parts may be read beside.
    pub fn is_decided(&self) -> bool {
        self.events.is_decided()
    }

    /// Whether these rows make further reading pointless.
    pub fn stops(&self) -> bool {
        self.strict && (self.events.has_rejects() || self.links.has_rejects())
    }

    /// The rows, what became of the others, and which columns had values.
    pub fn finish(self) -> (Vec<(Part, Issues)>, Vec<bool>) {
        let mut parts = vec![self.events.finish()];
        if self.links.read() > 0 {
            parts.push(self.links.finish());
        }
        (parts, self.seen)
    }

    fn root(&mut self, root: &Json<'_>, place: Place<'_>) {
        let record = Record { root, element: None, file: &self.plan.file, index: 0 };
        let Some(each) = &self.plan.preset.each else { return self.record(&record, place) };
        let wrong = |detail| Trouble::record(detail);
        let list = match record.find(each.list) {
            Err(trouble) => return self.trouble(trouble, place),
            Ok(None) => {
                return self.trouble(wrong(format!("there is no list {}", each.list)), place);
            }
            Ok(Some(it)) => it,
        };
        let Some(elements) = elements(list) else {
            return self.trouble(wrong(format!("{} is no list", each.list)), place);
        };
        if elements.is_empty() {
            return self.leave_out(each.empty);
        }
        for (index, element) in elements.into_iter().enumerate() {
            if !matches!(element.inside(), Inside::Object(_)) {
                let detail = format!("an element of {} is no object", each.list);
                self.trouble(wrong(detail), place);
                continue;
            }
            let record =
                Record { root, element: Some((each.name, element)), file: &self.plan.file, index };
            self.record(&record, place);
        }
    }

    /// Takes a record whole, or sets it aside whole.
    fn record(&mut self, record: &Record<'_, '_>, place: Place<'_>) {
        if let Err(trouble) = self.try_record(record, place) {
            self.trouble(trouble, place);
        }
    }

    fn try_record(&mut self, record: &Record<'_, '_>, place: Place<'_>) -> Result<(), Trouble> {
        let plan = self.plan;
        let row = what(plan.preset, record)?;
        match row {
            Row::Out(reason) => {
                self.leave_out(reason);
                return Ok(());
            }
            Row::Wrong(detail) => return Err(Trouble::record(detail)),
            Row::Event | Row::Link => {}
        }
        let columns = if row == Row::Link { &plan.link_columns } else { &plan.columns };
        let values = columns.iter().map(|it| value(record, it)).collect::<Result<Vec<_>, _>>()?;
        let more = self.more_links(record)?;
        if row == Row::Link {
            self.link(&values, place);
        } else {
            if let Some((_, key)) = plan.needs.iter().find(|it| values[it.0].is_none()) {
                return Err(Trouble::record(format!("there is no {key}")));
            }
            for (seen, value) in self.seen.iter_mut().zip(&values) {
                *seen |= value.is_some();
            }
            let fields: Vec<Field<'_>> = values.iter().map(field).collect();
            self.events.push(place.line, &fields, place.raw);
        }
        for values in more {
            self.link(&values, place);
        }
        Ok(())
    }

    fn link(&mut self, values: &[Option<Cow<'_, str>>], place: Place<'_>) {
        let fields: Vec<Field<'_>> = values.iter().map(field).collect();
        self.links.push(place.line, &fields, place.raw);
    }

    /// The links that a record tells of besides its own ids.
    fn more_links<'r>(
        &self,
        record: &Record<'r, '_>,
    ) -> Result<Vec<Vec<Option<Cow<'r, str>>>>, Trouble> {
        let mut rows = Vec::new();
        let plan = self.plan;
        for link in plan.preset.links {
            if !record.holds(&link.when)? {
                continue;
            }
            let mut values = vec![None; plan.link_columns.len()];
            if let Some(time) = plan.links.time {
                values[time] = value(record, &plan.link_columns[time])?;
            }
            let mut count = 0;
            for (id_type, takes) in link.ids {
                let Some(it) = plan.link_types.iter().find(|it| it.0 == *id_type) else { continue };
                values[it.1] = record.first(takes)?;
                count += usize::from(values[it.1].is_some());
            }
            if count > 1 {
                rows.push(values);
            }
        }
        Ok(rows)
    }

    #[cold]
    fn trouble(&mut self, trouble: Trouble, place: Place<'_>) {
        self.events.reject(place.line, 0, trouble.kind, trouble.detail, place.raw);
    }
}

/// The elements of a list; also of an object whose keys are positions, as PHP writes lists
/// from which something was taken out.
pub(super) fn elements<'r, 't>(list: &'r Json<'t>) -> Option<Vec<&'r Json<'t>>> {
    let is_position = |key: &str| !key.is_empty() && key.bytes().all(|it| it.is_ascii_digit());
    match list.inside() {
        Inside::List(all) => Some(all.iter().collect()),
        Inside::Object(all) if all.iter().all(|it| is_position(&it.0)) => {
            Some(all.iter().map(|it| &it.1).collect())
        }
        _ => None,
    }
}

/// What a record is.
pub(super) fn what(preset: &Preset, record: &Record<'_, '_>) -> Result<Row, Trouble> {
    for (when, row) in preset.rows {
        if record.holds(when)? {
            return Ok(*row);
        }
    }
    Ok(Row::Event)
}

fn field<'v>(value: &'v Option<Cow<'_, str>>) -> Field<'v> {
    value.as_deref().map_or(Field::Missing, Field::Text)
}

fn value<'r>(record: &Record<'r, '_>, column: &Column) -> Found<Cow<'r, str>> {
    match column {
        Column::Path(path, true) => record.text(path),
        Column::Path(path, false) => record.any(path),
        Column::Key(takes) => record.first(takes),
        Column::Part(tuple, part) => of_tuple(record, tuple, *part),
    }
}

/// One key of the first place where any of them has a value.
fn of_tuple<'r>(record: &Record<'r, '_>, tuple: &Tuple, part: usize) -> Found<Cow<'r, str>> {
    for place in tuple.places {
        for take in place.iter().filter(|it| !is_fixed(it)) {
            if record.take(take)?.is_some() {
                return place.get(part).map_or(Ok(None), |it| record.take(it));
            }
        }
    }
    Ok(None)
}

/// Whether a take gives the same text whatever the record holds.
fn is_fixed(take: &Take) -> bool {
    matches!(take, Take::Text(_))
}

/// A record in which texts that hold JSON are that JSON.
pub(super) fn spliced<'t>(text: &'t str, keys: &[&str]) -> Cow<'t, str> {
    if keys.is_empty() {
        return Cow::Borrowed(text);
    }
    let Ok(root) = Json::object(text) else { return Cow::Borrowed(text) };
    let Inside::Object(entries) = root.inside() else { return Cow::Borrowed(text) };
    let packed = |key: &str, it: &Json<'_>| {
        keys.contains(&key) && it.raw().starts_with('"') && !it.is_empty()
    };
    if !entries.iter().any(|it| packed(&it.0, &it.1)) {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    for (key, value) in entries {
        whole.push(if whole.is_empty() { '{' } else { ',' });
        whole.push_str(&serde_json::Value::from(&**key).to_string());
        whole.push(':');
        match packed(key, value).then(|| value.text().ok().flatten()).flatten() {
            // What is no JSON stays a text, on which every path into it then fails.
            Some(inside) if serde_json::from_str::<serde::de::IgnoredAny>(&inside).is_ok() => {
                whole.push_str(&inside);
            }
            _ => whole.push_str(value.raw()),
        }
    }
    whole.push('}');
    Cow::Owned(whole)
}
