//! What columns mean, told from their names and confirmed by their values.
//!
//! Guesses nothing that the values do not confirm. Knows no file.

use std::collections::BTreeSet;

use super::decimal::Decimal;
use super::guess_names::*;
use super::options::{SourceOptions, TimeFormat};
use super::sample::{Column, Sample};
use super::time::TimeReader;
use crate::base::{Error, Result};

/// What the columns of a file mean, and how that was told.
#[derive(Debug, Clone, Default)]
pub(super) struct Guess {
    pub source: SourceOptions,
    pub words: Vec<String>,
    /// The event that is the goal.
    pub conversion: Option<String>,
    /// The currency of the amounts.
    pub currency: Option<String>,
    /// The names of events, the most frequent first.
    pub events: Vec<String>,
}

/// Guesses what the columns mean.
///
/// # Errors
/// No column is confirmed as the time, or none as an id.
pub(super) fn guess(sample: &Sample, stem: &str) -> Result<Guess> {
    let mut it = Guesser { sample, used: BTreeSet::new(), guess: Guess::default() };
    it.guess.source.delimiter = sample.delimiter;
    if let Some(delimiter) = sample.delimiter {
        it.guess.words.push(format!("delimiter = \"{delimiter}\""));
    }
    it.time()?;
    it.session();
    it.ids()?;
    it.order();
    it.amount();
    it.event(stem);
    it.marketing();
    it.rest();
    it.conversion();
    Ok(it.guess)
}

/// The most names that a column of events may have where hardly one comes twice.
const MOST_NAMES: usize = 1000;

/// More pages than this are no stages: they want rules that name some.
const MOST_PAGES: usize = 100;

struct Guesser<'s> {
    sample: &'s Sample,
    used: BTreeSet<usize>,
    guess: Guess,
}

/// Whether an event's name is that of a goal, and how likely: the smaller the likelier.
pub(super) fn goal_rank(name: &str) -> Option<usize> {
    let name = bare(name);
    GOALS.iter().position(|it| *it == name)
}

