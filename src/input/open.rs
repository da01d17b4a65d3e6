//! Paths to streams of bytes: patterns, folders, compression, standard input.
//!
//! Refuses what is no regular file, and notices files that change while they
//! are read. Knows no format beyond the endings of names.

use std::io::{self, Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;

use super::stdin::Stdin;
use crate::base::{Error, Place, Progress, Result};

/// One input file, found but not yet opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The path as the user named it, completed inside folders and patterns.
    pub name: String,
    /// The path to open; empty for standard input.
    pub location: PathBuf,
}

impl Found {
    /// Whether this is standard input.
    pub fn is_stdin(&self) -> bool {
        self.location.as_os_str().is_empty()
    }

    /// The ending that tells the format: in small letters, without `.gz` or `.zst`.
    ///
    /// ```
    /// use touchpath::input::open::Found;
    /// let found = Found { name: "a/shop.CSV.gz".into(), location: "a/shop.CSV.gz".into() };
    /// assert_eq!(found.ending(), "csv");
    /// ```
    pub fn ending(&self) -> String {
        ending(&self.name)
    }
}

fn ending(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let bare = [".gz", ".zst"].iter().find_map(|it| name.strip_suffix(it)).unwrap_or(&name);
    bare.rsplit_once('.').map_or(String::new(), |it| it.1.to_owned())
}

/// The files that a source's path stands for, sorted by their bytes.
///
/// `path` is a file, a folder (searched to the bottom for names with one of the
/// `endings`, hidden ones and links to folders left out), a pattern with `*`,
/// `?` or `[…]`, or `-`; relative paths start at `folder`.
///
/// # Errors
/// Nothing is there, or it is no regular file.
pub fn expand(path: &str, folder: &Path, endings: &[&str]) -> Result<Vec<Found>> {
    if path == "-" {
        return Ok(vec![Found { name: "-".into(), location: PathBuf::new() }]);
    }
    if path.is_empty() {
        return Err(Error::new("a source has no path").hint("add path = \"events.csv\""));
    }
    let location = folder.join(path);
    match fs::metadata(&location) {
        Ok(it) if it.is_dir() => in_folder(path, &location, endings),
        Ok(_) => Ok(vec![checked(path.to_owned(), location)?]),
        Err(_) if path.contains(['*', '?', '[']) => matching(path, folder),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn unreadable(name: &str, error: io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "there is no permission to read it".to_owned(),
        _ => format!("cannot be opened: {error}"),
    };
    Error::new(message).at(Place::file(name)).caused_by(error)
}

fn in_folder(path: &str, location: &Path, endings: &[&str]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut folders = vec![(path.trim_end_matches('/').to_owned(), location.to_owned())];
    while let Some((path, location)) = folders.pop() {
        for entry in fs::read_dir(&location)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') {
                continue;
            }
            let (name, location) = (format!("{path}/{name}"), entry.path());
            if entry.file_type()?.is_dir() {
                folders.push((name, location));
            } else if endings.contains(&ending(&name).as_str()) {
                found.push(checked(name, location)?);
            }
        }
    }
    if found.is_empty() {
        return Err(Error::new("the folder has no file with a known ending")
            .at(Place::file(path))
            .hint(format!("known endings: {}", endings.join(", "))));
    }
    found.sort();
    Ok(found)
}

fn matching(path: &str, folder: &Path) -> Result<Vec<Found>> {
    let bad = |error: &dyn std::fmt::Display| {
        Error::new(format!("cannot use the pattern: {error}")).at(Place::file(path))
    };
    let base = folder.to_string_lossy();
    let pattern = Path::new(&*glob::Pattern::escape(&base)).join(path);
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let matches = glob::glob_with(&pattern.to_string_lossy(), options).map_err(|it| bad(&it))?;
    let mut found = Vec::new();
    for location in matches {
        let location = location.map_err(|it| bad(&it))?;
        let named = if Path::new(path).is_absolute() {
            &*location
        } else {
            location.strip_prefix(folder).unwrap_or(&location)
        };
        found.push(checked(named.to_string_lossy().into_owned(), location.clone())?);
    }
    if found.is_empty() {
        return Err(Error::new("no file matches the pattern").at(Place::file(path)));
    }
    found.sort();
    Ok(found)
}

/// Only regular files are read: a device may never end, a pipe can be read once.
fn checked(name: String, location: PathBuf) -> Result<Found> {
    let kind = fs::metadata(&location).map_err(|it| unreadable(&name, it))?;
    let refuse = |what: &str, hint: &str| Err(Error::new(what).at(Place::file(&*name)).hint(hint));
    if kind.is_dir() {
        return refuse("is a folder, not a file", "name the folder itself, or *.csv inside it");
    }
    if !kind.is_file() {
        return refuse(
            "is not a regular file",
            "to read a pipe, write - and pass it to standard input",
        );
    }
    let real = fs::canonicalize(&location)?;
    if real.starts_with("/proc") || real.starts_with("/sys") {
        return refuse("is no file of data but a window into the system", "copy it first");
    }
    Ok(Found { name, location })
}

