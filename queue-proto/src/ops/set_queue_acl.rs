//! Set Queue ACL.

use crate::acl::SignedIdentifiers;
use crate::error::ServiceError;
use crate::kind::OperationKind;
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};
use crate::xml::acl;

/// Set Queue ACL: `PUT /{queue}?comp=acl`. Replaces all stored access policies; none removes them.
/// Shared access signatures that name a policy which is gone stop working at once; new policies may
/// need half a minute.
///
/// # Errors of the service
///
/// 404 `QueueNotFound`; 400 `InvalidXmlDocument`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetQueueAcl {
    /// The queue.
    pub queue: QueueName,
    /// The policies that it has from now on.
    pub identifiers: SignedIdentifiers,
}

empty_response! {
    /// The answer to [`SetQueueAcl`]: 204.
    SetQueueAclResponse, NO_CONTENT
}

impl SetQueueAcl {
    /// Gives `queue` these policies and no others.
    #[must_use]
    pub fn new(queue: QueueName, identifiers: SignedIdentifiers) -> Self {
        Self { queue, identifiers }
    }
}

impl Operation for SetQueueAcl {
    const KIND: OperationKind = OperationKind::SetQueueAcl;
    type Response = SetQueueAclResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.segment(self.queue.as_str());
        out.fixed_query(Self::KIND);
        out.xml(acl::write_request(&self.identifiers));
    }

    /// A request without a body removes all policies: the Python SDK sends none for an empty list.
    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let body = request.body();
        let identifiers = if body.is_empty() {
            SignedIdentifiers::new()
        } else {
            acl::read_request(body).map_err(|error| error.refuse_by_schema(body))?
        };
        Ok(Self { queue: request.queue()?, identifiers })
    }
}
