//! [`SetServiceProperties`] and its response, by the page "Set Queue Service Properties" of the REST reference.

use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::operation::Operation;
use crate::ops::empty::empty_response;
use crate::properties::ServiceProperties;
use crate::request::{IncomingRequest, RequestWriter};
use crate::xml::properties;

/// Set Queue Service Properties, `PUT /?restype=service&comp=properties`, changes the settings of the
/// queue service. New settings may take half a minute to act.
///
/// A server that reads the request has the settings [checked](ServiceProperties::check), and refuses
/// the [elements](ServiceProperties::other) that this crate does not know.
///
/// # Errors of the service
///
/// - 400 `MissingRequiredXmlNode`, `InvalidXmlNodeValue`: a setting is incomplete or breaks a rule of
///   the page.
/// - 400 `UnsupportedXmlNode`: the queue service does not have the setting.
/// - 400 `InvalidXmlDocument`: the body is not XML, or has a setting twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetServiceProperties {
    /// The new settings; what is `None` stays as it is.
    pub properties: ServiceProperties,
}

empty_response! {
    /// The answer to [`SetServiceProperties`]: status 202.
    SetServicePropertiesResponse, ACCEPTED
}

impl SetServiceProperties {
    /// Changes the settings to these.
    #[must_use]
    pub fn new(properties: ServiceProperties) -> Self {
        Self { properties }
    }
}

impl Operation for SetServiceProperties {
    const KIND: OperationKind = OperationKind::SetServiceProperties;
    type Response = SetServicePropertiesResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.fixed_query(Self::KIND);
        out.xml(properties::write_request(&self.properties));
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let body = request.body();
        let version = request.options().version;
        let properties =
            properties::read_request(body, version).map_err(|error| error.refuse(body))?;
        properties.check().map_err(|error| {
            ServiceError::new(ErrorCode::InvalidXmlNodeValue)
                .with_detail("XmlNodeName", error.what())
                .with_detail("Reason", error.to_string())
        })?;
        Ok(Self { properties })
    }
}
