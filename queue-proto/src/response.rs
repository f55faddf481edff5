//! Responses, whatever the operation is: [`ResponseWriter`], which servers write them with, what
//! clients read them with, and [errors](error) as answers.

mod error;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::error::{DecodeError, DecodeProblem};
use crate::header;
use crate::metadata::{Metadata, MetadataNames};
use crate::version::ServiceVersion;

/// What an [`OperationResponse`](crate::OperationResponse) writes itself into.
///
/// It knows the version of the service that the request asked for: services answer in the form that
/// clients of that version know.
#[derive(Debug, Default)]
pub struct ResponseWriter {
    version: ServiceVersion,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    names: Option<MetadataNames>,
}

impl ResponseWriter {
    /// Starts an empty answer with the status 200, in the form of the newest version.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an empty answer with the status 200, in the form of this version.
    #[must_use]
    pub fn of_version(version: ServiceVersion) -> Self {
        Self { version, ..Self::default() }
    }

    /// The version in whose form to answer.
    #[must_use]
    pub fn version(&self) -> ServiceVersion {
        self.version
    }

    /// Sets the HTTP status.
    pub fn status(&mut self, status: StatusCode) {
        self.status = status;
    }

    /// Adds a header. Beyond some 24,000 of them it is dropped, which is more than clients read.
    pub fn header(&mut self, name: HeaderName, value: HeaderValue) {
        let _ = self.headers.try_append(name, value);
    }

    /// Adds the items of `metadata` as headers, and beside them how their names are spelled.
    pub(crate) fn metadata(&mut self, metadata: &Metadata) {
        metadata.write(|name, value| self.header(name, value));
        self.names = MetadataNames::of(metadata);
    }

    /// Sets the body, which is XML.
    pub fn xml(&mut self, body: impl Into<Bytes>) {
        self.body = body.into();
        self.headers.insert(CONTENT_TYPE, header::XML);
    }

    /// The answer that was written.
    #[must_use]
    pub fn finish(self) -> http::Response<Bytes> {
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Some(names) = self.names {
            response.extensions_mut().insert(names);
        }
        response
    }
}

/// The value of a header that must be there, read with `parse`.
pub(crate) fn required_header<T>(
    headers: &HeaderMap,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, DecodeError> {
    let value =
        headers.get(name).ok_or_else(|| DecodeError::new(DecodeProblem::MissingHeader(name)))?;
    value.to_str().ok().and_then(parse).ok_or_else(|| DecodeError::new(DecodeProblem::Header(name)))
}

/// Refuses a status that the operation does not know.
pub(crate) fn expect_status(status: StatusCode, known: &[StatusCode]) -> Result<(), DecodeError> {
    if known.contains(&status) { Ok(()) } else { Err(DecodeError::status(status)) }
}
