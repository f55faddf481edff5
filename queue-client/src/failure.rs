//! [`OpFailure`]: what a failed call did to the message. Come here to see which answer means what.

use std::{fmt, time::Duration};

use http::StatusCode;
use queue_proto::{ErrorCode, ServiceError};

/// The effect of a failed call on the message or queue that it was about.
///
/// At-least-once delivery rests on this distinction: what was [refused](Self::Refused) or
/// [never sent](Self::NotSent) can be tried again without harm, what is
/// [ambiguous](Self::Ambiguous) may be done already.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpFailure {
    /// The service answered and applied nothing.
    Refused {
        /// The reason of the refusal.
        kind: Refusal,
        /// The time that the service asked to wait (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// The request never left, or no connection came about. Nothing was applied. Trying again helps,
    /// unless the cause is [`InvalidArgument`](crate::Cause::InvalidArgument).
    NotSent,
    /// The request may or may not have been applied: no answer, half an answer, or a server error
    /// that can hide a committed write.
    Ambiguous,
    /// The message belongs to somebody else by now, or is gone: it was received again after its
    /// visibility timeout, updated, deleted, or it expired. Nothing was applied.
    NotOwner,
}

/// The reason why the service refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Too many requests at the moment: 503 ServerBusy or 429.
    Throttled,
    /// 401 or 403: the credential is wrong, expired, or does not allow this.
    Unauthorized,
    /// The queue does not exist.
    QueueNotFound,
    /// The queue was deleted a moment ago and cannot be created again yet.
    QueueBeingDeleted,
    /// 409: it exists already, or is in a state that forbids the operation.
    Conflict,
    /// Another 4xx: the request itself is at fault.
    Invalid,
}

impl OpFailure {
    /// Says whether the operation may have been applied although it failed.
    #[must_use]
    pub const fn may_be_applied(&self) -> bool {
        matches!(self, Self::Ambiguous)
    }

    /// Says whether the service was too busy.
    pub(crate) const fn is_throttled(&self) -> bool {
        matches!(self, Self::Refused { kind: Refusal::Throttled, .. })
    }

    pub(crate) fn of_service(error: &ServiceError, retry_after: Option<Duration>) -> Self {
        let refused = |kind| Self::Refused { kind, retry_after };
        match error.code() {
            ErrorCode::MessageNotFound | ErrorCode::PopReceiptMismatch => return Self::NotOwner,
            ErrorCode::QueueNotFound => return refused(Refusal::QueueNotFound),
            ErrorCode::QueueBeingDeleted => return refused(Refusal::QueueBeingDeleted),
            ErrorCode::ServerBusy => return refused(Refusal::Throttled),
            // Both may hide a committed write.
            ErrorCode::InternalError | ErrorCode::OperationTimedOut => return Self::Ambiguous,
            _ => {}
        }
        match error.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                refused(Refusal::Throttled)
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused(Refusal::Unauthorized),
            StatusCode::CONFLICT => refused(Refusal::Conflict),
            StatusCode::REQUEST_TIMEOUT => Self::Ambiguous,
            status if status.is_client_error() || status.is_redirection() => {
                refused(Refusal::Invalid)
            }
            _ => Self::Ambiguous,
        }
    }
}

impl fmt::Display for OpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused { .. } | Self::NotSent => "nothing was changed",
            Self::Ambiguous => "it may have been done all the same",
            Self::NotOwner => "the message belongs to another receiver, or is gone",
        })
    }
}
