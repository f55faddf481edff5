//! [`Bench`]: an emulator of its own, and `azq` started against it.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use queue_client::QueueServiceClient;
use queue_emulator::{Emulator, Server};
use tokio::runtime::Runtime;

/// An emulator of its own, with what a test needs to fill it.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) server: Server,
    pub(crate) service: QueueServiceClient,
    folder: PathBuf,
}

/// How a run of `azq` ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::of(Emulator::new())
    }

    pub(crate) fn of(emulator: Emulator) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::bind(emulator, "127.0.0.1:0")).unwrap();
        let _inside = runtime.enter();
        let service =
            QueueServiceClient::from_connection_string(&server.connection_string()).unwrap();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("azq-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { runtime, server, service, folder }
    }

    /// The queue of this name, made, with these texts in it.
    pub(crate) fn queue(&self, name: &str, texts: &[&str]) {
        let queue = self.service.queue(name).unwrap();
        self.runtime.block_on(async {
            queue.create_if_missing().await.unwrap();
            for text in texts {
                queue.send(*text).await.unwrap();
            }
        });
    }

    /// The same, for more texts than are sent one after the other.
    pub(crate) fn fill(&self, name: &str, texts: &[String]) {
        let queue = self.service.queue(name).unwrap();
        self.runtime.block_on(async {
            queue.create_if_missing().await.unwrap();
            for result in queue.send_all(texts).await {
                result.unwrap();
            }
        });
    }

    /// The texts of the visible messages, of the first 32.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let queue = self.service.queue(name).unwrap();
        let messages = self.runtime.block_on(async { queue.peek(32).await }).unwrap();
        messages.into_iter().map(|message| message.text().to_owned()).collect()
    }

    /// A folder that is this test's alone.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// `azq` with these arguments and nothing of the environment but the account.
    pub(crate) fn command<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_azq")), arguments)
    }

    /// A line for the shell, in which `azq` is the tool.
    pub(crate) fn shell(&self, line: &str) -> Command {
        self.prepared(Command::new("sh"), ["-c", line])
    }

    fn prepared<I: AsRef<OsStr>>(
        &self,
        mut command: Command,
        arguments: impl IntoIterator<Item = I>,
    ) -> Command {
        let tool = Path::new(env!("CARGO_BIN_EXE_azq")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(arguments)
            .env_clear()
            .env("PATH", format!("{}:{path}", tool.display()))
            .env("AZURE_STORAGE_CONNECTION_STRING", self.server.connection_string())
            .env("AZQ_CONTEXTS", self.folder.join("contexts.toml"))
            .env("HOME", &self.folder)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn azq<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Ended {
        ended(&mut self.command(arguments), b"")
    }

    pub(crate) fn azq_with<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
        input: &[u8],
    ) -> Ended {
        ended(self.command(arguments).stdin(Stdio::piped()), input)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command, input: &[u8]) -> Ended {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever ends early reads no more.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until a condition holds, for longer than a busy machine takes.
#[cfg(unix)]
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    use std::time::{Duration, Instant};

    let end = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < end, "waited for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run that succeeded.
#[track_caller]
pub(crate) fn fine(run: Ended) -> Ended {
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    run
}

/// So many texts, from 0 on.
pub(crate) fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// The texts in order of the alphabet.
pub(crate) fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}
