//! How requests leave the process.
//!
//! The client hands complete, signed requests to a [`Transport`] and gets complete answers back.
//! The default is [`reqwest`](ReqwestTransport); [`from_fn`] turns any function into a transport,
//! the in-process emulator among them.

mod from_fn;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::{error::Error as StdError, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use queue_auth::BoxFuture;

pub use self::from_fn::{FromFn, from_fn};
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;

/// The largest answer that the transports of this crate read, in bytes: 8 MiB.
///
/// The largest that the service sends is a page of 5,000 queues with their metadata.
pub const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Sends one HTTP request and returns its answer.
///
/// An implementation must
///
/// * send method, URI and headers as they are: they are signed, byte for byte;
/// * return every answer of the server as `Ok`, whatever its status;
/// * follow no redirect: a signature holds for one address only;
/// * stop reading when a body passes a bound, such as [`MAX_RESPONSE_BYTES`];
/// * keep the URL out of its errors, since a shared access signature travels in it;
/// * leave retries to the client, which signs every attempt afresh;
/// * choose the [`TransportErrorKind`] with care: whether a message may be sent again rests on it.
///
/// Dropping the returned future must give the request up.
///
/// ```
/// use bytes::Bytes;
/// use queue_client::{BoxFuture, transport::{Transport, TransportError}};
///
/// #[derive(Debug)]
/// struct Counting<T> {
///     inner: T,
///     requests: std::sync::atomic::AtomicU64,
/// }
///
/// impl<T: Transport> Transport for Counting<T> {
///     fn send(
///         &self,
///         request: http::Request<Bytes>,
///     ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
///         self.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.inner.send(request)
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] when there is no answer, or only a part of one.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        (**self).send(request)
    }
}

/// Why there is no answer to a request.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of the given kind.
    #[must_use]
    pub const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Adds the cause. It must not name the URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong, and so whether the service may have seen the request.
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
            TransportErrorKind::Interrupted => {
                "the connection broke before the answer was complete"
            }
            TransportErrorKind::TooLarge => "the answer is larger than any the service sends",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What is known about a request that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request was refused on this side, for example by a proxy setting. Nothing was sent and
    /// sending it again will not help.
    NotSent,
    /// No connection: name not found, refused, TLS failed, or the time for connecting ran out.
    /// Nothing was sent; a retry is safe.
    Connect,
    /// The answer did not come in time. The request **may have been applied**.
    Timeout,
    /// The connection broke while the request was sent or the answer was read. The request **may
    /// have been applied**.
    Interrupted,
    /// The answer was longer than the transport reads. The request was most likely applied; sending
    /// it again will not help.
    TooLarge,
}
