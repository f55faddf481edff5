//! [`ClearMessages`] and its response, by the page "Clear Messages" of the REST reference.

use crate::error::ServiceError;
use crate::kind::OperationKind;
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};

/// Clear Messages, `DELETE /{queue}/messages`, removes all messages of a queue.
///
/// # Errors of the service
///
/// - 404 `QueueNotFound`: the queue does not exist.
/// - 500 `OperationTimedOut`: the queue is large, and a part of it was cleared. Repeat the request
///   until it succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClearMessages {
    /// The queue to clear.
    pub queue: QueueName,
}

empty_response! {
    /// The answer to [`ClearMessages`]: status 204.
    ClearMessagesResponse, NO_CONTENT
}

impl ClearMessages {
    /// Removes all messages of `queue`.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue }
    }
}

impl Operation for ClearMessages {
    const KIND: OperationKind = OperationKind::ClearMessages;
    type Response = ClearMessagesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.messages(&self.queue);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()? })
    }
}
