//! Running the server until it is told to stop, or until a command has ended.

use std::error::Error;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io};

use queue_emulator::{Emulator, Server, StoreError, StoreErrorKind};
use tokio::process::Child;
use tokio::sync::Notify;

use crate::args::{Exec, Options};
use crate::certificate::Trusted;
use crate::say::{print, say};
use crate::sentence;

/// What clients of every language look for, `az` first.
const VARIABLE: &str = "AZURE_STORAGE_CONNECTION_STRING";
/// Where a command finds the certificate that it must trust.
const CERTIFICATE: &str = "QUEUE_EMULATOR_CERTIFICATE";
/// Where Node.js looks for certificates that it trusts too.
const NODE_CERTIFICATES: &str = "NODE_EXTRA_CA_CERTS";

/// Runs a server as the options say.
pub(crate) fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let mut runtime = match options.threads.get() {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(options.threads.get()).enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    // The store has stopped, and so nothing works any more.
    let broken = Arc::new(Notify::new());
    let emulator = emulator(&options, &broken)?;
    let Options { port, host, https, location, exec, .. } = options;
    if exec.is_none() {
        allow_connections();
    }
    let trusted = Trusted::load(&https)?;
    // Listening to signals before anybody can know that the program is there, so that none is lost.
    let mut signals = Signals::new()?;
    let address = address(&host, port);
    let server = match &trusted {
        None => Server::bind(emulator, address).await?,
        Some(Trusted { certificate, .. }) => {
            Server::bind_https(emulator, address, certificate).await?
        }
    };
    let trust = trusted.as_ref().map(|trusted| trusted.file.as_path());
    if !server.local_addr().ip().is_loopback() {
        let clear = if trust.is_none() { ", and what they send is not encrypted" } else { "" };
        let address = server.local_addr();
        say(format_args!("Warning: other machines can reach {address}{clear}."));
    }
    let work = async {
        match exec {
            Some(exec) => execute(exec, &server, trust, &mut signals).await,
            None => {
                announce(&server, trust, location.as_deref());
                signals.next().await;
                Ok(ExitCode::SUCCESS)
            }
        }
    };
    let code = tokio::select! {
        code = work => code?,
        () = broken.notified() => ExitCode::FAILURE,
    };
    server.shutdown().await;
    Ok(code)
}

/// Asks for as many open files as this process may have: every connection is one. A command would
/// inherit that, and need not expect it.
fn allow_connections() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Without it there are fewer connections.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// The emulator that the options ask for.
fn emulator(options: &Options, broken: &Arc<Notify>) -> Result<Emulator, StoreError> {
    let mut builder =
        Emulator::builder().on_notice(|notice| say(format_args!("queue-emulator: {notice}.")));
    for account in &options.accounts {
        builder = builder.account(account.clone());
    }
    if let Some(time) = options.deletion_time {
        builder = builder.deletion_time(time);
    }
    if let Some(lag) = options.replication_lag {
        builder = builder.replication_lag(lag);
    }
    if let Some(seed) = options.seed {
        builder = builder.seed(seed);
    }
    for fault in &options.faults {
        builder = builder.fault(fault.clone());
    }
    for (user, roles) in &options.roles {
        let roles = roles.iter().copied();
        builder = match user.as_str() {
            "*" => builder.other_roles(roles),
            user => builder.roles(user, roles),
        };
    }
    if options.bearer_over_http {
        builder = builder.bearer_over_http();
    }
    if let Some(issuer) = &options.issuer {
        builder = builder.token_issuer(issuer.clone());
    }
    match &options.location {
        None => Ok(builder.build()),
        Some(folder) => builder
            .location(folder)
            .durability(options.durability.unwrap_or_default())
            .on_failure(complain(Arc::clone(broken)))
            .open(),
    }
}

/// Tells of failures to store, but not of each: on a full disk every message is one.
fn complain(broken: Arc<Notify>) -> impl Fn(&StoreError) + Send + Sync + 'static {
    let last = Mutex::new(None::<Instant>);
    move |error| {
        if error.kind() == StoreErrorKind::Stopped {
            // First what has to happen, and then what is said about it.
            broken.notify_one();
            return say(format_args!("queue-emulator: {}", sentence(error)));
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= Duration::from_secs(10)) {
            *last = Some(Instant::now());
            say(format_args!(
                "queue-emulator: {}. What cannot be stored is answered with 500 InternalError.",
                sentence(error)
            ));
        }
    }
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
fn announce(server: &Server, trust: Option<&Path>, location: Option<&Path>) {
    let kept = match location {
        None => "Queues are kept in memory and are gone when it stops.".to_owned(),
        Some(folder) => format!("Queues are kept in {}.", folder.display()),
    };
    let connection_string = server.connection_string();
    let (told, certificate) = match trust {
        None => (String::new(), String::new()),
        Some(file) => {
            let file = file.to_string_lossy();
            // Of all values only this one may need escaping.
            let json = serde_json::Value::from(&*file);
            (
                format!(
                    "Clients must trust the certificate in {file}\n\
                     (environment variable {CERTIFICATE} for --exec).\n\n"
                ),
                format!(",\"certificate\":{json}"),
            )
        }
    };
    say(format_args!(
        "Azure Queue Storage emulator, listening on {url}\n\
         {kept}\n\
         \n\
         Connection string, for any Azure Queue Storage library:\n\
         \n  {connection_string}\n\
         \n\
         Many programs take it from the environment variable {VARIABLE};\n\
         `queue-emulator --exec COMMAND` runs one with the variable set.\n\
         \n\
         {told}Press ctrl-c to stop.",
        url = server.base_url(),
    ));
    // Nothing in the other values needs escaping: addresses, account names and base64.
    print(format_args!(
        r#"{{"ready":true,"url":"{url}","port":{port},"account":"{account}","connectionString":"{connection_string}","pid":{pid},"version":"{version}"{certificate}}}"#,
        url = server.base_url(),
        port = server.local_addr().port(),
        account = server.emulator().account().name(),
        pid = std::process::id(),
        version = env!("CARGO_PKG_VERSION"),
    ));
}

/// Runs a command with the connection string in its environment until it ends.
async fn execute(
    exec: Exec,
    server: &Server,
    trust: Option<&Path>,
    signals: &mut Signals,
) -> Result<ExitCode, Box<dyn Error>> {
    let Exec { program, arguments } = exec;
    let mut command = tokio::process::Command::new(&program);
    command.args(arguments).env(VARIABLE, server.connection_string()).kill_on_drop(true);
    if let Some(file) = trust {
        command.env(CERTIFICATE, file);
        // What this names is trusted beside the rest, so it does no harm to set it.
        if std::env::var_os(NODE_CERTIFICATES).is_none() {
            command.env(NODE_CERTIFICATES, file);
        }
    }
    let mut child = command
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
