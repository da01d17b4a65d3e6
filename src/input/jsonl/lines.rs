//! A file of lines, cut into chunks.
//!
//! Memory is bounded: a chunk grows only while a line does, and a line beyond the limit is
//! cut and the rest of it skipped. Knows nothing of what lines hold.

use super::{CHUNK, Fill, LONGEST_LINE, SHOWN};
use crate::base::Result;

/// Whole lines of a file.
pub(in crate::input) struct Chunk {
    /// The order among the file's chunks.
    pub(super) index: usize,
    /// The lines, and behind them what is left of the memory.
    pub(super) buffer: Vec<u8>,
    length: usize,
    /// The number of the first line, or 1 where lines are not counted.
    line: u64,
    /// Whether this is the beginning of one line that is longer than the limit.
    too_long: bool,
}

/// Cuts a file into chunks.
pub(in crate::input) struct Lines<'f> {
    fill: Fill<'f>,
    /// Bytes read and not yet given out.
    rest: Vec<u8>,
    line: u64,
    counted: bool,
    index: usize,
    ended: bool,
}

impl<'f> Lines<'f> {
    /// The file from its begin.
    pub fn new(fill: Fill<'f>) -> Self {
        Self { fill, rest: Vec::new(), line: 1, counted: true, index: 0, ended: false }
    }

    /// The same, where each chunk's first line has the number 1.
    pub fn uncounted(self) -> Self {
        Self { counted: false, ..self }
    }

    /// Reads until so many bytes of the buffer are used or the file ends.
    fn fill(&mut self, buffer: &mut Vec<u8>, used: usize, size: usize) -> Result<usize> {
        if self.ended || used >= size {
            return Ok(used);
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let got = (self.fill)(&mut buffer[used..size])?;
        self.ended = used + got < size;
        Ok(used + got)
    }

    /// The next chunk of about this size, in the memory of `buffer`; `None` at the end.
    pub fn chunk(&mut self, mut buffer: Vec<u8>, size: usize) -> Result<Option<Chunk>> {
        let mut used = self.rest.len();
        if buffer.len() < used {
            buffer.resize(used, 0);
        }
        buffer[..used].copy_from_slice(&self.rest);
        self.rest.clear();
        let mut searched = 0;
        loop {
            used = self.fill(&mut buffer, used, searched + size)?;
            if self.ended {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', &buffer[searched..used]) {
                let end = searched + last + 1;
                self.rest.extend_from_slice(&buffer[end..used]);
                used = end;
                break;
            }
            if used > LONGEST_LINE {
                return self.skip_line(buffer).map(Some);
            }
            searched = used;
        }
        if used == 0 {
            return Ok(None);
        }
        if self.index == 0 && buffer[..used].starts_with(b"\xef\xbb\xbf") {
            buffer.copy_within(3..used, 0);
            used -= 3;
        }
        let lines = match self.counted {
            true => memchr::memchr_iter(b'\n', &buffer[..used]).count(),
            false => 0,
        };
        Ok(Some(self.give(buffer, used, lines as u64, false)))
    }

    /// The next chunk, in which so many lines end.
    fn give(&mut self, buffer: Vec<u8>, length: usize, lines: u64, too_long: bool) -> Chunk {
        let chunk = Chunk { index: self.index, buffer, length, line: self.line, too_long };
        self.line += if self.counted { lines } else { 0 };
        self.index += 1;
        chunk
    }

    /// Passes over the rest of a line that is too long, keeping its beginning.
    fn skip_line(&mut self, mut buffer: Vec<u8>) -> Result<Chunk> {
        buffer.truncate(SHOWN);
        buffer.shrink_to_fit();
        let length = buffer.len();
        let chunk = self.give(buffer, length, 1, true);
        let mut more = Vec::new();
        while !self.ended {
            let used = self.fill(&mut more, 0, CHUNK)?;
            if let Some(end) = memchr::memchr(b'\n', &more[..used]) {
                self.rest.extend_from_slice(&more[end + 1..used]);
                break;
            }
        }
        Ok(chunk)
    }
}

impl Chunk {
    /// The lines, the last of a file perhaps without its end.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// The number of the first line.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether this is only the beginning of one line, which is longer than the limit.
    pub fn is_too_long(&self) -> bool {
        self.too_long
    }
}
