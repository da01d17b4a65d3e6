//! Events to rows: those of a trace wait for all its attributes, then go in blocks.
//!
//! Knows no XML.

use super::walk::{Scope, Sink};
use super::{How, TRACE};
use crate::base::{Error, IssueKind, Result};
use crate::input::jsonl::Outcome;
use crate::input::mapping::Mapping;
use crate::input::rows::block::Column;
use crate::input::rows::spans::Span;
use crate::input::rows::{Field, FileId, Rows};

/// So many events, or bytes of them, are handed on together where a trace ends.
const EVENTS: usize = 1024;
const BYTES: usize = 1 << 20;
/// So many events, or bytes of them, of one trace wait for attributes behind them.
const MOST_EVENTS: usize = 64 << 10;
const MOST_BYTES: usize = 64 << 20;
/// The longest values of one event, or of one trace, together.
const LONGEST: usize = 16 << 20;
/// How many rows make a batch.
const PART_ROWS: u64 = 1 << 16;
/// Fewer rows than this are not worth a block.
const FEW: usize = 16;
/// How much of an event a reject keeps.
const SHOWN: usize = 1 << 10;
/// How many keys are remembered for a hint.
const MOST_KEYS: usize = 100;

/// Events that wait, column by column.
#[derive(Default)]
struct Waiting {
    /// All values, one after the other.
    text: String,
    columns: Vec<Vec<Span>>,
    lines: Vec<u64>,
    /// The begin of each event as it stands in the file.
    raw: String,
    raws: Vec<Span>,
    /// Why an event cannot be used.
    faults: Vec<Option<(IssueKind, String)>>,
}

/// Takes traces and events and makes rows of them.
pub(super) struct Delivery<'m, 'h> {
    mapping: &'m Mapping,
    how: How<'h>,
    /// The wanted attributes of events and of traces, and their columns.
    events: Vec<(String, usize)>,
    traces: Vec<(String, usize)>,
    /// The column of the event's name, without which an event says nothing.
    name: Option<usize>,
    rows: Rows<'m>,
    outcome: Outcome,
    /// The keys of the first trace and event, until they are all there.
    keys: Vec<String>,
    learned: bool,
    waiting: Waiting,
    /// The values of the trace at hand, its fault, and its first event that waits.
    trace: Vec<Option<String>>,
    trace_fault: Option<String>,
    first: usize,
    /// Whether events of the trace at hand are handed on already.
    begun: bool,
    /// Where the values and the tags of the event at hand begin.
    values_from: usize,
    raw_from: usize,
    stop: bool,
}

impl<'m, 'h> Delivery<'m, 'h> {
    pub fn new(mapping: &'m Mapping, file: &FileId, how: How<'h>) -> Self {
        let columns = mapping.columns();
        let named = |trace: bool| {
            let own = move |(index, name): (usize, &String)| match name.strip_prefix(TRACE) {
                Some(key) if trace => Some((key.to_owned(), index)),
                None if !trace => Some((name.clone(), index)),
                _ => None,
            };
            columns.iter().enumerate().filter_map(own).collect::<Vec<_>>()
        };
        let name = mapping.texts.iter().find(|it| mapping.common.fields.texts[it.field] == "event");
        Self {
            mapping,
            how,
            events: named(false),
            traces: named(true),
            name: name.filter(|it| it.constant.is_none()).and_then(|it| it.column),
            rows: Rows::new(mapping, file.clone(), how.keep_all),
            outcome: Outcome { parts: Vec::new(), seen: vec![false; columns.len()] },
            keys: Vec::new(),
            learned: false,
            waiting: Waiting { columns: vec![Vec::new(); columns.len()], ..Waiting::default() },
            trace: vec![None; columns.len()],
            trace_fault: None,
            first: 0,
            begun: false,
            values_from: 0,
            raw_from: 0,
            stop: false,
        }
    }

    /// What was read, and the keys of the first trace and event for hints.
    pub fn finish(mut self) -> Result<(Outcome, Vec<String>)> {
        self.flush();
        self.how.progress.rows(self.rows.read());
        self.outcome.parts.push(self.rows.finish());
        Ok((self.outcome, self.keys))
    }

