//! The lines of a chunk to rows: many at once where they are usual, else one by one.
//!
//! [`Paths::read`] says what a line holds; whatever reads quicker takes the same.

use super::lines::Chunk;
use super::one::{deliver, each_line, line_end, read_line, whole};
use super::{LONGEST_LINE, shown, too_long};
use crate::input::paths::{Paths, Values};
use crate::input::rows::block::Column;
use crate::input::rows::{Field, Rows};
use crate::input::scan::Scanner;
use crate::input::scan::cells::{Cells, ROOM};
use crate::input::scan::walk::Line;

/// How much text is taken together, so that it stays near while it is looked at again and again.
const TEXT: usize = 128 << 10;
/// Fewer lines than this are not worth it to be taken together.
const FEW: usize = 16;

/// What reads chunks, one after the other, into the same rows.
pub(super) struct Reader<'p, 'm> {
    paths: &'p Paths,
    pub rows: Rows<'m>,
    scanner: Scanner<'p>,
    cells: Cells,
    /// The lines of the records among the cells.
    lines: Vec<Line>,
    quick: bool,
    together: Patience,
    blocks: Patience,
    /// How many lines are read one by one before others are looked for together.
    single: usize,
}

/// How many are taken one by one after too few could be taken together.
struct Patience {
    wait: usize,
}

impl Patience {
    const NEW: Self = Self { wait: FEW };

    /// So many, after enough were taken together or not.
    fn after(&mut self, enough: bool) -> usize {
        self.wait = if enough { FEW } else { (self.wait * 2).min(ROOM) };
        if enough { 0 } else { self.wait }
    }
}

/// Lines of a chunk as a text.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    /// The same and all that follows it in the chunk.
    bytes: &'a [u8],
}

impl<'p, 'm> Reader<'p, 'm> {
    /// `quick` says whether usual lines are read in quicker ways; the same comes of them without.
    pub fn new(paths: &'p Paths, rows: Rows<'m>, quick: bool) -> Self {
        Self {
            paths,
            rows,
            scanner: Scanner::new(paths),
            cells: Cells::new(paths.slots()),
            lines: Vec::new(),
            quick,
            together: Patience::NEW,
            blocks: Patience::NEW,
            single: 0,
        }
    }

    /// Reads all lines of a chunk; says how many, and which columns occurred.
    pub fn read(&mut self, chunk: &Chunk) -> (u64, Vec<bool>) {
        let mut values = self.paths.values();
        let lines = self.lines(chunk, &mut values);
        (lines, values.seen().to_vec())
    }

