//! Chunks to rows: finds the wanted fields of each record and delivers them.
//!
//! Borrows every value from the chunk; only doubled quotes are copied.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::chunks::Chunk;
use super::scan::{RECORDS, Scanner, Shape};
use super::split::{FIELD_LIMIT, Span, Splitter, Step};
use crate::base::IssueKind;
use crate::input::rows::block::Column;
use crate::input::rows::spans::{Between, Span as Place, Spans, each_span};
use crate::input::rows::{Field, Rows};

/// What all records of a file have in common.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub splitter: Splitter,
    /// How many fields the header has.
    pub width: usize,
    /// The names of the wanted columns, in the order of [`Rows::push`]'s fields.
    pub names: Vec<String>,
    /// The position in the record and in [`Rows::push`]'s fields, by position.
    pub wanted: Vec<(usize, usize)>,
    /// How many fields [`Rows::push`] takes.
    pub slots: usize,
}

impl Layout {
    /// Whether every wanted field holds the name of its column.
    #[inline]
    fn is_header(&self, fields: &[Field<'_>]) -> bool {
        let named = |&(_, slot): &(usize, usize)| fields[slot] == Field::Text(&self.names[slot]);
        self.wanted.iter().all(named)
    }
}

/// Fewer plain records than this in a row are not worth a block.
const FEW: usize = if cfg!(test) { 1 } else { 4 };

/// Delivers all records of a chunk, from `start` on, whose first line has this number.
pub(super) fn parse(chunk: &Chunk, start: usize, line: u64, layout: &Layout, rows: &mut Rows<'_>) {
    let bytes = chunk.bytes();
    let returns = memchr(b'\n', bytes).is_some_and(|it| it > 0 && bytes[it - 1] == b'\r');
    let shape = Shape { delimiter: layout.splitter.delimiter, width: layout.width, returns };
    let mut parser = Parser {
        layout,
        rows,
        bytes,
        odd: None,
        fields: vec![Field::Missing; layout.slots],
        spans: Vec::new(),
        line,
    };
    let mut blocks = Blocks::new(shape, layout);
    let mut at = start;
    // How many records go one by one before blocks are tried again.
    let (mut single, mut wait) = (0, FEW);
    while at < bytes.len() {
        if single > 0 {
            at = parser.record(at);
            single -= 1;
            continue;
        }
        (at, single) = match parser.rows.takes_blocks() {
            true => blocks.deliver(at, &mut parser),
            false => (at, 1),
        };
        wait = if single == 0 { FEW } else { (wait * 2).min(RECORDS) };
        single = if single == 0 { 0 } else { single.max(wait) };
    }
}

/// Delivers plain records in blocks.
struct Blocks<'l> {
    layout: &'l Layout,
    shape: Shape,
    scanner: Scanner,
    /// For each slot its position in the record, and where its values are if there are quotes.
    slots: Vec<Option<usize>>,
    places: Vec<Vec<Place>>,
    /// The slot whose column has the longest name: the name that values are least likely to have.
    telltale: Option<usize>,
}

impl<'l> Blocks<'l> {
    fn new(shape: Shape, layout: &'l Layout) -> Self {
        let telltale = layout.wanted.iter().map(|it| it.1).max_by_key(|&it| layout.names[it].len());
        let mut slots = vec![None; layout.slots];
        layout.wanted.iter().for_each(|&(position, slot)| slots[slot] = Some(position));
        let places = vec![Vec::new(); layout.slots];
        Self { layout, shape, scanner: Scanner::new(shape), slots, places, telltale }
    }

