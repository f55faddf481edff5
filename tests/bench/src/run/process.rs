//! Other programs.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::Outcome;

/// A program that ends with this.
#[derive(Debug)]
pub(super) struct Running(Child);

impl Running {
    pub(super) fn new(command: &mut Command) -> Outcome<Self> {
        Ok(Self::spawn(command).map_err(|error| format!("{command:?}: {error}"))?)
    }

    /// The same, with the error of the system as it is.
    pub(super) fn spawn(command: &mut Command) -> std::io::Result<Self> {
        command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().map(Self)
    }

    /// What it prints, if that is piped and was not taken yet.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn end(mut self) -> Outcome {
        let id = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        let status = self.0.wait()?;
        if !status.success() {
            return Err(format!("a program ended with {status}").into());
        }
        Ok(())
    }

    /// Starts a program that prints its port as its first line.
    pub(super) fn with_port(program: &Path) -> Outcome<(Self, u16)> {
        let mut running = Self::new(Command::new(program).stdout(Stdio::piped()))?;
        let mut line = String::new();
        let output = running.0.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        Ok((running, line.trim().parse()?))
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program printed.
pub(super) fn output(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The machine, the compiler and the date.
pub(super) fn machine() -> String {
    let first = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.rsplit(['\t', ':']).next().unwrap_or_default().trim().to_owned()
    };
    let said = |program: &str, argument: &str| {
        let output = output(Command::new(program).arg(argument)).unwrap_or_default();
        output.lines().next().unwrap_or("no answer").trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = first("/proc/cpuinfo", "model name");
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    format!(
        "{date}: {cores} cores of {processor}, Linux {}, {}, {}.",
        said("uname", "-r"),
        said("rustc", "--version"),
        said("valgrind", "--version"),
    )
}
