//! What a program can learn about its calls: spans, and a hook for metrics.
//!
//! Every call is a [`tracing`] span `queue_client::call` at debug level, with the names of
//! OpenTelemetry's conventions for messaging:
//!
//! | Field | |
//! | --- | --- |
//! | `otel.name`, `otel.kind` | the operation and the queue; `client` |
//! | `messaging.system` | `azure_storage_queue` |
//! | `messaging.operation.name` | the operation, by its name in the REST reference |
//! | `messaging.destination.name` | the queue |
//! | `server.address` | host and port of the primary |
//! | `attempts` | how often a request was sent |
//! | `error.type` | the code of the service, or `transport`, `answer` and the like |
//! | `az.service_request_id` | the id that the service gave an answer with an error |
//!
//! Neither spans nor events hold a secret or the text of a message.

use std::{fmt, time::Duration};

use queue_proto::{Endpoint, OperationKind, QueueName};
use tracing::{Span, field::Empty};

use crate::error::{Cause, Error};

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
/// use queue_client::observe::{CallReport, Observer};
///
/// #[derive(Debug, Default)]
/// struct Failures(AtomicU64);
///
/// impl Observer for Failures {
///     fn call_ended(&self, report: &CallReport<'_>) {
///         if report.error.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: fmt::Debug + Send + Sync {
    /// A call ended, well or not.
    fn call_ended(&self, report: &CallReport<'_>);
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
        otel.kind = "client",
        messaging.system = "azure_storage_queue",
        messaging.operation.name = operation.name(),
        messaging.destination.name = Empty,
        server.address = Empty,
        attempts = Empty,
        error.type = Empty,
        az.service_request_id = Empty,
    );
    if !span.is_disabled() {
        span.record("server.address", endpoint.authority().as_str());
        match queue {
            Some(queue) => {
                span.record("messaging.destination.name", queue.as_str());
                span.record("otel.name", format_args!("{} {queue}", operation.name()).to_string());
            }
            None => {
                span.record("otel.name", operation.name());
            }
        }
    }
    span
}

pub(crate) fn record(span: &Span, attempts: u32, error: Option<&Error>) {
    if span.is_disabled() {
        return;
    }
    span.record("attempts", attempts);
    if let Some(error) = error {
        span.record("error.type", error_type(error.cause()));
        if let Some(id) = error.request_id() {
            span.record("az.service_request_id", id);
        }
    }
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
