//! [`TokenSource`]: the trait by which tokens come, and the sources that are functions or tokens.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::error::TokenError;
use super::token::AccessToken;
use crate::authorize::BoxFuture;
use crate::date;

/// The scope and the tenant for which a token is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    scope: Arc<str>,
    tenant: Option<Arc<str>>,
}

impl TokenRequest {
    /// Makes a request for a token for `scope`, such as `https://storage.azure.com/.default`.
    pub fn new(scope: impl Into<Arc<str>>) -> Self {
        Self { scope: scope.into(), tenant: None }
    }

    /// Sets the tenant that the service named in its challenge.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The scope: a resource followed by `/.default`.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The tenant that the service named in its challenge, if it did. It has only letters, digits,
    /// `-` and `.`. A source that cannot ask that tenant may say so with
    /// [`WrongTenant`](super::TokenErrorKind::WrongTenant).
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

/// A source of access tokens.
///
/// [`Bearer`](super::Bearer) caches what it gives, so an implementation asks every time. It asks one
/// at a time and no sooner than allowed after a failure.
///
/// # Contract
///
/// An implementation must
///
/// * send its secrets over TLS only, and to no host that the request names;
/// * show no secret in `Debug` or in its errors;
/// * bound the time and the memory that an answer may take;
/// * allow that the future is dropped at any point.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use queue_auth::BoxFuture;
/// use queue_auth::bearer::{AccessToken, TokenError, TokenRequest, TokenSource};
///
/// /// Asks a side-car.
/// #[derive(Debug)]
/// struct SideCar;
///
/// impl TokenSource for SideCar {
///     fn token<'a>(
///         &'a self,
///         request: &'a TokenRequest,
///         now: SystemTime,
///     ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
///         Box::pin(async move {
///             assert_eq!(request.scope(), "https://storage.azure.com/.default");
///             Ok(AccessToken::issued("eyJ0", now, Duration::from_secs(3600))?)
///         })
///     }
/// }
/// ```
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// Gets a token; the time is `now`.
    ///
    /// # Errors
    ///
    /// When the source has no token to give.
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>>;
}

macro_rules! forward {
    ($($holder:ty),*) => {$(
        impl<S: TokenSource + ?Sized> TokenSource for $holder {
            fn token<'a>(
                &'a self,
                request: &'a TokenRequest,
                now: SystemTime,
            ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
                (**self).token(request, now)
            }
        }
    )*};
}

forward!(Arc<S>, Box<S>);

impl TokenSource for AccessToken {
    fn token<'a>(
        &'a self,
        _request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        let result = if self.is_valid_at(now) {
            Ok(self.clone())
        } else {
            let rule = format!("it expired at {}", date::show(&self.expires_at()));
            Err(TokenError::setting("the given access token", rule))
        };
        Box::pin(std::future::ready(result))
    }
}

/// Makes a source of a function.
///
/// ```
/// use std::time::Duration;
/// use queue_auth::Bearer;
/// use queue_auth::bearer::{AccessToken, source_fn};
///
/// let source = source_fn(|_request, now| async move {
///     Ok(AccessToken::issued("eyJ0", now, Duration::from_secs(3600))?)
/// });
/// let authorizer = Bearer::new(source);
/// ```
pub fn source_fn<F, T>(function: F) -> SourceFn<F>
where
    F: Fn(TokenRequest, SystemTime) -> T + Send + Sync,
    T: Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
{
    SourceFn { function }
}

/// The source that [`source_fn`] makes.
#[derive(Clone)]
pub struct SourceFn<F> {
    function: F,
}

impl<F, T> TokenSource for SourceFn<F>
where
    F: Fn(TokenRequest, SystemTime) -> T + Send + Sync,
    T: Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
{
    fn token<'a>(
        &'a self,
        request: &'a TokenRequest,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<AccessToken, TokenError>> {
        Box::pin((self.function)(request.clone(), now))
    }
}

impl<F> fmt::Debug for SourceFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceFn(..)")
    }
}
