//! [`ClientMetrics`]: metrics of calls through the `metrics` crate.

use metrics::{Label, counter, histogram};
use queue_proto::OperationKind;

use super::{CallObserver, CallReport, error_type};
use crate::semconv::{self, metric};

/// Counts the calls of a client with the `metrics` crate, under the names of OpenTelemetry's
/// conventions for messaging, version 1.45.0:
///
/// | Metric | Kind | Labels |
/// | --- | --- | --- |
/// | `messaging.client.operation.duration` | histogram, s | `messaging.operation.name`, `messaging.operation.type`, `error.type` |
/// | `messaging.client.sent.messages` | counter: calls of Put Message | `messaging.operation.name`, `error.type` |
///
/// Both have `messaging.system.name`, also as `messaging.system`, and `messaging.destination.name` if
/// the call is about a queue. The time of a call has the pauses between its attempts in it.
///
/// It is for a client that sends. A processor reports its own requests to
/// [`ProcessorMetrics`](crate::processor::ProcessorMetrics): if its client has this observer as well,
/// the durations of its requests are recorded twice.
///
/// ```
/// use queue_client::{QueueServiceClient, observe::ClientMetrics};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
///     .observer(ClientMetrics::new())
///     .build()?;
/// # drop(service);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ClientMetrics;

impl ClientMetrics {
    /// An observer for the recorder of the program.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl CallObserver for ClientMetrics {
    fn call_ended(&self, report: &CallReport<'_>) {
        let mut labels = vec![
            Label::from_static_parts(semconv::SYSTEM_NAME, semconv::SYSTEM_VALUE),
            Label::from_static_parts(semconv::SYSTEM, semconv::SYSTEM_VALUE),
        ];
        if let Some(queue) = report.queue {
            labels.push(Label::new(semconv::DESTINATION, queue.as_str().to_owned()));
        }
        if let Some(error) = report.error {
            labels.push(Label::new(semconv::ERROR_TYPE, error_type(error.cause()).to_owned()));
        }
        if report.operation == OperationKind::PutMessage {
            let mut sent = labels.clone();
            let name = report.operation.name();
            sent.push(Label::from_static_parts(semconv::OPERATION_NAME, name));
            counter!(metric::SENT_MESSAGES, sent).increment(1);
        }
        labels.extend(semconv::operation_labels(report.operation));
        histogram!(metric::OPERATION_DURATION, labels).record(report.duration.as_secs_f64());
    }
}