    /// Gives all events of the trace at hand that wait its attributes.
    fn settle_trace(&mut self) {
        let Waiting { text, columns, faults, .. } = &mut self.waiting;
        if self.first < faults.len() {
            for (column, value) in columns.iter_mut().zip(&self.trace) {
                let Some(value) = value else { continue };
                let span = store(text, value);
                column[self.first..].iter_mut().for_each(|it| *it = span);
            }
            if let Some(detail) = &self.trace_fault {
                for it in &mut faults[self.first..] {
                    it.get_or_insert_with(|| (IssueKind::BadXml, detail.clone()));
                }
            }
        }
        self.first = faults.len();
    }

    /// Hands on all events that wait.
    fn flush(&mut self) {
        self.settle_trace();
        let mut waiting = std::mem::take(&mut self.waiting);
        self.name_faults(&mut waiting);
        let count = waiting.lines.len();
        let (mut next, mut single, mut wait) = (0, 0, FEW);
        while next < count {
            if let Some((kind, detail)) = waiting.faults[next].take() {
                let raw = || shown(&waiting, next);
                self.rows.reject(waiting.lines[next], 0, kind, detail, &raw);
                next += 1;
                continue;
            }
            let sound = waiting.faults[next..].iter().take(EVENTS).take_while(|it| it.is_none());
            let sound = sound.count();
            if single == 0 && sound >= FEW && self.rows.takes_blocks() {
                let taken = self.block(&waiting, next, sound);
                self.rows.note_lines(taken, |it| waiting.lines[next + it]);
                next += taken;
                wait = if taken < FEW { (wait * 2).min(EVENTS) } else { FEW };
                single = if taken == sound { 0 } else { wait };
            } else {
                self.row(&waiting, next);
                next += 1;
                single = single.saturating_sub(1);
            }
        }
        waiting.text.clear();
        waiting.raw.clear();
        waiting.lines.clear();
        waiting.raws.clear();
        waiting.faults.clear();
        waiting.columns.iter_mut().for_each(Vec::clear);
        self.waiting = waiting;
        self.first = 0;
        self.stop = self.how.strict && self.rows.has_rejects();
        if self.rows.read() >= PART_ROWS {
            self.how.progress.rows(self.rows.read());
            let next = self.rows.fork();
            self.outcome.parts.push(std::mem::replace(&mut self.rows, next).finish());
        }
    }

    /// Marks the events without a name.
    fn name_faults(&self, waiting: &mut Waiting) {
        let Some(name) = self.name else { return };
        for (span, fault) in waiting.columns[name].iter().zip(&mut waiting.faults) {
            if span.is_empty() {
                let detail = || format!("column {}", self.mapping.columns()[name]);
                fault.get_or_insert_with(|| (IssueKind::MissingName, detail()));
            }
        }
    }

    fn block(&mut self, waiting: &Waiting, start: usize, count: usize) -> usize {
        let spans = waiting.columns.iter().map(|it| (&it[start..start + count]).into());
        let columns: Vec<_> = spans.map(|it| Column::Texts(&waiting.text, it)).collect();
        self.rows.push_block(&columns, count)
    }

    fn row(&mut self, waiting: &Waiting, row: usize) {
        let field = |it: &Vec<Span>| match it[row] {
            it if it.is_empty() => Field::Missing,
            it => Field::Text(part(&waiting.text, it)),
        };
        let fields: Vec<Field<'_>> = waiting.columns.iter().map(field).collect();
        self.rows.push(waiting.lines[row], &fields, &|| shown(waiting, row));
    }
}

fn store(text: &mut String, value: &str) -> Span {
    // Far below 4 GiB: what waits is limited.
    let start = text.len() as u32;
    text.push_str(value);
    Span { start, end: text.len() as u32 }
}