/// A column's name without case and punctuation; of a dotted path, the whole and its last key.
fn bare(name: &str) -> String {
    name.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl<'s> Guesser<'s> {
    /// The columns with one of these names that nothing else uses, in the order of the names;
    /// those whose whole path has the name before those where only its last key has.
    fn named(&self, names: &[&str]) -> Vec<usize> {
        let mut found = Vec::new();
        let whole = |column: &Column| bare(&column.name);
        let last = |column: &Column| bare(column.name.rsplit('.').next().unwrap_or_default());
        for key in [&whole as &dyn Fn(&Column) -> String, &last] {
            for name in names {
                for (index, column) in self.sample.columns.iter().enumerate() {
                    let free = !self.used.contains(&index) && !found.contains(&index);
                    if free && key(column) == *name {
                        found.push(index);
                    }
                }
            }
        }
        found
    }

    /// Whether there is a header and nothing below it, so that names alone tell.
    fn no_rows(&self) -> bool {
        self.sample.columns.iter().all(|it| it.values.is_empty())
    }

    fn column(&self, index: usize) -> &'s Column {
        &self.sample.columns[index]
    }

    /// Takes a column and says so.
    fn take(&mut self, key: &str, index: usize, why: &str) -> String {
        self.used.insert(index);
        let name = self.column(index).name.clone();
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        self.guess.words.push(format!("{key} = \"{name}\"{why}"));
        name
    }

    /// Takes the first column of these names that passes.
    fn first(
        &mut self,
        key: &str,
        names: &[&str],
        pass: impl Fn(&Column) -> bool,
    ) -> Option<String> {
        let fits = |it: &usize| self.no_rows() || pass(self.column(*it));
        let index = self.named(names).into_iter().find(fits)?;
        Some(self.take(key, index, ""))
    }

    fn time(&mut self) -> Result<()> {
        let named = self.named(&TIMES);
        if let (true, Some(&index)) = (self.no_rows(), named.first()) {
            let name = self.take("time", index, "by its name: there are no rows");
            self.guess.source.time = Some(name);
            return Ok(());
        }
        let formats: Vec<(usize, TimeFormat)> =
            named.iter().filter_map(|&it| Some((it, time_format(self.column(it))?))).collect();
        // A day tells less than a time of day.
        let fine = formats.iter().find(|it| it.1 != TimeFormat::Date);
        let mut best = fine.or(formats.first()).copied();
        if best.is_none() {
            // No name is known: the only column that is all times, if there is just one.
            let texts = |&index: &usize| {
                let format = time_format(self.column(index))?;
                (!format.is_epoch() && !is_compact(self.column(index))).then_some((index, format))
            };
            let others: Vec<_> =
                (0..self.sample.columns.len()).filter_map(|it| texts(&it)).collect();
            best = (others.len() == 1).then(|| others[0]);
        }
        let Some((index, format)) = best else { return Err(self.no_time(&named)) };
        let name = self.take("time", index, format.words());
        self.guess.source.time = Some(name);
        if format.is_epoch() || is_compact(self.column(index)) {
            self.guess.source.time_format = format;
        }
        Ok(())
    }

    fn no_time(&self, named: &[usize]) -> Error {
        let reader = TimeReader::new(TimeFormat::Auto, jiff::tz::TimeZone::UTC);
        let value = named
            .iter()
            .find_map(|&it| Some((&self.column(it).name, self.column(it).filled().next()?)));
        match value {
            Some((name, value)) => {
                Error::new(format!("cannot read times from column \"{name}\", such as \"{value}\""))
                    .hint(reader.hint(value))
            }
            None => Error::new("cannot tell which column is the time").hint(self.has()),
        }
    }

    fn has(&self) -> String {
        let names: Vec<&str> =
            self.sample.columns.iter().take(40).map(|it| it.name.as_str()).collect();
        let names = names.join(", ");
        let Some(list) = self.sample.lists.first() else {
            return format!("name it in a journey file; the file has: {names}");
        };
        let mut hint = format!("\"{list}\" holds a list, but a line must be one event");
        // Only a plain name may stand in a command that somebody pastes into a shell.
        if list.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_') {
            hint.push_str(&format!("; try: jq -c '. as $it | .{list}[] + ($it | del(.{list}))'"));
        }
        hint
    }

    fn session(&mut self) {
        let others = IDS.iter().filter(|it| it.0 != "session");
        let has_id =
            others.clone().any(|it| self.named(it.1).into_iter().any(|it| is_id(self.column(it))));
        if has_id {
            self.guess.source.session =
                self.first("session", &SESSIONS, |it| it.filled().next().is_some());
        }
    }

    fn ids(&mut self) -> Result<()> {
        for (id_type, names) in IDS {
            if SHARED.contains(&id_type) && !self.guess.source.ids.is_empty() {
                continue;
            }
            if let Some(name) = self.first(&format!("ids.{id_type}"), names, is_id) {
                self.guess.source.ids.insert(id_type.to_owned(), name);
            }
        }
        if self.guess.source.ids.is_empty() {
            return Err(Error::new("cannot tell which column says who it was").hint(self.has()));
        }
        Ok(())
    }

    fn order(&mut self) {
        let pass = |it: &Column| is_id(it) && !it.filled().all(|it| it.contains('.'));
        self.guess.source.order = self.first("order", &ORDERS, pass);
    }

    fn amount(&mut self) {
        let Some(value) = self.first("value", &AMOUNTS, is_amount) else { return };
        if UNIT_PRICES.contains(&bare(value.rsplit('.').next().unwrap_or_default()).as_str()) {
            self.guess.source.quantity = self.first("quantity", &QUANTITIES, is_amount);
        }
        self.guess.source.value = Some(value);
        let is_code = |it: &str| it.len() == 3 && it.bytes().all(|it| it.is_ascii_alphabetic());
        let pass = |it: &Column| it.filled().next().is_some() && it.filled().all(is_code);
        let Some(name) = self.first("currency", &CURRENCIES, pass) else { return };
        if let Some(column) = self.sample.columns.iter().find(|it| it.name == name) {
            self.guess.currency = by_count(column).into_iter().next();
        }
        self.guess.source.currency = Some(name);
    }

    fn event(&mut self, stem: &str) {
        let few = |it: &Column| is_event(it) && distinct(it) <= MOST_PAGES;
        let pages = || self.named(&PAGES).into_iter().find(|&it| few(self.column(it)));
        let mut named = self.named(&EVENTS).into_iter();
        let index = named.find(|&it| self.no_rows() || is_event(self.column(it)));
        // A column that is called so is taken at its word, also where no name comes twice.
        let called = || {
            let named = self.named(&EVENTS).into_iter();
            named.filter(|&it| distinct(self.column(it)) <= MOST_NAMES).find(|&it| {
                let column = self.column(it);
                let filled = column.filled().count();
                filled * 2 > column.values.len() && !column.filled().all(is_number)
            })
        };
        let index = index.or_else(pages).or_else(called);
        if let Some(index) = index {
            self.guess.events = by_count(self.column(index));
            let count = self.guess.events.len();
            let some: Vec<&str> = self.guess.events.iter().take(3).map(String::as_str).collect();
            if count == 0 {
                self.guess.source.event = Some(self.take("event", index, ""));
                return;
            }
            let names = if count == 1 { "name" } else { "names" };
            let why = format!("{count} {names}, such as {}", some.join(", "));
            self.guess.source.event = Some(self.take("event", index, &why));
            return;
        }
        let sold = self.guess.source.order.is_some() && self.guess.source.value.is_some();
        let event = if sold { "purchase" } else { stem };
        self.guess.words.push(format!("every row is the event \"{event}\" (no column names one)"));
        self.guess.source.constants.insert("event".to_owned(), event.to_owned());
        self.guess.events = vec![event.to_owned()];
    }

    fn marketing(&mut self) {
        let text = |it: &Column| it.filled().next().is_some() && !it.filled().all(is_number);
        self.guess.source.channel = self.first("channel", &CHANNELS, text);
        self.guess.source.utm_medium = self.first("utm_medium", &MEDIUMS, text);
        let mut sources = vec!["utmsource", "mktsource", "trafficsourcesource"];
        if self.guess.source.utm_medium.is_some() {
            sources.extend(["source", "trafficsource"]);
        }
        self.guess.source.utm_source = self.first("utm_source", &sources, text);
        let any = |it: &Column| it.filled().next().is_some();
        self.guess.source.campaign = self.first("campaign", &CAMPAIGNS, any);
    }

    fn rest(&mut self) {
        let rows = self.sample.columns.first().map_or(0, |it| it.values.len());
        let few = |it: &Column| (2..=10).contains(&distinct(it)) && distinct(it) * 2 <= rows;
        self.guess.source.variant = self.first("variant", &ARMS, few);
        let whole = |it: &Column| {
            it.filled().count() == rows && it.filled().all(|it| it.trim().parse::<i64>().is_ok())
        };
        self.guess.source.sequence = self.first("sequence", &SEQUENCES, whole);
        let unique = |it: &Column| it.filled().count() == rows && distinct(it) == rows;
        self.guess.source.event_id = self.first("event_id", &EVENT_IDS, unique);
        for name in PROPERTIES {
            let column = self.named(&[name]).into_iter().find(|&it| {
                let column = self.column(it);
                (2..=200).contains(&distinct(column)) && distinct(column) * 2 <= rows
            });
            let last = |it: &str| it.rsplit('.').next().unwrap_or_default().to_owned();
            if let Some(index) = column
                && self.guess.source.properties.len() < 8
            {
                let key = last(&self.column(index).name);
                if !self.guess.source.properties.contains_key(&key) {
                    let name = self.take(&format!("properties.{key}"), index, "");
                    self.guess.source.properties.insert(key, name);
                }
            }
        }
    }

    /// The goal: an event with a telling name, or the only one that carries amounts.
    fn conversion(&mut self) {
        let events = &self.guess.events;
        let ranked = events.iter().filter_map(|it| Some((goal_rank(it)?, it)));
        let named = ranked.min_by_key(|it| it.0).map(|it| it.1);
        let (found, why) = match named {
            Some(it) => (Some(it.clone()), "by its name"),
            None => (self.valued_event(), "the one event with amounts"),
        };
        if let Some(event) = found {
            self.guess.words.push(format!("conversion = \"{event}\" ({why})"));
            self.guess.conversion = Some(event);
        }
    }

    fn valued_event(&self) -> Option<String> {
        let find = |name: &Option<String>| {
            let name = name.as_ref()?;
            self.sample.columns.iter().find(|it| it.name == *name)
        };
        let (events, values) = (find(&self.guess.source.event)?, find(&self.guess.source.value)?);
        let is_zero = |it: &str| it.bytes().all(|it| matches!(it, b'0' | b'.' | b'-'));
        let rows = events.values.iter().zip(&values.values);
        let valued: BTreeSet<&str> =
            rows.filter(|it| !is_zero(it.1.trim())).map(|it| it.0.as_str()).collect();
        match valued.len() {
            1 if self.guess.events.len() > 1 => valued.first().map(|it| (*it).to_owned()),
            _ => None,
        }
    }
}

