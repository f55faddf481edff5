//! [`ServiceError`] as an answer: how clients read it and servers write it, by the page "Status and
//! error codes" of the REST reference.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::date::iso;
use crate::error::{ErrorCode, ServiceError};
use crate::head::ResponseHead;
use crate::header;
use crate::redact;
use crate::xml;

/// The most children of an error body that are kept, and the most bytes of each.
const MAX_DETAILS: usize = 16;
const MAX_DETAIL: usize = 16 * 1024;

impl ServiceError {
    /// Reads an answer that is not a success. Whatever the answer looks like there is an error to
    /// return: without a readable body the header `x-ms-error-code` and the status count.
    #[must_use]
    pub fn from_http(response: &http::Response<Bytes>) -> Self {
        Self::read(response.status(), response.headers(), response.body())
    }

    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Self {
        let body = xml::error::read(body, MAX_DETAILS, MAX_DETAIL).unwrap_or_default();
        let code = match header::text(headers, &header::ERROR_CODE) {
            Some(code) => ErrorCode::from(code),
            None => ErrorCode::from(body.code.as_str()),
        };
        let (message, stamped_id) = split_stamp(&body.message);
        let message = if message.is_empty() { code.text() } else { message };
        // The service repeats what it was asked, a shared access signature among it.
        let message = redact::signatures(message).into_owned();
        let request_id = header::text(headers, &header::REQUEST_ID).or(stamped_id);
        let mut error = Self::new(code).with_status(status).with_message(message);
        if let Some(id) = request_id {
            error = error.with_request_id(id);
        }
        body.details.into_iter().fold(error, |error, (name, value)| {
            let value = redact::signatures(&value).into_owned();
            error.with_detail(name, value)
        })
    }

    /// Writes the answer: status, headers, and the body unless `method` is `HEAD`, whose answers
    /// have none.
    ///
    /// The request id of `head` stands in the header and in the message, as the service has it; one
    /// that was set on the error is used when `head` has none.
    #[must_use]
    pub fn to_http(&self, head: &ResponseHead, method: &Method) -> http::Response<Bytes> {
        let mut head = head.clone();
        head.request_id = head.request_id.or_else(|| self.request_id().map(str::to_owned));
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = self.status();
        head.write(response.headers_mut());
        if *self.code() == ErrorCode::Absent {
            return response;
        }
        if let Ok(code) = HeaderValue::from_str(self.code().as_str()) {
            response.headers_mut().insert(header::ERROR_CODE, code);
        }
        if *method != Method::HEAD {
            let mut message = self.message().to_owned();
            if let Some(id) = &head.request_id {
                message.push_str(REQUEST_ID_MARK);
                message.push_str(id);
            }
            if let Some(now) = head.date {
                message.push_str(TIME_MARK);
                message.push_str(&iso::ticks(now));
            }
            let body = xml::error::write(self.code().as_str(), &message, self.details());
            response.headers_mut().insert(http::header::CONTENT_TYPE, header::XML);
            *response.body_mut() = body;
        }
        response
    }
}

const REQUEST_ID_MARK: &str = "\nRequestId:";
const TIME_MARK: &str = "\nTime:";

/// Takes the request id and the time off the end of a message.
fn split_stamp(message: &str) -> (&str, Option<&str>) {
    let (rest, time) = match message.rsplit_once(TIME_MARK) {
        Some((rest, time)) if !time.contains('\n') => (rest, true),
        _ => (message, false),
    };
    match rest.rsplit_once(REQUEST_ID_MARK) {
        Some((text, id)) if !id.contains('\n') => (text.trim_end_matches('\r'), Some(id.trim())),
        _ if time => (rest, None),
        _ => (message, None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn head() -> ResponseHead {
        ResponseHead::new()
            .request_id("5f2c9a51-0003-0000-0000-000000000000")
            .date(UNIX_EPOCH + Duration::from_secs(1_557_364_777))
    }

    #[test]
    fn written_reads_back() {
        let error = ServiceError::new(ErrorCode::OutOfRangeQueryParameterValue)
            .with_detail("QueryParameterName", "numofmessages")
            .with_detail("QueryParameterValue", "<33>")
            .with_request_id("5f2c9a51-0003-0000-0000-000000000000");
        let response = error.to_http(&head(), &Method::GET);
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-ms-error-code"], "OutOfRangeQueryParameterValue");
        let body = std::str::from_utf8(response.body()).unwrap();
        assert!(body.contains("\nRequestId:5f2c9a51-0003-0000-0000-000000000000\nTime:2019-05-09T01:19:37.0000000Z</Message>"), "{body}");
        assert_eq!(ServiceError::from_http(&response), error);
        assert_eq!(
            error.to_string(),
            "OutOfRangeQueryParameterValue (400): One of the query parameters specified in the \
             request URI is outside the permissible range. \
             [request 5f2c9a51-0003-0000-0000-000000000000]"
        );
    }

    #[test]
    fn head_has_no_body_and_the_header_counts() {
        let error = ServiceError::new(ErrorCode::QueueNotFound);
        let response = error.to_http(&ResponseHead::new(), &Method::HEAD);
        assert!(response.body().is_empty());
        assert_eq!(ServiceError::from_http(&response), error);
    }

    #[test]
    fn an_answer_of_something_else() {
        let response = http::Response::builder()
            .status(502)
            .body(Bytes::from_static(b"<html><p>Bad gateway<br></html>"))
            .unwrap();
        let error = ServiceError::from_http(&response);
        assert_eq!(error.code(), &ErrorCode::Absent);
        assert_eq!(error.to_string(), "the service answered 502 Bad Gateway without an error code");
    }

    #[test]
    fn signatures_in_details_are_taken_out() {
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code>\
            <Message>Server failed.\nRequestId:abc\nTime:2019-05-09T01:19:37.6332214Z</Message>\
            <AuthenticationErrorDetail>The MAC signature found in the HTTP request \
            'Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o=' is not the same as any computed signature. \
            Server used following string to sign: 'GET\n\ncomp=list'.</AuthenticationErrorDetail></Error>";
        let response = http::Response::builder().status(403).body(Bytes::from(body)).unwrap();
        let error = ServiceError::from_http(&response);
        assert_eq!(error.code(), &ErrorCode::AuthenticationFailed);
        assert_eq!(error.message(), "Server failed.");
        assert_eq!(error.request_id(), Some("abc"));
        let detail = error.detail("AuthenticationErrorDetail").unwrap();
        assert!(
            detail.contains("request 'REDACTED' is not") && detail.ends_with("comp=list'."),
            "{detail}"
        );
    }

    #[test]
    fn a_message_that_repeats_a_signature_loses_it() {
        let body = "<Error><Code>InvalidUri</Code><Message>cannot read /q?sp=r&amp;sig=c2VjcmV0%3D\
            &amp;se=1 or 'Pv2TfhcT2pGWVlvS0FAUlQTjnkGMhwVvLeF5yQm7a1o='</Message></Error>";
        let response = http::Response::builder().status(400).body(Bytes::from(body)).unwrap();
        let error = ServiceError::from_http(&response);
        assert_eq!(error.message(), "cannot read /q?sp=r&sig=REDACTED&se=1 or 'REDACTED'");
    }
}
