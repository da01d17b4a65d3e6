//! The bytes of an XML file for its parser: lines counted, tokens of limited length.
//!
//! Knows nothing of XML but that tokens end.

use std::io::{self, BufRead, Read};

use crate::base::Error;
use crate::input::jsonl::Fill;

/// How much is read at a time.
const BLOCK: usize = 256 << 10;
/// The longest tag, text or comment that is read.
pub(super) const LONGEST: usize = 16 << 20;

/// Counts lines, and stops where a token does not end.
pub(super) struct Bytes<'f> {
    fill: Fill<'f>,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    ended: bool,
    line: u64,
    /// How many bytes the token at hand has so far.
    token: usize,
    failure: Option<Error>,
}

impl<'f> Bytes<'f> {
    pub fn new(fill: Fill<'f>) -> Self {
        let buffer = vec![0; BLOCK];
        Self { fill, buffer, at: 0, end: 0, ended: false, line: 1, token: 0, failure: None }
    }

    /// The line of the next byte, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Says that a token begins with the next byte.
    pub fn begin(&mut self) {
        self.token = 0;
    }

    /// What made reading fail, if it was not the XML.
    pub fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    fn fail(&mut self, error: Error) -> io::Error {
        self.failure = Some(error);
        io::Error::other("see the failure")
    }
}

impl BufRead for Bytes<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token > LONGEST {
            let error = Error::new(format!("a tag or text is longer than {} MiB", LONGEST >> 20));
            return Err(self.fail(error.hint("a quote or > may be missing")));
        }
        if self.at == self.end && !self.ended {
            match (self.fill)(&mut self.buffer) {
                Ok(count) => (self.at, self.end, self.ended) = (0, count, count < BLOCK),
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn consume(&mut self, count: usize) {
        let end = (self.at + count).min(self.end);
        self.line += memchr::memchr_iter(b'\n', &self.buffer[self.at..end]).count() as u64;
        self.token += end - self.at;
        self.at = end;
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.buffer[self.at..self.at + count]);
        self.consume(count);
        Ok(count)
    }
}
