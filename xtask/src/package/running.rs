//! An emulator that was started from a package: [`Running`], and whether it does what it should.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Outcome, shell};

/// The time for it to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running emulator. It is killed when this is dropped.
pub(super) struct Running {
    child: Child,
    port: String,
}

impl Running {
    /// Starts it and waits until it is ready.
    pub(super) fn start(command: &mut Command) -> Result<Self, String> {
        let name = command.get_program().display().to_string();
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("cannot run `{name}`: {error}"))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            let read = BufReader::new(out).read_line(&mut line);
            read.map_err(|error| format!("cannot hear `{name}`: {error}"))?;
        }
        let mut running = Self { child, port: String::new() };
        let port = line.split("\"port\":").nth(1).and_then(|rest| rest.split(',').next());
        port.ok_or_else(|| format!("`{name}` does not start: {line:?}"))?
            .clone_into(&mut running.port);
        Ok(running)
    }

    /// Asks for its health with `program`, then stops it as a supervisor does.
    pub(super) fn check_and_stop(self, program: &Path) -> Outcome {
        let id = self.child.id();
        self.check_and_stop_process(program, id)
    }

    /// The same for an emulator that is a child of the process that was started.
    pub(super) fn check_and_stop_child(self, program: &Path) -> Outcome {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let child = children.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
        self.check_and_stop_process(program, child.unwrap_or(id))
    }

    fn check_and_stop_process(mut self, program: &Path, id: u32) -> Outcome {
        shell::run(Command::new(program).args(["health", "--port", &self.port]))?;
        shell::run(Command::new("sh").args(["-c", "kill -TERM $0", &id.to_string()]))?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("the emulator ended with {status}")),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(format!("cannot wait for the emulator: {error}")),
            }
        }
        Err("the emulator does not stop at SIGTERM".to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
