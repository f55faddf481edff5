//! [`ReqwestTransport`]: a pooled client of reqwest, the default.

mod convert;

use std::{fmt, mem};

use bytes::Bytes;
use http::{Request, Response, Uri};
use queue_auth::BoxFuture;
use reqwest::{Client, ClientBuilder};

use self::convert::Converter;
use super::{
    HttpOptions, MAX_RESPONSE_BYTES, TlsBackend, Transport, TransportError, TransportErrorKind,
    body::BodyReader,
    classify,
    options::{self, Proxy},
    proxy::Proxies,
    staleness::Staleness,
};

/// The default transport: a pooled client of reqwest, made by its settings or
/// [given](super::reqwest_0_13::transport).
///
/// Names of metadata go out in lower case, and come in lower case in answers to Get Queue Metadata:
/// reqwest does not tell or take the case of header names. List Queues has them in its body, as the
/// service keeps them. `HyperTransport` keeps the case in both directions.
///
/// Cheap to clone; clones share the connections. Requests must be sent inside a tokio runtime with
/// its IO and time drivers enabled.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: Client,
    /// The client for what the proxies of the environment leave out: reqwest would send them
    /// requests to this machine as well. None when there are no such proxies.
    direct: Option<Client>,
    /// The proxies of `client`, as far as they are known.
    proxies: Proxies,
    max_response_bytes: usize,
    has_tls: bool,
    staleness: Staleness,
    converter: Converter,
}

impl ReqwestTransport {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            direct: None,
            proxies: Proxies::none(),
            max_response_bytes: MAX_RESPONSE_BYTES,
            // The program may have given reqwest one by itself.
            has_tls: true,
            staleness: Staleness::new(),
            converter: Converter::default(),
        }
    }

    /// A transport with these settings. It follows no redirects.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::NotSent`] when TLS or the proxy cannot be set up.
    pub fn with_options(options: &HttpOptions) -> Result<Self, TransportError> {
        let proxies = Proxies::of_system(options);
        let client = match &options.proxy {
            Proxy::Environment => client(options, Ok),
            Proxy::None => direct(options),
            Proxy::Address(address) => client(options, |builder| {
                Ok(builder.proxy(reqwest::Proxy::all(address.to_string()).map_err(unusable)?))
            }),
        }?;
        let direct = match &options.proxy {
            Proxy::Environment if !proxies.is_empty() => Some(direct(options)?),
            _ => None,
        };
        Ok(Self {
            max_response_bytes: options.max_response_bytes,
            has_tls: !TlsBackend::ALL.is_empty(),
            direct,
            proxies,
            ..Self::new(client)
        })
    }

    /// Sets the largest answer that is read, in bytes. Default: [`MAX_RESPONSE_BYTES`].
    #[must_use]
    pub const fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        options::check(request.uri(), self.has_tls)?;
        let client = match &self.direct {
            Some(direct) if self.proxies.on_the_way_to(request.uri()).is_none() => direct,
            _ => &self.client,
        };
        let request = self.converter.convert(request)?;
        self.staleness.clear().await;
        let mut answer = client.execute(request).await.map_err(without_head)?;
        let mut reader = BodyReader::new(self.max_response_bytes, answer.content_length())?;
        while let Some(piece) = answer.chunk().await.map_err(broken_body)? {
            reader.push(piece)?;
        }
        self.staleness.looked();

        let mut response = Response::new(reader.finish());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's own `Debug` prints default headers, which may hold secrets.
        f.debug_struct("ReqwestTransport")
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        if self.proxies.is_empty() {
            return Box::pin(self.exchange(request));
        }
        let destination = request.uri().clone();
        let answer = self.exchange(request);
        Box::pin(
            async move { answer.await.map_err(|error| self.proxies.name_in(error, &destination)) },
        )
    }

    fn proxy(&self, destination: &Uri) -> Option<String> {
        self.proxies.address(destination)
    }
}

fn direct(options: &HttpOptions) -> Result<Client, TransportError> {
    client(options, |builder| Ok(builder.no_proxy()))
}

fn client(
    options: &HttpOptions,
    with_proxies: impl FnOnce(ClientBuilder) -> Result<ClientBuilder, TransportError>,
) -> Result<Client, TransportError> {
    let builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(options.pool_idle_timeout)
        .pool_max_idle_per_host(options.pool_max_idle_per_host)
        .tcp_nodelay(true)
        .http1_only();
    with_tls(with_proxies(builder)?, options)?.build().map_err(unusable)
}

fn with_tls(
    builder: ClientBuilder,
    options: &HttpOptions,
) -> Result<ClientBuilder, TransportError> {
    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    if let Some(config) = super::tls::client_config(options) {
        return Ok(builder.tls_backend_preconfigured(config?));
    }
    #[cfg(feature = "native-tls")]
    if options.tls_backend() == Some(TlsBackend::NativeTls) {
        let mut roots = Vec::new();
        for pem in &options.roots {
            let some = reqwest::Certificate::from_pem_bundle(pem).map_err(unusable)?;
            if some.is_empty() {
                return Err(options::no_certificate());
            }
            roots.extend(some);
        }
        let builder = builder.tls_backend_native();
        return Ok(if options.trusts_system {
            builder.tls_certs_merge(roots)
        } else {
            builder.tls_certs_only(roots)
        });
    }
    let _ = options;
    Ok(builder)
}

fn unusable(error: reqwest::Error) -> TransportError {
    TransportError::new(TransportErrorKind::NotSent).with_source(error.without_url())
}

fn without_head(error: reqwest::Error) -> TransportError {
    let kind = if error.is_builder() {
        TransportErrorKind::NotSent
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        classify::without_head(&error)
    };
    TransportError::new(kind).with_source(error.without_url())
}

fn broken_body(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError::new(kind).with_source(error.without_url())
}
