//! Files that one process has for itself: [`open`]. Come here for what keeps two runs out of one
//! journal.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Opens a file that nobody else has until it is closed, by this function. What another one has is
/// an error of the kind [`WouldBlock`](io::ErrorKind::WouldBlock).
#[cfg(unix)]
pub(super) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    use rustix::fs::{FlockOperation, flock};

    let file = options.open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(io::ErrorKind::WouldBlock.into()),
        // A file system without locks is no reason to do without a journal.
        Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::NOLCK | rustix::io::Errno::NOSYS) => {
            Ok(file)
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens a file that nobody else writes, renames or removes until it is closed.
#[cfg(windows)]
pub(super) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;

    const READ_AND_RENAME: u32 = 0x1 | 0x4;
    const SHARING_VIOLATION: i32 = 32;
    options.clone().share_mode(READ_AND_RENAME).open(path).map_err(|error| {
        match error.raw_os_error() {
            Some(SHARING_VIOLATION) => io::ErrorKind::WouldBlock.into(),
            _ => error,
        }
    })
}

#[cfg(not(any(unix, windows)))]
pub(super) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// Says whether the name stands for this file, or for none if there is none.
#[cfg(unix)]
pub(super) fn is_at(file: Option<&File>, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let place = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let named = std::fs::metadata(path).ok().map(place);
    file.and_then(|file| file.metadata().ok()).map(place) == named
}

/// Says whether the name stands for a file at all: open files keep theirs.
#[cfg(not(unix))]
pub(super) fn is_at(file: Option<&File>, path: &Path) -> bool {
    file.is_some() == path.exists()
}
