//! Errors of the service: parsed by clients, written by servers.

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::date::iso;
use crate::error::ErrorCode;
use crate::header::{self, ResponseHead};
use crate::redact;
use crate::xml;

/// An error that the service answered with, or that a server answers with.
///
/// Clients get it from [`OperationResponse::from_http`](crate::OperationResponse::from_http).
/// Servers make it with [`new`](Self::new) and send it with [`to_http`](Self::to_http); reading a
/// request yields it ready to send. The format is that of the page "Status and error codes" of the
/// REST reference.
///
/// `Debug` shows it without the pop receipts that the service repeats in details.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceError(Box<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    request_id: Option<String>,
    details: Vec<(String, String)>,
}

/// The most children of an error body that are kept, and the most bytes of each.
const MAX_DETAILS: usize = 16;
const MAX_DETAIL: usize = 16 * 1024;

impl ServiceError {
    /// The error with this code, its status and its standard text.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        let status = code.status();
        let message = code.text().to_owned();
        Self(Box::new(Parts { status, code, message, request_id: None, details: Vec::new() }))
    }

    /// Replaces the status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// Replaces the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Sets the id that the service gave the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Adds a detail: another element of the body, such as `QueryParameterName`. A name that is no
    /// plain XML name (ASCII letters, digits, `-`, `_`, `.`, starting with a letter) is left out
    /// when the error is written.
    #[must_use]
    pub fn with_detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.details.push((name.into(), value.into()));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &ErrorCode {
        &self.0.code
    }

    /// The message, without the request id and the time that the service appends to it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id that the service gave the request: what support wants to know.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The other elements of the body, in order. They may repeat the pop receipt of the request: in
    /// `QueryParameterValue`, and in the string to sign of `AuthenticationErrorDetail`.
    pub fn details(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.details.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The detail `name`, such as `AuthenticationErrorDetail`.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

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
        let request_id = header::text(headers, &header::REQUEST_ID).or(stamped_id);
        let details = body
            .details
            .into_iter()
            .map(|(name, value)| (name, redact::signatures(&value).into_owned()))
            .collect();
        Self(Box::new(Parts {
            status,
            // The service repeats what it was asked, a shared access signature among it.
            message: redact::signatures(message).into_owned(),
            request_id: request_id.map(str::to_owned),
            code,
            details,
        }))
    }

    /// Writes the answer: status, headers, and the body unless `method` is `HEAD`, whose answers
    /// have none.
    ///
    /// The request id of `head` stands in the header and in the message, as the service has it; one
    /// that was set on the error is used when `head` has none.
    #[must_use]
    pub fn to_http(&self, head: &ResponseHead, method: &Method) -> http::Response<Bytes> {
        let mut head = head.clone();
        head.request_id = head.request_id.or_else(|| self.0.request_id.clone());
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = self.0.status;
        head.write(response.headers_mut());
        if self.0.code == ErrorCode::Absent {
            return response;
        }
        if let Ok(code) = HeaderValue::from_str(self.0.code.as_str()) {
            response.headers_mut().insert(header::ERROR_CODE, code);
        }
        if *method != Method::HEAD {
            let mut message = self.0.message.clone();
            if let Some(id) = &head.request_id {
                message.push_str(REQUEST_ID_MARK);
                message.push_str(id);
            }
            if let Some(now) = head.date {
                message.push_str(TIME_MARK);
                message.push_str(&iso::ticks(now));
            }
            let body = xml::error::write(self.0.code.as_str(), &message, self.details());
            response
                .headers_mut()
                .insert(http::header::CONTENT_TYPE, HeaderValue::from_static(xml::CONTENT_TYPE));
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

impl From<ErrorCode> for ServiceError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { status, code, message, request_id, .. } = &*self.0;
        match code {
            ErrorCode::Absent => write!(f, "the service answered {status} without an error code")?,
            code => write!(f, "{code} ({})", status.as_u16())?,
        }
        let mut lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
        if let Some(line) = lines.next() {
            write!(f, ": {line}")?;
        }
        for line in lines {
            write!(f, " {line}")?;
        }
        match request_id {
            Some(id) => write!(f, " [request {id}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { status, code, message, request_id, details } = &*self.0;
        f.debug_struct("ServiceError")
            .field("status", status)
            .field("code", code)
            .field("message", message)
            .field("request_id", request_id)
            .field("details", &WithoutReceipts(details))
            .finish()
    }
}

struct WithoutReceipts<'a>(&'a [(String, String)]);

impl fmt::Debug for WithoutReceipts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_receipt = self.0.iter().any(|(name, value)| {
            name == "QueryParameterName" && value.eq_ignore_ascii_case("popreceipt")
        });
        f.debug_map()
            .entries(self.0.iter().map(|(name, value)| match name.as_str() {
                "QueryParameterValue" if is_receipt => (name, "REDACTED".to_owned()),
                _ => (name, without_receipts(value)),
            }))
            .finish()
    }
}

/// Takes pop receipts out of a string to sign, where each parameter has a line.
fn without_receipts(detail: &str) -> String {
    const PARAMETER: &str = "popreceipt:";
    let mut pieces = detail.split(PARAMETER);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(PARAMETER);
        out.push_str("REDACTED");
        // The string to sign stands between apostrophes, or the service cut it off.
        out.push_str(piece.find(['\n', '\'']).and_then(|end| piece.get(end..)).unwrap_or_default());
    }
    out
}

impl Error for ServiceError {}

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

    #[test]
    fn debug_shows_no_pop_receipt() {
        let of = |name, value| {
            ServiceError::new(ErrorCode::InvalidQueryParameterValue)
                .with_detail("QueryParameterName", name)
                .with_detail("QueryParameterValue", value)
        };
        assert!(!format!("{:?}", of("popreceipt", "AgAAAAMAAAA=")).contains("AgAA"));
        assert!(format!("{:?}", of("numofmessages", "33")).contains("\"33\""));

        let detail =
            "... string to sign: 'DELETE\n\n/acme/jobs\npopreceipt:AgAAAAMAAAA=\ntimeout:9'.";
        let error = ServiceError::new(ErrorCode::AuthenticationFailed)
            .with_detail("AuthenticationErrorDetail", detail);
        let shown = format!("{error:#?}");
        assert!(shown.contains(r"popreceipt:REDACTED\ntimeout:9'."), "{shown}");
        let cut = error.with_detail("Other", "popreceipt:AgAAAAMAAAA=");
        assert!(!format!("{cut:?}").contains("AgAA"));
    }
}
