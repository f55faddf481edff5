//! [`TokenTransport`]: the trait by which token sources reach the identity provider.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use crate::authorize::BoxFuture;
use crate::error::BoxError;

/// The longest answer that is read, in bytes. Tokens have a few thousand.
pub(super) const LONGEST_ANSWER: usize = 256 * 1024;

/// Sends one HTTP request to the identity provider.
///
/// # Contract
///
/// An implementation must
///
/// * return every answer as `Ok`, whatever its status, and follow no redirect;
/// * give up after a time of its choice;
/// * stop reading a body that is too long (256 KiB is ample);
/// * log neither bodies nor headers: both hold secrets.
///
/// With [reqwest](https://docs.rs/reqwest), whose client must not follow redirects:
///
/// ```
/// use bytes::Bytes;
/// use queue_auth::bearer::transport_fn;
///
/// fn over(client: reqwest::Client) -> impl queue_auth::bearer::TokenTransport {
///     transport_fn(move |request: http::Request<Bytes>| {
///         let client = client.clone();
///         async move {
///             let mut answer = client.execute(request.try_into()?).await?;
///             let mut body = Vec::new();
///             while let Some(chunk) = answer.chunk().await? {
///                 body.extend_from_slice(&chunk);
///                 if body.len() > 256 * 1024 {
///                     return Err("the answer is too long".into());
///                 }
///             }
///             let mut response = http::Response::new(Bytes::from(body));
///             *response.status_mut() = answer.status();
///             *response.headers_mut() = answer.headers().clone();
///             Ok(response)
///         }
///     })
/// }
/// ```
pub trait TokenTransport: fmt::Debug + Send + Sync {
    /// Sends `request` and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When there is no answer. The error must not show the request.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, BoxError>>;
}

impl<T: TokenTransport + ?Sized> TokenTransport for Arc<T> {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, BoxError>> {
        (**self).send(request)
    }
}

/// Makes a transport of a function; [`TokenTransport`] has an example.
pub fn transport_fn<F, T>(function: F) -> TransportFn<F>
where
    F: Fn(Request<Bytes>) -> T + Send + Sync,
    T: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
{
    TransportFn { function }
}

/// The transport that [`transport_fn`] makes.
#[derive(Clone)]
pub struct TransportFn<F> {
    function: F,
}

impl<F, T> TokenTransport for TransportFn<F>
where
    F: Fn(Request<Bytes>) -> T + Send + Sync,
    T: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
{
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, BoxError>> {
        Box::pin((self.function)(request))
    }
}

impl<F> fmt::Debug for TransportFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportFn(..)")
    }
}
