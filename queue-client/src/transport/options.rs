//! [`HttpOptions`]: the settings that both transports take.

use std::{fmt, time::Duration};

use http::Uri;

use super::{MAX_RESPONSE_BYTES, TransportError, TransportErrorKind};

/// The settings by which the transports of this crate connect.
///
/// ```
/// # #[cfg(feature = "reqwest")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use queue_client::transport::{HttpOptions, ReqwestTransport};
///
/// let options = HttpOptions::new()
///     .connect_timeout(Duration::from_secs(3))
///     .pool_max_idle_per_host(64)
///     .no_proxy();
/// let transport = ReqwestTransport::with_options(&options)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "reqwest"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
#[must_use]
pub struct HttpOptions {
    pub(super) connect_timeout: Duration,
    pub(super) pool_idle_timeout: Duration,
    pub(super) pool_max_idle_per_host: usize,
    pub(super) max_response_bytes: usize,
    pub(super) proxy: Proxy,
    /// Certificates in PEM, each entry any number of them.
    pub(super) roots: Vec<Vec<u8>>,
    pub(super) trusts_system: bool,
    pub(super) tls: Option<TlsBackend>,
}

#[derive(Clone)]
pub(super) enum Proxy {
    Environment,
    None,
    /// May hold a password.
    Address(Uri),
}

impl HttpOptions {
    /// Ten seconds to connect; idle connections kept for a minute, any number of them; answers of
    /// up to [`MAX_RESPONSE_BYTES`]; proxies from the environment; the certificates of the
    /// operating system.
    pub const fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            // Below the four minutes after which Azure's load balancer drops an idle connection
            // ("Load Balancer TCP Reset and Idle Timeout").
            pool_idle_timeout: Duration::from_secs(60),
            pool_max_idle_per_host: usize::MAX,
            max_response_bytes: MAX_RESPONSE_BYTES,
            proxy: Proxy::Environment,
            roots: Vec::new(),
            trusts_system: true,
            tls: None,
        }
    }

    /// Sets how long it may take until there is a connection: name, TCP, proxy and TLS together.
    /// Default: 10 seconds.
    pub const fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets how long a connection that nobody uses is kept. The time should be shorter than that
    /// after which the other side, or a firewall on the way, gives such a connection up. Default:
    /// 60 seconds.
    pub const fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.pool_idle_timeout = limit;
        self
    }

    /// Sets how many connections to one host are kept while nobody uses them; 0 means a new
    /// connection for each request. Default: no bound.
    ///
    /// Connections in use are not limited: there are as many as requests at the same time.
    pub const fn pool_max_idle_per_host(mut self, count: usize) -> Self {
        self.pool_max_idle_per_host = count;
        self
    }

    /// Sets the largest answer that is read, in bytes. Default: [`MAX_RESPONSE_BYTES`].
    pub const fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Connects by the HTTP proxy at `url`, such as `http://user:password@proxy.example.com:3128`,
    /// instead of the ones that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name.
    /// Unlike those, it gets requests to this machine as well.
    ///
    /// Requests to https endpoints go through a tunnel (`CONNECT`): the proxy sees the host only.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::NotSent`] when it is not an absolute http URL. The error does not show
    /// it.
    pub fn proxy(mut self, url: &str) -> Result<Self, TransportError> {
        let address = url
            .parse::<Uri>()
            .ok()
            .filter(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
            .ok_or_else(|| {
                TransportError::new(TransportErrorKind::NotSent)
                    .with_source("the address of the proxy is not an absolute http URL")
            })?;
        self.proxy = Proxy::Address(address);
        Ok(self)
    }

    /// Connects directly, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::None;
        self
    }

    /// Trusts these certificate authorities too: one or more certificates in PEM.
    pub fn trust(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Trusts these certificate authorities, and those of [`trust`](Self::trust), but not those of
    /// the operating system.
    pub fn trust_only(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trusts_system = false;
        self.trust(pem)
    }

    /// Sets the TLS library when more than one is compiled in. Default: the first one of
    /// [`TlsBackend::ALL`].
    pub const fn tls(mut self, backend: TlsBackend) -> Self {
        self.tls = Some(backend);
        self
    }

    #[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
    pub(super) fn tls_backend(&self) -> Option<TlsBackend> {
        self.tls.or_else(|| TlsBackend::ALL.first().copied())
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = match self.proxy {
            Proxy::Environment => "from the environment",
            Proxy::None => "none",
            Proxy::Address(_) => "set",
        };
        f.debug_struct("HttpOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("pool_max_idle_per_host", &self.pool_max_idle_per_host)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("proxy", &proxy)
            .field("trusts_system", &self.trusts_system)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// A TLS library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsBackend {
    /// rustls with aws-lc.
    #[cfg(feature = "rustls")]
    RustlsAwsLc,
    /// rustls with ring.
    #[cfg(feature = "rustls-ring")]
    RustlsRing,
    /// The library of the operating system. Only for the reqwest transport.
    #[cfg(feature = "native-tls")]
    NativeTls,
}

impl TlsBackend {
    /// The TLS libraries that are compiled in, the preferred one first.
    pub const ALL: &'static [Self] = &[
        #[cfg(feature = "rustls")]
        Self::RustlsAwsLc,
        #[cfg(feature = "rustls-ring")]
        Self::RustlsRing,
        #[cfg(feature = "native-tls")]
        Self::NativeTls,
    ];
}

/// Refuses what cannot be sent before it looks like a failure to connect, or goes out in the clear.
pub(super) fn check(uri: &Uri, has_tls: bool) -> Result<(), TransportError> {
    let reason = match uri.scheme_str() {
        _ if uri.authority().is_none() => "the URL has no host",
        Some("http") => return Ok(()),
        Some("https") if has_tls => return Ok(()),
        Some("https") => "no TLS library is compiled in: turn on the feature \"rustls\"",
        _ => "the URL is neither http nor https",
    };
    Err(TransportError::new(TransportErrorKind::NotSent).with_source(reason))
}

#[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
pub(super) fn no_certificate() -> TransportError {
    TransportError::new(TransportErrorKind::NotSent)
        .with_source("a text of trusted certificates holds none")
}
