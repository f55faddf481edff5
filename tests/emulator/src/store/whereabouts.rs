//! Whether the files of the store are still where they were opened: [`Whereabouts`].
//!
//! A file that is removed or replaced while it is open can be written to as before, and what is
//! written is gone when it is closed. So nothing is answered before a look at the names.

use std::fs;
use std::path::{Path, PathBuf};

/// The files that were there when the store was opened.
pub(super) struct Whereabouts(Vec<(PathBuf, Identity)>);

/// What makes a file that file, whatever its name is.
#[cfg(unix)]
type Identity = (u64, u64);
/// An open file cannot be removed, so that its name is enough.
#[cfg(not(unix))]
type Identity = ();

impl Whereabouts {
    /// Notes files that are there; others are left out.
    pub(super) fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let known = files.into_iter().filter_map(|file| identity(&file).map(|id| (file, id)));
        Self(known.collect())
    }

    /// A file that is gone or is another now.
    pub(super) fn missing(&self) -> Option<&Path> {
        let gone = self.0.iter().find(|(file, id)| identity(file) != Some(*id));
        gone.map(|(file, _)| file.as_path())
    }
}

#[cfg(unix)]
fn identity(file: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;

    fs::metadata(file).ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(file: &Path) -> Option<Identity> {
    fs::metadata(file).ok().map(|_| ())
}