fn distinct(column: &Column) -> usize {
    column.filled().collect::<BTreeSet<_>>().len()
}

/// Distinct values, the most frequent first, ties by name.
fn by_count(column: &Column) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for value in column.filled() {
        *counts.entry(value).or_default() += 1;
    }
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_by_key(|it| std::cmp::Reverse(it.1));
    values.into_iter().map(|it| it.0.to_owned()).collect()
}

fn is_number(text: &str) -> bool {
    Decimal::parse(text).is_some()
}

/// Whether nearly all values (19 of 20) are plain decimal numbers.
fn is_amount(column: &Column) -> bool {
    let (mut all, mut good) = (0usize, 0usize);
    for value in column.filled() {
        all += 1;
        good += usize::from(is_number(value));
    }
    all > 0 && good * 20 >= all * 19
}

/// Whether values can be ids: several different ones, and no numbers with decimals but `.0`.
fn is_id(column: &Column) -> bool {
    let count = column.filled().count();
    let flags = ["true", "false", "yes", "no"];
    let fraction = |it: &str| is_number(it) && it.contains('.') && !it.ends_with(".0");
    count > 0
        && (distinct(column) > 1 || count < 20)
        && !column.filled().all(|it| flags.contains(&it.to_lowercase().as_str()))
        && !column.filled().any(fraction)
}

/// Whether values can be names of events: texts that come again, or few rows.
fn is_event(column: &Column) -> bool {
    let (count, names) = (column.filled().count(), distinct(column));
    count > 0
        && !column.filled().all(is_number)
        && (count < 20 || names * 2 <= count)
        && column.filled().count() * 2 > column.values.len()
}

/// Whether days are written as `YYYYMMDD`.
fn is_compact(column: &Column) -> bool {
    column.filled().all(|it| it.len() == 8 && it.bytes().all(|it| it.is_ascii_digit()))
}

/// The format of a column of which nearly all values (19 of 20) are times.
fn time_format(column: &Column) -> Option<TimeFormat> {
    let format = if is_compact(column) { TimeFormat::Date } else { TimeFormat::Auto };
    let mut reader = TimeReader::new(format, jiff::tz::TimeZone::UTC);
    let (mut all, mut good) = (0usize, 0usize);
    for value in column.filled() {
        all += 1;
        good += usize::from(reader.read(value).is_ok());
    }
    if all == 0 || good * 20 < all * 19 { None } else { reader.decided() }
}
