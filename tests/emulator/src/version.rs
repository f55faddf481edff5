//! What depends on the version that a request asks for.
//!
//! "Versioning for Azure Storage" in the REST reference, and the remarks on the page of each
//! operation.

use bytes::Bytes;
use http::Response;
use queue_proto::{
    AnyOperation, Endpoint, ErrorCode, IncomingRequest, OperationKind, ServiceError, ServiceVersion,
};

/// A version as year, month and day.
pub(crate) type Date = (u16, u8, u8);

/// Answers say which version they are of; messages have dequeue counts.
pub(crate) const FIRST_NAMED: Date = (2009, 9, 19);
/// Update Message, messages of 64 KiB, and messages that are hidden for up to seven days.
const UPDATE: Date = (2011, 8, 18);
/// Stored access policies.
const POLICIES: Date = (2012, 2, 12);
/// CORS, metrics by the minute and statistics; lists name the service's endpoint.
pub(crate) const CORS: Date = (2013, 8, 15);
/// Refusals of shared access signatures have their own codes.
pub(crate) const SAS_CODES: Date = (2015, 4, 5);
/// Put Message answers with a body.
const PUT_BODY: Date = (2016, 5, 31);
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

/// Brings an answer into the form of the version.
pub(crate) fn age(
    kind: OperationKind,
    version: Option<ServiceVersion>,
    endpoint: &Endpoint,
    response: &mut Response<Bytes>,
) {
    let edit = |response: &mut Response<Bytes>, edit: &dyn Fn(&str) -> String| {
        if let Ok(text) = std::str::from_utf8(response.body()) {
            let text = edit(text);
            *response.body_mut() = Bytes::from(text);
        }
    };
    match kind {
        OperationKind::PutMessage if before(version, PUT_BODY) => {
            *response.body_mut() = Bytes::new();
            response.headers_mut().remove(http::header::CONTENT_TYPE);
        }
        OperationKind::ListQueues if before(version, CORS) => {
            edit(response, &|text| old_list(text, endpoint));
        }
        OperationKind::GetServiceProperties if before(version, CORS) => {
            edit(response, &old_properties);
        }
        OperationKind::GetMessages | OperationKind::PeekMessages
            if before(version, FIRST_NAMED) =>
        {
            edit(response, &|text| without(text, "<DequeueCount>", "</DequeueCount>"));
        }
        _ => {}
    }
}

/// Lists had the endpoint in `AccountName`, and a URL for each queue.
fn old_list(text: &str, endpoint: &Endpoint) -> String {
    // Text between elements is escaped and metadata is flat, so these stand nowhere else.
    const QUEUE: &str = "<Queue><Name>";
    const NAME_END: &str = "</Name>";
    let text = text.replacen(" ServiceEndpoint=", " AccountName=", 1);
    let mut pieces = text.split(QUEUE);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(QUEUE);
        match piece.split_once(NAME_END) {
            Some((name, rest)) => {
                out.push_str(&format!("{name}{NAME_END}<Url>{endpoint}{name}</Url>{rest}"));
            }
            None => out.push_str(piece),
        }
    }
    out
}

fn old_properties(text: &str) -> String {
    let text = without(text, "<MinuteMetrics>", "</MinuteMetrics>");
    let text = without(&text, "<Cors>", "</Cors>").replace("<Cors />", "");
    text.replace("<HourMetrics>", "<Metrics>").replace("</HourMetrics>", "</Metrics>")
}

/// The text without every piece from `start` to `end`.
fn without(text: &str, start: &str, end: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        out.push_str(before);
        rest = after.split_once(end).map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
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

    #[test]
    fn pieces_are_cut_out() {
        assert_eq!(without("a<x>1</x>b<x>2</x>c", "<x>", "</x>"), "abc");
        assert_eq!(without("abc", "<x>", "</x>"), "abc");
    }
}
