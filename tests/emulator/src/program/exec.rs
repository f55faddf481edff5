//! The command of `--exec`: [`execute`] runs it with what it needs in its environment.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::{env, fs};

use tokio::process::Child;

use super::options::Exec;
use super::own_file::OwnFile;
use super::say::{say, sentence};
use super::signals::{Signals, Stop};
use crate::serve::Server;

/// What clients of every language look for, `az` first.
pub(super) const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";
/// Where a command finds the certificate that it must trust.
pub(super) const CERTIFICATE: &str = "QUEUE_EMULATOR_CERTIFICATE";
/// Where a command finds the control interface.
pub(super) const CONTROL: &str = "QUEUE_EMULATOR_CONTROL_URL";
/// Where Node.js looks for certificates that it trusts beside the usual ones.
const NODE_CERTIFICATES: &str = "NODE_EXTRA_CA_CERTS";

/// What shells exit with when there is no such command.
const NOT_FOUND: u8 = 127;
/// What shells exit with when the command is there and cannot be run.
const NOT_RUNNABLE: u8 = 126;

/// Runs a command until it ends, and returns its exit code.
pub(super) async fn execute(
    exec: Exec,
    server: &Server,
    trust: Option<&Path>,
    control: Option<&str>,
    signals: &mut Signals,
) -> io::Result<ExitCode> {
    let Exec { program, arguments } = exec;
    let mut command = tokio::process::Command::new(&program);
    command.args(arguments).env(CONNECTION_STRING, server.connection_string()).kill_on_drop(true);
    if let Some(control) = control {
        command.env(CONTROL, control);
    }
    // Kept until the command has ended.
    let mut both = None;
    if let Some(file) = trust {
        command.env(CERTIFICATE, file);
        both = with_those_of_node(file);
        // What this names is trusted beside the rest, so it does no harm to set it.
        command.env(NODE_CERTIFICATES, both.as_ref().map_or(file, OwnFile::path));
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let name = program.to_string_lossy();
            say(format_args!("queue-emulator: cannot run {name}: {error}"));
            // The interpreter of a script may be what is missing; the script is there.
            let missing = error.kind() == ErrorKind::NotFound && !Path::new(&program).is_file();
            return Ok(ExitCode::from(if missing { NOT_FOUND } else { NOT_RUNNABLE }));
        }
    };
    let code = loop {
        tokio::select! {
            status = child.wait() => break exit_code(status?),
            signal = signals.next() => pass_on(signal, &child),
        }
    };
    drop(both);
    Ok(code)
}

/// A file with our certificate and those that Node.js is told to trust already. It takes one file
/// alone, and forgets one of the two otherwise.
fn with_those_of_node(ours: &Path) -> Option<OwnFile> {
    let theirs = env::var_os(NODE_CERTIFICATES).filter(|name| !name.is_empty())?;
    let theirs = Path::new(&theirs);
    if fs::canonicalize(theirs).is_ok_and(|theirs| theirs == ours) {
        return None;
    }
    let both = fs::read(theirs).and_then(|mut both| {
        both.push(b'\n');
        both.extend(fs::read(ours)?);
        Ok(both)
    });
    let warn = |error: &dyn std::error::Error| {
        say(format_args!(
            "Warning: {NODE_CERTIFICATES} names {} alone for the command, and not what it named \
             ({}): {}.",
            ours.display(),
            theirs.display(),
            sentence(error)
        ));
    };
    let both = both.inspect_err(|error| warn(error)).ok()?;
    OwnFile::in_folder(&env::temp_dir(), &both).inspect_err(|error| warn(error)).ok()
}

/// The command's exit code; for one that a signal ended, 128 and the signal, as shells have it.
fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Tells the command to stop. It decides when it ends; it only has to learn that it should.
fn pass_on(stop: Stop, child: &Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process};

        let signal = match stop {
            // The terminal tells all processes in its foreground.
            Stop::Interrupt => return,
            Stop::Terminate => Signal::TERM,
            Stop::HangUp => Signal::HUP,
        };
        let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(pid) = pid {
            // An error means that the command has ended, which `wait` will report.
            let _ = kill_process(pid, signal);
        }
    }
    #[cfg(not(unix))]
    let _ = (stop, child);
}