    fn lines<'a>(&mut self, chunk: &'a Chunk, values: &mut Values<'a>) -> u64 {
        let (bytes, first) = (chunk.bytes(), chunk.line());
        if chunk.is_too_long() {
            too_long(first, bytes, &mut self.rows);
            return 1;
        }
        let (mut at, mut line) = (0, first);
        while at < bytes.len() {
            let end = at + whole(&bytes[at..], TEXT);
            // Looked at while it is near; one by one, lines show which of them is no text.
            line += match simdutf8::basic::from_utf8(&bytes[at..end]) {
                Ok(text) if self.quick => {
                    let text = Text { text, bytes: &bytes[at..] };
                    self.text(text, line, values)
                }
                _ => each_line(&bytes[at..end], |index, bytes| {
                    read_line(line + index, bytes, self.paths, values, &mut self.rows);
                    true
                }),
            };
            at = end;
        }
        line - first
    }

    /// Reads lines up to the one that decides the format of times.
    pub fn probe(&mut self, chunk: &Chunk) {
        let mut values = self.paths.values();
        if chunk.is_too_long() {
            return;
        }
        each_line(chunk.bytes(), |index, bytes| {
            read_line(chunk.line() + index, bytes, self.paths, &mut values, &mut self.rows);
            !self.rows.is_decided()
        });
    }

    /// Reads the lines of a text; says how many.
    fn text<'a>(&mut self, text: Text<'a>, first: u64, values: &mut Values<'a>) -> u64 {
        let (mut at, mut line, length) = (0, first, text.text.len());
        while at < length {
            let lines;
            if self.single > 0 || length > LONGEST_LINE {
                (at, lines) = self.singly(text, (at, line), values);
                self.single = self.single.saturating_sub(lines);
            } else {
                let usual;
                (at, lines, usual) = self.together(text, (at, line), values);
                self.single = self.together.after(2 * usual >= lines.max(1));
            }
            line += lines as u64;
        }
        line - first
    }

    /// Reads many lines; gives the begin of the next one, how many there are, and how many of
    /// them are usual.
    fn together<'a>(
        &mut self,
        text: Text<'a>,
        (start, line): (usize, u64),
        values: &mut Values<'a>,
    ) -> (usize, usize, usize) {
        let range = start..text.text.len();
        let met = self.scanner.walk(text.bytes, range, &mut self.cells, &mut self.lines);
        values.note(self.paths, met);
        let (mut begin, mut usual, lines) = (0, 0, self.lines.len());
        for record in 0..lines {
            if self.lines[record].taken {
                usual += 1;
            } else if self.one(text, record, (begin, line), values).is_none() {
                begin = record + 1;
            }
        }
        self.flush(text, (begin, lines), line);
        self.cells.clear(lines);
        let next = self.lines.last().map_or(start, |it| it.feed as usize + 1);
        (next, lines, usual)
    }

    /// Reads some lines one by one; gives the begin of the next one, and how many there were.
    fn singly<'a>(
        &mut self,
        text: Text<'a>,
        (start, line): (usize, u64),
        values: &mut Values<'a>,
    ) -> (usize, usize) {
        let (mut at, mut begin, mut record) = (start, 0, 0);
        let most = self.single.clamp(1, ROOM);
        self.lines.clear();
        while record < most && at < text.text.len() {
            self.lines.push(Line { start: at as u32, feed: text.text.len() as u32, taken: false });
            match self.one(text, record, (begin, line), values) {
                Some(next) => {
                    self.lines[record].feed = next as u32;
                    at = next;
                }
                None => {
                    let end = memchr::memchr(b'\n', &text.bytes[at..]);
                    (at, begin) = (end.map_or(text.text.len(), |it| at + it + 1), record + 1);
                }
            }
            record += 1;
        }
        self.flush(text, (begin, record), line);
        self.cells.clear(record);
        (at, record)
    }

    /// Puts the values of a record's line among the cells, and gives the begin of the next
    /// line; or hands all records since `begin` on and then this one.
    fn one<'a>(
        &mut self,
        Text { text, bytes }: Text<'a>,
        record: usize,
        (begin, line): (usize, u64),
        values: &mut Values<'a>,
    ) -> Option<usize> {
        let start = self.lines[record].start as usize;
        let read = self.scanner.read(text, start, values).and_then(|end| {
            let next = line_end(text.as_bytes(), end)?;
            Some((end, next)).filter(|_| end - start <= LONGEST_LINE)
        });
        if let (Some((_, next)), Some(spans)) = (read, values.spans()) {
            self.cells.put(record, spans);
            return Some(next);
        }
        self.flush(Text { text, bytes }, (begin, record), line);
        let line = line + record as u64;
        if let Some((end, _)) = read {
            deliver(line, (start, end), text, values, &mut self.rows);
            return None;
        }
        let rest = &text.as_bytes()[start..];
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        read_line(line, &rest[..length], self.paths, values, &mut self.rows);
        None
    }

    /// Hands records on whose values are among the cells, in blocks as long as nothing is wrong
    /// with them; `line` is that of the first place.
    fn flush(&mut self, Text { text, .. }: Text<'_>, (begin, end): (usize, usize), line: u64) {
        let (mut next, mut single) = (begin, 0);
        while next < end {
            if single == 0 && end - next >= FEW && self.rows.takes_blocks() {
                let cells = (0..self.paths.slots()).map(|it| &self.cells.column(it)[next..end]);
                let columns: Vec<_> = cells.map(|it| Column::Texts(text, it.into())).collect();
                let taken = self.rows.push_block(&columns, end - next);
                self.rows.note_lines(taken, |it| line + (next + it) as u64);
                next += taken;
                single = self.blocks.after(taken >= FEW).max(1);
            } else {
                self.push(text, next, line + next as u64);
                next += 1;
                single = single.saturating_sub(1);
            }
        }
    }

    /// Hands one of these records on.
    fn push(&mut self, text: &str, record: usize, line: u64) {
        let field = |column: usize| match self.cells.column(column)[record] {
            it if it.is_empty() => Field::Missing,
            it => Field::Text(&text[it.start as usize..it.end as usize]),
        };
        let fields: Vec<Field<'_>> = (0..self.paths.slots()).map(field).collect();
        let Line { start, feed, .. } = self.lines[record];
        let raw = || shown(text.as_bytes()[start as usize..feed as usize].trim_ascii_end());
        self.rows.push(line, &fields, &raw);
    }
}
