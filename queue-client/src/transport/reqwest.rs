use std::{fmt, mem, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use queue_auth::BoxFuture;

use super::{MAX_RESPONSE_BYTES, Transport, TransportError, TransportErrorKind};

/// How long the default client waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Below the four minutes after which Azure's load balancer drops an idle connection.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The default transport: a pooled [`reqwest::Client`].
///
/// Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    max_response_bytes: usize,
}

impl ReqwestTransport {
    /// A transport over the client that is given, with its timeouts, proxies and certificates.
    ///
    /// Build it with `redirect(Policy::none())` and without a retry policy: every attempt must be
    /// signed by itself.
    #[must_use]
    pub fn new(client: reqwest::Client) -> Self {
        Self { client, max_response_bytes: MAX_RESPONSE_BYTES }
    }

    /// A transport with the settings of this crate: no redirects, ten seconds to connect, idle
    /// connections kept for a minute, proxies taken from the environment.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::NotSent`] when the TLS library cannot be set up.
    pub fn with_defaults() -> Result<Self, TransportError> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .build()
            .map(Self::new)
            .map_err(|error| TransportError::new(TransportErrorKind::NotSent).with_source(error))
    }

    /// The largest answer that is read, in bytes. [`MAX_RESPONSE_BYTES`] unless set.
    #[must_use]
    pub const fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(translate)?;
        let mut answer = self.client.execute(request).await.map_err(translate)?;

        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = mem::take(answer.headers_mut());
        *response.body_mut() = self.read_body(&mut answer).await?;
        Ok(response)
    }

    /// Most answers arrive as one piece, which is passed on without a copy.
    async fn read_body(&self, answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
        let Some(first) = answer.chunk().await.map_err(translate)? else {
            return Ok(Bytes::new());
        };
        self.check_size(first.len())?;
        let Some(second) = answer.chunk().await.map_err(translate)? else {
            return Ok(first);
        };
        let mut body = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(piece) = next {
            self.check_size(body.len().saturating_add(piece.len()))?;
            body.extend_from_slice(&piece);
            next = answer.chunk().await.map_err(translate)?;
        }
        Ok(body.freeze())
    }

    const fn check_size(&self, bytes: usize) -> Result<(), TransportError> {
        if bytes > self.max_response_bytes {
            return Err(TransportError::new(TransportErrorKind::TooLarge));
        }
        Ok(())
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's own `Debug` prints default headers, which may hold secrets.
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

impl From<reqwest::Client> for ReqwestTransport {
    fn from(client: reqwest::Client) -> Self {
        Self::new(client)
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

fn translate(error: reqwest::Error) -> TransportError {
    let kind = if error.is_builder() {
        TransportErrorKind::NotSent
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError::new(kind).with_source(error.without_url())
}
