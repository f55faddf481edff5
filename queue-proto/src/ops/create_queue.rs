//! [`CreateQueue`] and its response, by the page "Create Queue" of the REST reference.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::metadata::Metadata;
use crate::name::QueueName;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::ResponseWriter;

/// Create Queue, `PUT /{queue}`, creates a queue.
///
/// # Errors of the service
///
/// - 409 `QueueAlreadyExists`: the queue exists with other metadata.
/// - 409 `QueueBeingDeleted`: the queue was deleted less than about 30 seconds ago.
/// - 400 `InvalidMetadata`, `EmptyMetadataKey`, `MetadataTooLarge`: the metadata breaks a rule of the
///   page "Naming queues and metadata".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateQueue {
    /// The name of the new queue.
    pub queue: QueueName,
    /// The metadata that the queue starts with. Default: none.
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

    /// Sets the metadata that the queue starts with.
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
