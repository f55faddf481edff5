//! [`HyperTransport`]: hyper with a pool of connections and nothing around it.

mod connect;
mod connection;
mod pool;
mod spelling;

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use queue_auth::BoxFuture;

use self::{
    connect::{BoxError, Connector},
    connection::{Connection, Origin},
    pool::Pool,
};
use super::{
    HttpOptions, Transport, TransportError, TransportErrorKind, body::BodyReader, classify,
    options, staleness::Staleness,
};

/// A transport that is hyper and nothing around it: HTTP/1.1 over a pool of connections.
///
/// It does the same as [`ReqwestTransport`](super::ReqwestTransport) with about half the work for a
/// request, and it brings fewer crates. It sends names of metadata in the case in which they were
/// given, and reads them in the case in which they come. What it does not have: HTTP/2, SOCKS and
/// https proxies, the proxy settings of Windows and macOS, name resolution other than the system's.
///
/// Cheap to clone; clones share the connections. Requests must be sent inside a tokio runtime with
/// its IO and time drivers enabled.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use queue_client::{QueueServiceClient, transport::{HttpOptions, HyperTransport}};
///
/// # let server = queue_emulator::Server::bind(queue_emulator::Emulator::new(), "127.0.0.1:0").await?;
/// # let connection_string = server.connection_string();
/// let service = QueueServiceClient::builder_from_connection_string(&connection_string)?
///     .transport(HyperTransport::with_options(&HttpOptions::new())?)
///     .build()?;
/// service.queue("orders")?.create().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HyperTransport {
    connector: Connector,
    pool: Pool,
    max_response_bytes: usize,
    staleness: Staleness,
}

impl HyperTransport {
    /// A transport with these settings.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::NotSent`] when TLS cannot be set up: a certificate is not usable, or
    /// the TLS library is one that this transport does not work with.
    pub fn with_options(options: &HttpOptions) -> Result<Self, TransportError> {
        Ok(Self::over(options, Connector::new(options)?))
    }

    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    pub(super) fn with_tls_config(options: &HttpOptions, config: rustls::ClientConfig) -> Self {
        Self::over(options, Connector::with_tls(options, config))
    }

    fn over(options: &HttpOptions, connector: Connector) -> Self {
        Self {
            connector,
            pool: Pool::new(options),
            max_response_bytes: options.max_response_bytes,
            staleness: Staleness::new(),
        }
    }

    async fn exchange(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        options::check(request.uri(), cfg!(any(feature = "rustls", feature = "rustls-ring")))?;
        if let Some(credential) = self.connector.proxy_credential(request.uri()) {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, credential);
        }
        self.staleness.clear().await;
        let (connection, answer) = self.send(request.map(Full::new)).await?;
        let (mut head, mut body) = answer.into_parts();
        if let Some(names) = connection.spelling() {
            head.extensions.insert(names);
        }
        let mut reader = BodyReader::new(self.max_response_bytes, body.size_hint().exact())?;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                TransportError::new(TransportErrorKind::Interrupted).with_source(error)
            })?;
            // What is no data is a trailer, which the service does not send.
            if let Ok(piece) = frame.into_data() {
                reader.push(piece)?;
            }
        }
        self.staleness.looked();
        self.pool.put(connection).await;
        Ok(Response::from_parts(head, reader.finish()))
    }

    /// Sends the request over a connection of the pool or a new one, which is returned with the
    /// head of the answer.
    async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(Connection, Response<Incoming>), TransportError> {
        let uri = request.uri().clone();
        let origin = Origin::of(&uri)?;
        loop {
            let pooled = self.pool.take(&origin);
            let is_new = pooled.is_none();
            let mut connection = match pooled {
                Some(connection) => connection,
                None => Connection::open(&self.connector, &origin, &uri).await.map_err(connect)?,
            };
            match connection.send(&uri, request).await {
                Ok(answer) => return Ok((connection, answer)),
                Err(mut error) => match error.take_message() {
                    // The server closed it before anything was written: on to the next one.
                    Some(unsent) if !is_new => request = unsent,
                    Some(_) => return Err(connect(error.into_error())),
                    None => return Err(without_head(error.into_error())),
                },
            }
        }
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}

impl Transport for HyperTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let proxies = &self.connector.proxies;
        if proxies.is_empty() {
            return Box::pin(self.exchange(request));
        }
        let destination = request.uri().clone();
        let answer = self.exchange(request);
        Box::pin(async move { answer.await.map_err(|error| proxies.name_in(error, &destination)) })
    }

    fn proxy(&self, destination: &Uri) -> Option<String> {
        self.connector.proxies.address(destination)
    }
}

fn connect(error: impl Into<BoxError>) -> TransportError {
    TransportError::new(TransportErrorKind::Connect).with_source(error)
}

fn without_head(error: hyper::Error) -> TransportError {
    TransportError::new(classify::without_head(&error)).with_source(error)
}
