//! [`GetQueueAcl`] and its response, by the page "Get Queue ACL" of the REST reference.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::acl::SignedIdentifiers;
use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::name::QueueName;
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::acl;

/// Get Queue ACL, `GET /{queue}?comp=acl`, returns the stored access policies of a queue. A server
/// takes `HEAD` as well.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`: the queue does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetQueueAcl {
    /// The queue whose policies to return.
    pub queue: QueueName,
}

/// The answer to [`GetQueueAcl`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetQueueAclResponse {
    /// The stored access policies.
    pub identifiers: SignedIdentifiers,
}

impl GetQueueAcl {
    /// Asks for the policies of `queue`.
    #[must_use]
    pub fn new(queue: QueueName) -> Self {
        Self { queue }
    }
}

impl GetQueueAclResponse {
    /// The answer with these policies.
    #[must_use]
    pub fn new(identifiers: SignedIdentifiers) -> Self {
        Self { identifiers }
    }
}

impl Operation for GetQueueAcl {
    const KIND: OperationKind = OperationKind::GetQueueAcl;
    type Response = GetQueueAclResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.segment(self.queue.as_str());
        out.fixed_query(Self::KIND);
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self { queue: request.queue()? })
    }
}

impl OperationResponse for GetQueueAclResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        Ok(Self { identifiers: acl::read_answer(body)? })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(acl::write_response(&self.identifiers));
    }
}