/// Checks that a file lies in a folder, links followed.
///
/// # Errors
/// It lies elsewhere.
pub fn check_inside(found: &Found, folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real = fs::canonicalize(&found.location).map_err(|it| unreadable(&found.name, it))?;
    if real.starts_with(fs::canonicalize(folder)?) {
        return Ok(());
    }
    Err(Error::new("the path leads out of the journey file's folder")
        .at(Place::file(&*found.name))
        .hint("--allow-outside reads it all the same; a journey file of others should not need it"))
}

/// An open file: its bytes, unpacked.
pub struct Opened<'a> {
    reader: Box<dyn Read + Send + 'a>,
    name: String,
    packed: Option<&'static str>,
}

/// What must not change while a file is read: its size and time of change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes in the file as stored; 0 for standard input.
    pub bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// Takes the stamp of a file.
    ///
    /// # Errors
    /// The file is not there (any more).
    pub fn of(found: &Found) -> Result<Self> {
        if found.is_stdin() {
            return Ok(Self { bytes: 0, modified: None });
        }
        let metadata = fs::metadata(&found.location).map_err(|it| unreadable(&found.name, it))?;
        Ok(Self { bytes: metadata.len(), modified: metadata.modified().ok() })
    }

    /// Checks, once all is read, that the file is still the one it was.
    ///
    /// # Errors
    /// Its size or time of change differs.
    pub fn check(&self, found: &Found) -> Result<()> {
        if *self == Self::of(found)? {
            return Ok(());
        }
        Err(Error::new("the file changed while it was read")
            .at(Place::file(&*found.name))
            .hint("run again once it is complete, or read a copy"))
    }
}

/// Opens a file as bytes, unpacking gzip and Zstandard (of several members or
/// frames too), which their first bytes tell; `progress` hears of the bytes as
/// stored.
///
/// # Errors
/// The file cannot be opened, or ends in `.gz` or `.zst` and is not so packed.
pub fn open<'a>(found: &Found, progress: &'a dyn Progress) -> Result<Opened<'a>> {
    let name = found.name.clone();
    let fail = |error: io::Error| unreadable(&found.name, error);
    let raw: Box<dyn Read + Send + 'a> = if found.is_stdin() {
        Box::new(Stdin::new(progress))
    } else {
        Box::new(fs::File::open(&found.location).map_err(fail)?)
    };
    let (magic, stored) = peek::<4>(Watched { inner: raw, progress }).map_err(fail)?;
    let lower = name.to_ascii_lowercase();
    let refuse = |what: &str| {
        Err(Error::new(format!("does not hold {what} data, though its name says so"))
            .at(Place::file(&*found.name)))
    };
    let (packed, reader): (_, Box<dyn Read + Send + 'a>) = match magic {
        [0x1f, 0x8b, ..] => {
            let buffered = io::BufReader::with_capacity(BLOCK, stored);
            (Some("gzip"), Box::new(flate2::bufread::MultiGzDecoder::new(buffered)))
        }
        [0x28, 0xb5, 0x2f, 0xfd] => {
            (Some("Zstandard"), Box::new(zstd::stream::read::Decoder::new(stored).map_err(fail)?))
        }
        // Some exports are called so for the packing of their pages: plain Parquet all the same.
        [b'P', b'A', b'R', b'1'] => (None, Box::new(stored)),
        _ if lower.ends_with(".gz") => return refuse("gzip"),
        _ if lower.ends_with(".zst") => return refuse("Zstandard"),
        _ => (None, Box::new(stored)),
    };
    Ok(Opened { reader, name, packed })
}

/// How many bytes are read of a packed file at a time.
const BLOCK: usize = 256 * 1024;

impl<'a> Opened<'a> {
    /// Whether the bytes are stored packed.
    pub fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// The same, for text: a byte order mark of UTF-8 is dropped.
    ///
    /// # Errors
    /// The text is UTF-16, or cannot be read.
    pub fn text(self) -> Result<Self> {
        let Self { reader, name, packed } = self;
        let (mark, reader) = peek::<3>(reader).map_err(|it| broken(&name, packed, it))?;
        let utf16 = matches!(mark, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        if utf16 {
            return Err(Error::new("the file is UTF-16")
                .at(Place::file(name))
                .hint("save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8"));
        }
        let mut reader: Box<dyn Read + Send + 'a> = Box::new(reader);
        if mark == [0xef, 0xbb, 0xbf] {
            reader.read_exact(&mut [0; 3]).map_err(|it| broken(&name, packed, it))?;
        }
        Ok(Self { reader, name, packed })
    }

    /// Adds up to so many bytes to a buffer; fewer only at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read, or is packed and cut short or damaged.
    pub fn fill(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> Result<usize> {
        buffer.reserve(bytes);
        let limited = self.reader.by_ref().take(bytes as u64);
        let mut limited = limited;
        limited.read_to_end(buffer).map_err(|it| broken(&self.name, self.packed, it))
    }

    /// Fills a buffer and says how far; less than all of it only at the end of the file.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub fn fill_all(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&self.name, self.packed, error)),
            }
        }
        Ok(filled)
    }
}

