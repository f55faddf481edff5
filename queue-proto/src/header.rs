//! Names of the headers of the service.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The content type of every body.
pub(crate) const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// `x-ms-version`: the version of the service, in requests and answers.
pub const VERSION: HeaderName = HeaderName::from_static("x-ms-version");
/// `x-ms-client-request-id`: an id that the client chose, echoed by the service.
pub const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
/// `x-ms-request-id`: the id that the service gave the request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
/// `x-ms-error-code`: the code of a service error.
pub const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");
/// `x-ms-approximate-messages-count`: in the answer to Get Queue Metadata.
pub const APPROXIMATE_MESSAGES_COUNT: HeaderName =
    HeaderName::from_static("x-ms-approximate-messages-count");
/// `x-ms-popreceipt`: in the answer to Update Message.
pub const POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");
/// `x-ms-time-next-visible`: in the answer to Update Message.
pub const TIME_NEXT_VISIBLE: HeaderName = HeaderName::from_static("x-ms-time-next-visible");
/// The start of the names of metadata headers.
pub const META_PREFIX: &str = "x-ms-meta-";

/// The value of a header as text; `None` when it is absent or not visible ASCII.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A header value of text that is known to be visible ASCII.
pub(crate) fn value(text: impl fmt::Display) -> HeaderValue {
    HeaderValue::try_from(text.to_string()).expect("dates, numbers and receipts are visible ASCII")
}
