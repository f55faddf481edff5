//! The emulator over HTTP/1.1, and over TLS if there is a certificate.

mod body;
mod error;
mod payload;
#[cfg(feature = "https")]
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use queue_proto::ErrorCode;
use queue_proto::header::ERROR_CODE;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

pub use self::error::BindError;
use self::payload::{Lost, Payload};
#[cfg(feature = "https")]
pub use self::tls::{Certificate, CertificateError};
use crate::fault::Dropped;
use crate::{Account, Connection, Emulator, Exchange};

/// Connections served at the same time; more wait until one is closed.
const MAX_CONNECTIONS: usize = 10_000;
/// Room for the request line and all headers together. The service takes less.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Time for a client to send the head of a request; an idle connection is closed after it too, and
/// one that does not agree on TLS.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
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
        Self::listen(emulator, address, Security::None).await
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
        Self::listen(emulator, address, Security::Tls(certificate.acceptor())).await
    }

    async fn listen(
        emulator: Emulator,
        address: impl ToSocketAddrs + std::fmt::Display,
        security: Security,
    ) -> Result<Self, BindError> {
        let wanted = address.to_string();
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| BindError::new(wanted.clone(), source))?;
        let local_addr = listener.local_addr().map_err(|source| BindError::new(wanted, source))?;
        let (stop, stopped) = watch::channel(false);
        let https = security.is_https();
        let accepting = tokio::spawn(accept(listener, emulator.clone(), security, stopped));
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
    mut stopped: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer, slot) = tokio::select! {
            _ = stopped.changed() => break,
            Some(next) = next_connection(&listener, &slots) => next,
        };
        let (emulator, security) = (emulator.clone(), security.clone());
        let (watcher, stopped) = (connections.watcher(), stopped.clone());
        tokio::spawn(async move {
            converse(stream, peer, security, emulator, watcher, stopped).await;
            drop(slot);
        });
    }
    drop(listener);
    // When the time is over the rest is cut off.
    let _ = tokio::time::timeout(GRACE, connections.shutdown()).await;
}

#[cfg_attr(
    not(feature = "https"),
    expect(unused_variables, unused_mut, reason = "only TLS waits before the first request")
)]
async fn converse(
    stream: TcpStream,
    peer: IpAddr,
    security: Security,
    emulator: Emulator,
    watcher: Watcher,
    mut stopped: watch::Receiver<bool>,
) {
    match security {
        Security::None => serve(stream, Connection::http(peer), emulator, watcher).await,
        #[cfg(feature = "https")]
        Security::Tls(acceptor) => {
            let handshake = tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(stream));
            let stream = tokio::select! {
                _ = stopped.changed() => return,
                stream = handshake => stream,
            };
            // An error is the client's: it speaks no TLS, or does not trust the certificate.
            if let Ok(Ok(stream)) = stream {
                serve(stream, Connection::https(peer), emulator, watcher).await;
            }
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    connection: Connection,
    emulator: Emulator,
    watcher: Watcher,
) {
    let service = service_fn(move |request| {
        let emulator = emulator.clone();
        async move { answer(&emulator, connection, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is the client's: it sent no HTTP, was too slow, or went away; or it is the
    // wish of a fault.
    let _ = watcher.watch(connection).await;
}

/// Waits for a free slot, then for a connection to put into it.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and written whole: waiting for more only delays them. That
                // this failed is not worth losing the connection for.
                let _ = stream.set_nodelay(true);
                return Some((stream, peer.ip(), slot));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn answer(
    emulator: &Emulator,
    connection: Connection,
    request: Request<Incoming>,
) -> Result<Response<Payload>, Lost> {
    let (parts, incoming) = request.into_parts();
    let Exchange { delay, result } = match body::read(&parts.headers, incoming).await {
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
