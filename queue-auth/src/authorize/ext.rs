//! [`AuthorizeExt`]: authorization of what people have in hand, in one call.

use std::time::SystemTime;

use http::{HeaderMap, Method, Uri};

use super::Authorize;
use crate::error::AuthError;

/// Authorization of whole requests, for every [`Authorize`].
///
/// ```
/// use queue_auth::{AccountKey, AuthorizeExt, SharedKey};
/// use std::time::SystemTime;
///
/// let signer = SharedKey::new("contoso", AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?);
/// let mut request = http::Request::get("https://contoso.blob.core.windows.net/?comp=list")
///     .header("x-ms-version", "2025-07-05")
///     .body("")?;
/// signer.authorize_request(&mut request, SystemTime::now())?;
/// assert!(request.headers().contains_key("authorization"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AuthorizeExt: Authorize {
    /// Authorizes a request where it stands, whatever its body.
    ///
    /// # Errors
    ///
    /// When [`authorize`](Authorize::authorize) fails. The request is then as it was.
    fn authorize_request<B>(
        &self,
        request: &mut http::Request<B>,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let method = request.method().clone();
        let mut uri = std::mem::take(request.uri_mut());
        let mut headers = std::mem::take(request.headers_mut());
        let result = self.authorize_head(&method, &mut uri, &mut headers, now);
        (*request.uri_mut(), *request.headers_mut()) = (uri, headers);
        result
    }

    /// Authorizes a request that is about to be built of these parts.
    ///
    /// # Errors
    ///
    /// When [`authorize`](Authorize::authorize) fails. The parts are then as they were.
    fn authorize_head(
        &self,
        method: &Method,
        uri: &mut Uri,
        headers: &mut HeaderMap,
        now: SystemTime,
    ) -> Result<(), AuthError> {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = method.clone();
        std::mem::swap(&mut parts.uri, uri);
        std::mem::swap(&mut parts.headers, headers);
        let result = self.authorize(&mut parts, now);
        (*uri, *headers) = (parts.uri, parts.headers);
        result
    }
}

impl<A: Authorize + ?Sized> AuthorizeExt for A {}
