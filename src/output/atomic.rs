//! The only thing in touchpath that creates result files: whole or not at all.
//!
//! A file is written beside its place under a name that begins with `.touchpath-`,
//! flushed, synced and renamed; then its folder is synced. Whoever is killed in
//! between leaves the old file, and a leftover that the next run sweeps.

use std::io::{BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use crate::base::{Error, Place, Result};

/// The beginning of every temporary name, before the process' number.
const PREFIX: &str = ".touchpath-";
/// The name that [`Staged::keep`] moves last.
pub const MANIFEST: &str = "manifest.json";

/// Writes a file with what `fill` writes; at an error the old file stays.
///
/// A path that exists and is no regular file (`/dev/null`, a pipe) is written to as
/// it is, never replaced; a symbolic link keeps pointing where it points.
///
/// # Errors
/// `fill`'s, or the file system's, with the path.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let named = |error: Error| error.or_at(Place::file(path.display().to_string()));
    match fs_err::metadata(path) {
        Ok(it) if it.is_dir() => Err(named(Error::new("is a folder").hint("name a file in it"))),
        Ok(it) if !it.is_file() => write_through(path, fill).map_err(named),
        Ok(it) => {
            let target = fs_err::canonicalize(path).map_err(|it| named(plain(&it, path)))?;
            replace(&target, Some(it.permissions()), fill).map_err(named)
        }
        Err(_) => replace(path, None, fill).map_err(named),
    }
}

/// Writes a file with these bytes: see [`write()`].
///
/// # Errors
/// As [`write()`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, |out| Ok(out.write_all(bytes)?))
}

fn write_through(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let file = fs_err::OpenOptions::new().write(true).open(path).map_err(|it| plain(&it, path))?;
    // Our own place stands before each error: fs_err would say the path once more.
    let (file, _) = file.into_parts();
    let mut out = std::io::BufWriter::new(file);
    fill(&mut out)?;
    out.flush().map_err(|it| plain(&it, path))
}

/// Writes beside the place and renames; who may read an old file may read the new one.
fn replace(
    path: &Path,
    permissions: Option<std::fs::Permissions>,
    fill: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(Error::new(format!("there is no folder \"{}\"", folder.display())));
    }
    sweep(&folder);
    let file = temporary_file().tempfile_in(&folder).map_err(|it| plain(&it, path))?;
    let mut out = std::io::BufWriter::new(file.as_file());
    fill(&mut out)?;
    // A dropped BufWriter swallows the error of its last write: ask for it.
    out.into_inner().map_err(|it| plain(it.error(), path))?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions).map_err(|it| plain(&it, path))?;
    }
    file.as_file().sync_all().map_err(|it| plain(&it, path))?;
    file.persist(path).map_err(|it| plain(&it.error, path))?;
    sync_folder(&folder);
    Ok(())
}

/// Files on their way into a folder: written and synced beside their places, from
/// any thread, and moved there by [`keep`](Self::keep) alone.
///
/// [`MANIFEST`] is moved last: it holds the hash of each, so that a reader who checks it
/// never takes a mixed set for a whole one. Names are ours, never the data's: one
/// component of letters, digits, `.`, `-` and `_`.
#[derive(Debug)]
pub struct Staged {
    folder: PathBuf,
    /// Whether the folder was not there before: then it goes again if nothing comes of it.
    fresh: bool,
    // Inside the folder, not beside it: a rename must not cross file systems.
    beside: Option<tempfile::TempDir>,
}

impl Drop for Staged {
    fn drop(&mut self) {
        drop(self.beside.take());
        if self.fresh {
            // It goes only if it is empty.
            let _ = fs_err::remove_dir(&self.folder);
        }
    }
}

