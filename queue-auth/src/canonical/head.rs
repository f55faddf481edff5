//! [`Head`], the part of a request that is signed, in which signer and verifier meet.

use http::{HeaderMap, Method, Uri};

/// A borrowed view of method, URI and headers: what a signature can cover.
///
/// Azure Storage signs no body bytes; `Content-Length`, `Content-MD5` and `Content-Type` stand for
/// them. Signer and verifier meet in this type.
///
/// ```
/// let request = http::Request::get("https://contoso.queue.core.windows.net/jobs").body(())?;
/// let head = queue_auth::Head::from(&request);
/// assert_eq!(head.uri.path(), "/jobs");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// The URI, absolute or only path and query, exactly as it is sent.
    pub uri: &'a Uri,
    /// All headers of the request.
    pub headers: &'a HeaderMap,
}

impl<'a> Head<'a> {
    /// Makes a view of the given parts.
    pub fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self { method, uri, headers }
    }
}

impl<'a> From<&'a http::request::Parts> for Head<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers)
    }
}

impl<'a, B> From<&'a http::Request<B>> for Head<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        Self::new(request.method(), request.uri(), request.headers())
    }
}