    /// Delivers the plain records that follow each other from `start` on; gives the
    /// begin of the next and how many records must be taken one by one.
    fn deliver(&mut self, start: usize, parser: &mut Parser<'_, '_, '_>) -> (usize, usize) {
        let bytes = &parser.bytes[start..];
        let records = self.scanner.scan(bytes);
        if records < FEW {
            return (start, 1);
        }
        let ends = &self.scanner.ends()[..=records * self.shape.width];
        let length = ends.last().map_or(0, |&it| it as usize + 1);
        // Looked at while it is near; one by one, records show which of them is no text.
        let Ok(text) = simdutf8::basic::from_utf8(&bytes[..length]) else {
            return (start, records);
        };
        let between = |position: usize| {
            let less = u32::from(self.shape.returns && position + 1 == self.shape.width);
            Between { marks: &ends[position..], stride: self.shape.width, less }
        };
        if self.scanner.is_quoted() {
            for (position, places) in self.slots.iter().zip(&mut self.places) {
                let Some(position) = *position else { continue };
                places.clear();
                places.extend(between(position).iter().take(records).map(|it| bare(it, bytes)));
            }
        }
        let slots = self.slots.iter().zip(&self.places);
        let columns = slots.map(|(position, places)| match *position {
            Some(_) if self.scanner.is_quoted() => Column::Texts(text, places.as_slice().into()),
            Some(position) => Column::Texts(text, Spans::Between(between(position))),
            None => Column::Missing,
        });
        let columns: Vec<Column<'_>> = columns.collect();
        let sound = self.before_header(&columns, records);
        let taken = parser.rows.push_block(&columns, sound);
        let line = parser.line;
        parser.rows.note_lines(taken, |it| line + it as u64);
        parser.line += taken as u64;
        // Behind the last record taken: the mark before the begin is one before 0.
        let next = start + ends[taken * self.shape.width].wrapping_add(1) as usize;
        (next, records - taken)
    }

    /// How many records come before one that may be the header again.
    fn before_header(&self, columns: &[Column<'_>], records: usize) -> usize {
        let Some(slot) = self.telltale else { return records };
        let Column::Texts(text, spans) = columns[slot] else { return records };
        let name = self.layout.names[slot].as_bytes();
        let same = |it: Place| {
            (it.end - it.start) as usize == name.len() && it.of(text.as_bytes()) == name
        };
        let found =
            each_span!(spans, records, each => { let mut each = each; each.position(same) });
        found.unwrap_or(records)
    }
}

/// A place without the quotes around it, if there are any.
fn bare(place: Place, bytes: &[u8]) -> Place {
    let quote = u32::from(bytes[place.start as usize] == b'"');
    Place { start: place.start + quote, end: place.end - quote }
}

struct Parser<'p, 'm, 'a> {
    layout: &'p Layout,
    rows: &'p mut Rows<'m>,
    bytes: &'a [u8],
    /// Whether there is a NUL or a carriage return, and whether a quote, from the first
    /// record on that is taken by itself.
    odd: Option<(bool, bool)>,
    fields: Vec<Field<'a>>,
    spans: Vec<Span>,
    line: u64,
}

impl<'a> Parser<'_, '_, 'a> {
    /// Whether there may be a NUL or a carriage return.
    #[inline]
    fn is_odd(&self) -> bool {
        self.odd.is_none_or(|it| it.0)
    }

