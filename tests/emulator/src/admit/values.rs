//! Values of parameters, headers and body: read by the readers of the protocol, and then refused
//! where the protocol can carry what the service does not take.

use queue_proto::{
    AnyOperation, ErrorCode, IncomingRequest, Metrics, ServiceError, ServiceProperties,
    ServiceVersion,
};

use crate::version::{UPDATE, before};

/// The versions of logging and metrics; newer accounts have the second.
const ANALYTICS: [&str; 2] = ["1.0", "2.0"];

/// The longest that a message could be hidden before 2011-08-18: two hours.
const OLD_MAX_HIDDEN: u64 = 2 * 60 * 60;
/// The most bytes that a message could have before 2011-08-18.
const OLD_MAX_TEXT: usize = 8 * 1024;

/// Reads the operation with its values.
pub(super) fn read(incoming: &IncomingRequest<'_>) -> Result<AnyOperation, ServiceError> {
    let operation = AnyOperation::read(incoming)?;
    check_version(&operation, incoming.version())?;
    check(&operation)?;
    Ok(operation)
}

/// Refuses values that were too large in the version.
fn check_version(
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

fn check(operation: &AnyOperation) -> Result<(), ServiceError> {
    match operation {
        AnyOperation::SetServiceProperties(set) => properties(&set.properties),
        _ => Ok(()),
    }
}

fn properties(given: &ServiceProperties) -> Result<(), ServiceError> {
    let metrics = [&given.hour_metrics, &given.minute_metrics].into_iter().flatten();
    let versions = given.logging.iter().map(|logging| &logging.version);
    let mut versions = versions.chain(metrics.map(|Metrics { version, .. }| version));
    if versions.all(|version| ANALYTICS.contains(&version.as_str())) {
        Ok(())
    } else {
        Err(wrong("Version", "The version of Storage Analytics must be 1.0 or 2.0."))
    }
}

fn wrong(node: &str, reason: &str) -> ServiceError {
    ServiceError::new(ErrorCode::InvalidXmlNodeValue)
        .with_detail("XmlNodeName", node)
        .with_detail("Reason", reason)
}
