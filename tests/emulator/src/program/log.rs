//! The access log: [`AccessLog`] writes a line of JSON for each request. Requests do not wait for it:
//! they leave their lines in memory, and a thread of its own writes what has gathered.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::own_file::FileError;
use super::say::say;
use crate::record::RequestRecord;
use crate::serve::ConnectionFailure;

/// The most bytes that wait to be written. A disk that does not keep up loses lines, and not memory.
const MAX_WAITING: usize = 8 * 1024 * 1024;
/// The time for which lines gather, so that many are written at once.
const GATHER: Duration = Duration::from_millis(50);

/// A log of requests. What it holds is written when it is dropped.
#[derive(Debug)]
pub(super) struct AccessLog {
    desk: Arc<Desk>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Desk {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    waiting: Vec<u8>,
    /// The number of lines that there was no room for.
    left_out: u64,
    over: bool,
}

impl Desk {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &str) {
        let mut lines = self.lines();
        if lines.waiting.len() + line.len() > MAX_WAITING {
            lines.left_out += 1;
            return;
        }
        let first = lines.waiting.is_empty();
        lines.waiting.extend_from_slice(line.as_bytes());
        lines.waiting.push(b'\n');
        drop(lines);
        if first {
            self.changed.notify_one();
        }
    }

    /// Waits for lines, and takes them. Nothing more comes after `None`.
    fn take(&self) -> Option<(Vec<u8>, u64)> {
        let mut lines = self.lines();
        while lines.waiting.is_empty() && lines.left_out == 0 {
            if lines.over {
                return None;
            }
            lines = self.changed.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        if !lines.over {
            let more = self.changed.wait_timeout_while(lines, GATHER, |lines| !lines.over);
            lines = more.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some((std::mem::take(&mut lines.waiting), std::mem::take(&mut lines.left_out)))
    }
}

impl AccessLog {
    /// Opens the log at the end of this file, which is made if there is none, as is its folder; `-`
    /// stands for standard error.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let out = Out::open(path).map_err(|error| FileError::new("write", path, error))?;
        let desk = Arc::new(Desk::default());
        let theirs = Arc::clone(&desk);
        let writer = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&theirs, out))
            .map_err(|error| FileError::new("write", path, error))?;
        Ok(Self { desk, writer: Some(writer) })
    }

    /// The function that is told of requests.
    pub(super) fn observer(&self) -> impl Fn(&RequestRecord) + Send + Sync + 'static {
        let desk = Arc::clone(&self.desk);
        move |record| desk.add(&record.to_json())
    }

    /// The function that is told of connections that fail outside of a request.
    pub(super) fn failures(&self) -> impl Fn(&ConnectionFailure) + Send + Sync + 'static {
        let desk = Arc::clone(&self.desk);
        move |failure| {
            let line = serde_json::json!({
                "peer": failure.peer.ip().to_string(),
                "failure": failure.to_string(),
            });
            desk.add(&line.to_string());
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.desk.lines().over = true;
        self.desk.changed.notify_one();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has written what it could.
            let _ = writer.join();
        }
    }
}

/// The place where lines go.
#[derive(Debug)]
enum Out {
    StandardError,
    File(File, PathBuf),
}

impl Out {
    fn open(path: &Path) -> io::Result<Self> {
        if path == "-" {
            return Ok(Self::StandardError);
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        // Readable for its user alone: it tells who asked for what.
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self::File(options.open(path)?, path.to_owned()))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::StandardError => io::stderr().lock().write_all(bytes),
            Self::File(file, _) => file.write_all(bytes),
        }
    }
}

fn write(desk: &Desk, mut out: Out) {
    let mut complained = false;
    while let Some((mut bytes, left_out)) = desk.take() {
        if left_out > 0 {
            let line = format!("{{\"leftOut\":{left_out}}}\n");
            bytes.extend_from_slice(line.as_bytes());
        }
        match out.write(&bytes) {
            Ok(()) => complained = false,
            Err(error) if !complained => {
                complained = true;
                if let Out::File(_, path) = &out {
                    say(format_args!(
                        "queue-emulator: the log {} cannot be written, and lines are lost: {error}.",
                        path.display()
                    ));
                }
            }
            Err(_) => {}
        }
    }
}
