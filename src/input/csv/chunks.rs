//! A stream cut into chunks of whole records, with the numbers of their lines.
//!
//! Memory is bounded: a chunk grows only while a record does, and a line beyond
//! all limits is cut and the rest of it skipped.

use super::scan::survey;
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
    /// Memory to use again, of which the chunk is the first `end` bytes.
    pub memory: Vec<u8>,
    pub end: usize,
}

impl Chunk {
    pub fn bytes(&self) -> &[u8] {
        &self.memory[..self.end]
    }
}

/// Where bytes come from.
pub(super) trait Source {
    /// Fills a buffer and says how far; less than all of it only at the end.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize>;
}

impl Source for Opened<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.fill_all(buffer)
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
        let mut rest = vec![0; size];
        let filled = source.fill(&mut rest)?;
        let ended = filled < size;
        rest.truncate(filled);
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
    ///
    /// A buffer keeps its length between chunks, so that no byte is set to zero twice.
    pub fn next(&mut self, mut buffer: Vec<u8>) -> Result<Option<Chunk>> {
        let mut filled = self.rest.len();
        enlarge(&mut buffer, filled);
        buffer[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        // What was read ahead may already hold a chunk.
        let mut wanted = if self.index == 0 { 0 } else { self.size.saturating_sub(filled) };
        loop {
            if wanted > 0 && !self.ended {
                enlarge(&mut buffer, filled + wanted);
                let count = self.source.fill(&mut buffer[filled..filled + wanted])?;
                self.ended = count < wanted;
                filled += count;
            }
            let at_hand = &buffer[..filled];
            let (mut lines, quotes) = survey(at_hand);
            if self.ended {
                return Ok((filled > 0).then(|| self.chunk(buffer, filled, lines, 0)));
            }
            let cut = match quotes {
                false => memchr::memrchr(b'\n', at_hand).map_or(0, |it| it + 1),
                true => whole(self.splitter, at_hand, &mut self.spans),
            };
            if cut > 0 {
                lines -= memchr::memchr_iter(b'\n', &at_hand[cut..]).count();
                self.rest.extend_from_slice(&at_hand[cut..]);
                return Ok(Some(self.chunk(buffer, cut, lines, 0)));
            }
            if filled > RECORD_LIMIT + 2 && lines == 0 {
                let more = u64::from(self.skip_line()?);
                return Ok(Some(self.chunk(buffer, RECORD_LIMIT + 2, 0, more)));
            }
            wanted = self.size.max(filled);
        }
    }

    fn chunk(&mut self, memory: Vec<u8>, end: usize, lines: usize, more_lines: u64) -> Chunk {
        let chunk = Chunk { index: self.index, line: self.line, lines, memory, end };
        self.index += 1;
        self.line += lines as u64 + more_lines;
        chunk
    }

    /// Reads on to the begin of the next line; whether there was a line end.
    fn skip_line(&mut self) -> Result<bool> {
        let mut buffer = vec![0; self.size];
        while !self.ended {
            let filled = self.source.fill(&mut buffer)?;
            self.ended = filled < self.size;
            if let Some(at) = memchr::memchr(b'\n', &buffer[..filled]) {
                self.rest.extend_from_slice(&buffer[at + 1..filled]);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Makes a buffer at least so long.
fn enlarge(buffer: &mut Vec<u8>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
}
