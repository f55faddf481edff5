//! The reasons for which the store cannot be used: [`StoreError`].

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A folder that queues cannot be kept in, or not any more.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    folder: PathBuf,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The folder cannot be made, or not written to.
    Unusable,
    /// Another emulator uses the folder.
    InUse,
    /// There is a file in the folder that is not a store of queues, or was written by a newer
    /// version.
    NotAStore,
    /// The files are damaged so that nobody can tell what is missing.
    /// [`DurableBuilder::recover`](crate::DurableBuilder::recover) goes on with what can be read.
    Damaged,
    /// There is no room left on the disk, or the file may not get longer. What makes room is still
    /// possible.
    Full,
    /// The folder or a file in it was removed or replaced while it was in use.
    Gone,
    /// What is stored cannot be read.
    Read,
    /// What happens cannot be stored.
    Write,
    /// Nothing is stored any more, because of a mistake in the emulator or in what it tells of
    /// failures. Only opening the folder again helps.
    Stopped,
}

impl StoreError {
    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The folder that was to hold the queues.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn folder_of(folder: &Path, source: io::Error) -> Self {
        Context::new(folder).error(StoreErrorKind::Unusable, Some(source.into()))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        match self.kind {
            StoreErrorKind::Unusable => write!(f, "queues cannot be kept in {folder}"),
            StoreErrorKind::InUse => write!(
                f,
                "another emulator keeps its queues in {folder}: stop it or choose another folder"
            ),
            StoreErrorKind::NotAStore => write!(
                f,
                "{folder} holds a file that is not a store of queues which this version can read"
            ),
            StoreErrorKind::Damaged => write!(
                f,
                "the queues in {folder} are damaged; a start with --recover goes on with what can \
                 be read, and keeps the damaged files"
            ),
            StoreErrorKind::Full => write!(
                f,
                "the disk of {folder} is full, or a file there may not get longer: nothing more \
                 can be stored until messages are deleted or there is room"
            ),
            StoreErrorKind::Gone => write!(
                f,
                "the files of the queues in {folder} were removed or replaced: nothing can be \
                 stored there; start again"
            ),
            StoreErrorKind::Read => write!(f, "the queues in {folder} cannot be read"),
            StoreErrorKind::Write => write!(f, "the queues in {folder} cannot be written"),
            StoreErrorKind::Stopped => {
                write!(f, "the store of the queues in {folder} has stopped: start again")
            }
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The folder that errors name.
pub(super) struct Context(PathBuf);

impl Context {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) fn error(
        &self,
        kind: StoreErrorKind,
        source: Option<Box<dyn Error + Send + Sync>>,
    ) -> StoreError {
        StoreError { kind, folder: self.0.clone(), source }
    }

    /// The error of files that were found damaged before they were opened.
    pub(super) fn damaged(&self, found: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        self.error(StoreErrorKind::Damaged, Some(found.into()))
    }

    /// The error of a file that is not where it was.
    pub(super) fn gone(&self, file: &Path) -> StoreError {
        let found = format!("{} is not the file that was opened", file.display());
        self.error(StoreErrorKind::Gone, Some(found.into()))
    }

    /// The error of opening.
    pub(super) fn open(&self, source: rusqlite::Error) -> StoreError {
        let kind = match code(&source) {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::InUse,
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::NotADatabase) => StoreErrorKind::NotAStore,
            Some(ErrorCode::DatabaseCorrupt) => StoreErrorKind::Damaged,
            _ => StoreErrorKind::Unusable,
        };
        self.error(kind, Some(source.into()))
    }

    /// The error of reading.
    pub(super) fn read(&self, source: rusqlite::Error) -> StoreError {
        let kind = match code(&source) {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreErrorKind::Damaged,
            _ => StoreErrorKind::Read,
        };
        self.error(kind, Some(source.into()))
    }

    /// The error of writing.
    pub(super) fn write(&self, source: rusqlite::Error) -> StoreError {
        let kind = match code(&source) {
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreErrorKind::Damaged,
            _ => StoreErrorKind::Write,
        };
        self.error(kind, Some(source.into()))
    }
}

/// Whether SQLite says that the file is damaged, as opposed to a disk that does not answer.
pub(super) fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}
