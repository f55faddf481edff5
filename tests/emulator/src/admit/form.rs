//! The form of requests: path, version, and what every operation has.

use bytes::Bytes;
use http::Request;
use queue_proto::ops::Preflight;
use queue_proto::{Endpoint, ErrorCode, IncomingRequest, Operation as _, ServiceError};

/// Takes a request apart.
pub(super) fn read<'a>(
    endpoint: &Endpoint,
    request: &'a Request<Bytes>,
) -> Result<IncomingRequest<'a>, ServiceError> {
    IncomingRequest::new(endpoint, request).map_err(|error| match error.code() {
        // The only input that is out of range before a request is understood is the name of a
        // queue, and the service says so.
        ErrorCode::OutOfRangeInput => error.with_message(
            "The specified resource name length is not within the permissible limits.",
        ),
        _ => error,
    })
}

/// Reads the question of a browser.
pub(super) fn preflight(incoming: &IncomingRequest<'_>) -> Result<Preflight, ServiceError> {
    Preflight::read(incoming).map_err(|error| {
        // What is wrong with a preflight is, but for rare cases, that a header is not there.
        match (error.code(), error.detail("HeaderValue")) {
            (ErrorCode::InvalidHeaderValue, Some("")) => {
                error.with_message("A required CORS header is not present.")
            }
            _ => error,
        }
    })
}
