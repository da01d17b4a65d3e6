//! The first events of a log as JSON objects, for a look at them.

use super::bytes::Bytes;
use super::walk::{Scope, Sink, walk};
use super::{Fill, TRACE};
use crate::base::Result;
use crate::input::sample::ROWS;

/// What tells that these first bytes are those of a log.
pub(in crate::input) fn knows(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let is_log = || memchr::memmem::find(head, b"<log").is_some();
    (head.starts_with(b"<") && is_log()).then_some("it is XML with a <log>")
}

/// How much of a log is looked at, in bytes; some have long heads.
const MOST: usize = 64 << 20;

/// The first events of a log as JSON objects of texts.
///
/// # Errors
/// It is no log, is broken, or holds no event near its begin.
pub(in crate::input) fn look(more: Fill<'_>) -> Result<Vec<String>> {
    let (mut given, mut cut, mut begun) = (0, false, false);
    let mut fill = |buffer: &mut [u8]| {
        let mut count = more(buffer)?;
        if !begun && buffer[..count].starts_with(b"\xef\xbb\xbf") {
            buffer[..3].fill(b' ');
        }
        begun = true;
        given += count;
        if given > MOST {
            (count, cut) = (0, true);
        }
        Ok(count)
    };
    let mut events = Events::default();
    if let Err(error) = walk(Bytes::new(&mut fill), "", &mut events)
        && (!cut || events.rows.is_empty())
    {
        // Its place names no file: whoever asks names it.
        return Err(error);
    }
    Ok(events.rows.into_iter().map(|it| serde_json::Value::Object(it).to_string()).collect())
}

type Row = serde_json::Map<String, serde_json::Value>;

/// Keeps whole events.
#[derive(Default)]
struct Events {
    rows: Vec<Row>,
    keys: Vec<String>,
    trace: Row,
    event: Row,
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
        self.event = self.trace.clone();
    }

    fn end_event(&mut self) -> Result<()> {
        self.rows.push(std::mem::take(&mut self.event));
        self.keys.clear();
        Ok(())
    }

    fn column(&mut self, scope: Scope, path: &str) -> Option<usize> {
        self.keys.push(match scope {
            Scope::Trace => format!("{TRACE}{path}"),
            Scope::Event => path.to_owned(),
        });
        Some(self.keys.len() - 1)
    }

    fn value(&mut self, scope: Scope, column: usize, value: &str) -> Result<()> {
        let row = if scope == Scope::Trace { &mut self.trace } else { &mut self.event };
        if let Some(key) = self.keys.get(column) {
            row.insert(key.clone(), value.into());
        }
        Ok(())
    }

    fn fault(&mut self, _: Scope, _: String) {}

    fn tag(&mut self, _: &str, _: bool) {}

    fn is_full(&self) -> bool {
        self.rows.len() >= ROWS
    }
}
