//! [`ServiceError`], an error of the service. How it travels is in `response/error.rs`.

use std::error::Error;
use std::fmt;

use http::StatusCode;

use crate::error::ErrorCode;

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

    /// The error code, on which programs decide what to do.
    #[must_use]
    pub fn code(&self) -> &ErrorCode {
        &self.0.code
    }

    /// The message, without the request id and the time that the service appends to it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id that the service gave the request. Support asks for it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The other elements of the body, in order. These elements may repeat the pop receipt of the request: in
    /// `QueryParameterValue`, and in the string to sign of `AuthenticationErrorDetail`.
    pub fn details(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.details.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The detail `name`, such as `AuthenticationErrorDetail`.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details().find(|(key, _)| *key == name).map(|(_, value)| value)
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
    use super::*;

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