    /// The record that begins at `at`; gives the begin of the next.
    fn record(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let (_, quotes) = *self.odd.get_or_insert_with(|| {
            let rest = &bytes[at..];
            (memchr::memchr2(0, b'\r', rest).is_some(), memchr(b'"', rest).is_some())
        });
        let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |it| at + it);
        let plain = end - at <= FIELD_LIMIT && (!quotes || memchr(b'"', &bytes[at..end]).is_none());
        if plain { self.plain(at, end) } else { self.stepped(at) }
    }

    /// A line without quotes from `start` to its line end at `end`; gives the
    /// begin of the next.
    fn plain(&mut self, start: usize, end: usize) -> usize {
        let next = (end + 1).min(self.bytes.len());
        let line = self.line;
        self.line += 1;
        let end = if end > start && self.bytes[end - 1] == b'\r' { end - 1 } else { end };
        if end == start {
            return next;
        }
        let Some(record) = self.checked(line, start, end) else { return next };
        if self.is_odd() && memchr(b'\r', record.as_bytes()).is_some() {
            self.bad(line, record, 0, IssueKind::FieldCount, LONE_RETURN);
            return next;
        }
        let count = self.split(start, record);
        self.deliver(line, record, count);
        next
    }

    /// A record with quotes, or one that is no record; gives the begin of the next.
    fn stepped(&mut self, start: usize) -> usize {
        let mut spans = std::mem::take(&mut self.spans);
        let step = self.layout.splitter.step(self.bytes, start, true, &mut spans);
        let line = self.line;
        let next = match step {
            Step::Record { end, next } => {
                self.spanned(line, (start, end), &spans);
                next
            }
            Step::Bad { kind, at, end, next } => {
                let (bytes, column) = (self.bytes, column_at(self.bytes, start, at));
                self.rows.reject(line, column, kind, "", &|| shown(&bytes[start..end]));
                next
            }
            Step::Blank { next } => next,
            Step::Incomplete => self.bytes.len(),
        };
        self.line += memchr_iter(b'\n', &self.bytes[start..next]).count() as u64;
        self.spans = spans;
        next
    }

    /// A well-shaped record whose fields are known.
    fn spanned(&mut self, line: u64, (start, end): (usize, usize), spans: &[Span]) {
        let Some(record) = self.checked(line, start, end) else { return };
        if self.is_odd() && spans.iter().any(|it| self.has_lone_return(it, start)) {
            self.bad(line, record, 0, IssueKind::FieldCount, LONE_RETURN);
            return;
        }
        if spans.len() != self.layout.width {
            self.deliver(line, record, spans.len());
            return;
        }
        let needs_copy = |it: &&(usize, usize)| spans[it.0].doubled;
        if self.layout.wanted.iter().any(|it| needs_copy(&it)) {
            self.deliver_copied(line, record, start, spans);
            return;
        }
        for &(position, slot) in &self.layout.wanted {
            let span = spans[position];
            self.fields[slot] = Field::Text(&record[span.start - start..span.end - start]);
        }
        self.deliver(line, record, spans.len());
    }

    /// As [`Self::deliver`], for a record with doubled quotes in wanted fields.
    fn deliver_copied(&mut self, line: u64, record: &'a str, start: usize, spans: &[Span]) {
        let values: Vec<Cow<'_, str>> = spans
            .iter()
            .map(|it| value(&record[it.start - start..it.end - start], it.doubled))
            .collect();
        let mut fields = vec![Field::Missing; self.layout.slots];
        let mut positions = vec![None; self.layout.slots];
        for &(position, slot) in &self.layout.wanted {
            fields[slot] = Field::Text(&values[position]);
            positions[slot] = Some(spans[position].start);
        }
        if self.layout.is_header(&fields) {
            self.bad(line, record, 0, IssueKind::RepeatedHeader, "");
            return;
        }
        let column = |slot: usize| positions[slot].map_or(0, |it| column_at(self.bytes, start, it));
        self.rows.push_at(line, &fields, &|| record.to_owned(), &column);
    }

    /// Finds the wanted fields of a record without quotes, which begins at `start`;
    /// gives how many it has.
    #[inline]
    fn split(&mut self, start: usize, record: &'a str) -> usize {
        let delimiter = self.layout.splitter.delimiter;
        let mut delimiters = Places::new(delimiter, &self.bytes[start..], record.len());
        let (mut start, mut index) = (0, 0);
        for &(position, slot) in &self.layout.wanted {
            while index < position {
                match delimiters.next() {
                    Some(it) => (start, index) = (it + 1, index + 1),
                    None => return index + 1,
                }
            }
            match delimiters.next() {
                Some(end) => {
                    self.fields[slot] = Field::Text(&record[start..end]);
                    (start, index) = (end + 1, index + 1);
                }
                None => {
                    self.fields[slot] = Field::Text(&record[start..]);
                    return index + 1;
                }
            }
        }
        index + 1 + delimiters.count()
    }

    /// Hands the record over if it has as many fields as the header and is not
    /// the header itself.
    #[inline]
    fn deliver(&mut self, line: u64, record: &'a str, count: usize) {
        if count != self.layout.width {
            let detail = format!("{count} instead of {}", self.layout.width);
            self.bad(line, record, 0, IssueKind::FieldCount, &detail);
        } else if self.layout.is_header(&self.fields) {
            self.bad(line, record, 0, IssueKind::RepeatedHeader, "");
        } else {
            let fields = &self.fields;
            let column = |slot: usize| match fields[slot] {
                Field::Text(value) => column_of(record, value),
                _ => 0,
            };
            self.rows.push_at(line, fields, &|| record.to_owned(), &column);
        }
    }

    /// The record as text, unless it has bytes that no text has.
    #[inline]
    fn checked(&mut self, line: u64, start: usize, end: usize) -> Option<&'a str> {
        let bytes = &self.bytes[start..end];
        if self.is_odd()
            && let Some(at) = memchr(0, bytes)
        {
            let column = column_at(bytes, 0, at);
            self.rows.reject(line, column, IssueKind::NulByte, "", &|| shown(bytes));
            return None;
        }
        match std::str::from_utf8(bytes) {
            Ok(record) => Some(record),
            Err(error) => {
                let column = column_at(bytes, 0, error.valid_up_to());
                self.rows.reject(line, column, IssueKind::BadEncoding, "", &|| shown(bytes));
                None
            }
        }
    }

    #[cold]
    fn bad(&mut self, line: u64, record: &str, column: u64, kind: IssueKind, detail: &str) {
        self.rows.reject(line, column, kind, detail, &|| record.to_owned());
    }

    /// Whether a carriage return stands alone in a field without quotes.
    fn has_lone_return(&self, span: &Span, record: usize) -> bool {
        let quoted = span.start > record && self.bytes[span.start - 1] == b'"';
        !quoted && memchr(b'\r', &self.bytes[span.start..span.end]).is_some()
    }
}

