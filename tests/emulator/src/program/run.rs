//! Running the server until it is told to stop, or until a command has ended: [`run`].

use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::announce::Announcement;
use super::beside;
use super::certificate::Trusted;
use super::exec::execute;
use super::input::at;
use super::log::AccessLog;
use super::options::Options;
use super::page::Page;
use super::say::{say, sentence};
use super::signals::Signals;
use crate::emulator::Emulator;
use crate::serve::{BindError, Server, ServerOptions};
use crate::store::error::{StoreError, StoreErrorKind};

/// Runs a server as the options say.
pub(super) fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let mut runtime = match options.threads.get() {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(options.threads.get()).enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(mut options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let _outlive = outlive_long_files()?;
    for note in &options.notes {
        say(format_args!("Note: {note}."));
    }
    // Dropped when everything else has ended, so that the last lines are written.
    let logs =
        options.logs.iter().map(|path| AccessLog::open(path)).collect::<Result<Vec<_>, _>>()?;
    // The store has stopped, and so nothing works any more.
    let broken = Arc::new(Notify::new());
    let emulator = emulator(&options, &logs, &broken)?;
    std::mem::take(&mut options.seeds).plant(&emulator)?;
    let exec = options.exec.take();
    if exec.is_none() {
        allow_connections();
    }
    // After the emulator, which has made the folder of the queues and keeps others out of it.
    let trusted = Trusted::load(&options.https, options.location.as_deref())?;
    // Listening to signals before anybody can know that the program is there, so that none is lost.
    let mut signals = Signals::new()?;
    let certificate = trusted.as_ref().map(|trusted| &trusted.certificate);
    let mut server = ServerOptions::new();
    if let Some(certificate) = certificate {
        server = server.certificate(certificate);
    }
    if let Some(time) = options.keep_alive {
        server = server.head_timeout(time);
    }
    for log in &logs {
        server = server.on_failure(log.failures());
    }
    if options.page.beside {
        server = server.control(options.page.control());
    }
    let server = server.bind(emulator, at(&options.host, options.port)).await;
    let server = server.map_err(|error| with_hint(error, "--port N", "--port 0"))?;
    let held = match &options.beside {
        None => Vec::new(),
        Some(beside) => beside::hold(beside, certificate)
            .await
            .map_err(|error| with_hint(error, "--blobPort N and --tablePort N", "0"))?
            .into(),
    };
    let page = Page::start(&options.page, server.emulator(), &server.base_url())?;
    warn_of_others(&server, trusted.is_some());
    if let Some(page) = page.as_ref().filter(|page| page.is_open) {
        let url = &page.url;
        say(format_args!(
            "Warning: other machines can reach the page at {url}, and change everything by it."
        ));
    }
    let announcement = Announcement {
        server: &server,
        trusted: trusted.as_ref(),
        location: options.location.as_deref(),
        mode: options.mode,
        is_control_beside: options.page.beside,
        is_expected_line: options.is_expected_line,
        held: &held,
        page: page.as_ref(),
    };
    let work = async {
        match exec {
            Some(exec) => {
                let trust = trusted.as_ref().and_then(Trusted::file);
                execute(exec, &server, trust, announcement.control().as_deref(), &mut signals).await
            }
            None => {
                announcement.make();
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

/// The failure to listen, with the option that chooses another port.
fn with_hint(error: BindError, option: &str, free: &str) -> Box<dyn Error> {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return format!("{error} ({option}; {free} takes any that is free)").into();
    }
    error.into()
}

/// Lets a write beyond the largest file that this process may have (`ulimit -f`) be an error, which
/// is answered, and not the end, as long as what this returns is held.
#[cfg(unix)]
fn outlive_long_files() -> std::io::Result<tokio::signal::unix::Signal> {
    // The number has no name in tokio. It is this one on all systems but MIPS.
    const SIGXFSZ: i32 = 25;
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(SIGXFSZ))
}

#[cfg(not(unix))]
fn outlive_long_files() -> std::io::Result<()> {
    Ok(())
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

/// Says so when other machines are let in, and what that means.
fn warn_of_others(server: &Server, encrypted: bool) {
    let clear = if encrypted { "" } else { ", and what they send is not encrypted" };
    for address in server.local_addrs() {
        if !address.ip().to_canonical().is_loopback() {
            say(format_args!("Warning: other machines can reach {address}{clear}."));
        }
    }
}

/// The emulator that the options ask for.
fn emulator(
    options: &Options,
    logs: &[AccessLog],
    broken: &Arc<Notify>,
) -> Result<Emulator, StoreError> {
    let mut builder =
        Emulator::builder().on_notice(|notice| say(format_args!("queue-emulator: {notice}.")));
    for log in logs {
        builder = builder.on_request_kept(log.observer());
    }
    for account in &options.accounts {
        builder = builder.account(account.clone());
    }
    if let Some(time) = options.deletion_time {
        builder = builder.deletion_time(time);
    }
    if let Some(lag) = options.replication_lag {
        builder = builder.replication_lag(lag);
    }
    if let Some(limits) = options.page.record() {
        builder = builder.record(limits);
    }
    if options.service_limits {
        builder = builder.service_limits();
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
    if options.forbid_shared_key {
        builder = builder.forbid_shared_key();
    }
    if let Some(issuer) = &options.issuer {
        builder = builder.token_issuer(issuer.clone());
    }
    match &options.location {
        None => Ok(builder.build()),
        Some(folder) => builder
            .location(folder)
            .durability(options.durability.unwrap_or_default())
            .recover(options.recover)
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