impl Staged {
    /// Makes the folder if it is missing, and a place beside what is in it.
    ///
    /// # Errors
    /// The file system's, with the path.
    pub fn new(folder: &Path) -> Result<Self> {
        let fresh = !folder.exists();
        fs_err::create_dir_all(folder).map_err(|it| plain(&it, folder))?;
        let mut staged = Self { folder: folder.to_owned(), fresh, beside: None };
        sweep(folder);
        let beside = temporary().tempdir_in(folder).map_err(|it| plain(&it, folder))?;
        staged.beside = Some(beside);
        Ok(staged)
    }

    /// Where a file is until it is moved.
    fn place(&self, name: &str) -> PathBuf {
        self.beside.as_ref().map_or(&*self.folder, tempfile::TempDir::path).join(name)
    }

    /// Writes and syncs one file with what `fill` writes.
    ///
    /// # Errors
    /// A name that would leave the folder or is taken; `fill`'s, or the file system's.
    pub fn write(&self, name: &str, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        check_name(name)?;
        let to = self.folder.join(name);
        let file = fs_err::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.place(name))
            .map_err(|it| plain(&it, &to))?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        fill(&mut out).map_err(|it| it.or_at(Place::file(to.display().to_string())))?;
        let file = out.into_inner().map_err(|it| plain(it.error(), &to))?;
        file.sync_all().map_err(|it| plain(&it, &to))
    }

    /// Moves files of these names to their places, [`MANIFEST`] last.
    ///
    /// # Errors
    /// The file system's, with the path.
    pub fn keep(self, names: &[&str]) -> Result<()> {
        let (last, first): (Vec<&str>, Vec<&str>) =
            names.iter().copied().partition(|it| *it == MANIFEST);
        for name in first.into_iter().chain(last) {
            let to = self.folder.join(name);
            fs_err::rename(self.place(name), &to).map_err(|it| plain(&it, &to))?;
        }
        sync_folder(&self.folder);
        Ok(())
    }
}

/// Removes what killed runs left in a folder. Leftovers of processes still running
/// stay; what cannot be removed does no harm and stays too.
pub fn sweep(folder: &Path) {
    let Ok(entries) = fs_err::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|it| it.strip_prefix(PREFIX)) else { continue };
        let owner = rest.split('-').next().and_then(|it| it.parse::<u32>().ok());
        if owner.is_some_and(|it| !is_running(it, &entry)) {
            let path = entry.path();
            let _ = match path.is_dir() {
                true => fs_err::remove_dir_all(path),
                false => fs_err::remove_file(path),
            };
        }
    }
}

/// Whether a process may still be at work on its leftover: asked of the system where
/// it tells, else by age.
fn is_running(process: u32, entry: &fs_err::DirEntry) -> bool {
    if process == std::process::id() {
        return true;
    }
    if cfg!(target_os = "linux") && Path::new("/proc/self").exists() {
        return Path::new(&format!("/proc/{process}")).exists();
    }
    let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
    age.is_none_or(|it| it.as_secs() < 24 * 3600)
}

fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    // The builder keeps borrowed names: one process has one, made once.
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    builder.prefix(NAME.get_or_init(|| format!("{PREFIX}{}-", std::process::id())));
    builder
}

/// Temporary files are readable as the user's mask allows, like any file made by hand.
fn temporary_file() -> tempfile::Builder<'static, 'static> {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = temporary();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(it) if !it.as_os_str().is_empty() => it.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn check_name(name: &str) -> Result<()> {
    let mut parts = Path::new(name).components();
    let one = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if one && name.chars().all(tame) && !name.starts_with('.') {
        Ok(())
    } else {
        Err(Error::new(format!("refuses to write a file named {name:?}")))
    }
}

/// Makes the renames last through a power cut, where the system can; a folder that
/// cannot be synced (some network shares) is not an error of the data.
fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = fs_err::File::open(folder).and_then(|it| it.sync_all());
    }
}

