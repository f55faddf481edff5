//! [`Input`] and [`Action`]: what goes into the core and what comes out.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, MessageText, PopReceipt, VisibilityTimeout,
};

use super::{
    event::Event,
    ids::{AskId, DeliveryKey, OpId},
    message::{NewLease, Outcome, RawDelivery, Reason},
    report::{Report, ShutdownMode},
    standing::{LeaseError, LeaseSignal},
    time::Tick,
};
use crate::failure::OpFailure;

/// What the driver tells the core.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// The answer to [`Action::Receive`].
    Received {
        /// The request that is answered.
        op: OpId,
        /// The instant at which the request was sent, or an earlier one.
        sent_at: Tick,
        /// The messages, or why there are none.
        result: Result<Vec<RawDelivery>, OpFailure>,
    },
    /// The answer to [`Action::Update`].
    Updated {
        /// The request that is answered.
        op: OpId,
        /// The instant at which the request was sent, or an earlier one.
        sent_at: Tick,
        /// The new receipt.
        result: Result<NewLease, OpFailure>,
    },
    /// The answer to [`Action::Delete`].
    Deleted {
        /// The request that is answered.
        op: OpId,
        /// `Ok` when the message is gone.
        result: Result<(), OpFailure>,
    },
    /// The answer to [`Action::DeadLetter`].
    DeadLettered {
        /// The request that is answered.
        op: OpId,
        /// `Ok` when the letter is stored durably.
        result: Result<(), OpFailure>,
    },
    /// The answer to [`Action::CreateQueue`].
    QueueCreated {
        /// The request that is answered.
        op: OpId,
        /// `Ok` when the queue exists now.
        result: Result<(), OpFailure>,
    },
    /// A handler that was [started](Action::Start) has ended.
    HandlerDone {
        /// The delivery of the handler.
        key: DeliveryKey,
        /// What becomes of the message.
        outcome: Outcome,
        /// The kind of failure that led to this outcome; `None` when the handler chose it.
        failure: Option<Reason>,
    },
    /// A handler asks for a renewal now, to know whether it is still the owner.
    RenewNow {
        /// The delivery of the handler.
        key: DeliveryKey,
        /// The name of the question, which the reply has.
        ask: AskId,
    },
    /// A handler stores its progress in the text of the message.
    Checkpoint {
        /// The delivery of the handler.
        key: DeliveryKey,
        /// The name of the question, which the reply has.
        ask: AskId,
        /// The new text.
        text: Arc<MessageText>,
    },
    /// Somebody in this process sent a message.
    Nudge,
    /// From now on so many handlers run at once.
    SetConcurrency(NonZeroUsize),
    /// So many handlers may run at once, besides what the concurrency says: those for which there are
    /// places among queues that [share](super::Shares) them. Handlers that run go on.
    Allow(usize),
    /// Nothing is received until [`Resume`](Self::Resume). Handlers that run go on.
    Pause,
    /// Messages are received again.
    Resume,
    /// The monotonic clock stood still while the time of day went on, as when the machine was
    /// suspended.
    ClockJump {
        /// The time for which it stood still.
        by: Duration,
    },
    /// The run is to come to an end.
    Shutdown(ShutdownMode),
}

/// What the core wants done. Each operation is answered by exactly one [`Input`], with
/// [`OpFailure::Ambiguous`] when `give_up_at` passes without an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Messages are received (Get Messages).
    Receive {
        /// The name of the request, which the answer has.
        op: OpId,
        /// The most messages that are asked for.
        max: MessageCount,
        /// The time for which they are hidden.
        lease: LeaseTimeout,
        /// The instant after which the answer is not waited for.
        give_up_at: Tick,
    },
    /// A handler starts.
    Start {
        /// The name of the delivery.
        key: DeliveryKey,
        /// The message as it was received.
        delivery: Arc<RawDelivery>,
        /// The instant until which nobody else can have it. Renewals move it:
        /// [`LeaseSignal::Renewed`].
        deadline: Tick,
    },
    /// A message is hidden from now on for another time, or shown (Update Message).
    Update {
        /// The name of the request, which the answer has.
        op: OpId,
        /// The delivery that is renewed or given back.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// The newest receipt.
        receipt: PopReceipt,
        /// The time for which the message is hidden from now on.
        visibility: VisibilityTimeout,
        /// The new text, if it changes.
        text: Option<Arc<MessageText>>,
        /// The instant after which the answer is not waited for.
        give_up_at: Tick,
    },
    /// A message is deleted (Delete Message).
    Delete {
        /// The name of the request, which the answer has.
        op: OpId,
        /// The delivery that ends with this.
        key: DeliveryKey,
        /// The id of the message.
        id: MessageId,
        /// The newest receipt.
        receipt: PopReceipt,
        /// The instant after which the answer is not waited for.
        give_up_at: Tick,
    },
    /// A dead letter is stored. Success means that it is durable.
    DeadLetter {
        /// The name of the request, which the answer has.
        op: OpId,
        /// The delivery whose message is dead.
        key: DeliveryKey,
        /// The message, as it was received.
        message: Arc<RawDelivery>,
        /// Its text: that of the last checkpoint, or that which was received.
        text: Arc<MessageText>,
        /// The number of its last delivery.
        attempt: u32,
        /// Why it is dead.
        reason: Reason,
        /// The instant after which the answer is not waited for.
        give_up_at: Tick,
    },
    /// The queue is made (Create Queue).
    CreateQueue {
        /// The name of the request, which the answer has.
        op: OpId,
        /// The instant after which the answer is not waited for.
        give_up_at: Tick,
    },
    /// A handler is told about its lease.
    Signal {
        /// The delivery of the handler.
        key: DeliveryKey,
        /// What the handler is told.
        signal: LeaseSignal,
    },
    /// A handler's [`Input::RenewNow`] or [`Input::Checkpoint`] is answered.
    Reply {
        /// The delivery of the handler.
        key: DeliveryKey,
        /// The name of the question.
        ask: AskId,
        /// The instant until which nobody else can have the message, or why that is not known.
        result: Result<Tick, LeaseError>,
    },
    /// A handler's future is dropped. No [`Input::HandlerDone`] is expected for it any more.
    Drop {
        /// The delivery of the handler.
        key: DeliveryKey,
    },
    /// A delivery is over: nothing more will be said about it.
    Forget {
        /// The delivery that is over.
        key: DeliveryKey,
    },
    /// Something that metrics and logs may want.
    Emit(Event),
    /// The run is over. No action follows.
    Finished(Report),
}
