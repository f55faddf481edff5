//! Authorization of requests of reqwest 0.13, in one call. The module has the version in its name, so
//! that a later reqwest is one more module and breaks no program.

use std::time::SystemTime;

use http::Uri;
use http::header::CONTENT_LENGTH;
use reqwest::{Body, Request};

use crate::authorize::{Authorize, AuthorizeExt as _};
use crate::error::AuthError;

/// Authorizes a request of reqwest. The `Content-Length` of a body in memory, which reqwest adds only
/// when it sends, is set before.
///
/// ```
/// use queue_auth::{AccountKey, SharedKey, reqwest_0_13};
/// use std::time::SystemTime;
///
/// let signer = SharedKey::new("contoso", AccountKey::from_base64("bm90LWEtcmVhbC1rZXk=")?);
/// let url = "https://contoso.queue.core.windows.net/?comp=list".parse()?;
/// let mut request = reqwest::Request::new(http::Method::GET, url);
/// request.headers_mut().insert("x-ms-version", "2026-02-06".parse()?);
/// reqwest_0_13::authorize(&signer, &mut request, SystemTime::now())?;
/// assert!(request.headers().contains_key("authorization"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When [`Authorize::authorize`] fails, or the URL is none that HTTP can send. The request is then as
/// it was.
pub fn authorize<A: Authorize + ?Sized>(
    authorizer: &A,
    request: &mut Request,
    now: SystemTime,
) -> Result<(), AuthError> {
    let before: Uri = request.url().as_str().parse().map_err(|_| AuthError::InvalidUri)?;
    let (method, mut uri) = (request.method().clone(), before.clone());
    let mut headers = request.headers().clone();
    if let Some(body) = request.body().and_then(Body::as_bytes) {
        headers.entry(CONTENT_LENGTH).or_insert_with(|| body.len().into());
    }
    authorizer.authorize_head(&method, &mut uri, &mut headers, now)?;
    if uri != before {
        // The query that is signed is the one that is sent, so the URL is read anew and not
        // written by the rules of forms.
        *request.url_mut() = uri.to_string().parse().map_err(|_| AuthError::InvalidUri)?;
    }
    *request.headers_mut() = headers;
    Ok(())
}
