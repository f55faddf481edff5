//! How requests leave the process.
//!
//! The client hands complete, signed requests to a [`Transport`] and gets complete answers back.
//!
//! | Transport | Feature | What it is |
//! | --- | --- | --- |
//! | `ReqwestTransport` | `reqwest` | the default; `reqwest_0_13` takes a client that the program has made |
//! | `HyperTransport` | `hyper` | hyper's own pooled client: about half the work per request, fewer crates |
//! | [`from_fn`] | | any function: the emulator in this process, another HTTP client, a canned answer |
//!
//! A transport of your own is made of types of the crates `http` 1 and `bytes` 1, which your `Cargo.toml`
//! names besides.
//!
//! The first two take the same `HttpOptions`, behave alike, and keep connections open between
//! requests. TLS comes by the features `rustls`, `rustls-ring` and `native-tls`; `TlsBackend` says
//! which one counts when several are on.
//!
//! # Proxies
//!
//! Unless `HttpOptions` say otherwise, `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
//! choose the proxy. Requests to this machine (`localhost` and loopback addresses) go out directly
//! all the same, as an emulator there is none of the proxy's business; a proxy that the program
//! itself sets gets these too. Every error names the proxy that was on the way, without its
//! credential.
//!
//! # Which failure is which kind
//!
//! What may be tried again rests on [`TransportErrorKind`]. Both transports tell the cases apart
//! like this:
//!
//! | What happened | Kind |
//! | --- | --- |
//! | the URL is relative, or https and no TLS feature is on | [`NotSent`](TransportErrorKind::NotSent) |
//! | the name is not found | [`Connect`](TransportErrorKind::Connect) |
//! | the connection is refused | `Connect` |
//! | no connection within the connect timeout, TLS included | `Connect` |
//! | TLS fails: unknown issuer, wrong name, expired, a server that speaks plain HTTP | `Connect` |
//! | a proxy refuses the tunnel to an https server, or cannot be reached | `Connect` |
//! | the server closes or resets the connection before the head of an answer is complete | [`ClosedBeforeAnswer`](TransportErrorKind::ClosedBeforeAnswer) |
//! | the connection ends in the middle of the body | [`Interrupted`](TransportErrorKind::Interrupted) |
//! | what comes back is not HTTP, as from a TLS server that is asked in plain HTTP | `Interrupted` |
//! | the body is longer than the limit | [`TooLarge`](TransportErrorKind::TooLarge) |
//! | the HTTP client that was given has a timeout of its own, and it ran out | [`Timeout`](TransportErrorKind::Timeout) |
//!
//! A pooled connection that the server closed while it was idle is noticed before it is used, and
//! replaced, if word of it has reached this machine. If not, the request crosses with it on the
//! wire: that is `ClosedBeforeAnswer`. A new connection that is closed before anything was written
//! to it is `Connect` for the hyper transport; reqwest does not tell, so there it is
//! `ClosedBeforeAnswer`.

#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod body;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod classify;
mod error;
mod from_fn;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod options;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "reqwest")]
pub mod reqwest_0_13;
#[cfg(all(feature = "hyper", any(feature = "rustls", feature = "rustls-ring")))]
pub mod rustls_0_23;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod staleness;
#[cfg(all(
    any(feature = "hyper", feature = "reqwest"),
    any(feature = "rustls", feature = "rustls-ring"),
))]
mod tls;
#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
mod tokens;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, Uri};
use queue_auth::BoxFuture;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
pub use self::options::{HttpOptions, TlsBackend};
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
#[cfg(any(feature = "oauth2", feature = "azure-identity"))]
pub use self::tokens::{TokensOver, token_transport};
pub use self::{
    error::{TransportError, TransportErrorKind},
    from_fn::{FromFn, from_fn},
};

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

    /// The address of the proxy on the way to `destination`, without user name and password, such
    /// as
    /// `http://proxy.example.com:3128`. Errors name it, since a proxy is a common reason for them.
    /// Default: none.
    fn proxy(&self, destination: &Uri) -> Option<String> {
        let _ = destination;
        None
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        (**self).send(request)
    }

    fn proxy(&self, destination: &Uri) -> Option<String> {
        (**self).proxy(destination)
    }
}
