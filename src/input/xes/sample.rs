//! The first events of a log as plain columns, for guessing what they mean.

use indexmap::IndexMap;

use super::bytes::Bytes;
use super::walk::{Scope, Sink, walk};
use super::{Fill, TRACE};
use crate::base::{Error, Result};
use crate::input::sample::{Column, ROWS, Sample};

/// Whether these first bytes of a file can be those of XML, and of no table.
pub(in crate::input) fn is_xml(head: &[u8], ending: &str) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    ending == "xes" || head.starts_with(b"<?xml") || head.starts_with(b"<log")
}

/// How much of a log is looked at, in bytes; some have long heads.
const MOST: usize = 64 << 20;

/// The first events of a log: its first bytes are at hand, more come by `more`.
///
/// # Errors
/// It is no log, is broken, or holds no event near its begin.
pub(in crate::input) fn sample(mut head: &[u8], more: Fill<'_>) -> Result<Sample> {
    head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let (mut given, mut cut) = (0, false);
    let mut fill = |buffer: &mut [u8]| {
        let (now, rest) = head.split_at(buffer.len().min(head.len()));
        buffer[..now.len()].copy_from_slice(now);
        head = rest;
        given += buffer.len();
        cut = given > MOST;
        Ok(if cut { 0 } else { now.len() + more(&mut buffer[now.len()..])? })
    };
    let mut events = Events::default();
    let walked = walk(Bytes::new(&mut fill), "", &mut events);
    if let Err(error) = walked
        && !(cut && events.rows > 0)
    {
        // The place names no file; whoever asks names it.
        let line = error.place().map_or(0, |it| it.line);
        let at = if line > 0 { format!("line {line}: ") } else { String::new() };
        let shown = Error::new(format!("{at}{}", error.message()));
        return Err(match error.hint_text() {
            Some(hint) => shown.hint(hint),
            None => shown,
        });
    }
    if events.rows == 0 {
        return Err(Error::new("the log holds no event"));
    }
    let rows = events.rows;
    let column = |(name, mut values): (String, Vec<String>)| {
        values.resize(rows, String::new());
        Column { name, values }
    };
    let columns = events.columns.into_iter().map(column).collect();
    Ok(Sample { format: "xes", delimiter: None, columns, lists: Vec::new() })
}

#[derive(Default)]
struct Events {
    columns: IndexMap<String, Vec<String>>,
    trace: Vec<(usize, String)>,
    rows: usize,
}

impl Events {
    fn put(&mut self, column: usize, row: usize, value: &str) {
        if let Some((_, values)) = self.columns.get_index_mut(column) {
            values.resize(row, String::new());
            values.push(value.to_owned());
        }
    }
}

impl Sink for Events {
    fn begin_trace(&mut self) {
        self.trace.clear();
    }

    fn end_trace(&mut self) -> Result<()> {
        self.trace.clear();
        Ok(())
    }

    fn begin_event(&mut self, _: u64) {
        let trace = std::mem::take(&mut self.trace);
        for (column, value) in &trace {
            self.put(*column, self.rows, value);
        }
        self.trace = trace;
    }

    fn end_event(&mut self) -> Result<()> {
        self.rows += 1;
        Ok(())
    }

    fn column(&mut self, scope: Scope, path: &str) -> Option<usize> {
        let name = match scope {
            Scope::Trace => format!("{TRACE}{path}"),
            Scope::Event => path.to_owned(),
        };
        let entry = self.columns.entry(name);
        let column = entry.index();
        entry.or_default();
        Some(column)
    }

    fn value(&mut self, scope: Scope, column: usize, value: &str) -> Result<()> {
        match scope {
            Scope::Trace => self.trace.push((column, value.to_owned())),
            Scope::Event => self.put(column, self.rows, value),
        }
        Ok(())
    }

    fn fault(&mut self, _: Scope, _: String) {}

    fn tag(&mut self, _: &str, _: bool) {}

    fn is_full(&self) -> bool {
        self.rows >= ROWS
    }
}
