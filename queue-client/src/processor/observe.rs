//! [`Observer`]: what a processor tells about its work: events, requests, handlers, and spans.
//!
//! Each delivery has a [`tracing`] span `process` at info level, from the start of its handler until
//! it is settled. The spans of its renewals and of the requests that settle it are children of it,
//! and what the handler logs is within. Its fields have the names of OpenTelemetry's conventions for
//! messaging, version 1.45.0, where there are any:
//!
//! | Field | |
//! | --- | --- |
//! | `otel.name`, `otel.kind` | `process` and the queue; `consumer` |
//! | `messaging.system.name` | `azure_storage_queue`; also as `messaging.system`, the name until 1.44.0 |
//! | `messaging.operation.name`, `messaging.operation.type` | `process` |
//! | `messaging.destination.name` | the queue |
//! | `messaging.message.id` | the id of the message |
//! | `attempt` | the number of the delivery |
//! | `lease.remaining_ms` | what was left of the lease when the handler started |
//! | `lease.renewals` | how often the lease was renewed |
//! | `outcome` | as [`ProcessReport::outcome_name`] |
//! | `reason` | why the message became a dead letter |
//! | `traceparent` | the trace that the message was sent in, if the sender told |
//!
//! Neither spans nor events hold the text of a message or a pop receipt.

#[cfg(feature = "metrics")]
pub(super) mod metrics;

use std::{fmt, sync::Arc, time::Duration};

use queue_proto::{MessageId, OperationKind, QueueName};

pub use super::core::{DeliveryKey, Event, LoopState, Next, Poll, RenewalResult, Settled};
use super::{
    core::{Counters, Outcome, Reason, Typical},
    envelope::letter::DeadLetter,
};
use crate::{backlog::Backlog, failure::OpFailure};

/// What is told what a processor does, for metrics.
///
/// Its methods are called from the processor's loop, so they must be quick.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Called when something happened.
    fn event(&self, queue: &QueueName, event: &Event) {
        let _ = (queue, event);
    }

    /// Called when a request was answered, or its time was over.
    fn operation(&self, report: &OperationReport<'_>) {
        let _ = report;
    }

    /// Called when a handler has ended, or was dropped.
    fn processed(&self, report: &ProcessReport<'_>) {
        let _ = report;
    }

    /// Called when the loop has done what there was to do, with its state.
    fn health(&self, queue: &QueueName, health: &Health) {
        let _ = (queue, health);
    }

    /// Called with a look at the queue, if the processor [takes](super::Processor::sample_depth) one
    /// every now and then.
    fn depth(&self, queue: &QueueName, depth: &Depth) {
        let _ = (queue, depth);
    }

    /// Called when a dead letter was stored, and its message will be deleted. The letter tells why the
    /// message died, also where the queue for dead letters has the bare text only.
    fn dead_letter(&self, queue: &QueueName, letter: &DeadLetter) {
        let _ = (queue, letter);
    }
}

/// An observer that the program keeps a hold of, to read what it counted.
impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn event(&self, queue: &QueueName, event: &Event) {
        (**self).event(queue, event);
    }

    fn operation(&self, report: &OperationReport<'_>) {
        (**self).operation(report);
    }

    fn processed(&self, report: &ProcessReport<'_>) {
        (**self).processed(report);
    }

    fn health(&self, queue: &QueueName, health: &Health) {
        (**self).health(queue, health);
    }

    fn depth(&self, queue: &QueueName, depth: &Depth) {
        (**self).depth(queue, depth);
    }

    fn dead_letter(&self, queue: &QueueName, letter: &DeadLetter) {
        (**self).dead_letter(queue, letter);
    }
}

/// How a processor is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// What the processor does. [`Finished`](LoopState::Finished) also if its future was dropped, or the tokio
    /// runtime that it ran on.
    pub state: LoopState,
    /// The time for which it has done that.
    pub since: Duration,
    /// The time since a request last succeeded: a receive, a renewal of a lease, or what settles a
    /// message; `None` if none has. In a healthy processor this grows for as long as there is
    /// nothing to ask for: with all handlers busy, to the next renewal.
    pub last_success: Option<Duration>,
    /// The time for which a success has been due: that since the first request that no good answer has
    /// followed, or since the loop should have run. Zero when nothing is waited for, however long
    /// that takes.
    pub overdue: Duration,
    /// What the processor has done so far.
    pub counters: Counters,
    /// The number of messages that are held: worked on, waiting, or being settled.
    pub in_flight: usize,
    /// Of these, the number that wait for their handlers.
    pub waiting: usize,
    /// Of these, the number whose handlers run.
    pub running: usize,
    /// Of these, the number that are being deleted, given back or dead-lettered.
    pub settling: usize,
    /// Whether no handler starts because so many messages are being
    /// [settled](crate::processor::Processor::max_settling): the service is slow, or the place for dead
    /// letters. This ends when half of them are settled.
    pub settling_full: bool,
    /// The number of handlers that could start besides.
    pub free: usize,
    /// How long handlers and receives took of late, by which messages are received ahead; `None` until
    /// one of each has ended.
    pub typical: Option<Typical>,
    /// The last error of a receive, update, delete or dead letter, if there was any.
    pub last_error: Option<String>,
}

