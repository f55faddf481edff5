//! [`TransportError`]: why there is no answer, and what that says about the request.

use std::{error::Error as StdError, fmt};

/// The reason why there is no answer to a request.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
    proxy: Option<Box<str>>,
}

impl TransportError {
    /// An error of the given kind.
    #[must_use]
    pub const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None, proxy: None }
    }

    /// Adds the cause. It must not name the URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Names the proxy on the way: its address without user name and password, such as
    /// `http://proxy.example.com:3128`.
    #[must_use]
    pub fn with_proxy(mut self, address: impl Into<Box<str>>) -> Self {
        self.proxy = Some(address.into());
        self
    }

    /// The address of the proxy on the way, if the transport knows of one.
    #[must_use]
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// The kind of failure, which says whether the service may have seen the request.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "the request could not be sent",
            TransportErrorKind::Connect => "no connection to the service",
            TransportErrorKind::Timeout => "the service did not answer in time",
            TransportErrorKind::ClosedBeforeAnswer => {
                "the server closed the connection instead of answering"
            }
            TransportErrorKind::Interrupted => {
                "the connection broke before the answer was complete"
            }
            TransportErrorKind::TooLarge => "the answer is larger than any the service sends",
        })?;
        match &self.proxy {
            Some(proxy) => write!(f, " (by the proxy {proxy})"),
            None => Ok(()),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The kinds of failure of a request that has no answer.
///
/// The [table of the module](super#which-failure-is-which-kind) says which failure is which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request was refused on this side, for example because its URL is not usable. Nothing was
    /// sent and sending it again will not help.
    NotSent,
    /// No connection: name not found, refused, TLS failed, or the time for connecting ran out.
    /// Nothing was sent; a retry is safe.
    Connect,
    /// The answer did not come in time. The request **may have been applied**.
    Timeout,
    /// The server closed or reset the connection, and no answer, or not even the whole head of one,
    /// had arrived.
    ///
    /// Mostly the connection was an idle one from the pool, and the server closed it just when the
    /// request was under way: it never looked at the request, and on a new connection all will be
    /// well. But a server that dies at work looks the same, so the request **may have been
    /// applied**. The client tries an operation that may be done twice once more, at once and
    /// without counting it as a retry.
    ClosedBeforeAnswer,
    /// The connection broke while the answer was read, or what came back is no answer. The request
    /// **may have been applied**.
    Interrupted,
    /// The answer was longer than the transport reads. The request was most likely applied; sending
    /// it again will not help.
    TooLarge,
}
