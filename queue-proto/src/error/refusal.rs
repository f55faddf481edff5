//! The refusals of requests that several places have: functions that make a [`ServiceError`] with the
//! details that the service gives.

use crate::error::{ErrorCode, ServiceError};

/// 400 `InvalidQueryParameterValue`, for the parameter `name` with this value.
pub(crate) fn invalid_query(name: &str, value: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidQueryParameterValue)
        .with_detail("QueryParameterName", name)
        .with_detail("QueryParameterValue", value)
}

/// 400 `MissingRequiredQueryParameter`, for the parameter `name`.
pub(crate) fn missing_query(name: &str) -> ServiceError {
    ServiceError::new(ErrorCode::MissingRequiredQueryParameter)
        .with_detail("QueryParameterName", name)
}

/// 400 `OutOfRangeQueryParameterValue`, for a number that is not `min` to `max`.
pub(crate) fn out_of_range_query(name: &str, value: &str, min: i64, max: u32) -> ServiceError {
    ServiceError::new(ErrorCode::OutOfRangeQueryParameterValue)
        .with_detail("QueryParameterName", name)
        .with_detail("QueryParameterValue", value)
        .with_detail("MinimumAllowed", min.to_string())
        .with_detail("MaximumAllowed", max.to_string())
}

/// 400 `InvalidHeaderValue`, for the header `name` with this value.
pub(crate) fn invalid_header(name: &str, value: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidHeaderValue)
        .with_detail("HeaderName", name)
        .with_detail("HeaderValue", value)
}

/// 413 `RequestBodyTooLarge`, with the limit in bytes.
pub(crate) fn body_too_large(limit: usize) -> ServiceError {
    ServiceError::new(ErrorCode::RequestBodyTooLarge).with_detail("MaxLimit", limit.to_string())
}
