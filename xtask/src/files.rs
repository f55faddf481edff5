//! Files that commands read and write, with errors that name them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::Outcome;

/// What must go along with everything that holds the project's code.
pub(crate) const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(crate) fn make(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {folder:?}: {error}"))
}

pub(crate) fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {file:?}: {error}"))
}

pub(crate) fn write(file: &Path, text: impl AsRef<[u8]>) -> Outcome {
    fs::write(file, text).map_err(|error| format!("cannot write {file:?}: {error}"))
}

pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    let copied = fs::copy(from, to).map(drop);
    copied.map_err(|error| format!("cannot copy {from:?} to {to:?}: {error}"))
}

/// The files in a folder, in the order of their names.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("cannot read {folder:?}: {error}");
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    files.sort();
    Ok(files)
}
