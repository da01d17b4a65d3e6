//! The frame of a partial: a magic, a version, and sections with checksums.
//!
//! A section is its kind (1 byte), its length (8, little endian), the CRC-32 of its
//! bytes (4), the CRC-32 of these thirteen (4), and its bytes. Knows nothing of
//! what sections hold.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::Crc;
use fs_err::File;

use super::column::take_bytes;
use crate::base::{Error, Place, Result};

/// The first bytes of every partial.
pub const MAGIC: [u8; 8] = *b"TPpart\r\n";

/// The version of the format that this program writes, and the newest that it reads.
pub const VERSION: u16 = 3;

const FRONT: u64 = MAGIC.len() as u64 + 2;
const HEADER: usize = 17;

/// Writes the front of a partial.
///
/// # Errors
/// A failed write.
pub fn write_front(out: &mut dyn Write) -> Result<()> {
    out.write_all(&MAGIC)?;
    Ok(out.write_all(&VERSION.to_le_bytes())?)
}

/// Writes one section.
///
/// # Errors
/// A failed write.
pub fn write_section(kind: u8, bytes: &[u8], out: &mut dyn Write) -> Result<()> {
    let mut header = Vec::with_capacity(HEADER);
    header.push(kind);
    header.extend((bytes.len() as u64).to_le_bytes());
    header.extend(crc(bytes).to_le_bytes());
    header.extend(crc(&header).to_le_bytes());
    out.write_all(&header)?;
    Ok(out.write_all(bytes)?)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Where a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// What it holds.
    pub kind: u8,
    /// How many bytes it holds.
    pub bytes: u64,
    begin: u64,
    crc: u32,
}

/// A partial that is open for reading.
pub struct Sections {
    name: String,
    file: File,
    next: u64,
    length: u64,
}

impl Sections {
    /// Opens a file and reads its front.
    ///
    /// # Errors
    /// The file cannot be read, is no partial, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let unreadable = |it: std::io::Error| Error::from(it).or_at(Place::file(&name));
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut front = Vec::new();
        Read::by_ref(&mut file).take(FRONT).read_to_end(&mut front).map_err(unreadable)?;
        let Some(version) = front.strip_prefix(&MAGIC) else {
            return Err(Error::new("is not a partial")
                .at(Place::file(name))
                .hint("touchpath fold writes partials"));
        };
        let sections = Self { name, file, next: FRONT, length };
        match version {
            &[low, high] => match u16::from_le_bytes([low, high]) {
                VERSION => Ok(sections),
                newer => Err(sections
                    .error(format!("is a partial of version {newer}, which is not known here"))
                    .hint(format!(
                        "this touchpath reads version {VERSION}: use a newer one, or fold again"
                    ))),
            },
            _ => Err(sections.cut_short()),
        }
    }

    /// An error about this file.
    #[cold]
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::new(message).at(Place::file(&*self.name))
    }

    #[cold]
    fn cut_short(&self) -> Error {
        self.error("the partial is cut short").hint("copy it again, or fold again")
    }

    #[cold]
    fn damaged(&self, at: u64) -> Error {
        self.error(format!("the partial is damaged: the checksum at byte {at} is wrong"))
            .hint("copy it again, or fold again; nothing of a damaged partial is used")
    }

    /// The next section; none at the end of the file.
    ///
    /// # Errors
    /// The file is cut short or damaged.
    pub fn next_section(&mut self) -> Result<Option<Section>> {
        if self.next == self.length {
            return Ok(None);
        }
        let at = self.next;
        let header = self.read(at, HEADER as u64)?;
        let rest = &mut &header[..];
        let kind = take_bytes(rest, 1)?[0];
        let bytes = number(take_bytes(rest, 8)?);
        let own = number(take_bytes(rest, 4)?) as u32;
        if number(rest) as u32 != crc(&header[..HEADER - 4]) {
            return Err(self.damaged(at));
        }
        let begin = at + HEADER as u64;
        self.next = begin
            .checked_add(bytes)
            .filter(|&it| it <= self.length)
            .ok_or_else(|| self.cut_short())?;
        Ok(Some(Section { kind, bytes, begin, crc: own }))
    }

    /// The bytes of a section.
    ///
    /// # Errors
    /// They cannot be read, or are damaged.
    pub fn bytes(&mut self, section: &Section) -> Result<Vec<u8>> {
        let bytes = self.read(section.begin, section.bytes)?;
        match crc(&bytes) == section.crc {
            true => Ok(bytes),
            false => Err(self.damaged(section.begin)),
        }
    }

    fn read(&mut self, at: u64, count: u64) -> Result<Vec<u8>> {
        if at.checked_add(count).is_none_or(|it| it > self.length) {
            return Err(self.cut_short());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let file = &mut self.file;
        let read = file
            .seek(SeekFrom::Start(at))
            .and_then(|_| Read::by_ref(file).take(count).read_to_end(&mut bytes))
            .map_err(|it| Error::from(it).or_at(Place::file(&*self.name)))?;
        if read as u64 == count { Ok(bytes) } else { Err(self.cut_short()) }
    }
}

/// A number of up to eight bytes, little endian.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &it| number << 8 | u64::from(it))
}