/// How many bytes [`Places`] looks at together.
const BLOCK: usize = 64;

/// The places of a byte other than 0 among the first `end` bytes. A block is compared at
/// once, so that lengths of fields, which no processor predicts, decide no branch.
struct Places<'a> {
    bytes: &'a [u8],
    end: usize,
    wanted: u64,
    /// Where the block at hand begins, and the places in it that are still to come.
    block: usize,
    marks: u64,
}

impl<'a> Places<'a> {
    #[inline]
    fn new(byte: u8, bytes: &'a [u8], end: usize) -> Self {
        let mut places =
            Self { bytes, end, wanted: u64::from_ne_bytes([byte; 8]), block: 0, marks: 0 };
        places.load();
        places
    }

    #[inline]
    fn load(&mut self) {
        let rest = &self.bytes[self.block..];
        let mut padded = [0; BLOCK];
        let block = rest.first_chunk().unwrap_or_else(|| {
            padded[..rest.len()].copy_from_slice(rest);
            &padded
        });
        let (words, _) = block.as_chunks::<8>();
        let marked = |marks, word: &[u8; 8]| marks >> 8 | self.matches(*word) << (BLOCK - 8);
        self.marks = words.iter().fold(0, marked);
        let within = self.end - self.block;
        if within < BLOCK {
            self.marks &= (1 << within) - 1;
        }
    }

    /// A bit for each byte of a word that is the wanted one.
    #[inline]
    fn matches(&self, word: [u8; 8]) -> u64 {
        let differs = u64::from_le_bytes(word) ^ self.wanted;
        let high_bits = !(((differs & LOW) + LOW) | differs | LOW);
        (high_bits >> 7).wrapping_mul(GATHER) >> 56
    }
}

/// All bits but the high one of each byte.
const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
/// Moves the low bit of byte `i` to bit `56 + i`.
const GATHER: u64 = 0x0102_0408_1020_4080;

impl Iterator for Places<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.marks == 0 {
            if self.end - self.block <= BLOCK {
                return None;
            }
            self.block += BLOCK;
            self.load();
        }
        let place = self.block + self.marks.trailing_zeros() as usize;
        self.marks &= self.marks - 1;
        Some(place)
    }
}

const LONE_RETURN: &str = "a carriage return without a line feed";

/// A field's value: doubled quotes become single ones.
pub(super) fn value(text: &str, doubled: bool) -> Cow<'_, str> {
    if doubled { text.replace("\"\"", "\"").into() } else { text.into() }
}

/// Bytes as text for people: what is no UTF-8 is replaced, the end of it left out.
pub(super) fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned()
}

/// The column in characters, from 1, of a value that is part of the record; 0 if
/// it is not, or stands on a later line of it.
fn column_of(record: &str, value: &str) -> u64 {
    let offset = (value.as_ptr() as usize).wrapping_sub(record.as_ptr() as usize);
    if offset > record.len() { 0 } else { column_at(record.as_bytes(), 0, offset) }
}

/// The column in characters, from 1, of a place in the line that begins at
/// `start`; 0 if the place is on a later line.
pub(super) fn column_at(bytes: &[u8], start: usize, at: usize) -> u64 {
    let before = &bytes[start..at];
    if memchr(b'\n', before).is_some() {
        return 0;
    }
    1 + before.iter().filter(|&&it| it & 0xc0 != 0x80).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_of_a_byte_is_found(
            bytes in prop::collection::vec(
                prop_oneof![Just(b','), Just(b'-'), Just(0xac), any::<u8>()],
                0..200,
            ),
            end in 0.0..=1.0f64,
        ) {
            let end = (bytes.len() as f64 * end) as usize;
            let places: Vec<usize> = Places::new(b',', &bytes, end).collect();
            let expected: Vec<usize> = memchr_iter(b',', &bytes[..end]).collect();
            prop_assert_eq!(places, expected);
        }
    }
}
