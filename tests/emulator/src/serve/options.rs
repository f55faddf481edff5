//! What a server allows its clients.

use std::fmt;
use std::time::Duration;

use tokio::net::ToSocketAddrs;

use super::{BindError, Security, Server};
use crate::Emulator;

/// Sets up a [`Server`]: how long it waits for its clients, and how many it serves.
///
/// A client that is slower loses its connection; what others ask is answered meanwhile.
///
/// ```
/// use std::time::Duration;
///
/// use queue_emulator::{Emulator, ServerOptions};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let options = ServerOptions::new().head_timeout(Duration::from_secs(5));
/// let server = options.bind(Emulator::new(), "127.0.0.1:0").await?;
/// # server.shutdown().await;
/// # Ok::<(), queue_emulator::BindError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until `bind` is called"]
pub struct ServerOptions {
    limits: Limits,
    security: Security,
}

/// The numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) head_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) max_connections: usize,
}

impl ServerOptions {
    /// The defaults, without TLS.
    pub fn new() -> Self {
        let limits = Limits {
            head_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            max_connections: 20_000,
        };
        Self { limits, security: Security::None }
    }

    /// Time for the head of a request, counted from the last answer: an idle connection is closed
    /// after it, and one that does not agree on TLS. The default is a minute.
    pub fn head_timeout(mut self, time: Duration) -> Self {
        self.limits.head_timeout = time;
        self
    }

    /// Time for the whole body of a request; one that takes longer is answered with 500
    /// `OperationTimedOut`. The default is 30 seconds.
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.limits.body_timeout = time;
        self
    }

    /// Time in which a client must take a part of its answer, however small. The default is 30
    /// seconds.
    pub fn write_timeout(mut self, time: Duration) -> Self {
        self.limits.write_timeout = time;
        self
    }

    /// Connections served at the same time, at least one. When there are so many, or the process
    /// may have no more, those are closed that nothing is asked on, and new ones wait until there is
    /// room. The default is 20,000.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.limits.max_connections = count.max(1);
        self
    }

    /// Answers over HTTPS with this certificate.
    #[cfg(feature = "https")]
    pub fn certificate(mut self, certificate: &super::Certificate) -> Self {
        self.security = Security::Tls(certificate.acceptor());
        self
    }

    /// Listens on `address`, where port 0 stands for any free port, and starts to answer.
    ///
    /// Must be called within a tokio runtime, which then drives the server.
    ///
    /// # Errors
    /// [`BindError`] if the address cannot be listened on, for example because another program
    /// does.
    pub async fn bind(
        self,
        emulator: Emulator,
        address: impl ToSocketAddrs + fmt::Display,
    ) -> Result<Server, BindError> {
        Server::listen(emulator, address, self.security, self.limits).await
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("limits", &self.limits)
            .field("https", &self.security.is_https())
            .finish()
    }
}
