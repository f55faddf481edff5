//! Files of this program's own: [`OwnFile`] is written where nobody can have prepared anything, and
//! is gone when the program ends.

use std::error::Error;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use tokio_rustls::rustls::crypto::ring::default_provider;

/// A file that this program made and removes when this is dropped.
///
/// Folders for temporary files are open to every user of a machine. A name that others can guess
/// lets them put a symbolic link there beforehand, through which this program overwrites a file of
/// its own user, or a file that they may change later (CWE-377, CWE-59). So the name cannot be
/// guessed, the file must be new, and only its user may read and write it.
#[derive(Debug)]
pub(super) struct OwnFile {
    path: PathBuf,
    content: Vec<u8>,
}

impl OwnFile {
    /// Makes a file in a folder, under a name that cannot be guessed.
    pub(super) fn in_folder(folder: &Path, content: &[u8]) -> Result<Self, FileError> {
        let path = folder.join(format!("queue-emulator-{}.pem", random_name()));
        write_new(&path, content).map_err(|error| FileError::new("write", &path, error))?;
        Ok(Self::new(path, content))
    }

    /// Makes the file with this name, in place of a file that is there already. What is no plain
    /// file is left alone: a symbolic link is not followed.
    pub(super) fn at(path: &Path, content: &[u8]) -> Result<Self, FileError> {
        let failed = |error| FileError::new("write", path, error);
        if let Ok(there) = fs::symlink_metadata(path)
            && !there.is_file()
        {
            let what = if there.is_symlink() {
                "it is a symbolic link, and those are not followed"
            } else {
                "it is not a plain file"
            };
            return Err(failed(io::Error::new(ErrorKind::InvalidInput, what)));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let draft = folder.join(format!(".queue-emulator-{}.tmp", random_name()));
        write_new(&draft, content).map_err(failed)?;
        // Takes the place of whatever is there by now, a link included, and changes nothing that
        // a link leads to. Nobody ever sees half of the file.
        if let Err(error) = fs::rename(&draft, path) {
            let _ = fs::remove_file(&draft);
            return Err(failed(error));
        }
        Ok(Self::new(path.to_owned(), content))
    }

    fn new(path: PathBuf, content: &[u8]) -> Self {
        // Others are told the name, and may work in another folder.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Self { path, content: content.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        // Another emulator may have taken the name over.
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|file| file.is_file())
            && fs::read(&self.path).is_ok_and(|content| content == self.content);
        if is_ours {
            // What cannot be removed is small and holds no secret.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a file that is not there yet, for this user alone.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path)?.write_all(content);
    if written.is_err() {
        // Half of a file on a full disk is of no use.
        let _ = fs::remove_file(path);
    }
    written
}

/// 128 bits from the operating system.
pub(super) fn random_name() -> String {
    let mut bytes = [0; 16];
    // Without randomness the name can be guessed, but the file is new all the same. A machine
    // without it could not have made a key either.
    let _ = default_provider().secure_random.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// A file that could not be read or written.
#[derive(Debug)]
pub(super) struct FileError {
    verb: &'static str,
    file: PathBuf,
    source: io::Error,
}

impl FileError {
    pub(super) fn new(verb: &'static str, file: &Path, source: io::Error) -> Self {
        Self { verb, file: file.to_owned(), source }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.verb, self.file.display())
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(all(test, unix))]
mod tests;
