//! The operation: whether there is one of this verb, path and `comp`, and whether the version has it.

use queue_proto::{ErrorCode, IncomingRequest, OperationKind, ServiceError};

use crate::version::{CORS, DELEGATION, POLICIES, UPDATE, before};

/// Refuses an operation that the version does not have, as if it had never been.
pub(super) fn check_version(
    kind: OperationKind,
    request: &IncomingRequest<'_>,
) -> Result<(), ServiceError> {
    let (since, refusal) = match kind {
        OperationKind::UpdateMessage => (UPDATE, ErrorCode::UnsupportedHttpVerb.into()),
        OperationKind::GetQueueAcl | OperationKind::SetQueueAcl => {
            (POLICIES, unknown("comp", "acl"))
        }
        OperationKind::GetServiceStats => (CORS, unknown("comp", "stats")),
        OperationKind::GetUserDelegationKey => (DELEGATION, unknown("comp", "userdelegationkey")),
        OperationKind::PutMessage if request.query("visibilitytimeout")?.is_some() => {
            let name = "visibilitytimeout";
            let refusal = ServiceError::new(ErrorCode::UnsupportedQueryParameter);
            (UPDATE, refusal.with_detail("QueryParameterName", name))
        }
        _ => return Ok(()),
    };
    if before(request.version(), since) { Err(refusal) } else { Ok(()) }
}

fn unknown(name: &str, value: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidQueryParameterValue)
        .with_detail("QueryParameterName", name)
        .with_detail("QueryParameterValue", value)
}
