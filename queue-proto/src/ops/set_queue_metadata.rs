//! [`SetQueueMetadata`] and its response, by the page "Set Queue Metadata" of the REST reference.

use crate::error::ServiceError;
use crate::kind::OperationKind;
use crate::metadata::Metadata;
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};

/// Set Queue Metadata, `PUT /{queue}?comp=metadata`, replaces all metadata of a queue; a request
/// without metadata removes it.
///
/// # Errors of the service
///
/// - 404 `QueueNotFound`: the queue does not exist.
/// - 400 `InvalidMetadata`, `EmptyMetadataKey`, `MetadataTooLarge`: the metadata breaks a rule of the
///   page "Naming queues and metadata".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetQueueMetadata {
    /// The queue whose metadata to replace.
    pub queue: QueueName,
    /// The metadata that the queue has from now on.
    pub metadata: Metadata,
}

empty_response! {
    /// The answer to [`SetQueueMetadata`]: status 204.
    SetQueueMetadataResponse, NO_CONTENT
}

impl SetQueueMetadata {
    /// Gives `queue` this metadata and no other.
    #[must_use]
    pub fn new(queue: QueueName, metadata: Metadata) -> Self {
        Self { queue, metadata }
    }
}

impl Operation for SetQueueMetadata {
    const KIND: OperationKind = OperationKind::SetQueueMetadata;
    type Response = SetQueueMetadataResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.segment(self.queue.as_str());
        out.fixed_query(Self::KIND);
        out.metadata(&self.metadata);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()?, metadata: request.metadata()? })
    }
}
