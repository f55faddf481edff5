//! Reading a request body within bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use queue_proto::{ErrorCode, ServiceError};

use crate::handle::{MAX_BODY_BYTES, body_too_large};

/// A body beyond the limit is read on up to here and thrown away, so that the client is done
/// writing and ready to read the refusal.
const MAX_DRAINED_BYTES: usize = 4 * 1024 * 1024;

/// Reads a whole body, within a time.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    time: Duration,
) -> Result<Bytes, ServiceError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > MAX_DRAINED_BYTES as u64) {
        return Err(body_too_large());
    }
    match tokio::time::timeout(time, collect(body)).await {
        Ok(result) => result,
        Err(_) => Err(ServiceError::new(ErrorCode::OperationTimedOut)),
    }
}

async fn collect(mut body: Incoming) -> Result<Bytes, ServiceError> {
    // Most bodies arrive in one piece, which is then not copied.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ServiceError::new(ErrorCode::InvalidInput))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > MAX_DRAINED_BYTES {
            break;
        } else if length > MAX_BODY_BYTES {
            continue;
        } else if first.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    match (length > MAX_BODY_BYTES, rest.is_empty()) {
        (true, _) => Err(body_too_large()),
        (false, true) => Ok(first),
        (false, false) => Ok(rest.freeze()),
    }
}
