//! What goes into the core and what comes out.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, MessageText, PopReceipt, VisibilityTimeout,
};

use super::{Event, Letter, NewLease, Outcome, RawDelivery, Summary, Tick};
use crate::failure::OpFailure;

/// Names one request of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(u64);

/// Names one delivery in one processor. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey(u64);

/// Names a question of a handler: chosen by the driver, returned in [`Action::Reply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(u64);

macro_rules! number {
    ($($name:ident),*) => {$(
        impl $name {
            /// The id with this number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }
    )*};
}

number!(OpId, DeliveryKey, AskId);

/// What the driver tells the core.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// The answer to [`Action::Receive`].
    Received {
        /// Which.
        op: OpId,
        /// When the request was sent, or an earlier instant.
        sent_at: Tick,
        /// The messages.
        result: Result<Vec<RawDelivery>, OpFailure>,
    },
    /// The answer to [`Action::Update`].
    Updated {
        /// Which.
        op: OpId,
        /// When the request was sent, or an earlier instant.
        sent_at: Tick,
        /// The new receipt.
        result: Result<NewLease, OpFailure>,
    },
    /// The answer to [`Action::Delete`].
    Deleted {
        /// Which.
        op: OpId,
        /// Whether the message is gone.
        result: Result<(), OpFailure>,
    },
    /// The answer to [`Action::DeadLetter`].
    DeadLettered {
        /// Which.
        op: OpId,
        /// Whether the letter is stored.
        result: Result<(), OpFailure>,
    },
    /// The answer to [`Action::CreateQueue`].
    QueueCreated {
        /// Which.
        op: OpId,
        /// Whether the queue exists now.
        result: Result<(), OpFailure>,
    },
    /// A handler that was [started](Action::Start) has ended.
    HandlerDone {
        /// Whose.
        key: DeliveryKey,
        /// How.
        outcome: Outcome,
    },
    /// A handler asks for a renewal now, to know whether it is still the owner.
    RenewNow {
        /// Whose.
        key: DeliveryKey,
        /// Returned in the reply.
        ask: AskId,
    },
    /// A handler stores its progress in the text of the message.
    Checkpoint {
        /// Whose.
        key: DeliveryKey,
        /// Returned in the reply.
        ask: AskId,
        /// The new text.
        text: Arc<MessageText>,
    },
    /// Somebody in this process sent a message.
    Nudge,
    /// From now on so many handlers at once.
    SetConcurrency(NonZeroUsize),
    /// Receive nothing until [`Resume`](Self::Resume). Running handlers go on.
    Pause,
    /// Receive again.
    Resume,
    /// The monotonic clock stood still while the time of day went on, as when the machine was
    /// suspended.
    ClockJump {
        /// For how long.
        by: Duration,
    },
    /// Come to an end.
    Shutdown(ShutdownMode),
}

/// How to come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ShutdownMode {
    /// Receive nothing more and wait for the running handlers, as long as the settings say. Then
    /// they are told to stop, three seconds later dropped, and their messages are released; two
    /// seconds after that it is over.
    Drain,
    /// Tell the running handlers to stop, drop them after five seconds and release their messages,
    /// for which there are another five seconds.
    Release,
    /// End at once. What is held comes back when its lease ends.
    Abort,
}

/// What the core wants done. Each operation is answered by exactly one [`Input`], with
/// [`OpFailure::Ambiguous`] when `give_up_at` passes without an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Get Messages.
    Receive {
        /// Returned in the answer.
        op: OpId,
        /// How many at most.
        max: MessageCount,
        /// For how long they are hidden.
        lease: LeaseTimeout,
        /// When to stop waiting for the answer.
        give_up_at: Tick,
    },
    /// Start a handler.
    Start {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The message.
        delivery: Arc<RawDelivery>,
        /// Until when nobody else can have it. Renewals move it: [`LeaseSignal::Renewed`].
        deadline: Tick,
    },
    /// Update Message.
    Update {
        /// Returned in the answer.
        op: OpId,
        /// Whose.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// The newest receipt.
        receipt: PopReceipt,
        /// For how long the message is hidden from now on.
        visibility: VisibilityTimeout,
        /// The new text, if it changes.
        text: Option<Arc<MessageText>>,
        /// When to stop waiting for the answer.
        give_up_at: Tick,
    },
    /// Delete Message.
    Delete {
        /// Returned in the answer.
        op: OpId,
        /// Whose.
        key: DeliveryKey,
        /// The message.
        id: MessageId,
        /// The newest receipt.
        receipt: PopReceipt,
        /// When to stop waiting for the answer.
        give_up_at: Tick,
    },
    /// Store a dead letter. Success means that it is durable.
    DeadLetter {
        /// Returned in the answer.
        op: OpId,
        /// Whose.
        key: DeliveryKey,
        /// The letter.
        letter: Letter,
        /// When to stop waiting for the answer.
        give_up_at: Tick,
    },
    /// Create Queue.
    CreateQueue {
        /// Returned in the answer.
        op: OpId,
        /// When to stop waiting for the answer.
        give_up_at: Tick,
    },
    /// Tell a handler about its lease.
    Signal {
        /// Whose.
        key: DeliveryKey,
        /// What.
        signal: LeaseSignal,
    },
    /// Answer a handler's [`Input::RenewNow`] or [`Input::Checkpoint`].
    Reply {
        /// Whose.
        key: DeliveryKey,
        /// Which question.
        ask: AskId,
        /// Until when nobody else can have the message, or why that is not known.
        result: Result<Tick, AskFailure>,
    },
    /// Drop a handler's future. No [`Input::HandlerDone`] is expected for it any more.
    Drop {
        /// Whose.
        key: DeliveryKey,
    },
    /// The delivery is over: nothing more will be said about it.
    Forget {
        /// Whose.
        key: DeliveryKey,
    },
    /// For metrics and logs.
    Emit(Event),
    /// It is over. No action follows.
    Finished(Summary),
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
    /// The lease is lost.
    Lost(LostCause),
    /// Come to an end.
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

/// Why a handler's question has no good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskFailure {
    /// The lease is lost.
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
