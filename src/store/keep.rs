//! Where packed bytes wait: in memory while there is room, then in a spill file.
//!
//! The spill file has no name: it vanishes with the process, however that ends.
//! Knows nothing of what the bytes mean.

use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::memory::Memory;
use crate::base::{Error, Result};

/// How hard spilled bytes are pressed: fast beats small.
const LEVEL: i32 = -3;
/// Shorter bytes are spilled as they are.
const WORTH_PRESSING: usize = 256;

/// A place for packed bytes with a limit of memory.
#[derive(Debug)]
pub struct Keep {
    memory: Memory,
    folder: Option<PathBuf>,
    room: Arc<Room>,
    spill: OnceLock<std::result::Result<Spill, String>>,
}

/// What is in memory now.
#[derive(Debug, Default)]
struct Room {
    /// Bytes of [`Held`]s.
    held: AtomicU64,
    /// Bytes of other things that grow with the data, as last told.
    other: AtomicU64,
}

/// Bytes that were put away.
#[derive(Debug)]
pub struct Held(Body);

#[derive(Debug)]
enum Body {
    Memory { bytes: Box<[u8]>, room: Arc<Room> },
    Spilled { at: u64, stored: usize, length: usize },
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Self::Memory { bytes, room } = self {
            room.held.fetch_sub(bytes.len() as u64, Ordering::Relaxed);
        }
    }
}

impl Held {
    /// Whether the bytes are in the spill file.
    pub fn is_spilled(&self) -> bool {
        matches!(self.0, Body::Spilled { .. })
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self::new(Memory::usual(), None)
    }
}

impl Keep {
    /// An empty place; spill files go to `folder`, or to the usual one for temporary files.
    pub fn new(memory: Memory, folder: Option<PathBuf>) -> Self {
        Self { memory, folder, room: Arc::default(), spill: OnceLock::new() }
    }

    /// The limit of the whole run.
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Says how many bytes other things take now: dictionaries, sets of ids.
    pub fn set_other(&self, bytes: u64) {
        self.room.other.store(bytes, Ordering::Relaxed);
    }

    /// Whether so many bytes more would leave too little for the work itself: a third
    /// of the memory is for waiting rows and names, the rest for what is at hand and for answers.
    pub fn is_full(&self, more: usize) -> bool {
        let room = &self.room;
        let used = room.held.load(Ordering::Relaxed) + room.other.load(Ordering::Relaxed);
        used + more as u64 > self.memory.bytes() / 3
    }

    /// Bytes in the spill file.
    pub fn spilled(&self) -> u64 {
        match self.spill.get() {
            Some(Ok(it)) => *it.end.lock().unwrap_or_else(PoisonError::into_inner),
            _ => 0,
        }
    }

    /// Puts bytes away: to memory, or to the spill file when memory is short.
    ///
    /// # Errors
    /// The spill file cannot be written.
    pub fn put(&self, bytes: impl Into<Box<[u8]>> + AsRef<[u8]>) -> Result<Held> {
        let length = bytes.as_ref().len();
        if self.is_full(length) {
            return self.spill(bytes.as_ref());
        }
        self.room.held.fetch_add(length as u64, Ordering::Relaxed);
        Ok(Held(Body::Memory { bytes: bytes.into(), room: Arc::clone(&self.room) }))
    }

    /// Puts bytes into the spill file.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn spill(&self, bytes: &[u8]) -> Result<Held> {
        let pressed;
        let mut stored = bytes;
        if bytes.len() >= WORTH_PRESSING {
            pressed = zstd::bulk::compress(bytes, LEVEL).map_err(|it| cannot("write", &it))?;
            if pressed.len() < bytes.len() {
                stored = &pressed;
            }
        }
        let at = self.file()?.append(stored).map_err(|it| cannot("write", &it))?;
        Ok(Held(Body::Spilled { at, stored: stored.len(), length: bytes.len() }))
    }

    /// The bytes that were put away.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn get<'h>(&self, held: &'h Held) -> Result<Cow<'h, [u8]>> {
        match &held.0 {
            Body::Memory { bytes, .. } => Ok(Cow::Borrowed(bytes)),
            &Body::Spilled { at, stored, length } => {
                let mut bytes = vec![0; stored];
                self.file()?.read(at, &mut bytes).map_err(|it| cannot("read", &it))?;
                if stored < length {
                    bytes =
                        zstd::bulk::decompress(&bytes, length).map_err(|it| cannot("read", &it))?;
                }
                Ok(Cow::Owned(bytes))
            }
        }
    }

    fn file(&self) -> Result<&Spill> {
        let make = || Spill::new(self.folder.as_deref()).map_err(|it| it.to_string());
        self.spill.get_or_init(make).as_ref().map_err(|it| cannot("create", it))
    }
}

fn cannot(what: &str, why: &dyn std::fmt::Display) -> Error {
    Error::new(format!("cannot {what} the spill file: {why}"))
        .hint("make room for temporary files, or allow more --memory")
}

/// A file without a name that only grows.
#[derive(Debug)]
struct Spill {
    file: File,
    end: Mutex<u64>,
}

impl Spill {
    fn new(folder: Option<&std::path::Path>) -> std::io::Result<Self> {
        let file = match folder {
            Some(it) => tempfile::tempfile_in(it)?,
            None => tempfile::tempfile()?,
        };
        Ok(Self { file, end: Mutex::new(0) })
    }

    /// Where the bytes begin.
    fn append(&self, bytes: &[u8]) -> std::io::Result<u64> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let at = *end;
        write_at(&self.file, bytes, at)?;
        *end += bytes.len() as u64;
        Ok(at)
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> std::io::Result<()> {
        // Where reading moves the file's position, readers and writers take turns.
        #[cfg(not(unix))]
        let _turn = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        read_at(&self.file, bytes, at)
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], at: u64) -> std::io::Result<()> {
    use std::io::{Seek as _, SeekFrom, Write as _};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::memory::LEAST;
    use super::*;

    #[test]
    fn bytes_come_back_from_memory_and_from_the_spill_file() {
        let keep = Keep::new(Memory::of(LEAST), None);
        let piece = |it: usize| vec![it as u8; 3 << 20];
        let held: Vec<Held> = (0..20).map(|it| keep.put(piece(it)).unwrap()).collect();
        let spilled = held.iter().filter(|it| it.is_spilled()).count();
        assert_eq!(spilled, 13, "a third of 64 MiB holds seven pieces of 3 MiB");
        for (at, held) in held.iter().enumerate() {
            assert!(*keep.get(held).unwrap() == piece(at)[..]);
        }
        assert!(keep.spilled() < 1 << 20, "equal bytes are pressed");
        drop(held);
        assert!(!keep.put(piece(1)).unwrap().is_spilled(), "room is given back");
    }

    #[test]
    fn what_other_things_take_is_counted() {
        let keep = Keep::new(Memory::of(LEAST), None);
        keep.set_other(LEAST);
        let held = keep.put(b"few bytes".as_slice()).unwrap();
        assert!(held.is_spilled());
        assert_eq!(&*keep.get(&held).unwrap(), b"few bytes");
    }
}
