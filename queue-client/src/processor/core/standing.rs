//! What is known about a lease, what a handler is told about it, and what it can ask.

use std::{error::Error, fmt};

use super::time::Tick;

/// What is known about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// Nobody else can have the message before the deadline.
    Held,
    /// The deadline has passed. The receipt still works if nobody has received the message since.
    Suspect,
    /// The message is somebody else's, or the receipt is dead.
    Lost(LostCause),
}

/// What a handler is told about its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseSignal {
    /// The lease was renewed: nobody else can have the message before the deadline.
    Renewed {
        /// The new deadline.
        deadline: Tick,
    },
    /// The deadline has passed without a renewal: somebody else may have the message.
    Suspect,
    /// After [`Suspect`](Self::Suspect), a renewal succeeded: nobody else has had the message, or
    /// this process received it anew.
    Recovered {
        /// The new deadline.
        deadline: Tick,
    },
    /// The lease is lost for good.
    Lost(LostCause),
    /// The handler should come to an end.
    Stop(StopCause),
}

/// Why a lease is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LostCause {
    /// Another receiver has the message, or it was deleted.
    Taken,
    /// The answer to a renewal was lost and with it the new receipt. Most likely the message is
    /// still hidden for this process, which cannot use it any more.
    ReceiptLost,
    /// The message has expired.
    Expired,
    /// The queue is gone.
    QueueGone,
    /// The message was hidden for as long as the settings allow.
    MaxLease,
}

/// Why a handler should come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopCause {
    /// The processor is shutting down.
    Shutdown,
    /// In one lease's time the message will have been hidden for as long as the settings allow.
    MaxLease,
    /// The message was received again with another text: a later delivery has gone further. What
    /// this handler returns is ignored.
    Superseded,
}

/// Why a question about a lease has no good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseError {
    /// The lease is lost. This is certain; with the other errors the lease may still be held.
    Lost(LostCause),
    /// The lease cannot be longer: the settings or the expiry of the message forbid it.
    Exhausted,
    /// The service refused, or could not be reached. Nothing was changed.
    Refused,
    /// The answer was lost: the update may have been applied.
    Ambiguous,
    /// The delivery is being settled or is over.
    Over,
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost(LostCause::Taken) => "the lease is lost: another receiver has the message",
            Self::Lost(LostCause::ReceiptLost) => {
                "the lease is lost: the answer to a renewal did not arrive, and its receipt with it"
            }
            Self::Lost(LostCause::Expired) => "the lease is lost: the message has expired",
            Self::Lost(LostCause::QueueGone) => "the lease is lost: the queue is gone",
            Self::Lost(LostCause::MaxLease) | Self::Exhausted => "the lease cannot be longer",
            Self::Refused => "the service did not renew the lease",
            Self::Ambiguous => "the answer to the renewal was lost",
            Self::Over => "the delivery is over",
        })
    }
}

impl Error for LeaseError {}
