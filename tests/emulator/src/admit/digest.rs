//! The checksum of bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, Request};
use md5::{Digest as _, Md5};
use queue_proto::{ErrorCode, ServiceError};

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Refuses a body that is not what `Content-MD5` says, and a checksum that is none: 128 bits in base64
/// (page "Common REST API error codes", `InvalidMd5` and `Md5Mismatch`).
pub(super) fn check(request: &Request<Bytes>) -> Result<(), ServiceError> {
    let Some(given) = request.headers().get(CONTENT_MD5) else { return Ok(()) };
    let given = STANDARD.decode(given.as_bytes()).ok().filter(|digest| digest.len() == 16);
    let given = given.ok_or(ErrorCode::InvalidMd5)?;
    if Md5::digest(request.body()).as_slice() == given {
        Ok(())
    } else {
        Err(ErrorCode::Md5Mismatch.into())
    }
}
