//! What a program can learn about its calls: spans, and a hook for metrics.
//!
//! Every call is a [`tracing`] span `queue_client::call` at debug level, with the names of
//! OpenTelemetry's conventions for messaging, version 1.45.0:
//!
//! | Field | |
//! | --- | --- |
//! | `otel.name`, `otel.kind` | the operation and the queue; `producer` for Put Message, else `client` |
//! | `messaging.system.name` | `azure_storage_queue`; also as `messaging.system`, the name until 1.44.0 |
//! | `messaging.operation.name` | the operation, by its name in the REST reference |
//! | `messaging.operation.type` | `send`, `receive` or `settle`, if the operation is about messages |
//! | `messaging.destination.name` | the queue |
//! | `messaging.batch.message_count` | how many messages a receive or a peek got |
//! | `server.address`, `server.port` | host and port of the primary |
//! | `attempts` | how often a request was sent |
//! | `error.type` | the code of the service, or `transport`, `answer` and the like |
//! | `az.service_request_id` | the id that the service gave an answer with an error |
//!
//! Neither spans nor events hold a secret or the text of a message.
//!
//! With the feature `metrics`, `ClientMetrics` counts calls with the `metrics` crate.

#[cfg(feature = "metrics")]
mod metrics;

use std::{any::Any, fmt, sync::Arc, time::Duration};

use queue_proto::{
    Endpoint, OperationKind, QueueName,
    ops::{GetMessagesResponse, PeekMessagesResponse},
};
use tracing::{Span, field::Empty};

#[cfg(feature = "metrics")]
pub use self::metrics::ClientMetrics;
use crate::{
    error::{Cause, Error},
    semconv,
};

/// A call that is over.
#[derive(Debug)]
#[non_exhaustive]
pub struct CallReport<'a> {
    /// The operation that was called.
    pub operation: OperationKind,
    /// The queue, if the call is about one and the client knows which.
    pub queue: Option<&'a QueueName>,
    /// The number of requests that were sent.
    pub attempts: u32,
    /// The time that the call took, pauses between attempts included.
    pub duration: Duration,
    /// The error of the call, if it failed.
    pub error: Option<&'a Error>,
}

/// Is told of every call that is over, for metrics.
///
/// It is called on the task that made the call, so it must be quick. A call whose future is dropped
/// is not reported.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use queue_client::observe::{CallReport, CallObserver};
///
/// #[derive(Debug, Default)]
/// struct Failures(AtomicU64);
///
/// impl CallObserver for Failures {
///     fn call_ended(&self, report: &CallReport<'_>) {
///         if report.error.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait CallObserver: fmt::Debug + Send + Sync {
    /// A call ended, well or not.
    fn call_ended(&self, report: &CallReport<'_>);
}

/// An observer that the program keeps a hold of, to read what it counted.
impl<T: CallObserver + ?Sized> CallObserver for Arc<T> {
    fn call_ended(&self, report: &CallReport<'_>) {
        (**self).call_ended(report);
    }
}

/// The span of a call. It costs next to nothing while nobody listens.
pub(crate) fn span(
    endpoint: &Endpoint,
    operation: OperationKind,
    queue: Option<&QueueName>,
) -> Span {
    let span = tracing::debug_span!(
        target: "queue_client",
        "queue_client::call",
        otel.name = Empty,
        otel.kind = semconv::span_kind(operation),
        { semconv::SYSTEM_NAME } = semconv::SYSTEM_VALUE,
        { semconv::SYSTEM } = semconv::SYSTEM_VALUE,
        { semconv::OPERATION_NAME } = operation.name(),
        { semconv::OPERATION_TYPE } = semconv::operation_type(operation),
        { semconv::DESTINATION } = Empty,
        { semconv::BATCH_COUNT } = Empty,
        { semconv::SERVER_ADDRESS } = Empty,
        { semconv::SERVER_PORT } = Empty,
        attempts = Empty,
        { semconv::ERROR_TYPE } = Empty,
        az.service_request_id = Empty,
    );
    if !span.is_disabled() {
        let (host, port) = semconv::server(endpoint);
        span.record(semconv::SERVER_ADDRESS, host);
        span.record(semconv::SERVER_PORT, port);
        match queue {
            Some(queue) => {
                span.record(semconv::DESTINATION, queue.as_str());
                span.record("otel.name", format_args!("{} {queue}", operation.name()).to_string());
            }
            None => {
                span.record("otel.name", operation.name());
            }
        }
    }
    span
}

pub(crate) fn record<R: 'static>(span: &Span, attempts: u32, result: Result<&R, &Error>) {
    if span.is_disabled() {
        return;
    }
    span.record("attempts", attempts);
    match result {
        Ok(response) => {
            if let Some(count) = message_count(response) {
                span.record(semconv::BATCH_COUNT, count);
            }
        }
        Err(error) => {
            span.record(semconv::ERROR_TYPE, error_type(error.cause()));
            if let Some(id) = error.request_id() {
                span.record("az.service_request_id", id);
            }
        }
    }
}

/// The number of messages in an answer that can have several.
fn message_count(response: &dyn Any) -> Option<usize> {
    let received = response.downcast_ref::<GetMessagesResponse>();
    let peeked = response.downcast_ref::<PeekMessagesResponse>();
    received.map(|got| got.messages.len()).or_else(|| peeked.map(|got| got.messages.len()))
}

fn error_type(cause: &Cause) -> &str {
    match cause {
        Cause::InvalidArgument(_) => "invalid_argument",
        Cause::Authorization(_) => "authorization",
        Cause::InsecureEndpoint => "insecure_endpoint",
        Cause::NoSecondary => "no_secondary",
        Cause::Service(error) => error.code().as_str(),
        Cause::Transport(_) => "transport",
        Cause::Answer(_) => "answer",
        Cause::NotTheService(_) => "not_the_service",
        Cause::BodyStore(_) => "body_store",
        Cause::Encryption(_) => "encryption",
    }
}
