//! The bytes of a column, fetched in larger portions than its pages are.
//!
//! Knows where in a file a column ends; nothing of pages.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use parquet::errors::Result as Decoded;
use parquet::file::reader::{ChunkReader, Length};

/// How many bytes are fetched at a time; pages of more are fetched alone.
const PORTION: usize = 128 << 10;

/// A file of which the bytes to come are at hand.
pub(super) struct Ahead<R> {
    input: Arc<R>,
    /// Behind which byte the column ends.
    end: u64,
    portion: Mutex<Portion>,
}

/// Some bytes of a file.
#[derive(Default)]
struct Portion {
    start: u64,
    bytes: Bytes,
}

impl Portion {
    /// The bytes from a place on, if it is in the portion.
    fn from(&self, start: u64) -> Option<Bytes> {
        let at = usize::try_from(start.checked_sub(self.start)?).ok()?;
        (at < self.bytes.len()).then(|| self.bytes.slice(at..))
    }
}

impl<R: ChunkReader> Ahead<R> {
    /// For a column that ends before a byte of a file.
    pub fn new(input: Arc<R>, end: u64) -> Self {
        Self { input, end, portion: Mutex::default() }
    }

    fn portion(&self) -> MutexGuard<'_, Portion> {
        self.portion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At least so many bytes from a place on: as many as come in one portion.
    fn fetch(&self, start: u64, least: usize) -> Decoded<Bytes> {
        let left = usize::try_from(self.end.saturating_sub(start)).unwrap_or(PORTION);
        let bytes = self.input.get_bytes(start, left.min(PORTION).max(least))?;
        *self.portion() = Portion { start, bytes: bytes.clone() };
        Ok(bytes)
    }
}

impl<R: ChunkReader> Length for Ahead<R> {
    fn len(&self) -> u64 {
        self.input.len()
    }
}

impl<R: ChunkReader + 'static> ChunkReader for Ahead<R> {
    type T = From<R>;

    fn get_read(&self, start: u64) -> Decoded<From<R>> {
        let known = self.portion().from(start);
        let bytes = known.map_or_else(|| self.fetch(start, 0), Ok)?;
        Ok(From { next: start + bytes.len() as u64, bytes, input: Arc::clone(&self.input) })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Decoded<Bytes> {
        let known = self.portion().from(start).filter(|it| it.len() >= length);
        match known {
            Some(it) => Ok(it.slice(..length)),
            None if length >= PORTION => self.input.get_bytes(start, length),
            None => Ok(self.fetch(start, length)?.slice(..length)),
        }
    }
}

/// The bytes of a file from a place on.
pub(super) struct From<R> {
    input: Arc<R>,
    bytes: Bytes,
    /// Where the bytes behind those at hand begin.
    next: u64,
}

impl<R: ChunkReader> Read for From<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.bytes.is_empty() && !out.is_empty() {
            let left = self.input.len().saturating_sub(self.next);
            let some = usize::try_from(left).unwrap_or(PORTION).min(PORTION);
            let bytes = self.input.get_bytes(self.next, some);
            self.bytes = bytes.map_err(std::io::Error::other)?;
            self.next += some as u64;
        }
        let some = out.len().min(self.bytes.len());
        self.bytes.copy_to_slice(&mut out[..some]);
        Ok(some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_same_bytes_are_read_as_without(
            wanted in prop::collection::vec((0usize..300_000, 0usize..200_000), 1..12),
            end in 0u64..300_000,
        ) {
            let file: Bytes = (0..300_000u32).map(|it| (it / 3) as u8 ^ (it >> 9) as u8).collect();
            let ahead = Ahead::new(Arc::new(file.clone()), end);
            prop_assert_eq!(ahead.len(), file.len() as u64);
            for (start, length) in wanted {
                let expected = file.get(start..start + length);
                let found = ahead.get_bytes(start as u64, length).ok();
                prop_assert_eq!(found.as_deref(), expected);
                let mut read = Vec::new();
                ahead.get_read(start as u64).unwrap().take(length as u64).read_to_end(&mut read).unwrap();
                prop_assert_eq!(&read[..], &file[start..file.len().min(start + length)]);
            }
        }
    }
}
