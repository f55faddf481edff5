//! [`Child`]: the command that works on messages, and what its end means.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use queue_client::processor::Delivery;
use tokio::process::Command;

use crate::{
    failure::{Exit, Failure},
    units,
};

/// `EX_DATAERR` of sysexits: the work can never be done.
const DEAD: i32 = 65;
/// What a shell ends with when a command cannot be executed, and when there is none.
const CANNOT_RUN: [i32; 2] = [126, 127];

/// The command that works on messages.
#[derive(Debug)]
pub(super) struct Child {
    program: String,
    arguments: Vec<String>,
    queue: String,
    account: String,
    results: Results,
}

/// What the end of a command means for its message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    Retry {
        after: Option<Duration>,
        why: String,
    },
    Dead {
        why: String,
    },
    /// No message can be worked on: the worker stops with this code.
    CannotRun {
        code: u8,
        why: String,
    },
}

/// The folder for bodies and the files of `AZQ_RESULT`, which goes when the worker ends.
#[derive(Debug)]
struct Results {
    folder: PathBuf,
    next: AtomicU64,
}

impl Results {
    /// A file that holds a body, open at its beginning.
    ///
    /// A pipe would end early if azq is killed while it writes, and the command, which goes on, would
    /// take a part of the body for the whole.
    fn body(&self, number: u64, body: &[u8]) -> io::Result<File> {
        let path = self.folder.join(format!("{number}.body"));
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create_new(true).open(&path)?;
        // Gone with the command, whatever becomes of azq; elsewhere the name goes after it.
        #[cfg(unix)]
        fs::remove_file(&path)?;
        file.write_all(body)?;
        file.rewind()?;
        Ok(file)
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Child {
    pub(super) fn new(command: Vec<String>, queue: &str, account: String) -> Result<Self, Failure> {
        let mut words = command.into_iter();
        let program = words.next().ok_or_else(|| Failure::usage("there is no command"))?;
        let folder = std::env::temp_dir().join(format!(
            "azq-work-{}-{:08x}",
            std::process::id(),
            units::nonce()
        ));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // It must be new: a folder that is there may be somebody else's.
        builder.create(&folder).map_err(|error| {
            Failure::new(Exit::Itself, format!("{} cannot be made: {error}", folder.display()))
        })?;
        Ok(Self {
            program,
            arguments: words.collect(),
            queue: queue.to_owned(),
            account,
            results: Results { folder, next: AtomicU64::new(0) },
        })
    }

    /// Runs the command for a message to its end. A command whose future is dropped is killed.
    pub(super) async fn run(&self, delivery: &Delivery<Vec<u8>>) -> Ending {
        let number = self.results.next.fetch_add(1, Ordering::Relaxed);
        let result = self.results.folder.join(number.to_string());
        let stdin = match self.results.body(number, delivery.body()) {
            Ok(file) => file,
            Err(error) => {
                let why = format!("{} cannot be written: {error}", self.results.folder.display());
                return Ending::Retry { after: None, why };
            }
        };
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env("AZQ_ID", delivery.id().as_str())
            .env("AZQ_QUEUE", &self.queue)
            .env("AZQ_ACCOUNT", &self.account)
            .env("AZQ_ATTEMPT", delivery.attempt().to_string())
            .env("AZQ_LAST_ATTEMPT", if delivery.is_last_attempt() { "1" } else { "0" })
            .env("AZQ_INSERTED", units::utc(delivery.inserted_at()))
            .env("AZQ_EXPIRES", delivery.expires_at().map_or("never".into(), units::utc))
            .env("AZQ_RESULT", &result)
            .stdin(Stdio::from(stdin))
            .kill_on_drop(true);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return self.cannot_start(&error),
        };
        let ending = match child.wait().await {
            Ok(status) => self.ending(status, first_line(&result).as_deref()),
            Err(error) => {
                Ending::Retry { after: None, why: format!("the command was lost: {error}") }
            }
        };
        let _ = fs::remove_file(&result);
        #[cfg(not(unix))]
        let _ = fs::remove_file(self.results.folder.join(format!("{number}.body")));
        ending
    }

    fn cannot_start(&self, error: &io::Error) -> Ending {
        let code = match error.kind() {
            io::ErrorKind::NotFound => 127,
            io::ErrorKind::PermissionDenied => 126,
            // The machine may have no process or file left for a moment.
            _ => {
                return Ending::Retry {
                    after: None,
                    why: format!("`{}` cannot be started: {error}", self.program),
                };
            }
        };
        Ending::CannotRun {
            code,
            why: format!("`{}` cannot be run ({error}): everything is given back", self.program),
        }
    }

    fn ending(&self, status: ExitStatus, line: Option<&str>) -> Ending {
        let Some(code) = status.code() else {
            return Ending::Retry { after: None, why: format!("the command ended by {status}") };
        };
        if code == 0 {
            return Ending::Done;
        }
        if CANNOT_RUN.contains(&code) {
            let code = u8::try_from(code).unwrap_or(127);
            let why = format!(
                "`{}` ended with {code}, as a shell does that finds no command: everything is given \
                 back",
                self.program
            );
            return Ending::CannotRun { code, why };
        }
        let why = format!("the command ended with {code}");
        match line.map(|line| line.split_once(' ').unwrap_or((line, ""))) {
            Some(("retry", time)) => match units::duration(time) {
                Ok(after) => Ending::Retry { after: Some(after), why },
                Err(error) => {
                    Ending::Retry { after: None, why: format!("{why}; AZQ_RESULT: {error}") }
                }
            },
            Some(("dead", "")) => Ending::Dead { why },
            Some(("dead", reason)) => Ending::Dead { why: reason.to_owned() },
            _ if code == DEAD => Ending::Dead { why },
            _ => Ending::Retry { after: None, why },
        }
    }
}

/// The first line of a file, if there is one.
fn first_line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
