//! The emulator over HTTP/1.1, and over TLS if there is a certificate: [`Server`].
//!
//! `listen` has the sockets, `crowd` the places for connections, `converse` what happens on one
//! connection; `stream`, `patience`, `answers` and `body` bound what a client can cost.

mod answers;
mod body;
#[cfg(feature = "https")]
mod certificate;
mod converse;
mod crowd;
mod error;
mod failure;
mod heads;
mod listen;
mod options;
#[cfg(feature = "control")]
mod page;
mod patience;
mod payload;
mod stream;

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::answers::Answers;
#[cfg(feature = "https")]
pub use self::certificate::{Certificate, CertificateError, FileForm};
#[cfg(feature = "control")]
use self::converse::Desk;
use self::converse::House;
use self::crowd::{Crowd, Place};
pub use self::error::BindError;
pub use self::failure::{ConnectionFailure, FailureReason};
use self::listen::Listeners;
pub use self::options::ServerOptions;
#[cfg(feature = "control")]
pub use self::page::ControlServer;
use crate::account::Account;
#[cfg(feature = "control")]
use crate::control::Control;
use crate::emulator::Emulator;

/// Time for requests that are being answered when the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// An emulator that listens on a socket.
///
/// Dropping it stops it without waiting; [`Server::shutdown`] lets requests in progress finish.
///
/// ```
/// use queue_emulator::{Emulator, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::bind(Emulator::new(), "127.0.0.1:0").await?;
/// println!("listening on {}", server.local_addr());
/// server.shutdown().await;
/// # Ok::<(), queue_emulator::BindError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    emulator: Emulator,
    local_addrs: Vec<SocketAddr>,
    https: bool,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl ServerOptions {
    /// Listens on `address`, where port 0 stands for any free port, and starts to answer. A name
    /// is listened on at all of its addresses that this machine has; `localhost` stands for
    /// `127.0.0.1` and `::1`.
    ///
    /// Must be called within a tokio runtime, which then drives the server.
    ///
    /// # Errors
    /// [`BindError`] if the address cannot be listened on, for example because another program
    /// does.
    pub async fn bind(
        self,
        emulator: Emulator,
        address: impl ToSocketAddrs + Display,
    ) -> Result<Server, BindError> {
        Ok(Server::start(Listeners::bind(address).await?, emulator, self))
    }
}

impl Server {
    /// Listens on `address`, where port 0 stands for any free port, and starts to answer. A name
    /// is listened on at all of its addresses that this machine has; `localhost` stands for
    /// `127.0.0.1` and `::1`.
    ///
    /// Must be called within a tokio runtime, which then drives the server.
    ///
    /// # Errors
    /// [`BindError`] if the address cannot be listened on, for example because another program
    /// does.
    pub async fn bind(
        emulator: Emulator,
        address: impl ToSocketAddrs + Display,
    ) -> Result<Self, BindError> {
        ServerOptions::new().bind(emulator, address).await
    }

    /// Like [`bind`](Self::bind), but answers over HTTPS with this certificate.
    ///
    /// # Errors
    /// [`BindError`] if the address cannot be listened on.
    #[cfg(feature = "https")]
    pub async fn bind_https(
        emulator: Emulator,
        address: impl ToSocketAddrs + Display,
        certificate: &Certificate,
    ) -> Result<Self, BindError> {
        ServerOptions::new().certificate(certificate).bind(emulator, address).await
    }

    /// Starts to answer on sockets that are bound.
    fn start(mut listeners: Listeners, emulator: Emulator, options: ServerOptions) -> Self {
        let (stop, stopped) = watch::channel(false);
        let local_addrs = listeners.addresses().to_vec();
        let https = options.security.is_https();
        #[cfg(feature = "control")]
        let control = match options.control {
            None => Desk::Health,
            Some(control) => {
                let url = base_url(listeners.addresses(), https);
                Desk::Beside(Control::new(emulator.clone(), url, control, stopped.clone()))
            }
        };
        let ServerOptions { limits, security, on_failure, .. } = options;
        let house = House {
            emulator: emulator.clone(),
            security,
            limits,
            answers: Answers::new(limits.max_unsent_bytes),
            on_failure,
            stopped,
            #[cfg(feature = "control")]
            control,
        };
        let accepting = tokio::spawn(async move { accept(&mut listeners, house).await });
        Self { emulator, local_addrs, https, stop, accepting }
    }

    /// The address it listens on, with the port that was found if 0 was asked for. Of several it is
    /// the first, which is one of IPv4 if there is one.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        // There is always one; were it not so, nobody could connect.
        *self.local_addrs.first().expect("a server listens on an address")
    }

    /// All addresses it listens on, which have the same port: `localhost` and other names may stand
    /// for several.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// The connection string of the first account, which clients of every language take.
    ///
    /// It holds the account's key.
    #[must_use]
    pub fn connection_string(&self) -> String {
        self.connection_string_of(self.emulator.account())
    }

    /// The connection string of one account.
    ///
    /// It holds the account's key.
    #[must_use]
    pub fn connection_string_of(&self, account: &Account) -> String {
        account.connection_string(&self.base_url())
    }

    /// The URL that account names are appended to, without a slash at its end.
    ///
    /// For a server that listens on all interfaces this is the loopback address.
    #[must_use]
    pub fn base_url(&self) -> String {
        base_url(&self.local_addrs, self.https)
    }

    /// The emulator that answers.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Stops listening, lets requests in progress finish for a few seconds, and closes all
    /// connections.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // An error means that the task is gone, which is what is wanted.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// The URL of a server that listens on these addresses.
fn base_url(addresses: &[SocketAddr], https: bool) -> String {
    // There is always one; were it not so, nobody could connect.
    let at = *addresses.first().expect("a server listens on an address");
    let reachable = match at.ip().to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, at.port()).into(),
        IpAddr::V4(ip) => (ip, at.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, at.port()).into(),
        // With the zone that it may have.
        IpAddr::V6(_) => at,
    };
    let scheme = if https { "https" } else { "http" };
    format!("{scheme}://{reachable}")
}

/// Gives every connection a task of its own, until the server is stopped.
async fn accept(listeners: &mut Listeners, house: House) {
    let crowd = Crowd::new(house.limits.max_connections);
    let mut stopped = house.stopped.clone();
    loop {
        let (stream, peer, place) = tokio::select! {
            _ = stopped.changed() => break,
            Some(next) = next_connection(listeners, &crowd) => next,
        };
        let house = house.clone();
        tokio::spawn(async move {
            house.converse(stream, peer, place.seat()).await;
            // Not before the socket is closed: the next may need its number.
            drop(place);
        });
    }
    listeners.close();
    // When the time is over the rest is cut off.
    let _ = tokio::time::timeout(GRACE, crowd.gone()).await;
}

/// Waits for a connection, then for a place for it.
async fn next_connection(
    listeners: &mut Listeners,
    crowd: &Arc<Crowd>,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let (stream, peer) = loop {
        match listeners.accept().await {
            Ok(accepted) => break accepted,
            // All file descriptors are in use, most likely.
            Err(_) => crowd.make_room().await,
        }
    };
    // Answers are small and written whole: waiting for more only delays them. That this failed is
    // not worth losing the connection for.
    let _ = stream.set_nodelay(true);
    let place = crowd.admit().await?;
    Some((stream, peer, place))
}
