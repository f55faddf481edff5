//! [`SignLayer`], a layer of tower that authorizes the requests that pass.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use http::Request;
use http::uri::Scheme;
use tower_layer::Layer;
use tower_service::Service;

use crate::authorize::{Authorize, AuthorizeExt, BoxFuture};
use crate::error::{AuthError, BoxError};

/// A layer that refreshes credentials and authorizes every request that passes.
///
/// It stands below whatever repeats requests, so that each attempt has a signature of its own. An
/// answer 401 is passed on as it is; who repeats the request calls [`Authorize::rejected`] first.
///
/// ```
/// use queue_auth::{AccountKey, SharedKey, SignLayer};
/// use tower_layer::Layer;
///
/// # fn over<S>(client: S) -> Result<impl Sized, queue_auth::InvalidKey> {
/// let key = AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?;
/// let signing = SignLayer::new(SharedKey::new("contoso", key)).layer(client);
/// # Ok(signing)
/// # }
/// ```
pub struct SignLayer<A> {
    authorizer: Arc<A>,
    clock: fn() -> SystemTime,
}

impl<A: Authorize> SignLayer<A> {
    /// Makes a layer that authorizes with `authorizer`, by the clock of the system.
    pub fn new(authorizer: A) -> Self {
        Self { authorizer: Arc::new(authorizer), clock: SystemTime::now }
    }

    /// Takes the time from this function. Default: [`SystemTime::now`].
    #[must_use]
    pub fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.clock = clock;
        self
    }
}

impl<A> Clone for SignLayer<A> {
    fn clone(&self) -> Self {
        Self { authorizer: Arc::clone(&self.authorizer), clock: self.clock }
    }
}

impl<A: fmt::Debug> fmt::Debug for SignLayer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignLayer").field("authorizer", &self.authorizer).finish_non_exhaustive()
    }
}

impl<A, S> Layer<S> for SignLayer<A> {
    type Service = Sign<A, S>;

    fn layer(&self, inner: S) -> Sign<A, S> {
        Sign { layer: self.clone(), inner }
    }
}

/// The service that [`SignLayer`] makes.
pub struct Sign<A, S> {
    layer: SignLayer<A>,
    inner: S,
}

impl<A, S: Clone> Clone for Sign<A, S> {
    fn clone(&self) -> Self {
        Self { layer: self.layer.clone(), inner: self.inner.clone() }
    }
}

impl<A: fmt::Debug, S> fmt::Debug for Sign<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sign").field("layer", &self.layer).finish_non_exhaustive()
    }
}

impl<A, S, B> Service<Request<B>> for Sign<A, S>
where
    A: Authorize + 'static,
    B: Send + 'static,
    S: Service<Request<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The service that said it is ready is the one to call; the clone has yet to say so.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            let now = (layer.clock)();
            layer.authorizer.refresh(now).await?;
            if layer.authorizer.requires_tls() && request.uri().scheme() == Some(&Scheme::HTTP) {
                return Err(AuthError::ClearText.into());
            }
            layer.authorizer.authorize_request(&mut request, now)?;
            ready.call(request).await.map_err(Into::into)
        })
    }
}