fn part(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

fn shown(waiting: &Waiting, row: usize) -> String {
    part(&waiting.raw, waiting.raws[row]).to_owned()
}

impl Sink for Delivery<'_, '_> {
    fn begin_trace(&mut self) {
        self.trace.iter_mut().for_each(|it| *it = None);
        self.trace_fault = None;
        (self.first, self.begun) = (self.waiting.lines.len(), false);
    }

    fn end_trace(&mut self) -> Result<()> {
        self.settle_trace();
        // Events may follow that are in no trace.
        self.trace.iter_mut().for_each(|it| *it = None);
        self.trace_fault = None;
        let waiting = &self.waiting;
        if waiting.lines.len() >= EVENTS || waiting.text.len() + waiting.raw.len() >= BYTES {
            self.flush();
        }
        Ok(())
    }

    fn begin_event(&mut self, line: u64) {
        let waiting = &mut self.waiting;
        waiting.lines.push(line);
        waiting.faults.push(None);
        waiting.columns.iter_mut().for_each(|it| it.push(Span::default()));
        self.values_from = waiting.text.len();
        self.raw_from = waiting.raw.len();
    }

    fn end_event(&mut self) -> Result<()> {
        let waiting = &mut self.waiting;
        let (start, end) = (self.raw_from as u32, waiting.raw.len() as u32);
        waiting.raws.push(Span { start, end });
        self.learned = true;
        let bytes = waiting.text.len() + waiting.raw.len();
        if waiting.lines.len() >= MOST_EVENTS || bytes >= MOST_BYTES {
            self.begun = true;
            self.flush();
        }
        Ok(())
    }

    fn column(&mut self, scope: Scope, path: &str) -> Option<usize> {
        if !self.learned && self.keys.len() < MOST_KEYS {
            self.keys.push(match scope {
                Scope::Trace => format!("{TRACE}{path}"),
                Scope::Event => path.to_owned(),
            });
        }
        let wanted = if scope == Scope::Trace { &self.traces } else { &self.events };
        wanted.iter().find(|it| it.0 == path).map(|it| it.1)
    }

    fn value(&mut self, scope: Scope, column: usize, value: &str) -> Result<()> {
        self.outcome.seen[column] = true;
        let too_long = || format!("values of more than {} MiB", LONGEST >> 20);
        match scope {
            Scope::Trace if self.begun => {
                let key = &self.mapping.columns()[column];
                return Err(Error::new(format!(
                    "\"{key}\" stands behind more than {MOST_EVENTS} events of its trace"
                ))
                .hint("XES wants the attributes of a trace before its events; export it so"));
            }
            Scope::Trace => {
                let length: usize = self.trace.iter().flatten().map(String::len).sum();
                match length + value.len() > LONGEST {
                    true => self.trace_fault = Some(too_long()),
                    false => self.trace[column] = Some(value.to_owned()),
                }
            }
            Scope::Event => {
                let waiting = &mut self.waiting;
                if waiting.text.len() - self.values_from + value.len() > LONGEST {
                    if let Some(it) = waiting.faults.last_mut() {
                        *it = Some((IssueKind::TooLong, too_long()));
                    }
                    return Ok(());
                }
                let span = store(&mut waiting.text, value);
                if let Some(it) = waiting.columns[column].last_mut() {
                    *it = span;
                }
            }
        }
        Ok(())
    }

    fn fault(&mut self, scope: Scope, detail: String) {
        match (scope, self.waiting.faults.last_mut()) {
            (Scope::Event, Some(it)) => {
                it.get_or_insert((IssueKind::BadXml, detail));
            }
            _ => self.trace_fault = Some(detail),
        }
    }

    fn tag(&mut self, tag: &str, empty: bool) {
        let raw = &mut self.waiting.raw;
        let room = SHOWN.saturating_sub(raw.len() - self.raw_from);
        if room == 0 {
            return;
        }
        let end = (0..=tag.len().min(room)).rev().find(|&it| tag.is_char_boundary(it));
        raw.push('<');
        raw.push_str(&tag[..end.unwrap_or(0)]);
        raw.push_str(if empty { "/>" } else { ">" });
    }

    fn is_full(&self) -> bool {
        self.stop
    }
}
