//! Create Queue.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::metadata::Metadata;
use crate::name::QueueName;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::ResponseWriter;

/// Create Queue: `PUT /{queue}`.
///
/// # Errors of the service
///
/// 409 `QueueAlreadyExists` when the queue is there with other metadata; 409 `QueueBeingDeleted`
/// for 30 seconds or more after Delete Queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateQueue {
    /// The queue.
    pub queue: QueueName,
    /// The metadata that it starts with.
    pub metadata: Metadata,
}

/// The answer to [`CreateQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two answers")]
pub enum CreateQueueResponse {
    /// 201: the queue is new.
    Created,
    /// 204: the queue was there already, with the same metadata.
    AlreadyExists,
}

impl CreateQueue {
    /// Creates `queue` without metadata.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue, metadata: Metadata::new() }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }
}

impl Operation for CreateQueue {
    const KIND: OperationKind = OperationKind::CreateQueue;
    type Response = CreateQueueResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.segment(self.queue.as_str());
        out.metadata(&self.metadata);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()?, metadata: request.metadata()? })
    }
}

impl OperationResponse for CreateQueueResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, _body: &Bytes) -> Result<Self, DecodeError> {
        match status {
            StatusCode::CREATED => Ok(Self::Created),
            StatusCode::NO_CONTENT => Ok(Self::AlreadyExists),
            other => Err(DecodeError::status(other)),
        }
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.status(match self {
            Self::Created => StatusCode::CREATED,
            Self::AlreadyExists => StatusCode::NO_CONTENT,
        });
    }
}
