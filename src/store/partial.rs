//! A partial: the pieces of some input files in one file, in an order of their own.
//!
//! Sections: one head, then for each piece its facts and its blocks, then one end
//! with the totals. Pieces stand in order of source, name and content, so that a
//! partial's bytes do not depend on the order in which it came about. Pieces are
//! copied as they are from partial to partial.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::block::unpack;
use super::marks::Marks;
use super::piece::{Piece, read_json, write_json};
use super::sections::{MAGIC, Section, Sections, write_front, write_section};
use crate::base::{Error, Place, Result};
use crate::model::Batch;

const HEAD: u8 = 1;
const PIECE: u8 = 2;
const BLOCK: u8 = 3;
const END: u8 = 4;

/// The endings of partials' names.
pub const ENDINGS: [&str; 2] = [".part", ".touchpath"];

/// What a partial says before its pieces.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The versions of touchpath that read the input files.
    pub tools: BTreeSet<String>,
    /// What reading depended on: what columns mean, the zone, the currency, the blocklist.
    pub reading: Value,
    /// The journeys that partials were folded with, as texts of JSON: usually one.
    pub journeys: BTreeSet<String>,
}

impl Head {
    /// Takes in what another partial says that was read in the same way.
    pub fn merge(&mut self, other: &Self) {
        self.tools.extend(other.tools.iter().cloned());
        self.journeys.extend(other.journeys.iter().cloned());
    }
}

/// What all pieces of a partial come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Input files.
    pub pieces: u64,
    /// Blocks of rows.
    pub blocks: u64,
    /// Rows used.
    pub rows: u64,
    /// The digest of all marks.
    pub digest: String,
}

/// Writes a partial piece by piece.
pub struct Writer<'a> {
    out: &'a mut dyn Write,
    totals: Totals,
    marks: Marks,
}

impl<'a> Writer<'a> {
    /// Begins a partial.
    ///
    /// # Errors
    /// A failed write.
    pub fn new(head: &Head, out: &'a mut dyn Write) -> Result<Self> {
        write_front(out)?;
        let head = serde_json::to_value(head).map_err(|it| Error::new(it.to_string()))?;
        write_section(HEAD, &write_json(&head)?, out)?;
        Ok(Self { out, totals: Totals::default(), marks: Marks::default() })
    }

    /// Writes a piece; its blocks must follow at once. Pieces must come in order.
    ///
    /// # Errors
    /// A failed write.
    pub fn piece(&mut self, piece: &Piece) -> Result<()> {
        self.totals.pieces += 1;
        self.totals.blocks += piece.blocks;
        self.totals.rows += piece.rows;
        self.marks.merge(&piece.marks);
        write_section(PIECE, &piece.write()?, self.out)
    }

    /// Writes a block of the piece at hand, as [`pack`](super::block::pack) made it.
    ///
    /// # Errors
    /// A failed write.
    pub fn block(&mut self, packed: &[u8]) -> Result<()> {
        write_section(BLOCK, packed, self.out)
    }

    /// Ends the partial.
    ///
    /// # Errors
    /// A failed write.
    pub fn finish(mut self) -> Result<Totals> {
        self.totals.digest = digest(&self.marks);
        let totals = serde_json::to_value(&self.totals).map_err(|it| Error::new(it.to_string()))?;
        write_section(END, &write_json(&totals)?, self.out)?;
        Ok(self.totals)
    }
}

fn digest(marks: &Marks) -> String {
    format!("{:016x}", marks.digest())
}

/// A piece, and where its blocks are.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What reading made of the file.
    pub piece: Piece,
    /// Its blocks in order.
    pub blocks: Vec<Section>,
}

/// A partial on disk: all but its rows in memory.
#[derive(Debug, Clone)]
pub struct Partial {
    /// The file.
    pub path: PathBuf,
    /// What it says before its pieces.
    pub head: Head,
    /// Its pieces in order.
    pub entries: Vec<Entry>,
    /// What they come to.
    pub totals: Totals,
}

/// Whether a file is a partial: by its first bytes, or else by its name.
pub fn is_partial(path: &Path) -> bool {
    let mut first = [0; MAGIC.len()];
    let read = fs_err::File::open(path).and_then(|mut it| it.read_exact(&mut first));
    let name = path.to_string_lossy();
    path.is_file()
        && (ENDINGS.iter().any(|it| name.ends_with(it)) || (read.is_ok() && first == MAGIC))
}

