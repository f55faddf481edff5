//! The page and the control interface beside the service: their options, [`PageArgs`], and
//! [`Page`], which serves them on a thread of its own, so that they cannot hold up the service.

use std::error::Error;
use std::io::ErrorKind;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use clap::builder::BoolishValueParser;
use tokio::sync::oneshot;

use super::input::at;
use super::usage::UsageError;
use crate::control::ControlOptions;
use crate::emulator::Emulator;
use crate::serve::{BindError, ControlServer};
use crate::watch::RecordLimits;

/// The port of the page when none is given.
const PORT: u16 = 10011;
const LOOPBACK: &str = "127.0.0.1";

/// The options of the page and of the control interface.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PageArgs {
    /// The port of the page that shows queues, messages and requests, and of the control interface
    /// for tests below /_emulator/ there; 0 picks a free one, and `off` does without. Default: 10011,
    /// or a free one if that is taken; off with --exec
    #[arg(
        long,
        value_name = "N|off",
        env = "QUEUE_EMULATOR_PAGE_PORT",
        hide_env = true,
        help_heading = "Page and control"
    )]
    pub(super) page_port: Option<String>,
    /// The address or name for the page to listen on, and a name by which it may be called. May be
    /// repeated for further names. Whoever reaches the page can read and change everything.
    /// Default: 127.0.0.1
    #[arg(
        long,
        value_name = "NAME",
        env = "QUEUE_EMULATOR_PAGE_HOST",
        value_delimiter = ',',
        hide_env = true,
        help_heading = "Page and control"
    )]
    pub(super) page_host: Vec<String>,
    /// Let pages of this origin, such as http://localhost:3000, use the control interface. May be
    /// repeated
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "QUEUE_EMULATOR_PAGE_ORIGIN",
        value_delimiter = ',',
        hide_env = true,
        help_heading = "Page and control"
    )]
    pub(super) page_origin: Vec<String>,
    /// Serve the control interface on the service's port too: whoever reaches the service can then
    /// move its time and read every message
    #[arg(
        long,
        env = "QUEUE_EMULATOR_CONTROL",
        hide_env = true,
        value_parser = BoolishValueParser::new(),
        help_heading = "Page and control"
    )]
    pub(super) control: bool,
    /// The number of requests that the page remembers, from the start. Default: 1000, and those that
    /// succeed only since the page or the control interface was first used
    #[arg(
        long,
        value_name = "N",
        env = "QUEUE_EMULATOR_RECORD_REQUESTS",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Page and control"
    )]
    pub(super) record_requests: Option<usize>,
    /// The number of events in the lives of messages that the page remembers. Default: 20000
    #[arg(
        long,
        value_name = "N",
        env = "QUEUE_EMULATOR_RECORD_EVENTS",
        hide_env = true,
        allow_negative_numbers = true,
        help_heading = "Page and control"
    )]
    pub(super) record_events: Option<usize>,
}

/// The settings of the page and of the control interface.
#[derive(Debug)]
pub(super) struct PageOptions {
    /// The port of the page; `None` for no page.
    port: Option<Port>,
    hosts: Vec<String>,
    origins: Vec<String>,
    /// Whether the control interface is on the service's port too.
    pub(super) beside: bool,
    limits: RecordLimits,
}

#[derive(Clone, Copy, Debug)]
enum Port {
    /// This one, and no other.
    Wanted(u16),
    /// This one, or any other if it is taken.
    Usual(u16),
}

impl PageOptions {
    /// Reads the arguments. `alone` is whether the emulator runs for people, and not for a command,
    /// and `drawn` whether its own port is any that is free.
    pub(super) fn new(args: PageArgs, alone: bool, drawn: bool) -> Result<Self, UsageError> {
        let port = match args.page_port.as_deref() {
            Some("off") => None,
            Some(text) => Some(Port::Wanted(text.parse().map_err(|_| {
                format!("--page-port {text}: a port from 0 to 65535 is needed, or off")
            })?)),
            None if !alone && args.page_host.is_empty() => None,
            None if drawn => Some(Port::Wanted(0)),
            None => Some(Port::Usual(PORT)),
        };
        if port.is_none() && !args.page_host.is_empty() && !args.control {
            return Err("--page-host and --page-port off contradict each other".into());
        }
        let mut limits = RecordLimits::new();
        limits = match args.record_requests {
            Some(count) => limits.requests(count),
            None => limits.requests_from_first_look(),
        };
        if let Some(count) = args.record_events {
            limits = limits.events(count);
        }
        let (hosts, origins) = (args.page_host, args.page_origin);
        Ok(Self { port, hosts, origins, beside: args.control, limits })
    }

    /// What is to be remembered for those who look.
    pub(super) fn record(&self) -> Option<RecordLimits> {
        (self.port.is_some() || self.beside).then_some(self.limits)
    }

    /// By which names the control interface may be reached.
    pub(super) fn control(&self) -> ControlOptions {
        let mut options = ControlOptions::new();
        for host in &self.hosts {
            options = options.allow_host(host);
        }
        for origin in &self.origins {
            options = options.allow_origin(origin);
        }
        options
    }
}

/// The page, while it is served.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) url: String,
    /// Whether other machines can reach the page.
    pub(super) is_open: bool,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Page {
    /// Serves the page of the emulator, if that is wanted.
    pub(super) fn start(
        options: &PageOptions,
        emulator: &Emulator,
        service_url: &str,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        let Some(port) = options.port else { return Ok(None) };
        let host = options.hosts.first().map_or(LOOPBACK, String::as_str).to_owned();
        let (emulator, service_url) = (emulator.clone(), service_url.to_owned());
        let control = options.control();
        let (tell, told) = channel();
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = async move {
            match bind(&emulator, &service_url, &control, &host, port).await {
                Ok(server) => {
                    let open =
                        server.local_addrs().iter().any(|at| !at.ip().to_canonical().is_loopback());
                    // An error means that nobody waits any more, and then this ends too.
                    let _ = tell.send(Ok((server.url(), open)));
                    let _ = stopped.await;
                    server.shutdown().await;
                }
                Err(error) => drop(tell.send(Err(error))),
            }
        };
        let thread = thread::Builder::new()
            .name("page".to_owned())
            .spawn(move || runtime.block_on(serve))?;
        let (url, is_open) = told.recv()?.map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => {
                format!("{error} (--page-port N; 0 takes any that is free, and off does without)")
                    .into()
            }
            _ => Box::<dyn Error>::from(error),
        })?;
        Ok(Some(Self { url, is_open, stop: Some(stop), thread: Some(thread) }))
    }
}

async fn bind(
    emulator: &Emulator,
    service_url: &str,
    control: &ControlOptions,
    host: &str,
    port: Port,
) -> Result<ControlServer, BindError> {
    let bind = |port| {
        let (emulator, url) = (emulator.clone(), service_url.to_owned());
        ControlServer::bind(emulator, url, control.clone(), at(host, port))
    };
    match port {
        Port::Wanted(port) => bind(port).await,
        Port::Usual(port) => match bind(port).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse => bind(0).await,
            bound => bound,
        },
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
