//! The names that spans and metrics have from OpenTelemetry's semantic conventions for messaging.
//! Come here when the conventions change: nothing else in this crate writes such a name.
//!
//! They follow version 1.45.0 of the conventions, in which messaging has the status *Development*.
//! That version calls the system `messaging.system.name`. Versions up to 1.44.0 call it
//! `messaging.system`, and so do the dashboards that were made for them: both are written.

use queue_proto::{Endpoint, OperationKind};

/// The system, by its name since 1.45.0.
pub(crate) const SYSTEM_NAME: &str = "messaging.system.name";
/// The system, by its name until 1.44.0.
pub(crate) const SYSTEM: &str = "messaging.system";
/// The value of both names. The lists of the conventions have none for this service, and allow
/// others.
pub(crate) const SYSTEM_VALUE: &str = "azure_storage_queue";

/// What was done, by the name that the system itself has for it.
pub(crate) const OPERATION_NAME: &str = "messaging.operation.name";
/// What was done, in the words that all systems share.
pub(crate) const OPERATION_TYPE: &str = "messaging.operation.type";
pub(crate) const DESTINATION: &str = "messaging.destination.name";
#[cfg(all(feature = "processor", feature = "tokio"))]
pub(crate) const MESSAGE_ID: &str = "messaging.message.id";
/// The number of messages in an answer, where an answer can have several.
pub(crate) const BATCH_COUNT: &str = "messaging.batch.message_count";
/// A host without its port.
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const ERROR_TYPE: &str = "error.type";

/// Name and type of the operation that runs a handler.
#[cfg(all(feature = "processor", feature = "tokio"))]
pub(crate) const PROCESS: &str = "process";

/// The names of metrics. Those of the conventions that are missing here have no meaning for a queue
/// that is polled.
#[cfg(feature = "metrics")]
pub(crate) mod metric {
    pub(crate) const OPERATION_DURATION: &str = "messaging.client.operation.duration";
    pub(crate) const SENT_MESSAGES: &str = "messaging.client.sent.messages";
    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) const CONSUMED_MESSAGES: &str = "messaging.client.consumed.messages";
    #[cfg(all(feature = "processor", feature = "tokio"))]
    pub(crate) const PROCESS_DURATION: &str = "messaging.process.duration";
}

/// The type of an operation, for those that the conventions have a word for.
pub(crate) const fn operation_type(operation: OperationKind) -> Option<&'static str> {
    match operation {
        OperationKind::PutMessage => Some("send"),
        OperationKind::GetMessages | OperationKind::PeekMessages => Some("receive"),
        OperationKind::UpdateMessage | OperationKind::DeleteMessage => Some("settle"),
        _ => None,
    }
}

/// The labels of a metric that is about an operation.
#[cfg(feature = "metrics")]
pub(crate) fn operation_labels(operation: OperationKind) -> impl Iterator<Item = metrics::Label> {
    let name = Some((OPERATION_NAME, operation.name()));
    let kind = operation_type(operation).map(|kind| (OPERATION_TYPE, kind));
    name.into_iter().chain(kind).map(|(name, value)| metrics::Label::from_static_parts(name, value))
}

/// The kind of the span of an operation.
pub(crate) const fn span_kind(operation: OperationKind) -> &'static str {
    match operation {
        OperationKind::PutMessage => "producer",
        _ => "client",
    }
}

/// The host of an endpoint and its port, which is that of the scheme if the address names none.
pub(crate) fn server(endpoint: &Endpoint) -> (&str, u16) {
    let authority = endpoint.authority();
    let usual = if endpoint.is_https() { 443 } else { 80 };
    (authority.host(), authority.port_u16().unwrap_or(usual))
}
