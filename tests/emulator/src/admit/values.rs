//! Values of parameters, headers and body: read by the readers of the protocol, and then refused
//! where the protocol can carry what the service does not take.

use queue_proto::{
    AnyOperation, ErrorCode, IncomingRequest, Metrics, ServiceError, ServiceProperties,
};

use crate::version;

/// The versions of logging and metrics; newer accounts have the second.
const ANALYTICS: [&str; 2] = ["1.0", "2.0"];

/// Reads the operation with its values.
pub(super) fn read(incoming: &IncomingRequest<'_>) -> Result<AnyOperation, ServiceError> {
    let operation = AnyOperation::read(incoming)?;
    version::check_values(&operation, incoming.version())?;
    check(&operation)?;
    Ok(operation)
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
