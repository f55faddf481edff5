//! Headers as such: which must be there, and which may be there once only.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, Request, Version};
use queue_proto::header::META_PREFIX;
use queue_proto::{ErrorCode, ServiceError};

/// Standard headers that have one value. Each but `host` has a line in the string to sign, and the
/// page "Authorize with Shared Key" answers 400 when one is there twice; so does this with every
/// other credential.
const SINGLE: [&str; 14] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "origin",
    "range",
    "access-control-request-method",
];

/// Refuses a request whose headers HTTP does not allow.
pub(crate) fn check(request: &Request<Bytes>) -> Result<(), ServiceError> {
    let headers = request.headers();
    // Equal in all but broken requests, and then nothing is twice.
    if headers.len() != headers.keys_len() {
        once(headers)?;
    }
    if request.version() >= Version::HTTP_11 && request.uri().authority().is_none() {
        check_host(headers)?;
    }
    // Over HTTP the two cannot differ. In process they can, and a real connection would then hang
    // or cut the body off.
    match headers.get(CONTENT_LENGTH) {
        Some(length) if !is_length(length.as_bytes(), request.body().len()) => {
            let given = String::from_utf8_lossy(length.as_bytes());
            Err(wrong(&CONTENT_LENGTH, &given, "The body has another length."))
        }
        _ => Ok(()),
    }
}

/// Refuses a request without `Host`, which HTTP/1.1 demands even where the target names a host.
pub(crate) fn check_host(headers: &HeaderMap) -> Result<(), ServiceError> {
    if headers.contains_key(HOST) {
        return Ok(());
    }
    Err(ServiceError::new(ErrorCode::MissingRequiredHeader).with_detail("HeaderName", "Host"))
}

fn once(headers: &HeaderMap) -> Result<(), ServiceError> {
    // Names of metadata that are there twice are 400 `InvalidMetadata`, and two `Authorization` are
    // 400 `InvalidAuthenticationInfo`; their own checks say so.
    let single = |name: &str| {
        SINGLE.contains(&name) || (name.starts_with("x-ms-") && !name.starts_with(META_PREFIX))
    };
    let repeated = headers
        .keys()
        .find(|name| single(name.as_str()) && headers.get_all(*name).iter().count() > 1);
    match repeated {
        None => Ok(()),
        Some(name) => {
            let first = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
            Err(wrong(name, &first.unwrap_or_default(), "The header is given more than once."))
        }
    }
}

/// Whether a text is this number in plain digits.
fn is_length(text: &[u8], length: usize) -> bool {
    let text = std::str::from_utf8(text).ok();
    text.is_some_and(|text| !text.starts_with('+') && text.parse() == Ok(length))
}

fn wrong(name: &HeaderName, value: &str, reason: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidHeaderValue)
        .with_detail("HeaderName", name.as_str())
        .with_detail("HeaderValue", value)
        .with_detail("Reason", reason)
}
