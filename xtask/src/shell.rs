//! Runs other programs and says which: every command of xtask goes through here.

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use crate::Outcome;

/// The workspace's own folder.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or_else(|| manifest.to_owned(), Path::to_owned)
}

/// The folder for what the commands install or produce. Git ignores it.
pub(crate) fn scratch(name: &str) -> PathBuf {
    target().join("xtask").join(name)
}

/// The folder that cargo builds in.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that runs this program, in the workspace's folder.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// The emulator of this workspace; its options follow.
pub(crate) fn emulator() -> Command {
    cargo(["run", "--quiet", "--package", "queue-emulator", "--"])
}

/// Runs the command; an exit code other than zero is an error.
pub(crate) fn run(command: &mut Command) -> Outcome {
    eprintln!("$ {}", line(command));
    let status = command
        .status()
        .map_err(|error| format!("cannot run `{}`: {error}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed: {status}", line(command))) }
}

/// Runs the command and returns what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = finished(command)?;
    text(command, output.stdout)
}

/// Runs the command and returns what it said beside what it printed, such as warnings.
pub(crate) fn remarks(command: &mut Command) -> Result<String, String> {
    let output = finished(command)?;
    text(command, output.stderr)
}

fn finished(command: &mut Command) -> Result<Output, String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run `{}`: {error}", command.get_program().display()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("`{}` failed: {}\n{reason}", line(command), output.status));
    }
    Ok(output)
}

fn text(command: &Command, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| format!("`{}` printed no text", line(command)))
}

/// A process in the background. It is killed when this is dropped.
pub(crate) struct Background(Child);

impl Background {
    /// Starts the command, which prints nothing here but its errors.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        eprintln!("$ {} &", line(command));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn();
        child.map(Self).map_err(|error| format!("cannot run `{}`: {error}", line(command)))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // What cannot be stopped is left to the operating system.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody uses at this moment.
pub(crate) fn free_port() -> Result<u16, String> {
    let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(|error| format!("there is no free port: {error}"))
}

fn line(command: &Command) -> String {
    let settings = command.get_envs().filter_map(|(name, value)| {
        // A connection string holds a key.
        let secret =
            ["CONNECTION", "TOKEN"].iter().any(|word| name.to_string_lossy().contains(word));
        let value = if secret { "…".into() } else { value?.to_string_lossy() };
        Some(format!("{}={value:?} ", name.to_string_lossy()))
    });
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    settings
        .chain([program.to_string_lossy().into_owned()])
        .chain(command.get_args().map(|argument| format!(" {}", argument.to_string_lossy())))
        .collect()
}
