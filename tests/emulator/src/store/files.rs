//! The files in the folder of a store, by their names: [`Files`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The names of the files.
pub(super) struct Files {
    folder: PathBuf,
    pub(super) main: PathBuf,
    pub(super) log: PathBuf,
    /// A database that is being made: it takes its name when it is complete.
    pub(super) new: PathBuf,
    /// A database that is complete and takes the place of a damaged one.
    pub(super) recovered: PathBuf,
    /// Nothing is ever written to it; who has it locked has the folder.
    pub(super) lock: PathBuf,
    pub(super) reserve: PathBuf,
}

impl Files {
    /// The files of a folder.
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            main: folder.join("queues.sqlite"),
            log: folder.join("queues.sqlite-wal"),
            new: folder.join("queues.sqlite.new"),
            recovered: folder.join("queues.sqlite.recovered"),
            lock: folder.join("queues.lock"),
            reserve: folder.join("queues.reserve"),
        }
    }

    /// A name for a folder with damaged files.
    pub(super) fn unused_folder(&self) -> PathBuf {
        let names = (1..u32::MAX).map(|number| self.folder.join(format!("damaged-{number}")));
        let mut unused = names.filter(|folder| !folder.exists());
        unused.next().unwrap_or_else(|| self.folder.join("damaged"))
    }

    /// Puts a recovered database in the place of the damaged one. A crash before the end of it is
    /// made good by the next start, which finds the recovered one and comes here.
    pub(super) fn finish_recovery(&self) -> io::Result<()> {
        if !self.recovered.exists() {
            return Ok(());
        }
        // The log of the old one before the new one has the name that the log belongs to: SQLite
        // would take the one for the other's.
        remove(&self.log)?;
        remove(&self.folder.join("queues.sqlite-shm"))?;
        fs::rename(&self.recovered, &self.main)?;
        self.sync()
    }

    /// Makes changes of names last.
    pub(super) fn sync(&self) -> io::Result<()> {
        if cfg!(unix) { fs::File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }
}

/// Removes a file, if there is one.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
