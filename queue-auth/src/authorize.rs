//! [`Authorize`], the one trait that every strategy implements, and the two strategies that have no
//! credential of their own: [`Anonymous`] and [`Both`].

mod ext;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use crate::error::AuthError;

pub use ext::AuthorizeExt;

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A way to authorize requests.
///
/// Signing is synchronous and does no IO; only a strategy that must fetch something (a token, a
/// fresh shared access signature) overrides [`refresh`](Self::refresh). A caller does, for every
/// attempt: `refresh(now).await`, then [`requires_tls`](Self::requires_tls), then
/// [`authorize`](Self::authorize), then send.
///
/// # Contract
///
/// An implementation must
///
/// * leave the request as it was when it returns an error;
/// * take the URI as ready for the wire: it may append to the query, but must not re-encode what is
///   there;
/// * be safe to call again on a request that it authorized before, as a retry does;
/// * never show a secret in `Debug`.
///
/// ```
/// use std::time::SystemTime;
/// use http::{HeaderName, HeaderValue, request::Parts};
/// use queue_auth::{AuthError, Authorize};
///
/// /// Talks to a gateway that adds the real credentials.
/// #[derive(Debug)]
/// struct BehindGateway;
///
/// impl Authorize for BehindGateway {
///     fn authorize(&self, request: &mut Parts, _now: SystemTime) -> Result<(), AuthError> {
///         let name = HeaderName::from_static("x-gateway");
///         request.headers.insert(name, HeaderValue::from_static("queue"));
///         Ok(())
///     }
/// }
/// # let (mut parts, ()) = http::Request::new(()).into_parts();
/// # BehindGateway.authorize(&mut parts, SystemTime::now())?;
/// # assert_eq!(parts.headers["x-gateway"], "queue");
/// # Ok::<(), AuthError>(())
/// ```
pub trait Authorize: fmt::Debug + Send + Sync {
    /// Adds credentials to a request that is sent at `now`.
    ///
    /// # Errors
    ///
    /// When the request cannot be signed or no credential is valid at `now`. The request is then as
    /// it was.
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError>;

    /// Brings cached secrets up to date. Default: there is nothing to do, and the future is ready at
    /// once.
    fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        let _ = now;
        // It has no size, so the box takes no memory; every request gets one.
        Box::pin(Ready)
    }

    /// Takes note of an answer 401 and its headers. `true` means that something was dropped or learned,
    /// so that [`refresh`](Self::refresh) and one more attempt are worthwhile. Default: `false`.
    fn rejected(&self, challenge: &http::HeaderMap) -> bool {
        let _ = challenge;
        false
    }

    /// Says whether the credential must travel over TLS only. Default: `false`.
    fn requires_tls(&self) -> bool {
        false
    }
}

/// A future with nothing to wait for.
struct Ready;

impl Future for Ready {
    type Output = Result<(), AuthError>;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}

macro_rules! forward {
    ($($holder:ty),*) => {$(
        impl<A: Authorize + ?Sized> Authorize for $holder {
            fn authorize(
                &self,
                request: &mut http::request::Parts,
                now: SystemTime,
            ) -> Result<(), AuthError> {
                (**self).authorize(request, now)
            }

            fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
                (**self).refresh(now)
            }

            fn rejected(&self, challenge: &http::HeaderMap) -> bool {
                (**self).rejected(challenge)
            }

            fn requires_tls(&self) -> bool {
                (**self).requires_tls()
            }
        }
    )*};
}

forward!(Arc<A>, Box<A>, &A);

/// No authorization: requests are sent as they are, for preflight requests, for gateways that add credentials, and for
/// URLs that already carry a shared access signature.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to hold")]
pub struct Anonymous;

impl Authorize for Anonymous {
    fn authorize(
        &self,
        _request: &mut http::request::Parts,
        _now: SystemTime,
    ) -> Result<(), AuthError> {
        Ok(())
    }
}

/// Two ways at once: a [`UserDelegationSas`](crate::sas::UserDelegationSas) that is bound to a user,
/// and that user's bearer token.
///
/// Either both credentials are on a request afterwards, or the request is as it was.
#[derive(Clone, Debug)]
pub struct Both<A, B> {
    first: A,
    second: B,
}

impl<A: Authorize, B: Authorize> Both<A, B> {
    /// Makes a strategy that applies `first`, then `second`.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Authorize, B: Authorize> Authorize for Both<A, B> {
    fn authorize(
        &self,
        request: &mut http::request::Parts,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let before = (request.uri.clone(), request.headers.clone());
        self.first.authorize(request, now)?;
        self.second.authorize(request, now).inspect_err(|_| {
            (request.uri, request.headers) = before;
        })
    }

    fn refresh(&self, now: SystemTime) -> BoxFuture<'_, Result<(), AuthError>> {
        Box::pin(async move {
            self.first.refresh(now).await?;
            self.second.refresh(now).await
        })
    }

    fn rejected(&self, challenge: &http::HeaderMap) -> bool {
        // Both must hear of it, so no short circuit.
        self.first.rejected(challenge) | self.second.rejected(challenge)
    }

    fn requires_tls(&self) -> bool {
        self.first.requires_tls() || self.second.requires_tls()
    }
}
