//! [`Event`]: what the core tells observers, for metrics and logs. Nothing depends on events.

use std::time::Duration;

use queue_proto::MessageId;

use super::{
    ids::DeliveryKey,
    message::Reason,
    standing::{LostCause, StopCause},
};

/// Something happened that metrics or logs may want to know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A receive was answered.
    Polled(Poll),
    /// The loop has begun, or its state has changed.
    Loop(LoopState),
    /// An answer with this many messages came after their leases had ended: they were ignored.
    LateAnswer {
        /// The number of messages.
        messages: usize,
    },
    /// An older delivery arrived of a message that is held in a newer one: it was ignored.
    StaleDelivery {
        /// The id of the message.
        id: MessageId,
    },
    /// A handler starts.
    Started {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// The number of its deliveries, this one included.
        attempt: u32,
    },
    /// A handler failed, or the codec of the queue could not read its message.
    Failed {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// The number of this delivery.
        attempt: u32,
        /// The kind of failure. The error itself is known to the driver, and in the
        /// [report](crate::processor::observe::ProcessReport) of the handler.
        reason: Reason,
        /// What becomes of the message.
        next: Next,
    },
    /// A message that this process had completed came back; the message is deleted and its handler
    /// does not run again.
    DuplicateSuppressed {
        /// The id of the message.
        id: MessageId,
    },
    /// A message came back to this process while its handler still runs.
    RedeliveredWhileRunning {
        /// The delivery that runs.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// Its number of deliveries now.
        attempt: u32,
        /// The text had changed, so the new delivery replaces the old one.
        replaced: bool,
    },
    /// A renewal or checkpoint was answered.
    Renewal {
        /// The name of the delivery.
        key: DeliveryKey,
        /// What came of it.
        result: RenewalResult,
    },
    /// The deadline of a lease has passed while its handler runs.
    Suspect {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
    },
    /// A lease is lost while its handler runs or waits.
    LeaseLost {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// How the lease was lost.
        cause: LostCause,
    },
    /// A handler was told to stop.
    StopSignaled {
        /// The name of the delivery.
        key: DeliveryKey,
        /// Why the handler should end.
        cause: StopCause,
    },
    /// A delivery is settled.
    Settled {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// How the delivery ended.
        how: Settled,
        /// The time that was left of the lease.
        margin: Duration,
    },
    /// A request that settles a message failed for now, and is tried again.
    SettleRetry {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The number of failures so far.
        failures: u32,
    },
    /// No handler starts until messages are settled: as many are being deleted, given back or
    /// dead-lettered as the settings allow. The service is slow, or the place for dead letters.
    SettlingFull {
        /// The number of messages that are being settled.
        settling: usize,
    },
    /// After [`SettlingFull`](Self::SettlingFull), half of the messages are settled.
    SettlingEased,
    /// A dead letter could not be stored. The message stays in the queue.
    DeadLetterFailed {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// Why the message should have become one.
        reason: Reason,
    },
    /// The credential does not allow Update Message. Leases are longer now and are not renewed,
    /// and failed messages come back when their lease ends.
    UpdatesForbidden,
    /// Update Message works again.
    UpdatesAllowed,
    /// The monotonic clock stood still.
    ClockJump {
        /// The time for which it stood still.
        by: Duration,
    },
    /// An answer to a request that is not in flight was ignored.
    UnknownAnswer,
}

/// What becomes of a message whose handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// The message is received again after this delay.
    Retry {
        /// The time for which the message is hidden.
        after: Duration,
    },
    /// The message becomes a dead letter.
    DeadLetter,
    /// The message comes back when its lease ends.
    Lapse,
    /// Another receiver has the message, or the message is gone.
    Nothing,
}

/// The result of a receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Poll {
    /// As many messages as were asked for.
    Full(usize),
    /// Fewer messages than were asked for, and at least one.
    Partial(usize),
    /// No message at all.
    Empty,
    /// The receive failed.
    Failed(Trouble),
}

/// Why receives fail. Each has a back-off of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trouble {
    /// The service asks for fewer requests.
    Throttled,
    /// There is no complete answer, or a server error.
    Network,
    /// The credential is refused.
    Unauthorized,
    /// The queue does not exist.
    QueueMissing,
    /// The service refuses the request for another reason.
    Refused,
    /// The answer had more messages than were asked for. The service does not do that, so something
    /// else answers in its place; its messages are not worked on.
    NotTheService,
}

impl Trouble {
    /// The name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Network => "network",
            Self::Unauthorized => "unauthorized",
            Self::QueueMissing => "queue_missing",
            Self::Refused => "refused",
            Self::NotTheService => "not_the_service",
        }
    }
}

/// What the loop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoopState {
    /// Receives are answered; messages are waited for or worked on.
    Working,
    /// Receives fail, and the next one waits.
    BackingOff(Trouble),
    /// The loop was told to receive nothing.
    Paused,
    /// Shutting down: handlers finish.
    Draining,
    /// Shutting down: what is left is released.
    Releasing,
    /// The run is over.
    Finished,
}

impl LoopState {
    /// The name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::BackingOff(_) => "backing_off",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Releasing => "releasing",
            Self::Finished => "finished",
        }
    }
}

/// The result of a renewal or checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RenewalResult {
    /// The lease was renewed.
    Ok,
    /// The service refused, or the request was not sent.
    Refused,
    /// The answer was lost.
    Ambiguous,
    /// The message belongs to somebody else.
    NotOwner,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// The message was deleted after its handler had completed.
    Completed,
    /// The handler completed, the answer to a first delete was lost, and a second delete found the
    /// message gone.
    CompletedAfterAmbiguity,
    /// The handler completed, but the message was not this process's any more, or the delete failed
    /// for good: the message may be worked on again.
    CompletedNotOwned {
        /// The receipt was lost with an answer, rather than the message to somebody else.
        receipt_lost: bool,
    },
    /// A message that had been completed in an earlier delivery was deleted.
    Duplicate,
    /// The message comes back after a delay.
    Retried {
        /// The time for which the message is hidden.
        after: Duration,
        /// Why the message is received again.
        reason: Reason,
    },
    /// The message was given back during a shutdown.
    Released,
    /// The message was received ahead of its handler and given back, since no handler could start
    /// before half of the lease was over.
    GivenBack,
    /// The message was stored as a dead letter, and then deleted as far as that is known.
    DeadLettered {
        /// Why the message is dead.
        reason: Reason,
    },
    /// The message comes back when its lease ends: the handler wanted that, or the message could not
    /// be given back.
    Lapsed,
    /// Somebody else has the message, or the message is gone. There was nothing to do.
    NotOwned,
    /// The lease ended before its handler had started.
    NeverStarted,
}
