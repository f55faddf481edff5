//! What a request may ask for depends on the version that it names: [`check`] and [`check_values`], by
//! the page "Versioning for Azure Storage" of the REST reference and the remarks on the page of each
//! operation. Answers are written in the form of the version by `queue-proto`.

use queue_proto::{
    AnyOperation, ErrorCode, IncomingRequest, OperationKind, ServiceError, ServiceVersion,
};

/// A version as year, month and day.
pub(crate) type Date = (u16, u8, u8);

/// Answers say which version they are of.
pub(crate) const FIRST_NAMED: Date = (2009, 9, 19);
/// Update Message, messages of 64 KiB, and messages that are hidden for up to seven days.
const UPDATE: Date = (2011, 8, 18);
/// Stored access policies.
const POLICIES: Date = (2012, 2, 12);
/// CORS and statistics.
pub(crate) const CORS: Date = (2013, 8, 15);
/// Refusals of shared access signatures have their own codes.
pub(crate) const SAS_CODES: Date = (2015, 4, 5);
/// `x-ms-client-request-id` is echoed.
pub(crate) const ECHO: Date = (2019, 2, 2);
/// An anonymous client is told that it must authenticate; before, that there is no such thing.
pub(crate) const CHALLENGE: Date = (2019, 12, 12);
/// User delegation keys for queues; access control lists with bearer tokens.
pub(crate) const DELEGATION: Date = (2025, 7, 5);

/// The longest that a message could be hidden before 2011-08-18: two hours.
const OLD_MAX_HIDDEN: u64 = 2 * 60 * 60;
/// The most bytes that a message could have before 2011-08-18.
const OLD_MAX_TEXT: usize = 8 * 1024;

/// Whether a request is of a version before `date`. One that names no version is.
pub(crate) fn before(version: Option<ServiceVersion>, date: Date) -> bool {
    let (year, month, day) = date;
    version < ServiceVersion::new(year, month, day).ok()
}

/// Refuses operations that the version does not have.
pub(crate) fn check(
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

/// Refuses values that the version does not allow.
pub(crate) fn check_values(
    operation: &AnyOperation,
    version: Option<ServiceVersion>,
) -> Result<(), ServiceError> {
    match operation {
        AnyOperation::PutMessage(put)
            if before(version, UPDATE) && put.text.len() > OLD_MAX_TEXT =>
        {
            let refusal = ServiceError::new(ErrorCode::RequestBodyTooLarge);
            Err(refusal.with_detail("MaxLimit", OLD_MAX_TEXT.to_string()))
        }
        AnyOperation::GetMessages(get) if before(version, UPDATE) => {
            let hidden = get.visibility_timeout.unwrap_or_default().as_duration().as_secs();
            if hidden <= OLD_MAX_HIDDEN {
                return Ok(());
            }
            Err(ServiceError::new(ErrorCode::OutOfRangeQueryParameterValue)
                .with_detail("QueryParameterName", "visibilitytimeout")
                .with_detail("QueryParameterValue", hidden.to_string())
                .with_detail("MinimumAllowed", "1")
                .with_detail("MaximumAllowed", OLD_MAX_HIDDEN.to_string()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_without_a_version_are_the_oldest() {
        assert!(before(None, FIRST_NAMED));
        assert!(before(ServiceVersion::new(2013, 8, 14).ok(), CORS));
        assert!(!before(ServiceVersion::new(2013, 8, 15).ok(), CORS));
        assert!(!before(Some(ServiceVersion::LATEST), DELEGATION));
    }
}
