//! Running the server until it is told to stop, or until a command has ended.

use std::error::Error;
use std::io::Write as _;
use std::process::{ExitCode, ExitStatus};
use std::{fmt, io};

use queue_emulator::{Emulator, Server};
use tokio::process::Child;

use crate::args::{Exec, Options};

/// What clients of every language look for, `az` first.
const VARIABLE: &str = "AZURE_STORAGE_CONNECTION_STRING";

/// Runs a server as the options say.
pub(crate) fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let Options { port, host, accounts, deletion_time, exec } = options;
    let mut builder = Emulator::builder();
    for account in accounts {
        builder = builder.account(account);
    }
    if let Some(time) = deletion_time {
        builder = builder.deletion_time(time);
    }
    // Listening to signals before anybody can know that the program is there, so that none is lost.
    let mut signals = Signals::new()?;
    let server = Server::bind(builder.build(), address(&host, port)).await?;
    if !server.local_addr().ip().is_loopback() {
        eprintln!(
            "Warning: other machines can reach {}, and what they send is not encrypted.",
            server.local_addr()
        );
    }
    let code = match exec {
        Some(exec) => execute(exec, &server, &mut signals).await?,
        None => {
            announce(&server)?;
            signals.next().await;
            ExitCode::SUCCESS
        }
    };
    server.shutdown().await;
    Ok(code)
}

/// An IPv6 address needs brackets before a port.
fn address(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Tells people on standard error and programs on standard output.
fn announce(server: &Server) -> io::Result<()> {
    let connection_string = server.connection_string();
    eprintln!(
        "Azure Queue Storage emulator, listening on {url}\n\
         Queues are kept in memory and are gone when it stops.\n\
         \n\
         Connection string, for any Azure Queue Storage library:\n\
         \n  {connection_string}\n\
         \n\
         Many programs take it from the environment variable {VARIABLE};\n\
         `queue-emulator --exec COMMAND` runs one with the variable set.\n\
         \n\
         Press ctrl-c to stop.",
        url = server.base_url(),
    );
    // Nothing in these values needs escaping: addresses, account names and base64.
    let mut out = io::stdout().lock();
    writeln!(
        out,
        r#"{{"ready":true,"url":"{url}","port":{port},"account":"{account}","connectionString":"{connection_string}","pid":{pid},"version":"{version}"}}"#,
        url = server.base_url(),
        port = server.local_addr().port(),
        account = server.emulator().account().name(),
        pid = std::process::id(),
        version = env!("CARGO_PKG_VERSION"),
    )?;
    out.flush()
}

/// Runs a command with the connection string in its environment until it ends.
async fn execute(
    exec: Exec,
    server: &Server,
    signals: &mut Signals,
) -> Result<ExitCode, Box<dyn Error>> {
    let Exec { program, arguments } = exec;
    let mut child = tokio::process::Command::new(&program)
        .args(arguments)
        .env(VARIABLE, server.connection_string())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| ExecError { program: program.to_string_lossy().into_owned(), source })?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status?)),
            signal = signals.next() => pass_on(signal, &child),
        }
    }
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

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// From the terminal, which tells the command too.
    Interrupt,
    /// SIGTERM, which only this program got.
    Terminate,
}

/// The command decides when it ends; it only has to learn that it should.
fn pass_on(stop: Stop, child: &Child) {
    #[cfg(unix)]
    if stop == Stop::Terminate
        && let Some(pid) = child.id()
        && let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
    {
        // An error means that the command has ended, which `wait` will report.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    #[cfg(not(unix))]
    let _ = (stop, child);
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
        }
    }
}

#[cfg(windows)]
struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { ctrl_c: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) -> Stop {
        self.ctrl_c.recv().await;
        Stop::Interrupt
    }
}

/// A command that could not be started.
#[derive(Debug)]
struct ExecError {
    program: String,
    source: io::Error,
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot run {}", self.program)
    }
}

impl Error for ExecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
