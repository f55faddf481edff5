//! [`SetQueueAcl`] and its response, by the page "Set Queue ACL" of the REST reference.

use crate::acl::SignedIdentifiers;
use crate::error::ServiceError;
use crate::kind::OperationKind;
use crate::name::QueueName;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::request::{IncomingRequest, RequestWriter};
use crate::xml::acl;

/// Set Queue ACL, `PUT /{queue}?comp=acl`, replaces all stored access policies of a queue; a request
/// without policies removes them.
///
/// A shared access signature that names a policy stops working as soon as the policy is gone. A new
/// policy may take half a minute to work.
///
/// # Errors of the service
///
/// - 404 `QueueNotFound`: the queue does not exist.
/// - 400 `InvalidXmlDocument`: there are more than five policies, or a value is not in its format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetQueueAcl {
    /// The queue whose policies to replace.
    pub queue: QueueName,
    /// The policies that the queue has from now on.
    pub identifiers: SignedIdentifiers,
}

empty_response! {
    /// The answer to [`SetQueueAcl`]: status 204.
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
