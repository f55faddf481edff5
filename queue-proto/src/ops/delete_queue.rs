//! [`DeleteQueue`] and its response, by the page "Delete Queue" of the REST reference.

use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};

/// Delete Queue, `DELETE /{queue}`, removes a queue with its messages.
///
/// The queue is gone at once for everybody; its name is free again after 30 seconds or more.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`: the queue does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteQueue {
    /// The queue to delete.
    pub queue: QueueName,
}

empty_response! {
    /// The answer to [`DeleteQueue`]: status 204.
    DeleteQueueResponse, NO_CONTENT
}

impl DeleteQueue {
    /// Deletes the queue of this name.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue }
    }
}

impl Operation for DeleteQueue {
    const KIND: OperationKind = OperationKind::DeleteQueue;
    type Response = DeleteQueueResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.segment(self.queue.as_str());
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()? })
    }

    fn answer_if_applied_before(error: &ServiceError) -> Option<Self::Response> {
        (*error.code() == ErrorCode::QueueNotFound).then(DeleteQueueResponse::new)
    }
}
