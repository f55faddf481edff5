//! [`GetQueueMetadata`] and its response, by the page "Get Queue Metadata" of the REST reference.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::header::APPROXIMATE_MESSAGES_COUNT;
use crate::kind::OperationKind;
use crate::metadata::{Metadata, MetadataNames};
use crate::name::QueueName;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status, required_header};

/// Get Queue Metadata, `GET /{queue}?comp=metadata`, returns the metadata of a queue and a count of
/// its messages. A server takes `HEAD` as well.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`: the queue does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetQueueMetadata {
    /// The queue whose metadata to return.
    pub queue: QueueName,
}

/// The answer to [`GetQueueMetadata`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetQueueMetadataResponse {
    approximate_messages_count: u64,
    metadata: Metadata,
}

impl GetQueueMetadata {
    /// Asks for the metadata of `queue`.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue }
    }
}

impl GetQueueMetadataResponse {
    /// The answer with these values.
    #[must_use]
    pub fn new(approximate_messages_count: u64, metadata: Metadata) -> Self {
        Self { approximate_messages_count, metadata }
    }

    /// The number of messages in the queue, those included that are invisible now. The number is not
    /// lower than the real one, though it may be higher.
    #[must_use]
    pub const fn approximate_messages_count(&self) -> u64 {
        self.approximate_messages_count
    }

    /// The metadata of the queue.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Takes the metadata out of the answer.
    #[must_use]
    pub fn into_metadata(self) -> Metadata {
        self.metadata
    }
}

impl Operation for GetQueueMetadata {
    const KIND: OperationKind = OperationKind::GetQueueMetadata;
    type Response = GetQueueMetadataResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.segment(self.queue.as_str());
        out.fixed_query(Self::KIND);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()? })
    }
}

impl OperationResponse for GetQueueMetadataResponse {
    fn read(status: StatusCode, headers: &HeaderMap, _body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        Ok(Self {
            approximate_messages_count: required_header(
                headers,
                "x-ms-approximate-messages-count",
                |text| text.parse().ok(),
            )?,
            metadata: Metadata::read_response(headers)?,
        })
    }

    fn respell(&mut self, names: &MetadataNames) {
        self.metadata.respell(names);
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.header(APPROXIMATE_MESSAGES_COUNT, self.approximate_messages_count.into());
        out.metadata(&self.metadata);
    }
}
