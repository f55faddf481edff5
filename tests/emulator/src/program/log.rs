//! The access log: [`AccessLog`] writes a line of JSON for each request. Requests do not wait for it:
//! they leave their records in memory, and a thread of its own makes lines of what has gathered.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::own_file::FileError;
use super::say::say;
use crate::record::RequestRecord;
use crate::serve::ConnectionFailure;

/// The most lines that wait to be written. A disk that does not keep up loses lines, and not memory;
/// how many, is a line of its own.
const MAX_WAITING: usize = 16 * 1024;
/// The time for which lines gather, so that many are written at once.
const GATHER: Duration = Duration::from_millis(50);
/// The number of lines that are written before that time is over.
const ENOUGH: usize = MAX_WAITING / 8;
/// The most bytes that are written at once.
const PIECE: usize = 64 * 1024;

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
    waiting: Vec<Line>,
    /// The number of lines that there was no room for.
    left_out: u64,
    over: bool,
}

/// A line that is still to be made.
#[derive(Debug)]
enum Line {
    Request(Arc<RequestRecord>),
    Text(String),
}

impl Lines {
    /// Whether the writer need not wait for more.
    fn are_enough(&self) -> bool {
        self.over || self.waiting.len() >= ENOUGH
    }
}

impl Desk {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: Line) {
        let mut lines = self.lines();
        if lines.waiting.len() >= MAX_WAITING {
            lines.left_out += 1;
            return;
        }
        lines.waiting.push(line);
        let wakes = matches!(lines.waiting.len(), 1 | ENOUGH);
        drop(lines);
        if wakes {
            self.changed.notify_one();
        }
    }

    /// Waits for lines, and takes them in exchange for room for others. Returns how many more there
    /// were; nothing comes after `None`.
    fn take(&self, room: &mut Vec<Line>) -> Option<u64> {
        let mut lines = self.lines();
        while lines.waiting.is_empty() && lines.left_out == 0 {
            if lines.over {
                return None;
            }
            lines = self.changed.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        if !lines.are_enough() {
            let more = self.changed.wait_timeout_while(lines, GATHER, |lines| !lines.are_enough());
            lines = more.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut lines.waiting, room);
        Some(std::mem::take(&mut lines.left_out))
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
    pub(super) fn observer(&self) -> impl Fn(&Arc<RequestRecord>) + Send + Sync + 'static {
        let desk = Arc::clone(&self.desk);
        move |record| desk.add(Line::Request(Arc::clone(record)))
    }

    /// The function that is told of connections that fail outside of a request.
    pub(super) fn failures(&self) -> impl Fn(&ConnectionFailure) + Send + Sync + 'static {
        let desk = Arc::clone(&self.desk);
        move |failure| {
            let line = serde_json::json!({
                "peer": failure.peer.ip().to_string(),
                "failure": failure.to_string(),
            });
            desk.add(Line::Text(line.to_string()));
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
        if path.as_os_str() == "-" {
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
    let (mut lines, mut text) = (Vec::new(), String::new());
    let mut complained = false;
    while let Some(left_out) = desk.take(&mut lines) {
        let mut written = Ok(());
        for line in lines.drain(..) {
            match line {
                Line::Request(record) => record.write_json(&mut text),
                Line::Text(line) => text.push_str(&line),
            }
            text.push('\n');
            if text.len() >= PIECE {
                written = written.and(out.write(text.as_bytes()));
                text.clear();
            }
        }
        if left_out > 0 {
            // Writing into memory does not fail.
            let _ = writeln!(text, "{{\"leftOut\":{left_out}}}");
        }
        written = written.and(out.write(text.as_bytes()));
        text.clear();
        match written {
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

#[cfg(test)]
mod tests {
    use super::super::own_file::random_name;
    use super::*;

    #[test]
    fn lines_that_there_is_no_room_for_are_counted_in_the_log() {
        let folder = std::env::temp_dir().join(format!("log-{}", random_name()));
        let path = folder.join("log");
        let desk = Desk::default();
        for number in 0..MAX_WAITING + 3 {
            desk.add(Line::Text(number.to_string()));
        }
        desk.lines().over = true;
        write(&desk, Out::open(&path).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let mut lines = text.lines();
        for number in 0..MAX_WAITING {
            assert_eq!(lines.next(), Some(number.to_string()).as_deref());
        }
        assert_eq!(lines.collect::<Vec<_>>(), ["{\"leftOut\":3}"]);
    }
}
