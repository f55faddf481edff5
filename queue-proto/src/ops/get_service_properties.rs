//! [`GetServiceProperties`] and its response, by the page "Get Queue Service Properties" of the REST reference.

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{DecodeError, ServiceError};
use crate::kind::OperationKind;
use crate::operation::{Operation, OperationResponse};
use crate::properties::ServiceProperties;
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::xml::properties;

/// Get Queue Service Properties, `GET /?restype=service&comp=properties`, returns the settings of the
/// queue service: logging, metrics and CORS rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetServiceProperties {}

/// The answer to [`GetServiceProperties`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetServicePropertiesResponse {
    /// The settings of the service.
    pub properties: ServiceProperties,
}

impl GetServiceProperties {
    /// Asks for the settings of the service.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

impl GetServicePropertiesResponse {
    /// The answer with these settings.
    #[must_use]
    pub fn new(properties: ServiceProperties) -> Self {
        Self { properties }
    }
}

impl Operation for GetServiceProperties {
    const KIND: OperationKind = OperationKind::GetServiceProperties;
    type Response = GetServicePropertiesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.fixed_query(Self::KIND);
    }

    fn read(_request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        Ok(Self {})
    }
}

impl OperationResponse for GetServicePropertiesResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        expect_status(status, &[StatusCode::OK])?;
        Ok(Self { properties: properties::read_answer(body)? })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.header(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.xml(properties::write_response(&self.properties, out.version()));
    }
}
