//! The tree of a log as a row of calls: where traces, events and attributes begin and end.
//!
//! Refuses what is no log, and what attacks its reader. Keeps nothing.

use std::borrow::Cow;

use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::bytes::Bytes;
use crate::base::{Error, Place, Result};
use crate::input::paths::without_exponent;

/// How deep elements may be nested.
const DEEPEST: usize = 64;

/// Whose attribute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Trace,
    Event,
}

/// Who is told of traces and events as they come.
pub(super) trait Sink {
    fn begin_trace(&mut self);
    fn end_trace(&mut self) -> Result<()>;
    fn begin_event(&mut self, line: u64);
    fn end_event(&mut self) -> Result<()>;
    /// The column of an attribute, if it is wanted.
    fn column(&mut self, scope: Scope, path: &str) -> Option<usize>;
    /// The value of a wanted attribute.
    fn value(&mut self, scope: Scope, column: usize, value: &str) -> Result<()>;
    /// Something is wrong with an attribute of the trace or event at hand.
    fn fault(&mut self, scope: Scope, detail: String);
    /// A tag inside the event at hand as it stands in the file, without its brackets.
    fn tag(&mut self, tag: &str, empty: bool);
    /// Whether nothing more is wanted.
    fn is_full(&self) -> bool;
}

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Log,
    Trace,
    Event,
    /// An attribute; the path was so long outside of it.
    Attribute(usize),
    /// Anything that holds no events.
    Other,
}

/// Tells a sink of all traces and events of a log; whether it was walked to its end.
///
/// # Errors
/// The bytes cannot be read, or are no log; errors of the sink. All with a line.
pub(super) fn walk(bytes: Bytes<'_>, file: &str, sink: &mut dyn Sink) -> Result<bool> {
    let mut reader = Reader::from_reader(bytes);
    let mut walk = Walk { sink, stack: Vec::new(), path: String::new(), scope: None, done: false };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let line = reader.get_ref().line();
        reader.get_mut().begin();
        let place = |it: Error| it.or_at(Place::line(file, line));
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break,
            Ok(event) => walk.take(&event, line).map_err(place)?,
            Err(error) => {
                let failure = reader.get_mut().failure();
                return Err(place(failure.unwrap_or_else(|| broken(&error))));
            }
        }
        if walk.sink.is_full() {
            return Ok(false);
        }
    }
    let last = Place::line(file, reader.get_ref().line());
    if !walk.stack.is_empty() {
        return Err(Error::new("the file ends in the middle of the log")
            .at(last)
            .hint("it may be cut short; fetch it again"));
    }
    if !walk.done {
        return Err(Error::new("there is no <log> in the file").at(last).hint(NO_XES));
    }
    Ok(true)
}

const NO_XES: &str = "an XES file is XML with <log> around <trace> around <event>";

#[cold]
fn broken(error: &quick_xml::Error) -> Error {
    if let quick_xml::Error::Encoding(_) = error {
        return not_utf8("the file is not UTF-8");
    }
    Error::new(format!("the XML is broken: {error}"))
        .hint("nothing of a broken log is used; fetch or export it again")
}

#[cold]
fn not_utf8(message: impl Into<String>) -> Error {
    Error::new(message).hint(
        "save it as UTF-8, for example with iconv -t UTF-8, and say encoding=\"UTF-8\" in its \
         first line",
    )
}

struct Walk<'s> {
    sink: &'s mut dyn Sink,
    stack: Vec<Level>,
    /// The keys down to the attribute at hand, with points between.
    path: String,
    scope: Option<Scope>,
    /// Whether the log has ended.
    done: bool,
}

