//! A stream cut into chunks of whole records, with the numbers of their lines.
//!
//! Memory is bounded: a chunk grows only while a record does, and a line beyond
//! all limits is cut and the rest of it skipped.

use super::split::{RECORD_LIMIT, Span, Splitter, whole};
use crate::base::Result;
use crate::input::open::Opened;

/// Whole records in file order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The order among the file's chunks.
    pub index: usize,
    /// The physical line at which the chunk begins, from 1.
    pub line: u64,
    /// How many lines end in the chunk.
    pub lines: usize,
    pub bytes: Vec<u8>,
}

/// Where bytes come from.
pub(super) trait Source {
    /// Adds up to so many bytes to a buffer; fewer only at the end.
    fn fill(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> Result<usize>;
}

impl Source for Opened<'_> {
    fn fill(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> Result<usize> {
        Opened::fill(self, buffer, bytes)
    }
}

/// Cuts a stream into chunks.
pub(super) struct Chunks<S> {
    source: S,
    splitter: Splitter,
    size: usize,
    /// Bytes read and not yet given out.
    rest: Vec<u8>,
    ended: bool,
    index: usize,
    line: u64,
    spans: Vec<Span>,
}

impl<S: Source> Chunks<S> {
    /// Reads the first bytes (up to `size`) and leaves it to [`Self::cut_by`] to
    /// say how records are split.
    pub fn new(mut source: S, size: usize) -> Result<Self> {
        let mut rest = Vec::new();
        let ended = source.fill(&mut rest, size)? < size;
        let splitter = Splitter { delimiter: b',' };
        Ok(Self { source, splitter, size, rest, ended, index: 0, line: 1, spans: Vec::new() })
    }

    /// The first bytes, before any chunk was taken.
    pub fn head(&self) -> &[u8] {
        &self.rest
    }

    /// Says how records are split, and how large chunks shall be from now on.
    pub fn cut_by(&mut self, splitter: Splitter, size: usize) {
        (self.splitter, self.size) = (splitter, size);
    }

    /// How records are split.
    pub fn splitter(&self) -> Splitter {
        self.splitter
    }

    /// The next chunk, in the memory of `buffer`; `None` at the end.
    pub fn next(&mut self, mut buffer: Vec<u8>) -> Result<Option<Chunk>> {
        buffer.clear();
        buffer.append(&mut self.rest);
        // What was read ahead may already hold a chunk.
        let mut wanted = if self.index == 0 { 0 } else { self.size.saturating_sub(buffer.len()) };
        loop {
            if wanted > 0 && !self.ended {
                self.ended = self.source.fill(&mut buffer, wanted)? < wanted;
            }
            if self.ended {
                return Ok((!buffer.is_empty()).then(|| self.chunk(buffer, 0)));
            }
            let cut = whole(self.splitter, &buffer, &mut self.spans);
            if cut > 0 {
                self.rest.extend_from_slice(&buffer[cut..]);
                buffer.truncate(cut);
                return Ok(Some(self.chunk(buffer, 0)));
            }
            if buffer.len() > RECORD_LIMIT + 2 && memchr::memchr(b'\n', &buffer).is_none() {
                buffer.truncate(RECORD_LIMIT + 2);
                let lines = u64::from(self.skip_line()?);
                return Ok(Some(self.chunk(buffer, lines)));
            }
            wanted = self.size.max(buffer.len());
        }
    }

    fn chunk(&mut self, bytes: Vec<u8>, more_lines: u64) -> Chunk {
        let lines = memchr::memchr_iter(b'\n', &bytes).count();
        let chunk = Chunk { index: self.index, line: self.line, lines, bytes };
        self.index += 1;
        self.line += lines as u64 + more_lines;
        chunk
    }

    /// Reads on to the begin of the next line; whether there was a line end.
    fn skip_line(&mut self) -> Result<bool> {
        let mut buffer = Vec::new();
        while !self.ended {
            buffer.clear();
            self.ended = self.source.fill(&mut buffer, self.size)? < self.size;
            if let Some(at) = memchr::memchr(b'\n', &buffer) {
                self.rest.extend_from_slice(&buffer[at + 1..]);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