fn plain(error: &std::io::Error, path: &Path) -> Error {
    let kind = error.kind();
    // fs_err says the path too, in backticks: keep only the system's own words.
    let words = match error.raw_os_error().map(std::io::Error::from_raw_os_error) {
        Some(system) => system.to_string(),
        None => error.to_string().rsplit("`: ").next().unwrap_or_default().to_owned(),
    };
    Error::new(format!("cannot write: {words}"))
        .at(Place::file(path.display().to_string()))
        .caused_by(std::io::Error::new(kind, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.dot");
        write_file(&path, b"old").unwrap();
        let error = write(&path, |out| {
            out.write_all(b"half of the new")?;
            Err(Error::new("broke"))
        })
        .unwrap_err();
        assert_eq!(error.to_string(), format!("{}: broke", path.display()));
        assert_eq!(fs_err::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["map.dot"]);
        write_file(&path, b"new").unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"new");
    }

    #[test]
    fn devices_are_written_to_and_folders_are_not() {
        assert!(write_file(Path::new("/dev/null"), b"x").is_ok());
        if Path::new("/dev/full").exists() {
            let error = write_file(Path::new("/dev/full"), b"x").unwrap_err();
            let error = error.to_string();
            assert!(error.starts_with("/dev/full: ") && error.contains("No space"), "{error}");
            assert_eq!(error.matches("/dev/full").count(), 1, "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(write_file(folder.path(), b"x").unwrap_err().message().contains("is a folder"));
        let error = write_file(&folder.path().join("no/where.csv"), b"x").unwrap_err();
        assert!(error.message().starts_with("there is no folder"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_where_it_points() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        write_file(&real, b"old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert_eq!(fs_err::read(&real).unwrap(), b"new");
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_follows_the_mask_and_an_old_one_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        let (path, plain) = (folder.path().join("a.csv"), folder.path().join("plain"));
        write_file(&path, b"1").unwrap();
        fs_err::OpenOptions::new().write(true).create_new(true).open(&plain).unwrap();
        assert_eq!(mode(&path), mode(&plain));
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        write_file(&path, b"2").unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    fn write_folder(folder: &Path, names: &[&str]) -> Result<()> {
        let staged = Staged::new(folder)?;
        names.iter().try_for_each(|it| staged.write(it, |out| Ok(out.write_all(b"x")?)))?;
        staged.keep(names)
    }

    #[test]
    fn a_folder_gets_all_files_and_keeps_what_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("report");
        let files = [MANIFEST, "index.html", "map.svg"];
        write_folder(&out, &files).unwrap();
        write_file(&out.join("mine.txt"), b"x").unwrap();
        write_folder(&out, &files).unwrap();
        assert_eq!(names(&out), ["index.html", MANIFEST, "map.svg", "mine.txt"]);
    }

    #[test]
    fn an_error_names_the_path_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no`: where").join("x");
        let error = fs_err::read(&path).unwrap_err();
        let words = plain(&error, Path::new("out/x")).to_string();
        assert!(words.starts_with("out/x: cannot write: ") && !words.contains("where"), "{words}");
    }

    #[test]
    fn names_that_leave_the_folder_are_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["../x", "/etc/x", "a/b", "", ".", "..", ".touchpath-1-x", "a\0b", "a\nb"] {
            assert!(write_folder(folder.path(), &["ok.csv", name]).is_err(), "{name:?}");
            assert!(names(folder.path()).is_empty(), "{name:?}");
        }
    }

    #[test]
    fn leftovers_of_the_dead_are_swept_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let ours = format!("{PREFIX}{}-abc", std::process::id());
        let dead = format!("{PREFIX}4194399-abc");
        for name in [ours.as_str(), dead.as_str(), ".touchpath-note", "map.dot"] {
            fs_err::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(folder.path().join(name))
                .unwrap();
        }
        sweep(folder.path());
        let left = names(folder.path());
        assert!(left.contains(&ours) && left.contains(&".touchpath-note".to_owned()));
        if cfg!(target_os = "linux") {
            assert!(!left.contains(&dead), "{left:?}");
        }
    }
}