impl Walk<'_> {
    fn take(&mut self, event: &Event<'_>, line: u64) -> Result<()> {
        match event {
            Event::Start(tag) => self.open(tag, line, false),
            Event::Empty(tag) => {
                self.open(tag, line, true)?;
                self.close()
            }
            Event::End(tag) => {
                if self.scope == Some(Scope::Event) {
                    self.sink.tag(&format!("/{}", tag.name().0), false);
                }
                self.close()
            }
            Event::Decl(decl) => check_encoding(decl),
            Event::DocType(_) => Err(Error::new("the file has a document type (<!DOCTYPE)")
                .hint("a log needs none, and it could hide a bomb of entities; take it out")),
            Event::Text(text) if self.stack.is_empty() && !text.trim_ascii().is_empty() => {
                Err(Error::new("there is text outside of the log").hint(NO_XES))
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>, line: u64, empty: bool) -> Result<()> {
        if self.stack.len() >= DEEPEST {
            return Err(Error::new(format!("elements are nested deeper than {DEEPEST}"))
                .hint("no log of a process is; the file may be meant to harm its reader"));
        }
        let local = tag.local_name();
        let name: &str = local.as_ref();
        let level = match (self.stack.last(), name) {
            (None, "log") if !self.done => Level::Log,
            (None, _) => {
                return Err(Error::new(format!("<{name}> is no log")).hint(NO_XES));
            }
            (Some(Level::Log), "trace") => {
                self.sink.begin_trace();
                self.scope = Some(Scope::Trace);
                Level::Trace
            }
            (Some(Level::Log | Level::Trace), "event") => {
                self.sink.begin_event(line);
                self.scope = Some(Scope::Event);
                Level::Event
            }
            (_, "log" | "trace" | "event") => {
                return Err(Error::new(format!("a <{name}> stands where none can be")).hint(NO_XES));
            }
            (Some(Level::Log | Level::Other), _) => Level::Other,
            (Some(_), _) => Level::Attribute(self.path.len()),
        };
        self.stack.push(level);
        if self.scope == Some(Scope::Event) {
            self.sink.tag(tag, empty);
        }
        match (level, self.scope) {
            (Level::Attribute(_), Some(scope)) => self.attribute(tag, name, scope),
            _ => Ok(()),
        }
    }

    fn close(&mut self) -> Result<()> {
        match self.stack.pop() {
            Some(Level::Log) => self.done = true,
            Some(Level::Trace) => {
                self.scope = None;
                self.sink.end_trace()?;
            }
            Some(Level::Event) => {
                let in_trace = self.stack.last() == Some(&Level::Trace);
                self.scope = in_trace.then_some(Scope::Trace);
                self.sink.end_event()?;
            }
            Some(Level::Attribute(outside)) => self.path.truncate(outside),
            Some(Level::Other) | None => {}
        }
        Ok(())
    }

    /// An attribute of XES: an element with `key` and `value`. One without a key, as the
    /// `<values>` of a list, is passed through.
    fn attribute(&mut self, tag: &BytesStart<'_>, kind: &str, scope: Scope) -> Result<()> {
        let (mut key, mut value) = (None, None);
        for it in tag.attributes().with_checks(false) {
            match it {
                Ok(it) if it.key.0 == "key" => key = Some(it),
                Ok(it) if it.key.0 == "value" => value = Some(it),
                Ok(_) => {}
                Err(error) => {
                    self.sink.fault(scope, format!("in <{kind}>: {error}"));
                    return Ok(());
                }
            }
        }
        let text = |it: quick_xml::events::attributes::Attribute<'_>| {
            it.normalized_value(XmlVersion::Explicit1_0).map(Cow::into_owned)
        };
        let Some(key) = key else {
            if kind != "values" {
                self.sink.fault(scope, format!("<{kind}> has no key"));
            }
            return Ok(());
        };
        if !self.path.is_empty() {
            self.path.push('.');
        }
        match text(key) {
            Ok(key) => self.path.push_str(&key),
            Err(error) => {
                self.sink.fault(scope, format!("in the key of <{kind}>: {error}"));
                return Ok(());
            }
        }
        let Some(column) = self.sink.column(scope, &self.path) else { return Ok(()) };
        match value.map(text).transpose() {
            Ok(Some(value)) if matches!(kind, "float" | "int") && value.contains(['e', 'E']) => {
                self.sink.value(scope, column, &without_exponent(&value))
            }
            Ok(value) => self.sink.value(scope, column, value.as_deref().unwrap_or_default()),
            Err(error) => {
                self.sink.fault(scope, format!("in the value of \"{}\": {error}", self.path));
                Ok(())
            }
        }
    }
}

/// Refuses a declaration of any encoding but UTF-8, or ASCII, which is part of it.
fn check_encoding(decl: &BytesDecl<'_>) -> Result<()> {
    match decl.encoding() {
        Some(Ok(it))
            if !["utf-8", "utf8", "us-ascii", "ascii"]
                .iter()
                .any(|known| it.eq_ignore_ascii_case(known)) =>
        {
            let it: String = it.chars().take(40).collect();
            Err(not_utf8(format!("the file says that it is written in {it}, not in UTF-8")))
        }
        Some(Err(error)) => Err(Error::new(format!("the XML is broken: {error}"))),
        _ => Ok(()),
    }
}
