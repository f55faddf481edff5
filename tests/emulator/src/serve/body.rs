//! The body of a request: [`read`] takes it up to a size and within a time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use queue_proto::{ErrorCode, ServiceError};

use crate::admit::size::{MAX_BODY_BYTES, body_too_large};

/// A body beyond the limit is read on up to here and thrown away. Clients write all of a body before
/// they look for an answer, and those that meet a closed connection meanwhile report a broken pipe in
/// place of the refusal.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Reads a whole body, within a time. After an error there may be more of it.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    time: Duration,
) -> Result<Bytes, ServiceError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let announced = announced.unwrap_or(0_u64);
    // Who asks first has written nothing yet, and can be spared it.
    let asks = headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if announced > MAX_DRAINED_BYTES as u64 || (asks && announced > MAX_BODY_BYTES as u64) {
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
