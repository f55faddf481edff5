//! The size of bodies.

use queue_proto::{ErrorCode, ServiceError};

/// The largest body that the service takes for a message; it names this limit in its refusals. The
/// text in it may have 64 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 131_584;

/// Refuses a body of more than [`MAX_BODY_BYTES`].
pub(super) fn check(length: usize) -> Result<(), ServiceError> {
    if length > MAX_BODY_BYTES { Err(body_too_large()) } else { Ok(()) }
}

/// 413: a body beyond [`MAX_BODY_BYTES`].
pub(crate) fn body_too_large() -> ServiceError {
    ServiceError::new(ErrorCode::RequestBodyTooLarge)
        .with_detail("MaxLimit", MAX_BODY_BYTES.to_string())
}
