//! Messages as the core sees them, and [`Outcome`], what handlers want done with them.

use std::{
    borrow::Cow,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use queue_proto::{MessageId, MessageText, PopReceipt};

/// One message of an answer to Get Messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawDelivery {
    /// The id that the service gave the message.
    pub id: MessageId,
    /// The receipt of this delivery.
    pub receipt: PopReceipt,
    /// The text of the message.
    pub text: Arc<MessageText>,
    /// The number of times that the message was received, this time included (`DequeueCount`).
    pub attempt: u32,
    /// The time for which the message lives on, counted from the time of the answer by the clock of the
    /// service; `None` for ever.
    pub expires_in: Option<Duration>,
    /// The time at which the message was put, by the clock of the service. Nothing is decided by it.
    pub inserted_at: SystemTime,
    /// The time at which the message expires, by the clock of the service; `None` for never. Nothing is
    /// decided by it.
    pub expires_at: Option<SystemTime>,
    /// The time of the answer, by the clock of the service. Nothing is decided by it.
    pub answered_at: Option<SystemTime>,
}

impl RawDelivery {
    /// A first delivery of a message that does not expire; the fields say otherwise where it
    /// matters.
    #[must_use]
    pub fn new(id: MessageId, receipt: PopReceipt, text: impl Into<Arc<MessageText>>) -> Self {
        Self {
            id,
            receipt,
            text: text.into(),
            attempt: 1,
            expires_in: None,
            inserted_at: SystemTime::UNIX_EPOCH,
            expires_at: None,
            answered_at: None,
        }
    }
}

/// The answer to Update Message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewLease {
    /// The receipt that replaces the one that was used.
    pub receipt: PopReceipt,
}

impl NewLease {
    /// A lease with this receipt.
    #[must_use]
    pub const fn new(receipt: PopReceipt) -> Self {
        Self { receipt }
    }
}

/// How a handler wants its message settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Outcome {
    /// The work is done: the message is deleted.
    #[default]
    Complete,
    /// The message is received again later, by this processor or another. After its last delivery
    /// it becomes a dead letter instead, and so it does when it would expire first.
    Retry {
        /// The delay, at most 7 days; `None` leaves it to the settings.
        after: Option<Duration>,
    },
    /// The message becomes a dead letter.
    DeadLetter {
        /// The reason, for whoever looks at dead letters.
        reason: Cow<'static, str>,
    },
    /// The message stays hidden and untouched; it comes back when its lease ends.
    Abandon,
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Complete
    }
}

/// Why a message became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The handler returned an error.
    HandlerFailed,
    /// The handler panicked.
    HandlerPanicked,
    /// The handler ran longer than the settings allow.
    HandlerTimedOut,
    /// The handler asked for it.
    Requested,
    /// The message was received more often than the settings allow, without a failure in this
    /// process: receivers crashed, or answers were lost.
    DeliveriesExhausted,
    /// The text is not what the codec of the queue expects.
    Undecodable,
    /// The message would have expired before its next delivery.
    WouldExpire,
}

impl Reason {
    /// The name in letters, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HandlerFailed => "handler_failed",
            Self::HandlerPanicked => "handler_panicked",
            Self::HandlerTimedOut => "handler_timed_out",
            Self::Requested => "requested",
            Self::DeliveriesExhausted => "deliveries_exhausted",
            Self::Undecodable => "undecodable",
            Self::WouldExpire => "would_expire",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
