//! [`ProcessorMetrics`]: metrics through the `metrics` crate.

use metrics::{Label, counter, gauge, histogram};
use queue_proto::{OperationKind, QueueName};

use super::{Depth, Health, Observer, OperationReport, ProcessReport};
use crate::{
    failure::{OpFailure, Refusal},
    processor::core::{Event, LostCause, Poll, Reason, RenewalResult, Settled},
    semconv::{self, metric},
};

/// Counts what a processor does with the `metrics` crate, under the names of OpenTelemetry's
/// conventions for messaging, version 1.45.0, where there are any:
///
/// | Metric | Kind | Labels |
/// | --- | --- | --- |
/// | `messaging.client.operation.duration` | histogram, s | `messaging.operation.name`, `messaging.operation.type`, `error.type` |
/// | `messaging.client.consumed.messages` | counter | `messaging.operation.name` |
/// | `messaging.process.duration` | histogram, s | `messaging.operation.name`, `outcome` |
/// | `azure_queue.delivery.attempt` | histogram | |
/// | `azure_queue.delivery.queue_time` | histogram, s | |
/// | `azure_queue.lease.renewals` | counter | `result` |
/// | `azure_queue.lease.lost` | counter | `cause` |
/// | `azure_queue.lease.margin` | histogram, s: what was left of the lease when the message was settled | |
/// | `azure_queue.duplicate.suppressed`, `azure_queue.duplicate.while_running` | counter | |
/// | `azure_queue.settle.not_owner`, `azure_queue.settle.ambiguous_success` | counter | |
/// | `azure_queue.dead_letter` | counter | `reason` |
/// | `azure_queue.poll` | counter | `result` |
/// | `azure_queue.in_flight` | gauge: handlers that run | |
/// | `azure_queue.loop.state` | gauge: 1 for the state that the loop is in, 0 for the others | `state` |
/// | `azure_queue.loop.last_success_age` | gauge, s: how long ago a request last succeeded | |
/// | `azure_queue.loop.overdue` | gauge, s: for how long a success has been [due](Health::overdue) | |
/// | `azure_queue.permits.free` | gauge: how many handlers more could start | |
/// | `azure_queue.waiting` | gauge: messages that wait for their handlers | |
/// | `azure_queue.settling` | gauge: messages that are being settled | |
/// | `azure_queue.given_back` | counter: messages received ahead that did not start in time | |
/// | `azure_queue.queue.depth` | gauge: messages in the queue, if the processor [samples](crate::processor::Processor::sample_depth) them | |
/// | `azure_queue.queue.visible` | gauge: visible messages, up to 32, if it samples | |
/// | `azure_queue.queue.oldest_age` | gauge, s: the age of the oldest visible message, if it samples | |
///
/// Dead letters and lost leases are counted from 0, for each reason and each cause, as soon as the loop
/// runs: a question for the increase of a counter does not see a first count that comes from nowhere.
///
/// All have `messaging.system.name`, also as `messaging.system`, and `messaging.destination.name`.
///
/// [`ClientMetrics`](crate::observe::ClientMetrics) counts what a client sends.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ProcessorMetrics;

