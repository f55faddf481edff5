//! [`ControlServer`]: the page and the control interface on an address of their own.

use std::fmt::Display;
use std::net::SocketAddr;

use tokio::net::ToSocketAddrs;
use tokio::sync::watch;

use super::answers::Answers;
use super::converse::{Desk, House};
use super::listen::Listeners;
use super::{BindError, Server, ServerOptions, accept};
use crate::control::{Control, ControlOptions};
use crate::emulator::Emulator;

/// The most connections to the page: browsers open six each, and streams of events one.
const MAX_CONNECTIONS: usize = 5_000;

/// The page of an emulator and its control interface, on an address of their own.
///
/// Dropping it stops it without waiting. On another thread than the service's it cannot hold up the
/// service, whatever its clients do.
///
/// ```
/// use queue_emulator::{ControlOptions, ControlServer, Emulator, RecordLimits, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let emulator = Emulator::builder().record(RecordLimits::new()).build();
/// let server = Server::bind(emulator.clone(), "127.0.0.1:0").await?;
/// let options = ControlOptions::new();
/// let page = ControlServer::bind(emulator, server.base_url(), options, "127.0.0.1:0").await?;
/// println!("look at {}", page.url());
/// page.shutdown().await;
/// server.shutdown().await;
/// # Ok::<(), queue_emulator::BindError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ControlServer(Server);

impl ControlServer {
    /// Listens on `address`, where port 0 stands for any free port, and starts to answer.
    /// `service_url` is where the service is, for connection strings: what
    /// [`Server::base_url`] returns.
    ///
    /// Must be called within a tokio runtime, which then drives the server.
    ///
    /// # Errors
    /// [`BindError`] if the address cannot be listened on, for example because another program
    /// does.
    pub async fn bind(
        emulator: Emulator,
        service_url: String,
        options: ControlOptions,
        address: impl ToSocketAddrs + Display,
    ) -> Result<Self, BindError> {
        let mut listeners = Listeners::bind(address).await?;
        let server = ServerOptions::new().max_connections(MAX_CONNECTIONS);
        let (stop, stopped) = watch::channel(false);
        let control = Control::new(emulator.clone(), service_url, options, stopped.clone());
        let local_addrs = listeners.addresses().to_vec();
        let house = House {
            emulator: emulator.clone(),
            security: server.security,
            limits: server.limits,
            answers: Answers::new(server.limits.max_unsent_bytes),
            on_failure: server.on_failure,
            stopped,
            control: Desk::Alone(control),
        };
        let accepting = tokio::spawn(async move { accept(&mut listeners, house).await });
        Ok(Self(Server { emulator, local_addrs, https: false, stop, accepting }))
    }

    /// The address of the page, with a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/", self.0.base_url())
    }

    /// The address it listens on, with the port that was found if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// All addresses it listens on, which have the same port.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.0.local_addrs()
    }

    /// Stops listening, lets requests in progress finish for a few seconds, and ends all streams.
    pub async fn shutdown(self) {
        self.0.shutdown().await;
    }
}
