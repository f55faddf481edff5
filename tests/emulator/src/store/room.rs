//! Room on the disk for what makes room: [`Room`].
//!
//! To delete a message something has to be written, too. So a file beside the database holds some
//! room, and is removed when the disk is full: then messages can be received, deleted and cleared,
//! but none put, until there is room for the file again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The sizes that the reserve may have, the largest for which there is room. It is twice the log,
/// which must fit into the database if nothing else can be had.
const SIZES: [u64; 5] = [16 << 20, 4 << 20, 1 << 20, 256 << 10, 64 << 10];

/// A reserve that was given up is a file of at most this length, with its former size as a number.
const NOTE_BYTES: u64 = 20;

const PAGE_BYTES: u64 = 4_096;

/// The room that the store has, and what it keeps back.
pub(super) struct Room {
    reserve: PathBuf,
    log: PathBuf,
    /// The size of the reserve in bytes; zero if there was never room for one.
    size: AtomicU64,
    /// How many bytes a file of this process may have.
    file_limit: Option<u64>,
    full: AtomicBool,
    /// How many pages were in use when the disk was found full.
    used_then: AtomicU64,
    /// Held by who tries to get the reserve back.
    trying: Mutex<()>,
}

impl Room {
    /// Sets a reserve aside in a file, or finds the one that is there. Without any the store is full
    /// from the start. The database has `used` pages in use.
    pub(super) fn new(reserve: PathBuf, log: PathBuf, used: u64) -> Self {
        let there = fs::metadata(&reserve).map(|found| found.len());
        let room = Self {
            reserve,
            log,
            size: AtomicU64::new(0),
            file_limit: file_limit(),
            full: AtomicBool::new(false),
            used_then: AtomicU64::new(used),
            trying: Mutex::new(()),
        };
        match there {
            Ok(size) if SIZES.contains(&size) => room.size.store(size, Ordering::Relaxed),
            // It was given up, and the disk may be as full as it was then.
            Ok(bytes) if (1..=NOTE_BYTES).contains(&bytes) => {
                let size =
                    fs::read_to_string(&room.reserve).ok().and_then(|text| text.parse().ok());
                room.size.store(size.unwrap_or(0), Ordering::Relaxed);
                room.full.store(true, Ordering::Relaxed);
                room.hold_log();
            }
            // There is none, or one that a killed process was making.
            _ => room.full.store(!room.set_aside(used), Ordering::Relaxed),
        }
        room
    }

    /// Whether nothing may be stored that stays.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Gives the reserve up. Nothing that stays is stored from now on.
    pub(super) fn give_up(&self, used: u64) {
        let _trying = self.trying.lock().unwrap_or_else(PoisonError::into_inner);
        self.used_then.store(used, Ordering::Relaxed);
        self.full.store(true, Ordering::Release);
        release(&self.reserve);
    }

    /// Keeps a part of what was given up for the log, before others on the disk take it: what is
    /// reserved beyond the end of a file is written to without more room. The caller must not cut
    /// the log off, which would give it back.
    pub(super) fn hold_log(&self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{FallocateFlags, fallocate};

            let mut size = self.size.load(Ordering::Relaxed) / 2;
            let Ok(log) = fs::OpenOptions::new().write(true).open(&self.log) else { return };
            let at = log.metadata().map_or(0, |found| found.len());
            while size >= PAGE_BYTES
                && fallocate(&log, FallocateFlags::KEEP_SIZE, at, size).is_err()
            {
                size /= 2;
            }
        }
    }

    /// Tries to get the reserve back, while the database has `used` pages in use, and returns
    /// whether there is room.
    pub(super) fn recover(&self, used: u64) -> bool {
        let _trying = self.trying.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_full() {
            return true;
        }
        // One who is at the limit must get away from it first, or the next message is refused.
        let roomy = self.page_limit().is_none_or(|limit| used < limit - limit / 16);
        let room = roomy && self.set_aside(used);
        self.full.store(!room, Ordering::Release);
        room
    }

    /// How many pages the database may have, if there is a limit: fewer than fit into the largest
    /// file, so that the log can always be carried over, but more for who makes room.
    pub(super) fn page_limit(&self) -> Option<u64> {
        let most = self.file_limit? / PAGE_BYTES;
        Some(if self.is_full() { most } else { most - most / 8 })
    }

    /// How many bytes of `usual` the log may have.
    pub(super) fn log_limit(&self, usual: usize) -> usize {
        let size = usize::try_from(self.size.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        usual.min((size / 2).max(64 << 10))
    }

    fn set_aside(&self, used: u64) -> bool {
        let largest = self.file_limit.map_or(u64::MAX, |limit| limit / 2);
        let known = self.size.load(Ordering::Relaxed);
        let freed = self.used_then.load(Ordering::Relaxed).saturating_sub(used) * PAGE_BYTES;
        for size in SIZES.into_iter().filter(|size| *size <= largest) {
            // Once there was a reserve a smaller one would be eaten up in turn, unless it comes
            // from what was deleted since.
            let (fits, spare) = match known {
                0 => (true, size),
                _ => (size == known || (size < known && 2 * size <= freed), size / 4),
            };
            if fits && hold(&self.reserve, size, spare).is_ok() {
                self.size.store(size, Ordering::Relaxed);
                return true;
            }
        }
        if known > 0 {
            note_size(&self.reserve, known);
        }
        // A process whose files may hardly have any length has no use for a reserve.
        largest < SIZES.into_iter().min().unwrap_or_default()
    }
}

/// Gives back what a reserve holds, and notes in it how much that was.
pub(super) fn release(reserve: &Path) {
    if let Some(size) = fs::metadata(reserve).ok().map(|found| found.len())
        && SIZES.contains(&size)
    {
        note_size(reserve, size);
    }
}

fn note_size(reserve: &Path, size: u64) {
    // If there is no room even for this, the next start takes any size.
    let _ = fs::write(reserve, size.to_string());
}

/// Makes a file that takes `size` bytes on the disk, if there is room for `spare` more.
fn hold(path: &Path, size: u64, spare: u64) -> io::Result<()> {
    let file = File::create(path)?;
    allocate(&file, size + spare)?;
    file.set_len(size)
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};

    match fallocate(file, FallocateFlags::empty(), 0, size) {
        Err(rustix::io::Errno::OPNOTSUPP) => write(file, size),
        done => Ok(done?),
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(file: &File, size: u64) -> io::Result<()> {
    write(file, size)
}

/// Writes what no file system stores in less room.
fn write(mut file: &File, size: u64) -> io::Result<()> {
    let mut rng = fastrand::Rng::with_seed(0);
    let mut block = vec![0; 64 << 10];
    for _ in 0..size.div_ceil(block.len() as u64) {
        rng.fill(&mut block);
        io::Write::write_all(&mut file, &block)?;
    }
    Ok(())
}

/// How many bytes a file of this process may have (`ulimit -f`).
#[cfg(unix)]
fn file_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current
}

#[cfg(not(unix))]
fn file_limit() -> Option<u64> {
    None
}
