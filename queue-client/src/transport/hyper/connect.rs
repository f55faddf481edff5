//! From a URL to a connection: directly or by a proxy, plain or with TLS, within the time given.

use std::{
    error::Error as StdError,
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Uri, uri::Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use queue_auth::BoxFuture;
use tokio::net::TcpStream;
use tower_service::Service;

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use crate::transport::TransportErrorKind;
use crate::transport::{HttpOptions, TransportError, proxy::Proxies};

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
type Secured = hyper_rustls::HttpsConnector<Dialer>;
#[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
type Secured = Dialer;

/// Connects within a time limit.
#[derive(Clone)]
pub(super) struct Connector {
    secured: Secured,
    pub(super) proxies: Proxies,
    limit: Duration,
}

impl Connector {
    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    pub(super) fn new(options: &HttpOptions) -> Result<Self, TransportError> {
        let config = crate::transport::tls::client_config(options).unwrap_or_else(|| {
            Err(TransportError::new(TransportErrorKind::NotSent)
                .with_source("the hyper transport works with rustls only"))
        })?;
        Ok(Self::with_tls(options, config))
    }

    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    pub(super) fn with_tls(options: &HttpOptions, config: rustls::ClientConfig) -> Self {
        let dialer = Dialer::new(options);
        let proxies = dialer.proxies.clone();
        Self { secured: (dialer, config).into(), proxies, limit: options.connect_timeout }
    }

    #[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
    #[expect(clippy::unnecessary_wraps, reason = "with TLS it can fail")]
    pub(super) fn new(options: &HttpOptions) -> Result<Self, TransportError> {
        let dialer = Dialer::new(options);
        let proxies = dialer.proxies.clone();
        Ok(Self { secured: dialer, proxies, limit: options.connect_timeout })
    }

    /// The credential for the proxy, if one is on the way that reads the request itself. For an
    /// https destination it travels with the request for the tunnel.
    pub(super) fn proxy_credential(&self, destination: &Uri) -> Option<HeaderValue> {
        if destination.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        self.proxies.on_the_way_to(destination)?.basic_auth().cloned()
    }
}

impl Service<Uri> for Connector {
    type Response = <Secured as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.secured.poll_ready(context)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let limit = self.limit;
        let connecting = self.secured.call(destination);
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(result) => result,
                Err(_) => Err(ConnectTimeout { limit }.into()),
            }
        })
    }
}

/// The time for connecting ran out.
#[derive(Debug)]
struct ConnectTimeout {
    limit: Duration,
}

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {:?}", self.limit)
    }
}

impl StdError for ConnectTimeout {}

/// Connects to a host or to the proxy that leads there.
#[derive(Clone)]
pub(super) struct Dialer {
    tcp: HttpConnector,
    proxies: Proxies,
}

impl Dialer {
    fn new(options: &HttpOptions) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among the addresses of a host, so that a dead one leaves time for the others.
        tcp.set_connect_timeout(Some(options.connect_timeout));
        Self { tcp, proxies: Proxies::of_environment(options) }
    }
}

impl Service<Uri> for Dialer {
    type Response = Line;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Line, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let mut tcp = self.tcp.clone();
        let Some(proxy) = self.proxies.on_the_way_to(&destination) else {
            return Box::pin(async move {
                Ok(Line { stream: tcp.call(destination).await?, proxied: false })
            });
        };
        Box::pin(async move {
            if proxy.uri().scheme() != Some(&Scheme::HTTP) {
                return Err("the proxy is not an http proxy".into());
            }
            if destination.scheme() == Some(&Scheme::HTTP) {
                return Ok(Line { stream: tcp.call(proxy.uri().clone()).await?, proxied: true });
            }
            let mut tunnel = Tunnel::new(proxy.uri().clone(), tcp);
            if let Some(credential) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(credential.clone());
            }
            Ok(Line { stream: tunnel.call(destination).await?, proxied: false })
        })
    }
}

/// A TCP connection.
pub(super) struct Line {
    stream: TokioIo<TcpStream>,
    /// Says whether a proxy at the other end reads the requests, which then name the whole URL.
    proxied: bool,
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl Read for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}