impl Partial {
    /// Opens a partial: reads all but its rows.
    ///
    /// # Errors
    /// The file cannot be read, is no partial, is of a newer version, cut short or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let mut sections = Sections::open(path)?;
        let mut partial = Self {
            path: path.to_owned(),
            head: Head::default(),
            entries: Vec::new(),
            totals: Totals::default(),
        };
        let mut ended = false;
        let mut first = true;
        while let Some(section) = sections.section()? {
            let misplaced = ended || first != (section.kind == HEAD);
            first = false;
            if misplaced {
                return Err(sections.error("the partial has a section where none can be"));
            }
            ended = partial.take(&section, &mut sections)?;
        }
        if !ended {
            return Err(sections
                .error("the partial is cut short")
                .hint("copy it again, or fold again"));
        }
        partial.check().map_err(|it| it.or_at(Place::file(path.display().to_string())))?;
        Ok(partial)
    }

    /// Takes a section in, and says whether it is the end.
    fn take(&mut self, section: &Section, sections: &mut Sections) -> Result<bool> {
        let wrong =
            |it: serde_json::Error| Error::new(format!("the partial is not as expected: {it}"));
        let mut json =
            |section: &Section| -> Result<Value> { read_json(&mut &sections.bytes(section)?[..]) };
        match section.kind {
            HEAD => self.head = serde_json::from_value(json(section)?).map_err(wrong)?,
            PIECE => {
                let piece = Piece::read(&sections.bytes(section)?)?;
                self.entries.push(Entry { piece, blocks: Vec::new() });
            }
            BLOCK => match self.entries.last_mut() {
                Some(it) => it.blocks.push(*section),
                None => return Err(sections.error("the partial has a block before any file")),
            },
            END => self.totals = serde_json::from_value(json(section)?).map_err(wrong)?,
            kind => {
                return Err(sections.error(format!("the partial has an unknown section {kind}")));
            }
        }
        Ok(section.kind == END)
    }

    /// Whether what is there comes to what the end says.
    fn check(&self) -> Result<()> {
        let marks = self.marks();
        let pieces = || self.entries.iter().map(|it| &it.piece);
        let found = Totals {
            pieces: self.entries.len() as u64,
            blocks: self.entries.iter().map(|it| it.blocks.len() as u64).sum(),
            rows: pieces().map(|it| it.rows).sum(),
            digest: digest(&marks),
        };
        let whole = self.entries.iter().all(|it| it.piece.blocks == it.blocks.len() as u64);
        match whole && found == self.totals && pieces().is_sorted_by_key(Piece::key) {
            true => Ok(()),
            false => Err(Error::new("the partial does not hold what its end says")
                .hint("copy it again, or fold again")),
        }
    }

    /// The fingerprint of all rows.
    pub fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        self.entries.iter().for_each(|it| marks.merge(&it.piece.marks));
        marks
    }

    /// The rows of one block of a piece.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn block(&self, entry: &Entry, block: &Section) -> Result<Batch> {
        let mut sections = Sections::open(&self.path)?;
        let bytes = sections.bytes(block)?;
        let batch = unpack(&bytes, entry.piece.id_types.len(), entry.piece.texts.len());
        batch.map_err(|it| sections.error(it.message()))
    }

    /// Checks that the blocks of a piece had all of its rows.
    ///
    /// # Errors
    /// They had not.
    pub fn check_rows(&self, entry: &Entry, rows: u64) -> Result<()> {
        let (name, said) = (&entry.piece.name, entry.piece.rows);
        match rows == said {
            true => Ok(()),
            false => {
                Err(Error::new(format!("there are {rows} rows of {name}, and {said} are said"))
                    .at(Place::file(self.path.display().to_string())))
            }
        }
    }

    /// Copies a piece as it is; its checksums are looked at.
    ///
    /// # Errors
    /// The file cannot be read or is damaged; a failed write.
    pub fn copy(&self, entry: &Entry, writer: &mut Writer<'_>) -> Result<()> {
        writer.piece(&entry.piece)?;
        let mut sections = Sections::open(&self.path)?;
        for block in &entry.blocks {
            writer.block(&sections.bytes(block)?)?;
        }
        Ok(())
    }
}
