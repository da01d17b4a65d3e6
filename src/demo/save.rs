//! Files that appear whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::base::{Error, Place, Result};

/// Writes a file beside its place, then moves it there.
pub(super) fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    write(folder, &path, bytes).map_err(|error| {
        Error::from(error)
            .or_at(Place::file(path.display().to_string()))
            .hint("name a folder that you may write to and that has room")
    })
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".touchpath-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As for any new file: what the user's mask leaves of "everybody may read and write".
        builder.permissions(PermissionsExt::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|it| it.error)?;
    Ok(())
}
