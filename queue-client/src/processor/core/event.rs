//! What the core has to tell observers. Nothing depends on these.

use std::time::Duration;

use queue_proto::MessageId;

use super::{
    ids::DeliveryKey,
    message::Reason,
    standing::{LostCause, StopCause},
};

/// Something happened that metrics or logs may want.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A receive was answered.
    Polled(Poll),
    /// The state of the loop has changed.
    Loop(LoopState),
    /// An answer with this many messages came after their leases had ended: they were ignored.
    LateAnswer {
        /// How many.
        messages: usize,
    },
    /// A message came more often than it was asked for, or older than what is known of it.
    StaleDelivery {
        /// Its id.
        id: MessageId,
    },
    /// A handler starts.
    Started {
        /// The delivery.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// Its number of deliveries.
        attempt: u32,
    },
    /// A handler failed, or the codec of the queue could not read its message.
    Failed {
        /// The delivery.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// The number of this delivery.
        attempt: u32,
        /// The kind of failure. The error itself is known to the driver, and in the
        /// [report](crate::processor::observe::ProcessReport) of the handler.
        reason: Reason,
        /// What becomes of the message.
        next: Next,
    },
    /// A message that this process had completed came back; it is deleted and not run again.
    DuplicateSuppressed {
        /// Its id.
        id: MessageId,
    },
    /// A message came back to this process while its handler still runs.
    RedeliveredWhileRunning {
        /// The delivery that runs.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// Its number of deliveries now.
        attempt: u32,
        /// The text had changed, so the new delivery replaces the old one.
        replaced: bool,
    },
    /// A renewal or checkpoint was answered.
    Renewal {
        /// The delivery.
        key: DeliveryKey,
        /// How.
        result: RenewalResult,
    },
    /// The deadline of a lease has passed while its handler runs.
    Suspect {
        /// The delivery.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
    },
    /// A lease is lost while its handler runs or waits.
    LeaseLost {
        /// The delivery.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// Why.
        cause: LostCause,
    },
    /// A handler was told to stop.
    StopSignaled {
        /// The delivery.
        key: DeliveryKey,
        /// Why.
        cause: StopCause,
    },
    /// A delivery is settled.
    Settled {
        /// The delivery.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// How.
        how: Settled,
        /// How much of the lease was left.
        margin: Duration,
    },
    /// A settling operation failed for now and is tried again.
    SettleRetry {
        /// The delivery.
        key: DeliveryKey,
        /// How often it failed so far.
        failures: u32,
    },
    /// A dead letter could not be stored. The message stays in the queue.
    DeadLetterFailed {
        /// The delivery.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// Why it should have become one.
        reason: Reason,
    },
    /// The credential does not allow Update Message. Leases are longer now and are not renewed,
    /// and failed messages come back when their lease ends.
    UpdatesForbidden,
    /// Update Message works again.
    UpdatesAllowed,
    /// The monotonic clock stood still.
    ClockJump {
        /// For how long.
        by: Duration,
    },
    /// An answer to a request that is not in flight was ignored.
    UnknownAnswer,
}

/// What becomes of a message whose handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// It is received again after this delay.
    Retry {
        /// The delay.
        after: Duration,
    },
    /// It becomes a dead letter.
    DeadLetter,
    /// It comes back when its lease ends.
    Lapse,
    /// Another receiver has it, or it is gone.
    Nothing,
}

/// The result of a receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Poll {
    /// As many messages as were asked for.
    Full(usize),
    /// Fewer.
    Partial(usize),
    /// None.
    Empty,
    /// It failed.
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
    /// Receives fail.
    BackingOff(Trouble),
    /// Told to receive nothing.
    Paused,
    /// Shutting down: handlers finish.
    Draining,
    /// Shutting down: what is left is released.
    Releasing,
    /// Over.
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
    /// Renewed.
    Ok,
    /// Refused, or not sent.
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
    /// Deleted after its handler completed.
    Completed,
    /// Completed; the answer to a first delete was lost, and a second found the message gone.
    CompletedAfterAmbiguity,
    /// Completed, but the message was not this process's any more, or the delete failed for good:
    /// it may be worked on again.
    CompletedNotOwned {
        /// The receipt was lost with an answer, rather than the message to somebody else.
        receipt_lost: bool,
    },
    /// A message that had been completed before is deleted.
    Duplicate,
    /// It comes back after the delay.
    Retried {
        /// The delay.
        after: Duration,
        /// Why.
        reason: Reason,
    },
    /// Given back during a shutdown.
    Released,
    /// Stored as a dead letter and deleted, or deleted as far as that is known.
    DeadLettered {
        /// Why.
        reason: Reason,
    },
    /// It comes back when its lease ends: the handler wanted that, or it could not be given back.
    Lapsed,
    /// Somebody else has it, or it is gone. There was nothing to do.
    NotOwned,
    /// The lease ended before its handler had started.
    NeverStarted,
}