impl ProcessorMetrics {
    /// An observer for the recorder of the program.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

const LOOP_STATES: [&str; 6] =
    ["working", "backing_off", "paused", "draining", "releasing", "finished"];

const REASONS: [Reason; 7] = [
    Reason::HandlerFailed,
    Reason::HandlerPanicked,
    Reason::HandlerTimedOut,
    Reason::Requested,
    Reason::DeliveriesExhausted,
    Reason::Undecodable,
    Reason::WouldExpire,
];

const CAUSES: [LostCause; 5] = [
    LostCause::Taken,
    LostCause::ReceiptLost,
    LostCause::Expired,
    LostCause::QueueGone,
    LostCause::MaxLease,
];

fn labels(queue: &QueueName, more: Option<(&'static str, &'static str)>) -> Vec<Label> {
    let mut labels = vec![
        Label::from_static_parts(semconv::SYSTEM_NAME, semconv::SYSTEM_VALUE),
        Label::from_static_parts(semconv::SYSTEM, semconv::SYSTEM_VALUE),
        Label::new(semconv::DESTINATION, queue.as_str().to_owned()),
    ];
    labels.extend(more.map(|(name, value)| Label::from_static_parts(name, value)));
    labels
}

impl Observer for ProcessorMetrics {
    fn event(&self, queue: &QueueName, event: &Event) {
        let count = |name: &'static str, label: Option<(&'static str, &'static str)>, by: u64| {
            counter!(name, labels(queue, label)).increment(by);
        };
        match event {
            Event::Polled(poll) => {
                let (result, messages) = match poll {
                    Poll::Full(messages) => ("full", *messages),
                    Poll::Partial(messages) => ("partial", *messages),
                    Poll::Empty => ("empty", 0),
                    Poll::Failed(trouble) => (trouble.as_str(), 0),
                };
                count("azure_queue.poll", Some(("result", result)), 1);
                let receive = OperationKind::GetMessages.name();
                count(
                    metric::CONSUMED_MESSAGES,
                    Some((semconv::OPERATION_NAME, receive)),
                    messages as u64,
                );
            }
            Event::Loop(state) => {
                for one in LOOP_STATES {
                    let label = Some(("state", one));
                    let value = if one == state.as_str() { 1.0 } else { 0.0 };
                    gauge!("azure_queue.loop.state", labels(queue, label)).set(value);
                }
                for reason in REASONS {
                    count("azure_queue.dead_letter", Some(("reason", reason.as_str())), 0);
                }
                for cause in CAUSES {
                    count("azure_queue.lease.lost", Some(("cause", cause_name(cause))), 0);
                }
            }
            Event::Started { .. } => {
                gauge!("azure_queue.in_flight", labels(queue, None)).increment(1);
            }
            Event::Renewal { result, .. } => {
                let result = match result {
                    RenewalResult::Ok => "ok",
                    RenewalResult::Refused => "refused",
                    RenewalResult::Ambiguous => "ambiguous",
                    RenewalResult::NotOwner => "not_owner",
                };
                count("azure_queue.lease.renewals", Some(("result", result)), 1);
            }
            Event::LeaseLost { cause, .. } => {
                count("azure_queue.lease.lost", Some(("cause", cause_name(*cause))), 1);
            }
            Event::DuplicateSuppressed { .. } => {
                count("azure_queue.duplicate.suppressed", None, 1);
            }
            Event::RedeliveredWhileRunning { .. } => {
                count("azure_queue.duplicate.while_running", None, 1);
            }
            Event::Settled { how, margin, .. } => {
                histogram!("azure_queue.lease.margin", labels(queue, None))
                    .record(margin.as_secs_f64());
                match how {
                    Settled::CompletedAfterAmbiguity => {
                        count("azure_queue.settle.ambiguous_success", None, 1);
                    }
                    Settled::CompletedNotOwned { .. } => {
                        count("azure_queue.settle.not_owner", None, 1);
                    }
                    Settled::GivenBack => count("azure_queue.given_back", None, 1),
                    Settled::DeadLettered { reason } => {
                        count("azure_queue.dead_letter", Some(("reason", reason.as_str())), 1);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn operation(&self, report: &OperationReport<'_>) {
        let mut labels =
            labels(report.queue, report.failure.map(|f| (semconv::ERROR_TYPE, error_type(f))));
        labels.extend(semconv::operation_labels(report.operation));
        histogram!(metric::OPERATION_DURATION, labels).record(report.duration.as_secs_f64());
    }

    fn processed(&self, report: &ProcessReport<'_>) {
        let mut process = labels(report.queue, Some(("outcome", report.outcome_name())));
        process.push(Label::from_static_parts(semconv::OPERATION_NAME, semconv::PROCESS));
        histogram!(metric::PROCESS_DURATION, process).record(report.duration.as_secs_f64());
        histogram!("azure_queue.delivery.attempt", labels(report.queue, None))
            .record(f64::from(report.attempt));
        if let Some(time) = report.queue_time {
            histogram!("azure_queue.delivery.queue_time", labels(report.queue, None))
                .record(time.as_secs_f64());
        }
        gauge!("azure_queue.in_flight", labels(report.queue, None)).decrement(1);
    }

    fn health(&self, queue: &QueueName, health: &Health) {
        gauge!("azure_queue.permits.free", labels(queue, None)).set(health.free as f64);
        gauge!("azure_queue.waiting", labels(queue, None)).set(health.waiting as f64);
        gauge!("azure_queue.settling", labels(queue, None)).set(health.settling as f64);
        let overdue = health.overdue.as_secs_f64();
        gauge!("azure_queue.loop.overdue", labels(queue, None)).set(overdue);
        if let Some(age) = health.last_success {
            gauge!("azure_queue.loop.last_success_age", labels(queue, None)).set(age.as_secs_f64());
        }
    }

    fn depth(&self, queue: &QueueName, depth: &Depth) {
        let set = |name: &'static str, value| gauge!(name, labels(queue, None)).set(value);
        set("azure_queue.queue.depth", depth.messages as f64);
        set("azure_queue.queue.visible", f64::from(depth.backlog.visible()));
        set(
            "azure_queue.queue.oldest_age",
            depth.backlog.oldest_age().unwrap_or_default().as_secs_f64(),
        );
    }
}

const fn cause_name(cause: LostCause) -> &'static str {
    match cause {
        LostCause::Taken => "taken",
        LostCause::ReceiptLost => "receipt_lost",
        LostCause::Expired => "expired",
        LostCause::QueueGone => "queue_gone",
        LostCause::MaxLease => "max_lease",
    }
}

const fn error_type(failure: &OpFailure) -> &'static str {
    match failure {
        OpFailure::Refused { kind, .. } => match kind {
            Refusal::Throttled => "throttled",
            Refusal::Unauthorized => "unauthorized",
            Refusal::QueueNotFound => "queue_not_found",
            Refusal::QueueBeingDeleted => "queue_being_deleted",
            Refusal::Conflict => "conflict",
            Refusal::Invalid => "invalid",
        },
        OpFailure::NotSent => "not_sent",
        OpFailure::Ambiguous => "ambiguous",
        OpFailure::NotOwner => "not_owner",
    }
}
