//! The emulator over HTTP/1.1, and over TLS if there is a certificate.

mod body;
mod error;
mod options;
mod patience;
mod payload;
#[cfg(feature = "https")]
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use queue_proto::ErrorCode;
use queue_proto::header::ERROR_CODE;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

pub use self::error::BindError;
use self::options::Limits;
pub use self::options::ServerOptions;
use self::patience::Patient;
use self::payload::{Lost, Payload};
#[cfg(feature = "https")]
pub use self::tls::{Certificate, CertificateError};
use crate::fault::Dropped;
use crate::{Account, Connection, Emulator, Exchange};

/// Room for the request line and all headers together. The service takes less.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Time for requests that are being answered when the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// Pause after an accept that failed, for example because all file descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    local_addr: SocketAddr,
    https: bool,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on `address`, where port 0 stands for any free port, and starts to answer.
    ///
    /// Must be called within a tokio runtime, which then drives the server.
    ///
    /// # Errors
    /// [`BindError`] if the address cannot be listened on, for example because another program
    /// does.
    pub async fn bind(
        emulator: Emulator,
        address: impl ToSocketAddrs + std::fmt::Display,
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
        address: impl ToSocketAddrs + std::fmt::Display,
        certificate: &Certificate,
    ) -> Result<Self, BindError> {
        ServerOptions::new().certificate(certificate).bind(emulator, address).await
    }

    async fn listen(
        emulator: Emulator,
        address: impl ToSocketAddrs + std::fmt::Display,
        security: Security,
        limits: Limits,
    ) -> Result<Self, BindError> {
        let wanted = address.to_string();
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| BindError::new(wanted.clone(), source))?;
        let local_addr = listener.local_addr().map_err(|source| BindError::new(wanted, source))?;
        let (stop, stopped) = watch::channel(false);
        let https = security.is_https();
        let accepting = tokio::spawn(accept(listener, emulator.clone(), security, limits, stopped));
        Ok(Self { emulator, local_addr, https, stop, accepting })
    }

    /// The address it listens on, with the port that was found if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
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
        let reachable = match self.local_addr {
            SocketAddr::V4(at) if at.ip().is_unspecified() => {
                SocketAddr::from(([127, 0, 0, 1], at.port()))
            }
            SocketAddr::V6(at) if at.ip().is_unspecified() => {
                SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], at.port()))
            }
            at => at,
        };
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{reachable}")
    }

    /// The emulator behind it.
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

/// Whether connections are encrypted.
#[derive(Clone)]
enum Security {
    None,
    #[cfg(feature = "https")]
    Tls(tokio_rustls::TlsAcceptor),
}

impl Security {
    fn is_https(&self) -> bool {
        !matches!(self, Self::None)
    }
}

async fn accept(
    listener: TcpListener,
    emulator: Emulator,
    security: Security,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    // Tells connections that others wait for room. Each has a receiver as long as it is there.
    let crowd = watch::Sender::new(());
    loop {
        let (stream, peer, slot) = tokio::select! {
            _ = stopped.changed() => break,
            Some(next) = next_connection(&listener, &slots, &crowd) => next,
        };
        let (emulator, security) = (emulator.clone(), security.clone());
        let leave = Leave { stopped: stopped.clone(), crowd: crowd.subscribe() };
        tokio::spawn(async move {
            converse(stream, peer, security, emulator, limits, leave).await;
            drop(slot);
        });
    }
    drop(listener);
    // When the time is over the rest is cut off.
    let _ = tokio::time::timeout(GRACE, crowd.closed()).await;
}

/// Why a connection should be closed as soon as nothing is asked on it.
struct Leave {
    stopped: watch::Receiver<bool>,
    crowd: watch::Receiver<()>,
}

impl Leave {
    /// Waits for a reason.
    async fn told(&mut self) {
        // An error means that the server is gone.
        tokio::select! {
            _ = self.stopped.changed() => {}
            _ = self.crowd.changed() => {}
        }
    }
}

#[cfg_attr(
    not(feature = "https"),
    expect(unused_mut, reason = "only TLS waits before the first request")
)]
async fn converse(
    stream: TcpStream,
    peer: IpAddr,
    security: Security,
    emulator: Emulator,
    limits: Limits,
    mut leave: Leave,
) {
    match security {
        Security::None => serve(stream, Connection::http(peer), emulator, limits, leave).await,
        #[cfg(feature = "https")]
        Security::Tls(acceptor) => {
            let handshake = tokio::time::timeout(limits.head_timeout, acceptor.accept(stream));
            let stream = tokio::select! {
                () = leave.told() => return,
                stream = handshake => stream,
            };
            // An error is the client's: it speaks no TLS, or does not trust the certificate.
            if let Ok(Ok(stream)) = stream {
                serve(stream, Connection::https(peer), emulator, limits, leave).await;
            }
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    connection: Connection,
    emulator: Emulator,
    limits: Limits,
    mut leave: Leave,
) {
    let service = service_fn(move |request| {
        let emulator = emulator.clone();
        async move { answer(&emulator, connection, limits.body_timeout, request).await }
    });
    let stream = Patient::new(stream, limits.write_timeout);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // An error of the connection is the client's: it sent no HTTP, was too slow, or went away; or
    // it is the wish of a fault.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = leave.told() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Waits for a connection, then for a slot to put it into.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    crowd: &watch::Sender<()>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let (stream, peer) = loop {
        match listener.accept().await {
            Ok(accepted) => break accepted,
            Err(_) => {
                crowd.send_replace(());
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    };
    // Answers are small and written whole: waiting for more only delays them. That this failed is
    // not worth losing the connection for.
    let _ = stream.set_nodelay(true);
    if slots.available_permits() == 0 {
        crowd.send_replace(());
    }
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    Some((stream, peer.ip(), slot))
}

async fn answer(
    emulator: &Emulator,
    connection: Connection,
    body_timeout: Duration,
    request: Request<Incoming>,
) -> Result<Response<Payload>, Lost> {
    let (parts, incoming) = request.into_parts();
    let Exchange { delay, result } = match body::read(&parts.headers, incoming, body_timeout).await
    {
        Ok(body) => emulator.exchange_unsettled(Request::from_parts(parts, body), connection),
        Err(error) => {
            Exchange { delay: Duration::ZERO, result: Ok(emulator.refuse(&parts, &error)) }
        }
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let (mut response, payload): (_, fn(Bytes) -> Payload) = match result {
        Ok(response) => (emulator.settle(response).await, Payload::whole),
        Err(Dropped::Truncated(response)) => (*response, Payload::cut),
        Err(Dropped::Closed) => return Err(Lost),
        // Until the client goes away, or the server is stopped.
        Err(Dropped::Silent) => std::future::pending().await,
    };
    if let Some(reason) = reason(&response) {
        response.extensions_mut().insert(reason);
    }
    Ok(response.map(payload))
}

/// The service puts the text of an error behind the status on the first line of the answer.
fn reason(response: &Response<Bytes>) -> Option<ReasonPhrase> {
    let code = match response.headers().get(ERROR_CODE)?.to_str().ok()? {
        _ if response.status() == StatusCode::UNAUTHORIZED => {
            ErrorCode::NoAuthenticationInformation
        }
        code => ErrorCode::from(code),
    };
    ReasonPhrase::try_from(code.text().as_bytes()).ok()
}
