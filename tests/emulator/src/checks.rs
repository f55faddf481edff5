//! Values that the protocol can carry and the service refuses.

use queue_proto::{
    AnyOperation, ErrorCode, Metrics, PolicyPermission, ServiceError, ServiceProperties,
    SignedIdentifiers,
};

/// The versions of logging and metrics; newer accounts have the second.
const ANALYTICS: [&str; 2] = ["1.0", "2.0"];

/// Refuses an operation with such a value.
pub(crate) fn check(operation: &AnyOperation) -> Result<(), ServiceError> {
    match operation {
        AnyOperation::SetQueueAcl(set) => policies(&set.identifiers),
        AnyOperation::SetServiceProperties(set) => properties(&set.properties),
        _ => Ok(()),
    }
}

fn policies(policies: &SignedIdentifiers) -> Result<(), ServiceError> {
    for identifier in policies {
        let letters = identifier.policy.permission.as_ref();
        if letters.is_some_and(|letters| PolicyPermission::new(letters.as_str()).is_err()) {
            return Err(ServiceError::new(ErrorCode::InvalidXmlDocument)
                .with_detail("Reason", "A Permission has letters out of raup, each once."));
        }
    }
    Ok(())
}

fn properties(given: &ServiceProperties) -> Result<(), ServiceError> {
    if let Some(other) = given.other.first() {
        return Err(ServiceError::new(ErrorCode::UnsupportedXmlNode)
            .with_detail("XmlNodeName", other.name()));
    }
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
