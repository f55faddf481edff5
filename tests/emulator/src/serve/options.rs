//! The settings of a server: [`ServerOptions`], and what it allows its clients.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::failure::ConnectionFailure;
#[cfg(feature = "control")]
use crate::control::ControlOptions;

/// Sets up a [`Server`](crate::Server): how long it waits for its clients, and how many it serves.
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
    pub(super) limits: Limits,
    pub(super) security: Security,
    pub(super) on_failure: OnFailure,
    #[cfg(feature = "control")]
    pub(super) control: Option<ControlOptions>,
}

/// The times and numbers that bound what clients may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) head_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) max_connections: usize,
    pub(super) max_unsent_bytes: usize,
}

/// Whether connections are encrypted.
#[derive(Clone)]
pub(super) enum Security {
    None,
    #[cfg(feature = "https")]
    Tls(tokio_rustls::TlsAcceptor),
}

impl Security {
    pub(super) fn is_https(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// The function that is told of connections that failed, if there is one.
#[derive(Clone, Default)]
pub(super) struct OnFailure(Option<Arc<Tell>>);

/// A function of the program that runs the server.
type Tell = dyn Fn(&ConnectionFailure) + Send + Sync;

impl OnFailure {
    pub(super) fn tell(&self, failure: &ConnectionFailure) {
        if let Some(tell) = &self.0 {
            tell(failure);
        }
    }
}

impl ServerOptions {
    /// The defaults, without TLS.
    pub fn new() -> Self {
        let limits = Limits {
            head_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            max_connections: 20_000,
            max_unsent_bytes: 64 * 1024 * 1024,
        };
        Self {
            limits,
            security: Security::None,
            on_failure: OnFailure::default(),
            #[cfg(feature = "control")]
            control: None,
        }
    }

    /// Sets the time for the head of a request, counted from the last answer. An idle connection is
    /// closed after it, and so is one that does not agree on TLS. Default: one minute.
    pub fn head_timeout(mut self, time: Duration) -> Self {
        self.limits.head_timeout = time;
        self
    }

    /// Sets the time for the whole body of a request. A body that takes longer is answered with 500
    /// `OperationTimedOut`. Default: 30 seconds.
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.limits.body_timeout = time;
        self
    }

    /// Sets the time in which a client must take a part of its answer, however small. Default: 30
    /// seconds.
    pub fn write_timeout(mut self, time: Duration) -> Self {
        self.limits.write_timeout = time;
        self
    }

    /// Sets how many connections are served at the same time, at least one. When there are so many,
    /// or the process may have no more, the connection is closed that has been idle for longest, one
    /// for each that comes; when none is idle, new ones wait. Default: 20,000.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.limits.max_connections = count.max(1);
        self
    }

    /// Sets how many bytes of large answers (more than 8 KiB) may be there and not sent yet, over
    /// all connections. When there are so many, further GET requests wait, and a client that does
    /// not take 32 KiB of its answer within half a second loses its connection. The answer that reaches
    /// the limit may pass it. Default: 64 MiB.
    pub fn max_unsent_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_unsent_bytes = bytes.max(1);
        self
    }

    /// Calls `tell` for each connection that fails where no answer can say so: a handshake of TLS
    /// that comes to nothing, a message that is not HTTP, a client that goes away or is too slow.
    ///
    /// The call is made by the thread that answers, and should be short.
    pub fn on_failure(mut self, tell: impl Fn(&ConnectionFailure) + Send + Sync + 'static) -> Self {
        self.on_failure = OnFailure(Some(Arc::new(tell)));
        self
    }

    /// Serves the control interface beside the service, below `/_emulator/` of the same address.
    /// Whoever can reach the service can then move its time and read every message. Default: only
    /// `/_emulator/health` is answered there.
    #[cfg(feature = "control")]
    pub fn control(mut self, options: ControlOptions) -> Self {
        self.control = Some(options);
        self
    }

    /// Answers over HTTPS with this certificate.
    #[cfg(feature = "https")]
    pub fn certificate(mut self, certificate: &super::Certificate) -> Self {
        self.security = Security::Tls(certificate.acceptor());
        self
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