impl Read for Opened<'_> {
    /// Errors are those of [`Opened::fill`], with their message.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader
            .read(buffer)
            .map_err(|it| io::Error::new(it.kind(), broken(&self.name, self.packed, it)))
    }
}

fn broken(name: &str, packed: Option<&str>, error: io::Error) -> Error {
    let message = match packed {
        Some(what) if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("the {what} data is cut short")
        }
        Some(what) => format!("the {what} data is damaged: {error}"),
        None => format!("cannot be read: {error}"),
    };
    let hint = "fetch the file again; nothing of a damaged file is used";
    let shown = Error::new(message).at(Place::file(name)).caused_by(error);
    if packed.is_some() { shown.hint(hint) } else { shown }
}

/// Reads the first bytes (fewer of a shorter stream, the rest 0) and puts them back.
fn peek<const N: usize>(mut reader: impl Read) -> io::Result<([u8; N], impl Read)> {
    let mut first = Vec::with_capacity(N);
    reader.by_ref().take(N as u64).read_to_end(&mut first)?;
    let mut bytes = [0; N];
    bytes[..first.len()].copy_from_slice(&first);
    Ok((bytes, chained(first, reader)))
}

fn chained<R: Read>(first: Vec<u8>, rest: R) -> Chain<Cursor<Vec<u8>>, R> {
    Cursor::new(first).chain(rest)
}

/// A reader whose bytes are told to whoever watches.
struct Watched<'a> {
    inner: Box<dyn Read + Send + 'a>,
    progress: &'a dyn Progress,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.progress.check()?;
        let count = self.inner.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// Takes a piece of memory and gives it back, untouched.
///
/// The C library of Linux grows the memory of a thread by what is asked for, one call of the
/// system each time, and gives it back to the system if more lies idle than twice the largest
/// piece that came and went. So a large piece first, and one for each chunk, save most calls.
pub(super) fn stir_memory(bytes: usize) {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(bytes)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Unwatched;

    fn names(path: &str, folder: &Path) -> String {
        match expand(path, folder, &["csv", "jsonl"]) {
            Ok(found) => found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn paths_stand_for_files_in_a_fixed_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir_all(at.join("in/deep")).unwrap();
        for name in ["in/b.csv", "in/a.csv.gz", "in/deep/c.JSONL", "in/note.md", "in/.x.csv"] {
            fs::write(at.join(name), "").unwrap();
        }
        fs::create_dir_all(at.join("none")).unwrap();
        fs::write(at.join("odd[1].csv"), "").unwrap();
        let cases = [
            ("in", "in/a.csv.gz in/b.csv in/deep/c.JSONL"),
            ("in/", "in/a.csv.gz in/b.csv in/deep/c.JSONL"),
            ("in/*.csv*", "in/a.csv.gz in/b.csv"),
            ("in/**/*.JSONL", "in/deep/c.JSONL"),
            ("in/b.csv", "in/b.csv"),
            ("odd[1].csv", "odd[1].csv"),
            ("-", "-"),
            ("", "a source has no path"),
            ("in/*.tsv", "in/*.tsv: no file matches the pattern"),
            ("in/*", "in/deep: is a folder, not a file"),
            ("no.csv", "no.csv: there is no such file"),
            ("none", "none: the folder has no file with a known ending"),
            ("/dev/null", "/dev/null: is not a regular file"),
            (
                "/proc/self/status",
                "/proc/self/status: is no file of data but a window into the system",
            ),
        ];
        for (path, expected) in cases {
            assert_eq!(names(path, at), expected, "{path}");
        }
    }

    #[test]
    fn a_file_that_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("a.csv");
        fs::write(&location, "a\n1\n").unwrap();
        let found = Found { name: "a.csv".into(), location };
        let stamp = Stamp::of(&found).unwrap();
        assert!(stamp.check(&found).is_ok());
        fs::write(&found.location, "a\n1\n2\n").unwrap();
        let error = stamp.check(&found).unwrap_err();
        assert_eq!(error.to_string(), "a.csv: the file changed while it was read");
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_short_files_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cases: [(&[u8], &[u8]); 4] =
            [(b"\xef\xbb\xbfab", b"ab"), (b"a", b"a"), (b"", b""), (b"\xef\xbb\xbf", b"")];
        for (bytes, expected) in cases {
            let location = folder.path().join("a.csv");
            fs::write(&location, bytes).unwrap();
            let found = Found { name: "a.csv".into(), location };
            let mut read = Vec::new();
            let mut opened = open(&found, &Unwatched).unwrap().text().unwrap();
            opened.fill(&mut read, 1 << 20).unwrap();
            assert_eq!(read, expected);
        }
    }
}