impl Health {
    /// What a liveness probe asks: whether the processor runs, and no success has been
    /// [overdue](Self::overdue) for longer than `limit`.
    ///
    /// An outage of the service makes a processor unhealthy once it has lasted for `limit`, although
    /// a restart does not help then. Some minutes are a good limit: a single request may take 35
    /// seconds, and the pause after failures grows to a minute. While the credential is refused the
    /// pause grows to five.
    #[must_use]
    pub fn is_healthy(&self, limit: Duration) -> bool {
        self.state != LoopState::Finished && self.overdue <= limit
    }
}

/// What waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Depth {
    /// About how many messages the queue has, those that are hidden included (Get Queue Metadata).
    pub messages: u64,
    /// How many messages are visible, and how old the oldest of them is (Peek Messages).
    pub backlog: Backlog,
}

/// A request that is over.
#[derive(Debug)]
#[non_exhaustive]
pub struct OperationReport<'a> {
    /// The queue that the processor works on.
    pub queue: &'a QueueName,
    /// The operation. Put Message stores a dead letter.
    pub operation: OperationKind,
    /// The time from the request to its answer, or to its end without one.
    pub duration: Duration,
    /// The failure, if the request failed.
    pub failure: Option<&'a OpFailure>,
}

/// A handler that is over.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProcessReport<'a> {
    /// The queue that the processor works on.
    pub queue: &'a QueueName,
    /// The id of the message.
    pub id: &'a MessageId,
    /// What becomes of the message; `None` when the handler was dropped: its time was over, its lease
    /// lost, or the processor shut down.
    pub outcome: Option<&'a Outcome>,
    /// The kind of failure that led to this outcome; `None` when the handler chose it.
    pub failure: Option<Reason>,
    /// What the handler or the codec said when it failed, or why the handler asked for a dead letter:
    /// at most 4 KiB, without what looks like a signature or a key.
    pub error: Option<&'a str>,
    /// The causes of that error, outermost first.
    pub causes: &'a [String],
    /// The time for which the handler ran.
    pub duration: Duration,
    /// The number of the delivery, from 1.
    pub attempt: u32,
    /// The time that the message had been in the queue when it was received, by the clock of the
    /// service.
    pub queue_time: Option<Duration>,
}

impl ProcessReport<'_> {
    /// How the handler ended, as metrics and spans say it: `complete`, `retry`, `panic`, `dead_letter`,
    /// `abandon` or `dropped`.
    #[must_use]
    pub const fn outcome_name(&self) -> &'static str {
        match self.outcome {
            Some(Outcome::Complete) => "complete",
            Some(Outcome::Retry { .. })
                if matches!(self.failure, Some(Reason::HandlerPanicked)) =>
            {
                "panic"
            }
            Some(Outcome::Retry { .. }) => "retry",
            Some(Outcome::DeadLetter { .. }) => "dead_letter",
            Some(Outcome::Abandon) => "abandon",
            None => "dropped",
        }
    }
}

/// Those who are told.
#[derive(Debug, Clone, Default)]
pub(super) struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    pub(super) fn add(&mut self, observer: impl Observer) {
        self.0.push(Arc::new(observer));
    }

    pub(super) fn event(&self, queue: &QueueName, event: &Event) {
        for observer in &self.0 {
            observer.event(queue, event);
        }
    }

    pub(super) fn operation(&self, report: &OperationReport<'_>) {
        for observer in &self.0 {
            observer.operation(report);
        }
    }

    pub(super) fn processed(&self, report: &ProcessReport<'_>) {
        for observer in &self.0 {
            observer.processed(report);
        }
    }

    pub(super) fn health(&self, queue: &QueueName, health: impl FnOnce() -> Health) {
        if self.0.is_empty() {
            return;
        }
        let health = health();
        for observer in &self.0 {
            observer.health(queue, &health);
        }
    }

    pub(super) fn depth(&self, queue: &QueueName, depth: &Depth) {
        for observer in &self.0 {
            observer.depth(queue, depth);
        }
    }

    pub(super) fn dead_letter(&self, queue: &QueueName, letter: &DeadLetter) {
        for observer in &self.0 {
            observer.dead_letter(queue, letter);
        }
    }

    /// Whether there is anybody to tell.
    pub(super) fn are_some(&self) -> bool {
        !self.0.is_empty()
    }
}
