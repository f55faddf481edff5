//! Folders that are gone when the test ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use queue_emulator::{Emulator, ManualClock};

/// How many times as long the tests of chance run: by the environment variable `DURABLE_LONGER`.
/// Default: 1.
pub(crate) fn longer() -> u32 {
    std::env::var("DURABLE_LONGER").map_or(1, |times| times.parse().expect("a number"))
}

/// The files of a store that hold what was answered.
const FILES: [&str; 2] = ["queues.sqlite", "queues.sqlite-wal"];

/// A folder for one test.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("queue-emulator-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn open(&self, clock: &ManualClock) -> Emulator {
        Emulator::builder().manual_clock(clock).location(&self.0).open().unwrap()
    }

    /// What would be found here if the machine stopped now.
    pub(crate) fn as_after_a_crash(&self) -> Self {
        let copy = self.copy();
        assert!(copy.0.join("queues.sqlite-wal").exists());
        copy
    }

    /// The files that are here now.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        for file in FILES.map(|file| self.0.join(file)).iter().filter(|file| file.exists()) {
            fs::copy(file, copy.0.join(file.file_name().unwrap())).unwrap();
        }
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
